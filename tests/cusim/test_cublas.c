/*
 * The stand-in for cuBLAS. By hand: A = [1 2 3; 4 5 6], B = [7 8; 9 10; 11 12], A B = [58 64; 139 154], and with C = [2 4; 6 8]
 * 2 A B - C / 2 = [115 126; 275 304]. In bfloat16 275 becomes 276, a tie; half has all of them.
 */
#include <cublas_v2.h>
#include <math.h>
#include <string.h>

#include "tests/cusim/child.h"
#include "tests/cusim/kernels.h"
#include "engine/tensor.h"
#include "tests/cusim/suites.h"

enum { M = 2, N = 2, K = 3, LDA = 5, LDB = 4, LDC = 3, ROOM = 64 };

#define BLAS_OK(call) ck_assert_int_eq((call), CUBLAS_STATUS_SUCCESS)

static const float matrix_a[M * K] = {1, 2, 3, 4, 5, 6}, matrix_b[K * N] = {7, 8, 9, 10, 11, 12}, matrix_c[M * N] = {2, 4, 6, 8};

static cublasHandle_t handle;

/* Setting a stream takes the workspace away. */
static void set_stream(cublasHandle_t h, cudaStream_t s)
{
	BLAS_OK(cublasSetStream(h, s));
	BLAS_OK(cublasSetWorkspace(h, device_copy_of(NULL, 4096), 4096));
}

static void setup(void)
{
	BLAS_OK(cublasCreate(&handle));
	set_stream(handle, NULL);
}

/* Bytes, since a buffer holds floats, bfloat16 or half. */
static void put(void *host, size_t i, cudaDataType type, float value)
{
	const size_t size = type == CUDA_R_32F ? 4 : 2;
	const uint16_t half = f16_from_f32(value);
	if (type == CUDA_R_16F)
		memcpy((char *)host + i * size, &half, size);
	else
		memcpy((char *)host + i * size, (const char *)&value + 4 - size, size); /* the high half is exact: all are short */
}

static float take(const void *host, size_t i, cudaDataType type)
{
	const size_t size = type == CUDA_R_32F ? 4 : 2;
	float value = 0;
	uint16_t half;
	memcpy(&half, (const char *)host + i * size, sizeof half);
	memcpy((char *)&value + 4 - size, (const char *)host + i * size, size);
	return type == CUDA_R_16F ? f32_from_f16(half) : value;
}

/* x (rows,columns), row by row, as cuBLAS wants op(X): columns first, `leading` apart. What is between them is NaN. */
static size_t lay_out(void *host, const float *x, int rows, int columns, cublasOperation_t operation, int leading, cudaDataType type)
{
	const int stored_columns = operation == CUBLAS_OP_N ? columns : rows, stored_rows = operation == CUBLAS_OP_N ? rows : columns;
	memset(host, 0xFF, ROOM * sizeof(float));
	for (int i = 0; i < rows; i++)
		for (int j = 0; j < columns; j++)
			put(host, operation == CUBLAS_OP_N ? (size_t)(j * leading + i) : (size_t)(i * leading + j), type, x[i * columns + j]);
	return (size_t)(leading * (stored_columns - 1) + stored_rows) * (type == CUDA_R_32F ? 4 : 2); /* not a byte more */
}

static void *place(const float *x, int rows, int columns, cublasOperation_t operation, int leading, cudaDataType type)
{
	float host[ROOM];
	const size_t bytes = lay_out(host, x, rows, columns, operation, leading, type);
	return device_copy_of(host, bytes);
}

static void check_c(const void *device, const float *want, cudaDataType type)
{
	float host[ROOM];
	memset(host, 0xFF, sizeof host);
	device_read(device, host, (size_t)(LDC * (N - 1) + M) * (type == CUDA_R_32F ? 4 : 2));
	for (int i = 0; i < M; i++)
		for (int j = 0; j < N; j++)
			ck_assert_float_eq(take(host, (size_t)(j * LDC + i), type), want[i * N + j]);
	ck_assert(isnan(take(host, M, type))); /* between the columns */
}

static const cudaDataType types[][2] = {{CUDA_R_32F, CUDA_R_32F}, {CUDA_R_16BF, CUDA_R_32F}, {CUDA_R_16BF, CUDA_R_16BF}, {CUDA_R_16F, CUDA_R_32F}, {CUDA_R_16F, CUDA_R_16F}};

START_TEST(test_products)
{
	const cublasOperation_t a_as = _i & 1 ? CUBLAS_OP_T : CUBLAS_OP_N, b_as = _i & 2 ? CUBLAS_OP_T : CUBLAS_OP_N;
	const float alpha = 2, beta = -0.5f, want[4] = {115, 126, 275, 304}, want_bf16[4] = {115, 126, 276, 304};
	float *const d_alpha = device_copy_of(&alpha, sizeof alpha), *const d_beta = device_copy_of(&beta, sizeof beta);
	for (int t = 0; t < 5; t++)
		for (int on_device = 0; on_device < 2; on_device++) {
			void *const a = place(matrix_a, M, K, a_as, LDA, types[t][0]), *const b = place(matrix_b, K, N, b_as, LDB, types[t][0]);
			void *const c = place(matrix_c, M, N, CUBLAS_OP_N, LDC, types[t][1]);
			BLAS_OK(cublasSetPointerMode(handle, on_device ? CUBLAS_POINTER_MODE_DEVICE : CUBLAS_POINTER_MODE_HOST));
			BLAS_OK(cublasGemmEx(handle, a_as, b_as, M, N, K, on_device ? d_alpha : &alpha, a, types[t][0], LDA, b, types[t][0], LDB,
			                     on_device ? d_beta : &beta, c, types[t][1], LDC, CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT));
			check_c(c, types[t][1] == CUDA_R_16BF ? want_bf16 : want, types[t][1]);
		}
}
END_TEST

START_TEST(test_sgemm)
{
	const float one = 1, zero = 0, two = 2, want[4] = {58, 64, 139, 154};
	float *const a = place(matrix_a, M, K, CUBLAS_OP_N, LDA, CUDA_R_32F), *const b = place(matrix_b, K, N, CUBLAS_OP_T, LDB, CUDA_R_32F);
	float *const c = device_copy_of(NULL, (LDC * (N - 1) + M) * sizeof(float)); /* NaN: beta 0 must not read it */
	BLAS_OK(cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_T, M, N, K, &one, a, LDA, b, LDB, &zero, c, LDC));
	check_c(c, want, CUDA_R_32F);
	/* No k, or alpha 0: A and B are not read, C becomes beta C. */
	const float twice[4] = {116, 128, 278, 308}, four[4] = {232, 256, 556, 616};
	BLAS_OK(cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_T, M, N, 0, &one, a, LDA, b, LDB, &two, c, LDC));
	check_c(c, twice, CUDA_R_32F);
	CUDA_OK(cudaMemset(a, 0xFF, (LDA * (K - 1) + M) * sizeof(float)));
	BLAS_OK(cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_T, M, N, K, &zero, a, LDA, b, LDB, &two, c, LDC));
	check_c(c, four, CUDA_R_32F);
	BLAS_OK(cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_T, 0, N, K, &one, NULL, LDA, b, LDB, &two, c, LDC)); /* nothing to do */
	check_c(c, four, CUDA_R_32F);
}
END_TEST

/* A and 3 A, both times B: strides of 20 and 0. */
START_TEST(test_batches)
{
	enum { STRIDE_A = 20, STRIDE_C = 9 };
	const float one = 1, zero = 0;
	float host_a[STRIDE_A + ROOM], host_c[STRIDE_C + LDC * N], tripled[M * K];
	for (int i = 0; i < M * K; i++)
		tripled[i] = 3 * matrix_a[i];
	lay_out(host_a, matrix_a, M, K, CUBLAS_OP_N, LDA, CUDA_R_32F);
	const size_t bytes = STRIDE_A * sizeof(float) + lay_out(host_a + STRIDE_A, tripled, M, K, CUBLAS_OP_N, LDA, CUDA_R_32F);
	float *const a = device_copy_of(host_a, bytes), *const b = place(matrix_b, K, N, CUBLAS_OP_N, LDB, CUDA_R_32F);
	float *const c = device_copy_of(NULL, (STRIDE_C + LDC * (N - 1) + M) * sizeof(float));
	BLAS_OK(cublasGemmStridedBatchedEx(handle, CUBLAS_OP_N, CUBLAS_OP_N, M, N, K, &one, a, CUDA_R_32F, LDA, STRIDE_A, b, CUDA_R_32F, LDB, 0, &zero,
	                                   c, CUDA_R_32F, LDC, STRIDE_C, 2, CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT));
	device_read(c, host_c, (STRIDE_C + LDC * (N - 1) + M) * sizeof(float));
	const float want[4] = {58, 64, 139, 154};
	for (int i = 0; i < M; i++)
		for (int j = 0; j < N; j++) {
			ck_assert_float_eq(host_c[j * LDC + i], want[i * N + j]);
			ck_assert_float_eq(host_c[STRIDE_C + j * LDC + i], 3 * want[i * N + j]);
		}
	ck_assert(isnan(host_c[M]) && isnan(host_c[STRIDE_C - 1]));
}
END_TEST

/* Of 2^-11 TF32 keeps nothing but ties: 1 + 2^-11 becomes 1, 1 + 3 2^-11 becomes 1 + 2^-9. 1 + 2^-10 stays. */
START_TEST(test_tf32)
{
	const float one = 1, zero = 0, a_host = 1 + 0x1p-10f;
	const float b_host[2] = {1 + 0x1p-11f, 1 + 3 * 0x1p-11f}, rounded[2] = {1, 1 + 0x1p-9f};
	float got;
	float *const a = device_copy_of(&a_host, 4), *const c = device_copy_of(NULL, 4);
	for (int i = 0; i < 2; i++)
		for (int way = 0; way < 4; way++) {
			const cublasComputeType_t compute[] = {CUBLAS_COMPUTE_32F, CUBLAS_COMPUTE_32F_FAST_TF32, CUBLAS_COMPUTE_32F,
			                                       CUBLAS_COMPUTE_32F_PEDANTIC};
			float *const b = device_copy_of(&b_host[i], 4);
			BLAS_OK(cublasSetMathMode(handle, way >= 2 ? CUBLAS_TF32_TENSOR_OP_MATH : CUBLAS_DEFAULT_MATH));
			BLAS_OK(cublasGemmEx(handle, CUBLAS_OP_N, CUBLAS_OP_N, 1, 1, 1, &one, a, CUDA_R_32F, 1, b, CUDA_R_32F, 1, &zero, c, CUDA_R_32F,
			                     1, compute[way], CUBLAS_GEMM_DEFAULT));
			device_read(c, &got, 4);
			ck_assert_float_eq(got, a_host * (way == 1 || way == 2 ? rounded[i] : b_host[i]));
		}
}
END_TEST

/* (256, 1, -255, 0) by ones: 257, the first half, is a tie of bfloat16, and becomes 256. A result in f32 has no such halves. */
START_TEST(test_parts)
{
	static const float a_host[4] = {256, 1, -255, 0}, ones[4] = {1, 1, 1, 1};
	const float one = 1, zero = 0;
	const cublasMath_t modes[] = {CUBLAS_DEFAULT_MATH, CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION};
	for (int way = 0; way < 4; way++) {
		const cudaDataType to = way / 2 ? CUDA_R_32F : CUDA_R_16BF;
		const size_t bytes = way / 2 ? 4 : 2;
		void *const a = place(a_host, 1, 4, CUBLAS_OP_N, 1, CUDA_R_16BF), *const b = place(ones, 4, 1, CUBLAS_OP_N, 4, CUDA_R_16BF), *const c = device_copy_of(NULL, bytes);
		float got[1];
		BLAS_OK(cublasSetMathMode(handle, modes[way % 2]));
		BLAS_OK(cublasGemmEx(handle, CUBLAS_OP_N, CUBLAS_OP_N, 1, 1, 4, &one, a, CUDA_R_16BF, 1, b, CUDA_R_16BF, 4, &zero, c, to, 1, CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT));
		device_read(c, got, bytes);
		ck_assert_float_eq(take(got, 0, to), way == 0 ? 1 : 2);
	}
}
END_TEST

START_TEST(test_streams_and_graphs)
{
	const float two = 2, zero = 0, want[4] = {116, 128, 278, 308};
	float host[ROOM];
	cudaStream_t s;
	cudaGraph_t g;
	cudaGraphExec_t ready;
	settings_apply("CUSIM_STREAMS=lazy");
	float *const a = place(matrix_a, M, K, CUBLAS_OP_N, LDA, CUDA_R_32F), *const b = place(matrix_b, K, N, CUBLAS_OP_N, LDB, CUDA_R_32F);
	float *const c = place(matrix_c, M, N, CUBLAS_OP_N, LDC, CUDA_R_32F);
	CUDA_OK(cudaStreamCreateWithFlags(&s, cudaStreamNonBlocking));
	set_stream(handle, s);
	BLAS_OK(cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, M, N, K, &two, a, LDA, b, LDB, &zero, c, LDC));
	CUDA_OK(cudaMemcpy(host, c, 4, cudaMemcpyDeviceToHost)); /* of the default stream, which does not wait */
	ck_assert_float_eq(host[0], 2);
	CUDA_OK(cudaStreamSynchronize(s));
	check_c(c, want, CUDA_R_32F);
	CUDA_OK(cudaMemset(c, 0xFF, 4));
	CUDA_OK(cudaDeviceSynchronize());
	CUDA_OK(cudaStreamBeginCapture(s, cudaStreamCaptureModeGlobal));
	BLAS_OK(cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, M, N, K, &two, a, LDA, b, LDB, &zero, c, LDC));
	CUDA_OK(cudaStreamEndCapture(s, &g));
	CUDA_OK(cudaGraphInstantiate(&ready, g, 0));
	CUDA_OK(cudaMemcpy(host, c, 4, cudaMemcpyDeviceToHost));
	ck_assert(isnan(host[0]));
	CUDA_OK(cudaGraphLaunch(ready, s));
	CUDA_OK(cudaStreamSynchronize(s));
	check_c(c, want, CUDA_R_32F);
}
END_TEST

/* ---- refusals ---- */

struct call {
	int m, n, k, lda, ldb, ldc;
	cudaDataType a, b, c;
	cublasComputeType_t compute;
	cublasStatus_t status;
};

static const struct call calls[] = {
	{2, 2, 3, 2, 3, 2, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F, CUBLAS_COMPUTE_32F, CUBLAS_STATUS_SUCCESS},
	{-1, 2, 3, 2, 3, 2, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F, CUBLAS_COMPUTE_32F, CUBLAS_STATUS_INVALID_VALUE},
	{2, 2, -1, 2, 3, 2, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F, CUBLAS_COMPUTE_32F, CUBLAS_STATUS_INVALID_VALUE},
	{2, 2, 3, 1, 3, 2, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F, CUBLAS_COMPUTE_32F, CUBLAS_STATUS_INVALID_VALUE},
	{2, 2, 3, 2, 2, 2, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F, CUBLAS_COMPUTE_32F, CUBLAS_STATUS_INVALID_VALUE},
	{2, 2, 3, 2, 3, 1, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F, CUBLAS_COMPUTE_32F, CUBLAS_STATUS_INVALID_VALUE},
	{2, 2, 3, 2, 3, 2, CUDA_R_32F, CUDA_R_16BF, CUDA_R_32F, CUBLAS_COMPUTE_32F, CUBLAS_STATUS_NOT_SUPPORTED},
	{2, 2, 3, 2, 3, 2, CUDA_R_32F, CUDA_R_32F, CUDA_R_16BF, CUBLAS_COMPUTE_32F, CUBLAS_STATUS_NOT_SUPPORTED},
	{2, 2, 3, 2, 3, 2, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F, CUBLAS_COMPUTE_16F, CUBLAS_STATUS_NOT_SUPPORTED},
	{2, 2, 3, 2, 3, 2, CUDA_R_16F, CUDA_R_16BF, CUDA_R_32F, CUBLAS_COMPUTE_32F, CUBLAS_STATUS_NOT_SUPPORTED},
	{2, 2, 3, 2, 3, 2, CUDA_R_16F, CUDA_R_16F, CUDA_R_16BF, CUBLAS_COMPUTE_32F, CUBLAS_STATUS_NOT_SUPPORTED},
	{2, 2, 3, 2, 3, 2, CUDA_R_16BF, CUDA_R_16BF, CUDA_R_32F, CUBLAS_COMPUTE_32F_FAST_TF32, CUBLAS_STATUS_NOT_SUPPORTED},
	{2, 2, 3, 2, 3, 2, CUDA_R_64F, CUDA_R_64F, CUDA_R_64F, CUBLAS_COMPUTE_32F, CUBLAS_STATUS_NOT_SUPPORTED},
};

START_TEST(test_arguments)
{
	const struct call *const q = &calls[_i];
	const float one = 1, zero = 0;
	void *const a = device_copy_of(NULL, 256), *const b = device_copy_of(NULL, 256), *const c = device_copy_of(NULL, 256);
	ck_assert_int_eq(cublasGemmEx(handle, CUBLAS_OP_N, CUBLAS_OP_N, q->m, q->n, q->k, &one, a, q->a, q->lda, b, q->b, q->ldb, &zero, c, q->c,
	                              q->ldc, q->compute, CUBLAS_GEMM_DEFAULT),
	                 q->status);
	ck_assert_int_eq(cublasGemmEx(NULL, CUBLAS_OP_N, CUBLAS_OP_N, q->m, q->n, q->k, &one, a, q->a, q->lda, b, q->b, q->ldb, &zero, c, q->c,
	                              q->ldc, q->compute, CUBLAS_GEMM_DEFAULT),
	                 CUBLAS_STATUS_NOT_INITIALIZED);
	ck_assert_int_eq(cublasGemmEx(handle, CUBLAS_OP_N, CUBLAS_OP_N, q->m, q->n, q->k, NULL, a, q->a, q->lda, b, q->b, q->ldb, &zero, c, q->c,
	                              q->ldc, q->compute, CUBLAS_GEMM_DEFAULT),
	                 CUBLAS_STATUS_INVALID_VALUE);
}
END_TEST

/* A gemm of 2 x 2 x 3 whose buffers have so many floats, with C `c_at` floats behind A's start or (-1) a buffer of its own. */
struct memory {
	int a, b, c, c_at, batch;
	long long stride_c;
	const char *says;
};

static const struct memory memories[] = {
	{6, 6, 4, -1, 1, 0, ""},
	{5, 6, 4, -1, 1, 0, "cublasGemmStridedBatchedEx A: needs 24 bytes"},
	{6, 5, 4, -1, 1, 0, "cublasGemmStridedBatchedEx B: needs 24 bytes"},
	{6, 6, 3, -1, 1, 0, "cublasGemmStridedBatchedEx C: needs 16 bytes"},
	{20, 6, 0, 5, 1, 0, "C overlaps A or B"},
	{20, 6, 0, 6, 1, 0, ""},
	{6, 6, 20, -1, 2, 3, "batches of C overlap (stride 3, a matrix has 4)"},
	{6, 6, 8, -1, 2, 4, ""},
	{6, 6, 7, -1, 2, 4, "out of bounds by 4"},
};

static int multiplies(const void *context)
{
	const struct memory *const q = context;
	const float one = 1, zero = 0;
	float *a, *b, *c;
	setup();
	cudaMalloc((void **)&a, (size_t)q->a * sizeof(float));
	cudaMalloc((void **)&b, (size_t)q->b * sizeof(float));
	cudaMalloc((void **)&c, (size_t)(q->c + 1) * sizeof(float));
	cublasGemmStridedBatchedEx(handle, CUBLAS_OP_N, CUBLAS_OP_N, 2, 2, 3, &one, a, CUDA_R_32F, 2, 0, b, CUDA_R_32F, 3, 0, &zero,
	                           q->c_at < 0 ? c + 1 : a + q->c_at, CUDA_R_32F, 2, q->stride_c, q->batch, CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT);
	return 0;
}

/* A' B of bytes, k 4, m 4, n 2: A's columns (1 2 3 4), (-1 0 0 0), (0 0 0 127), (1 1 1 1), B's (1 -2 3 -4), (127 127 127 127). 127 * 127 * 4 is beyond 16 bits. */
START_TEST(test_bytes)
{
	static const int8_t a[16] = {1, 2, 3, 4, -1, 0, 0, 0, 0, 0, 0, 127, 1, 1, 1, 1}, b[8] = {1, -2, 3, -4, 127, 127, 127, 127};
	static const int32_t want[8] = {-10, -1, -508, -2, 1270, -127, 16129, 508};
	const struct { int m, k, lda; cublasOperation_t a_as; cudaDataType to; int shift; cublasStatus_t status; } tries[] = {
		{4, 4, 4, CUBLAS_OP_T, CUDA_R_32I, 0, CUBLAS_STATUS_SUCCESS},      {3, 4, 4, CUBLAS_OP_T, CUDA_R_32I, 0, CUBLAS_STATUS_NOT_SUPPORTED},
		{4, 3, 4, CUBLAS_OP_T, CUDA_R_32I, 0, CUBLAS_STATUS_NOT_SUPPORTED}, {4, 4, 6, CUBLAS_OP_T, CUDA_R_32I, 0, CUBLAS_STATUS_NOT_SUPPORTED},
		{4, 4, 4, CUBLAS_OP_N, CUDA_R_32I, 0, CUBLAS_STATUS_NOT_SUPPORTED}, {4, 4, 4, CUBLAS_OP_T, CUDA_R_32F, 0, CUBLAS_STATUS_NOT_SUPPORTED},
		{4, 4, 4, CUBLAS_OP_T, CUDA_R_32I, 2, CUBLAS_STATUS_NOT_SUPPORTED},
	};
	const int32_t one = 1, two = 2, zero = 0;
	int8_t *const da = device_copy_of(a, sizeof a), *const db = device_copy_of(b, sizeof b);
	int32_t got[8], *const dc = device_copy_of(NULL, sizeof got);
	for (size_t i = 0; i < sizeof tries / sizeof *tries; i++)
		ck_assert_int_eq(cublasGemmEx(handle, tries[i].a_as, CUBLAS_OP_N, tries[i].m, 2, tries[i].k, &one, da + tries[i].shift, CUDA_R_8I, tries[i].lda, db, CUDA_R_8I, 4,
		                              &zero, dc, tries[i].to, 4, CUBLAS_COMPUTE_32I, CUBLAS_GEMM_DEFAULT), tries[i].status);
	device_read(dc, got, sizeof got);
	ck_assert_mem_eq(got, want, sizeof got);
	BLAS_OK(cublasGemmEx(handle, CUBLAS_OP_T, CUBLAS_OP_N, 4, 2, 4, &one, da, CUDA_R_8I, 4, db, CUDA_R_8I, 4, &two, dc, CUDA_R_32I, 4, CUBLAS_COMPUTE_32I,
	                     CUBLAS_GEMM_DEFAULT));
	device_read(dc, got, sizeof got);
	for (int i = 0; i < 8; i++)
		ck_assert_int_eq(got[i], 3 * want[i]);
}
END_TEST

static int scalar_on_the_wrong_side(const void *context)
{
	const float one = 1;
	float *d;
	setup();
	cudaMalloc((void **)&d, 64);
	cublasSetPointerMode(handle, context ? CUBLAS_POINTER_MODE_DEVICE : CUBLAS_POINTER_MODE_HOST);
	cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, 1, 1, 1, context ? d : &one, d, 1, d + 1, 1, context ? &one : d, d + 2, 1);
	return 0;
}

static int uses_dead_handle(const void *unused)
{
	(void)unused;
	setup();
	cublasDestroy(handle);
	cublasSetStream(handle, NULL);
	return 0;
}

static int small_workspace(const void *unused)
{
	void *p;
	(void)unused;
	setup();
	cudaMalloc(&p, 4096);
	cublasSetWorkspace(handle, p, 8192);
	return 0;
}

/* A product whose workspace is: none, of another stream's handle too, freed before it runs; and (3) one of the same stream's handle too, which is good. */
static int uses_workspace(const void *context)
{
	const int how = *(const int *)context;
	const float one = 1;
	cublasHandle_t other;
	cudaStream_t s;
	float *d;
	void *p;
	setup();
	cudaMalloc((void **)&d, 64);
	cudaMalloc(&p, 4096);
	cudaStreamCreateWithFlags(&s, cudaStreamNonBlocking);
	cublasCreate(&other);
	cublasSetStream(other, how == 3 ? s : NULL);
	if (how == 1 || how == 3)
		cublasSetWorkspace(other, (char *)p + 2048, 2048);
	cublasSetWorkspace(handle, p, 4096);
	cublasSetStream(handle, s);
	if (how)
		cublasSetWorkspace(handle, p, 4096);
	if (how == 2)
		cudaFree(p);
	cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, 1, 1, 1, &one, d, 1, d + 1, 1, &one, d + 2, 1);
	return 0;
}

START_TEST(test_workspaces)
{
	static const char *const says[] = {"has no workspace of its own", "another handle has the same workspace", "cuBLAS's workspace: ", ""};
	const struct outcome o = in_child(uses_workspace, &_i, "");
	ck_assert_msg(outcome_says(&o, says[_i]) && !*o.text == !*says[_i], "%s", o.text);
	ck_assert_int_eq(o.status, *says[_i] ? -1 : 0);
}
END_TEST

START_TEST(test_complaints)
{
	const char *const where = "alpha or beta does not lie where the pointer mode says";
	struct outcome o;
	for (size_t i = 0; i < sizeof memories / sizeof *memories; i++) {
		o = in_child(multiplies, &memories[i], "");
		ck_assert_msg(outcome_says(&o, memories[i].says) && !*o.text == !*memories[i].says, "%zu: %s", i, o.text);
		ck_assert_int_eq(o.status, *memories[i].says ? -1 : 0);
	}
	o = in_child(scalar_on_the_wrong_side, NULL, "");
	ck_assert(o.status == -1 && outcome_says(&o, where));
	o = in_child(scalar_on_the_wrong_side, where, "");
	ck_assert(o.status == -1 && outcome_says(&o, where));
	o = in_child(uses_dead_handle, NULL, "");
	ck_assert(o.status == -1 && outcome_says(&o, "cuBLAS handle used after its destruction"));
	o = in_child(small_workspace, NULL, "");
	ck_assert(o.status == -1 && outcome_says(&o, "cublasSetWorkspace: needs 8192 bytes"));
}
END_TEST

START_TEST(test_workspace_and_version)
{
	int version = 0;
	char *const p = device_copy_of(NULL, 8192);
	BLAS_OK(cublasSetWorkspace(handle, p, 8192));
	ck_assert_int_eq(cublasSetWorkspace(handle, p + 16, 4096), CUBLAS_STATUS_INVALID_VALUE);
	BLAS_OK(cublasGetVersion(handle, &version));
	ck_assert_int_eq(version, CUBLAS_VERSION);
	BLAS_OK(cublasDestroy(handle));
}
END_TEST

TCase *tcase_cublas(void)
{
	TCase *const tc = tcase_create("cublas");
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_loop_test(tc, test_products, 0, 4);
	tcase_add_test(tc, test_sgemm);
	tcase_add_test(tc, test_batches);
	tcase_add_test(tc, test_tf32);
	tcase_add_test(tc, test_parts);
	tcase_add_test(tc, test_bytes);
	tcase_add_loop_test(tc, test_workspaces, 0, 4);
	if (!WITH_TSAN)
		tcase_add_test(tc, test_streams_and_graphs);
	tcase_add_loop_test(tc, test_arguments, 0, sizeof calls / sizeof *calls);
	tcase_add_test(tc, test_complaints);
	tcase_add_test(tc, test_workspace_and_version);
	return tc;
}
