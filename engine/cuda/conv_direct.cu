/* Convolutions of several groups, depthwise ones too: too few channels meet for a matrix product. */
#include "engine/cuda/conv_kernels.h"
#include "engine/cuda/conv_index.cuh"

namespace {

/* The element of w (O,C/groups,R,S). */
__device__ inline float weight(const struct cu_array &w, const struct cu_conv &v, int o, int c, int tap)
{
	return cu_get(w, ((int64_t)o * (v.C / v.groups) + c) * (v.R * v.S) + tap);
}

template <class T>
__global__ void k_direct(const T *x, struct cu_array w, const float *bias, const T *residual, bool relu, struct cu_conv v, int64_t n, T *y)
{
	const int C = v.C / v.groups;
	CU_EACH(i, n) {
		int64_t picture = i;
		const int o = (int)cu_split(&picture, v.O), ow = (int)cu_split(&picture, v.OW), oh = (int)cu_split(&picture, v.OH);
		const int first = o / (v.O / v.groups) * C;
		float sum = 0;
		for (int tap = 0; tap < v.R * v.S; tap++) {
			const int h = oh * v.stride + tap / v.S - v.pad_h, q = ow * v.stride + tap % v.S - v.pad_w;
			if (h < 0 || h >= v.H || q < 0 || q >= v.W)
				continue;
			const T *from = x + ((picture * v.H + h) * v.W + q) * v.C + first;
			for (int c = 0; c < C; c++)
				sum += cu_value(from[c]) * weight(w, v, o, c, tap);
		}
		if (bias)
			sum += bias[o];
		if (residual)
			sum += cu_value(residual[i]);
		T out;
		cu_assign(&out, sum);
		if (relu && cu_value(out) < 0)
			cu_assign(&out, 0.0f);
		y[i] = out;
	}
}

template <class T>
__global__ void k_direct_dx(const T *dy, struct cu_array w, struct cu_conv v, int64_t n, T *dx)
{
	const int C = v.C / v.groups, O = v.O / v.groups;
	CU_EACH(i, n) {
		int64_t picture = i;
		const int c = (int)cu_split(&picture, v.C), q = (int)cu_split(&picture, v.W), h = (int)cu_split(&picture, v.H);
		const struct cu_taps down = cu_taps_at(h, v.R, v.stride, v.pad_h, v.OH), across = cu_taps_at(q, v.S, v.stride, v.pad_w, v.OW);
		const int first = c / C * O;
		float sum = 0;
		for (int a = down.first; a < down.end; a += v.stride)
			for (int b = across.first; b < across.end; b += v.stride) {
				const int oh = (h + v.pad_h - a) / v.stride, ow = (q + v.pad_w - b) / v.stride;
				const T *from = dy + ((picture * v.OH + oh) * v.OW + ow) * v.O + first;
				for (int o = 0; o < O; o++)
					sum += cu_value(from[o]) * weight(w, v, first + o, c % C, a * v.S + b);
			}
		cu_assign(&dx[i], sum);
	}
}

/* n threads: (chunk, tap, c, o), o fastest, so that dy is read side by side. length: places of a chunk. */
template <class T>
__global__ void k_direct_dw(const T *x, const T *dy, struct cu_conv v, int64_t length, int64_t n, float *part)
{
	const int C = v.C / v.groups;
	const int64_t places = (int64_t)v.N * v.OH * v.OW;
	CU_EACH(i, n) {
		int64_t chunk = i;
		const int o = (int)cu_split(&chunk, v.O), c = (int)cu_split(&chunk, C), tap = (int)cu_split(&chunk, v.R * v.S);
		const int64_t end = (chunk + 1) * length < places ? (chunk + 1) * length : places;
		const int channel = o / (v.O / v.groups) * C + c, down = tap / v.S - v.pad_h, across = tap % v.S - v.pad_w;
		int64_t picture = chunk * length;
		int ow = (int)cu_split(&picture, v.OW), oh = (int)cu_split(&picture, v.OH);
		float sum = 0;
		for (int64_t at = chunk * length; at < end; at++) {
			const int h = oh * v.stride + down, w = ow * v.stride + across;
			if (h >= 0 && h < v.H && w >= 0 && w < v.W)
				sum += cu_value(dy[at * v.O + o]) * cu_value(x[((picture * v.H + h) * v.W + w) * v.C + channel]);
			if (++ow == v.OW) {
				ow = 0;
				if (++oh == v.OH) {
					oh = 0;
					picture++;
				}
			}
		}
		part[i] = sum;
	}
}

/* n threads, one for a weight in its own order. */
__global__ void k_direct_dw_join(const float *part, struct cu_conv v, int chunks, int64_t n, float *dw)
{
	const int C = v.C / v.groups, taps = v.R * v.S;
	CU_EACH(i, n) {
		const int tap = (int)(i % taps), c = (int)(i / taps % C), o = (int)(i / taps / C);
		const float *from = part + ((int64_t)tap * C + c) * v.O + o;
		float sum = 0;
		for (int k = 0; k < chunks; k++)
			sum += from[k * n];
		dw[i] = sum;
	}
}

} // namespace

cudaError_t cu_conv_direct(struct cu_array x, struct cu_array w, const float *bias, struct cu_array residual, bool relu, struct cu_conv v,
                           struct cu_array y, cudaStream_t stream)
{
	const int64_t n = (int64_t)v.N * v.OH * v.OW * v.O;
	return cu_by_type(y.dtype, [&](auto type) {
		using T = decltype(type);
		return CU_LAUNCH((k_direct<T>), cu_blocks(n), CU_BLOCK, 0, stream, (const T *)x.data, w, bias, (const T *)residual.data, relu, v, n,
		                 (T *)y.data);
	});
}

cudaError_t cu_conv_direct_dx(struct cu_array dy, struct cu_array w, struct cu_conv v, struct cu_array dx, cudaStream_t stream)
{
	const int64_t n = (int64_t)v.N * v.H * v.W * v.C;
	return cu_by_type(dx.dtype, [&](auto type) {
		using T = decltype(type);
		return CU_LAUNCH((k_direct_dx<T>), cu_blocks(n), CU_BLOCK, 0, stream, (const T *)dy.data, w, v, n, (T *)dx.data);
	});
}

cudaError_t cu_conv_direct_dw(struct cu_array x, struct cu_array dy, struct cu_conv v, int chunks, float *part, float *dw, cudaStream_t stream)
{
	const int64_t weights = (int64_t)v.O * (v.C / v.groups) * v.R * v.S, n = weights * chunks;
	const int64_t length = ((int64_t)v.N * v.OH * v.OW + chunks - 1) / chunks;
	const cudaError_t st = cu_by_type(x.dtype, [&](auto type) {
		using T = decltype(type);
		return CU_LAUNCH((k_direct_dw<T>), cu_blocks(n), CU_BLOCK, 0, stream, (const T *)x.data, (const T *)dy.data, v, length, n, part);
	});
	return st != cudaSuccess ? st : CU_LAUNCH(k_direct_dw_join, cu_blocks(weights), CU_BLOCK, 0, stream, part, v, chunks, weights, dw);
}
