/* Pooling: a thread makes a pack of neighbouring channels of one place. Gradients are gathered, so nothing is added by two threads. */
#include "engine/cuda/pool.cuh"

namespace {

/* The largest of V channels and the place in the picture of the first such one. */
template <int V, class T>
__device__ inline void find_largest(float m[V], int place[V], const T *x, int64_t at, const cu_pool &k, const window &v)
{
	for (int j = 0; j < V; j++) {
		m[j] = -INFINITY;
		place[j] = v.h0 * k.W + v.w0;
	}
	for (int h = v.h0; h < v.h1; h++)
		for (int w = v.w0; w < v.w1; w++) {
			const int here = h * k.W + w;
			float a[V];
			cu_load<V>(a, x, at + (int64_t)here * k.C);
			for (int j = 0; j < V; j++) {
				const bool take = (a[j] > m[j]) | ((a[j] != a[j]) & (m[j] == m[j]));
				m[j] = take ? a[j] : m[j];
				place[j] = take ? here : place[j];
			}
		}
}

/* ---- kernels; n packs ---- */

template <class T, int V>
__global__ void k_max_pool(T *y, const T *x, cu_pool k, int64_t n)
{
	CU_EACH(i, n) {
		const cu_site s = cu_site_of(i, k.out_h, k.out_w, k.C / V, V);
		const window v = window_at(k, s.h, s.w);
		const int64_t at = in_large(k, s);
		float m[V];
		for (int j = 0; j < V; j++)
			m[j] = -INFINITY;
		for (int h = v.h0; h < v.h1; h++)
			for (int w = v.w0; w < v.w1; w++) {
				float a[V];
				cu_load<V>(a, x, at + ((int64_t)h * k.W + w) * k.C);
				for (int j = 0; j < V; j++)
					m[j] = (a[j] > m[j]) | (a[j] != a[j]) ? a[j] : m[j];
			}
		cu_store<V>(y, i * V, m);
	}
}

template <class T, class X, int V>
__global__ void k_max_pool_pick(T *y, const T *from, const X *x, cu_pool k, int64_t n)
{
	CU_EACH(i, n) {
		const cu_site s = cu_site_of(i, k.out_h, k.out_w, k.C / V, V);
		const int64_t at = in_large(k, s);
		float m[V];
		int place[V];
		find_largest<V>(m, place, x, at, k, window_at(k, s.h, s.w));
		for (int j = 0; j < V; j++)
			m[j] = cu_value(from[at + (int64_t)place[j] * k.C + j]);
		cu_store<V>(y, i * V, m);
	}
}

/* Windows that don't overlap: each writes all that it holds, and x is read once. */
template <class T, class X, int V>
__global__ void k_max_pool_dx_apart(T *dx, const T *dy, const X *x, cu_pool k, int64_t n)
{
	CU_EACH(i, n) {
		const cu_site s = cu_site_of(i, k.out_h, k.out_w, k.C / V, V);
		const window v = window_at(k, s.h, s.w);
		const int64_t at = in_large(k, s);
		float m[V], d[V], out[V];
		int place[V];
		find_largest<V>(m, place, x, at, k, v);
		cu_load<V>(d, dy, i * V);
		for (int h = v.h0; h < v.h1; h++)
			for (int w = v.w0; w < v.w1; w++) {
				const int here = h * k.W + w;
				for (int j = 0; j < V; j++)
					out[j] = place[j] == here ? d[j] : 0.0f;
				cu_store<V>(dx, at + (int64_t)here * k.C, out);
			}
	}
}

/* Any windows: each place of the picture looks at those that hold it. */
template <class T, class X, int V>
__global__ void k_max_pool_dx(T *dx, const T *dy, const X *x, cu_pool k, int64_t n)
{
	CU_EACH(i, n) {
		const cu_site s = cu_site_of(i, k.H, k.W, k.C / V, V);
		const window v = holders_of(k, s.h, s.w);
		const int64_t at = in_large(k, s), from = in_small(k, s);
		const int here = s.h * k.W + s.w;
		float sum[V] = {0}, m[V], d[V];
		int place[V];
		for (int h = v.h0; h < v.h1; h++)
			for (int w = v.w0; w < v.w1; w++) {
				find_largest<V>(m, place, x, at, k, window_at(k, h, w));
				cu_load<V>(d, dy, from + ((int64_t)h * k.out_w + w) * k.C);
				for (int j = 0; j < V; j++)
					sum[j] += place[j] == here ? d[j] : 0.0f;
			}
		cu_store<V>(dx, i * V, sum);
	}
}

/* ---- launches ---- */

/* Whether windows of one size after the other leave out nothing. */
bool covered(const cu_pool &k)
{
	return k.stride == k.kernel && k.out_h * k.stride - k.pad >= k.H && k.out_w * k.stride - k.pad >= k.W;
}

template <class T, int V>
cudaError_t max_pool(T *y, const T *x, const cu_pool &k, cudaStream_t stream)
{
	return CU_LAUNCH((k_max_pool<T, V>), cu_blocks(small(k) / V), CU_BLOCK, 0, stream, y, x, k, small(k) / V);
}

template <class T>
cudaError_t max_pool_of(cu_array y, cu_array x, const cu_pool &k, cudaStream_t stream)
{
	constexpr int V = cu_many<T>();
	T *to = (T *)y.data;
	const T *from = (const T *)x.data;
	return cu_packs<V>(k.C, to, from) ? max_pool<T, V>(to, from, k, stream) : max_pool<T, 1>(to, from, k, stream);
}

template <class T, class X, int V>
cudaError_t max_pool_pick(T *y, const T *from, const X *x, const cu_pool &k, cudaStream_t stream)
{
	return CU_LAUNCH((k_max_pool_pick<T, X, V>), cu_blocks(small(k) / V), CU_BLOCK, 0, stream, y, from, x, k, small(k) / V);
}

template <class T, class X, int V>
cudaError_t max_pool_dx(T *dx, const T *dy, const X *x, const cu_pool &k, cudaStream_t stream)
{
	if (k.stride < k.kernel)
		return CU_LAUNCH((k_max_pool_dx<T, X, V>), cu_blocks(large(k) / V), CU_BLOCK, 0, stream, dx, dy, x, k, large(k) / V);
	if (!covered(k)) {
		const cudaError_t e = cudaMemsetAsync(dx, 0, (size_t)large(k) * sizeof(T), stream);
		if (e != cudaSuccess)
			return e;
	}
	return CU_LAUNCH((k_max_pool_dx_apart<T, X, V>), cu_blocks(small(k) / V), CU_BLOCK, 0, stream, dx, dy, x, k, small(k) / V);
}

/* a (y or dx) and b (v or dy) are T, x is X. */
template <class T, class X>
cudaError_t by_largest(bool pick, cu_array a, cu_array b, cu_array x, const cu_pool &k, cudaStream_t stream)
{
	constexpr int V = cu_many<T, X>();
	T *to = (T *)a.data;
	const T *from = (const T *)b.data;
	const X *by = (const X *)x.data;
	if (cu_packs<V>(k.C, to, from, by))
		return pick ? max_pool_pick<T, X, V>(to, from, by, k, stream) : max_pool_dx<T, X, V>(to, from, by, k, stream);
	return pick ? max_pool_pick<T, X, 1>(to, from, by, k, stream) : max_pool_dx<T, X, 1>(to, from, by, k, stream);
}

cudaError_t by_largest_of_any(bool pick, cu_array a, cu_array b, cu_array x, const cu_pool &k, cudaStream_t stream)
{
	return cu_by_types(a.dtype, x.dtype, [&](auto type, auto by) { return by_largest<decltype(type), decltype(by)>(pick, a, b, x, k, stream); });
}

} // namespace

extern "C" cudaError_t cu_max_pool(struct cu_array y, struct cu_array x, struct cu_pool k, cudaStream_t stream)
{
	if (y.dtype == CU_U8)
		return max_pool_of<uint8_t>(y, x, k, stream);
	return cu_by_type(y.dtype, [&](auto type) { return max_pool_of<decltype(type)>(y, x, k, stream); });
}
extern "C" cudaError_t cu_max_pool_pick(struct cu_array y, struct cu_array v, struct cu_array x, struct cu_pool k, cudaStream_t stream)
{
	return by_largest_of_any(true, y, v, x, k, stream);
}
extern "C" cudaError_t cu_max_pool_dx(struct cu_array dx, struct cu_array dy, struct cu_array x, struct cu_pool k, cudaStream_t stream)
{
	return by_largest_of_any(false, dx, dy, x, k, stream);
}
