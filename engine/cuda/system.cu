/* Checks, norms and the optimiser: what a plan's commit is made of. */
#include "engine/cuda/device.cuh"
#include "engine/cuda/system_kernels.h"

/* ---- copies that depend ---- */

template <class T>
__global__ void k_copy_if(T *dst, const T *src, int64_t n, const int *ok)
{
	if (!*ok)
		return;
	CU_EACH(i, n)
		dst[i] = src[i];
}

extern "C" cudaError_t cu_copy_if(void *dst, const void *src, size_t bytes, const int *ok, cudaStream_t stream)
{
	const int64_t n = (int64_t)bytes;
	if (((uintptr_t)dst | (uintptr_t)src | bytes) % 4 == 0)
		return CU_LAUNCH((k_copy_if<uint32_t>), cu_blocks(n / 4), CU_BLOCK, 0, stream, (uint32_t *)dst, (const uint32_t *)src, n / 4, ok);
	return CU_LAUNCH((k_copy_if<uint8_t>), cu_blocks(n), CU_BLOCK, 0, stream, (uint8_t *)dst, (const uint8_t *)src, n, ok);
}

/* ---- finite ---- */

__global__ void k_finite(cu_array x, int64_t n, int *ok)
{
	bool bad = false;
	CU_EACH(i, n)
		bad |= !isfinite(cu_get(x, i));
	if (__any_sync(0xffffffffu, bad) && (threadIdx.x & 31) == 0)
		atomicAnd(ok, 0);
}

extern "C" cudaError_t cu_finite(struct cu_array x, int64_t n, int *ok, cudaStream_t stream)
{
	if (x.dtype != CU_F32 && x.dtype != CU_BF16 && x.dtype != CU_F16)
		return cudaSuccess;
	return CU_LAUNCH(k_finite, cu_blocks(n), CU_BLOCK, 0, stream, x, n, ok);
}

/* ---- the norm of a gradient ---- */

/* Part p is every CU_PARTS-th piece of a block's width: the same sums for any grid, since the grid is always CU_PARTS blocks. */
__global__ void k_square_parts(const float *x, int64_t n, float *part)
{
	float sum = 0;
	CU_EACH(i, n)
		sum += x[i] * x[i];
	sum = cu_block_sum(sum);
	if (threadIdx.x == 0)
		part[blockIdx.x] = sum;
}

__global__ void k_square_total(const float *part, float *sum)
{
	double total = 0;
	for (int p = 0; p < CU_PARTS; p++)
		total += part[p];
	*sum = (float)(*sum + total);
}

extern "C" cudaError_t cu_square_sum(const float *x, int64_t n, float *part, float *sum, cudaStream_t stream)
{
	const cudaError_t st = CU_LAUNCH(k_square_parts, CU_PARTS, CU_BLOCK, 0, stream, x, n, part);
	return st == cudaSuccess ? CU_LAUNCH(k_square_total, 1, 1, 0, stream, part, sum) : st;
}

__global__ void k_clip_factor(const float *sum, double limit, const float *unscale, float *clip)
{
	const double back = unscale ? (double)*unscale : 1, factor = limit / (sqrt((double)*sum) * back + 1e-6);
	*clip = (float)((factor > 1 ? 1 : factor) * back);
}

extern "C" cudaError_t cu_clip_factor(const float *sum, double limit, const float *unscale, float *clip, cudaStream_t stream)
{
	return CU_LAUNCH(k_clip_factor, 1, 1, 0, stream, sum, limit, unscale, clip);
}

/* ---- the optimiser ---- */

__global__ void k_sgd(struct cu_optim o)
{
	if (!*o.ok)
		return;
	const float lr = *o.lr, clip = o.clip ? *o.clip : 1.0f;
	CU_EACH(i, o.n) {
		const float d = o.g[i] * clip + o.decay * o.w[i];
		float way = d;
		if (o.m) {
			const float m = o.first ? d : o.momentum * o.m[i] + d;
			o.m[i] = m;
			way = o.nesterov ? d + o.momentum * m : m;
		}
		o.w[i] -= lr * way;
	}
}

/* Adam adds the decay to the gradient, AdamW shrinks the weight by itself first. */
__global__ void k_adam(struct cu_optim o)
{
	if (!*o.ok)
		return;
	const double lr = *o.lr, correct1 = o.correct ? o.correct[0] : o.correct1, correct2 = o.correct ? o.correct[1] : o.correct2;
	const float clip = o.clip ? *o.clip : 1.0f, rate = (float)(lr / correct1), root = (float)(1 / sqrt(correct2));
	const bool apart = o.kind == CU_ADAMW;
	const float decay = apart ? 0.0f : o.decay, shrink = apart ? (float)(1 - lr * o.decay) : 1.0f;
	CU_EACH(i, o.n) {
		const float d = o.g[i] * clip + decay * o.w[i];
		const float m = o.beta1 * o.m[i] + o.rest1 * d, v = o.beta2 * o.v[i] + o.rest2 * d * d;
		o.m[i] = m;
		o.v[i] = v;
		o.w[i] = o.w[i] * shrink - rate * m / (sqrtf(v) * root + o.eps);
	}
}

extern "C" cudaError_t cu_optim(struct cu_optim o, cudaStream_t stream)
{
	if (o.kind == CU_SGD)
		return CU_LAUNCH(k_sgd, cu_blocks(o.n), CU_BLOCK, 0, stream, o);
	return CU_LAUNCH(k_adam, cu_blocks(o.n), CU_BLOCK, 0, stream, o);
}
