/* Products of matrices with cuBLAS's arguments. */
#pragma once

#include <cublas_v2.h>

namespace cusim {

struct matrix {
	const char *name;
	const void *start; /* C's is written */
	cudaDataType type;
	int leading;
	long long stride; /* in elements, from one of the batch to the next */
};

/* C = alpha op(A) op(B) + beta C, columns first; op(A) is m x k. */
struct product {
	const char *call;
	cublasOperation_t operation_a, operation_b;
	int m, n, k, batch;
	const void *alpha, *beta; /* float, or int32_t with sums of such: of the host or the device, as the pointer mode says */
	matrix a, b, c;
	cublasComputeType_t compute;
	bool in_parts; /* each half of a sum is rounded to C's type, as where k is divided and the math mode lets it */
};

/* The i-th of the batch, when it runs: judges the memory, then computes. tf32: the inputs are rounded to that first. */
void product_compute(const product &p, int i, float alpha, float beta, bool tf32);

/* Of signed bytes with sums in 32 bits, op(A) = A', op(B) = B; alpha and beta are whole numbers. */
void product_compute_bytes(const product &p, int32_t alpha, int32_t beta);

/* Of a matrix of such elements: bytes from its start to the end of its last element. */
size_t matrix_bytes(const matrix &x, int rows, int columns);
float element_load(const void *from, size_t i, cudaDataType type);
void element_store(void *to, size_t i, cudaDataType type, float value); /* rounded once */

/* A live handle of cuBLAS, which may stand for one of cuBLASLt. Dies on one that was destroyed. */
bool is_cublas_handle(const void *h);

} // namespace cusim
