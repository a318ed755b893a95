/* Dropout, on the words of Philox4x32-10 (base/rng.h). */
#ifndef ENGINE_CUDA_RANDOM_KERNELS_H
#define ENGINE_CUDA_RANDOM_KERNELS_H

#include "engine/cuda/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/* N samples of C x S elements: element (c,s) of a sample is its i = c S + s in logical order and lies at s C + c. */
struct cu_drop {
	uint32_t key[2];
	float p, factor;
	int N, C;
	int64_t S;
};

/* y = 0 where u <= p, else x factor, u being word i % 4 of Philox(key, {i / 4, 0, sample[n], *epoch}) as rng_uniform. x and y of one type, F32 or
   BF16, in the same order; y may be x's memory. */
cudaError_t cu_dropout(struct cu_array y, struct cu_array x, const int32_t *sample, const int32_t *epoch, struct cu_drop k, cudaStream_t stream);

#ifdef __cplusplus
}
#endif

#endif
