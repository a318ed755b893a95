/* Means over all elements of what a loss makes of each, and their gradients. */
#ifndef ENGINE_CUDA_MEANS_KERNELS_H
#define ENGINE_CUDA_MEANS_KERNELS_H

#include "engine/cuda/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/* n elements in parts of `part`, a multiple of CU_MEAN_STEP: sum[p] is scale times the sum over part p. What a thread adds, and in what order, depends on n, part
   and the types alone. */
enum { CU_MEAN_STEP = 16 * CU_BLOCK };
struct cu_mean {
	int64_t n, part;
	float scale;
	float *sum;
};

/* a, b, x: n elements in memory, F32, BF16 or F16 (of the two halves only one); they may begin anywhere. NaN stays. */

/* of (a - b)^2 */
cudaError_t cu_mean_square(struct cu_array a, struct cu_array b, struct cu_mean mean, cudaStream_t stream);
/* of log(1 + e^(factor x)) */
cudaError_t cu_mean_softplus(struct cu_array x, float factor, struct cu_mean mean, cudaStream_t stream);

/* y = (a - b) (*dy scale), of a's type; y may be the memory of a or b where that has its type. */
cudaError_t cu_mean_square_dx(void *y, struct cu_array a, struct cu_array b, int64_t n, const float *dy, float scale, cudaStream_t stream);
/* y = *dy scale / (1 + e^(-factor x)), of x's type; y may be the memory of x. */
cudaError_t cu_mean_softplus_dx(void *y, struct cu_array x, float factor, int64_t n, const float *dy, float scale, cudaStream_t stream);

#ifdef __cplusplus
}
#endif

#endif
