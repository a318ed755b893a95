#include "engine/cuda/product.h"

#include "engine/cuda/product_kernels.h"

cudaError_t product_error(cublasStatus_t st)
{
	switch (st) {
	case CUBLAS_STATUS_SUCCESS:
		return cudaSuccess;
	case CUBLAS_STATUS_ALLOC_FAILED:
		return cudaErrorMemoryAllocation;
	case CUBLAS_STATUS_INVALID_VALUE:
		return cudaErrorInvalidValue;
	case CUBLAS_STATUS_NOT_SUPPORTED:
		return cudaErrorNotSupported;
	case CUBLAS_STATUS_ARCH_MISMATCH:
		return cudaErrorNoKernelImageForDevice;
	case CUBLAS_STATUS_EXECUTION_FAILED:
		return cudaErrorLaunchFailure;
	default:
		return cudaErrorUnknown;
	}
}

cudaDataType_t product_type(enum dtype d)
{
	BUG_IF(!dtype_is_act(d), "a product of %s", dtype_name(d));
	return d == F32 ? CUDA_R_32F : d == BF16 ? CUDA_R_16BF : CUDA_R_16F;
}

/*
 * cuBLAS stores matrices column after column. A matrix stored row after row is, in the same memory, its transpose stored column after column. So the
 * product is turned round: C' = op(B)' op(A)', with B first, m and n exchanged, and the same leading dimensions; what was stored plainly is the
 * transpose that is wanted, and what was stored transposed must be transposed once more.
 */
void product_run(const struct kernel_run *r, const struct product *p)
{
	static const float one = 1, zero = 0;
	const cublasOperation_t first = p->tb ? CUBLAS_OP_T : CUBLAS_OP_N, second = p->ta ? CUBLAS_OP_T : CUBLAS_OP_N;
	/* Without asking there is none. */
	const cublasComputeType_t compute = r->free & FREE_TF32 && p->in == F32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
	const cudaDataType_t in = product_type(p->in), out = product_type(p->out);
	const float *beta = p->add ? &one : &zero;
	const cublasHandle_t blas = cuda_of(r)->blas;
	cublasStatus_t st;
	if (p->batches > 1)
		st = cublasGemmStridedBatchedEx(blas, first, second, p->n, p->m, p->k, &one, p->b, in, p->ldb, p->step_b, p->a, in, p->lda, p->step_a,
		                                beta, p->c, out, p->ldc, p->step_c, p->batches, compute, CUBLAS_GEMM_DEFAULT);
	else
		st = cublasGemmEx(blas, first, second, p->n, p->m, p->k, &one, p->b, in, p->ldb, p->a, in, p->lda, beta, p->c, out, p->ldc,
		                  compute, CUBLAS_GEMM_DEFAULT);
	cuda_done(r, product_error(st));
}

void product_finished(const struct kernel_run *r, const struct product *p)
{
	const struct cu_array c = {p->c, (int)p->out};
	const int64_t rows = (int64_t)(p->batches > 1 ? p->batches : 1) * p->m;
	if (product_lt_run(r, p))
		return;
	product_run(r, p);
	if (p->has_bias || p->relu)
		cuda_done(r, cu_finish(c, p->has_bias ? p->bias : NULL, (struct cu_array){0}, p->relu, c, rows, p->n, stream_of(r)));
}

void product_bytes(const struct kernel_run *r, int m, int n, int k, const int8_t *a, const int8_t *b, int32_t *c)
{
	static const int32_t one = 1, zero = 0;
	const cublasStatus_t st = cublasGemmEx(cuda_of(r)->blas, CUBLAS_OP_T, CUBLAS_OP_N, n, m, k, &one, b, CUDA_R_8I, k, a, CUDA_R_8I, k, &zero, c, CUDA_R_32I, n,
	                                       CUBLAS_COMPUTE_32I, CUBLAS_GEMM_DEFAULT);
	cuda_done(r, product_error(st));
}
