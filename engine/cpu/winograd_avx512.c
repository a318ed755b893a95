#include "engine/cpu/winograd_avx512.h"

#include <stddef.h>
#include <string.h>

#include "engine/cpu/dnn.h"
#include "engine/cpu/loops.h"

#ifdef __x86_64__

#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512dq")))
#define BODY AVX512 INLINE

bool winograd_has(void)
{
	const unsigned isa = (unsigned)dnnl_get_effective_cpu_isa(), need = (unsigned)dnnl_cpu_isa_avx512_core;
	return (isa & need) == need && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq");
}

/* ---- values ---- */

/* One tile, whose positions lie row and column elements apart: B' d B. */
BODY void input_tile(const float *x, int64_t row, int64_t column, int C, float *v, int64_t step)
{
	for (int c = 0; c < C; c += VECTOR) {
		__m512 t[4][4];
#pragma GCC unroll 4
		for (int j = 0; j < 4; j++) {
			const float *at = x + j * column + c;
			const __m512 d0 = _mm512_loadu_ps(at), d1 = _mm512_loadu_ps(at + row);
			const __m512 d2 = _mm512_loadu_ps(at + 2 * row), d3 = _mm512_loadu_ps(at + 3 * row);
			t[0][j] = _mm512_sub_ps(d0, d2);
			t[1][j] = _mm512_add_ps(d1, d2);
			t[2][j] = _mm512_sub_ps(d2, d1);
			t[3][j] = _mm512_sub_ps(d1, d3);
		}
#pragma GCC unroll 4
		for (int i = 0; i < 4; i++) {
			_mm512_storeu_ps(v + (4 * i) * step + c, _mm512_sub_ps(t[i][0], t[i][2]));
			_mm512_storeu_ps(v + (4 * i + 1) * step + c, _mm512_add_ps(t[i][1], t[i][2]));
			_mm512_storeu_ps(v + (4 * i + 2) * step + c, _mm512_sub_ps(t[i][2], t[i][1]));
			_mm512_storeu_ps(v + (4 * i + 3) * step + c, _mm512_sub_ps(t[i][1], t[i][3]));
		}
	}
}

/* A tile that reaches beyond its map, with zeros there. */
static void gather_edge(const struct winograd *z, const float *map, int top, int left, float *edge)
{
	const size_t bytes = (size_t)z->C * sizeof *edge;
	for (int i = 0; i < 4; i++)
		for (int j = 0; j < 4; j++, edge += z->C) {
			const int h = top + i, w = left + j;
			if (h < 0 || h >= z->H || w < 0 || w >= z->W)
				memset(edge, 0, bytes);
			else
				memcpy(edge, map + ((int64_t)h * z->W + w) * z->C, bytes);
		}
}

AVX512 void winograd_input(const struct winograd *z, const float *x, int64_t first, int n, float *v, float *edge)
{
	const int64_t C = z->C;
	/* rows that are multiplied with the last ones and read by nobody */
	const int rest = (TILE_ROWS - n % TILE_ROWS) % TILE_ROWS;
	for (int k = 0; k < POINTS && rest; k++)
		memset(v + k * z->v_step + n * C, 0, (size_t)(rest * C) * sizeof *v);
	for (int t = 0; t < n; t++, v += C) {
		const int64_t tile = first + t, map = tile / (z->down * z->across);
		const int at = (int)(tile % (z->down * z->across));
		const int top = at / z->across * 2 - z->pad, left = at % z->across * 2 - z->pad;
		const float *from = x + map * z->H * z->W * C;
		if (top >= 0 && left >= 0 && top + 4 <= z->H && left + 4 <= z->W) {
			input_tile(from + ((int64_t)top * z->W + left) * C, z->W * C, C, z->C, v, z->v_step);
		} else {
			gather_edge(z, from, top, left, edge);
			input_tile(edge, 4 * C, C, z->C, v, z->v_step);
		}
	}
}

/* ---- products ---- */

/* `rows` rows of v times `vectors` vectors of results: 16 sums in registers. */
BODY void product_rows(int rows, int vectors, const float *v, const float *u, int C, float *m)
{
	__m512 sum[16];
#pragma GCC unroll 16
	for (int i = 0; i < 16; i++)
		sum[i] = _mm512_setzero_ps();
	for (int c = 0; c < C; c++, u += vectors * VECTOR) {
		__m512 b[2];
#pragma GCC unroll 2
		for (int q = 0; q < vectors; q++)
			b[q] = _mm512_loadu_ps(u + q * VECTOR);
#pragma GCC unroll 16
		for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
			for (int q = 0; q < vectors; q++)
				sum[r * vectors + q] = _mm512_fmadd_ps(_mm512_set1_ps(v[r * C + c]), b[q], sum[r * vectors + q]);
	}
#pragma GCC unroll 16
	for (int i = 0; i < 16; i++)
		_mm512_storeu_ps(m + i * VECTOR, sum[i]);
}

BODY void product_points(int vectors, const struct winograd *z, const float *v, const float *u, int n, float *m)
{
	const int rows = 16 / vectors;
	for (int k = 0; k < POINTS; k++, u += z->C * z->width)
		for (int t = 0; t < n; t += rows)
			product_rows(rows, vectors, v + k * z->v_step + (int64_t)t * z->C, u, z->C, m + k * z->m_step + t * z->width);
}

AVX512 void winograd_product(const struct winograd *z, const float *v, const float *u, int n, float *m)
{
	if (z->width == VECTOR)
		product_points(1, z, v, u, n, m);
	else
		product_points(2, z, v, u, n, m);
}

/* ---- results ---- */

BODY void output_value(__m512 sum, int64_t at, int o, const struct winograd_end *end, float *y)
{
	if (end->bias)
		sum = _mm512_add_ps(sum, _mm512_loadu_ps(end->bias + o));
	if (end->residual)
		sum = _mm512_add_ps(sum, _mm512_loadu_ps(end->residual + at + o));
	if (end->relu)
		sum = _mm512_max_ps(sum, _mm512_setzero_ps()); /* the second where the first is NaN */
	_mm512_storeu_ps(y + at + o, sum);
}

/* A' m A at one vector of results; at[i][j]: where the result's position lies in y, -1: beyond the map. */
BODY void output_tile(const float *m, int64_t step, int64_t at[2][2], int o, const struct winograd_end *end, float *y)
{
	__m512 t[2][4];
#pragma GCC unroll 4
	for (int j = 0; j < 4; j++) {
		const __m512 m0 = _mm512_loadu_ps(m + j * step), m1 = _mm512_loadu_ps(m + (4 + j) * step);
		const __m512 m2 = _mm512_loadu_ps(m + (8 + j) * step), m3 = _mm512_loadu_ps(m + (12 + j) * step);
		t[0][j] = _mm512_add_ps(_mm512_add_ps(m0, m1), m2);
		t[1][j] = _mm512_sub_ps(_mm512_sub_ps(m1, m2), m3);
	}
#pragma GCC unroll 2
	for (int i = 0; i < 2; i++) {
		if (at[i][0] >= 0)
			output_value(_mm512_add_ps(_mm512_add_ps(t[i][0], t[i][1]), t[i][2]), at[i][0], o, end, y);
		if (at[i][1] >= 0)
			output_value(_mm512_sub_ps(_mm512_sub_ps(t[i][1], t[i][2]), t[i][3]), at[i][1], o, end, y);
	}
}

AVX512 void winograd_output(const struct winograd *z, const float *m, int64_t first, int n, int o, const struct winograd_end *end, float *y)
{
	for (int t = 0; t < n; t++, m += z->width) {
		const int64_t tile = first + t, map = tile / (z->down * z->across);
		const int in_map = (int)(tile % (z->down * z->across)), h = in_map / z->across * 2, w = in_map % z->across * 2;
		int64_t at[2][2];
		for (int i = 0; i < 2; i++)
			for (int j = 0; j < 2; j++)
				at[i][j] = h + i < z->OH && w + j < z->OW ? ((map * z->OH + h + i) * z->OW + w + j) * z->O : -1;
		for (int q = 0; q < z->width; q += VECTOR)
			output_tile(m + q, z->m_step, at, o + q, end, y);
	}
}

/* ---- weights ---- */

/* G g G' for one channel and VECTOR results, whose weights lie o_step apart. */
BODY void weight_points(const float *w, int64_t o_step, bool turned, __m512 u[POINTS])
{
	const __m512 half = _mm512_set1_ps(0.5f);
	float g[9][VECTOR];
	__m512 t[4][3];
	for (int o = 0; o < VECTOR; o++)
		for (int k = 0; k < 9; k++)
			g[turned ? 8 - k : k][o] = w[o * o_step + k];
#pragma GCC unroll 3
	for (int j = 0; j < 3; j++) {
		const __m512 g0 = _mm512_loadu_ps(g[j]), g1 = _mm512_loadu_ps(g[3 + j]), g2 = _mm512_loadu_ps(g[6 + j]), ends = _mm512_add_ps(g0, g2);
		t[0][j] = g0;
		t[1][j] = _mm512_mul_ps(half, _mm512_add_ps(ends, g1));
		t[2][j] = _mm512_mul_ps(half, _mm512_sub_ps(ends, g1));
		t[3][j] = g2;
	}
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) {
		const __m512 ends = _mm512_add_ps(t[i][0], t[i][2]);
		u[4 * i] = t[i][0];
		u[4 * i + 1] = _mm512_mul_ps(half, _mm512_add_ps(ends, t[i][1]));
		u[4 * i + 2] = _mm512_mul_ps(half, _mm512_sub_ps(ends, t[i][1]));
		u[4 * i + 3] = t[i][2];
	}
}

AVX512 void winograd_weights(const struct winograd *z, const float *w, int64_t o_step, int64_t c_step, bool turned, int o, float *u)
{
	const int64_t step = (int64_t)z->C * z->width;
	for (int q = 0; q < z->width; q += VECTOR)
		for (int c = 0; c < z->C; c++) {
			__m512 point[POINTS];
			weight_points(w + (o + q) * o_step + c * c_step, o_step, turned, point);
			for (int p = 0; p < POINTS; p++)
				_mm512_storeu_ps(u + p * step + (int64_t)c * z->width + q, point[p]);
		}
}

#else

bool winograd_has(void)
{
	return false;
}

void winograd_input(const struct winograd *z, const float *x, int64_t first, int n, float *v, float *edge)
{
	(void)z, (void)x, (void)first, (void)n, (void)v, (void)edge;
	BUG("no AVX-512");
}

void winograd_product(const struct winograd *z, const float *v, const float *u, int n, float *m)
{
	(void)z, (void)v, (void)u, (void)n, (void)m;
	BUG("no AVX-512");
}

void winograd_output(const struct winograd *z, const float *m, int64_t first, int n, int o, const struct winograd_end *end, float *y)
{
	(void)z, (void)m, (void)first, (void)n, (void)o, (void)end, (void)y;
	BUG("no AVX-512");
}

void winograd_weights(const struct winograd *z, const float *w, int64_t o_step, int64_t c_step, bool turned, int o, float *u)
{
	(void)z, (void)w, (void)o_step, (void)c_step, (void)turned, (void)o, (void)u;
	BUG("no AVX-512");
}

#endif
