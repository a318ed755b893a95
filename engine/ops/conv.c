/* Convolution and its two gradients. Each is bilinear; the gradient of any is made of the other two. */
#include "engine/build.h"

#include "engine/ops/ops.h"

static enum status check_conf(const struct call *c, const char *name, struct err *e)
{
	const struct conv_conf *k = c->conf;
	if (k->stride < 1 || k->pad < 0 || k->groups < 1)
		return err_user(e, c->at,
		                "%s: stride %d, padding %d, groups %d; stride and groups start at 1, padding at 0",
		                name,
		                k->stride, k->pad, k->groups);
	return OK;
}

/* Extent of the result over one axis; below 1 where the kernel does not fit. */
static int out_extent(int extent, int kernel, const struct conv_conf *k)
{
	const int room = extent + 2 * k->pad - kernel;
	return room < 0 ? 0 : room / k->stride + 1;
}

enum status infer_conv_shape(const struct call *c, const char *name, const struct shape *x,
                             const struct shape *w, struct shape *y, struct err *e)
{
	const struct conv_conf *k = c->conf;
	if (x->n_dim != 4 || w->n_dim != 4)
		return err_user(e, c->at, "%s: input %s and weight %s must both have rank 4", name, shape_str(x),
		                shape_str(w));
	if (check_conf(c, name, e) != OK)
		return E_USER;
	if (x->d[1] % k->groups || w->d[0] % k->groups)
		return err_user(e, c->at,
		                "%s: %d groups must divide the channels of input %s and the outputs of weight %s",
		                name, k->groups, shape_str(x), shape_str(w));
	if (x->d[1] / k->groups != w->d[1])
		return err_user(e, c->at, "%s: input %s has %d channels but weight %s takes %d", name, shape_str(x),
		                x->d[1], shape_str(w), w->d[1] * k->groups);
	*y = shape4(x->d[0], w->d[0], out_extent(x->d[2], w->d[2], k), out_extent(x->d[3], w->d[3], k));
	if (y->d[2] < 1 || y->d[3] < 1)
		return err_user(e, c->at, "%s: weight %s is larger than input %s with padding %d", name, shape_str(w),
		                shape_str(x), k->pad);
	return OK;
}

static enum status check_classes(const struct call *c, const char *name, const struct node *x,
                                 const struct node *w, struct err *e)
{
	if (x->type.cls != CLASS_ACT || (w && !class_real(w->type.cls)))
		return err_user(e, c->at,
		                "%s: input %s is %s and weight %s is %s; allowed are activations and real weights",
		                name, shape_str(&x->type.shape), tclass_name(x->type.cls),
		                w ? shape_str(&w->type.shape) : "-", w ? tclass_name(w->type.cls) : "-");
	return OK;
}

static enum status conv2d_infer(const struct call *c, struct type out[], struct err *e)
{
	const struct shape *x = &c->in[0]->type.shape, *w = &c->in[1]->type.shape;
	const struct node *bias = c->n_in > 2 ? c->in[2] : NULL, *residual = c->n_in > 3 ? c->in[3] : NULL;
	struct shape y;
	if (check_classes(c, "conv2d", c->in[0], c->in[1], e) != OK
	    || infer_conv_shape(c, "conv2d", x, w, &y, e) != OK)
		return E_USER;
	const struct shape want = shape1(w->d[0]);
	if (bias && !shape_eq(&bias->type.shape, &want))
		return err_user(e, c->at, "conv2d: bias %s must be %s for weight %s", shape_str(&bias->type.shape),
		                shape_str(&want), shape_str(w));
	if (residual && !shape_eq(&residual->type.shape, &y))
		return err_user(e, c->at, "conv2d: residual %s is added to a result of %s",
		                shape_str(&residual->type.shape), shape_str(&y));
	if ((bias && bias->type.cls != CLASS_WIDE) || (residual && residual->type.cls != CLASS_ACT))
		return err_user(e, c->at, "conv2d: bias must be wide and residual an activation for input %s",
		                shape_str(x));
	out[0] = type_of(y, CLASS_ACT);
	return OK;
}

static void conv2d_grad(struct graph *g, const struct call *c, struct node *const dy[], const bool need[],
                        struct node *dx[])
{
	struct conv_conf k = *(const struct conv_conf *)c->conf;
	k.has_bias = k.has_residual = 0;
	if (need[0])
		dx[0] = graph_conv2d_dx(g, dy[0], c->in[1], &k);
	if (need[1])
		dx[1] = fit_to(g, graph_conv2d_dw(g, c->in[0], dy[0], &k), c->in[1]->type);
	if (c->n_in > 2 && c->in[2] && need[2])
		dx[2] = graph_sum(g, dy[0], 1 | 4 | 8, false);
	if (c->n_in > 3 && c->in[3] && need[3])
		dx[3] = dy[0];
}

static enum status conv2d_dx_infer(const struct call *c, struct type out[], struct err *e)
{
	const struct conv_conf *k = c->conf;
	const struct shape *dy = &c->in[0]->type.shape, *w = &c->in[1]->type.shape;
	struct shape y;
	if (check_classes(c, "conv2d_dx", c->in[0], c->in[1], e) != OK
	    || infer_conv_shape(c, "conv2d_dx", &k->x, w, &y, e) != OK)
		return E_USER;
	if (!shape_eq(dy, &y))
		return err_user(e, c->at, "conv2d_dx: gradient %s arrives at a result of %s", shape_str(dy),
		                shape_str(&y));
	out[0] = type_of(k->x, CLASS_ACT);
	return OK;
}

static void conv2d_dx_grad(struct graph *g, const struct call *c, struct node *const dy[], const bool need[],
                           struct node *dx[])
{
	const struct conv_conf *k = c->conf;
	if (need[0])
		dx[0] = graph_conv2d(g, dy[0], c->in[1], NULL, NULL, k->stride, k->pad, k->groups);
	if (need[1])
		dx[1] = fit_to(g, graph_conv2d_dw(g, dy[0], c->in[0], k), c->in[1]->type);
}

static enum status conv2d_dw_infer(const struct call *c, struct type out[], struct err *e)
{
	const struct conv_conf *k = c->conf;
	const struct shape *x = &c->in[0]->type.shape, *dy = &c->in[1]->type.shape;
	if (x->n_dim != 4 || dy->n_dim != 4)
		return err_user(e, c->at, "conv2d_dw: input %s and gradient %s must both have rank 4", shape_str(x),
		                shape_str(dy));
	if (check_conf(c, "conv2d_dw", e) != OK)
		return E_USER;
	const struct shape w = shape4(dy->d[1], x->d[1] / k->groups, k->kh, k->kw);
	struct shape y;
	if (check_classes(c, "conv2d_dw", c->in[0], NULL, e) != OK || check_classes(c, "conv2d_dw", c->in[1],
	                                                                            NULL, e) != OK
	    || infer_conv_shape(c, "conv2d_dw", x, &w, &y, e) != OK)
		return E_USER;
	if (!shape_eq(dy, &y))
		return err_user(e, c->at, "conv2d_dw: gradient %s arrives at a result of %s", shape_str(dy),
		                shape_str(&y));
	out[0] = (struct type){w, CLASS_WIDE, ROW_MAJOR};
	return OK;
}

static void conv2d_dw_grad(struct graph *g, const struct call *c, struct node *const dy[], const bool need[],
                           struct node *dx[])
{
	const struct conv_conf *k = c->conf;
	if (need[0])
		dx[0] = graph_conv2d_dx(g, c->in[1], dy[0], k);
	if (need[1])
		dx[1] = graph_conv2d(g, c->in[0], dy[0], NULL, NULL, k->stride, k->pad, k->groups);
}

/* One multiply-add for each weight of a group and each element of the result. */
static double macs(const struct conv_conf *k, const struct shape *y)
{
	return (double)shape_count(y) * (k->x.d[1] / k->groups) * k->kh * k->kw;
}

static double conv2d_macs(const struct call *c)
{
	return macs(c->conf, &c->out[0]->type.shape);
}

static double conv2d_dx_macs(const struct call *c)
{
	return macs(c->conf, &c->in[0]->type.shape);
}

static double conv2d_dw_macs(const struct call *c)
{
	return macs(c->conf, &c->in[1]->type.shape);
}

const struct op op_conv2d = {
	.name = "conv2d", .help = "y[n,o] = sum_c x[n,c] * w[o,c] (+ bias[o]) (+ residual)",
	.min_in = 2, .max_in = 4, .n_out = 1, .conf_size = sizeof(struct conv_conf),
	.infer = conv2d_infer, .grad = conv2d_grad, .macs = conv2d_macs,
};

const struct op op_conv2d_dx = {
	.name = "conv2d_dx", .help = "gradient of conv2d to x from (dy, w)",
	.min_in = 2, .max_in = 2, .n_out = 1, .conf_size = sizeof(struct conv_conf),
	.infer = conv2d_dx_infer, .grad = conv2d_dx_grad, .macs = conv2d_dx_macs,
};

const struct op op_conv2d_dw = {
	.name = "conv2d_dw", .help = "gradient of conv2d to w from (x, dy)",
	.min_in = 2, .max_in = 2, .n_out = 1, .conf_size = sizeof(struct conv_conf),
	.infer = conv2d_dw_infer, .grad = conv2d_dw_grad, .macs = conv2d_dw_macs,
};

/* x as class cls and, at rank 4, in that memory order. Integers pass: infer refuses them. */
static struct node *operand(struct graph *g, struct node *x, enum tclass cls, enum layout layout)
{
	if (!x || !class_real(x->type.cls))
		return x;
	return fit_to(g, x, (struct type){x->type.shape, cls, x->type.shape.n_dim == 4 ? layout : ROW_MAJOR});
}

/* Kernels may rely on it: activations are act and channels-last, weights are row-major, bias is wide. */
static struct node *activation(struct graph *g, struct node *x)
{
	return operand(g, x, CLASS_ACT, CHANNELS_LAST);
}

static struct node *weight(struct graph *g, struct node *w)
{
	return w ? operand(g, w, w->type.cls, ROW_MAJOR) : NULL;
}

struct node *graph_conv2d(struct graph *g, struct node *x, struct node *w, struct node *bias,
                          struct node *residual,
                          int stride, int pad, int groups)
{
	const bool has_bias = bias, has_residual = residual;
	x = activation(g, x);
	w = weight(g, w);
	bias = operand(g, bias, CLASS_WIDE, ROW_MAJOR);
	residual = activation(g, residual);
	if (!x || !w || (has_bias && !bias) || (has_residual && !residual))
		return NULL;
	const struct conv_conf conf = {
		.stride = stride, .pad = pad, .groups = groups, .kh = w->type.shape.d[2],
		.kw = w->type.shape.d[3],
		.has_bias = has_bias, .has_residual = has_residual, .x = x->type.shape,
	};
	struct node *const in[] = {x, w, bias, residual};
	return graph_call(g, &op_conv2d, &conf, in, has_residual ? 4 : has_bias ? 3 : 2);
}

struct node *graph_conv2d_dx(struct graph *g, struct node *dy, struct node *w, const struct conv_conf *conf)
{
	struct node *const in[] = {activation(g, dy), weight(g, w)};
	return in[0] && in[1] ? graph_call(g, &op_conv2d_dx, conf, in, 2) : NULL;
}

struct node *graph_conv2d_dw(struct graph *g, struct node *x, struct node *dy, const struct conv_conf *conf)
{
	struct node *const in[] = {activation(g, x), activation(g, dy)};
	return in[0] && in[1] ? graph_call(g, &op_conv2d_dw, conf, in, 2) : NULL;
}
