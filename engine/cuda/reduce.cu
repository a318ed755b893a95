#include "engine/cuda/team.cuh"

#include "engine/cuda/reduce_kernels.h"

namespace {

/* ---- what is joined ---- */

struct total : cu_plus {
	typedef float value;
	static __device__ float none() { return 0; }
	template <class T> static __device__ float take(T x, int64_t) { return cu_value(x); }
};
struct largest : cu_larger {
	typedef float value;
	static __device__ float none() { return -INFINITY; }
	template <class T> static __device__ float take(T x, int64_t) { return cu_value(x); }
};
struct first_largest : cu_larger_key {
	typedef uint64_t value;
	static __device__ uint64_t none() { return 0; }
	template <class T> static __device__ uint64_t take(T x, int64_t j) { return cu_first_key(cu_value(x), j); }
	static __device__ uint64_t take(uint64_t x, int64_t) { return x; }
};

/* ---- where it goes ---- */

template <class V> struct to_units {
	V *unit;
	int64_t n;
	__device__ void put(int64_t p, int64_t i, V v) const { unit[p * n + i] = v; }
};
struct to_view {
	cu_view y;
	float scale;
	bool small;
	__device__ void put(int64_t, int64_t i, float v) const { cu_put(y.data, y.dtype, cu_place(y, i, small), v * scale); }
};

/* ---- joining ---- */

/* Elements j, j + step .. below end, whose origin is x. Four loads are under way at a time. */
template <class T, class Op>
__device__ typename Op::value join_some(const T *__restrict__ x, const cu_reduction &q, int64_t j, int64_t end, int64_t step, Op op)
{
	const cu_view &gone = q.gone;
	typename Op::value v = Op::none();
	if (gone.n > 1) {
		const bool small = cu_small(q.m);
		for (; j < end; j += step)
			v = op(v, Op::take(x[cu_place(gone, j, small)], j));
		return v;
	}
	const int64_t s = gone.stride[0];
	for (; j + 3 * step < end; j += 4 * step) {
		const T a = x[j * s], b = x[(j + step) * s], c = x[(j + 2 * step) * s], d = x[(j + 3 * step) * s];
		v = op(v, op(op(Op::take(a, j), Op::take(b, j + step)), op(Op::take(c, j + 2 * step), Op::take(d, j + 3 * step))));
	}
	for (; j < end; j += step)
		v = op(v, Op::take(x[j * s], j));
	return v;
}

template <class T, class Op, class Out>
__global__ void __launch_bounds__(CU_BLOCK) k_teams(cu_reduction q, Out out)
{
	const int size = q.width, lane = (int)threadIdx.x & (size - 1), teams = CU_BLOCK / size;
	const bool small = cu_small(q.n);
	for (int64_t first = (int64_t)blockIdx.x * teams; first < q.n; first += (int64_t)gridDim.x * teams) {
		const int64_t i = first + (int)threadIdx.x / size;
		typename Op::value v = Op::none();
		if (i < q.n)
			v = join_some((const T *)q.kept.data + cu_place(q.kept, i, small), q, lane, q.m, size, Op());
		v = cu_team_join(v, size, Op());
		if (lane == 0 && i < q.n)
			out.put(0, i, v);
	}
}

/* Blocks x are tiles of columns, blocks y parts. */
template <class T, class Op, class Out>
__global__ void __launch_bounds__(CU_BLOCK) k_tiles(cu_reduction q, Out out)
{
	const int column = (int)threadIdx.x & (q.width - 1), row = (int)threadIdx.x / q.width, rows = CU_BLOCK / q.width;
	const int64_t begin = blockIdx.y * q.part, end = begin + q.part < q.m ? begin + q.part : q.m;
	const bool small = cu_small(q.n);
	for (int64_t first = (int64_t)blockIdx.x * q.width; first < q.n; first += (int64_t)gridDim.x * q.width) {
		const int64_t i = first + column;
		typename Op::value v = Op::none();
		if (i < q.n)
			v = join_some((const T *)q.kept.data + cu_place(q.kept, i, small), q, begin + row, end, rows, Op());
		v = cu_tile_join(v, q.width, Op());
		if (row == 0 && i < q.n)
			out.put(blockIdx.y, i, v);
	}
}

template <class T, class Op, class Out>
cudaError_t launch(const cu_reduction *q, Out out, cudaStream_t stream)
{
	if (q->teams)
		return CU_LAUNCH((k_teams<T, Op, Out>), cu_team_blocks(q->n, q->width), CU_BLOCK, 0, stream, *q, out);
	const int64_t tiles = (q->n + q->width - 1) / q->width, most = 1 << 20;
	return CU_LAUNCH((k_tiles<T, Op, Out>), dim3((unsigned)(tiles < most ? tiles : most), (unsigned)q->parts), CU_BLOCK, 0, stream, *q,
			 out);
}

template <class Op, class Out>
cudaError_t launch_typed(const cu_reduction *q, Out out, cudaStream_t stream)
{
	return cu_by_type(q->kept.dtype, [&](auto type) { return launch<decltype(type), Op>(q, out, stream); });
}

} // namespace

extern "C" cudaError_t cu_reduce(const struct cu_reduction *q, enum cu_join join, float *units, struct cu_view y, float scale,
				 cudaStream_t stream)
{
	if (units) {
		const to_units<float> out = {units, q->n};
		return join == CU_MAX ? launch_typed<largest>(q, out, stream) : launch_typed<total>(q, out, stream);
	}
	const to_view out = {y, scale, cu_small(q->n)};
	return join == CU_MAX ? launch_typed<largest>(q, out, stream) : launch_typed<total>(q, out, stream);
}

/* ---- places of maxima ---- */

extern "C" cudaError_t cu_first_max(const struct cu_reduction *q, uint64_t *keys, cudaStream_t stream)
{
	return launch_typed<first_largest>(q, to_units<uint64_t>{keys, q->n}, stream);
}

extern "C" cudaError_t cu_join_keys(const struct cu_reduction *q, uint64_t *best, cudaStream_t stream)
{
	return launch<uint64_t, first_largest>(q, to_units<uint64_t>{best, q->n}, stream);
}

namespace {

__device__ inline int64_t place_of_first(const cu_view &kept, const cu_view &gone, int64_t i, uint64_t key, bool small)
{
	return cu_place(kept, i, small) + cu_place(gone, cu_first_place(key), small);
}

__global__ void __launch_bounds__(CU_BLOCK) k_max_dx(const uint64_t *__restrict__ best, int64_t n, cu_view dy, cu_view kept, cu_view gone,
						       bool small)
{
	CU_EACH(i, n)
		cu_put(kept.data, kept.dtype, place_of_first(kept, gone, i, best[i], small), cu_get(dy.data, dy.dtype, cu_place(dy, i, small)));
}

__global__ void __launch_bounds__(CU_BLOCK) k_max_pick(const uint64_t *__restrict__ best, int64_t n, cu_view y, cu_view kept, cu_view gone,
							 bool small)
{
	CU_EACH(i, n)
		cu_put(y.data, y.dtype, cu_place(y, i, small), cu_get(kept.data, kept.dtype, place_of_first(kept, gone, i, best[i], small)));
}

} // namespace

extern "C" cudaError_t cu_max_dx(const uint64_t *best, int64_t n, struct cu_view dy, struct cu_view dx_kept, struct cu_view dx_gone,
				 cudaStream_t stream)
{
	return CU_LAUNCH(k_max_dx, cu_blocks(n), CU_BLOCK, 0, stream, best, n, dy, dx_kept, dx_gone,
			 cu_small(n));
}

extern "C" cudaError_t cu_max_pick(const uint64_t *best, int64_t n, struct cu_view y, struct cu_view v_kept, struct cu_view v_gone,
				   cudaStream_t stream)
{
	return CU_LAUNCH(k_max_pick, cu_blocks(n), CU_BLOCK, 0, stream, best, n, y, v_kept, v_gone,
			 cu_small(n));
}

/* ---- expand ---- */

namespace {

template <class W> __device__ inline void copy(W *y, W x) { *y = x; }
__device__ inline void copy(bf16 *y, float x) { cu_assign(y, x); }
__device__ inline void copy(f16 *y, float x) { cu_assign(y, x); }
__device__ inline void copy(float *y, bf16 x) { *y = cu_value(x); }
__device__ inline void copy(float *y, f16 x) { *y = cu_value(x); }

template <class Y, class X>
__global__ void __launch_bounds__(CU_BLOCK) k_expand(Y *__restrict__ y, int64_t n, cu_view x)
{
	const bool small = cu_small(n);
	CU_EACH(i, n)
		copy(y + i, ((const X *)x.data)[cu_place(x, i, small)]);
}

template <class Y, class X>
cudaError_t expand(struct cu_array y, int64_t n, const cu_view &x, cudaStream_t stream)
{
	return CU_LAUNCH((k_expand<Y, X>), cu_blocks(n), CU_BLOCK, 0, stream, (Y *)y.data, n, x);
}

} // namespace

extern "C" cudaError_t cu_expand(struct cu_array y, int64_t n, struct cu_view x, int word, cudaStream_t stream)
{
	switch (word) {
	case 16: return expand<uint4, uint4>(y, n, x, stream);
	case 4: return expand<uint32_t, uint32_t>(y, n, x, stream);
	case 2: return expand<uint16_t, uint16_t>(y, n, x, stream);
	case 1: return expand<uint8_t, uint8_t>(y, n, x, stream);
	default: break;
	}
	if (y.dtype == CU_BF16 && x.dtype == CU_F32)
		return expand<bf16, float>(y, n, x, stream);
	if (y.dtype == CU_F16 && x.dtype == CU_F32)
		return expand<f16, float>(y, n, x, stream);
	if (y.dtype == CU_F32 && x.dtype == CU_BF16)
		return expand<float, bf16>(y, n, x, stream);
	if (y.dtype == CU_F32 && x.dtype == CU_F16)
		return expand<float, f16>(y, n, x, stream);
	return cudaErrorInvalidValue;
}
