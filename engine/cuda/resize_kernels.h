/* Resize of channels-last maps, half-pixel centres. */
#ifndef ENGINE_CUDA_RESIZE_KERNELS_H
#define ENGINE_CUDA_RESIZE_KERNELS_H

#include "engine/cuda/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/* x and dx are (N,C,H,W), y and dy (N,C,out_h,out_w), all of one type: F32, BF16 or F16. */
struct cu_zoom {
	int bilinear;
	int N, C, H, W, out_h, out_w;
};

/* Nearest: y[i] = x[floor(i in / out)]; bilinear: x at (i + 0.5) in / out - 0.5, not below 0. A neighbour of weight 0 is not read into the sum. */
cudaError_t cu_resize(struct cu_array y, struct cu_array x, struct cu_zoom k, cudaStream_t stream);
/* dx = the sum of dy times its weight over the places of y that read it, in (h,w) order. */
cudaError_t cu_resize_dx(struct cu_array dx, struct cu_array dy, struct cu_zoom k, cudaStream_t stream);

#ifdef __cplusplus
}
#endif

#endif
