/* New states of a network: many small vectors, in one launch. */
#ifndef ENGINE_CUDA_STATE_KERNELS_H
#define ENGINE_CUDA_STATE_KERNELS_H

#include "engine/cuda/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { CU_STATES = 64 };

/* y[i] = keep old[i] + take value[i] for n elements; without a value keep old[i] + take. */
struct cu_state {
	float *y;
	const float *old, *value;
	float keep, take;
	int n;
};
struct cu_state_list { /* what a kernel takes by value */
	struct cu_state of[CU_STATES];
};

/* The first `many` of them, 1 to CU_STATES. No y may be read by another of them. */
cudaError_t cu_states(const struct cu_state_list *s, int many, cudaStream_t stream);

#ifdef __cplusplus
}
#endif

#endif
