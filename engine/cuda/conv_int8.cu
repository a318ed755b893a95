/* Convolution of bytes. Directly, a block makes SIDE outputs at SIDE places, a thread one output at PLACES of them. */
#include "engine/cuda/quant.cuh"

namespace {

enum { SIDE = 32, PLACES = SIDE * SIDE / CU_BLOCK };

/* A place of the result and the corner of its window in the picture. */
struct place {
	int64_t picture; /* where channel 0 of the picture begins */
	int h, w;
	bool here;
};
__device__ inline place place_at(const cu_conv_int8 &k, int64_t i)
{
	place p = {0, 0, 0, i < (int64_t)k.N * k.out_h * k.out_w};
	p.w = (int)cu_split(&i, k.out_w) * k.stride - k.pad;
	p.h = (int)cu_split(&i, k.out_h) * k.stride - k.pad;
	p.picture = i * k.H * k.W * k.C;
	return p;
}

/* Bytes of one place of the kernel, (i,j), and channels c0..c0+SIDE of a group. Padding is 0. */
__device__ inline void load_bytes(int to[SIDE][SIDE + 1], const cu_conv_int8 &k, const place p[PLACES], int i, int j, int first, int count)
{
	const int c = (int)threadIdx.x % SIDE;
	for (int q = 0; q < PLACES; q++) {
		const int h = p[q].h + i, w = p[q].w + j;
		const bool inside = p[q].here && c < count && h >= 0 && w >= 0 && h < k.H && w < k.W;
		to[c][(int)threadIdx.x / SIDE + q * (CU_BLOCK / SIDE)] = inside ? k.x[p[q].picture + ((int64_t)h * k.W + w) * k.C + first + c] : 0;
	}
}

/* The weights that go with them, of outputs o.. of the group; outputs: how many there are. */
__device__ inline void load_weights(int to[SIDE][SIDE + 1], const cu_conv_int8 &k, int64_t o, int outputs, int i, int j, int c0, int count)
{
	const int c = (int)threadIdx.x % SIDE;
	const int64_t each = k.C / k.groups;
	for (int q = (int)threadIdx.x / SIDE; q < SIDE; q += CU_BLOCK / SIDE)
		to[c][q] = c < count && q < outputs ? k.w[(((o + q) * each + c0 + c) * k.kernel_h + i) * k.kernel_w + j] : 0;
}

__device__ inline void put_result(const cu_conv_int8 &k, int64_t at, int64_t o, int sum)
{
	double v = (double)sum * k.x_scale * (double)k.scale[o];
	if (k.bias)
		v += (double)k.bias[o];
	if (k.residual.data)
		v += (double)cu_get(k.residual, at) * (k.residual.dtype == CU_U8 ? k.residual_scale : 1);
	if (k.relu && v < 0)
		v = 0;
	if (k.y.dtype == CU_U8)
		((uint8_t *)k.y.data)[at] = (uint8_t)cu_to_step(v / k.y_scale, 0, 255);
	else
		cu_put(k.y, at, (float)v);
}

/* Tiles: those of a group's outputs fastest, then groups, then places, so that blocks beside each other read the same pictures. */
__global__ void k_conv_int8(cu_conv_int8 k, int64_t tiles)
{
	CU_SHARED(int, bytes, [SIDE][SIDE + 1]);
	CU_SHARED(int, weights, [SIDE][SIDE + 1]);
	const int each = k.C / k.groups, group_outputs = k.O / k.groups, lane = (int)threadIdx.x % SIDE, row = (int)threadIdx.x / SIDE;
	for (int64_t tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
		int64_t rest = tile;
		const int o0 = (int)cu_split(&rest, (group_outputs + SIDE - 1) / SIDE) * SIDE, group = (int)cu_split(&rest, k.groups);
		const int outputs = min(SIDE, group_outputs - o0);
		const int64_t o = (int64_t)group * group_outputs + o0;
		place p[PLACES];
		int sum[PLACES] = {0};
		for (int q = 0; q < PLACES; q++)
			p[q] = place_at(k, rest * SIDE + row + q * (CU_BLOCK / SIDE));
		for (int i = 0; i < k.kernel_h; i++)
			for (int j = 0; j < k.kernel_w; j++)
				for (int c0 = 0; c0 < each; c0 += SIDE) {
					const int count = min(SIDE, each - c0);
					__syncthreads(); /* the last ones have been read */
					load_bytes(bytes, k, p, i, j, group * each + c0, count);
					load_weights(weights, k, o, outputs, i, j, c0, count);
					__syncthreads();
					for (int c = 0; c < count; c++)
						for (int q = 0; q < PLACES; q++)
							sum[q] += bytes[c][row + q * (CU_BLOCK / SIDE)] * weights[c][lane];
				}
		for (int q = 0; q < PLACES; q++)
			if (p[q].here && lane < outputs)
				put_result(k, (rest * SIDE + row + q * (CU_BLOCK / SIDE)) * k.O + o + lane, o + lane, sum[q]);
	}
}

/* ---- around products ---- */

/* Bytes as they are less 128, so many at a time. */
__device__ inline uint8_t less_128(uint8_t x)
{
	return x ^ 0x80;
}
__device__ inline uint4 less_128(uint4 x)
{
	const uint32_t each = 0x80808080;
	return {x.x ^ each, x.y ^ each, x.z ^ each, x.w ^ each};
}

/* n threads, one for an element of a row. C and ld in elements of T. */
template <class T>
__global__ void k_rows_int8(cu_conv_int8 k, const T *x, int ld, int64_t n, T *rows)
{
	CU_EACH(i, n) {
		int64_t picture = i;
		const int at = (int)cu_split(&picture, ld), ow = (int)cu_split(&picture, k.out_w), oh = (int)cu_split(&picture, k.out_h);
		const int tap = at / k.C, h = oh * k.stride + tap / k.kernel_w - k.pad, w = ow * k.stride + tap % k.kernel_w - k.pad;
		const bool inside = tap < k.kernel_h * k.kernel_w && h >= 0 && h < k.H && w >= 0 && w < k.W;
		rows[i] = less_128(inside ? x[((picture * k.H + h) * k.W + w) * k.C + at % k.C] : T());
	}
}

__global__ void k_form_int8(const int8_t *w, int C, int taps, int ld, int64_t n, int8_t *form)
{
	CU_EACH(i, n) {
		const int at = (int)(i % ld), tap = at / C;
		const int64_t o = i / ld;
		form[i] = tap < taps ? w[(o * C + at % C) * taps + tap] : (int8_t)0;
	}
}

__global__ void k_totals_int8(const int8_t *w, int each, int64_t O, int32_t *totals)
{
	CU_EACH(o, O) {
		int32_t sum = 0;
		for (int i = 0; i < each; i++)
			sum += w[o * each + i];
		totals[o] = sum;
	}
}

__global__ void k_finish_int8(cu_conv_int8 k, int64_t first, int64_t n, const int32_t *sums, const int32_t *totals)
{
	CU_EACH(i, n) {
		const int o = (int)(i % k.O);
		put_result(k, first * k.O + i, o, sums[i] + 128 * totals[o]);
	}
}

} // namespace

extern "C" cudaError_t cu_conv_int8_form(const int8_t *w, int O, int C, int taps, int ld, int8_t *form, int32_t *totals, cudaStream_t stream)
{
	const int64_t n = (int64_t)O * ld;
	const cudaError_t st = CU_LAUNCH(k_form_int8, cu_blocks(n), CU_BLOCK, 0, stream, w, C, taps, ld, n, form);
	return st != cudaSuccess ? st : CU_LAUNCH(k_totals_int8, cu_blocks(O), CU_BLOCK, 0, stream, w, C * taps, (int64_t)O, totals);
}

extern "C" cudaError_t cu_conv_int8_rows(struct cu_conv_int8 k, int first, int count, int ld, int8_t *rows, cudaStream_t stream)
{
	const uint8_t *x = k.x + (int64_t)first * k.H * k.W * k.C;
	const int64_t places = (int64_t)count * k.out_h * k.out_w;
	if (k.C % 16 == 0 && (uintptr_t)x % 16 == 0 && (uintptr_t)rows % 16 == 0) {
		k.C /= 16;
		return CU_LAUNCH((k_rows_int8<uint4>), cu_blocks(places * (ld / 16)), CU_BLOCK, 0, stream, k, (const uint4 *)x, ld / 16, places * (ld / 16),
		                 (uint4 *)rows);
	}
	return CU_LAUNCH((k_rows_int8<uint8_t>), cu_blocks(places * ld), CU_BLOCK, 0, stream, k, x, ld, places * ld, (uint8_t *)rows);
}

extern "C" cudaError_t cu_conv_int8_finish(struct cu_conv_int8 k, int64_t first, int places, const int32_t *sums, const int32_t *totals, cudaStream_t stream)
{
	const int64_t n = (int64_t)places * k.O;
	return CU_LAUNCH(k_finish_int8, cu_blocks(n), CU_BLOCK, 0, stream, k, first, n, sums, totals);
}

extern "C" cudaError_t cu_conv2d_int8(struct cu_conv_int8 k, cudaStream_t stream)
{
	const int64_t places = ((int64_t)k.N * k.out_h * k.out_w + SIDE - 1) / SIDE;
	const int64_t tiles = places * k.groups * ((k.O / k.groups + SIDE - 1) / SIDE), most = 1 << 30;
	return CU_LAUNCH(k_conv_int8, (unsigned)(tiles < most ? tiles : most), CU_BLOCK, 0, stream, k, tiles);
}
