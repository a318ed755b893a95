/* What follows a matrix product: sums become a result. */
#ifndef ENGINE_CUDA_PRODUCT_KERNELS_H
#define ENGINE_CUDA_PRODUCT_KERNELS_H

#include "engine/cuda/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * y[i,j] = (sum[i,j] + bias[j]) + residual[i,j] over rows x columns, rounded once to y's type (F32, BF16 or F16). With relu a rounded result below 0
 * becomes 0, as the op relu would have it: NaN and -0 stay. sum is F32 or of y's type, residual of y's type. bias NULL and residual.data NULL are
 * absent. y may lie where sum or residual does.
 */
cudaError_t cu_finish(struct cu_array sum, const float *bias, struct cu_array residual, bool relu, struct cu_array y, int64_t rows, int columns,
                      cudaStream_t stream);

#ifdef __cplusplus
}
#endif

#endif
