#ifndef ENGINE_CUDA_STATE_H
#define ENGINE_CUDA_STATE_H

#include "engine/cuda/cuda.h"

/* Runs of running_update or of scale, together; those that are not of small vectors' kind go through `one`. */
void cuda_states_run(const struct kernel_run *const r[], int n, void (*one)(const struct kernel_run *r));

#endif
