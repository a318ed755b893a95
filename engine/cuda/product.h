/*
 * Matrix products by cuBLAS and cuBLASLt, for conv.c and matmul.c. Sums are in f32; the same call gives the same bits on the same kind of GPU and version of the
 * library, since the handle has one stream, a workspace of its own and no atomics.
 */
#ifndef ENGINE_CUDA_PRODUCT_H
#define ENGINE_CUDA_PRODUCT_H

#include "engine/cuda/cuda.h"

/* C (m,n) = op(A) (m,k) op(B) (k,n), each stored row after row. */
struct product {
	int m, n, k;
	bool ta, tb;              /* A is stored as (k,m), B as (n,k) */
	const void *a, *b;
	void *c;
	int lda, ldb, ldc;        /* elements from one stored row to the next */
	enum dtype in, out;       /* of A and B, which FREE_TF32 rounds where they are F32; of C: F32, or the half type of A and B, rounded once from the sum */
	bool add;                 /* C += */
	int batches;              /* so many products at these steps of elements; 0 is 1 */
	int64_t step_a, step_b, step_c;
	/* Of product_finished alone, before the one rounding: */
	bool has_bias, relu;
	const float *bias;        /* (n), added to each row */
};

/* Queues it; a failure becomes the op's. */
void product_run(const struct kernel_run *r, const struct product *p);
/* The same with bias and relu, in one kernel where cuBLASLt has one (product_lt.c), else by a pass behind the product. C is dense. Of a half C the sum
   is rounded before its bias is added: who wants one rounding lets an F32 C wait for it. What relu makes of NaN is open. */
void product_finished(const struct kernel_run *r, const struct product *p);

/* ---- product_lt.c ---- */
/* Whether cuBLASLt makes bias and relu of this product in one kernel. Where the memory is not known yet: of such that is aligned to 16 bytes. */
bool product_lt_has(const struct product *p, unsigned free);
/* Queues it; false: cuBLASLt has none, or there is neither bias nor relu, and nothing was queued. */
bool product_lt_run(const struct kernel_run *r, const struct product *p);

cudaDataType_t product_type(enum dtype d); /* of elements that are multiplied */
cudaError_t product_error(cublasStatus_t st); /* cuBLAS has codes of its own */

/* c (m,n) = a (m,k) by b (n,k)', bytes with sums in 32 bits, all dense; n and k multiples of 4. Queued as product_run. */
void product_bytes(const struct kernel_run *r, int m, int n, int k, const int8_t *a, const int8_t *b, int32_t *c);

/* Lays bytes of scratch down at *end; returns where, and moves *end to the next multiple of 256. */
static inline size_t scratch_place(size_t *end, size_t bytes)
{
	const size_t at = *end;
	*end = (at + bytes + 255) / 256 * 256;
	return at;
}

#endif
