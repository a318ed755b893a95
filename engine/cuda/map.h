/* Private to engine/cuda: the host's half of the kernels that work element by element. */
#ifndef ENGINE_CUDA_MAP_H
#define ENGINE_CUDA_MAP_H

#include "engine/cuda/cuda.h"
#include "engine/cuda/map_kernels.h"

/* out[0] = f(in[0], ..., in[n_in-1]) with broadcasting, in the memory order of out[0]. */
void cuda_map_run(const struct kernel_run *r, int n_in, enum cu_map f, double a, double b);
/* dst = src in their views' orders. */
void cuda_move_run(const struct kernel_run *r, const struct cu_view *dst, const struct cu_view *src);
/* Equal shape and order of elements. */
bool cuda_same_memory(const struct tensor *a, const struct tensor *b);

/* A kernel without numbers of its own. */
#define MAP_KERNEL(op, n_in, f)                          \
	static void run_##op(const struct kernel_run *r) \
	{                                                \
		cuda_map_run(r, n_in, f, 0, 0);               \
	}                                                \
	const struct kernel cuda_##op = {.run = run_##op};

#endif
