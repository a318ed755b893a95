/* Pooling by averages; as pool.cu. */
#include "engine/cuda/pool.cuh"

namespace {

template <int V, class T>
__device__ inline void sum_window(float s[V], const T *x, int64_t at, int width, int C, const window &v)
{
	for (int j = 0; j < V; j++)
		s[j] = 0;
	for (int h = v.h0; h < v.h1; h++)
		for (int w = v.w0; w < v.w1; w++) {
			float a[V];
			cu_load<V>(a, x, at + ((int64_t)h * width + w) * C);
			for (int j = 0; j < V; j++)
				s[j] += a[j];
		}
}

template <class T, int V>
__global__ void k_avg_pool(T *y, const T *x, cu_pool k, float scale, int64_t n)
{
	CU_EACH(i, n) {
		const cu_site s = cu_site_of(i, k.out_h, k.out_w, k.C / V, V);
		float sum[V];
		sum_window<V>(sum, x, in_large(k, s), k.W, k.C, window_at(k, s.h, s.w));
		for (int j = 0; j < V; j++)
			sum[j] *= scale;
		cu_store<V>(y, i * V, sum);
	}
}

template <class T, int V>
__global__ void k_avg_pool_dx(T *dx, const T *dy, cu_pool k, float scale, int64_t n)
{
	CU_EACH(i, n) {
		const cu_site s = cu_site_of(i, k.H, k.W, k.C / V, V);
		float sum[V];
		sum_window<V>(sum, dy, in_small(k, s), k.out_w, k.C, holders_of(k, s.h, s.w));
		for (int j = 0; j < V; j++)
			sum[j] *= scale;
		cu_store<V>(dx, i * V, sum);
	}
}

template <class T, int V>
cudaError_t average(bool dx, T *to, const T *from, const cu_pool &k, cudaStream_t stream)
{
	const float scale = 1.0f / (float)(k.kernel * k.kernel);
	if (dx)
		return CU_LAUNCH((k_avg_pool_dx<T, V>), cu_blocks(large(k) / V), CU_BLOCK, 0, stream, to, from, k, scale, large(k) / V);
	return CU_LAUNCH((k_avg_pool<T, V>), cu_blocks(small(k) / V), CU_BLOCK, 0, stream, to, from, k, scale, small(k) / V);
}

template <class T>
cudaError_t average_of(bool dx, cu_array a, cu_array b, const cu_pool &k, cudaStream_t stream)
{
	constexpr int V = cu_many<T>();
	T *to = (T *)a.data;
	const T *from = (const T *)b.data;
	return cu_packs<V>(k.C, to, from) ? average<T, V>(dx, to, from, k, stream) : average<T, 1>(dx, to, from, k, stream);
}

cudaError_t average_of_any(bool dx, cu_array a, cu_array b, const cu_pool &k, cudaStream_t stream)
{
	return cu_by_type(a.dtype, [&](auto type) { return average_of<decltype(type)>(dx, a, b, k, stream); });
}

} // namespace

extern "C" cudaError_t cu_avg_pool(struct cu_array y, struct cu_array x, struct cu_pool k, cudaStream_t stream)
{
	return average_of_any(false, y, x, k, stream);
}
extern "C" cudaError_t cu_avg_pool_dx(struct cu_array dx, struct cu_array dy, struct cu_pool k, cudaStream_t stream)
{
	return average_of_any(true, dx, dy, k, stream);
}
