#include "engine/ops/ops.h"

enum status infer_real(const struct call *c, struct err *e)
{
	for (int i = 0; i < c->n_in; i++)
		if (c->in[i] && !class_real(c->in[i]->type.cls))
			return err_user(e, c->at, "%s: input %d holds %s, allowed act and wide", c->op->name, i,
					tclass_name(c->in[i]->type.cls));
	return OK;
}

static enum status infer_unary(const struct call *c, struct type out[], struct err *e)
{
	out[0] = c->in[0]->type;
	return infer_real(c, e);
}

/* (dy, x or y): dy goes through or not by the value of the other. */
static enum status infer_gate(const struct call *c, struct type out[], struct err *e)
{
	const struct type *const dy = &c->in[0]->type, *const x = &c->in[1]->type;

	if (!shape_eq(&dy->shape, &x->shape))
		return err_user(e, c->at, "%s: gradient %s and value %s differ in shape", c->op->name,
				shape_str(&dy->shape), shape_str(&x->shape));
	out[0] = *dy;
	return infer_real(c, e);
}

static struct node *unary(struct graph *g, const struct op *op, const void *conf, struct node *x)
{
	if (!x)
		return NULL;
	return graph_call(g, op, conf, (struct node *[]){x}, 1);
}

static struct node *gate(struct graph *g, const struct op *op, const void *conf, struct node *dy,
			 struct node *x)
{
	if (!dy || !x)
		return NULL;
	return graph_call(g, op, conf, (struct node *[]){dy, x}, 2);
}

/*
 * The body sees x, y (the call's input and output) and d (the gradient of y). It is an expression of builders, so
 * it can be differentiated again.
 */
#define GRAD(id, expr) \
	static void grad_##id(struct graph *g, const struct call *c, struct node *const dy[], const bool need[], \
			      struct node *dx[]) \
	{ \
		struct node *const x = c->in[0], *const y = c->out[0], *const d = dy[0]; \
		(void)x, (void)y; \
		if (need[0]) \
			dx[0] = fit_to(g, (expr), x->type); \
	}

/* Linear in dy, constant almost everywhere in the value v: closed under differentiation. */
#define GRAD_GATE(id, expr) \
	static void grad_##id(struct graph *g, const struct call *c, struct node *const dy[], const bool need[], \
			      struct node *dx[]) \
	{ \
		struct node *const v = c->in[1], *const d = dy[0]; \
		if (need[0]) \
			dx[0] = fit_to(g, (expr), c->in[0]->type); \
	}

#define SLOPE (((const struct slope_conf *)c->conf)->slope)
#define LIMITS ((const struct clamp_conf *)c->conf)

GRAD(scale, graph_scale(g, d, ((const struct scale_conf *)c->conf)->a, 0))
GRAD(relu, graph_relu_dx(g, d, y))
GRAD_GATE(relu_dx, graph_relu_dx(g, d, v))
GRAD(leaky_relu, graph_leaky_relu_dx(g, d, y, SLOPE))
GRAD_GATE(leaky_relu_dx, graph_leaky_relu_dx(g, d, v, SLOPE))
GRAD(logistic, graph_mul(g, d, graph_mul(g, y, graph_scale(g, y, -1, 1))))
GRAD(tanh, graph_mul(g, d, graph_scale(g, graph_mul(g, y, y), -1, 1)))
GRAD(softplus, graph_mul(g, d, graph_logistic(g, x)))
GRAD(exp, graph_mul(g, d, y))
GRAD(log, graph_div(g, d, x))
GRAD(sqrt, graph_scale(g, graph_div(g, d, y), 0.5, 0))
GRAD(abs, graph_mul(g, d, graph_sign(g, x)))
GRAD(clamp, graph_clamp_dx(g, d, x, LIMITS->lo, LIMITS->hi))
GRAD_GATE(clamp_dx, graph_clamp_dx(g, d, v, LIMITS->lo, LIMITS->hi))

static void grad_pow(struct graph *g, const struct call *c, struct node *const dy[], const bool need[],
		     struct node *dx[])
{
	const double p = ((const struct pow_conf *)c->conf)->p;
	struct node *const x = c->in[0];

	if (!need[0] || p == 0)
		return;
	dx[0] = fit_to(g, graph_mul(g, dy[0], graph_scale(g, graph_pow(g, x, p - 1), p, 0)), x->type);
}

#define UNARY(id, formula, conf_bytes, bits) \
	const struct op op_##id = {#id, formula, 1, 1, 1, conf_bytes, infer_unary, grad_##id, NULL, \
				   OP_ELEMENTWISE0 | (bits)};
#define GATE(id, formula, conf_bytes) \
	const struct op op_##id = {#id, formula, 2, 2, 1, conf_bytes, infer_gate, grad_##id, NULL, \
				   OP_ELEMENTWISE0};
#define grad_sign NULL
#define grad_floor NULL

UNARY(scale, "a x + b", sizeof(struct scale_conf), 0)
UNARY(relu, "max(0, x)", 0, 0)
GATE(relu_dx, "dy where y > 0, else 0", 0)
UNARY(leaky_relu, "x where x > 0, else slope x", sizeof(struct slope_conf), 0)
GATE(leaky_relu_dx, "dy where y > 0, else slope dy", sizeof(struct slope_conf))
UNARY(logistic, "1 / (1 + exp(-x))", 0, 0)
UNARY(tanh, "tanh(x)", 0, 0)
UNARY(softplus, "log(1 + exp(x))", 0, 0)
UNARY(exp, "exp(x)", 0, 0)
UNARY(log, "log(x)", 0, 0)
UNARY(sqrt, "sqrt(x)", 0, 0)
UNARY(pow, "x^p", sizeof(struct pow_conf), 0)
UNARY(abs, "|x|", 0, 0)
UNARY(clamp, "min(max(x, lo), hi)", sizeof(struct clamp_conf), 0)
GATE(clamp_dx, "dy where lo <= x <= hi, else 0", sizeof(struct clamp_conf))
UNARY(sign, "-1, 0 or 1", 0, OP_NO_GRAD)
UNARY(floor, "largest integer <= x", 0, OP_NO_GRAD)

struct node *graph_scale(struct graph *g, struct node *x, double a, double b)
{
	return a == 1 && b == 0 ? x : unary(g, &op_scale, &(struct scale_conf){a, b}, x);
}

struct node *graph_relu(struct graph *g, struct node *x)
{
	return unary(g, &op_relu, NULL, x);
}

struct node *graph_relu_dx(struct graph *g, struct node *dy, struct node *y)
{
	return gate(g, &op_relu_dx, NULL, dy, y);
}

struct node *graph_leaky_relu(struct graph *g, struct node *x, double slope)
{
	if (x && !(slope > 0 && slope < 1))
		return graph_fail(g, "leaky_relu: 'slope' is %g, allowed between 0 and 1", slope);
	return unary(g, &op_leaky_relu, &(struct slope_conf){slope}, x);
}

struct node *graph_leaky_relu_dx(struct graph *g, struct node *dy, struct node *y, double slope)
{
	return gate(g, &op_leaky_relu_dx, &(struct slope_conf){slope}, dy, y);
}

struct node *graph_logistic(struct graph *g, struct node *x)
{
	return unary(g, &op_logistic, NULL, x);
}

struct node *graph_tanh(struct graph *g, struct node *x)
{
	return unary(g, &op_tanh, NULL, x);
}

struct node *graph_softplus(struct graph *g, struct node *x)
{
	return unary(g, &op_softplus, NULL, x);
}

struct node *graph_exp(struct graph *g, struct node *x)
{
	return unary(g, &op_exp, NULL, x);
}

struct node *graph_log(struct graph *g, struct node *x)
{
	return unary(g, &op_log, NULL, x);
}

struct node *graph_sqrt(struct graph *g, struct node *x)
{
	return unary(g, &op_sqrt, NULL, x);
}

struct node *graph_pow(struct graph *g, struct node *x, double p)
{
	return p == 1 ? x : unary(g, &op_pow, &(struct pow_conf){p}, x);
}

struct node *graph_abs(struct graph *g, struct node *x)
{
	return unary(g, &op_abs, NULL, x);
}

struct node *graph_clamp(struct graph *g, struct node *x, double lo, double hi)
{
	if (x && !(lo <= hi))
		return graph_fail(g, "clamp: the lower limit %g is above the upper one %g", lo, hi);
	return unary(g, &op_clamp, &(struct clamp_conf){lo, hi}, x);
}

struct node *graph_clamp_dx(struct graph *g, struct node *dy, struct node *x, double lo, double hi)
{
	return gate(g, &op_clamp_dx, &(struct clamp_conf){lo, hi}, dy, x);
}

struct node *graph_sign(struct graph *g, struct node *x)
{
	return unary(g, &op_sign, NULL, x);
}

struct node *graph_floor(struct graph *g, struct node *x)
{
	return unary(g, &op_floor, NULL, x);
}
