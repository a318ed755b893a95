#include "base/err.h"
#include "engine/build.h"
#include "engine/cuda/cuda.h"
#include "engine/cuda/quant_kernels.h"

static struct cu_array real(const struct tensor *t)
{
	BUG_IF(!dtype_is_act(t->dtype), "bytes of or to %s", dtype_name(t->dtype));
	return array_of(t);
}

static void *of_type(const struct tensor *t, enum dtype d)
{
	BUG_IF(t->data && t->dtype != d, "%s where %s is expected", dtype_name(t->dtype), dtype_name(d));
	return t->data;
}

static void same_order(const struct tensor *x, const struct tensor *y)
{
	BUG_IF(x->layout != y->layout || !shape_eq(&x->shape, &y->shape), "bytes of %s in another order", shape_str(&x->shape));
}

static void run_quantize(const struct kernel_run *r)
{
	const struct quantize_conf *k = r->conf;
	const struct tensor *x = &r->in[0], *y = &r->out[0];
	same_order(x, y);
	cuda_done(r, cu_quantize(of_type(y, U8), real(x), k->scale, shape_count(&y->shape), stream_of(r)));
}

static void run_dequantize(const struct kernel_run *r)
{
	const struct quantize_conf *k = r->conf;
	const struct tensor *x = &r->in[0], *y = &r->out[0];
	same_order(x, y);
	cuda_done(r, cu_dequantize(real(y), of_type(x, U8), k->scale, shape_count(&y->shape), stream_of(r)));
}

static void run_quantize_weights(const struct kernel_run *r)
{
	const struct tensor *w = &r->in[0];
	const int O = w->shape.d[0];
	BUG_IF(w->layout != ROW_MAJOR, "weights of another order");
	cuda_done(r, cu_quantize_weights(of_type(&r->out[0], S8), of_type(&r->out[1], F32), real(w), O, shape_count(&w->shape) / O, stream_of(r)));
}

/* ---- conv2d_int8 (x, w, scale, bias, residual) ---- */

enum { X, W, SCALE, BIAS, RESIDUAL };

static struct cu_array map(const struct tensor *t)
{
	BUG_IF(t->layout != CHANNELS_LAST || t->shape.n_dim != 4, "conv2d_int8 of a tensor that is not channels-last");
	BUG_IF(t->dtype != U8 && !dtype_is_act(t->dtype), "conv2d_int8 of %s", dtype_name(t->dtype));
	return array_of(t);
}

static void run_conv2d_int8(const struct kernel_run *r)
{
	const struct conv_int8_conf *c = r->conf;
	const struct tensor *x = &r->in[X], *w = &r->in[W], *y = &r->out[0];
	struct cu_conv_int8 k = {
		.N = x->shape.d[0], .C = x->shape.d[1], .H = x->shape.d[2], .W = x->shape.d[3], .O = y->shape.d[1], .out_h = y->shape.d[2],
		.out_w = y->shape.d[3], .kernel_h = w->shape.d[2], .kernel_w = w->shape.d[3], .stride = c->conv.stride, .pad = c->conv.pad,
		.groups = c->conv.groups, .x = of_type(x, U8), .w = of_type(w, S8), .scale = of_type(&r->in[SCALE], F32), .y = map(y),
		.x_scale = c->x_scale, .residual_scale = c->residual_scale, .y_scale = c->y_scale, .relu = c->relu,
	};
	BUG_IF(x->layout != CHANNELS_LAST || w->layout != ROW_MAJOR, "conv2d_int8 of another order");
	if (r->n_in > BIAS)
		k.bias = of_type(&r->in[BIAS], F32);
	if (r->n_in > RESIDUAL && r->in[RESIDUAL].data)
		k.residual = map(&r->in[RESIDUAL]);
	cuda_done(r, cu_conv2d_int8(k, stream_of(r)));
}

const struct kernel cuda_quantize = {.run = run_quantize};
const struct kernel cuda_dequantize = {.run = run_dequantize};
const struct kernel cuda_quantize_weights = {.run = run_quantize_weights};
const struct kernel cuda_conv2d_int8 = {.run = run_conv2d_int8};
