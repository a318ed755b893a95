/* Private to quant.cu and conv_int8.cu. */
#ifndef ENGINE_CUDA_QUANT_CUH
#define ENGINE_CUDA_QUANT_CUH

#include "engine/cuda/pack.cuh"
#include "engine/cuda/quant_kernels.h"

/* To the nearest whole number of lo..hi, the even one at a tie; NaN is 0. */
__device__ inline double cu_to_step(double v, double lo, double hi)
{
	return v != v ? 0 : rint(v < lo ? lo : v > hi ? hi : v);
}

#endif
