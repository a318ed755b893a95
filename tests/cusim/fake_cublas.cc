/*
 * The part of cuBLAS that the project calls: the prototypes of the toolkit's header, the rules of its manual for arguments, and
 * fake_gemm.cc's arithmetic.
 */
#include <cublas_v2.h>

#include <algorithm>

#include "tests/cusim/fake_gemm.h"
#include "tests/cusim/fakes.h"
#include "tests/cusim/handles.h"
#include "tests/cusim/settings.h"

using namespace cusim;

struct cublasContext {
	cudaStream_t stream;
	cublasPointerMode_t pointer_mode;
	cublasMath_t math;
	bool destroyed;
	char *workspace; /* its own; NULL: one of cuBLAS's pool */
	size_t workspace_bytes;
};

static handles<cublasContext> &contexts = *new handles<cublasContext>;

/* Dies on a handle that is none or no more. */
static bool given(cublasHandle_t h)
{
	inside runtime;
	return h && contexts.get(h, "cuBLAS handle");
}

bool cusim::is_cublas_handle(const void *h)
{
	return contexts.find(h, "cuBLAS handle");
}

static int at_least_1(int n)
{
	return n > 1 ? n : 1;
}

/* The manual's table of types for CUBLAS_COMPUTE_32F*, as far as the project's types go. */
static bool types_supported(const product &p)
{
	const bool floats = p.a.type == CUDA_R_32F && p.c.type == CUDA_R_32F;
	const bool halves = (p.a.type == CUDA_R_16BF || p.a.type == CUDA_R_16F) && (p.c.type == p.a.type || p.c.type == CUDA_R_32F);
	if (p.a.type != p.b.type)
		return false;
	switch (p.compute) {
	case CUBLAS_COMPUTE_32F:
	case CUBLAS_COMPUTE_32F_PEDANTIC:
		return floats || halves;
	case CUBLAS_COMPUTE_32F_FAST_TF32:
		return floats;
	case CUBLAS_COMPUTE_32I:
		return p.a.type == CUDA_R_8I && p.c.type == CUDA_R_32I;
	default:
		return false;
	}
}

/* Bytes on tensor cores: what the manual asks of their order. */
static bool bytes_in_order(const product &p)
{
	for (const matrix &x : {p.a, p.b, p.c})
		if ((uintptr_t)x.start % 4 || x.leading % 4)
			return false;
	return p.operation_a == CUBLAS_OP_T && p.operation_b == CUBLAS_OP_N && p.m % 4 == 0 && p.k % 4 == 0 && p.batch == 1;
}

static cublasStatus_t judge(const product &p)
{
	const int rows_a = p.operation_a == CUBLAS_OP_N ? p.m : p.k, rows_b = p.operation_b == CUBLAS_OP_N ? p.k : p.n;
	if (p.m < 0 || p.n < 0 || p.k < 0 || p.batch < 0 || !p.alpha || !p.beta)
		return CUBLAS_STATUS_INVALID_VALUE;
	for (const cublasOperation_t o : {p.operation_a, p.operation_b})
		if (o != CUBLAS_OP_N && o != CUBLAS_OP_T && o != CUBLAS_OP_C)
			return CUBLAS_STATUS_INVALID_VALUE;
	if (p.a.leading < at_least_1(rows_a) || p.b.leading < at_least_1(rows_b) || p.c.leading < at_least_1(p.m))
		return CUBLAS_STATUS_INVALID_VALUE;
	return types_supported(p) && (p.compute != CUBLAS_COMPUTE_32I || bytes_in_order(p)) ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_SUPPORTED;
}

/* Only with memory of its own for each stream has a handle the same results every time, whatever runs beside it: without, a product is an error here. */
static void need_workspace(cublasHandle_t h, const char *call)
{
	if (!h->workspace)
		fail("%s: the handle has no workspace of its own (cublasSetStream takes it away)", call);
	for (const auto &other : contexts.all)
		if (!other->destroyed && other->stream != h->stream && other->workspace < h->workspace + h->workspace_bytes &&
		    h->workspace < other->workspace + other->workspace_bytes)
			fail("%s: another handle has the same workspace, on another stream", call);
}

/* When it runs; what lies there is lost. */
static void use_workspace(char *memory, size_t bytes)
{
	const size_t some = std::min<size_t>(bytes, 1024);
	need_device(memory, some, true, "cuBLAS's workspace");
	need_device(memory + bytes - 1, 1, true, "cuBLAS's workspace");
	memset(memory, 0xA5, some);
}

static cublasStatus_t gemm(cublasHandle_t h, product p)
{
	if (!given(h))
		return CUBLAS_STATUS_NOT_INITIALIZED;
	p.in_parts = p.c.type != CUDA_R_32F && !(h->math & CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION);
	const cublasStatus_t status = judge(p);
	if (status != CUBLAS_STATUS_SUCCESS || !p.m || !p.n || !p.batch)
		return status;
	const long long c_elements = (long long)p.c.leading * (p.n - 1) + p.m;
	if (p.batch > 1 && llabs(p.c.stride) < c_elements)
		fail("%s: batches of C overlap (stride %lld, a matrix has %lld)", p.call, p.c.stride, c_elements);
	const bool on_host = h->pointer_mode == CUBLAS_POINTER_MODE_HOST;
	if (is_device(p.alpha) == on_host || is_device(p.beta) == on_host)
		fail("%s: alpha or beta does not lie where the pointer mode says (%s)", p.call, on_host ? "host" : "device");
	need_workspace(h, p.call);
	char *const workspace = h->workspace;
	const size_t workspace_bytes = h->workspace_bytes;
	if (p.compute == CUBLAS_COMPUTE_32I) {
		if (!on_host)
			return CUBLAS_STATUS_NOT_SUPPORTED;
		const int32_t times = *(const int32_t *)p.alpha, keep = *(const int32_t *)p.beta;
		return enqueue(h->stream, [=]() {
			if (kernel_faults())
				return;
			use_workspace(workspace, workspace_bytes);
			product_compute_bytes(p, times, keep);
		}, p.call) ? CUBLAS_STATUS_EXECUTION_FAILED : CUBLAS_STATUS_SUCCESS;
	}
	const float alpha = on_host ? *(const float *)p.alpha : 0, beta = on_host ? *(const float *)p.beta : 0;
	const bool tf32 = p.a.type == CUDA_R_32F && (p.compute == CUBLAS_COMPUTE_32F_FAST_TF32 ||
	                                              (h->math == CUBLAS_TF32_TENSOR_OP_MATH && p.compute == CUBLAS_COMPUTE_32F));
	const cudaError_t error = enqueue(
	        h->stream,
	        [=]() {
		        if (kernel_faults())
			        return;
		        use_workspace(workspace, workspace_bytes);
		        if (!on_host) {
			        need_device(p.alpha, sizeof(float), false, p.call);
			        need_device(p.beta, sizeof(float), false, p.call);
		        }
		        for (int i = 0; i < p.batch; i++)
			        product_compute(p, i, on_host ? alpha : *(const float *)p.alpha, on_host ? beta : *(const float *)p.beta, tf32);
	        },
	        p.call);
	return error ? CUBLAS_STATUS_EXECUTION_FAILED : CUBLAS_STATUS_SUCCESS;
}

#define API extern "C" cublasStatus_t CUBLASWINAPI
#define NEED_HANDLE(h) \
	if (!given(h)) \
	return CUBLAS_STATUS_NOT_INITIALIZED

API cublasCreate_v2(cublasHandle_t *h)
{
	inside runtime;
	if (!h)
		return CUBLAS_STATUS_INVALID_VALUE;
	if (capture_forbids()) /* it allocates */
		return CUBLAS_STATUS_ALLOC_FAILED;
	*h = contexts.add(new cublasContext{nullptr, CUBLAS_POINTER_MODE_HOST, CUBLAS_DEFAULT_MATH, false, nullptr, 0});
	return CUBLAS_STATUS_SUCCESS;
}

API cublasDestroy_v2(cublasHandle_t h)
{
	inside runtime;
	NEED_HANDLE(h);
	stream_finish(h->stream);
	h->destroyed = true;
	return CUBLAS_STATUS_SUCCESS;
}

API cublasSetStream_v2(cublasHandle_t h, cudaStream_t stream)
{
	NEED_HANDLE(h);
	h->stream = stream;
	h->workspace = nullptr;
	h->workspace_bytes = 0;
	return CUBLAS_STATUS_SUCCESS;
}

API cublasSetPointerMode_v2(cublasHandle_t h, cublasPointerMode_t mode)
{
	NEED_HANDLE(h);
	if (mode != CUBLAS_POINTER_MODE_HOST && mode != CUBLAS_POINTER_MODE_DEVICE)
		return CUBLAS_STATUS_INVALID_VALUE;
	h->pointer_mode = mode;
	return CUBLAS_STATUS_SUCCESS;
}

API cublasSetMathMode(cublasHandle_t h, cublasMath_t mode)
{
	NEED_HANDLE(h);
	h->math = mode;
	return CUBLAS_STATUS_SUCCESS;
}

/* NULL and 0: one of cuBLAS's pool again. */
API cublasSetWorkspace_v2(cublasHandle_t h, void *memory, size_t bytes)
{
	NEED_HANDLE(h);
	if ((uintptr_t)memory % 256)
		return CUBLAS_STATUS_INVALID_VALUE;
	need_device(memory, bytes, true, "cublasSetWorkspace");
	h->workspace = bytes ? (char *)memory : nullptr;
	h->workspace_bytes = bytes;
	return CUBLAS_STATUS_SUCCESS;
}

API cublasGetProperty(libraryPropertyType type, int *value)
{
	*value = type == MAJOR_VERSION ? CUBLAS_VER_MAJOR : type == MINOR_VERSION ? CUBLAS_VER_MINOR : CUBLAS_VER_PATCH;
	return CUBLAS_STATUS_SUCCESS;
}

API cublasGetVersion_v2(cublasHandle_t h, int *version)
{
	NEED_HANDLE(h);
	*version = CUBLAS_VERSION;
	return CUBLAS_STATUS_SUCCESS;
}

extern "C" const char *CUBLASWINAPI cublasGetStatusString(cublasStatus_t status)
{
	switch (status) {
	case CUBLAS_STATUS_SUCCESS:
		return "success";
	case CUBLAS_STATUS_NOT_INITIALIZED:
		return "the library was not initialized";
	case CUBLAS_STATUS_ALLOC_FAILED:
		return "the resource allocation failed";
	case CUBLAS_STATUS_INVALID_VALUE:
		return "an unsupported value or parameter was passed to the function";
	case CUBLAS_STATUS_EXECUTION_FAILED:
		return "the function failed to launch on the GPU";
	case CUBLAS_STATUS_NOT_SUPPORTED:
		return "the functionality requested is not supported";
	default:
		return "unknown cublasStatus_t value";
	}
}

API cublasSgemm_v2(cublasHandle_t h, cublasOperation_t operation_a, cublasOperation_t operation_b, int m, int n, int k, const float *alpha,
                   const float *a, int lda, const float *b, int ldb, const float *beta, float *c, int ldc)
{
	return gemm(h, {"cublasSgemm", operation_a, operation_b, m, n, k, 1, alpha, beta, {"A", a, CUDA_R_32F, lda, 0},
	                {"B", b, CUDA_R_32F, ldb, 0}, {"C", c, CUDA_R_32F, ldc, 0}, CUBLAS_COMPUTE_32F, false});
}

API cublasGemmEx(cublasHandle_t h, cublasOperation_t operation_a, cublasOperation_t operation_b, int m, int n, int k, const void *alpha,
                 const void *a, cudaDataType type_a, int lda, const void *b, cudaDataType type_b, int ldb, const void *beta, void *c,
                 cudaDataType type_c, int ldc, cublasComputeType_t compute, cublasGemmAlgo_t)
{
	return gemm(h, {"cublasGemmEx", operation_a, operation_b, m, n, k, 1, alpha, beta, {"A", a, type_a, lda, 0},
	                {"B", b, type_b, ldb, 0}, {"C", c, type_c, ldc, 0}, compute, false});
}

API cublasGemmStridedBatchedEx(cublasHandle_t h, cublasOperation_t operation_a, cublasOperation_t operation_b, int m, int n, int k,
                               const void *alpha, const void *a, cudaDataType type_a, int lda, long long stride_a, const void *b,
                               cudaDataType type_b, int ldb, long long stride_b, const void *beta, void *c, cudaDataType type_c, int ldc,
                               long long stride_c, int batch, cublasComputeType_t compute, cublasGemmAlgo_t)
{
	return gemm(h, {"cublasGemmStridedBatchedEx", operation_a, operation_b, m, n, k, batch, alpha, beta, {"A", a, type_a, lda, stride_a},
	                {"B", b, type_b, ldb, stride_b}, {"C", c, type_c, ldc, stride_c}, compute, false});
}
