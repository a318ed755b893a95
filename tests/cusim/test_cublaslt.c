/*
 * The stand-in for cuBLASLt. By hand: A = [1 2 3; 4 5 6], B = [7 8; 9 10; 11 12], A B = [58 64; 139 154]. With the bias (0.5, -140), one for each row,
 * [58.5 64.5; -1 14], and relu makes 0 of -1.
 */
#include <cublasLt.h>
#include <cublas_v2.h>
#include <math.h>

#include "tests/cusim/child.h"
#include "tests/cusim/control.h"
#include "tests/cusim/suites.h"

enum { M = 2, N = 2, K = 3, LDA = 4, LDB = 5, LDC = 3, WORKSPACE = 4096 };

#define BLAS_OK(call) ck_assert_int_eq((call), CUBLAS_STATUS_SUCCESS)

/* One product, with all that its user says; sizes are those of the matrices as they are stored. */
struct trial {
	cublasOperation_t a_as, b_as;
	cudaDataType_t in, c, scale;
	cublasComputeType_t compute;
	int lda, ldb, ldc, rows, columns, batches;
	uint32_t epilogue, schemes, align;
	bool no_bias;
	size_t workspace;     /* that the preference allows */
	size_t less;          /* by so much at the product */
	size_t shift;         /* of A's memory */
	cublasStatus_t asked; /* what comes of it: of the heuristic, and of the product */
	cublasStatus_t run;
};

static const struct trial plain = {CUBLAS_OP_N, CUBLAS_OP_N, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F, CUBLAS_COMPUTE_32F, LDA, LDB, LDC, M, N, 1,
                                   CUBLASLT_EPILOGUE_RELU_BIAS, CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE, 16, false, WORKSPACE, 0, 0,
                                   CUBLAS_STATUS_SUCCESS, CUBLAS_STATUS_SUCCESS};

static const float matrix_a[M * K] = {1, 2, 3, 4, 5, 6}, matrix_b[K * N] = {7, 8, 9, 10, 11, 12}, biases[4] = {0.5f, -140};

/* x (rows,columns), row by row, columns first as op(X) says, `leading` apart; what is between them is NaN. In device memory of 64 floats. */
static float *place(const float *x, int rows, int columns, cublasOperation_t operation, int leading)
{
	float host[64];
	for (int i = 0; i < 64; i++)
		host[i] = NAN;
	for (int i = 0; i < rows; i++)
		for (int j = 0; j < columns; j++)
			host[operation == CUBLAS_OP_N ? j * leading + i : i * leading + j] = x[i * columns + j];
	return device_copy_of(host, sizeof host);
}

static cublasLtMatrixLayout_t layout(cudaDataType_t type, cublasOperation_t as, int rows, int columns, int leading, int batches, int64_t stride)
{
	cublasLtMatrixLayout_t l;
	const int32_t count = batches;
	BLAS_OK(cublasLtMatrixLayoutCreate(&l, type, (uint64_t)(as == CUBLAS_OP_N ? rows : columns), (uint64_t)(as == CUBLAS_OP_N ? columns : rows), leading));
	BLAS_OK(cublasLtMatrixLayoutSetAttribute(l, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &count, sizeof count));
	BLAS_OK(cublasLtMatrixLayoutSetAttribute(l, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &stride, sizeof stride));
	return l;
}

struct setting {
	cublasLtHandle_t handle;
	cublasLtMatmulDesc_t op;
	cublasLtMatrixLayout_t a, b, c;
	cublasLtMatmulPreference_t preference;
	float *bias;
};

static struct setting set_up(const struct trial *t)
{
	struct setting s;
	const int32_t a_as = (int32_t)t->a_as, b_as = (int32_t)t->b_as;
	const uint64_t workspace = t->workspace;
	BLAS_OK(cublasLtCreate(&s.handle));
	s.bias = device_copy_of(biases, sizeof biases);
	BLAS_OK(cublasLtMatmulDescCreate(&s.op, t->compute, t->scale));
	BLAS_OK(cublasLtMatmulDescSetAttribute(s.op, CUBLASLT_MATMUL_DESC_TRANSA, &a_as, sizeof a_as));
	BLAS_OK(cublasLtMatmulDescSetAttribute(s.op, CUBLASLT_MATMUL_DESC_TRANSB, &b_as, sizeof b_as));
	BLAS_OK(cublasLtMatmulDescSetAttribute(s.op, CUBLASLT_MATMUL_DESC_EPILOGUE, &t->epilogue, sizeof t->epilogue));
	if (!t->no_bias)
		BLAS_OK(cublasLtMatmulDescSetAttribute(s.op, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &s.bias, sizeof s.bias));
	s.a = layout(t->in, t->a_as, M, K, t->lda, t->batches, 0);
	s.b = layout(t->in, t->b_as, K, N, t->ldb, t->batches, 0);
	s.c = layout(t->c, CUBLAS_OP_N, t->rows, t->columns, t->ldc, t->batches, LDC * N);
	BLAS_OK(cublasLtMatmulPreferenceCreate(&s.preference));
	BLAS_OK(cublasLtMatmulPreferenceSetAttribute(s.preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &workspace, sizeof workspace));
	BLAS_OK(cublasLtMatmulPreferenceSetAttribute(s.preference, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, &t->schemes, sizeof t->schemes));
	BLAS_OK(cublasLtMatmulPreferenceSetAttribute(s.preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, &t->align, sizeof t->align));
	return s;
}

static cublasStatus_t ask(const struct setting *s, cublasLtMatmulAlgo_t *algo)
{
	cublasLtMatmulHeuristicResult_t best = {0};
	int n = -1;
	const cublasStatus_t st = cublasLtMatmulAlgoGetHeuristic(s->handle, s->op, s->a, s->b, s->c, s->c, s->preference, 1, &best, &n);
	ck_assert_int_eq(st == CUBLAS_STATUS_SUCCESS, n == 1);
	ck_assert(n < 1 || best.workspaceSize == (size_t)(M * N) * sizeof(float) || best.workspaceSize == 2u * M * N * sizeof(float));
	*algo = best.algo;
	return st;
}

static cublasStatus_t multiply(const struct trial *t, const struct setting *s, const cublasLtMatmulAlgo_t *algo, float *a, float *b, float *c, cudaStream_t stream)
{
	const float one = 1, zero = 0;
	void *const workspace = device_copy_of(NULL, t->workspace);
	return cublasLtMatmul(s->handle, s->op, &one, (char *)a + t->shift, s->a, b, s->b, &zero, c, s->c, c, s->c, algo, workspace, t->workspace - t->less, stream);
}

/* All ways of storing, and epilogues. */
START_TEST(products)
{
	static const float sums[4] = {58, 64, 139, 154}, bias[4] = {0.5f, 0.5f, -140, -140};
	static const uint32_t epilogue[] = {CUBLASLT_EPILOGUE_DEFAULT, CUBLASLT_EPILOGUE_RELU, CUBLASLT_EPILOGUE_BIAS, CUBLASLT_EPILOGUE_RELU_BIAS};
	for (int e = 0; e < 4; e++) {
		struct trial t = plain;
		float got[64], minus_a[M * K];
		cublasLtMatmulAlgo_t algo;
		t.a_as = _i & 1 ? CUBLAS_OP_T : CUBLAS_OP_N;
		t.b_as = _i & 2 ? CUBLAS_OP_T : CUBLAS_OP_N;
		t.epilogue = epilogue[e];
		for (int i = 0; i < M * K; i++)
			minus_a[i] = e == 1 && i >= K ? -matrix_a[i] : matrix_a[i];
		const struct setting s = set_up(&t);
		float *const c = device_copy_of(NULL, sizeof got);
		BLAS_OK(ask(&s, &algo));
		BLAS_OK(multiply(&t, &s, &algo, place(minus_a, M, K, t.a_as, LDA), place(matrix_b, K, N, t.b_as, LDB), c, NULL));
		device_read(c, got, sizeof got);
		for (int i = 0; i < M; i++)
			for (int j = 0; j < N; j++) {
				float want = sums[i * N + j] + (e >= 2 ? bias[i * N + j] : 0);
				if ((e == 1 && i) || (e == 3 && want < 0))
					want = 0;
				ck_assert_float_eq(got[j * LDC + i], want);
			}
		ck_assert(isnan(got[M])); /* between the columns */
	}
}
END_TEST

static const float *result_of(const struct trial *t, float got[64])
{
	const struct setting s = set_up(t);
	cublasLtMatmulAlgo_t algo;
	float *const c = device_copy_of(NULL, 64 * sizeof *got);
	BLAS_OK(ask(&s, &algo));
	BLAS_OK(multiply(t, &s, &algo, place(matrix_a, M, K, t->a_as, LDA), place(matrix_b, K, N, t->b_as, LDB), c, NULL));
	device_read(c, got, 64 * sizeof *got);
	return got;
}

/* The bias goes to each of a batch; other schemes give other bits, and one of them each time others. */
START_TEST(batches_and_schemes)
{
	struct trial t = plain;
	float got[64], again[64];
	t.batches = 2;
	ck_assert_float_eq(result_of(&t, got)[0], 58.5f);
	ck_assert_float_eq(got[LDC * N], 58.5f);
	t.schemes = CUBLASLT_REDUCTION_SCHEME_MASK;
	ck_assert_float_ne(result_of(&t, got)[0], result_of(&t, again)[0]);
	t.schemes = CUBLASLT_REDUCTION_SCHEME_OUTPUT_TYPE;
	ck_assert_float_eq(result_of(&t, got)[0], 58.5f);
}
END_TEST

START_TEST(streams_and_graphs)
{
	const struct setting s = set_up(&plain);
	cublasLtMatmulAlgo_t algo;
	cudaStream_t stream;
	cudaGraph_t graph;
	cudaGraphExec_t ready;
	float got[64];
	settings_apply("CUSIM_STREAMS=lazy");
	CUDA_OK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
	float *const a = place(matrix_a, M, K, CUBLAS_OP_N, LDA), *const b = place(matrix_b, K, N, CUBLAS_OP_N, LDB), *const c = device_copy_of(NULL, sizeof got);
	void *const workspace = device_copy_of(NULL, WORKSPACE);
	const float one = 1, zero = 0;
	BLAS_OK(ask(&s, &algo));
	CUDA_OK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
	BLAS_OK(cublasLtMatmul(s.handle, s.op, &one, a, s.a, b, s.b, &zero, c, s.c, c, s.c, &algo, workspace, WORKSPACE, stream));
	CUDA_OK(cudaStreamEndCapture(stream, &graph));
	CUDA_OK(cudaGraphInstantiate(&ready, graph, 0));
	CUDA_OK(cudaMemcpy(got, c, 4, cudaMemcpyDeviceToHost));
	ck_assert(isnan(got[0]));
	CUDA_OK(cudaGraphLaunch(ready, stream));
	CUDA_OK(cudaStreamSynchronize(stream));
	CUDA_OK(cudaMemcpy(got, c, 4, cudaMemcpyDeviceToHost));
	ck_assert_float_eq(got[0], 58.5f);
}
END_TEST

/* ---- refusals ---- */

/* What is changed in the trial above, and what comes of it. */
static struct trial refusal(int i)
{
	struct trial t = plain;
	const cublasStatus_t invalid = CUBLAS_STATUS_INVALID_VALUE, unsupported = CUBLAS_STATUS_NOT_SUPPORTED;
	switch (i) {
	case 0: t.lda = M - 1, t.asked = invalid; break;
	case 1: t.ldb = K - 1, t.asked = invalid; break;
	case 2: t.ldc = M - 1, t.asked = invalid; break;
	case 3: t.rows = M + 1, t.asked = invalid; break;
	case 4: t.columns = N + 1, t.asked = invalid; break;
	case 5: t.no_bias = true, t.asked = invalid; break;
	case 6: t.in = CUDA_R_16BF, t.compute = CUBLAS_COMPUTE_32F_FAST_TF32, t.asked = unsupported; break;
	case 7: t.c = CUDA_R_16BF, t.asked = unsupported; break;
	case 8: t.scale = CUDA_R_16F, t.asked = unsupported; break;
	case 9: t.compute = CUBLAS_COMPUTE_16F, t.asked = unsupported; break;
	case 10: t.workspace = M * N * 4 - 1, t.asked = unsupported; break;
	case 11: t.schemes = CUBLASLT_REDUCTION_SCHEME_NONE, t.asked = unsupported; break;
	case 12: t.batches = 2, t.ldc = LDC + 9, t.asked = invalid; break; /* they overlap */
	case 13: t.workspace = 64, t.less = 64 - (M * N * 4 - 1), t.run = invalid; break;
	case 14: t.shift = 4, t.run = invalid; break;
	case 15: t.shift = 4, t.align = 4; break;
	case 16: t.in = CUDA_R_16F; break;
	default: break;
	}
	return t;
}

START_TEST(arguments)
{
	const struct trial t = refusal(_i);
	const struct setting s = set_up(&t);
	cublasLtMatmulAlgo_t algo;
	ck_assert_int_eq(ask(&s, &algo), t.asked);
	if (t.asked == CUBLAS_STATUS_SUCCESS)
		ck_assert_int_eq(multiply(&t, &s, &algo, device_copy_of(NULL, 256), device_copy_of(NULL, 256), device_copy_of(NULL, 256), NULL), t.run);
}
END_TEST

START_TEST(sizes_of_attributes)
{
	const struct setting s = set_up(&plain);
	const int64_t wide = 1;
	const uint32_t epilogue = CUBLASLT_EPILOGUE_GELU;
	ck_assert_int_eq(cublasLtMatmulDescSetAttribute(s.op, CUBLASLT_MATMUL_DESC_TRANSA, &wide, sizeof wide), CUBLAS_STATUS_INVALID_VALUE);
	ck_assert_int_eq(cublasLtMatmulDescSetAttribute(s.op, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue, sizeof epilogue), CUBLAS_STATUS_INVALID_VALUE);
	ck_assert_int_eq(cublasLtMatrixLayoutSetAttribute(s.a, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &wide, sizeof wide), CUBLAS_STATUS_INVALID_VALUE);
	ck_assert_int_eq(cublasLtMatmulPreferenceSetAttribute(s.preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &epilogue, sizeof epilogue),
	                 CUBLAS_STATUS_INVALID_VALUE);
}
END_TEST

/* An algorithm is that of one problem; a handle of cuBLAS will do; and one may ask for refusal. */
START_TEST(algorithms_and_handles)
{
	struct trial other = plain;
	other.epilogue = CUBLASLT_EPILOGUE_BIAS;
	struct setting s = set_up(&plain), o = set_up(&other);
	cublasLtMatmulAlgo_t algo, none = {{0}};
	cublasHandle_t blas;
	float *const a = device_copy_of(NULL, 256), *const b = device_copy_of(NULL, 256), *const c = device_copy_of(NULL, 256);
	const int asked = cusim_cublaslt_asked(), queued = cusim_cublaslt_queued();
	BLAS_OK(ask(&s, &algo));
	ck_assert_int_eq(multiply(&other, &o, &algo, a, b, c, NULL), CUBLAS_STATUS_INVALID_VALUE);
	ck_assert_int_eq(multiply(&plain, &s, &none, a, b, c, NULL), CUBLAS_STATUS_INVALID_VALUE);
	BLAS_OK(cublasCreate(&blas));
	s.handle = (cublasLtHandle_t)blas;
	BLAS_OK(multiply(&plain, &s, &algo, a, b, c, NULL));
	ck_assert_int_eq(cusim_cublaslt_asked() - asked, 1);
	ck_assert_int_eq(cusim_cublaslt_queued() - queued, 1);
	cusim_cublaslt_refuse(1);
	ck_assert_int_eq(ask(&s, &algo), CUBLAS_STATUS_NOT_SUPPORTED);
	s.handle = NULL;
	ck_assert_int_eq(multiply(&plain, &s, &algo, a, b, c, NULL), CUBLAS_STATUS_NOT_INITIALIZED);
}
END_TEST

/* context: which buffer is too short or in the way. */
static int bad_memory(const void *context)
{
	const int which = *(const int *)context;
	struct setting s = set_up(&plain);
	cublasLtMatmulAlgo_t algo;
	float *m[4];
	const float one = 1, zero = 0;
	for (int i = 0; i < 4; i++)
		cudaMalloc((void **)&m[i], which == i ? 16 : 256);
	ask(&s, &algo);
	if (which == 4)
		s.bias = m[0] + 60; /* four floats before the end, of which two are read */
	if (which == 5)
		s.bias = m[0] + 64;
	cublasLtMatmulDescSetAttribute(s.op, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &s.bias, sizeof s.bias);
	if (which == 7)
		cublasLtMatmulDescDestroy(s.op);
	cublasLtMatmul(s.handle, s.op, &one, m[0], s.a, m[1], s.b, &zero, which == 6 ? m[0] : m[2], s.c, which == 6 ? m[0] : m[2], s.c, &algo, m[3], 256, NULL);
	return 0;
}

START_TEST(complaints)
{
	static const char *const says[] = {
		"cublasLtMatmul A: needs 40 bytes", "cublasLtMatmul B: needs 32 bytes", "cublasLtMatmul D: needs 20 bytes", "", "", "cublasLtMatmul bias",
		"the result overlaps an operand or the workspace", "description of a product used after its destruction",
	};
	for (int i = 0; i < 8; i++) {
		const struct outcome o = in_child(bad_memory, &i, "");
		ck_assert_msg(outcome_says(&o, says[i]) && !*o.text == !*says[i], "%d: %s", i, o.text);
		ck_assert_int_eq(o.status, *says[i] ? -1 : 0);
	}
}
END_TEST

TCase *tcase_cublaslt(void)
{
	TCase *const tc = tcase_create("cublaslt");
	tcase_add_loop_test(tc, products, 0, 4);
	tcase_add_test(tc, batches_and_schemes);
	if (!WITH_TSAN)
		tcase_add_test(tc, streams_and_graphs);
	tcase_add_loop_test(tc, arguments, 0, 17);
	tcase_add_test(tc, sizes_of_attributes);
	tcase_add_test(tc, algorithms_and_handles);
	tcase_add_test(tc, complaints);
	return tc;
}
