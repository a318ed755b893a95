#include "engine/cpu/winograd_dw_avx512.h"

#include <string.h>

#include "engine/cpu/dnn.h"
#include "engine/cpu/loops.h"

#ifdef __x86_64__

#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")))
#define BODY AVX512 INLINE

bool winograd_dw_has(void)
{
	return __builtin_cpu_supports("avx512bf16") && dnn_has_bf16();
}

/* ---- operands ---- */

/* DW_LANES channels at a position of a row; zeros beyond it. */
BODY __m512 value_at(const uint16_t *row, int channels, int length, int position)
{
	if (position < 0 || position >= length)
		return _mm512_setzero_ps();
	const __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(row + (int64_t)position * channels));
	return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(v), 16));
}

BODY void store_pair(__m512 first, __m512 second, uint32_t *word)
{
	static const uint16_t between[2 * DW_LANES] = {0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23,
	                                               8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
	_mm512_storeu_si512(word, _mm512_permutexvar_epi16(_mm512_loadu_si512(between), (__m512i)_mm512_cvtne2ps_pbh(second, first)));
}

/* The points of two tiles of x. */
BODY void points_of_x(const uint16_t *row, int C, int W, int position, uint32_t *word, int64_t step)
{
	__m512 d[6];
#pragma GCC unroll 6
	for (int i = 0; i < 6; i++)
		d[i] = value_at(row, C, W, position + i);
	store_pair(_mm512_sub_ps(d[0], d[2]), _mm512_sub_ps(d[2], d[4]), word);
	store_pair(_mm512_add_ps(d[1], d[2]), _mm512_add_ps(d[3], d[4]), word + step);
	store_pair(_mm512_sub_ps(d[2], d[1]), _mm512_sub_ps(d[4], d[3]), word + 2 * step);
	store_pair(_mm512_sub_ps(d[1], d[3]), _mm512_sub_ps(d[3], d[5]), word + 3 * step);
}

/* Those of dy; at the middle ones twice what they are, which the taps make up for. */
BODY void points_of_dy(const uint16_t *row, int O, int OW, int position, uint32_t *word, int64_t step)
{
	__m512 d[4];
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++)
		d[i] = value_at(row, O, OW, position + i);
	store_pair(d[0], d[2], word);
	store_pair(_mm512_add_ps(d[0], d[1]), _mm512_add_ps(d[2], d[3]), word + step);
	store_pair(_mm512_sub_ps(d[0], d[1]), _mm512_sub_ps(d[2], d[3]), word + 2 * step);
	store_pair(d[1], d[3], word + 3 * step);
}

AVX512 void winograd_dw_x(const struct winograd_dw *z, const uint16_t *x, int64_t map, int slot, uint32_t *words)
{
	words += (int64_t)slot * z->H * z->pairs * DW_LANES;
	for (int h = 0; h < z->H; h++) {
		const uint16_t *row = x + (map * z->H + h) * z->W * z->C;
		for (int p = 0; p < z->pairs; p++, words += DW_LANES)
			for (int c = 0; c < z->C; c += DW_LANES)
				points_of_x(row + c, z->C, z->W, 4 * p - z->pad, words + c / DW_LANES * DW_POINTS * z->x_step, z->x_step);
	}
}

AVX512 void winograd_dw_dy(const struct winograd_dw *z, const uint16_t *dy, int64_t map, int slot, uint32_t *words)
{
	words += (int64_t)slot * winograd_dw_rows(z) * z->pairs * DW_LANES;
	for (int i = 0; i < winograd_dw_rows(z); i++) {
		const int h = i - (DW_TAPS - 1 - z->pad);
		const int length = h < 0 || h >= z->OH ? 0 : z->OW; /* a row beyond the map has nothing */
		const uint16_t *row = length ? dy + (map * z->OH + h) * z->OW * z->O : dy;
		for (int p = 0; p < z->pairs; p++, words += DW_LANES)
			for (int o = 0; o < z->O; o += DW_LANES)
				points_of_dy(row + o, z->O, length, 4 * p, words + o / DW_LANES * DW_POINTS * z->dy_step, z->dy_step);
	}
}

/* ---- sums ---- */

/* The sums of one point, in registers. */
BODY void block_point(const struct winograd_dw *z, const uint32_t *x, const uint32_t *dy, int maps, float *sum)
{
	const int64_t row = (int64_t)z->pairs * DW_LANES;
	__m512 s[DW_SUMS];
#pragma GCC unroll 24
	for (int i = 0; i < DW_SUMS; i++)
		s[i] = _mm512_loadu_ps(sum + i * DW_LANES);
	for (int n = 0; n < maps; n++, dy += (DW_TAPS - 1) * row)
		for (int64_t word = z->H * row; word > 0; word -= DW_LANES, x += DW_LANES, dy += DW_LANES) {
			__m512i d[DW_TAPS];
#pragma GCC unroll 3
			for (int tap = 0; tap < DW_TAPS; tap++)
				d[tap] = _mm512_loadu_si512(dy + (DW_TAPS - 1 - tap) * row);
#pragma GCC unroll 8
			for (int c = 0; c < DW_DEEP; c++) {
				const __m512i a = _mm512_set1_epi32((int)x[c]);
#pragma GCC unroll 3
				for (int tap = 0; tap < DW_TAPS; tap++)
					s[c * DW_TAPS + tap] = _mm512_dpbf16_ps(s[c * DW_TAPS + tap], (__m512bh)a, (__m512bh)d[tap]);
			}
		}
#pragma GCC unroll 24
	for (int i = 0; i < DW_SUMS; i++)
		_mm512_storeu_ps(sum + i * DW_LANES, s[i]);
}

AVX512 void winograd_dw_block(const struct winograd_dw *z, const uint32_t *x, const uint32_t *dy, int maps, int c, int o, float *sum)
{
	x += c / DW_LANES * DW_POINTS * z->x_step + c % DW_LANES;
	dy += o / DW_LANES * DW_POINTS * z->dy_step;
	for (int p = 0; p < DW_POINTS; p++)
		block_point(z, x + p * z->x_step, dy + p * z->dy_step, maps, sum + (int64_t)p * DW_SUMS * DW_LANES);
}

BODY __m512 sum_of_parts(const float *sum, int parts, int64_t step)
{
	__m512 s = _mm512_loadu_ps(sum);
	for (int i = 1; i < parts; i++)
		s = _mm512_add_ps(s, _mm512_loadu_ps(sum + i * step));
	return s;
}

AVX512 void winograd_dw_taps(const struct winograd_dw *z, const float *sum, int parts, int64_t step, int c, int o, float *dw)
{
	enum { POINT = DW_SUMS * DW_LANES };
	const __m512 half = _mm512_set1_ps(0.5f);
	float taps[DW_SUMS * DW_TAPS][DW_LANES]; /* channel, tap down, tap across: as they lie in dw */
	for (int i = 0; i < DW_SUMS; i++) {
		const __m512 m0 = sum_of_parts(sum + i * DW_LANES, parts, step), m1 = sum_of_parts(sum + POINT + i * DW_LANES, parts, step);
		const __m512 m2 = sum_of_parts(sum + 2 * POINT + i * DW_LANES, parts, step), m3 = sum_of_parts(sum + 3 * POINT + i * DW_LANES, parts, step);
		const __m512 both = _mm512_mul_ps(half, _mm512_add_ps(m1, m2));
		_mm512_storeu_ps(taps[DW_TAPS * i], _mm512_add_ps(m0, both));
		_mm512_storeu_ps(taps[DW_TAPS * i + 1], _mm512_mul_ps(half, _mm512_sub_ps(m1, m2)));
		_mm512_storeu_ps(taps[DW_TAPS * i + 2], _mm512_sub_ps(both, m3));
	}
	for (int q = 0; q < DW_LANES; q++) {
		float *to = dw + ((int64_t)(o + q) * z->C + c) * DW_TAPS * DW_TAPS;
		for (int i = 0; i < DW_SUMS * DW_TAPS; i++)
			to[i] = taps[i][q];
	}
}

#else

bool winograd_dw_has(void)
{
	return false;
}

void winograd_dw_x(const struct winograd_dw *z, const uint16_t *x, int64_t map, int slot, uint32_t *words)
{
	(void)z, (void)x, (void)map, (void)slot, (void)words;
	BUG("no AVX-512");
}

void winograd_dw_dy(const struct winograd_dw *z, const uint16_t *dy, int64_t map, int slot, uint32_t *words)
{
	(void)z, (void)dy, (void)map, (void)slot, (void)words;
	BUG("no AVX-512");
}

void winograd_dw_block(const struct winograd_dw *z, const uint32_t *x, const uint32_t *dy, int maps, int c, int o, float *sum)
{
	(void)z, (void)x, (void)dy, (void)maps, (void)c, (void)o, (void)sum;
	BUG("no AVX-512");
}

void winograd_dw_taps(const struct winograd_dw *z, const float *sum, int parts, int64_t step, int c, int o, float *dw)
{
	(void)z, (void)sum, (void)parts, (void)step, (void)c, (void)o, (void)dw;
	BUG("no AVX-512");
}

#endif
