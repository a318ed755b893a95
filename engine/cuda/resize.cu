/* Resize: a thread makes a pack of neighbouring channels of one place. */
#include "engine/cuda/pack.cuh"
#include "engine/cuda/resize_kernels.h"

namespace {

/* y[i] = (1 - part) x[lo] + part x[hi] along one axis. */
struct source {
	int lo, hi;
	float part;
};

/* In whole numbers of 1 / (2 out), so no place is rounded to the next. */
__device__ inline source source_of(int i, int in, int out, int bilinear)
{
	if (!bilinear) {
		int64_t at = (int64_t)i * in;
		cu_split(&at, out);
		return {(int)at, (int)at, 0.0f};
	}
	int64_t at = (2 * (int64_t)i + 1) * in - out;
	if (at < 0)
		at = 0;
	const int64_t rest = cu_split(&at, 2 * (int64_t)out);
	const int lo = (int)at;
	return {lo, lo + 1 < in ? lo + 1 : lo, (float)rest / (2 * (float)out)};
}

/* s += weight x; a weight of 0 is left out, as if there were no such neighbour (which may be infinite). */
template <int V, class T>
__device__ inline void add(float s[V], const T *x, int64_t at, float weight)
{
	if (weight == 0)
		return;
	float v[V];
	cu_load<V>(v, x, at);
	for (int j = 0; j < V; j++)
		s[j] += weight * v[j];
}

template <class T, int V>
__global__ void k_resize(T *y, const T *x, cu_zoom k, int64_t n)
{
	CU_EACH(i, n) {
		const cu_site s = cu_site_of(i, k.out_h, k.out_w, k.C / V, V);
		const source a = source_of(s.h, k.H, k.out_h, k.bilinear), b = source_of(s.w, k.W, k.out_w, k.bilinear);
		const int64_t top = ((s.n * k.H + a.lo) * k.W) * k.C + s.c, bottom = ((s.n * k.H + a.hi) * k.W) * k.C + s.c;
		const int64_t left = (int64_t)b.lo * k.C, right = (int64_t)b.hi * k.C;
		float sum[V] = {0};
		add<V>(sum, x, top + left, (1 - a.part) * (1 - b.part));
		add<V>(sum, x, top + right, (1 - a.part) * b.part);
		add<V>(sum, x, bottom + left, a.part * (1 - b.part));
		add<V>(sum, x, bottom + right, a.part * b.part);
		cu_store<V>(y, i * V, sum);
	}
}

/* ---- gradient ---- */

__device__ inline float weight_of(int i, int o, int in, int out, int bilinear)
{
	const source s = source_of(o, in, out, bilinear);
	return (s.lo == i ? 1 - s.part : 0.0f) + (s.hi == i ? s.part : 0.0f);
}

/* Places first..last-1 of y read place i of x. They lie together: a generous guess is cut at both ends. */
struct span {
	int first, last;
};
__device__ inline span readers_of(int i, int in, int out, int bilinear)
{
	const int64_t from = ((int64_t)i - 1) * out / in - 1, to = ((int64_t)i + 2) * out / in + 2;
	span s = {i == 0 || from < 0 ? 0 : (int)from, i == in - 1 || to > out ? out : (int)to};
	while (s.first < s.last && weight_of(i, s.first, in, out, bilinear) == 0)
		s.first++;
	while (s.first < s.last && weight_of(i, s.last - 1, in, out, bilinear) == 0)
		s.last--;
	return s;
}

template <class T, int V>
__global__ void k_resize_dx(T *dx, const T *dy, cu_zoom k, int64_t n)
{
	CU_EACH(i, n) {
		const cu_site s = cu_site_of(i, k.H, k.W, k.C / V, V);
		const span a = readers_of(s.h, k.H, k.out_h, k.bilinear), b = readers_of(s.w, k.W, k.out_w, k.bilinear);
		float sum[V] = {0};
		for (int h = a.first; h < a.last; h++) {
			const float p = weight_of(s.h, h, k.H, k.out_h, k.bilinear);
			const int64_t row = (s.n * k.out_h + h) * k.out_w;
			for (int w = b.first; w < b.last; w++)
				add<V>(sum, dy, (row + w) * k.C + s.c, p * weight_of(s.w, w, k.W, k.out_w, k.bilinear));
		}
		cu_store<V>(dx, i * V, sum);
	}
}

template <class T, int V>
cudaError_t resize(bool dx, T *to, const T *from, const cu_zoom &k, cudaStream_t stream)
{
	const int64_t pictures = (int64_t)k.N * (k.C / V);
	if (dx)
		return CU_LAUNCH((k_resize_dx<T, V>), cu_blocks(pictures * k.H * k.W), CU_BLOCK, 0, stream, to, from, k, pictures * k.H * k.W);
	return CU_LAUNCH((k_resize<T, V>), cu_blocks(pictures * k.out_h * k.out_w), CU_BLOCK, 0, stream, to, from, k, pictures * k.out_h * k.out_w);
}

template <class T>
cudaError_t resize_of(bool dx, cu_array a, cu_array b, const cu_zoom &k, cudaStream_t stream)
{
	constexpr int V = cu_many<T>();
	T *to = (T *)a.data;
	const T *from = (const T *)b.data;
	return cu_packs<V>(k.C, to, from) ? resize<T, V>(dx, to, from, k, stream) : resize<T, 1>(dx, to, from, k, stream);
}

} // namespace

extern "C" cudaError_t cu_resize(struct cu_array y, struct cu_array x, struct cu_zoom k, cudaStream_t stream)
{
	return cu_by_type(y.dtype, [&](auto type) { return resize_of<decltype(type)>(false, y, x, k, stream); });
}
extern "C" cudaError_t cu_resize_dx(struct cu_array dx, struct cu_array dy, struct cu_zoom k, cudaStream_t stream)
{
	return cu_by_type(dx.dtype, [&](auto type) { return resize_of<decltype(type)>(true, dx, dy, k, stream); });
}
