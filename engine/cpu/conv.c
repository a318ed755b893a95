/*
 * conv2d and its gradients. Activations are channels-last as they are; weights are packed once per change into
 * the order that the library likes best. A residual is added and a relu applied before the one rounding.
 */
#include "engine/cpu/conv.h"

#include "engine/cpu/conv_winograd_dw.h"
#include "engine/cpu/conv_patches.h"
#include "engine/cpu/conv_winograd.h"
#include "engine/cpu/conv_winograd_bf16.h"
#include "engine/cpu/dnn_kernel.h"

static struct dnn_mem activation(const struct shape *s)
{
	struct dnn_mem m = {.n_dim = 4, .tag = dnnl_nhwc};
	for (int i = 0; i < 4; i++)
		m.dim[i] = s->d[i];
	return m;
}

/* (O,C/groups,R,S) is, in the same memory, (groups, O/groups, C/groups, R, S). */
static struct dnn_mem weights(const struct shape *s, int groups)
{
	const dnnl_dim_t g = groups, per = s->d[0] / groups;
	if (groups == 1)
		return (struct dnn_mem){.n_dim = 4, .tag = dnnl_format_tag_any,
			.dim = {s->d[0], s->d[1], s->d[2], s->d[3]}};
	return (struct dnn_mem){.n_dim = 5, .tag = dnnl_format_tag_any,
		.dim = {g, per, s->d[1], s->d[2], s->d[3]}};
}

/* One dimension: the last window may end before the padded edge, so less than pad is needed after it, or even
   less than nothing. */
static dnnl_dim_t pad_after(int in, int out, int kernel, int stride, int pad)
{
	return (dnnl_dim_t)(out - 1) * stride + kernel - in - pad;
}

struct dnn_desc conv_desc(const struct conv_conf *conf, enum dnn_kind kind, const struct tensor *x,
	const struct tensor *w, const struct tensor *y)
{
	struct dnn_desc d = {.kind = kind};
	d.mem[DNN_SRC] = activation(&x->shape);
	d.mem[DNN_WEIGHTS] = weights(&w->shape, conf->groups);
	d.mem[DNN_DST] = activation(&y->shape);
	for (int i = 0; i < 2; i++) {
		d.stride[i] = conf->stride;
		d.pad_before[i] = conf->pad;
		d.pad_after[i] = pad_after(x->shape.d[2 + i], y->shape.d[2 + i], w->shape.d[2 + i], conf->stride,
			conf->pad);
	}
	return d;
}

static struct dnn_case conv_case(const struct kernel_case *c, enum dnn_kind kind, const struct tensor *x,
	const struct tensor *w, const struct tensor *y)
{
	return (struct dnn_case){.packs = kind != DNN_CONV_DW, .desc = conv_desc(c->call->conf, kind, x, w, y)};
}

static struct dnn_case forward_case(const struct kernel_case *c)
{
	struct dnn_case d = conv_case(c, DNN_CONV, &c->in[0], &c->in[1], &c->out[0]);
	d.tensor[DNN_SRC] = 0;
	d.tensor[DNN_WEIGHTS] = 1;
	d.tensor[DNN_DST] = DNN_OUT;
	if (has_input(c, 2)) {
		d.tensor[DNN_BIAS] = 2;
		d.desc.mem[DNN_BIAS] = (struct dnn_mem){.n_dim = 1, .dim = {c->out[0].shape.d[1]}, .tag = dnnl_a};
	}
	if (has_input(c, 3)) {
		d.tensor[DNN_ADD] = 3;
		d.desc.mem[DNN_ADD] = d.desc.mem[DNN_DST];
	}
	d.desc.relu = c->fuse & FUSE_RELU;
	return d;
}

static struct dnn_case dx_case(const struct kernel_case *c)
{
	struct dnn_case d = conv_case(c, DNN_CONV_DX, &c->out[0], &c->in[1], &c->in[0]);
	d.tensor[DNN_SRC] = DNN_OUT;
	d.tensor[DNN_WEIGHTS] = 1;
	d.tensor[DNN_DST] = 0;
	return d;
}

static struct dnn_case dw_case(const struct kernel_case *c)
{
	struct dnn_case d = conv_case(c, DNN_CONV_DW, &c->in[0], &c->out[0], &c->in[1]);
	d.tensor[DNN_SRC] = 0;
	d.tensor[DNN_WEIGHTS] = DNN_OUT;
	d.tensor[DNN_DST] = 1;
	return d;
}

/* One of the five. */
struct conv_state {
	void *dnn, *winograd, *winograd_bf16, *winograd_dw, *patches;
};

static struct conv_state *state_new(const struct kernel_case *c, void **state, struct err *e)
{
	struct conv_state *s = mem_new(sizeof *s);
	*state = s;
	if (!s)
		err_nomem(e, "no memory for the primitive of '%s'", c->call->op->name);
	return s;
}

static enum status describe_forward(const struct kernel_case *c, struct kernel_plan *p, struct err *e)
{
	enum status st = OK;
	if (winograd_fit(c)) {
		winograd_describe(c, false, p);
	} else if (winograd_bf16_fit(c)) {
		winograd_bf16_describe(c, false, p);
	} else {
		const struct dnn_case d = forward_case(c);
		st = dnn_kernel_describe(&d, c, p, e);
	}
	p->fuse_ok = FUSE_RELU;
	return st;
}

static enum status describe_dx(const struct kernel_case *c, struct kernel_plan *p, struct err *e)
{
	if (winograd_fit(c)) {
		winograd_describe(c, true, p);
		return OK;
	}
	if (winograd_bf16_fit(c)) {
		winograd_bf16_describe(c, true, p);
		return OK;
	}
	const struct dnn_case d = dx_case(c);
	return dnn_kernel_describe(&d, c, p, e);
}

static enum status describe_dw(const struct kernel_case *c, struct kernel_plan *p, struct err *e)
{
	const struct dnn_case d = dw_case(c);
	if (winograd_dw_fit(c)) {
		winograd_dw_describe(c, p);
		return OK;
	}
	const enum status st = dnn_kernel_describe(&d, c, p, e);
	return st == OK && patches_fit(c, p->name) ? patches_describe(c, p, e) : st;
}

static enum status prepare_forward(const struct kernel_case *c, struct device *dev, void **state, struct err *e)
{
	struct conv_state *s = state_new(c, state, e);
	(void)dev;
	if (!s)
		return E_NOMEM;
	if (winograd_fit(c))
		return winograd_prepare(c, false, &s->winograd, e);
	if (winograd_bf16_fit(c))
		return winograd_bf16_prepare(c, false, &s->winograd_bf16, e);
	const struct dnn_case d = forward_case(c);
	return dnn_kernel_prepare(&d, c, &s->dnn, e);
}

static enum status prepare_dx(const struct kernel_case *c, struct device *dev, void **state, struct err *e)
{
	struct conv_state *s = state_new(c, state, e);
	(void)dev;
	if (!s)
		return E_NOMEM;
	if (winograd_fit(c))
		return winograd_prepare(c, true, &s->winograd, e);
	if (winograd_bf16_fit(c))
		return winograd_bf16_prepare(c, true, &s->winograd_bf16, e);
	const struct dnn_case d = dx_case(c);
	return dnn_kernel_prepare(&d, c, &s->dnn, e);
}

static enum status prepare_dw(const struct kernel_case *c, struct device *dev, void **state, struct err *e)
{
	const struct dnn_case d = dw_case(c);
	struct kernel_plan library;
	struct conv_state *s = state_new(c, state, e);
	(void)dev;
	if (!s)
		return E_NOMEM;
	if (winograd_dw_fit(c))
		return winograd_dw_prepare(c, &s->winograd_dw, e);
	const enum status st = dnn_kernel_describe(&d, c, &library, e);
	if (st != OK)
		return st;
	return patches_fit(c, library.name) ? patches_prepare(c, &s->patches, e) : dnn_kernel_prepare(&d, c, &s->dnn, e);
}

static void release(void *state)
{
	struct conv_state *s = state;
	if (!s)
		return;
	dnn_kernel_release(s->dnn);
	winograd_release(s->winograd);
	winograd_bf16_release(s->winograd_bf16);
	winograd_dw_release(s->winograd_dw);
	patches_release(s->patches);
	mem_free(s);
}

static void pack(void *state, int i, const struct tensor *src, void *dst, struct device *dev)
{
	struct conv_state *s = state;
	if (s->winograd)
		winograd_pack(s->winograd, src, dst);
	else if (s->winograd_bf16)
		winograd_bf16_pack(s->winograd_bf16, src, dst);
	else
		dnn_kernel_pack(s->dnn, i, src, dst, dev);
}

static void run(const struct kernel_run *r)
{
	struct conv_state *s = r->state;
	struct kernel_run own = *r;
	own.state = s->dnn;
	if (s->winograd)
		winograd_run(r, s->winograd);
	else if (s->winograd_bf16)
		winograd_bf16_run(r, s->winograd_bf16);
	else if (s->winograd_dw)
		winograd_dw_run(r, s->winograd_dw);
	else if (s->patches)
		patches_run(r, s->patches);
	else
		dnn_kernel_run(&own);
}

extern const struct kernel cpu_conv2d, cpu_conv2d_dx, cpu_conv2d_dw;
const struct kernel cpu_conv2d = {.describe = describe_forward, .prepare = prepare_forward, .release = release, .pack = pack, .run = run};
const struct kernel cpu_conv2d_dx = {.describe = describe_dx, .prepare = prepare_dx, .release = release, .pack = pack, .run = run};
const struct kernel cpu_conv2d_dw = {.describe = describe_dw, .prepare = prepare_dw, .release = release, .run = run};
