/* Sums and maxima over axes, places of maxima, repetition. */
#ifndef ENGINE_CUDA_REDUCE_KERNELS_H
#define ENGINE_CUDA_REDUCE_KERNELS_H

#include "engine/cuda/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * n outputs of m elements each: element j of output i lies at kept's place of i and gone's place of j from there. The m
 * elements are cut into parts.
 *
 * Who works on what depends on shapes alone, so the order of a sum does too. By teams: `width` lanes of a warp (a power of two
 * up to 32) on one output, whose elements should be adjacent; parts is 1. Else a block of CU_BLOCK threads joins one part of
 * `width` adjacent outputs (a power of two up to CU_BLOCK), CU_BLOCK / width threads on each.
 */
struct cu_reduction {
	struct cu_view kept, gone; /* kept has the memory and its type */
	int64_t n, m;
	int64_t part, parts; /* elements in each part but the last, which has the rest */
	int width;
	int teams;
};

enum cu_join { CU_SUM, CU_MAX };

/* F32, BF16 or F16. With units: units[p n + i] is the sum or maximum of part p of output i, and y and scale count for nothing.
   Else, parts being 1, y[i] = scale times it; y's order is that of kept. A maximum over NaN is NaN. */
cudaError_t cu_reduce(const struct cu_reduction *q, enum cu_join join, float *units, struct cu_view y, float scale, cudaStream_t stream);

/* F32, BF16 or F16, m < 2^32 - 1: keys[p n + i] tells the first maximum of part p of output i; NaN counts as the largest. */
cudaError_t cu_first_max(const struct cu_reduction *q, uint64_t *keys, cudaStream_t stream);
/* Of keys, whose memory kept has (its type counts for nothing): best[p n + i], the largest of each part. */
cudaError_t cu_join_keys(const struct cu_reduction *q, uint64_t *best, cudaStream_t stream);
/* Element best[i] of the row of output i in dx, whose other elements are 0 already, becomes dy[i]. */
cudaError_t cu_max_dx(const uint64_t *best, int64_t n, struct cu_view dy, struct cu_view dx_kept, struct cu_view dx_gone, cudaStream_t stream);
/* y[i] = element best[i] of the row of output i in v. */
cudaError_t cu_max_pick(const uint64_t *best, int64_t n, struct cu_view y, struct cu_view v_kept, struct cu_view v_gone, cudaStream_t stream);

/* y[i] = x[i], i < n, x being a view with y's elements in the order of y's memory. word: bytes that an element has in both
   (1, 2, 4, 16), copied as they are; 0: F32 becomes BF16 or F16, or one of them F32. */
cudaError_t cu_expand(struct cu_array y, int64_t n, struct cu_view x, int word, cudaStream_t stream);

#ifdef __cplusplus
}
#endif

#endif
