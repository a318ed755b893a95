/*
 * Convolutions and their dx, of bf16 and of f16 maps and of f32 maps in TF32, by cuDNN's graph API, where configure found cuDNN 9; else there is never a
 * plan. A plan is chosen once for each problem, by the library's own heuristics, among the engines that give the same bits every time or, where w->any_order
 * says so, among all. In f32 without TF32, and for weight gradients, whatever the engine, products of cuBLAS are faster (docs/CUDA.md has figures).
 */
#ifndef ENGINE_CUDA_CONV_CUDNN_H
#define ENGINE_CUDA_CONV_CUDNN_H

#include "engine/cuda/conv_work.h"

struct cudnn_plan;

/* What a run reads and writes. x, y and residual as the op has them (dx is x, dy is y), weights by output without filling (ld is R S C/groups), all of
   the type of the maps. Memory but for bias is aligned to 16 bytes. */
struct cudnn_memory {
	const void *x, *w, *y;
	const float *bias;
	const void *residual;
	void *scratch;
};

/* The plan for the work's problem (of f32 maps: in TF32); NULL: there is none, and sums are made otherwise. For the device that was current when the first was asked for, on another there is none; kept for the
   life of the process, so that the same is chosen again. Where the library had no memory for one, the log says so. Where w->finished, the plan itself adds bias and residual before the one rounding, else they are not its business; nor is
   relu, unless asked for. */
struct cudnn_plan *conv_cudnn_plan(const struct conv_work *w, bool relu);
/* That plan will be asked for. All that were foreseen when the first is asked for are made together, by so many threads at most: a kernel of the library's may
   have to be compiled for each. */
void conv_cudnn_foresee(const struct conv_work *w, bool relu, int threads);
/* Bytes of scratch for a run. */
size_t conv_cudnn_scratch(const struct cudnn_plan *p);
/* Queues it. */
cudaError_t conv_cudnn_run(struct cudnn_plan *p, const struct cudnn_memory *m, cudaStream_t stream);
/* This stream is about to end: another may come to have its address. */
void conv_cudnn_forget(cudaStream_t stream);
/* "cuDNN 9.19.0", NULL without. */
const char *conv_cudnn_version(void);

#endif
