#include "engine/cuda/team.cuh"

#include <string.h>

#include "engine/cuda/index_kernels.h"

namespace {

/* ---- gather ---- */

template <class W>
__global__ void __launch_bounds__(CU_BLOCK) k_gather(W *__restrict__ y, const W *__restrict__ x, const int32_t *__restrict__ index,
						       int64_t R, int64_t row, int64_t rows)
{
	const int64_t n = R * row;
	const bool small = cu_small(n);
	W none;
	memset(&none, 0xff, sizeof none);
	CU_EACH(i, n) {
		const int64_t r = cu_divide(i, row, small), from = index[r];
		y[i] = from >= 0 && from < rows ? x[from * row + (i - r * row)] : none;
	}
}

template <class W>
cudaError_t gather(void *y, const void *x, const int32_t *index, int64_t R, int64_t row, int64_t rows, cudaStream_t stream)
{
	return CU_LAUNCH((k_gather<W>), cu_blocks(R * row), CU_BLOCK, 0, stream, (W *)y, (const W *)x, index, R, row, rows);
}

/* ---- scatter_add ---- */

/* An index that is no row sorts behind the rows: as an unsigned number it is no less than their number. */
__global__ void __launch_bounds__(CU_BLOCK) k_scatter_keys(uint64_t *__restrict__ keys, const int32_t *__restrict__ index, int64_t R,
							     int64_t segment)
{
	CU_EACH(r, segment)
		keys[r] = r < R ? (uint64_t)(uint32_t)index[r] << 32 | (uint32_t)r : UINT64_MAX;
}

/* start[m]: how many keys lie before row m. */
__global__ void __launch_bounds__(CU_BLOCK) k_scatter_starts(int32_t *__restrict__ start, const uint64_t *__restrict__ keys, int64_t R,
							       int64_t rows)
{
	CU_EACH(m, rows + 1) {
		int64_t lo = 0, hi = R;
		while (lo < hi) {
			const int64_t mid = (lo + hi) / 2;
			if (keys[mid] < (uint64_t)m << 32)
				lo = mid + 1;
			else
				hi = mid;
		}
		start[m] = (int32_t)lo;
	}
}

/* Of column j of the rows of v that keys p, p + step .. below end name. */
template <class T>
__device__ float scatter_sum(const cu_scatter &q, const T *__restrict__ v, int64_t j, int64_t p, int64_t end, int step)
{
	float sum = 0;
	for (; p < end; p += step)
		sum += cu_value(v[(int64_t)(uint32_t)q.keys[p] * q.row + j]);
	return sum;
}

/* A thread for each element of y. */
template <class T>
__global__ void __launch_bounds__(CU_BLOCK) k_scatter_each(cu_scatter q, const T *__restrict__ v, float *__restrict__ y)
{
	const int64_t n = q.rows * q.row;
	const bool small = cu_small(n), whole = q.start[q.rows] == q.R;
	CU_EACH(i, n) {
		const int64_t m = cu_divide(i, q.row, small);
		y[i] = whole ? scatter_sum(q, v, i - m * q.row, q.start[m], q.start[m + 1], 1) : NAN;
	}
}

/* A block for `width` columns of a row of y. */
template <class T>
__global__ void __launch_bounds__(CU_BLOCK) k_scatter_tiles(cu_scatter q, const T *__restrict__ v, float *__restrict__ y, int width)
{
	const int column = (int)threadIdx.x & (width - 1), row = (int)threadIdx.x / width, rows = CU_BLOCK / width;
	const int64_t across = (q.row + width - 1) / width;
	const bool whole = q.start[q.rows] == q.R;
	for (int64_t u = blockIdx.x; u < q.rows * across; u += gridDim.x) {
		const int64_t m = u / across, j = (u - m * across) * width + column;
		float sum = 0;
		if (j < q.row)
			sum = scatter_sum(q, v, j, q.start[m] + row, q.start[m + 1], rows);
		sum = cu_tile_join(sum, width, cu_plus());
		if (row == 0 && j < q.row)
			y[m * q.row + j] = whole ? sum : NAN;
	}
}

template <class T>
cudaError_t scatter_add(const cu_scatter *q, const void *v, float *y, cudaStream_t stream)
{
	if (q->R < 16 * q->rows)
		return CU_LAUNCH((k_scatter_each<T>), cu_blocks(q->rows * q->row), CU_BLOCK, 0, stream, *q, (const T *)v, y);
	int width = 1;
	while (width < 32 && width < q->row)
		width *= 2;
	const int64_t tiles = q->rows * ((q->row + width - 1) / width);
	return CU_LAUNCH((k_scatter_tiles<T>), (unsigned)(tiles < 65535 ? tiles : 65535), CU_BLOCK, 0, stream, *q, (const T *)v, y, width);
}

/* ---- one_hot, arg_max ---- */

__global__ void __launch_bounds__(CU_BLOCK) k_one_hot(float *__restrict__ y, const int32_t *__restrict__ index, int64_t N, int64_t K)
{
	const bool small = cu_small(N * K);
	CU_EACH(i, N * K) {
		const int64_t n = cu_divide(i, K, small);
		y[i] = index[n] == i - n * K ? 1.0f : 0.0f;
	}
}

template <class T>
__global__ void __launch_bounds__(CU_BLOCK) k_arg_max(int32_t *__restrict__ y, const T *__restrict__ x, int64_t N, int64_t K, int size)
{
	const int lane = (int)threadIdx.x & (size - 1), teams = CU_BLOCK / size;
	for (int64_t first = (int64_t)blockIdx.x * teams; first < N; first += (int64_t)gridDim.x * teams) {
		const int64_t n = first + (int)threadIdx.x / size;
		uint64_t best = 0;
		for (int64_t k = lane; n < N && k < K; k += size)
			best = cu_larger_key()(best, cu_first_key(cu_value(x[n * K + k]), k));
		best = cu_team_join(best, size, cu_larger_key());
		if (lane == 0 && n < N)
			y[n] = (int32_t)cu_first_place(best);
	}
}

template <class T>
cudaError_t arg_max(int32_t *y, const void *x, int64_t N, int64_t K, cudaStream_t stream)
{
	const int size = cu_team_of(K);
	return CU_LAUNCH((k_arg_max<T>), cu_team_blocks(N, size), CU_BLOCK, 0, stream, y, (const T *)x, N, K, size);
}

} // namespace

extern "C" cudaError_t cu_gather(void *y, const void *x, const int32_t *index, int64_t R, int64_t row, int64_t rows, int word,
				 cudaStream_t stream)
{
	switch (word) {
	case 16: return gather<uint4>(y, x, index, R, row, rows, stream);
	case 4: return gather<uint32_t>(y, x, index, R, row, rows, stream);
	case 2: return gather<uint16_t>(y, x, index, R, row, rows, stream);
	case 1: return gather<uint8_t>(y, x, index, R, row, rows, stream);
	default: return cudaErrorInvalidValue;
	}
}

extern "C" cudaError_t cu_scatter_order(const struct cu_scatter *q, cudaStream_t stream)
{
	cudaError_t status = CU_LAUNCH(k_scatter_keys, cu_blocks(q->segment), CU_BLOCK, 0, stream, q->keys, q->index, q->R, q->segment);
	if (status == cudaSuccess)
		status = cu_sort_keys(q->keys, q->segment, q->segment, stream);
	if (status == cudaSuccess)
		status = CU_LAUNCH(k_scatter_starts, cu_blocks(q->rows + 1), CU_BLOCK, 0, stream, q->start, q->keys, q->R, q->rows);
	return status;
}

extern "C" cudaError_t cu_scatter_add(const struct cu_scatter *q, struct cu_array v, float *y, cudaStream_t stream)
{
	return cu_by_type(v.dtype, [&](auto type) { return scatter_add<decltype(type)>(q, v.data, y, stream); });
}

extern "C" cudaError_t cu_one_hot(float *y, const int32_t *index, int64_t N, int64_t K, cudaStream_t stream)
{
	return CU_LAUNCH(k_one_hot, cu_blocks(N * K), CU_BLOCK, 0, stream, y, index, N, K);
}

extern "C" cudaError_t cu_arg_max(int32_t *y, struct cu_array x, int64_t N, int64_t K, cudaStream_t stream)
{
	return cu_by_type(x.dtype, [&](auto type) { return arg_max<decltype(type)>(y, x.data, N, K, stream); });
}
