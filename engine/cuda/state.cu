#include "engine/cuda/state_kernels.h"

#include "engine/cuda/device.cuh"

namespace {

__global__ void k_states(cu_state_list all)
{
	const cu_state s = all.of[blockIdx.y];
	CU_EACH(i, s.n)
		s.y[i] = s.value ? s.keep * s.old[i] + s.take * s.value[i] : s.keep * s.old[i] + s.take;
}

} // namespace

extern "C" cudaError_t cu_states(const struct cu_state_list *s, int many, cudaStream_t stream)
{
	int longest = 1;
	for (int i = 0; i < many; i++)
		longest = s->of[i].n > longest ? s->of[i].n : longest;
	return CU_LAUNCH(k_states, dim3(cu_blocks(longest), (unsigned)many), CU_BLOCK, 0, stream, *s);
}
