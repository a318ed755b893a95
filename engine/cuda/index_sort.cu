/*
 * Sorting by Batcher's bitonic network over keys that are all different: the order is total, so it is stable and the same every
 * time. A key is the element's order above its place, so a row's places are the low halves of its sorted keys.
 */
#include "engine/cuda/team.cuh"

#include "engine/cuda/index_kernels.h"

namespace {

/* Keys a and b of a stage; up: the smaller comes first. */
__device__ inline void exchange(uint64_t *a, uint64_t *b, bool up)
{
	const uint64_t x = *a, y = *b;
	if ((x > y) == up) {
		*a = y;
		*b = x;
	}
}

/* In a stage of this size runs of it rise and fall in turn; whole segments rise. */
__device__ inline bool rises(int64_t at, int64_t size, int64_t segment)
{
	return size == segment || !(at & size);
}

/* Stages first..last of the `tile` keys that lie in shared memory and are at..at+tile of all; of those larger than the tile only
   the steps within it. Every thread calls it. */
__device__ void sort_shared(uint64_t *key, int tile, int64_t at, int64_t first, int64_t last, int64_t segment)
{
	for (int64_t size = first; size <= last; size *= 2)
		for (int step = (int)(size < tile ? size : tile) / 2; step > 0; step /= 2) {
			__syncthreads();
			for (int i = (int)threadIdx.x; i < tile / 2; i += CU_BLOCK) {
				const int a = 2 * i - (i & (step - 1));
				exchange(key + a, key + a + step, rises(at + a, size, segment));
			}
		}
	__syncthreads();
}

/* A block for each tile of keys. */
__global__ void __launch_bounds__(CU_BLOCK) k_sort_tiles(uint64_t *__restrict__ keys, int64_t total, int tile, int64_t first, int64_t last,
							   int64_t segment)
{
	CU_SHARED(uint64_t, key, [CU_ROW_KEYS]);
	for (int64_t at = (int64_t)blockIdx.x * tile; at < total; at += (int64_t)gridDim.x * tile) {
		for (int i = (int)threadIdx.x; i < tile; i += CU_BLOCK)
			key[i] = keys[at + i];
		sort_shared(key, tile, at, first, last, segment);
		for (int i = (int)threadIdx.x; i < tile; i += CU_BLOCK)
			keys[at + i] = key[i];
		__syncthreads();
	}
}

/* One step of a stage larger than a tile. */
__global__ void __launch_bounds__(CU_BLOCK) k_sort_step(uint64_t *__restrict__ keys, int64_t total, int64_t step, int64_t size,
							  int64_t segment)
{
	CU_EACH(i, total / 2) {
		const int64_t a = 2 * i - (i & (step - 1));
		exchange(keys + a, keys + a + step, rises(a, size, segment));
	}
}

cudaError_t sort_tiles(uint64_t *keys, int64_t total, int tile, int64_t first, int64_t last, int64_t segment, cudaStream_t stream)
{
	const int64_t tiles = total / tile;
	return CU_LAUNCH(k_sort_tiles, (unsigned)(tiles < 65535 ? tiles : 65535), CU_BLOCK, 0, stream, keys, total, tile, first, last, segment);
}

/* ---- rows ---- */

struct ranking {
	int64_t N, K, keep, segment;
	bool descending;
	int32_t *place;
};

/* Of element k of a row; what fills up the segment comes last. */
template <class T>
__device__ uint64_t row_key(const ranking &q, const T *__restrict__ row, int64_t k)
{
	if (k >= q.K)
		return UINT64_MAX;
	const uint32_t order = cu_order(cu_value(row[k]));
	return (uint64_t)(q.descending ? ~order : order) << 32 | (uint32_t)k;
}

template <class T>
__device__ void put_ranked(const ranking &q, const T *__restrict__ x, T *__restrict__ value, int64_t n, int64_t k, uint64_t key)
{
	const uint32_t place = (uint32_t)key;
	if (value)
		value[n * q.keep + k] = x[n * q.K + place];
	if (q.place)
		q.place[n * q.keep + k] = (int32_t)place;
}

/* Segments that a block's tile holds one or more of, from reading to writing. */
template <class T>
__global__ void __launch_bounds__(CU_BLOCK) k_rank_tiles(ranking q, const T *__restrict__ x, T *__restrict__ value, int tile)
{
	CU_SHARED(uint64_t, key, [CU_ROW_KEYS]);
	const int segment = (int)q.segment, each = tile / segment;
	for (int64_t n = (int64_t)blockIdx.x * each; n < q.N; n += (int64_t)gridDim.x * each) {
		for (int i = (int)threadIdx.x; i < tile; i += CU_BLOCK) {
			const int64_t row = n + i / segment;
			key[i] = row < q.N ? row_key(q, x + row * q.K, i & (segment - 1)) : UINT64_MAX;
		}
		sort_shared(key, tile, n * segment, 2, segment, segment);
		for (int i = (int)threadIdx.x; i < tile; i += CU_BLOCK) {
			const int64_t row = n + i / segment;
			const int k = i & (segment - 1);
			if (row < q.N && k < q.keep)
				put_ranked(q, x, value, row, k, key[i]);
		}
		__syncthreads();
	}
}

template <class T>
__global__ void __launch_bounds__(CU_BLOCK) k_row_keys(ranking q, const T *__restrict__ x, uint64_t *__restrict__ keys)
{
	CU_EACH(i, q.N * q.segment) {
		const int64_t n = i / q.segment;
		keys[i] = row_key(q, x + n * q.K, i - n * q.segment);
	}
}

template <class T>
__global__ void __launch_bounds__(CU_BLOCK) k_put_ranked(ranking q, const T *__restrict__ x, T *__restrict__ value,
							   const uint64_t *__restrict__ keys)
{
	CU_EACH(i, q.N * q.keep) {
		const int64_t n = i / q.keep, k = i - n * q.keep;
		put_ranked(q, x, value, n, k, keys[n * q.segment + k]);
	}
}

template <class T>
cudaError_t rank_rows(const ranking &q, const void *x, void *value, uint64_t *keys, cudaStream_t stream)
{
	if (q.segment <= CU_ROW_KEYS) {
		const int tile = q.segment < 2 * CU_BLOCK ? 2 * CU_BLOCK : (int)q.segment;
		const int64_t tiles = (q.N * q.segment + tile - 1) / tile;
		return CU_LAUNCH((k_rank_tiles<T>), (unsigned)(tiles < 65535 ? tiles : 65535), CU_BLOCK, 0, stream, q, (const T *)x, (T *)value, tile);
	}
	cudaError_t status = CU_LAUNCH((k_row_keys<T>), cu_blocks(q.N * q.segment), CU_BLOCK, 0, stream, q, (const T *)x, keys);
	if (status == cudaSuccess)
		status = cu_sort_keys(keys, q.N * q.segment, q.segment, stream);
	if (status == cudaSuccess)
		status = CU_LAUNCH((k_put_ranked<T>), cu_blocks(q.N * q.keep), CU_BLOCK, 0, stream, q, (const T *)x, (T *)value, keys);
	return status;
}

} // namespace

extern "C" cudaError_t cu_sort_keys(uint64_t *keys, int64_t total, int64_t segment, cudaStream_t stream)
{
	const int tile = segment < CU_ROW_KEYS ? (int)segment : (int)CU_ROW_KEYS;
	cudaError_t status = sort_tiles(keys, total, tile, 2, tile, segment, stream);
	for (int64_t size = 2 * tile; size <= segment; size *= 2) {
		for (int64_t step = size / 2; step >= tile && status == cudaSuccess; step /= 2)
			status = CU_LAUNCH(k_sort_step, cu_blocks(total / 2), CU_BLOCK, 0, stream, keys, total, step, size, segment);
		if (status == cudaSuccess)
			status = sort_tiles(keys, total, tile, size, size, segment, stream);
	}
	return status;
}

extern "C" cudaError_t cu_rank_rows(struct cu_array x, int64_t N, int64_t K, int64_t keep, bool descending, void *value, int32_t *place,
				    uint64_t *keys, cudaStream_t stream)
{
	ranking q = {N, K, keep, 2, descending, place};
	while (q.segment < K)
		q.segment *= 2;
	return cu_by_type(x.dtype, [&](auto type) { return rank_rows<decltype(type)>(q, x.data, value, keys, stream); });
}
