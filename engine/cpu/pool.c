#include "engine/cpu/pool.h"

#include <math.h>

#include "base/cpu_clones.h"

/* Channels-last: windows are walked tap by tap, channels are the vector, in blocks that stay in the
 * first-level cache. */
enum { BLOCK = 256 };

/* The part of a window inside the picture, and the row and column lengths of the picture in elements. */
struct window {
	int h0, h1, w0, w1;
	int64_t row, col;
};

static int larger(int a, int b)
{
	return a > b ? a : b;
}
static int smaller(int a, int b)
{
	return a < b ? a : b;
}

static struct window window_at(const struct pool_conf *k, int h, int w)
{
	const int h0 = h * k->stride - k->pad, w0 = w * k->stride - k->pad;
	return (struct window){
		larger(h0, 0),
		smaller(h0 + k->kernel, k->x.d[2]),
		larger(w0, 0),
		smaller(w0 + k->kernel, k->x.d[3]),
		(int64_t)k->x.d[3] * k->x.d[1],
		k->x.d[1],
	};
}

static void check(const struct tensor *t, const char *op)
{
	BUG_IF(t->layout != CHANNELS_LAST || t->shape.n_dim != 4, "%s of a tensor that is not channels-last",
	       op);
	BUG_IF(t->dtype != F32 && t->dtype != BF16, "%s of %s", op, dtype_name(t->dtype));
}

static const void *at_element(const struct tensor *t, int64_t i)
{
	return (const char *)t->data + i * (int64_t)dtype_size(t->dtype);
}

/* ---- maximum: m[c] and where, as the offset of the tap in the picture (first at a tie; a NaN wins) ---- */

INLINE void max_body(float *m, int32_t *tap, const void *x, bool half, const struct window *v, int n)
{
#pragma omp simd
	for (int c = 0; c < n; c++) {
		m[c] = -INFINITY;
		tap[c] = (int32_t)(v->h0 * v->row + v->w0 * v->col);
	}
	for (int h = v->h0; h < v->h1; h++)
		for (int w = v->w0; w < v->w1; w++) {
			const int64_t at = h * v->row + w * v->col;
#pragma omp simd
			for (int c = 0; c < n; c++) {
				const float a = half_get(x, half, at + c), b = m[c];
				const bool take = (a > b) | ((a != a) & (b == b));
				m[c] = take ? a : b;
				tap[c] = take ? (int32_t)at : tap[c];
			}
		}
}

static CPU_CLONES void window_max(float *m, int32_t *tap, const void *x, bool half, const struct window *v,
				  int n)
{
	if (half)
		max_body(m, tap, x, true, v, n);
	else
		max_body(m, tap, x, false, v, n);
}

/* m alone. */
INLINE void max_value_body(float *m, const void *x, bool half, const struct window *v, int n)
{
#pragma omp simd
	for (int c = 0; c < n; c++)
		m[c] = -INFINITY;
	for (int h = v->h0; h < v->h1; h++)
		for (int w = v->w0; w < v->w1; w++) {
			const int64_t at = h * v->row + w * v->col;
#pragma omp simd
			for (int c = 0; c < n; c++) {
				const float a = half_get(x, half, at + c), b = m[c];
				m[c] = ((a > b) | (a != a)) ? a : b;
			}
		}
}

static CPU_CLONES void window_max_value(float *m, const void *x, bool half, const struct window *v, int n)
{
	if (half)
		max_value_body(m, x, true, v, n);
	else
		max_value_body(m, x, false, v, n);
}

/* A window holds at least one pixel, so 0 never wins by itself. */
static CPU_CLONES void window_max_bytes(uint8_t *m, const uint8_t *x, const struct window *v, int n)
{
#pragma omp simd
	for (int c = 0; c < n; c++)
		m[c] = 0;
	for (int h = v->h0; h < v->h1; h++)
		for (int w = v->w0; w < v->w1; w++) {
			const uint8_t *a = x + h * v->row + w * v->col;
#pragma omp simd
			for (int c = 0; c < n; c++)
				m[c] = a[c] > m[c] ? a[c] : m[c];
		}
}

/* y[c] = v at its tap */
static CPU_CLONES void window_pick(float *y, const int32_t *tap, const void *v, bool half,
				   const struct window *k, int n)
{
	for (int h = k->h0; h < k->h1; h++)
		for (int w = k->w0; w < k->w1; w++) {
			const int64_t at = h * k->row + w * k->col;
			for (int c = 0; c < n; c++)
				if (tap[c] == at)
					y[c] = half_get(v, half, at + c);
		}
}

/* d at each channel's tap += dy[c] */
static CPU_CLONES void window_add_at(float *d, const int32_t *tap, const float *dy, const struct window *v,
				     int n)
{
	for (int h = v->h0; h < v->h1; h++)
		for (int w = v->w0; w < v->w1; w++) {
			const int64_t at = h * v->row + w * v->col;
			float *p = d + at;
#pragma omp simd
			for (int c = 0; c < n; c++)
				p[c] += tap[c] == (int32_t)at ? dy[c] : 0.0f;
		}
}

/* ---- sums ---- */

INLINE void sum_body(float *s, const void *x, bool half, const struct window *v, int n, float scale)
{
#pragma omp simd
	for (int c = 0; c < n; c++)
		s[c] = 0;
	for (int h = v->h0; h < v->h1; h++)
		for (int w = v->w0; w < v->w1; w++) {
			const int64_t at = h * v->row + w * v->col;
#pragma omp simd
			for (int c = 0; c < n; c++)
				s[c] += half_get(x, half, at + c);
		}
#pragma omp simd
	for (int c = 0; c < n; c++)
		s[c] *= scale;
}

static CPU_CLONES void window_sum(float *s, const void *x, bool half, const struct window *v, int n,
				  float scale)
{
	if (half)
		sum_body(s, x, true, v, n, scale);
	else
		sum_body(s, x, false, v, n, scale);
}

/* ---- kernels: one row of output pixels at a time ---- */

enum what { MAX_VALUE, MAX_PICK, AVERAGE };

/* Output row (n, h); from: picked values (MAX_PICK). */
static void pool_row(const struct kernel_run *r, enum what what, const struct tensor *x,
		     const struct tensor *from, int row)
{
	const struct pool_conf *k = r->conf;
	const struct tensor *y = &r->out[0];
	const int C = y->shape.d[1], H = y->shape.d[2], W = y->shape.d[3], n = row / H, h = row % H;
	const float scale = 1.0f / (float)(k->kernel * k->kernel);
	const bool half = x->dtype == BF16;
	float buf[BLOCK] __attribute__((aligned(64))), m[BLOCK] __attribute__((aligned(64)));
	int32_t tap[BLOCK];
	for (int w = 0; w < W; w++) {
		const struct window v = window_at(k, h, w);
		for (int c = 0; c < C; c += BLOCK) {
			const int block = smaller(BLOCK, C - c);
			const int64_t at = n * x->stride[0] + c,
				      to = n * y->stride[0] + h * y->stride[2] + w * y->stride[3] + c;
			float *out = chunk_out(y, to, buf);
			if (what == MAX_VALUE) {
				window_max_value(out, at_element(x, at), half, &v, block);
			} else if (what == AVERAGE) {
				window_sum(out, at_element(x, at), half, &v, block, scale);
			} else {
				window_max(m, tap, at_element(x, at), half, &v, block);
				window_pick(out, tap, at_element(from, at), from->dtype == BF16, &v, block);
			}
			chunk_done(y, to, block, out);
		}
	}
}

/* Output row (n, h) of bytes. */
static void bytes_row(const struct kernel_run *r, int row)
{
	const struct tensor *x = &r->in[0], *y = &r->out[0];
	const int C = y->shape.d[1], H = y->shape.d[2], W = y->shape.d[3], n = row / H, h = row % H;
	for (int w = 0; w < W; w++) {
		const struct window v = window_at(r->conf, h, w);
		uint8_t *m = (uint8_t *)y->data + n * y->stride[0] + h * y->stride[2] + w * y->stride[3];
		window_max_bytes(m, (const uint8_t *)x->data + n * x->stride[0], &v, C);
	}
}

static void pool(const struct kernel_run *r, enum what what, const struct tensor *x,
		 const struct tensor *from)
{
	const struct tensor *y = &r->out[0];
	const int rows = y->shape.d[0] * y->shape.d[2];
	check(x, "pool");
	check(y, "pool");
#pragma omp parallel for schedule(static) if (shape_count(&x->shape) > SMALL)
	for (int row = 0; row < rows; row++)
		pool_row(r, what, x, from, row);
}

static void run_max_pool(const struct kernel_run *r)
{
	const struct tensor *x = &r->in[0], *y = &r->out[0];
	const int rows = y->shape.d[0] * y->shape.d[2];
	if (y->dtype == U8) {
#pragma omp parallel for schedule(static) if (shape_count(&x->shape) > SMALL)
		for (int row = 0; row < rows; row++)
			bytes_row(r, row);
		return;
	}
	check(x, "pool");
	check(y, "pool");
	if (pool_pairs_fit(r->conf) && x->dtype == y->dtype)
		pool_pairs(x, y);
	else
		pool(r, MAX_VALUE, x, NULL);
}

/* (v, x) */
static void run_max_pool_pick(const struct kernel_run *r)
{
	check(&r->in[0], "pool");
	pool(r, MAX_PICK, &r->in[1], &r->in[0]);
}

static void run_avg_pool(const struct kernel_run *r)
{
	pool(r, AVERAGE, &r->in[0], NULL);
}

/* Gradient of channels c..c+block of picture n into f32 memory d, which has the picture's strides and is
 * zero. */
static void max_dx_block(const struct kernel_run *r, int n, int c, int block, float *d)
{
	const struct tensor *dy = &r->in[0], *x = &r->in[1];
	const int H = dy->shape.d[2], W = dy->shape.d[3];
	float m[BLOCK] __attribute__((aligned(64))), buf[BLOCK] __attribute__((aligned(64)));
	int32_t tap[BLOCK];
	for (int h = 0; h < H; h++)
		for (int w = 0; w < W; w++) {
			const struct window v = window_at(r->conf, h, w);
			const int64_t from = n * dy->stride[0] + h * dy->stride[2] + w * dy->stride[3] + c;
			const float *g = chunk_in(dy, from, block, buf);
			window_max(m, tap, at_element(x, n * x->stride[0] + c), x->dtype == BF16, &v, block);
			window_add_at(d + c, tap, g, &v, block);
		}
}

static bool dx_of_pairs(const void *conf, const struct tensor *in, const struct tensor *dx)
{
	return pool_pairs_fit(conf) && in[0].dtype == dx->dtype && in[1].dtype == dx->dtype;
}

/* Windows may overlap, so their sum is made in f32: in dx itself, or in scratch. */
static enum status describe_max_pool_dx(const struct kernel_case *c, struct kernel_plan *p, struct err *e)
{
	const struct tensor *dx = &c->out[0];
	(void)e;
	p->inplace = -1;
	if (dx->dtype != F32 && !dx_of_pairs(c->call->conf, c->in, dx))
		p->scratch = (size_t)dx->shape.d[0] * (size_t)dx->stride[0] * sizeof(float);
	return OK;
}

static void run_max_pool_dx(const struct kernel_run *r)
{
	const struct tensor *dx = &r->out[0];
	const int N = dx->shape.d[0], C = dx->shape.d[1];
	const int64_t each = dx->stride[0], blocks = div_up(C, BLOCK);
	check(&r->in[0], "pool");
	check(&r->in[1], "pool");
	check(dx, "pool");
	if (dx_of_pairs(r->conf, r->in, dx)) {
		pool_pairs_dx(&r->in[0], &r->in[1], dx);
		return;
	}
	float *sum = dx->dtype == F32 ? dx->data : r->scratch;
	fill_all(sum, F32, 0, N * each);
#pragma omp parallel for schedule(static) if (N * each > SMALL)
	for (int64_t u = 0; u < N * blocks; u++) {
		const int n = (int)(u / blocks), c = (int)(u % blocks) * BLOCK;
		max_dx_block(r, n, c, smaller(BLOCK, C - c), sum + n * each);
	}
	if (dx->dtype == F32)
		return;
#pragma omp parallel for schedule(static) if (N * each > SMALL)
	for (int64_t at = 0; at < N * each; at += CHUNK)
		f32_store(dx->data, dx->dtype, at, sum + at, min_i64(CHUNK, N * each - at));
}

/* Each input pixel collects from the windows that hold it: a window over the output picture. */
static struct window holders(const struct pool_conf *k, const struct tensor *dy, int h, int w)
{
	const int top = h + k->pad - k->kernel + 1, left = w + k->pad - k->kernel + 1;
	return (struct window){
		top <= 0 ? 0 : (top + k->stride - 1) / k->stride,
		smaller((h + k->pad) / k->stride + 1, dy->shape.d[2]),
		left <= 0 ? 0 : (left + k->stride - 1) / k->stride,
		smaller((w + k->pad) / k->stride + 1, dy->shape.d[3]),
		dy->stride[2],
		dy->stride[3],
	};
}

static void avg_dx_row(const struct kernel_run *r, int row)
{
	const struct pool_conf *k = r->conf;
	const struct tensor *dy = &r->in[0], *dx = &r->out[0];
	const int C = dx->shape.d[1], H = dx->shape.d[2], W = dx->shape.d[3], n = row / H, h = row % H;
	const float scale = 1.0f / (float)(k->kernel * k->kernel);
	float buf[BLOCK] __attribute__((aligned(64)));
	for (int w = 0; w < W; w++) {
		const struct window v = holders(k, dy, h, w);
		for (int c = 0; c < C; c += BLOCK) {
			const int block = smaller(BLOCK, C - c);
			const int64_t to = n * dx->stride[0] + h * dx->stride[2] + w * dx->stride[3] + c;
			float *out = chunk_out(dx, to, buf);
			window_sum(out, at_element(dy, n * dy->stride[0] + c), dy->dtype == BF16, &v, block,
				   scale);
			chunk_done(dx, to, block, out);
		}
	}
}

static void run_avg_pool_dx(const struct kernel_run *r)
{
	const struct tensor *dx = &r->out[0];
	const int rows = dx->shape.d[0] * dx->shape.d[2];
	check(&r->in[0], "pool");
	check(dx, "pool");
#pragma omp parallel for schedule(static) if (shape_count(&dx->shape) > SMALL)
	for (int row = 0; row < rows; row++)
		avg_dx_row(r, row);
}

const struct kernel cpu_max_pool = {.run = run_max_pool};
const struct kernel cpu_max_pool_dx = {.describe = describe_max_pool_dx, .run = run_max_pool_dx};
const struct kernel cpu_max_pool_pick = {.run = run_max_pool_pick};
const struct kernel cpu_avg_pool = {.run = run_avg_pool};
const struct kernel cpu_avg_pool_dx = {.run = run_avg_pool_dx};
