/*
 * The part of cuBLASLt that the project calls: descriptors whose attributes are judged when they are set, a heuristic, and products that are run by an
 * algorithm which it gave for that very problem. Sums are fake_gemm.cc's; they wait in the workspace, as parts of sums do, and a step of its own adds the
 * bias, does relu and rounds.
 *
 * The algorithms, of which the first that the preference allows is given: one that adds in the result's memory in the order of arrival and gives other
 * bits each time; one whose parts have the result's type, here always bf16; and one that will do. Each wants workspace for the whole result in f32.
 */
#include <cublasLt.h>

#include <cmath>
#include <cstring>
#include <memory>
#include <vector>

#include "tests/cusim/control.h"
#include "tests/cusim/fake_gemm.h"
#include "tests/cusim/fakes.h"
#include "tests/cusim/handles.h"
#include "tests/cusim/settings.h"

using namespace cusim;

struct cublasLtContext {
	bool destroyed;
};

namespace {

struct layout {
	uint32_t type;
	int32_t order, batches;
	uint64_t rows, columns;
	int64_t leading, stride;
	bool destroyed;
};

struct operation {
	int32_t compute, scale, pointer_mode, transa, transb, bias_type;
	uint32_t epilogue;
	const void *bias;
	int64_t bias_stride;
	bool destroyed;
};

struct preference {
	uint64_t workspace;
	uint32_t schemes, align_a, align_b, align_c, align_d;
	bool destroyed;
};

handles<cublasLtContext> &contexts = *new handles<cublasLtContext>;
handles<layout> &layouts = *new handles<layout>;
handles<operation> &operations = *new handles<operation>;
handles<preference> &preferences = *new handles<preference>;
bool refusing;
int asked, queued;

/* All that an algorithm was chosen for. */
struct problem {
	operation op;
	layout a, b, c, d;
};

enum { ARRIVAL = 1, PARTS = 4, GOOD = 2 }; /* cublasLtReductionScheme_t */

struct answer {
	problem of;
	preference asked;
	uint64_t scheme, workspace, align_bias;
};

std::vector<std::unique_ptr<answer>> &answers = *new std::vector<std::unique_ptr<answer>>;
const uint64_t mark = 0x4C74A190;

bool given(cublasLtHandle_t h)
{
	inside runtime;
	if (!h)
		return false;
	return is_cublas_handle(h) || contexts.get(h, "cuBLASLt handle");
}

/* Copies an attribute of the size that the header says. */
template <class T> cublasStatus_t put(T *to, const void *from, size_t bytes)
{
	if (!from || bytes != sizeof *to)
		return CUBLAS_STATUS_INVALID_VALUE;
	memcpy(to, from, bytes);
	return CUBLAS_STATUS_SUCCESS;
}

/* ---- judgement ---- */

bool has(const operation &op, uint32_t what)
{
	return op.epilogue & what;
}

bool sound(const layout &x, uint64_t rows, uint64_t columns)
{
	return x.rows == rows && x.columns == columns && rows && columns && x.leading >= (int64_t)rows && x.batches >= 1 && x.order == CUBLASLT_ORDER_COL &&
	       (x.batches == 1 || x.stride >= 0);
}

bool same_layout(const layout &x, const layout &y)
{
	return x.type == y.type && x.order == y.order && x.batches == y.batches && x.rows == y.rows && x.columns == y.columns && x.leading == y.leading &&
	       x.stride == y.stride;
}

bool same_problem(const problem &x, const problem &y)
{
	return same_layout(x.a, y.a) && same_layout(x.b, y.b) && same_layout(x.c, y.c) && same_layout(x.d, y.d) && x.op.compute == y.op.compute &&
	       x.op.scale == y.op.scale && x.op.transa == y.op.transa && x.op.transb == y.op.transb && x.op.epilogue == y.op.epilogue;
}

/* The manual's table of types, as far as the project's go. */
bool types_supported(const problem &p)
{
	const uint32_t from = p.a.type, to = p.d.type;
	const bool floats = from == CUDA_R_32F && to == CUDA_R_32F;
	const bool halves = (from == CUDA_R_16BF || from == CUDA_R_16F) && (to == from || to == CUDA_R_32F);
	if (p.b.type != from || p.c.type != to || p.op.scale != CUDA_R_32F)
		return false;
	if (has(p.op, CUBLASLT_EPILOGUE_BIAS) && p.op.bias_type != -1 && p.op.bias_type != (int32_t)to)
		return false;
	if (p.op.compute == CUBLAS_COMPUTE_32F_FAST_TF32)
		return floats;
	return (p.op.compute == CUBLAS_COMPUTE_32F || p.op.compute == CUBLAS_COMPUTE_32F_PEDANTIC) && (floats || halves);
}

cublasStatus_t judge(const problem &p)
{
	const bool turned_a = p.op.transa != CUBLAS_OP_N, turned_b = p.op.transb != CUBLAS_OP_N;
	const uint64_t m = p.d.rows, n = p.d.columns, k = turned_a ? p.a.rows : p.a.columns;
	if (!sound(p.a, turned_a ? k : m, turned_a ? m : k) || !sound(p.b, turned_b ? n : k, turned_b ? k : n) || !sound(p.c, m, n) || !sound(p.d, m, n))
		return CUBLAS_STATUS_INVALID_VALUE;
	if (p.a.batches != p.d.batches || p.b.batches != p.d.batches || p.c.batches != p.d.batches)
		return CUBLAS_STATUS_INVALID_VALUE;
	if (p.d.batches > 1 && p.d.stride < p.d.leading * (int64_t)(n - 1) + (int64_t)m)
		return CUBLAS_STATUS_INVALID_VALUE; /* results overlap */
	if (has(p.op, CUBLASLT_EPILOGUE_BIAS) && !p.op.bias)
		return CUBLAS_STATUS_INVALID_VALUE;
	return types_supported(p) ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_SUPPORTED;
}

problem problem_of(cublasLtMatmulDesc_t op, cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b, cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d)
{
	inside runtime;
	const char *const what = "layout of a matrix";
	return {*operations.get(op, "description of a product"), *layouts.get(a, what), *layouts.get(b, what), *layouts.get(c, what), *layouts.get(d, what)};
}

uint64_t alignment(const void *p)
{
	return (uintptr_t)p & (~(uintptr_t)p + 1);
}

bool aligned(const void *p, uint32_t bytes)
{
	return (uintptr_t)p % bytes == 0;
}

/* ---- running ---- */

struct task {
	problem of;
	uint64_t scheme;
	product sums; /* C is the workspace */
	float alpha, beta;
	const void *c;
	void *d;
};

void overlaps(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
	if (a < b + b_bytes && b < a + a_bytes)
		fail("cublasLtMatmul: the result overlaps an operand or the workspace");
}

size_t bytes_of(const matrix &x, const layout &l)
{
	const size_t one = matrix_bytes(x, (int)l.rows, (int)l.columns), element = x.type == CUDA_R_32F ? 4 : 2;
	return one + (size_t)(l.batches - 1) * (size_t)l.stride * element;
}

/* What follows the sums. */
void finish(const task &t)
{
	static int runs;
	const problem &p = t.of;
	const int m = t.sums.m, n = t.sums.n;
	const matrix d = {"D", t.d, (cudaDataType)p.d.type, (int)p.d.leading, p.d.stride};
	const size_t d_bytes = bytes_of(d, p.d), sums_bytes = (size_t)m * (size_t)n * (size_t)t.sums.batch * sizeof(float);
	const float disorder = t.scheme != ARRIVAL ? 0 : ++runs % 2 ? 0x1p-6f : -0x1p-6f;
	need_device(t.d, d_bytes, true, "cublasLtMatmul D");
	if (t.beta != 0)
		need_device(t.c, d_bytes, false, "cublasLtMatmul C");
	need_device(t.sums.c.start, sums_bytes, false, "cublasLtMatmul workspace");
	if (has(p.op, CUBLASLT_EPILOGUE_BIAS))
		need_device(p.op.bias, (size_t)m * (p.d.type == CUDA_R_32F ? 4 : 2), false, "cublasLtMatmul bias");
	overlaps((const char *)t.d, d_bytes, (const char *)t.sums.a.start, bytes_of(t.sums.a, p.a));
	overlaps((const char *)t.d, d_bytes, (const char *)t.sums.b.start, bytes_of(t.sums.b, p.b));
	overlaps((const char *)t.d, d_bytes, (const char *)t.sums.c.start, sums_bytes);
	for (int i = 0; i < t.sums.batch; i++)
		for (int column = 0; column < n; column++)
			for (int row = 0; row < m; row++) {
				const size_t at = (size_t)i * (size_t)p.d.stride + (size_t)column * (size_t)p.d.leading + (size_t)row;
				float v = ((const float *)t.sums.c.start)[((size_t)i * (size_t)n + (size_t)column) * (size_t)m + (size_t)row] + disorder;
				if (t.scheme == PARTS) {
					uint32_t bits;
					memcpy(&bits, &v, sizeof bits);
					bits &= 0xFFFF0000u;
					memcpy(&v, &bits, sizeof v);
				}
				if (t.beta != 0)
					v += t.beta * element_load(t.c, at, d.type);
				if (has(p.op, CUBLASLT_EPILOGUE_BIAS))
					v += element_load(p.op.bias, (size_t)row, d.type);
				/* The manual does not say what becomes of NaN. */
				if (has(p.op, CUBLASLT_EPILOGUE_RELU) && v < 0)
					v = 0;
				element_store(t.d, at, d.type, v);
			}
	memset(const_cast<void *>(t.sums.c.start), 0xFF, sums_bytes);
}

} // namespace

extern "C" void cusim_cublaslt_refuse(int refuse)
{
	refusing = refuse;
}

extern "C" int cusim_cublaslt_asked(void)
{
	return asked;
}

extern "C" int cusim_cublaslt_queued(void)
{
	return queued;
}

#define API extern "C" cublasStatus_t CUBLASWINAPI

API cublasLtCreate(cublasLtHandle_t *h)
{
	inside runtime;
	if (!h)
		return CUBLAS_STATUS_INVALID_VALUE;
	if (capture_forbids()) /* it allocates */
		return CUBLAS_STATUS_ALLOC_FAILED;
	*h = contexts.add(new cublasLtContext{false});
	return CUBLAS_STATUS_SUCCESS;
}

API cublasLtDestroy(cublasLtHandle_t h)
{
	inside runtime;
	if (!h)
		return CUBLAS_STATUS_NOT_INITIALIZED;
	contexts.get(h, "cuBLASLt handle")->destroyed = true;
	return CUBLAS_STATUS_SUCCESS;
}

API cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t *l, cudaDataType type, uint64_t rows, uint64_t columns, int64_t leading)
{
	inside runtime;
	if (!l)
		return CUBLAS_STATUS_INVALID_VALUE;
	*l = (cublasLtMatrixLayout_t)layouts.add(new layout{(uint32_t)type, CUBLASLT_ORDER_COL, 1, rows, columns, leading, 0, false});
	return CUBLAS_STATUS_SUCCESS;
}

API cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t l)
{
	inside runtime;
	layouts.get(l, "layout of a matrix")->destroyed = true;
	return CUBLAS_STATUS_SUCCESS;
}

API cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t l, cublasLtMatrixLayoutAttribute_t name, const void *value, size_t bytes)
{
	inside runtime;
	layout *const x = layouts.get(l, "layout of a matrix");
	switch (name) {
	case CUBLASLT_MATRIX_LAYOUT_ORDER:
		return put(&x->order, value, bytes);
	case CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT:
		return put(&x->batches, value, bytes);
	case CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET:
		return put(&x->stride, value, bytes);
	default:
		fail("cublasLtMatrixLayoutSetAttribute: attribute %d is not simulated", (int)name);
	}
}

API cublasLtMatmulDescCreate(cublasLtMatmulDesc_t *op, cublasComputeType_t compute, cudaDataType_t scale)
{
	inside runtime;
	if (!op)
		return CUBLAS_STATUS_INVALID_VALUE;
	*op = (cublasLtMatmulDesc_t)operations.add(new operation{(int32_t)compute, (int32_t)scale, CUBLASLT_POINTER_MODE_HOST, CUBLAS_OP_N, CUBLAS_OP_N, -1,
	                                                         CUBLASLT_EPILOGUE_DEFAULT, nullptr, 0, false});
	return CUBLAS_STATUS_SUCCESS;
}

API cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t op)
{
	inside runtime;
	operations.get(op, "description of a product")->destroyed = true;
	return CUBLAS_STATUS_SUCCESS;
}

API cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t op, cublasLtMatmulDescAttributes_t name, const void *value, size_t bytes)
{
	inside runtime;
	operation *const x = operations.get(op, "description of a product");
	switch (name) {
	case CUBLASLT_MATMUL_DESC_TRANSA:
		return put(&x->transa, value, bytes);
	case CUBLASLT_MATMUL_DESC_TRANSB:
		return put(&x->transb, value, bytes);
	case CUBLASLT_MATMUL_DESC_BIAS_POINTER:
		return put(&x->bias, value, bytes);
	case CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE:
		return put(&x->bias_type, value, bytes);
	case CUBLASLT_MATMUL_DESC_EPILOGUE: {
		uint32_t epilogue;
		const cublasStatus_t st = put(&epilogue, value, bytes);
		if (st != CUBLAS_STATUS_SUCCESS)
			return st;
		if (epilogue != CUBLASLT_EPILOGUE_DEFAULT && epilogue != CUBLASLT_EPILOGUE_RELU && epilogue != CUBLASLT_EPILOGUE_BIAS && epilogue != CUBLASLT_EPILOGUE_RELU_BIAS)
			return CUBLAS_STATUS_INVALID_VALUE;
		x->epilogue = epilogue;
		return CUBLAS_STATUS_SUCCESS;
	}
	default:
		fail("cublasLtMatmulDescSetAttribute: attribute %d is not simulated", (int)name);
	}
}

API cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t *p)
{
	inside runtime;
	if (!p)
		return CUBLAS_STATUS_INVALID_VALUE;
	*p = (cublasLtMatmulPreference_t)preferences.add(new preference{0, CUBLASLT_REDUCTION_SCHEME_MASK, 256, 256, 256, 256, false});
	return CUBLAS_STATUS_SUCCESS;
}

API cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t p)
{
	inside runtime;
	preferences.get(p, "preference")->destroyed = true;
	return CUBLAS_STATUS_SUCCESS;
}

API cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t p, cublasLtMatmulPreferenceAttributes_t name, const void *value, size_t bytes)
{
	inside runtime;
	preference *const x = preferences.get(p, "preference");
	switch (name) {
	case CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES:
		return put(&x->workspace, value, bytes);
	case CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK:
		return put(&x->schemes, value, bytes);
	case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES:
		return put(&x->align_a, value, bytes);
	case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES:
		return put(&x->align_b, value, bytes);
	case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES:
		return put(&x->align_c, value, bytes);
	case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES:
		return put(&x->align_d, value, bytes);
	default:
		fail("cublasLtMatmulPreferenceSetAttribute: attribute %d is not simulated", (int)name);
	}
}

API cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t h, cublasLtMatmulDesc_t op, cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b, cublasLtMatrixLayout_t c,
                                   cublasLtMatrixLayout_t d, cublasLtMatmulPreference_t wanted, int most, cublasLtMatmulHeuristicResult_t results[], int *n)
{
	if (!given(h))
		return CUBLAS_STATUS_NOT_INITIALIZED;
	const problem p = problem_of(op, a, b, c, d);
	inside runtime;
	const preference &x = *preferences.get(wanted, "preference");
	asked++;
	if (most < 1 || !results || !n)
		return CUBLAS_STATUS_INVALID_VALUE;
	*n = 0;
	const cublasStatus_t st = judge(p);
	if (st != CUBLAS_STATUS_SUCCESS)
		return st;
	const uint64_t workspace = p.d.rows * p.d.columns * (uint64_t)p.d.batches * sizeof(float);
	for (const uint64_t scheme : {ARRIVAL, PARTS, GOOD})
		if (x.schemes & scheme && !refusing && x.workspace >= workspace && *n == 0) {
			cublasLtMatmulHeuristicResult_t r = {};
			answers.emplace_back(new answer{p, x, scheme, workspace, alignment(p.op.bias)});
			r.algo.data[0] = mark;
			r.algo.data[1] = answers.size() - 1;
			r.workspaceSize = workspace;
			r.state = CUBLAS_STATUS_SUCCESS;
			r.wavesCount = 1;
			results[(*n)++] = r;
		}
	return *n ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_SUPPORTED;
}

API cublasLtMatmul(cublasLtHandle_t h, cublasLtMatmulDesc_t op, const void *alpha, const void *a, cublasLtMatrixLayout_t la, const void *b, cublasLtMatrixLayout_t lb,
                   const void *beta, const void *c, cublasLtMatrixLayout_t lc, void *d, cublasLtMatrixLayout_t ld, const cublasLtMatmulAlgo_t *algo, void *workspace,
                   size_t workspace_bytes, cudaStream_t stream)
{
	if (!given(h))
		return CUBLAS_STATUS_NOT_INITIALIZED;
	const problem p = problem_of(op, la, lb, lc, ld);
	const cublasStatus_t st = judge(p);
	if (st != CUBLAS_STATUS_SUCCESS)
		return st;
	if (!alpha || !beta || !algo || algo->data[0] != mark || algo->data[1] >= answers.size())
		return CUBLAS_STATUS_INVALID_VALUE;
	const answer &is = *answers[algo->data[1]];
	if (!same_problem(is.of, p) || workspace_bytes < is.workspace || !aligned(workspace, 256))
		return CUBLAS_STATUS_INVALID_VALUE;
	if (!aligned(a, is.asked.align_a) || !aligned(b, is.asked.align_b) || !aligned(c, is.asked.align_c) || !aligned(d, is.asked.align_d) ||
	    (has(p.op, CUBLASLT_EPILOGUE_BIAS) && alignment(p.op.bias) < is.align_bias))
		return CUBLAS_STATUS_INVALID_VALUE;
	if (is_device(alpha) || is_device(beta))
		fail("cublasLtMatmul: alpha or beta does not lie where the pointer mode says (host)");
	if (c == d && !same_layout(p.c, p.d))
		return CUBLAS_STATUS_INVALID_VALUE;
	const int m = (int)p.d.rows, n = (int)p.d.columns, k = (int)(p.op.transa == CUBLAS_OP_N ? p.a.columns : p.a.rows);
	const product sums = {"cublasLtMatmul", (cublasOperation_t)p.op.transa, (cublasOperation_t)p.op.transb, m, n, k, p.d.batches, nullptr, nullptr,
	                      {"A", a, (cudaDataType)p.a.type, (int)p.a.leading, p.a.stride}, {"B", b, (cudaDataType)p.b.type, (int)p.b.leading, p.b.stride},
	                      {"workspace", workspace, CUDA_R_32F, m, (long long)m * n}, CUBLAS_COMPUTE_32F, false};
	const task t = {p, is.scheme, sums, *(const float *)alpha, *(const float *)beta, c, d};
	const bool tf32 = p.op.compute == CUBLAS_COMPUTE_32F_FAST_TF32;
	cudaError_t error = enqueue(
	        stream,
	        [=]() {
		        if (kernel_faults())
			        return;
		        for (int i = 0; i < t.sums.batch; i++)
			        product_compute(t.sums, i, t.alpha, 0, tf32);
	        },
	        "cublasLtMatmul");
	if (!error)
		error = enqueue(stream, [=]() { finish(t); }, "cublasLtMatmul");
	queued++;
	return error ? CUBLAS_STATUS_EXECUTION_FAILED : CUBLAS_STATUS_SUCCESS;
}
