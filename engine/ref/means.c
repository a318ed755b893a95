#include "engine/ref/walk.h"

#include <math.h>

#include "engine/build.h"

static double factor_of(const struct kernel_run *r)
{
	return ((const struct mean_softplus_conf *)r->conf)->factor;
}

static void mean_square_run(const struct kernel_run *r)
{
	const double *a = f64(&r->in[0]), *b = f64(&r->in[1]);
	struct walk w = walk_over(&r->in[0].shape);
	double sum = 0;
	walk_add(&w, &r->in[0]);
	walk_add(&w, &r->in[1]);
	do {
		const double gap = a[w.at[0]] - b[w.at[1]];
		sum += gap * gap;
	} while (walk_next(&w));
	f64(&r->out[0])[0] = sum / (double)shape_count(&r->in[0].shape);
}

static void mean_square_dx_run(const struct kernel_run *r)
{
	const double *a = f64(&r->in[0]), *b = f64(&r->in[1]), factor = 2 / (double)shape_count(&r->in[0].shape) * f64(&r->in[2])[0];
	double *y = f64(&r->out[0]);
	struct walk w = walk_over(&r->out[0].shape);
	walk_add(&w, &r->out[0]);
	walk_add(&w, &r->in[0]);
	walk_add(&w, &r->in[1]);
	do
		y[w.at[0]] = factor * (a[w.at[1]] - b[w.at[2]]);
	while (walk_next(&w));
}

/* The exponential is of a negative number: no overflow. NaN stays NaN. */
static double softplus(double x)
{
	return x != x ? x : (x > 0 ? x : 0) + log1p(exp(-fabs(x)));
}

static double logistic(double x)
{
	const double t = exp(-fabs(x));
	return x >= 0 ? 1 / (1 + t) : t / (1 + t);
}

static void mean_softplus_run(const struct kernel_run *r)
{
	const double *x = f64(&r->in[0]), factor = factor_of(r);
	struct walk w = walk_over(&r->in[0].shape);
	double sum = 0;
	walk_add(&w, &r->in[0]);
	do
		sum += softplus(factor * x[w.at[0]]);
	while (walk_next(&w));
	f64(&r->out[0])[0] = sum / (double)shape_count(&r->in[0].shape);
}

static void mean_softplus_dx_run(const struct kernel_run *r)
{
	const double *x = f64(&r->in[0]), factor = factor_of(r), d = factor / (double)shape_count(&r->in[0].shape) * f64(&r->in[1])[0];
	double *y = f64(&r->out[0]);
	struct walk w = walk_over(&r->out[0].shape);
	walk_add(&w, &r->out[0]);
	walk_add(&w, &r->in[0]);
	do
		y[w.at[0]] = d * logistic(factor * x[w.at[1]]);
	while (walk_next(&w));
}

const struct kernel ref_mean_square = {.run = mean_square_run};
const struct kernel ref_mean_square_dx = {.run = mean_square_dx_run};
const struct kernel ref_mean_softplus = {.run = mean_softplus_run};
const struct kernel ref_mean_softplus_dx = {.run = mean_softplus_dx_run};
