/* Pictures from bytes to activations: of a batch that the host gave, or of a set that the device holds. */
#ifndef ENGINE_CUDA_PICTURES_KERNELS_H
#define ENGINE_CUDA_PICTURES_KERNELS_H

#include "engine/cuda/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/* y = x factor[c] + add[c], x bytes, channels interleaved, C <= 4; n elements. */
struct cu_affine4 { float factor[4], add[4]; };
cudaError_t cu_normalize(struct cu_array y, const uint8_t *x, int C, int64_t n, struct cu_affine4 k, cudaStream_t stream);
/* The same of N pictures of a store: view n is row, dy, dx, flip as graph_pictures says. y F32, BF16 or F16; view is aligned to 16 bytes. */
cudaError_t cu_pictures(struct cu_array y, const uint8_t *store, const int32_t *view, int N, int C, int H, int W, struct cu_affine4 k, cudaStream_t stream);

#ifdef __cplusplus
}
#endif

#endif
