/* Batch norm forward: moments of parts, their join, and the line y = (x - shift) factor + add; affine is that line alone. */
#include "engine/cuda/norm.cuh"

namespace {

/* ---- moments ---- */

/*
 * Of each part sums of (x - pivot) and of its square, the pivot being the part's first value in each channel: without it f32
 * would lose the variance of channels whose mean is far from 0. parts: for each part C pivots, C sums, C sums of squares.
 */
template <class T, int V>
__global__ void k_moments(const T *x, float *parts, cu_rows s, cut k)
{
	const lane at = lane_of(s, k, V);
	float pivot[V] = {0}, sum[2 * V] = {0};
	if (at.here) {
		cu_load<V>(pivot, x, at.from * s.C + at.c);
#pragma unroll 4
		for (int64_t i = at.from + at.row; i < at.to; i += k.lanes) {
			float v[V];
			cu_load<V>(v, x, i * s.C + at.c);
			for (int j = 0; j < V; j++) {
				const float d = v[j] - pivot[j];
				sum[j] += d;
				sum[V + j] += d * d;
			}
		}
	}
	sum_lanes<2 * V>(sum, k);
	if (!at.here || at.row > 0)
		return;
	float *part = parts + (int64_t)blockIdx.y * 3 * s.C + at.c;
	for (int j = 0; j < V; j++) {
		part[j] = pivot[j];
		part[s.C + j] = sum[j];
		part[2 * (int64_t)s.C + j] = sum[V + j];
	}
}

/* What the line needs: C numbers each. */
struct coefficients {
	float *shift, *factor, *add;
};

/*
 * Parts joined about the first one's pivot, in f64, where squares lose nothing that matters. f32 does not hold all of the mean;
 * what it leaves out goes into `add`, for where the mean is large against the deviation.
 */
__global__ void k_join_moments(const float *parts, cu_rows s, const float *gamma, const float *beta, double eps, float *mean, float *var,
                               coefficients out)
{
	const int c = (int)blockIdx.x * JOIN_CHANNELS + (int)threadIdx.x % JOIN_CHANNELS;
	const double first = c < s.C ? (double)parts[c] : 0, n = (double)s.n;
	double v[2] = {0, 0};
	for (int p = (int)threadIdx.x / JOIN_CHANNELS; c < s.C && p < s.parts; p += JOIN_LANES) {
		const float *part = parts + (int64_t)p * 3 * s.C + c;
		const double rows = (double)rows_in(s, p), d = part[0] - first, s1 = part[s.C], s2 = part[2 * (int64_t)s.C];
		v[0] += rows * d + s1;
		v[1] += rows * d * d + 2 * d * s1 + s2;
	}
	join_lanes(v);
	if (c >= s.C || threadIdx.x >= JOIN_CHANNELS)
		return;
	const double shift = v[0] / n, square = v[1] / n - shift * shift;
	const double exact = first + shift, variance = square < 0 ? 0 : square;
	const float m = (float)exact, f = (float)(gamma[c] / sqrt(variance + eps));
	if (mean)
		mean[c] = m;
	if (var)
		var[c] = (float)variance;
	out.shift[c] = m;
	out.factor[c] = f;
	out.add[c] = beta[c] - (float)(exact - (double)m) * f;
}

/* ---- the line; NaN passes the floor ---- */

/* shift NULL: 0. y may be x's memory, so nothing is __restrict__. */
template <class T, int V>
__global__ void k_line(T *y, const T *x, const T *residual, const float *shift, const float *factor, const float *add, float floor, cu_rows s,
                       cut k)
{
	const lane at = lane_of(s, k, V);
	if (!at.here)
		return;
	float m[V], f[V], a[V];
	for (int j = 0; j < V; j++) {
		m[j] = shift ? shift[at.c + j] : 0.0f;
		f[j] = factor[at.c + j];
		a[j] = add[at.c + j];
	}
	for (int64_t i = at.from + at.row; i < at.to; i += k.lanes) {
		const int64_t from = i * s.C + at.c;
		float v[V], r[V] = {0};
		cu_load<V>(v, x, from);
		if (residual)
			cu_load<V>(r, residual, from);
		for (int j = 0; j < V; j++) {
			const float u = (v[j] - m[j]) * f[j] + a[j] + r[j];
			v[j] = u < floor ? floor : u;
		}
		cu_store<V>(y, from, v);
	}
}

template <class T, int V>
cudaError_t line(const cu_rows &rows, void *y, const void *x, const void *residual, const float *shift, const float *factor, const float *add,
                 bool relu, cudaStream_t stream)
{
	const cut k = cut_of(rows.C / V);
	const cu_rows s = parts_of_line(rows, k);
	return CU_LAUNCH((k_line<T, V>), grid_of(s, k), CU_BLOCK, 0, stream, (T *)y, (const T *)x, (const T *)residual, shift, factor, add,
	                 relu ? 0.0f : -INFINITY, s, k);
}

template <class T>
cudaError_t line_of(const cu_rows &s, void *y, const void *x, const void *residual, const float *shift, const float *factor, const float *add,
                    bool relu, cudaStream_t stream)
{
	constexpr int V = cu_many<T>();
	if (cu_packs<V>(s.C, (const T *)y, (const T *)x, (const T *)residual))
		return line<T, V>(s, y, x, residual, shift, factor, add, relu, stream);
	return line<T, 1>(s, y, x, residual, shift, factor, add, relu, stream);
}

template <class T, int V>
cudaError_t moments(const cu_norm &n, float *parts, cudaStream_t stream)
{
	const cut k = cut_of(n.rows.C / V);
	return CU_LAUNCH((k_moments<T, V>), grid_of(n.rows, k), CU_BLOCK, 0, stream, (const T *)n.x, parts, n.rows, k);
}

template <class T>
cudaError_t norm(const cu_norm &n, cudaStream_t stream)
{
	constexpr int V = cu_many<T>();
	const cu_rows &s = n.rows;
	float *shift = (float *)n.scratch, *factor = shift + s.C, *add = factor + s.C, *parts = add + s.C;
	cudaError_t e = cu_packs<V>(s.C, (const T *)n.x) ? moments<T, V>(n, parts, stream) : moments<T, 1>(n, parts, stream);
	if (e == cudaSuccess)
		e = CU_LAUNCH(k_join_moments, join_blocks(s), CU_BLOCK, 0, stream, (const float *)parts, s, n.gamma, n.beta, n.eps, n.mean, n.var,
		              (coefficients{shift, factor, add}));
	if (e == cudaSuccess && n.y)
		e = line_of<T>(s, n.y, n.x, n.residual, shift, factor, add, n.relu, stream);
	return e;
}

__global__ void k_affine_views(int64_t n, cu_view y, cu_view x, cu_view factor, cu_view add, cu_view residual)
{
	CU_EACH(i, n) {
		const float r = residual.data ? cu_get(residual, i) : 0.0f;
		cu_put(y, i, cu_get(x, i) * cu_get(factor, i) + cu_get(add, i) + r);
	}
}

__global__ void k_running_update(int64_t n, cu_view y, cu_view old, cu_view value, float keep, float take)
{
	CU_EACH(i, n)
		cu_put(y, i, keep * cu_get(old, i) + take * cu_get(value, i));
}

} // namespace

extern "C" struct cu_rows cu_rows_of(int64_t n, int C, int dtype)
{
	const int many = dtype == CU_F32 ? cu_many<float>() : cu_many<bf16>();
	const cut k = cut_of(C % many == 0 ? C / many : C);
	return parts_of(n, C, k, SUM_BLOCKS, SUM_PASSES);
}

extern "C" size_t cu_batch_norm_scratch(const struct cu_rows *s)
{
	return (3 + 3 * (size_t)s->parts) * (size_t)s->C * sizeof(float);
}

extern "C" cudaError_t cu_batch_norm(const struct cu_norm *k, cudaStream_t stream)
{
	return cu_by_type(k->dtype, [&](auto type) { return norm<decltype(type)>(*k, stream); });
}

extern "C" cudaError_t cu_affine(const struct cu_rows *s, int dtype, void *y, const void *x, const void *residual, const float *factor,
                                 const float *add, bool relu, cudaStream_t stream)
{
	return cu_by_type(dtype, [&](auto type) { return line_of<decltype(type)>(*s, y, x, residual, nullptr, factor, add, relu, stream); });
}

extern "C" cudaError_t cu_affine_views(int64_t n, struct cu_view y, struct cu_view x, struct cu_view factor, struct cu_view add,
                                       struct cu_view residual, cudaStream_t stream)
{
	return CU_LAUNCH(k_affine_views, cu_blocks(n), CU_BLOCK, 0, stream, n, y, x, factor, add, residual);
}

extern "C" cudaError_t cu_running_update(int64_t n, struct cu_view y, struct cu_view old, struct cu_view value, float keep, float take,
                                         cudaStream_t stream)
{
	return CU_LAUNCH(k_running_update, cu_blocks(n), CU_BLOCK, 0, stream, n, y, old, value, keep, take);
}
