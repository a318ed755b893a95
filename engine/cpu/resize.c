#include "engine/cpu/loops.h"

#include "base/cpu_clones.h"
#include "engine/build.h"

enum { BLOCK = 256 };

/* y[i] = (1 - part) x[lo] + part x[hi] along one axis. */
struct source {
	int lo, hi;
	float part;
};

static struct source source_of(int i, int in, int out, bool bilinear)
{
	if (!bilinear) {
		const int at = (int)((int64_t)i * in / out);
		return (struct source){at, at, 0};
	}
	double at = (i + 0.5) * in / out - 0.5;
	if (at < 0)
		at = 0;
	const int lo = (int)at;
	return (struct source){lo, lo + 1 < in ? lo + 1 : lo, (float)(at - lo)};
}

static void check(const struct tensor *t)
{
	BUG_IF(t->layout != CHANNELS_LAST || t->shape.n_dim != 4,
	       "resize of a tensor that is not channels-last");
	BUG_IF(t->dtype != F32 && t->dtype != BF16, "resize of %s", dtype_name(t->dtype));
}

/* s[c] += weight x[c]; a weight of 0 is left out, as if there were no such neighbour. */
static CPU_CLONES void add_f32(float *s, const float *x, float weight, int n)
{
#pragma omp simd
	for (int c = 0; c < n; c++)
		s[c] += weight * x[c];
}

static CPU_CLONES void add_bf16(float *s, const uint16_t *x, float weight, int n)
{
#pragma omp simd
	for (int c = 0; c < n; c++)
		s[c] += weight * f32_from_bf16(x[c]);
}

static void add(float *s, const struct tensor *x, int64_t at, float weight, int n)
{
	if (weight == 0)
		return;
	if (x->dtype == BF16)
		add_bf16(s, (const uint16_t *)x->data + at, weight, n);
	else
		add_f32(s, (const float *)x->data + at, weight, n);
}

static int block_of(int C, int c)
{
	return C - c < BLOCK ? C - c : BLOCK;
}

/* ---- resize ---- */

static void resize_row(const struct kernel_run *r, int row)
{
	const struct resize_conf *k = r->conf;
	const struct tensor *x = &r->in[0], *y = &r->out[0];
	const int C = y->shape.d[1], H = y->shape.d[2], W = y->shape.d[3], n = row / H, h = row % H;
	const struct source a = source_of(h, x->shape.d[2], H, k->bilinear);
	const int64_t top = n * x->stride[0] + a.lo * x->stride[2],
		      bottom = n * x->stride[0] + a.hi * x->stride[2];
	for (int w = 0; w < W; w++) {
		const struct source b = source_of(w, x->shape.d[3], W, k->bilinear);
		const int64_t left = b.lo * x->stride[3], right = b.hi * x->stride[3];
		const int64_t to = n * y->stride[0] + h * y->stride[2] + w * y->stride[3];
		for (int c = 0; c < C; c += BLOCK) {
			const int m = block_of(C, c);
			float s[BLOCK] = {0};
			add(s, x, top + left + c, (1 - a.part) * (1 - b.part), m);
			add(s, x, top + right + c, (1 - a.part) * b.part, m);
			add(s, x, bottom + left + c, a.part * (1 - b.part), m);
			add(s, x, bottom + right + c, a.part * b.part, m);
			f32_store(y->data, y->dtype, to + c, s, m);
		}
	}
}

static void run_resize(const struct kernel_run *r)
{
	const struct tensor *y = &r->out[0];
	const int rows = y->shape.d[0] * y->shape.d[2];
	check(&r->in[0]);
	check(y);
#pragma omp parallel for schedule(static) if (shape_count(&y->shape) > SMALL)
	for (int row = 0; row < rows; row++)
		resize_row(r, row);
}

/* ---- resize_dx: each input place collects from the outputs that read it ---- */

/* Outputs first..last-1 may read input i; those that do not have weight 0. */
struct span {
	int first, last;
};

static struct span readers(int i, int in, int out)
{
	const int first = (int)(((int64_t)i - 1) * out / in) - 1,
		  last = (int)(((int64_t)i + 2) * out / in) + 2;
	return (struct span){i == 0 || first < 0 ? 0 : first, i == in - 1 || last > out ? out : last};
}

static float weight_of(int i, int o, int in, int out, bool bilinear)
{
	const struct source s = source_of(o, in, out, bilinear);
	return (s.lo == i ? 1 - s.part : 0) + (s.hi == i ? s.part : 0);
}

static void collect(const struct kernel_run *r, int n, int h, int w, float *s, int c, int m)
{
	const bool bilinear = ((const struct resize_conf *)r->conf)->bilinear;
	const struct tensor *dy = &r->in[0], *dx = &r->out[0];
	const int H = dx->shape.d[2], W = dx->shape.d[3], oH = dy->shape.d[2], oW = dy->shape.d[3];
	const struct span a = readers(h, H, oH), b = readers(w, W, oW);
	for (int oh = a.first; oh < a.last; oh++) {
		const float p = weight_of(h, oh, H, oH, bilinear);
		for (int ow = b.first; p != 0 && ow < b.last; ow++)
			add(s, dy, n * dy->stride[0] + oh * dy->stride[2] + ow * dy->stride[3] + c,
			    p * weight_of(w, ow, W, oW, bilinear), m);
	}
}

static void resize_dx_row(const struct kernel_run *r, int row)
{
	const struct tensor *dx = &r->out[0];
	const int C = dx->shape.d[1], H = dx->shape.d[2], W = dx->shape.d[3], n = row / H, h = row % H;
	for (int w = 0; w < W; w++)
		for (int c = 0; c < C; c += BLOCK) {
			const int m = block_of(C, c);
			float s[BLOCK] = {0};
			collect(r, n, h, w, s, c, m);
			f32_store(dx->data, dx->dtype,
				  n * dx->stride[0] + h * dx->stride[2] + w * dx->stride[3] + c, s, m);
		}
}

static void run_resize_dx(const struct kernel_run *r)
{
	const struct tensor *dy = &r->in[0], *dx = &r->out[0];
	const int rows = dx->shape.d[0] * dx->shape.d[2];
	check(dy);
	check(dx);
#pragma omp parallel for schedule(static) if (shape_count(&dy->shape) > SMALL)
	for (int row = 0; row < rows; row++)
		resize_dx_row(r, row);
}

const struct kernel cpu_resize = {.run = run_resize};
const struct kernel cpu_resize_dx = {.run = run_resize_dx};
