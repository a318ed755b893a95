/* What the device itself needs beside ops: checks, norms, the optimiser. */
#ifndef ENGINE_CUDA_SYSTEM_KERNELS_H
#define ENGINE_CUDA_SYSTEM_KERNELS_H

#include "engine/cuda/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { CU_PARTS = 256 }; /* into which a sum over a whole buffer is cut, whatever its length */

/* dst = src where *ok. */
cudaError_t cu_copy_if(void *dst, const void *src, size_t bytes, const int *ok, cudaStream_t stream);
/* *ok = *ok && every element is finite. F32, BF16 or F16; of others nothing is done. */
cudaError_t cu_finite(struct cu_array x, int64_t n, int *ok, cudaStream_t stream);
/* *sum += sum of squares: CU_PARTS sums in f32, added in order in f64. part: CU_PARTS floats. */
cudaError_t cu_square_sum(const float *x, int64_t n, float *part, float *sum, cudaStream_t stream);
/* *clip = min(1, limit / (sqrt(*sum) u + 1e-6)) u with u = *unscale, 1 where that is NULL; NaN stays. */
cudaError_t cu_clip_factor(const float *sum, double limit, const float *unscale, float *clip, cudaStream_t stream);

enum cu_optim_kind { CU_SGD, CU_ADAM, CU_ADAMW };
struct cu_optim {
	int kind; /* enum optim_kind of engine/device.h, whose numbers these are */
	int64_t n;
	float *w, *m, *v; /* as in struct optim_run: m, v may be NULL */
	const float *g, *lr, *clip; /* clip NULL: 1 */
	const int *ok;
	float momentum, beta1, beta2, rest1, rest2, eps, decay; /* rest: 1 - beta */
	const double *correct; /* device: correct1 and correct2; NULL: they are the two here */
	double correct1, correct2;
	int nesterov, first;
};
/* One update in PyTorch's order of operations; nothing is written unless *ok. */
cudaError_t cu_optim(struct cu_optim o, cudaStream_t stream);

#ifdef __cplusplus
}
#endif

#endif
