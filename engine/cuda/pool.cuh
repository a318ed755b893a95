/* Private to pool.cu and pool_avg.cu: windows, and which of them hold a place. */
#ifndef ENGINE_CUDA_POOL_CUH
#define ENGINE_CUDA_POOL_CUH

#include "engine/cuda/pack.cuh"
#include "engine/cuda/pool_kernels.h"

namespace {

/* Rows h0..h1 and columns w0..w1. */
struct window {
	int h0, h1, w0, w1;
};

/* The part of window (h,w) of the small map that lies inside the picture. */
__device__ inline window window_at(const cu_pool &k, int h, int w)
{
	const int h0 = h * k.stride - k.pad, w0 = w * k.stride - k.pad;
	return {max(h0, 0), min(h0 + k.kernel, k.H), max(w0, 0), min(w0 + k.kernel, k.W)};
}

/* The windows that hold place (h,w) of the picture. */
__device__ inline window holders_of(const cu_pool &k, int h, int w)
{
	const int top = h + k.pad - k.kernel + 1, left = w + k.pad - k.kernel + 1;
	return {top <= 0 ? 0 : (top + k.stride - 1) / k.stride, min((h + k.pad) / k.stride + 1, k.out_h),
	        left <= 0 ? 0 : (left + k.stride - 1) / k.stride, min((w + k.pad) / k.stride + 1, k.out_w)};
}

/* Where channel c of picture n begins. */
__device__ inline int64_t in_large(const cu_pool &k, const cu_site &s)
{
	return s.n * k.H * k.W * k.C + s.c;
}
__device__ inline int64_t in_small(const cu_pool &k, const cu_site &s)
{
	return s.n * k.out_h * k.out_w * k.C + s.c;
}

/* Elements of the large and the small map. */
inline int64_t large(const cu_pool &k)
{
	return (int64_t)k.N * k.H * k.W * k.C;
}
inline int64_t small(const cu_pool &k)
{
	return (int64_t)k.N * k.out_h * k.out_w * k.C;
}

} // namespace

#endif
