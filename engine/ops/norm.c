/* Batch norm, its gradient, the affine map that a frozen one is, running averages. Channels are axis 1. */
#include "engine/build.h"

#include <string.h>

#include "engine/ops/ops.h"

/* The node at in[i] is a wide vector of C, the channels of x. */
static enum status check_vector(const struct call *c, int i, const struct shape *x, struct err *e)
{
	static const char *const norm[] = {"", "scale", "shift"}, *const dx[] = {"", "", "scale", "mean",
	                                                                         "variance"};
	const struct type *v = &c->in[i]->type;
	const struct shape want = shape1(x->d[1]);
	if (v->cls != CLASS_WIDE || !shape_eq(&v->shape, &want))
		return err_user(e, c->at, "%s: %s %s must be wide %s for input %s", c->op->name,
		                c->op == &op_batch_norm_dx ? dx[i] : norm[i], shape_str(&v->shape), shape_str(&want),
		                shape_str(x));
	return OK;
}

static bool same(const struct type *a, const struct type *b)
{
	return a->cls == b->cls && a->layout == b->layout && shape_eq(&a->shape, &b->shape);
}

static enum status check_residual(const struct call *c, int i, const struct type *x, struct err *e)
{
	if (i < c->n_in && c->in[i] && !same(&c->in[i]->type, x))
		return err_user(e, c->at, "%s: residual %s %s must be like input %s %s", c->op->name,
		                tclass_name(c->in[i]->type.cls), shape_str(&c->in[i]->type.shape),
		                tclass_name(x->cls),
		                shape_str(&x->shape));
	return OK;
}

/* One value per channel has no variance; PyTorch refuses it too. */
static enum status check_input(const struct call *c, const struct type *x, struct err *e)
{
	if (infer_real(c, e) != OK)
		return E_USER;
	if (x->shape.n_dim != 4 && x->shape.n_dim != 2)
		return err_user(e, c->at, "%s: input %s must have rank 4 or 2", c->op->name, shape_str(&x->shape));
	if (shape_count(&x->shape) == x->shape.d[1])
		return err_user(e, c->at, "%s: input %s has one value per channel, batch statistics need two",
		                c->op->name, shape_str(&x->shape));
	return OK;
}

static enum status batch_norm_infer(const struct call *c, struct type out[], struct err *e)
{
	const struct type *x = &c->in[0]->type;
	if (check_input(c, x, e) != OK || check_residual(c, 3, x, e) != OK)
		return E_USER;
	for (int i = 1; i < 3; i++)
		if (check_vector(c, i, &x->shape, e) != OK)
			return E_USER;
	out[0] = *x;
	out[1] = out[2] = type_of(shape1(x->shape.d[1]), CLASS_WIDE);
	return OK;
}

static void batch_norm_grad(struct graph *g, const struct call *c, struct node *const dy[], const bool need[],
                            struct node *dx[])
{
	const struct norm_conf *k = c->conf;
	if (dy[1] || dy[2]) {
		graph_fail(g, "batch_norm '%s': no gradient is defined through its %s", c->out[0]->name,
		           dy[1] ? "mean" : "variance");
		return;
	}
	if (c->n_in > 3 && c->in[3] && need[3])
		dx[3] = dy[0];
	if (!need[0] && !need[1] && !need[2])
		return;
	struct node *d = graph_batch_norm_dx(g, dy[0], c->in[0], c->in[1], c->out[1], c->out[2], k->eps);
	if (!d)
		return;
	for (int i = 0; i < 3; i++)
		if (need[i])
			dx[i] = d->call->out[i];
}

static enum status batch_norm_dx_infer(const struct call *c, struct type out[], struct err *e)
{
	const struct type *dy = &c->in[0]->type, *x = &c->in[1]->type;
	if (check_input(c, x, e) != OK)
		return E_USER;
	if (!same(dy, x))
		return err_user(e, c->at, "batch_norm_dx: gradient %s %s must be like input %s %s",
		                tclass_name(dy->cls), shape_str(&dy->shape), tclass_name(x->cls),
		                shape_str(&x->shape));
	for (int i = 2; i < 5; i++)
		if (check_vector(c, i, &x->shape, e) != OK)
			return E_USER;
	out[0] = *x;
	out[1] = out[2] = type_of(shape1(x->shape.d[1]), CLASS_WIDE);
	return OK;
}

static enum status affine_infer(const struct call *c, struct type out[], struct err *e)
{
	const struct type *x = &c->in[0]->type;
	if (infer_real(c, e) != OK)
		return E_USER;
	if (x->shape.n_dim < 2)
		return err_user(e, c->at, "affine: input %s must have channels on axis 1", shape_str(&x->shape));
	if (check_residual(c, 3, x, e) != OK)
		return E_USER;
	for (int i = 1; i < 3; i++)
		if (check_vector(c, i, &x->shape, e) != OK)
			return E_USER;
	out[0] = *x;
	return OK;
}

static void affine_grad(struct graph *g, const struct call *c, struct node *const dy[], const bool need[],
                        struct node *dx[])
{
	const struct shape *x = &c->in[0]->type.shape;
	const unsigned axes = ((1u << x->n_dim) - 1) & ~2u;
	if (need[0])
		dx[0] = graph_affine(g, dy[0], c->in[1], graph_const(g, 0, shape1(x->d[1])), NULL);
	if (need[1])
		dx[1] = graph_sum(g, graph_mul(g, graph_cast(g, dy[0], CLASS_WIDE), graph_cast(g, c->in[0],
		                                                                               CLASS_WIDE)), axes,
		                                                                               false);
	if (need[2])
		dx[2] = graph_sum(g, dy[0], axes, false);
	if (c->n_in > 3 && c->in[3] && need[3])
		dx[3] = dy[0];
}

static enum status running_infer(const struct call *c, struct type out[], struct err *e)
{
	const struct type *old = &c->in[0]->type, *value = &c->in[1]->type;
	if (old->cls != CLASS_WIDE || value->cls != CLASS_WIDE || !shape_eq(&old->shape, &value->shape))
		return err_user(e, c->at,
		                "running_update: %s %s moves towards %s %s; both must be wide and of one shape",
		                tclass_name(old->cls), shape_str(&old->shape), tclass_name(value->cls),
		                shape_str(&value->shape));
	out[0] = *old;
	return OK;
}

const struct op op_batch_norm = {
	.name = "batch_norm",
	.help = "y = (x - mean[c]) / sqrt(var[c] + eps) * gamma[c] + beta[c] (+ residual); mean; var",
	.min_in = 3, .max_in = 4, .n_out = 3, .conf_size = sizeof(struct norm_conf),
	.infer = batch_norm_infer, .grad = batch_norm_grad,
};

const struct op op_batch_norm_dx = {
	.name = "batch_norm_dx",
	.help = "gradients of batch_norm to x, gamma, beta from (dy, x, gamma, mean, var)",
	.min_in = 5, .max_in = 5, .n_out = 3, .conf_size = sizeof(struct norm_conf),
	.infer = batch_norm_dx_infer,
};

const struct op op_affine = {
	.name = "affine", .help = "y = x s[c] + b[c] (+ residual)",
	.min_in = 3, .max_in = 4, .n_out = 1, .conf_size = sizeof(struct affine_conf),
	.infer = affine_infer, .grad = affine_grad, .flags = OP_ELEMENTWISE0,
};

const struct op op_running_update = {
	.name = "running_update", .help = "(1 - momentum) old + momentum factor value",
	.min_in = 2, .max_in = 2, .n_out = 1, .conf_size = sizeof(struct running_conf),
	.infer = running_infer, .flags = OP_NO_GRAD | OP_ELEMENTWISE0,
};

/* Kernels may rely on it: maps are channels-last. */
static struct node *map(struct graph *g, struct node *x)
{
	if (!x || x->type.shape.n_dim != 4 || !class_real(x->type.cls))
		return x;
	return fit_to(g, x, (struct type){x->type.shape, x->type.cls, CHANNELS_LAST});
}

/* y as class and memory order of x, where the shapes agree (infer refuses the others). */
static struct node *like(struct graph *g, struct node *y, const struct node *x)
{
	if (!y || !x || !class_real(y->type.cls) || !shape_eq(&y->type.shape, &x->type.shape))
		return y;
	return fit_to(g, y, x->type);
}

static struct node *wide(struct graph *g, struct node *x)
{
	return x && class_real(x->type.cls) ? graph_cast(g, x, CLASS_WIDE) : x;
}

static struct norm_conf norm_conf(double eps, bool has_residual)
{
	struct norm_conf conf;
	memset(&conf, 0, sizeof conf); /* padding too: confs are compared as bytes */
	conf.eps = eps;
	conf.has_residual = has_residual;
	return conf;
}

struct node *graph_batch_norm(struct graph *g, struct node *x, struct node *gamma, struct node *beta,
                              struct node *residual, double eps, struct node **mean, struct node **var)
{
	const bool has_residual = residual;
	x = map(g, x);
	struct node *const in[] = {x, wide(g, gamma), wide(g, beta), like(g, residual, x)};
	struct node *y = NULL;
	if (in[0] && in[1] && in[2] && (in[3] || !has_residual)) {
		const struct norm_conf conf = norm_conf(eps, has_residual);
		y = graph_call(g, &op_batch_norm, &conf, in, has_residual ? 4 : 3);
	}
	if (mean)
		*mean = y ? y->call->out[1] : NULL;
	if (var)
		*var = y ? y->call->out[2] : NULL;
	return y;
}

struct node *graph_batch_norm_dx(struct graph *g, struct node *dy, struct node *x, struct node *gamma,
                                 struct node *mean, struct node *var, double eps)
{
	x = map(g, x);
	struct node *const in[] = {like(g, dy, x), x, wide(g, gamma), wide(g, mean), wide(g, var)};
	for (int i = 0; i < 5; i++)
		if (!in[i])
			return NULL;
	const struct norm_conf conf = norm_conf(eps, false);
	return graph_call(g, &op_batch_norm_dx, &conf, in, 5);
}

struct node *graph_affine(struct graph *g, struct node *x, struct node *s, struct node *b,
                          struct node *residual)
{
	const bool has_residual = residual;
	x = map(g, x);
	struct node *const in[] = {x, wide(g, s), wide(g, b), like(g, residual, x)};
	if (!in[0] || !in[1] || !in[2] || (has_residual && !in[3]))
		return NULL;
	const struct affine_conf conf = {has_residual};
	return graph_call(g, &op_affine, &conf, in, has_residual ? 4 : 3);
}

struct node *graph_running_update(struct graph *g, struct node *old, struct node *value, double momentum,
                                  double factor)
{
	struct node *const in[] = {old, wide(g, value)};
	const struct running_conf conf = {momentum, factor};
	return in[0] && in[1] ? graph_call(g, &op_running_update, &conf, in, 2) : NULL;
}
