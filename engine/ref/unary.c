#include "engine/ref/walk.h"

#include <math.h>

#include "engine/build.h"

typedef double unary_fn(double x, const void *conf);
typedef double gate_fn(double d, double v, const void *conf);

static void unary(const struct kernel_run *r, unary_fn *f)
{
	const double *const x = f64(&r->in[0]);
	double *const y = f64(&r->out[0]);
	struct walk w = walk_over(&r->out[0].shape);

	walk_add(&w, &r->out[0]);
	walk_add(&w, &r->in[0]);
	do
		y[w.at[0]] = f(x[w.at[1]], r->conf);
	while (walk_next(&w));
}

static void gate(const struct kernel_run *r, gate_fn *f)
{
	const double *const d = f64(&r->in[0]), *const v = f64(&r->in[1]);
	double *const y = f64(&r->out[0]);
	struct walk w = walk_over(&r->out[0].shape);

	walk_add(&w, &r->out[0]);
	walk_add(&w, &r->in[0]);
	walk_add(&w, &r->in[1]);
	do
		y[w.at[0]] = f(d[w.at[1]], v[w.at[2]], r->conf);
	while (walk_next(&w));
}

/* The expression sees x and conf. */
#define UNARY(id, expr) \
	static double f_##id(double x, const void *conf) \
	{ \
		(void)conf; \
		return (expr); \
	} \
	static void run_##id(const struct kernel_run *r) \
	{ \
		unary(r, f_##id); \
	} \
	const struct kernel ref_##id = {.run = run_##id};

/* The expression sees d (gradient), v (value) and conf. */
#define GATE(id, expr) \
	static double f_##id(double d, double v, const void *conf) \
	{ \
		(void)conf; \
		return (expr); \
	} \
	static void run_##id(const struct kernel_run *r) \
	{ \
		gate(r, f_##id); \
	} \
	const struct kernel ref_##id = {.run = run_##id};

static double scale(double x, const struct scale_conf *conf)
{
	return conf->a * x + conf->b;
}

static double slope(const void *conf)
{
	return ((const struct slope_conf *)conf)->slope;
}

/* The exponential is of a negative number: no overflow. */
static double logistic(double x)
{
	const double t = exp(-fabs(x));

	return x >= 0 ? 1 / (1 + t) : t / (1 + t);
}

static double softplus(double x)
{
	return (x > 0 ? x : 0) + log1p(exp(-fabs(x)));
}

static double clamp(double x, const struct clamp_conf *conf)
{
	return x < conf->lo ? conf->lo : x > conf->hi ? conf->hi : x;
}

static bool inside(double x, const struct clamp_conf *conf)
{
	return x >= conf->lo && x <= conf->hi;
}

/* Written so that NaN stays NaN. */
UNARY(scale, scale(x, conf))
UNARY(relu, x < 0 ? 0 : x)
GATE(relu_dx, v > 0 ? d : 0)
UNARY(leaky_relu, x < 0 ? slope(conf) * x : x)
GATE(leaky_relu_dx, v > 0 ? d : slope(conf) * d)
UNARY(logistic, isnan(x) ? x : logistic(x))
UNARY(tanh, tanh(x))
UNARY(softplus, isnan(x) ? x : softplus(x))
UNARY(exp, exp(x))
UNARY(log, log(x))
UNARY(sqrt, sqrt(x))
UNARY(pow, pow(x, ((const struct pow_conf *)conf)->p))
UNARY(abs, fabs(x))
UNARY(clamp, clamp(x, conf))
GATE(clamp_dx, inside(v, conf) ? d : 0)
UNARY(sign, x > 0 ? 1 : x < 0 ? -1 : x)
UNARY(floor, floor(x))
