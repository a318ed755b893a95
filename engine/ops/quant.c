/*
 * Eight bits. Activations are u8 in units of one scale a tensor, weights s8 in units of one scale an output; sums are exact
 * integers. Only frozen networks are applied in this way, so no gradient is defined: an error at build where one is wanted.
 */
#include "engine/build.h"

#include <math.h>

#include "engine/ops/ops.h"

static enum status check_scale(const struct call *c, const char *what, double scale, struct err *e)
{
	if (!(scale > 0) || isinf(scale))
		return err_user(e, c->at, "%s: the scale of %s is %g, allowed are finite numbers above 0", c->op->name, what, scale);
	return OK;
}

static enum status quantize_infer(const struct call *c, struct type out[], struct err *e)
{
	const struct quantize_conf *k = c->conf;
	out[0] = c->in[0]->type;
	out[0].cls = CLASS_U8;
	return infer_real(c, e) == OK ? check_scale(c, "the result", k->scale, e) : E_USER;
}

static enum status dequantize_infer(const struct call *c, struct type out[], struct err *e)
{
	const struct quantize_conf *k = c->conf;
	out[0] = c->in[0]->type;
	if (out[0].cls != CLASS_U8)
		return err_user(e, c->at, "dequantize: input is %s, not u8", tclass_name(out[0].cls));
	out[0].cls = CLASS_ACT;
	return check_scale(c, "the input", k->scale, e);
}

static enum status quantize_weights_infer(const struct call *c, struct type out[], struct err *e)
{
	const struct type *w = &c->in[0]->type;
	if (w->shape.n_dim != 4 || !class_real(w->cls))
		return err_user(e, c->at, "quantize_weights: %s %s must be real and of rank 4", tclass_name(w->cls),
		                shape_str(&w->shape));
	out[0] = (struct type){w->shape, CLASS_S8, ROW_MAJOR};
	out[1] = type_of(shape1(w->shape.d[0]), CLASS_WIDE);
	return OK;
}

enum { X, W, SCALE, BIAS, RESIDUAL }; /* inputs of conv2d_int8 */

static const struct node *input(const struct call *c, int i)
{
	return i < c->n_in ? c->in[i] : NULL;
}

static enum status check_operands(const struct call *c, const struct shape *y, struct err *e)
{
	const struct node *bias = input(c, BIAS), *residual = input(c, RESIDUAL);
	const struct shape row = shape1(y->d[1]);
	if (c->in[X]->type.cls != CLASS_U8 || c->in[W]->type.cls != CLASS_S8 || c->in[W]->type.layout != ROW_MAJOR)
		return err_user(e, c->at, "conv2d_int8: input is %s and weight %s; u8 and s8 in plain order are wanted",
		                tclass_name(c->in[X]->type.cls), tclass_name(c->in[W]->type.cls));
	if (!shape_eq(&c->in[SCALE]->type.shape, &row) || (bias && !shape_eq(&bias->type.shape, &row)))
		return err_user(e, c->at, "conv2d_int8: scale %s and bias %s must be %s", shape_str(&c->in[SCALE]->type.shape),
		                bias ? shape_str(&bias->type.shape) : "-", shape_str(&row));
	if (c->in[SCALE]->type.cls != CLASS_WIDE || (bias && bias->type.cls != CLASS_WIDE))
		return err_user(e, c->at, "conv2d_int8: scale and bias must be wide");
	if (residual && !shape_eq(&residual->type.shape, y))
		return err_user(e, c->at, "conv2d_int8: residual %s is added to a result of %s",
		                shape_str(&residual->type.shape), shape_str(y));
	if (residual && residual->type.cls != CLASS_U8 && residual->type.cls != CLASS_ACT)
		return err_user(e, c->at, "conv2d_int8: residual is %s, allowed are u8 and activations",
		                tclass_name(residual->type.cls));
	return OK;
}

static enum status conv2d_int8_infer(const struct call *c, struct type out[], struct err *e)
{
	const struct conv_int8_conf *k = c->conf;
	const struct node *residual = input(c, RESIDUAL);
	struct shape y;
	if (infer_conv_shape(c, "conv2d_int8", &c->in[X]->type.shape, &c->in[W]->type.shape, &y, e) != OK
	    || check_operands(c, &y, e) != OK || check_scale(c, "the input", k->x_scale, e) != OK)
		return E_USER;
	if (residual && residual->type.cls == CLASS_U8 && check_scale(c, "the residual", k->residual_scale, e) != OK)
		return E_USER;
	if (k->to_u8 && check_scale(c, "the result", k->y_scale, e) != OK)
		return E_USER;
	out[0] = type_of(y, k->to_u8 ? CLASS_U8 : CLASS_ACT);
	return OK;
}

static double conv2d_int8_macs(const struct call *c)
{
	const struct shape *w = &c->in[W]->type.shape;
	return (double)shape_count(&c->out[0]->type.shape) * w->d[1] * w->d[2] * w->d[3];
}

const struct op op_quantize = {
	.name = "quantize", .help = "x / scale rounded to 0..255",
	.min_in = 1, .max_in = 1, .n_out = 1, .conf_size = sizeof(struct quantize_conf), .infer = quantize_infer,
};

const struct op op_dequantize = {
	.name = "dequantize", .help = "bytes times scale",
	.min_in = 1, .max_in = 1, .n_out = 1, .conf_size = sizeof(struct quantize_conf), .infer = dequantize_infer,
};

const struct op op_quantize_weights = {
	.name = "quantize_weights", .help = "w / scale[o] rounded to -127..127, and scale[o] = max |w[o]| / 127",
	.min_in = 1, .max_in = 1, .n_out = 2, .infer = quantize_weights_infer,
};

const struct op op_conv2d_int8 = {
	.name = "conv2d_int8",
	.help = "y[n,o] = sum_c x[n,c] * w[o,c] * scales (+ bias[o]) (+ residual); relu and u8 if asked for",
	.min_in = 3, .max_in = 5, .n_out = 1, .conf_size = sizeof(struct conv_int8_conf),
	.infer = conv2d_int8_infer, .macs = conv2d_int8_macs,
};

/* Kernels may rely on channels-last maps and rows of weights. */
static struct node *in_order(struct graph *g, struct node *x, enum layout layout)
{
	if (!x || x->type.shape.n_dim != 4 || !class_real(x->type.cls))
		return x;
	return fit_to(g, x, (struct type){x->type.shape, x->type.cls, layout});
}

struct node *graph_quantize(struct graph *g, struct node *x, double scale)
{
	const struct quantize_conf conf = {scale};
	x = in_order(g, x, CHANNELS_LAST);
	return x ? graph_call(g, &op_quantize, &conf, &x, 1) : NULL;
}

struct node *graph_dequantize(struct graph *g, struct node *x, double scale)
{
	const struct quantize_conf conf = {scale};
	return x ? graph_call(g, &op_dequantize, &conf, &x, 1) : NULL;
}

struct node *graph_quantize_weights(struct graph *g, struct node *w, struct node **scale)
{
	*scale = NULL;
	w = in_order(g, w, ROW_MAJOR);
	struct node *y = w ? graph_call(g, &op_quantize_weights, NULL, &w, 1) : NULL;
	if (y)
		*scale = y->call->out[1];
	return y;
}

struct node *graph_conv2d_int8(struct graph *g, struct node *x, struct node *w, struct node *scale, struct node *bias,
                               struct node *residual, const struct conv_int8_conf *conf)
{
	struct conv_int8_conf k = *conf;
	const bool has_residual = residual;
	residual = in_order(g, residual, CHANNELS_LAST);
	if (!x || !w || !scale || (has_residual && !residual))
		return NULL;
	k.conv.kh = w->type.shape.d[2];
	k.conv.kw = w->type.shape.d[3];
	k.conv.has_bias = bias != NULL;
	k.conv.has_residual = has_residual;
	k.conv.x = x->type.shape;
	struct node *const in[] = {x, w, scale, bias, residual};
	return graph_call(g, &op_conv2d_int8, &k, in, has_residual ? 5 : bias ? 4 : 3);
}
