#include "engine/cuda/pack.cuh"

#include "engine/cuda/means_kernels.h"

namespace {

/* ---- what becomes of V neighbours ---- */

/* Elements i..i+V of x, 0 from end on; the same numbers with packs and without. */
template <int V, class T>
__device__ void load(float v[V], const T *x, int64_t i, int64_t end, bool packs)
{
	if (packs && i + V <= end) {
		cu_load<V>(v, x, i);
		return;
	}
	for (int k = 0; k < V; k++)
		v[k] = i + k < end ? cu_value(x[i + k]) : 0.0f;
}

template <class S, class T>
struct gaps {
	typedef S type;
	static constexpr int V = cu_many<S, T>();
	const S *a;
	const T *b;
	bool packs;
	__device__ void take(float v[V], int64_t i, int64_t end) const
	{
		float w[V];
		load<V>(v, a, i, end, packs);
		load<V>(w, b, i, end, packs);
		for (int k = 0; k < V; k++)
			v[k] -= w[k];
	}
	static __device__ float value(float gap) { return gap * gap; }
	static __device__ float slope(float gap) { return gap; }
};

template <class T>
struct multiples {
	typedef T type;
	static constexpr int V = cu_many<T>();
	const T *x;
	float factor;
	bool packs;
	__device__ void take(float v[V], int64_t i, int64_t end) const
	{
		load<V>(v, x, i, end, packs);
		for (int k = 0; k < V; k++)
			v[k] *= factor;
	}
	static __device__ float value(float x) { return (x > 0 ? x : 0.0f) + log1pf(expf(-fabsf(x))); }
	static __device__ float slope(float x) { return (x > 0 ? 1.0f : expf(x)) / (1.0f + expf(-fabsf(x))); }
};

/* ---- a block for each part ---- */

template <class Of>
__global__ void __launch_bounds__(CU_BLOCK) k_mean(Of of, cu_mean m)
{
	const int64_t begin = blockIdx.x * m.part, end = begin + m.part < m.n ? begin + m.part : m.n;
	float sum = 0;
	for (int64_t i = begin + (int)threadIdx.x * Of::V; i < end; i += CU_BLOCK * Of::V) {
		float v[Of::V], some = 0;
		of.take(v, i, end);
		for (int k = 0; k < Of::V; k++)
			some += i + k < end ? Of::value(v[k]) : 0.0f;
		sum += some;
	}
	sum = cu_block_sum(sum);
	if (threadIdx.x == 0)
		m.sum[blockIdx.x] = sum * m.scale;
}

template <class Of>
cudaError_t mean(Of of, const cu_mean &m, cudaStream_t stream)
{
	return CU_LAUNCH((k_mean<Of>), (unsigned)((m.n + m.part - 1) / m.part), CU_BLOCK, 0, stream, of, m);
}

/* ---- gradients ---- */

/* No __restrict__: y may be an operand's memory. */
template <class Of>
__global__ void __launch_bounds__(CU_BLOCK) k_mean_dx(Of of, typename Of::type *y, bool packs, int64_t n, const float *dy, float scale)
{
	const float d = *dy * scale;
	CU_EACH(p, (n + Of::V - 1) / Of::V) {
		const int64_t i = p * Of::V;
		float v[Of::V];
		of.take(v, i, n);
		for (int k = 0; k < Of::V; k++)
			v[k] = Of::slope(v[k]) * d;
		if (packs && i + Of::V <= n) {
			cu_store<Of::V>(y, i, v);
			continue;
		}
		for (int k = 0; k < Of::V && i + k < n; k++)
			cu_assign(y + i + k, v[k]);
	}
}

template <class Of>
cudaError_t mean_dx(Of of, void *memory, int64_t n, const float *dy, float scale, cudaStream_t stream)
{
	typename Of::type *y = (typename Of::type *)memory;
	return CU_LAUNCH((k_mean_dx<Of>), cu_blocks((n + Of::V - 1) / Of::V), CU_BLOCK, 0, stream, of, y, cu_packs<Of::V>(Of::V, y), n, dy, scale);
}

/* ---- choosing ---- */

/* f(gaps) by the two types. */
template <class F>
cudaError_t by_gaps(const cu_array &a, const cu_array &b, F f)
{
	return cu_by_types(a.dtype, b.dtype, [&](auto s, auto t) {
		using Of = gaps<decltype(s), decltype(t)>;
		const decltype(s) *p = (const decltype(s) *)a.data;
		const decltype(t) *q = (const decltype(t) *)b.data;
		return f(Of{p, q, cu_packs<Of::V>(Of::V, p, q)});
	});
}

template <class F>
cudaError_t by_multiples(const cu_array &x, float factor, F f)
{
	return cu_by_type(x.dtype, [&](auto t) {
		using Of = multiples<decltype(t)>;
		const decltype(t) *p = (const decltype(t) *)x.data;
		return f(Of{p, factor, cu_packs<Of::V>(Of::V, p)});
	});
}

} // namespace

extern "C" cudaError_t cu_mean_square(struct cu_array a, struct cu_array b, struct cu_mean m, cudaStream_t stream)
{
	return by_gaps(a, b, [&](auto of) { return mean(of, m, stream); });
}

extern "C" cudaError_t cu_mean_softplus(struct cu_array x, float factor, struct cu_mean m, cudaStream_t stream)
{
	return by_multiples(x, factor, [&](auto of) { return mean(of, m, stream); });
}

extern "C" cudaError_t cu_mean_square_dx(void *y, struct cu_array a, struct cu_array b, int64_t n, const float *dy, float scale, cudaStream_t stream)
{
	return by_gaps(a, b, [&](auto of) { return mean_dx(of, y, n, dy, scale, stream); });
}

extern "C" cudaError_t cu_mean_softplus_dx(void *y, struct cu_array x, float factor, int64_t n, const float *dy, float scale, cudaStream_t stream)
{
	return by_multiples(x, factor, [&](auto of) { return mean_dx(of, y, n, dy, scale, stream); });
}
