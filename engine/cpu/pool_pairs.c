/*
 * Max pooling with windows of 2x2 that lie side by side: what most networks have. Each row of windows is one sweep over two
 * rows of the picture, without the bookkeeping of windows that overlap or leave the picture. The same bits as the general
 * kernels: taps are compared in the same order, the first wins at a tie and a NaN always.
 */
#include "engine/cpu/pool.h"

#include <math.h>
#include <string.h>

#include "base/cpu_clones.h"

bool pool_pairs_fit(const struct pool_conf *k)
{
	return k->kernel == 2 && k->stride == 2 && k->pad == 0 && !k->ceil;
}

/* ---- values: W windows of C channels from the rows x0, x1 ---- */

INLINE float later(float m, float a)
{
	return ((a > m) | (a != a)) ? a : m;
}

INLINE void values_body(void *y, const void *x0, const void *x1, bool half, int W, int C)
{
	for (int64_t w = 0; w < W; w++) {
		const int64_t a = 2 * w * C, b = a + C, to = w * C;
#pragma omp simd
		for (int64_t c = 0; c < C; c++) {
			float m = later(-INFINITY, half_get(x0, half, a + c));
			m = later(m, half_get(x0, half, b + c));
			m = later(m, half_get(x1, half, a + c));
			half_set(y, half, to + c, later(m, half_get(x1, half, b + c)));
		}
	}
}

static CPU_CLONES void values_f32(void *y, const void *x0, const void *x1, int W, int C)
{
	values_body(y, x0, x1, false, W, C);
}

static CPU_CLONES void values_bf16(void *y, const void *x0, const void *x1, int W, int C)
{
	values_body(y, x0, x1, true, W, C);
}

/* ---- gradients: dy at the first largest tap, 0 at the others ---- */

/*
 * Choices by bits: all ones where a takes the place of m, then one of two numbers. Written with ?: the compiler makes
 * branches of them, and no vectors.
 */
INLINE uint32_t beats(float a, float m)
{
	return -(uint32_t)((a > m) | ((a != a) & (m == m)));
}

INLINE float chosen(uint32_t yes, float a, float b)
{
	union {
		float f;
		uint32_t u;
	} v = {a}, w = {b};
	v.u = (v.u & yes) | (w.u & ~yes);
	return v.f;
}

INLINE void gradients_body(void *d0, void *d1, const void *dy, const void *x0, const void *x1, bool half, int W, int C)
{
	for (int64_t w = 0; w < W; w++) {
		const int64_t a = 2 * w * C, b = a + C, from = w * C;
#pragma omp simd
		for (int64_t c = 0; c < C; c++) {
			const float g = 0.0f + half_get(dy, half, from + c); /* no -0: the general kernel adds to 0 */
			const float p = half_get(x0, half, a + c), q = half_get(x0, half, b + c);
			const float s = half_get(x1, half, a + c), t = half_get(x1, half, b + c);
			const uint32_t take_q = beats(q, p);
			const float pq = chosen(take_q, q, p);
			const uint32_t take_s = beats(s, pq), take_t = beats(t, chosen(take_s, s, pq));
			half_set(d0, half, a + c, chosen(take_q | take_s | take_t, 0, g));
			half_set(d0, half, b + c, chosen(take_q & ~take_s & ~take_t, g, 0));
			half_set(d1, half, a + c, chosen(take_s & ~take_t, g, 0));
			half_set(d1, half, b + c, chosen(take_t, g, 0));
		}
	}
}

static CPU_CLONES void gradients_f32(void *d0, void *d1, const void *dy, const void *x0, const void *x1, int W, int C)
{
	gradients_body(d0, d1, dy, x0, x1, false, W, C);
}

static CPU_CLONES void gradients_bf16(void *d0, void *d1, const void *dy, const void *x0, const void *x1, int W, int C)
{
	gradients_body(d0, d1, dy, x0, x1, true, W, C);
}

/* ---- rows ---- */

static char *row_of(const struct tensor *t, int n, int h)
{
	return (char *)t->data + (n * t->stride[0] + h * t->stride[2]) * (int64_t)dtype_size(t->dtype);
}

void pool_pairs(const struct tensor *x, const struct tensor *y)
{
	const int C = y->shape.d[1], H = y->shape.d[2], W = y->shape.d[3], rows = y->shape.d[0] * H;
#pragma omp parallel for schedule(static) if (shape_count(&x->shape) > SMALL)
	for (int row = 0; row < rows; row++) {
		const int n = row / H, h = row % H;
		const char *x0 = row_of(x, n, 2 * h), *x1 = row_of(x, n, 2 * h + 1);
		if (x->dtype == BF16)
			values_bf16(row_of(y, n, h), x0, x1, W, C);
		else
			values_f32(row_of(y, n, h), x0, x1, W, C);
	}
}

/* Bytes from..to of row h of picture n. */
static void clear(const struct tensor *t, int n, int h, size_t from, size_t to)
{
	if (to > from)
		memset(row_of(t, n, h) + from, 0, to - from);
}

void pool_pairs_dx(const struct tensor *dy, const struct tensor *x, const struct tensor *dx)
{
	const int C = dy->shape.d[1], H = dy->shape.d[2], W = dy->shape.d[3], rows = dy->shape.d[0] * H;
	const int below = dx->shape.d[2] - 2 * H; /* rows that no window holds: 0 or 1 */
	const size_t each = (size_t)C * dtype_size(dx->dtype), held = 2 * (size_t)W * each, all = (size_t)dx->shape.d[3] * each;
#pragma omp parallel for schedule(static) if (shape_count(&dx->shape) > SMALL)
	for (int row = 0; row < rows; row++) {
		const int n = row / H, h = row % H;
		const char *x0 = row_of(x, n, 2 * h), *x1 = row_of(x, n, 2 * h + 1);
		char *d0 = row_of(dx, n, 2 * h), *d1 = row_of(dx, n, 2 * h + 1);
		if (dx->dtype == BF16)
			gradients_bf16(d0, d1, row_of(dy, n, h), x0, x1, W, C);
		else
			gradients_f32(d0, d1, row_of(dy, n, h), x0, x1, W, C);
		clear(dx, n, 2 * h, held, all);
		clear(dx, n, 2 * h + 1, held, all);
		if (below && h == H - 1)
			clear(dx, n, 2 * H, 0, all);
	}
}
