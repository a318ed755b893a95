/* Pooling in double; the maximum also of bytes. */
#include "engine/ref/ref.h"

#include <math.h>

#include "engine/build.h"

/* The part of a window that lies inside the picture: [h0,h1) x [w0,w1), never empty. */
struct window {
	int h0, h1, w0, w1;
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
		larger(h0, 0), smaller(h0 + k->kernel, k->x.d[2]), larger(w0, 0), smaller(w0 + k->kernel, k->x.d[3]),
	};
}

/* The first maximum of a window in (h,w) order; a NaN wins, so that it is seen. */
static void find_max(const struct tensor *x, const struct pool_conf *k, int n, int c, int oh, int ow, int *mh,
                     int *mw)
{
	const struct window v = window_at(k, oh, ow);
	double best = -INFINITY;
	*mh = v.h0;
	*mw = v.w0;
	for (int h = v.h0; h < v.h1; h++)
		for (int w = v.w0; w < v.w1; w++) {
			const double a = get_any(x, at4(x, n, c, h, w));
			if (a > best || (isnan(a) && !isnan(best))) {
				best = a;
				*mh = h;
				*mw = w;
			}
		}
}

enum what { VALUE_AT_MAX, ADD_AT_MAX };

/* from (N,C,H,W) read at x's maxima into to (N,C,H',W'), or from (N,C,H',W') added to (N,C,H,W) there. */
static void at_max(const struct tensor *from, const struct tensor *x, const struct tensor *to,
                   const struct pool_conf *k, enum what what)
{
	const struct shape *s = what == VALUE_AT_MAX ? &to->shape : &from->shape;
	for (int n = 0; n < s->d[0]; n++)
		for (int h = 0; h < s->d[2]; h++)
			for (int w = 0; w < s->d[3]; w++)
				for (int c = 0; c < s->d[1]; c++) {
					int mh, mw;
					find_max(x, k, n, c, h, w, &mh, &mw);
					if (what == VALUE_AT_MAX)
						set_any(to, at4(to, n, c, h, w), get_any(from, at4(from, n, c, mh, mw)));
					else
						f64(to)[at4(to, n, c, mh, mw)] += f64(from)[at4(from, n, c, h, w)];
				}
}

static void clear(const struct tensor *t)
{
	double *p = f64(t);
	for (int64_t i = 0, n = shape_count(&t->shape); i < n; i++)
		p[i] = 0;
}

static void max_pool_run(const struct kernel_run *r)
{
	at_max(&r->in[0], &r->in[0], &r->out[0], r->conf, VALUE_AT_MAX);
}

static void max_pool_pick_run(const struct kernel_run *r)
{
	at_max(&r->in[0], &r->in[1], &r->out[0], r->conf, VALUE_AT_MAX);
}

static void max_pool_dx_run(const struct kernel_run *r)
{
	clear(&r->out[0]);
	at_max(&r->in[0], &r->in[1], &r->out[0], r->conf, ADD_AT_MAX);
}

static void avg_pool_run(const struct kernel_run *r)
{
	const struct pool_conf *k = r->conf;
	const struct tensor *x = &r->in[0], *y = &r->out[0];
	const double *p = f64(x);
	for (int n = 0; n < y->shape.d[0]; n++)
		for (int c = 0; c < y->shape.d[1]; c++)
			for (int oh = 0; oh < y->shape.d[2]; oh++)
				for (int ow = 0; ow < y->shape.d[3]; ow++) {
					const struct window v = window_at(k, oh, ow);
					double sum = 0;
					for (int h = v.h0; h < v.h1; h++)
						for (int w = v.w0; w < v.w1; w++)
							sum += p[at4(x, n, c, h, w)];
					f64(y)[at4(y, n, c, oh, ow)] = sum / (k->kernel * k->kernel);
				}
}

static void avg_pool_dx_run(const struct kernel_run *r)
{
	const struct pool_conf *k = r->conf;
	const struct tensor *dy = &r->in[0], *dx = &r->out[0];
	double *p = f64(dx);
	clear(dx);
	for (int n = 0; n < dy->shape.d[0]; n++)
		for (int c = 0; c < dy->shape.d[1]; c++)
			for (int oh = 0; oh < dy->shape.d[2]; oh++)
				for (int ow = 0; ow < dy->shape.d[3]; ow++) {
					const struct window v = window_at(k, oh, ow);
					const double d = f64(dy)[at4(dy, n, c, oh, ow)] / (k->kernel * k->kernel);
					for (int h = v.h0; h < v.h1; h++)
						for (int w = v.w0; w < v.w1; w++)
							p[at4(dx, n, c, h, w)] += d;
				}
}

const struct kernel ref_max_pool = {.run = max_pool_run};
const struct kernel ref_max_pool_dx = {.run = max_pool_dx_run};
const struct kernel ref_max_pool_pick = {.run = max_pool_pick_run};
const struct kernel ref_avg_pool = {.run = avg_pool_run};
const struct kernel ref_avg_pool_dx = {.run = avg_pool_dx_run};
