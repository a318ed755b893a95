/* Resize in double. */
#include "engine/ref/ref.h"

#include <math.h>

#include "engine/build.h"

/* y[i] = (1 - part) x[lo] + part x[hi]. */
struct source {
	int lo, hi;
	double part;
};

static struct source source_of(int i, int in, int out, int bilinear)
{
	if (!bilinear) {
		const int at = (int)((int64_t)i * in / out);
		return (struct source){at, at, 0};
	}
	const double at = fmax((i + 0.5) * in / out - 0.5, 0);
	const int lo = (int)at;
	return (struct source){lo, lo + 1 < in ? lo + 1 : lo, at - lo};
}

static double between(double a, double b, double part)
{
	return part == 0 ? a : (1 - part) * a + part * b;
}

static void resize_run(const struct kernel_run *r)
{
	const struct resize_conf *k = r->conf;
	const struct tensor *x = &r->in[0], *y = &r->out[0];
	const double *p = f64(x);
	for (int n = 0; n < y->shape.d[0]; n++)
		for (int h = 0; h < k->h; h++)
			for (int w = 0; w < k->w; w++) {
				const struct source a = source_of(h, x->shape.d[2], k->h, k->bilinear);
				const struct source b = source_of(w, x->shape.d[3], k->w, k->bilinear);
				for (int c = 0; c < y->shape.d[1]; c++)
					f64(y)[at4(y, n, c, h, w)] = between(
						between(p[at4(x, n, c, a.lo, b.lo)], p[at4(x, n, c, a.lo, b.hi)], b.part),
						between(p[at4(x, n, c, a.hi, b.lo)], p[at4(x, n, c, a.hi, b.hi)], b.part), a.part);
			}
}

static void resize_dx_run(const struct kernel_run *r)
{
	const struct resize_conf *k = r->conf;
	const struct tensor *dy = &r->in[0], *dx = &r->out[0];
	double *p = f64(dx);
	for (int64_t i = 0, n = shape_count(&dx->shape); i < n; i++)
		p[i] = 0;
	for (int n = 0; n < dy->shape.d[0]; n++)
		for (int h = 0; h < k->h; h++)
			for (int w = 0; w < k->w; w++) {
				const struct source a = source_of(h, dx->shape.d[2], k->h, k->bilinear);
				const struct source b = source_of(w, dx->shape.d[3], k->w, k->bilinear);
				for (int c = 0; c < dy->shape.d[1]; c++) {
					const double d = f64(dy)[at4(dy, n, c, h, w)];
					p[at4(dx, n, c, a.lo, b.lo)] += (1 - a.part) * (1 - b.part) * d;
					p[at4(dx, n, c, a.lo, b.hi)] += (1 - a.part) * b.part * d;
					p[at4(dx, n, c, a.hi, b.lo)] += a.part * (1 - b.part) * d;
					p[at4(dx, n, c, a.hi, b.hi)] += a.part * b.part * d;
				}
			}
}

const struct kernel ref_resize = {.run = resize_run};
const struct kernel ref_resize_dx = {.run = resize_dx_run};
