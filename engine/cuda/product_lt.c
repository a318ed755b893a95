/*
 * Products with an epilogue, by cuBLASLt: bias and relu before the one rounding, in the same kernel. Its algorithm is asked for once for each problem and
 * kept for the life of the process, so that a step asks nothing and the same is taken again. The choice is any lane's, the workspace each lane's own.
 */
#include <cublasLt.h>
#include <string.h>

#include "base/arena.h"
#include "engine/cuda/product.h"

enum { ALIGN_MOST = 16 }; /* bytes: no algorithm wants more */

/* Compared as bytes: numbers of one size. */
struct problem {
	int64_t device, m, n, k, ta, tb, lda, ldb, ldc, in, out, bias, relu, tf32, batches, step_a, step_b, step_c;
	int64_t align_a, align_b, align_c, align_bias;
};

struct choice {
	struct choice *next;
	struct problem problem;
	bool taken; /* else the library has none */
	cublasLtMatmulDesc_t product;
	cublasLtMatrixLayout_t first, second, result;
	cublasLtMatmulAlgo_t algo;
};

static struct {
	struct choice *choices;
	cublasLtHandle_t handle; /* of a device, for what is asked before there is a queue */
	int device;
} library;

/* ---- the problem ---- */

/* Memory that is not known yet counts as aligned. */
static int64_t alignment(const void *p)
{
	int bytes = ALIGN_MOST;
	while ((uintptr_t)p % (uintptr_t)bytes)
		bytes /= 2;
	return bytes;
}

/*
 * By NVIDIA's header a bias has the type of the result (CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE; the exceptions are for products of bytes and of FP8). Ours
 * are f32, so bf16 and f16 results get theirs in a pass behind the product, which rounds once.
 */
static bool has_epilogue(const struct product *p)
{
	return (p->relu || p->has_bias) && (!p->has_bias || p->out == F32);
}

static struct problem problem_of(const struct product *p, unsigned free, int device)
{
	const bool batch = p->batches > 1;
	return (struct problem){
		.device = device, .m = p->m, .n = p->n, .k = p->k, .ta = p->ta, .tb = p->tb, .lda = p->lda, .ldb = p->ldb, .ldc = p->ldc,
		.in = p->in, .out = p->out, .bias = p->has_bias, .relu = p->relu, .tf32 = free & FREE_TF32 && p->in == F32,
		.batches = batch ? p->batches : 1,
		.step_a = batch ? p->step_a : 0, .step_b = batch ? p->step_b : 0, .step_c = batch ? p->step_c : 0,
		.align_a = alignment(p->a), .align_b = alignment(p->b), .align_c = alignment(p->c), .align_bias = alignment(p->bias),
	};
}

/* ---- what the library is told ---- */

static cublasStatus_t layout(cublasLtMatrixLayout_t *l, cudaDataType_t type, int64_t rows, int64_t columns, int64_t leading, int64_t batches,
                             int64_t step)
{
	const int32_t count = (int32_t)batches;
	cublasStatus_t st = cublasLtMatrixLayoutCreate(l, type, (uint64_t)rows, (uint64_t)columns, leading);
	if (st == CUBLAS_STATUS_SUCCESS)
		st = cublasLtMatrixLayoutSetAttribute(*l, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &count, sizeof count);
	if (st == CUBLAS_STATUS_SUCCESS)
		st = cublasLtMatrixLayoutSetAttribute(*l, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &step, sizeof step);
	return st;
}

static cublasStatus_t set(struct choice *c, cublasLtMatmulDescAttributes_t name, const void *value, size_t bytes)
{
	return cublasLtMatmulDescSetAttribute(c->product, name, value, bytes);
}

/* Turned round as in product_run, so that a bias of our columns is one of its rows, as an epilogue wants it. */
static cublasStatus_t tell(struct choice *c)
{
	const struct problem *p = &c->problem;
	const int32_t first = p->tb ? CUBLAS_OP_T : CUBLAS_OP_N, second = p->ta ? CUBLAS_OP_T : CUBLAS_OP_N;
	const uint32_t epilogue = (p->relu ? CUBLASLT_EPILOGUE_RELU : 0) | (p->bias ? CUBLASLT_EPILOGUE_BIAS : 0);
	const void *aligned = (const void *)(uintptr_t)p->align_bias; /* it is not read, and tells no more */
	const cudaDataType_t in = product_type((enum dtype)p->in), out = product_type((enum dtype)p->out);
	cublasStatus_t st = cublasLtMatmulDescCreate(&c->product, p->tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F, CUDA_R_32F);
	if (st == CUBLAS_STATUS_SUCCESS)
		st = set(c, CUBLASLT_MATMUL_DESC_TRANSA, &first, sizeof first);
	if (st == CUBLAS_STATUS_SUCCESS)
		st = set(c, CUBLASLT_MATMUL_DESC_TRANSB, &second, sizeof second);
	if (st == CUBLAS_STATUS_SUCCESS)
		st = set(c, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue, sizeof epilogue);
	if (st == CUBLAS_STATUS_SUCCESS && p->bias)
		st = set(c, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &aligned, sizeof aligned);
	if (st == CUBLAS_STATUS_SUCCESS)
		st = layout(&c->first, in, p->tb ? p->k : p->n, p->tb ? p->n : p->k, p->ldb, p->batches, p->step_b);
	if (st == CUBLAS_STATUS_SUCCESS)
		st = layout(&c->second, in, p->ta ? p->m : p->k, p->ta ? p->k : p->m, p->lda, p->batches, p->step_a);
	if (st == CUBLAS_STATUS_SUCCESS)
		st = layout(&c->result, out, p->n, p->m, p->ldc, p->batches, p->step_c);
	return st;
}

/* Parts of a sum are added in f32 by a step of their own, or there are none: not in the result's memory, in the order of arrival or of its type. */
static cublasStatus_t prefer(cublasLtMatmulPreference_t preference, const struct problem *p)
{
	const uint64_t workspace = BLAS_WORKSPACE;
	const uint32_t schemes = CUBLASLT_REDUCTION_SCHEME_NONE | CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE;
	const struct { cublasLtMatmulPreferenceAttributes_t name; uint32_t bytes; } aligned[] = {
		{CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, (uint32_t)p->align_b}, {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, (uint32_t)p->align_a},
		{CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, (uint32_t)p->align_c}, {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, (uint32_t)p->align_c},
	};
	cublasStatus_t st = cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &workspace, sizeof workspace);
	if (st == CUBLAS_STATUS_SUCCESS)
		st = cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, &schemes, sizeof schemes);
	for (size_t i = 0; st == CUBLAS_STATUS_SUCCESS && i < sizeof aligned / sizeof *aligned; i++)
		st = cublasLtMatmulPreferenceSetAttribute(preference, aligned[i].name, &aligned[i].bytes, sizeof aligned[i].bytes);
	return st;
}

/* ---- choosing ---- */

static bool choose(struct choice *c, cublasLtHandle_t handle)
{
	cublasLtMatmulHeuristicResult_t best = {0};
	cublasLtMatmulPreference_t preference = NULL;
	int n = 0;
	cublasStatus_t st = tell(c);
	if (st == CUBLAS_STATUS_SUCCESS)
		st = cublasLtMatmulPreferenceCreate(&preference);
	if (st == CUBLAS_STATUS_SUCCESS)
		st = prefer(preference, &c->problem);
	if (st == CUBLAS_STATUS_SUCCESS)
		st = cublasLtMatmulAlgoGetHeuristic(handle, c->product, c->first, c->second, c->result, c->result, preference, 1, &best, &n);
	if (preference)
		cublasLtMatmulPreferenceDestroy(preference);
	c->algo = best.algo;
	return st == CUBLAS_STATUS_SUCCESS && n > 0 && best.state == CUBLAS_STATUS_SUCCESS && best.workspaceSize <= BLAS_WORKSPACE;
}

/* NULL: the library is not asked, or has none. */
static struct choice *choice_of(const struct problem *problem, cublasLtHandle_t handle)
{
	struct choice *c = library.choices;
	while (c && memcmp(&c->problem, problem, sizeof *problem))
		c = c->next;
	if (!c) {
		c = handle ? mem_new(sizeof *c) : NULL;
		if (!c)
			return NULL;
		*c = (struct choice){.next = library.choices, .problem = *problem};
		c->taken = choose(c, handle);
		library.choices = c;
	}
	return c->taken ? c : NULL;
}

static cublasLtHandle_t handle_of(int device)
{
	if (library.handle && library.device != device) {
		cublasLtDestroy(library.handle);
		library.handle = NULL;
	}
	library.device = device;
	if (!library.handle && cublasLtCreate(&library.handle) != CUBLAS_STATUS_SUCCESS)
		library.handle = NULL;
	return library.handle;
}

bool product_lt_has(const struct product *p, unsigned free)
{
	int device = 0;
	if (!has_epilogue(p) || cudaGetDevice(&device) != cudaSuccess)
		return false;
	const struct problem problem = problem_of(p, free, device);
	return choice_of(&problem, handle_of(device));
}

/* ---- running ---- */

bool product_lt_run(const struct kernel_run *r, const struct product *p)
{
	static const float one = 1, zero = 0;
	const struct cuda *device = cuda_of(r);
	const cublasLtHandle_t handle = (cublasLtHandle_t)device->blas; /* NVIDIA: a handle of cuBLAS may stand for one of cuBLASLt */
	if (!has_epilogue(p))
		return false;
	const struct problem problem = problem_of(p, r->free, device->index);
	struct choice *c = choice_of(&problem, handle);
	if (!c)
		return false;
	cublasStatus_t st = p->has_bias ? set(c, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &p->bias, sizeof p->bias) : CUBLAS_STATUS_SUCCESS;
	if (st == CUBLAS_STATUS_SUCCESS)
		st = cublasLtMatmul(handle, c->product, &one, p->b, c->first, p->a, c->second, &zero, p->c, c->result, p->c, c->result, &c->algo,
		                    device->blas_workspace, BLAS_WORKSPACE, device->stream);
	cuda_done(r, product_error(st));
	return true;
}
