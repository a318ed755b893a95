/* Convolutions in double: the definition, one loop per index. */
#include "engine/ref/ref.h"

#include "engine/build.h"

struct conv {
	struct conv_conf k;
	int N, O, C, OH, OW, R, S; /* C: channels of a group; O: outputs of all groups */
};

static struct conv conv_of(const struct kernel_run *r, const struct shape *y)
{
	const struct conv_conf *k = r->conf;
	return (struct conv){*k, y->d[0], y->d[1], k->x.d[1] / k->groups, y->d[2], y->d[3], k->kh, k->kw};
}

/* First channel of x that output o reads. */
static int first_channel(const struct conv *v, int o)
{
	return o / (v->O / v->k.groups) * v->C;
}

/* Index in x that a tap meets at an index of the output; -1 in the padding. */
static int meet(const struct conv *v, int out, int tap, int extent)
{
	const int at = out * v->k.stride + tap - v->k.pad;
	return at >= 0 && at < extent ? at : -1;
}

static double conv_at(const struct conv *v, const struct tensor *x, const struct tensor *w, int n, int o,
                      int oh, int ow)
{
	const double *px = f64(x), *pw = f64(w);
	const int c0 = first_channel(v, o);
	double sum = 0;
	for (int i = 0; i < v->R; i++) {
		const int h = meet(v, oh, i, v->k.x.d[2]);
		for (int j = 0; j < v->S; j++) {
			const int q = meet(v, ow, j, v->k.x.d[3]);
			if (h < 0 || q < 0)
				continue;
			const double *a = px + at4(x, n, c0, h, q), *b = pw + at4(w, o, 0, i, j);
			for (int c = 0; c < v->C; c++)
				sum += a[c * x->stride[1]] * b[c * w->stride[1]];
		}
	}
	return sum;
}

static void conv2d_run(const struct kernel_run *r)
{
	const struct tensor *x = &r->in[0], *w = &r->in[1], *y = &r->out[0];
	const struct tensor *bias = r->n_in > 2 && r->in[2].data ? &r->in[2] : NULL;
	const struct tensor *residual = r->n_in > 3 && r->in[3].data ? &r->in[3] : NULL;
	const struct conv v = conv_of(r, &y->shape);
	double *py = f64(y);
	for (int n = 0; n < v.N; n++)
		for (int h = 0; h < v.OH; h++)
			for (int q = 0; q < v.OW; q++)
				for (int o = 0; o < v.O; o++) {
					double sum = conv_at(&v, x, w, n, o, h, q);
					if (bias)
						sum += f64(bias)[o * bias->stride[0]];
					if (residual)
						sum += f64(residual)[at4(residual, n, o, h, q)];
					py[at4(y, n, o, h, q)] = sum;
				}
}

/* Adds dy at one output, spread over the weights' taps, to dx. */
static void spread(const struct conv *v, const struct tensor *dx, const struct tensor *w, int n, int o,
                   int oh, int ow, double dy)
{
	double *px = f64(dx);
	const double *pw = f64(w);
	const int c0 = first_channel(v, o);
	for (int i = 0; i < v->R; i++) {
		const int h = meet(v, oh, i, v->k.x.d[2]);
		for (int j = 0; j < v->S; j++) {
			const int q = meet(v, ow, j, v->k.x.d[3]);
			if (h < 0 || q < 0)
				continue;
			double *a = px + at4(dx, n, c0, h, q);
			const double *b = pw + at4(w, o, 0, i, j);
			for (int c = 0; c < v->C; c++)
				a[c * dx->stride[1]] += dy * b[c * w->stride[1]];
		}
	}
}

static void conv2d_dx_run(const struct kernel_run *r)
{
	const struct tensor *dy = &r->in[0], *w = &r->in[1], *dx = &r->out[0];
	const struct conv v = conv_of(r, &dy->shape);
	double *px = f64(dx);
	for (int64_t i = 0, n = shape_count(&dx->shape); i < n; i++)
		px[i] = 0;
	for (int n = 0; n < v.N; n++)
		for (int h = 0; h < v.OH; h++)
			for (int q = 0; q < v.OW; q++)
				for (int o = 0; o < v.O; o++)
					spread(&v, dx, w, n, o, h, q, f64(dy)[at4(dy, n, o, h, q)]);
}

/* Adds what one output's gradient gives to the weights of that output. */
static void collect(const struct conv *v, const struct tensor *x, const struct tensor *dw, int n, int o,
                    int oh, int ow, double dy)
{
	const double *px = f64(x);
	double *pw = f64(dw);
	const int c0 = first_channel(v, o);
	for (int i = 0; i < v->R; i++) {
		const int h = meet(v, oh, i, v->k.x.d[2]);
		for (int j = 0; j < v->S; j++) {
			const int q = meet(v, ow, j, v->k.x.d[3]);
			if (h < 0 || q < 0)
				continue;
			const double *a = px + at4(x, n, c0, h, q);
			double *b = pw + at4(dw, o, 0, i, j);
			for (int c = 0; c < v->C; c++)
				b[c * dw->stride[1]] += dy * a[c * x->stride[1]];
		}
	}
}

static void conv2d_dw_run(const struct kernel_run *r)
{
	const struct tensor *x = &r->in[0], *dy = &r->in[1], *dw = &r->out[0];
	const struct conv v = conv_of(r, &dy->shape);
	double *pw = f64(dw);
	for (int64_t i = 0, n = shape_count(&dw->shape); i < n; i++)
		pw[i] = 0;
	for (int n = 0; n < v.N; n++)
		for (int h = 0; h < v.OH; h++)
			for (int q = 0; q < v.OW; q++)
				for (int o = 0; o < v.O; o++)
					collect(&v, x, dw, n, o, h, q, f64(dy)[at4(dy, n, o, h, q)]);
}

const struct kernel ref_conv2d = {.run = conv2d_run};
const struct kernel ref_conv2d_dx = {.run = conv2d_dx_run};
const struct kernel ref_conv2d_dw = {.run = conv2d_dw_run};
