/* Batch norm and what goes with it. The channel is innermost: number i belongs to channel i % C. */
#ifndef ENGINE_CUDA_NORM_KERNELS_H
#define ENGINE_CUDA_NORM_KERNELS_H

#include "engine/cuda/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A tensor as n rows of C numbers, cut into parts of `each` rows (the last may have fewer). Sums are made of each part and
   then joined in order, in f64. Where the cuts are depends on n, C and the type alone. */
struct cu_rows {
	int64_t n, each;
	int C, parts;
};
struct cu_rows cu_rows_of(int64_t n, int C, int dtype); /* needs no device */
size_t cu_batch_norm_scratch(const struct cu_rows *s); /* bytes */
size_t cu_batch_norm_dx_scratch(const struct cu_rows *s);

/* y = (x - mean[c]) / sqrt(var[c] + eps) gamma[c] + beta[c] (+ residual), max(0, y) with relu; var is the biased one. */
struct cu_norm {
	struct cu_rows rows;
	int dtype;         /* of x, y and residual: F32, BF16 or F16 */
	const void *x, *residual; /* residual NULL: none */
	void *y;           /* NULL: statistics alone. May be x's memory */
	const float *gamma, *beta;
	float *mean, *var; /* NULL: not wanted */
	double eps;
	bool relu;
	void *scratch;     /* cu_batch_norm_scratch bytes */
};
cudaError_t cu_batch_norm(const struct cu_norm *k, cudaStream_t stream);

/* With s = sqrt(var + eps), z = (x - mean) / s, and dz = dy, or dy where y > 0:
   dx = gamma / s (dz - mean(dz) - z mean(dz z)), dgamma = sum(dz z), dbeta = sum(dz). */
struct cu_norm_dx {
	struct cu_rows rows;
	int dtype;         /* of dy, x, y, dz and dx: F32, BF16 or F16 */
	const void *dy, *x, *y; /* y NULL: no mask */
	void *dz;          /* dz is stored here; NULL: not wanted, or no mask */
	void *dx;          /* NULL: not wanted. May be dy's memory */
	const float *gamma, *mean, *var;
	float *dgamma, *dbeta; /* NULL: not wanted */
	double eps;
	void *scratch;     /* cu_batch_norm_dx_scratch bytes */
};
cudaError_t cu_batch_norm_dx(const struct cu_norm_dx *k, cudaStream_t stream);

/* y = x factor[c] + add[c] (+ residual), max(0, y) with relu. x, y, residual of one type, F32, BF16 or F16; y may be x's memory. */
cudaError_t cu_affine(const struct cu_rows *s, int dtype, void *y, const void *x, const void *residual, const float *factor, const float *add,
                      bool relu, cudaStream_t stream);
/* The same for n elements in the order of views, of any types and channels anywhere, without relu. residual.data NULL: none. */
cudaError_t cu_affine_views(int64_t n, struct cu_view y, struct cu_view x, struct cu_view factor, struct cu_view add, struct cu_view residual,
                            cudaStream_t stream);
/* y = keep old + take value, n elements in the order of views. y may be the memory of either that has its view. */
cudaError_t cu_running_update(int64_t n, struct cu_view y, struct cu_view old, struct cu_view value, float keep, float take, cudaStream_t stream);

#ifdef __cplusplus
}
#endif

#endif
