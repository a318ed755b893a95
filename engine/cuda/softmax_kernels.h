/* Softmax over rows. */
#ifndef ENGINE_CUDA_SOFTMAX_KERNELS_H
#define ENGINE_CUDA_SOFTMAX_KERNELS_H

#include "engine/cuda/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/* n rows of K elements: row i starts at rows' place of i, its elements are `step` apart. */
struct cu_rows {
	struct cu_view rows;
	int64_t n, K, step;
};

/* x F32, BF16 or F16, y F32: softmax of each row, or its logarithm. A row with a NaN becomes NaN. */
cudaError_t cu_softmax(const struct cu_rows *x, const struct cu_rows *y, bool logarithm, cudaStream_t stream);

#ifdef __cplusplus
}
#endif

#endif
