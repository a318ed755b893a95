/* What every kernel file includes: elements of memory, indices, sums of a block. */
#ifndef ENGINE_CUDA_DEVICE_CUH
#define ENGINE_CUDA_DEVICE_CUH

#include "engine/cuda/cu_portable.h"
#include "engine/cuda/kernels.h"

#include <cuda_fp16.h>
#include <math.h>
#include <stdint.h>

/* ---- elements ---- */

/* bf16 by its bits: round to nearest even, NaN stays NaN. As bf16_from_f32 of engine/tensor.h. */
__host__ __device__ inline uint16_t cu_bf16(float x)
{
	union { float f; uint32_t u; } v;
	v.f = x;
	if ((v.u & 0x7fffffffu) > 0x7f800000u)
		return (uint16_t)(v.u >> 16 | 0x40);
	return (uint16_t)((v.u + 0x7fffu + (v.u >> 16 & 1)) >> 16);
}
__host__ __device__ inline float cu_f32(uint16_t x)
{
	union { uint32_t u; float f; } v;
	v.u = (uint32_t)x << 16;
	return v.f;
}

/* f16 by one instruction: round to nearest even, from 65520 on infinite. As f16_from_f32, but for a NaN's bits. */
__host__ __device__ inline uint16_t cu_f16(float x)
{
	const __half_raw half = __float2half_rn(x);
	return half.x;
}
__host__ __device__ inline float cu_f32_of_f16(uint16_t x)
{
	__half_raw half;
	half.x = x;
	return __half2float(half);
}

/* Types of their own, so that templates tell them from integers. */
struct bf16 { uint16_t bits; };
struct f16 { uint16_t bits; };

__device__ inline float cu_value(float x) { return x; }
__device__ inline float cu_value(bf16 x) { return cu_f32(x.bits); }
__device__ inline float cu_value(f16 x) { return cu_f32_of_f16(x.bits); }
__device__ inline void cu_assign(float *y, float x) { *y = x; }
__device__ inline void cu_assign(bf16 *y, float x) { y->bits = cu_bf16(x); }
__device__ inline void cu_assign(f16 *y, float x) { y->bits = cu_f16(x); }

/* f(element) by the type of activations; f is told of it by its argument alone, whose value says nothing. */
template <class F>
inline cudaError_t cu_by_type(int dtype, F f)
{
	switch (dtype) {
	case CU_F32: return f(float());
	case CU_BF16: return f(bf16());
	case CU_F16: return f(f16());
	default: return cudaErrorInvalidValue;
	}
}

/* f(element, element) by two of them; of the two half types only one is met in a run. */
template <class F>
inline cudaError_t cu_by_types(int a, int b, F f)
{
	if (a == CU_BF16 && b == CU_BF16)
		return f(bf16(), bf16());
	if (a == CU_F16 && b == CU_F16)
		return f(f16(), f16());
	if (b == CU_F32)
		return cu_by_type(a, [&](auto first) { return f(first, float()); });
	return a == CU_F32 ? cu_by_type(b, [&](auto second) { return f(float(), second); }) : cudaErrorInvalidValue;
}

/* A real number becomes an integer as on the CPU: towards zero, saturated, NaN is 0. */
__device__ inline float cu_to_range(float v, float lo, float hi)
{
	return v != v ? 0.0f : v < lo ? lo : v > hi ? hi : v;
}
__device__ inline int32_t cu_to_i32(float v)
{
	return v != v ? 0 : v <= -2147483648.0f ? INT32_MIN : v >= 2147483648.0f ? INT32_MAX : (int32_t)v;
}

/* Element i of memory of any type, as f32. */
__device__ inline float cu_get(const void *p, int dtype, int64_t i)
{
	switch (dtype) {
	case CU_F32: return ((const float *)p)[i];
	case CU_BF16: return cu_f32(((const uint16_t *)p)[i]);
	case CU_F16: return cu_f32_of_f16(((const uint16_t *)p)[i]);
	case CU_I32: return (float)((const int32_t *)p)[i];
	case CU_U8: return (float)((const uint8_t *)p)[i];
	default: return (float)((const int8_t *)p)[i];
	}
}
__device__ inline void cu_put(void *p, int dtype, int64_t i, float v)
{
	switch (dtype) {
	case CU_F32: ((float *)p)[i] = v; break;
	case CU_BF16: ((uint16_t *)p)[i] = cu_bf16(v); break;
	case CU_F16: ((uint16_t *)p)[i] = cu_f16(v); break;
	case CU_I32: ((int32_t *)p)[i] = cu_to_i32(v); break;
	case CU_U8: ((uint8_t *)p)[i] = (uint8_t)cu_to_range(v, 0, 255); break;
	default: ((int8_t *)p)[i] = (int8_t)cu_to_range(v, -128, 127); break;
	}
}

/* Where element i of a view lies. */
__device__ inline int64_t cu_at(const cu_view &v, int64_t i)
{
	if (v.flat)
		return i;
	int64_t at = 0;
	for (int a = v.n - 1; a >= 0; a--) {
		at += i % v.len[a] * v.stride[a];
		i /= v.len[a];
	}
	return at;
}
__device__ inline float cu_get(const cu_view &v, int64_t i) { return cu_get(v.data, v.dtype, cu_at(v, i)); }
__device__ inline void cu_put(const cu_view &v, int64_t i, float x) { cu_put(v.data, v.dtype, cu_at(v, i), x); }
__device__ inline float cu_get(const cu_array &a, int64_t i) { return cu_get(a.data, a.dtype, i); }
__device__ inline void cu_put(const cu_array &a, int64_t i, float x) { cu_put(a.data, a.dtype, i, x); }

/* ---- work ---- */

/* Loops over n elements in steps of the whole grid. */
#define CU_EACH(i, n) \
	for (int64_t i = (int64_t)blockIdx.x * blockDim.x + threadIdx.x; i < (n); i += (int64_t)gridDim.x * blockDim.x)

/* Blocks of CU_BLOCK threads for n elements; kernels loop, so a limit is no error. */
inline unsigned cu_blocks(int64_t n)
{
	const int64_t blocks = (n + CU_BLOCK - 1) / CU_BLOCK, most = 65535;
	return (unsigned)(blocks < 1 ? 1 : blocks > most ? most : blocks);
}

/* ---- a block's sum and maximum ---- */

/* The same for every thread, and the same bits every time. Every thread of a block of whole warps calls it. */
template <class Join>
__device__ float cu_join_block(float v, float none, Join join)
{
	CU_SHARED(float, part, [32]);
	const unsigned lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = (blockDim.x + 31) >> 5;
	for (int d = 16; d; d >>= 1)
		v = join(v, __shfl_xor_sync(0xffffffffu, v, d));
	if (lane == 0)
		part[warp] = v;
	__syncthreads();
	v = lane < warps ? part[lane] : none;
	for (int d = 16; d; d >>= 1)
		v = join(v, __shfl_xor_sync(0xffffffffu, v, d));
	__syncthreads(); /* part is used again by the next call */
	return v;
}
struct cu_plus { __device__ float operator()(float a, float b) const { return a + b; } };
/* NaN of either side stays. */
struct cu_larger { __device__ float operator()(float a, float b) const { return a > b || a != a ? a : b; } };

__device__ inline float cu_block_sum(float v) { return cu_join_block(v, 0.0f, cu_plus()); }
__device__ inline float cu_block_max(float v) { return cu_join_block(v, -INFINITY, cu_larger()); }

#endif
