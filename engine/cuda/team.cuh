/* What kernels over rows and axes share beside device.cuh: teams of threads, keys that order floats, places by cheap divisions. */
#ifndef ENGINE_CUDA_TEAM_CUH
#define ENGINE_CUDA_TEAM_CUH

#include "engine/cuda/device.cuh"

/* ---- teams: 1, 2, 4 .. 32 lanes of a warp, or the whole block of CU_BLOCK threads ---- */

/* For rows of K elements: enough lanes, a block where 32 would be long at it. */
inline int cu_team_of(int64_t K)
{
	int size = 1;
	while (size < K && size < 32)
		size *= 2;
	return K > 256 ? (int)CU_BLOCK : size;
}
/* Blocks for n teams. */
inline unsigned cu_team_blocks(int64_t n, int size)
{
	return cu_blocks(n * size);
}

/* Every thread of the block calls it; all of a team get the joined value. */
template <class V, class Join>
__device__ V cu_team_join(V v, int size, Join join)
{
	CU_SHARED(V, part, [CU_BLOCK / 32]);
	for (int d = (size < 32 ? size : 32) >> 1; d; d >>= 1)
		v = join(v, __shfl_xor_sync(0xffffffffu, v, d));
	if (size <= 32)
		return v;
	if ((threadIdx.x & 31) == 0)
		part[threadIdx.x >> 5] = v;
	__syncthreads();
	v = part[0];
	for (int k = 1; k < CU_BLOCK / 32; k++)
		v = join(v, part[k]);
	__syncthreads(); /* part is used again by the next call */
	return v;
}

/*
 * Thread t of a block of CU_BLOCK is one of those of column t % width, width a power of two. Every thread calls it; the
 * threads below width get what their column's threads give together.
 */
template <class V, class Join>
__device__ V cu_tile_join(V v, int width, Join join)
{
	CU_SHARED(V, part, [CU_BLOCK]);
	const int t = (int)threadIdx.x, lane = t & 31;
	for (int d = 16; d >= width; d >>= 1)
		v = join(v, __shfl_xor_sync(0xffffffffu, v, d));
	if (lane < width)
		part[width < 32 ? (t >> 5) * width + lane : t] = v;
	__syncthreads();
	if (t < width) {
		v = part[t];
		for (int k = 1; k < CU_BLOCK / (width < 32 ? 32 : width); k++)
			v = join(v, part[k * width + t]);
	}
	__syncthreads();
	return v;
}

/* ---- keys: integers in the order of floats ---- */

/* -0 is 0; NaN, all of it the same, is the largest. Never 0. */
__device__ inline uint32_t cu_order(float v)
{
	if (v != v)
		return 0xffffffffu;
	if (v == 0)
		return 0x80000000u;
	const uint32_t bits = __float_as_uint(v);
	return bits >> 31 ? ~bits : bits | 0x80000000u;
}
/* The largest of such keys is that of the largest element, of the first among equal ones. place < 2^32 - 1 */
__device__ inline uint64_t cu_first_key(float v, int64_t place)
{
	return (uint64_t)cu_order(v) << 32 | (0xffffffffu - (uint32_t)place);
}
__device__ inline int64_t cu_first_place(uint64_t key)
{
	return (int64_t)(0xffffffffu - (uint32_t)key);
}
struct cu_larger_key {
	__device__ uint64_t operator()(uint64_t a, uint64_t b) const { return a > b ? a : b; }
};

/* ---- places ---- */

/* i / by; small: both are below 2^32, where a division costs a fifth. */
__device__ inline int64_t cu_divide(int64_t i, int64_t by, bool small)
{
	return small ? (int64_t)((uint32_t)i / (uint32_t)by) : i / by;
}
/* cu_at; small: the view has fewer than 2^32 elements. Axes are numbered by constants, so that the view stays where the kernel's
   parameters are and is not copied to memory. */
__device__ inline int64_t cu_place(const cu_view &v, int64_t i, bool small)
{
	int64_t at = 0;
	for (int a = CU_AXES - 1; a > 0; a--) {
		if (a >= v.n)
			continue;
		const int64_t next = cu_divide(i, v.len[a], small);
		at += (i - next * v.len[a]) * v.stride[a];
		i = next;
	}
	return at + i * v.stride[0];
}
__host__ __device__ inline bool cu_small(int64_t n)
{
	return n <= INT64_C(0xffffffff);
}

#endif
