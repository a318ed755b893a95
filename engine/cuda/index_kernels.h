/* Picking by index, adding by index, and the order of rows. */
#ifndef ENGINE_CUDA_INDEX_KERNELS_H
#define ENGINE_CUDA_INDEX_KERNELS_H

#include "engine/cuda/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/* y[r] = x[index[r]], rows of `row` words of 1, 2, 4 or 16 bytes, r < R. An index of none of the `rows` rows of x gives a row
   of ones in every bit: NaN, -1. */
cudaError_t cu_gather(void *y, const void *x, const int32_t *index, int64_t R, int64_t row, int64_t rows, int word, cudaStream_t stream);

/* Keys in ascending order within each segment of `segment`, a power of two from 2. total: a multiple of it. */
cudaError_t cu_sort_keys(uint64_t *keys, int64_t total, int64_t segment, cudaStream_t stream);

/* How scatter_add finds what it adds: the order that sorting the places of v by their index gives. */
struct cu_scatter {
	const int32_t *index;
	int64_t R, rows, row; /* places of v, rows of y, elements of a row */
	int64_t segment;      /* the least power of two, from 2, not below R */
	uint64_t *keys;       /* segment: filled by cu_scatter_order */
	int32_t *start;       /* rows + 1: likewise */
};
cudaError_t cu_scatter_order(const struct cu_scatter *q, cudaStream_t stream);
/* y[m] = sum of v[r] over r with index[r] = m; v F32, BF16 or F16, y F32. Where v has many rows for each of y's the sums are by 8 or
   more threads, each in the order of r, else plainly in that order. An index of no row of y makes all of y NaN. */
cudaError_t cu_scatter_add(const struct cu_scatter *q, struct cu_array v, float *y, cudaStream_t stream);

/* y[n,k] = (index[n] = k) */
cudaError_t cu_one_hot(float *y, const int32_t *index, int64_t N, int64_t K, cudaStream_t stream);

/* y[n] = the first place of the largest of row n; x (N,K) F32, BF16 or F16. NaN is the largest. */
cudaError_t cu_arg_max(int32_t *y, struct cu_array x, int64_t N, int64_t K, cudaStream_t stream);

/* The first `keep` of each row of x (N,K), F32, BF16 or F16, in ascending or descending order, equal ones by place; NaN is the largest.
   value (N,keep) has x's type; value or place may be NULL. keys: N times the least power of two, from 2, not below K, if that is
   above CU_ROW_KEYS, else not used. */
enum { CU_ROW_KEYS = 2048 };
cudaError_t cu_rank_rows(struct cu_array x, int64_t N, int64_t K, int64_t keep, bool descending, void *value, int32_t *place, uint64_t *keys,
			 cudaStream_t stream);

#ifdef __cplusplus
}
#endif

#endif
