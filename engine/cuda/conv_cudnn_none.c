/* Stands for conv_cudnn.c where there is no cuDNN. */
#include "engine/cuda/conv_cudnn.h"

#include "base/err.h"

struct cudnn_plan *conv_cudnn_plan(const struct conv_work *w, bool relu)
{
	(void)w;
	(void)relu;
	return NULL;
}

void conv_cudnn_foresee(const struct conv_work *w, bool relu, int threads)
{
	(void)w;
	(void)relu;
	(void)threads;
}

size_t conv_cudnn_scratch(const struct cudnn_plan *p)
{
	(void)p;
	BUG("a plan of cuDNN where there is none");
}

cudaError_t conv_cudnn_run(struct cudnn_plan *p, const struct cudnn_memory *m, cudaStream_t stream)
{
	(void)p;
	(void)m;
	(void)stream;
	BUG("a plan of cuDNN where there is none");
}

void conv_cudnn_forget(cudaStream_t stream)
{
	(void)stream;
}

const char *conv_cudnn_version(void)
{
	return NULL;
}
