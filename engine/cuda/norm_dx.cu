/* Gradient of batch norm: two sweeps over dy, x (and the mask), sums of parts joined between them. */
#include "engine/cuda/norm.cuh"

namespace {

/* d[j] where y > 0, else 0 */
template <int V, class T>
__device__ inline void mask(float d[V], const T *y, int64_t from)
{
	float v[V];
	cu_load<V>(v, y, from);
	for (int j = 0; j < V; j++)
		d[j] = v[j] > 0 ? d[j] : 0.0f;
}

/* Of each part sums of dz and of dz (x - mean): parts has C of the one and C of the other for each. y, dz NULL: as in cu_norm_dx. */
template <class T, int V>
__global__ void k_dx_sums(const T *dy, const T *x, const T *y, T *dz, const float *mean, float *parts, cu_rows s, cut k)
{
	const lane at = lane_of(s, k, V);
	float m[V] = {0}, sum[2 * V] = {0};
	for (int j = 0; at.here && j < V; j++)
		m[j] = mean[at.c + j];
	for (int64_t i = at.from + at.row; at.here && i < at.to; i += k.lanes) {
		const int64_t from = i * s.C + at.c;
		float d[V], v[V];
		cu_load<V>(d, dy, from);
		cu_load<V>(v, x, from);
		if (y)
			mask<V>(d, y, from);
		if (dz)
			cu_store<V>(dz, from, d);
		for (int j = 0; j < V; j++) {
			sum[j] += d[j];
			sum[V + j] += d[j] * (v[j] - m[j]);
		}
	}
	sum_lanes<2 * V>(sum, k);
	if (!at.here || at.row > 0)
		return;
	float *part = parts + (int64_t)blockIdx.y * 2 * s.C + at.c;
	for (int j = 0; j < V; j++) {
		part[j] = sum[j];
		part[s.C + j] = sum[V + j];
	}
}

/* What the second sweep needs: C numbers each. */
struct slopes {
	float *factor, *mean_dz, *slope;
};

__global__ void k_join_dx(const float *parts, cu_rows s, const float *gamma, const float *var, double eps, float *dgamma, float *dbeta, slopes out)
{
	const int c = (int)blockIdx.x * JOIN_CHANNELS + (int)threadIdx.x % JOIN_CHANNELS;
	double v[2] = {0, 0};
	for (int p = (int)threadIdx.x / JOIN_CHANNELS; c < s.C && p < s.parts; p += JOIN_LANES) {
		const float *part = parts + (int64_t)p * 2 * s.C + c;
		v[0] += part[0];
		v[1] += part[s.C];
	}
	join_lanes(v);
	if (c >= s.C || threadIdx.x >= JOIN_CHANNELS)
		return;
	const double inverse = 1 / sqrt((double)var[c] + eps), n = (double)s.n;
	if (dgamma)
		dgamma[c] = (float)(v[1] * inverse);
	if (dbeta)
		dbeta[c] = (float)v[0];
	out.factor[c] = (float)(gamma[c] * inverse);
	out.mean_dz[c] = (float)(v[0] / n);
	out.slope[c] = (float)(v[1] * inverse * inverse / n);
}

/* dx = factor ((dz - mean_dz) - (x - mean) slope). dx may be dy's memory. */
template <class T, int V>
__global__ void k_dx(T *dx, const T *dy, const T *x, const T *y, const float *mean, slopes k, cu_rows s, cut c)
{
	const lane at = lane_of(s, c, V);
	if (!at.here)
		return;
	float m[V], f[V], b[V], a[V];
	for (int j = 0; j < V; j++) {
		m[j] = mean[at.c + j];
		f[j] = k.factor[at.c + j];
		b[j] = k.mean_dz[at.c + j];
		a[j] = k.slope[at.c + j];
	}
	for (int64_t i = at.from + at.row; i < at.to; i += c.lanes) {
		const int64_t from = i * s.C + at.c;
		float d[V], v[V];
		cu_load<V>(d, dy, from);
		cu_load<V>(v, x, from);
		if (y)
			mask<V>(d, y, from);
		for (int j = 0; j < V; j++)
			d[j] = f[j] * ((d[j] - b[j]) - (v[j] - m[j]) * a[j]);
		cu_store<V>(dx, from, d);
	}
}

template <class T, int V>
cudaError_t norm_dx(const cu_norm_dx &n, cudaStream_t stream)
{
	const cut k = cut_of(n.rows.C / V);
	const cu_rows &s = n.rows, lines = parts_of_line(s, k);
	const T *dy = (const T *)n.dy, *x = (const T *)n.x, *y = (const T *)n.y;
	T *dz = (T *)n.dz;
	const slopes out = {(float *)n.scratch, (float *)n.scratch + s.C, (float *)n.scratch + 2 * (int64_t)s.C};
	float *parts = out.slope + s.C;
	cudaError_t e = CU_LAUNCH((k_dx_sums<T, V>), grid_of(s, k), CU_BLOCK, 0, stream, dy, x, y, dz, n.mean, parts, s, k);
	if (e == cudaSuccess)
		e = CU_LAUNCH(k_join_dx, join_blocks(s), CU_BLOCK, 0, stream, (const float *)parts, s, n.gamma, n.var, n.eps, n.dgamma, n.dbeta, out);
	if (e == cudaSuccess && n.dx) /* what was masked and kept need not be masked again */
		e = CU_LAUNCH((k_dx<T, V>), grid_of(lines, k), CU_BLOCK, 0, stream, (T *)n.dx, dz ? (const T *)dz : dy, x, dz ? (const T *)nullptr : y,
		              n.mean, out, lines, k);
	return e;
}

template <class T>
cudaError_t norm_dx_of(const cu_norm_dx &n, cudaStream_t stream)
{
	constexpr int V = cu_many<T>();
	if (cu_packs<V>(n.rows.C, (const T *)n.dy, (const T *)n.x, (const T *)n.y, (const T *)n.dz, (const T *)n.dx))
		return norm_dx<T, V>(n, stream);
	return norm_dx<T, 1>(n, stream);
}

} // namespace

extern "C" size_t cu_batch_norm_dx_scratch(const struct cu_rows *s)
{
	return (3 + 2 * (size_t)s->parts) * (size_t)s->C * sizeof(float);
}

extern "C" cudaError_t cu_batch_norm_dx(const struct cu_norm_dx *k, cudaStream_t stream)
{
	return cu_by_type(k->dtype, [&](auto type) { return norm_dx_of<decltype(type)>(*k, stream); });
}
