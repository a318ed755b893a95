/* Private to norm.cu and norm_dx.cu: how blocks cover rows of channels, and how their sums come together. */
#ifndef ENGINE_CUDA_NORM_CUH
#define ENGINE_CUDA_NORM_CUH

#include "engine/cuda/norm_kernels.h"
#include "engine/cuda/pack.cuh"

enum {
	TILE_MOST = 32,
	SUM_BLOCKS = 1024, SUM_PASSES = 4,  /* at most, and at least, where parts are joined afterwards */
	LINE_BLOCKS = 2048, LINE_PASSES = 2, /* where they aren't */
	JOIN_CHANNELS = 8, JOIN_LANES = CU_BLOCK / JOIN_CHANNELS,
};

namespace {

/* A block takes `tile` neighbouring packs of a row and `lanes` rows at a time, so that few channels leave few threads idle and
   what a block reads is one piece of memory where a tile is a row. */
struct cut {
	int packs, tile, lanes;
};

inline cut cut_of(int packs)
{
	const int tiles = (packs + TILE_MOST - 1) / TILE_MOST, tile = (packs + tiles - 1) / tiles;
	return {packs, tile, CU_BLOCK / tile};
}
inline unsigned grid_tiles(const cut &k)
{
	return (unsigned)((k.packs + k.tile - 1) / k.tile);
}
/* n rows in parts for up to `most` blocks, each of which has `least` rows or more for a thread. */
inline cu_rows parts_of(int64_t n, int C, const cut &k, int64_t most, int least)
{
	const int64_t parts = most / grid_tiles(k) > 1 ? most / grid_tiles(k) : 1;
	int64_t each = (n + parts - 1) / parts;
	if (each < least * k.lanes)
		each = least * k.lanes;
	each = (each + k.lanes - 1) / k.lanes * k.lanes;
	return {n, each, C, (int)((n + each - 1) / each)};
}
inline cu_rows parts_of_line(const cu_rows &s, const cut &k)
{
	return parts_of(s.n, s.C, k, LINE_BLOCKS, LINE_PASSES);
}
inline dim3 grid_of(const cu_rows &s, const cut &k)
{
	return dim3(grid_tiles(k), (unsigned)s.parts);
}

__device__ inline int64_t rows_in(const cu_rows &s, int part)
{
	const int64_t left = s.n - part * s.each;
	return left < s.each ? left : s.each;
}

/* This thread's rows are from + row, + lanes, ... below to; its channels are c..c+V. */
struct lane {
	int64_t from, to;
	int row, c;
	bool here; /* else it has none */
};
__device__ inline lane lane_of(const cu_rows &s, const cut &k, int V)
{
	const int row = (int)threadIdx.x / k.tile, pack = (int)blockIdx.x * k.tile + (int)threadIdx.x % k.tile;
	const int64_t from = (int64_t)blockIdx.y * s.each;
	return {from, from + rows_in(s, (int)blockIdx.y), row, pack * V, row < k.lanes && pack < k.packs};
}

/* v of the threads with row 0 becomes the sum over the rows of their channels: halves are added until one is left. Every thread calls it. */
template <int N>
__device__ inline void sum_lanes(float v[N], const cut &k)
{
	CU_SHARED(float, part, [N * CU_BLOCK]);
	const int t = (int)threadIdx.x, row = t / k.tile;
	for (int n = k.lanes; n > 1; n = (n + 1) / 2) {
		const int half = (n + 1) / 2;
		if (row >= half && row < n)
			for (int j = 0; j < N; j++)
				part[j * CU_BLOCK + t] = v[j];
		__syncthreads();
		if (row < n - half)
			for (int j = 0; j < N; j++)
				v[j] += part[j * CU_BLOCK + t + half * k.tile];
		__syncthreads();
	}
}

/* ---- joins: thread t has channel t % JOIN_CHANNELS and every JOIN_LANES-th part ---- */

inline unsigned join_blocks(const cu_rows &s)
{
	return (unsigned)((s.C + JOIN_CHANNELS - 1) / JOIN_CHANNELS);
}

/* v of the first JOIN_CHANNELS threads becomes the sum over the lanes. Every thread calls it. */
__device__ inline void join_lanes(double v[2])
{
	CU_SHARED(double, part, [2 * CU_BLOCK]);
	const int t = (int)threadIdx.x;
	for (int half = CU_BLOCK / 2; half >= JOIN_CHANNELS; half /= 2) {
		if (t >= half && t < 2 * half) {
			part[t] = v[0];
			part[CU_BLOCK + t] = v[1];
		}
		__syncthreads();
		if (t < half) {
			v[0] += part[t + half];
			v[1] += part[CU_BLOCK + t + half];
		}
		__syncthreads();
	}
}

} // namespace

#endif
