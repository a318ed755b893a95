#include "engine/cpu/winograd_bf16_avx512.h"

#include <string.h>

#include "engine/cpu/dnn.h"
#include "engine/cpu/loops.h"

#ifdef __x86_64__

#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")))
#define BODY AVX512 INLINE

bool winograd_bf16_has(void)
{
	return __builtin_cpu_supports("avx512bf16") && dnn_has_bf16();
}

BODY __m512 wide(const uint16_t *p)
{
	return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(const void *)p)), 16));
}

BODY __m256i narrow(__m512 x)
{
	return (__m256i)_mm512_cvtneps_pbh(x);
}

/* ---- values ---- */

/* The value at a position of a row; zeros beyond it. */
BODY __m512 value_at(const uint16_t *row, int C, int W, int position)
{
	return position < 0 || position >= W ? _mm512_setzero_ps() : wide(row + (int64_t)position * C);
}

/* A tile's row from position `left` on, at LANES_F32 channels after the others. inside: it does not reach beyond its map. */
BODY void input_row(bool inside, const uint16_t *row, int C, int W, int left, uint32_t *v, int64_t step)
{
	for (int c = 0; c < C; c += LANES_F32) {
		__m512 d[4];
#pragma GCC unroll 4
		for (int i = 0; i < 4; i++)
			d[i] = inside ? wide(row + (int64_t)(left + i) * C + c) : value_at(row + c, C, W, left + i);
		const __m256i point[] = {narrow(_mm512_sub_ps(d[0], d[2])), narrow(_mm512_add_ps(d[1], d[2])), narrow(_mm512_sub_ps(d[2], d[1])),
		                         narrow(_mm512_sub_ps(d[1], d[3]))};
#pragma GCC unroll 4
		for (int p = 0; p < ROW_POINTS; p++)
			_mm256_storeu_si256((__m256i *)(void *)(v + p * step + c / 2), point[p]);
	}
}

/* Those of two neighbouring tiles of LANES_F32 channels, whose words follow each other. */
BODY void input_two(const uint16_t *x, uint32_t *v, int64_t step)
{
	__m512 d[6];
#pragma GCC unroll 6
	for (int i = 0; i < 6; i++)
		d[i] = wide(x + i * LANES_F32);
	_mm512_storeu_si512(v, (__m512i)_mm512_cvtne2ps_pbh(_mm512_sub_ps(d[2], d[4]), _mm512_sub_ps(d[0], d[2])));
	_mm512_storeu_si512(v + step, (__m512i)_mm512_cvtne2ps_pbh(_mm512_add_ps(d[3], d[4]), _mm512_add_ps(d[1], d[2])));
	_mm512_storeu_si512(v + 2 * step, (__m512i)_mm512_cvtne2ps_pbh(_mm512_sub_ps(d[4], d[3]), _mm512_sub_ps(d[2], d[1])));
	_mm512_storeu_si512(v + 3 * step, (__m512i)_mm512_cvtne2ps_pbh(_mm512_sub_ps(d[3], d[5]), _mm512_sub_ps(d[1], d[3])));
}

AVX512 void winograd_bf16_input(const struct winograd_bf16 *z, const uint16_t *x, int64_t piece, uint32_t *v)
{
	const int64_t map = piece / z->per_map;
	const int first = (int)(piece % z->per_map) * z->rows - z->pad;
	for (int h = first; h < first + z->rows + TAPS - 1; h++, v += (int64_t)z->across * z->words) {
		const uint16_t *row = x + (map * z->H + h) * z->W * z->C;
		for (int p = 0; p < ROW_POINTS && (h < 0 || h >= z->H); p++)
			memset(v + p * z->v_step, 0, (size_t)(z->across * z->words) * sizeof *v);
		for (int t = 0; t < z->across && h >= 0 && h < z->H; t++) {
			const int left = 2 * t - z->pad;
			uint32_t *to = v + (int64_t)t * z->words;
			if (left < 0 || left + 4 > z->W) {
				input_row(false, row, z->C, z->W, left, to, z->v_step);
			} else if (z->C == LANES_F32 && left + 6 <= z->W && t + 1 < z->across) {
				input_two(row + (int64_t)left * z->C, to, z->v_step);
				t++;
			} else {
				input_row(true, row, z->C, z->W, left, to, z->v_step);
			}
		}
	}
}

/* ---- products ---- */

/* `tiles` tiles times `vectors` vectors of results, the sums in registers. Tiles are reached by threes from one address, which the
   compiler must not take apart: it would want more registers than there are. */
BODY void product_tiles(int tiles, int vectors, const uint32_t *v, int64_t row, const uint32_t *u, int words, float *m)
{
	__m512 sum[MOST_SUMS];
	const int64_t tile = words;
#pragma GCC unroll 24
	for (int i = 0; i < tiles * vectors; i++)
		sum[i] = _mm512_setzero_ps();
	for (int tap = 0; tap < TAPS; tap++, v += row) {
		const uint32_t *three[4] = {v, v + 3 * tile, v + 6 * tile, v + 9 * tile};
#pragma GCC unroll 4
		for (int i = 1; i < 4; i++)
			__asm__("" : "+r"(three[i]));
		for (int k = 0; k < words; k++, u += vectors * LANES_F32) {
			__m512i b[2];
#pragma GCC unroll 2
			for (int q = 0; q < vectors; q++)
				b[q] = _mm512_loadu_si512(u + q * LANES_F32);
#pragma GCC unroll 24
			for (int t = 0; t < tiles; t++) {
				const __m512i a = _mm512_set1_epi32((int)three[t / 3][t % 3 * tile + k]);
#pragma GCC unroll 2
				for (int q = 0; q < vectors; q++)
					sum[t * vectors + q] = _mm512_dpbf16_ps(sum[t * vectors + q], (__m512bh)a, (__m512bh)b[q]);
			}
		}
	}
#pragma GCC unroll 24
	for (int i = 0; i < tiles * vectors; i++)
		_mm512_storeu_ps(m + i * LANES_F32, sum[i]);
}

/* Twelve tiles at a time fill the registers; fewer at the end of a piece. */
BODY void product_points(int vectors, const struct winograd_bf16 *z, const uint32_t *v, const uint32_t *u, float *m)
{
	const int64_t row = (int64_t)z->across * z->words;
	for (int p = 0; p < ROW_POINTS; p++, u += TAPS * z->words * z->width)
		for (int t = 0; t < z->piece_m;) {
			const uint32_t *from = v + p * z->v_step + (int64_t)t * z->words;
			float *to = m + p * z->m_step + t * z->width;
			if (z->piece_m - t >= 12) {
				product_tiles(12, vectors, from, row, u, z->words, to);
				t += 12;
			} else if (z->piece_m - t >= 8) {
				product_tiles(8, vectors, from, row, u, z->words, to);
				t += 8;
			} else {
				product_tiles(4, vectors, from, row, u, z->words, to);
				t += 4;
			}
		}
}

AVX512 void winograd_bf16_product(const struct winograd_bf16 *z, const uint32_t *v, const uint32_t *u, float *m)
{
	if (z->width == LANES_F32)
		product_points(1, z, v, u, m);
	else
		product_points(2, z, v, u, m);
}

/* ---- results ---- */

BODY void output_value(__m512 sum, int o, const struct winograd_bf16_end *end, int64_t at, uint16_t *y)
{
	if (end->bias)
		sum = _mm512_add_ps(sum, _mm512_loadu_ps(end->bias + o));
	if (end->residual)
		sum = _mm512_add_ps(sum, wide(end->residual + at));
	if (end->relu)
		sum = _mm512_max_ps(sum, _mm512_setzero_ps()); /* the second where the first is NaN */
	_mm256_storeu_si256((__m256i *)(void *)(y + at), narrow(sum));
}

AVX512 void winograd_bf16_output(const struct winograd_bf16 *z, const float *m, int64_t piece, int o, const struct winograd_bf16_end *end, uint16_t *y)
{
	const int64_t map = piece / z->per_map;
	const int first = (int)(piece % z->per_map) * z->rows, last = first + z->rows < z->OH ? first + z->rows : z->OH;
	for (int h = first; h < last; h++)
		for (int t = 0; t < z->across; t++, m += z->width)
			for (int q = 0; q < z->width; q += LANES_F32) {
				const int64_t at = ((map * z->OH + h) * z->OW + 2 * t) * z->O + o + q;
				const __m512 m0 = _mm512_loadu_ps(m + q), m1 = _mm512_loadu_ps(m + z->m_step + q);
				const __m512 m2 = _mm512_loadu_ps(m + 2 * z->m_step + q), m3 = _mm512_loadu_ps(m + 3 * z->m_step + q);
				output_value(_mm512_add_ps(_mm512_add_ps(m0, m1), m2), o + q, end, at, y);
				if (2 * t + 1 < z->OW)
					output_value(_mm512_sub_ps(_mm512_sub_ps(m1, m2), m3), o + q, end, at + z->O, y);
			}
}

/* ---- weights ---- */

/* The points of one channel's row of taps, for LANES_F32 results, whose weights lie `step` apart. */
BODY void weight_points(const float *w, int64_t step, bool turned, __m512 u[ROW_POINTS])
{
	const __m512 half = _mm512_set1_ps(0.5f);
	float g[3][LANES_F32];
	for (int o = 0; o < LANES_F32; o++)
		for (int s = 0; s < 3; s++)
			g[turned ? 2 - s : s][o] = w[o * step + s];
	const __m512 g0 = _mm512_loadu_ps(g[0]), g1 = _mm512_loadu_ps(g[1]), g2 = _mm512_loadu_ps(g[2]), ends = _mm512_add_ps(g0, g2);
	u[0] = g0;
	u[1] = _mm512_mul_ps(half, _mm512_add_ps(ends, g1));
	u[2] = _mm512_mul_ps(half, _mm512_sub_ps(ends, g1));
	u[3] = g2;
}

BODY __m512i words_of_pair(__m512 even, __m512 odd)
{
	return _mm512_or_si512(_mm512_cvtepu16_epi32(narrow(even)), _mm512_slli_epi32(_mm512_cvtepu16_epi32(narrow(odd)), 16));
}

AVX512 void winograd_bf16_weights(const struct winograd_bf16 *z, const float *w, int64_t o_step, int64_t c_step, bool turned, int o, uint32_t *u)
{
	const int64_t tap_step = (int64_t)z->words * z->width;
	for (int q = 0; q < z->width; q += LANES_F32)
		for (int k = 0; k < z->words; k++)
			for (int tap = 0; tap < TAPS; tap++) {
				const float *from = w + (o + q) * o_step + 2 * k * c_step + 3 * (turned ? 2 - tap : tap);
				__m512 even[ROW_POINTS], odd[ROW_POINTS];
				weight_points(from, o_step, turned, even);
				weight_points(from + c_step, o_step, turned, odd);
				for (int p = 0; p < ROW_POINTS; p++)
					_mm512_storeu_si512(u + (p * TAPS + tap) * tap_step + (int64_t)k * z->width + q, words_of_pair(even[p], odd[p]));
			}
}

#else

bool winograd_bf16_has(void)
{
	return false;
}

void winograd_bf16_input(const struct winograd_bf16 *z, const uint16_t *x, int64_t piece, uint32_t *v)
{
	(void)z, (void)x, (void)piece, (void)v;
	BUG("no AVX-512");
}

void winograd_bf16_product(const struct winograd_bf16 *z, const uint32_t *v, const uint32_t *u, float *m)
{
	(void)z, (void)v, (void)u, (void)m;
	BUG("no AVX-512");
}

void winograd_bf16_output(const struct winograd_bf16 *z, const float *m, int64_t piece, int o, const struct winograd_bf16_end *end, uint16_t *y)
{
	(void)z, (void)m, (void)piece, (void)o, (void)end, (void)y;
	BUG("no AVX-512");
}

void winograd_bf16_weights(const struct winograd_bf16 *z, const float *w, int64_t o_step, int64_t c_step, bool turned, int o, uint32_t *u)
{
	(void)z, (void)w, (void)o_step, (void)c_step, (void)turned, (void)o, (void)u;
	BUG("no AVX-512");
}

#endif
