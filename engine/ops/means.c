/*
 * Means over all elements of what an adapter's or a critic's loss makes of each, and their gradients: one pass over memory for the value and one for
 * the gradient by each operand that needs one.
 */
#include "engine/ops/ops.h"

static enum status check_gradient(const struct call *c, const struct node *dy, struct err *e)
{
	if (dy->type.cls != CLASS_WIDE || dy->type.shape.n_dim != 0)
		return err_user(e, c->at, "%s: the gradient of a mean is %s %s, wanted wide ()", c->op->name, tclass_name(dy->type.cls),
		                shape_str(&dy->type.shape));
	return OK;
}

/* 1 over the number of elements. */
static double share(const struct node *x)
{
	return 1 / (double)shape_count(&x->type.shape);
}

/* ---- mean_square (a, b) ---- */

/* Of the same elements in the same order. */
static enum status check_pair(const struct call *c, struct err *e)
{
	const struct type *a = &c->in[0]->type, *b = &c->in[1]->type;
	if (!shape_eq(&a->shape, &b->shape))
		return err_user(e, c->at, "%s: %s and %s differ in shape", c->op->name, shape_str(&a->shape), shape_str(&b->shape));
	BUG_IF(a->shape.n_dim == 4 && a->layout != b->layout, "%s of two memory orders", c->op->name);
	return infer_real(c, e);
}

static enum status mean_square_infer(const struct call *c, struct type out[], struct err *e)
{
	out[0] = type_of(shape0(), CLASS_WIDE);
	return check_pair(c, e);
}

static void mean_square_grad(struct graph *g, const struct call *c, struct node *const dy[], const bool need[], struct node *dx[])
{
	for (int i = 0; i < 2; i++)
		if (need[i])
			dx[i] = graph_mean_square_dx(g, c->in[i], c->in[1 - i], dy[0]);
}

const struct op op_mean_square = {
	.name = "mean_square", .help = "mean over all elements of (a - b)^2; wide", .min_in = 2, .max_in = 2, .n_out = 1,
	.infer = mean_square_infer, .grad = mean_square_grad,
};

/* ---- mean_square_dx (a, b, dy) ---- */

static enum status mean_square_dx_infer(const struct call *c, struct type out[], struct err *e)
{
	out[0] = c->in[0]->type;
	return check_pair(c, e) == OK ? check_gradient(c, c->in[2], e) : E_USER;
}

/* Linear in a, b and dy each. */
static void mean_square_dx_grad(struct graph *g, const struct call *c, struct node *const dy[], const bool need[], struct node *dx[])
{
	struct node *a = c->in[0], *b = c->in[1], *d = c->in[2];
	const double factor = 2 * share(a);
	for (int i = 0; i < 2; i++)
		if (need[i])
			dx[i] = fit_to(g, graph_mul(g, graph_scale(g, d, i ? -factor : factor, 0), dy[0]), c->in[i]->type);
	if (need[2])
		dx[2] = graph_scale(g, graph_sum_all(g, graph_mul(g, graph_sub(g, a, b), dy[0])), factor, 0);
}

const struct op op_mean_square_dx = {
	.name = "mean_square_dx", .help = "2/n (a - b) dy", .min_in = 3, .max_in = 3, .n_out = 1, .infer = mean_square_dx_infer,
	.grad = mean_square_dx_grad, .flags = OP_ELEMENTWISE0,
};

/* b in the memory order of a. */
static struct node *in_order_of(struct graph *g, struct node *a, struct node *b)
{
	struct type to = b->type;
	to.layout = a->type.layout;
	return b->type.shape.n_dim == 4 && shape_eq(&a->type.shape, &b->type.shape) ? graph_expand(g, b, to) : b;
}

struct node *graph_mean_square(struct graph *g, struct node *a, struct node *b)
{
	if (!a || !b)
		return NULL;
	return graph_call(g, &op_mean_square, NULL, (struct node *[]){a, in_order_of(g, a, b)}, 2);
}

struct node *graph_mean_square_dx(struct graph *g, struct node *a, struct node *b, struct node *dy)
{
	if (!a || !b || !dy)
		return NULL;
	return graph_call(g, &op_mean_square_dx, NULL, (struct node *[]){a, in_order_of(g, a, b), dy}, 3);
}

/* ---- mean_softplus (x) ---- */

static double factor_of(const struct call *c)
{
	return ((const struct mean_softplus_conf *)c->conf)->factor;
}

static enum status mean_softplus_infer(const struct call *c, struct type out[], struct err *e)
{
	out[0] = type_of(shape0(), CLASS_WIDE);
	return infer_real(c, e);
}

static void mean_softplus_grad(struct graph *g, const struct call *c, struct node *const dy[], const bool need[], struct node *dx[])
{
	if (need[0])
		dx[0] = graph_mean_softplus_dx(g, c->in[0], dy[0], factor_of(c));
}

const struct op op_mean_softplus = {
	.name = "mean_softplus", .help = "mean over all elements of log(1 + exp(factor x)); wide", .min_in = 1, .max_in = 1, .n_out = 1,
	.conf_size = sizeof(struct mean_softplus_conf), .infer = mean_softplus_infer, .grad = mean_softplus_grad,
};

/* ---- mean_softplus_dx (x, dy) ---- */

static enum status mean_softplus_dx_infer(const struct call *c, struct type out[], struct err *e)
{
	out[0] = c->in[0]->type;
	return infer_real(c, e) == OK ? check_gradient(c, c->in[1], e) : E_USER;
}

/* With s = logistic(factor x): factor/n s by dy, factor^2/n s (1 - s) dy by x. */
static void mean_softplus_dx_grad(struct graph *g, const struct call *c, struct node *const dy[], const bool need[], struct node *dx[])
{
	struct node *x = c->in[0];
	const double factor = factor_of(c);
	struct node *s = graph_logistic(g, graph_scale(g, graph_cast(g, x, CLASS_WIDE), factor, 0)), *of_s = graph_mul(g, s, dy[0]);
	if (need[0]) {
		struct node *d = graph_scale(g, c->in[1], factor * factor * share(x), 0);
		dx[0] = fit_to(g, graph_mul(g, d, graph_mul(g, of_s, graph_scale(g, s, -1, 1))), x->type);
	}
	if (need[1])
		dx[1] = graph_scale(g, graph_sum_all(g, of_s), factor * share(x), 0);
}

const struct op op_mean_softplus_dx = {
	.name = "mean_softplus_dx", .help = "factor/n dy / (1 + exp(-factor x))", .min_in = 2, .max_in = 2, .n_out = 1,
	.conf_size = sizeof(struct mean_softplus_conf), .infer = mean_softplus_dx_infer, .grad = mean_softplus_dx_grad, .flags = OP_ELEMENTWISE0,
};

struct node *graph_mean_softplus(struct graph *g, struct node *x, double factor)
{
	return x ? graph_call(g, &op_mean_softplus, &(struct mean_softplus_conf){factor}, &x, 1) : NULL;
}

struct node *graph_mean_softplus_dx(struct graph *g, struct node *x, struct node *dy, double factor)
{
	if (!x || !dy)
		return NULL;
	return graph_call(g, &op_mean_softplus_dx, &(struct mean_softplus_conf){factor}, (struct node *[]){x, dy}, 2);
}
