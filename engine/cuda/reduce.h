/* Private to engine/cuda: sums, means and maxima for other families. */
#ifndef ENGINE_CUDA_REDUCE_H
#define ENGINE_CUDA_REDUCE_H

#include "engine/cuda/cuda.h"
#include "engine/cuda/reduce_kernels.h"

/* Bytes that reduce_run needs: few sums of much memory are made in two passes. */
size_t reduce_scratch(const struct tensor *x, unsigned axes);
/* y = scale times the sum or maximum of x over axes; x and y F32, BF16 or F16, y without the axes or with extent 1 there. */
void reduce_run(const struct kernel_run *r, const struct tensor *x, const struct tensor *y, unsigned axes, enum cu_join join,
		double scale, void *scratch);

#endif
