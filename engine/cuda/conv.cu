/* What stands before and behind the matrix products that convolutions are made of. */
#include "engine/cuda/conv_kernels.h"
#include "engine/cuda/conv_index.cuh"

namespace {

/* Elements are only moved here, as words of their size, or of 16 bytes where the channels allow. */

/* n threads, one for a word of a place's channels: it carries that word of every tap. C and ld in words, ld is R S C. */
template <class T>
__global__ void k_rows_by_tap(const T *x, struct cu_conv v, int64_t n, T *rows)
{
	CU_EACH(i, n) {
		int64_t picture = i;
		const int c = (int)cu_split(&picture, v.C);
		T *to = rows + picture * v.ld + c;
		const int ow = (int)cu_split(&picture, v.OW), oh = (int)cu_split(&picture, v.OH);
		for (int r = 0; r < v.R; r++) {
			const int h = oh * v.stride + r - v.pad_h;
			for (int s = 0; s < v.S; s++, to += v.C) {
				const int w = ow * v.stride + s - v.pad_w;
				const bool inside = h >= 0 && h < v.H && w >= 0 && w < v.W;
				*to = inside ? x[((picture * v.H + h) * v.W + w) * v.C + c] : T();
			}
		}
	}
}

/* n threads, one for an element of a row: neighbours write neighbours, however few channels there are. */
template <class T>
__global__ void k_rows_by_element(const T *x, struct cu_conv v, int64_t n, T *rows)
{
	CU_EACH(i, n) {
		int64_t picture = i;
		const int k = (int)cu_split(&picture, v.ld), ow = (int)cu_split(&picture, v.OW), oh = (int)cu_split(&picture, v.OH);
		const int tap = k / v.C, h = oh * v.stride + tap / v.S - v.pad_h, w = ow * v.stride + tap % v.S - v.pad_w;
		const bool inside = tap < v.R * v.S && h >= 0 && h < v.H && w >= 0 && w < v.W;
		rows[i] = inside ? x[((picture * v.H + h) * v.W + w) * v.C + k % v.C] : T();
	}
}

template <class T>
__global__ void k_spread(const float *rows, struct cu_conv v, int64_t n, T *x)
{
	CU_EACH(i, n) {
		int64_t picture = i;
		const int c = (int)cu_split(&picture, v.C), w = (int)cu_split(&picture, v.W), h = (int)cu_split(&picture, v.H);
		const struct cu_taps down = cu_taps_at(h, v.R, v.stride, v.pad_h, v.OH), across = cu_taps_at(w, v.S, v.stride, v.pad_w, v.OW);
		float sum = 0;
		for (int a = down.first; a < down.end; a += v.stride)
			for (int b = across.first; b < across.end; b += v.stride) {
				const int oh = (h + v.pad_h - a) / v.stride, ow = (w + v.pad_w - b) / v.stride;
				sum += rows[((picture * v.OH + oh) * v.OW + ow) * v.ld + (a * v.S + b) * v.C + c];
			}
		cu_assign(&x[i], sum);
	}
}

/* ---- the orders of weights: small, once a step at most ---- */

__device__ inline int64_t weight_at(const struct cu_conv &v, int o, int c, int tap)
{
	return ((int64_t)o * v.C + c) * (v.R * v.S) + tap;
}

__device__ inline float by_output(const cu_form &f, int64_t i)
{
	const cu_conv &v = f.v;
	const int o = (int)(i / v.ld), k = (int)(i % v.ld);
	return k < v.R * v.S * v.C ? cu_get(f.w, weight_at(v, o, k % v.C, k / v.C)) : 0.0f;
}

__device__ inline float by_tap(const cu_form &f, int64_t i)
{
	const cu_conv &v = f.v;
	const int taps = v.R * v.S, k = (int)(i / v.C), c = (int)(i % v.C);
	return k < taps * v.O ? cu_get(f.w, weight_at(v, k % v.O, c, taps - 1 - k / v.O)) : 0.0f;
}

__host__ __device__ inline int64_t elements(const cu_form &f)
{
	return (int64_t)f.v.ld * (f.by_tap ? f.v.C : f.v.O);
}

__global__ void k_forms(cu_form_list all)
{
	const cu_form &f = all.of[blockIdx.y];
	const int64_t n = elements(f);
	CU_EACH(i, n)
		cu_put(f.form, i, f.by_tap ? by_tap(f, i) : by_output(f, i));
}

__global__ void k_from_output(struct cu_array product, struct cu_conv v, int64_t n, float *dw)
{
	const int taps = v.R * v.S;
	CU_EACH(i, n) {
		const int tap = (int)(i % taps), c = (int)(i / taps % v.C), o = (int)(i / taps / v.C);
		dw[i] = cu_get(product, (int64_t)o * v.ld + tap * v.C + c);
	}
}

} // namespace

cudaError_t cu_conv_rows(struct cu_array x, struct cu_conv v, void *rows, cudaStream_t stream)
{
	const int64_t places = (int64_t)v.N * v.OH * v.OW;
	const int in_word = x.dtype == CU_F32 ? 4 : 8; /* elements of 16 bytes */
	if (v.C % in_word == 0 && v.ld == v.R * v.S * v.C && (uintptr_t)x.data % 16 == 0 && (uintptr_t)rows % 16 == 0) {
		v.C /= in_word;
		v.ld /= in_word;
		const int64_t n = places * v.C;
		return CU_LAUNCH((k_rows_by_tap<uint4>), cu_blocks(n), CU_BLOCK, 0, stream, (const uint4 *)x.data, v, n, (uint4 *)rows);
	}
	const int64_t n = places * v.ld;
	if (x.dtype == CU_F32)
		return CU_LAUNCH((k_rows_by_element<uint32_t>), cu_blocks(n), CU_BLOCK, 0, stream, (const uint32_t *)x.data, v, n, (uint32_t *)rows);
	return CU_LAUNCH((k_rows_by_element<uint16_t>), cu_blocks(n), CU_BLOCK, 0, stream, (const uint16_t *)x.data, v, n, (uint16_t *)rows);
}

cudaError_t cu_conv_spread(const float *rows, struct cu_conv v, struct cu_array x, cudaStream_t stream)
{
	const int64_t n = (int64_t)v.N * v.H * v.W * v.C;
	return cu_by_type(x.dtype, [&](auto type) {
		using T = decltype(type);
		return CU_LAUNCH((k_spread<T>), cu_blocks(n), CU_BLOCK, 0, stream, rows, v, n, (T *)x.data);
	});
}

cudaError_t cu_conv_forms(const struct cu_form_list *forms, int many, cudaStream_t stream)
{
	int64_t most = 1;
	for (int k = 0; k < many; k++)
		most = elements(forms->of[k]) > most ? elements(forms->of[k]) : most;
	return CU_LAUNCH(k_forms, dim3(cu_blocks(most), (unsigned)many), CU_BLOCK, 0, stream, *forms);
}

cudaError_t cu_conv_from_output(struct cu_array product, struct cu_conv v, float *dw, cudaStream_t stream)
{
	const int64_t n = (int64_t)v.O * v.C * v.R * v.S;
	return CU_LAUNCH(k_from_output, cu_blocks(n), CU_BLOCK, 0, stream, product, v, n, dw);
}
