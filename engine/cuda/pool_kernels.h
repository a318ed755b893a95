/* Pooling of channels-last maps. Windows of kernel x kernel begin at h stride - pad; what lies outside the picture is left out. */
#ifndef ENGINE_CUDA_POOL_KERNELS_H
#define ENGINE_CUDA_POOL_KERNELS_H

#include "engine/cuda/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The large map (x, dx) is (N,C,H,W), the small one (y, dy) (N,C,out_h,out_w). Every window holds a place of the picture. */
struct cu_pool {
	int kernel, stride, pad;
	int N, C, H, W, out_h, out_w;
};

/* The largest of each window; of NaN and a number NaN. x and y of one type: F32, BF16, F16, U8. */
cudaError_t cu_max_pool(struct cu_array y, struct cu_array x, struct cu_pool k, cudaStream_t stream);
/* y = v at the place of x's largest, the first in (h,w) order at a tie, the first NaN if there is one. y and v of one type, x of its own: F32, BF16 or F16. */
cudaError_t cu_max_pool_pick(struct cu_array y, struct cu_array v, struct cu_array x, struct cu_pool k, cudaStream_t stream);
/* dx = the sum of dy over the windows whose largest lies there, in (h,w) order, in f32. dx and dy of one type, x of its own: F32, BF16 or F16. */
cudaError_t cu_max_pool_dx(struct cu_array dx, struct cu_array dy, struct cu_array x, struct cu_pool k, cudaStream_t stream);
/* The sum of each window, in (h,w) order, over kernel^2. x and y of one type: F32, BF16 or F16. */
cudaError_t cu_avg_pool(struct cu_array y, struct cu_array x, struct cu_pool k, cudaStream_t stream);
/* dx = the sum of dy over the windows that hold the place, in (h,w) order, over kernel^2. One type: F32, BF16 or F16. */
cudaError_t cu_avg_pool_dx(struct cu_array dx, struct cu_array dy, struct cu_pool k, cudaStream_t stream);

#ifdef __cplusplus
}
#endif

#endif
