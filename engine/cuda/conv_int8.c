/*
 * conv2d_int8 as matrix products of signed bytes with sums in 32 bits, which are exact whatever their order; of several groups, and of outputs that
 * are no multiple of 4, directly. Both ways give the same bits.
 */
#include <stdio.h>

#include "engine/build.h"
#include "engine/cuda/conv_work.h"
#include "engine/cuda/product.h"
#include "engine/cuda/quant_kernels.h"

enum { X, W, SCALE, BIAS, RESIDUAL };

struct work {
	bool products;
	int ld, part;         /* bytes of a row; pictures at a time */
	size_t at_sums, scratch;
	size_t at_totals, form; /* of the packed weights: (O, ld) bytes, then O totals */
};

static struct cu_conv_int8 shape_of(const struct conv_conf *k, const struct tensor *x, const struct tensor *w, const struct tensor *y)
{
	return (struct cu_conv_int8){
		.N = x->shape.d[0], .C = x->shape.d[1], .H = x->shape.d[2], .W = x->shape.d[3], .O = y->shape.d[1], .out_h = y->shape.d[2],
		.out_w = y->shape.d[3], .kernel_h = w->shape.d[2], .kernel_w = w->shape.d[3], .stride = k->stride, .pad = k->pad, .groups = k->groups,
	};
}

static struct work work_of(const struct kernel_case *c)
{
	const struct conv_int8_conf *conf = c->call->conf;
	const struct cu_conv_int8 k = shape_of(&conf->conv, &c->in[X], &c->in[W], &c->out[0]);
	const size_t places = (size_t)k.out_h * (size_t)k.out_w, O = (size_t)k.O;
	struct work w = {.products = k.groups == 1 && k.O % 4 == 0, .ld = (k.kernel_h * k.kernel_w * k.C + 15) / 16 * 16};
	const size_t ld = (size_t)w.ld;
	if (!w.products)
		return w;
	w.part = conv_pictures_at_once(k.N, places * (ld + O * sizeof(int32_t)));
	scratch_place(&w.scratch, (size_t)w.part * places * ld);
	w.at_sums = w.scratch;
	scratch_place(&w.scratch, (size_t)w.part * places * O * sizeof(int32_t));
	scratch_place(&w.form, O * ld);
	w.at_totals = w.form;
	scratch_place(&w.form, O * sizeof(int32_t));
	return w;
}

static enum status describe(const struct kernel_case *c, struct kernel_plan *p, struct err *e)
{
	const struct work w = work_of(c);
	(void)e;
	*p = (struct kernel_plan){.scratch = w.scratch, .inplace = -1};
	snprintf(p->name, sizeof p->name, "%s", w.products ? "im2col, cuBLAS" : "direct");
	if (w.form)
		p->form[W] = (struct form){w.form, (uint64_t)0x696e7438 << 32 | (uint64_t)w.ld << 4}; /* the last bit is the plan's */
	return OK;
}

static enum status prepare(const struct kernel_case *c, struct device *dev, void **state, struct err *e)
{
	struct work *w = mem_new(sizeof *w);
	(void)dev;
	*state = w;
	if (!w)
		return err_nomem(e, "no memory for the state of '%s'", c->call->op->name);
	*w = work_of(c);
	return OK;
}

static void pack(void *state, int i, const struct tensor *src, void *dst, struct device *dev)
{
	const struct work *w = state;
	const int *d = src->shape.d;
	struct cuda *c = dev->impl;
	BUG_IF(i != W || !w->form || src->layout != ROW_MAJOR || src->dtype != S8, "no form of input %d of 'conv2d_int8'", i);
	cuda_note(c, "conv2d_int8", cu_conv_int8_form(src->data, d[0], d[1], d[2] * d[3], w->ld, dst,
	                                                    (int32_t *)(void *)((char *)dst + w->at_totals), c->stream));
}

/* ---- running ---- */

static void *of_type(const struct tensor *t, enum dtype d)
{
	BUG_IF(t->data && t->dtype != d, "%s where %s is expected", dtype_name(t->dtype), dtype_name(d));
	return t->data;
}

static struct cu_array map(const struct tensor *t)
{
	BUG_IF(t->layout != CHANNELS_LAST || t->shape.n_dim != 4, "conv2d_int8 of a tensor that is not channels-last");
	BUG_IF(t->dtype != U8 && !dtype_is_act(t->dtype), "conv2d_int8 of %s", dtype_name(t->dtype));
	return array_of(t);
}

static struct cu_conv_int8 case_of(const struct kernel_run *r)
{
	const struct conv_int8_conf *c = r->conf;
	struct cu_conv_int8 k = shape_of(&c->conv, &r->in[X], &r->in[W], &r->out[0]);
	BUG_IF(r->in[X].layout != CHANNELS_LAST || r->in[W].layout != ROW_MAJOR, "conv2d_int8 of another order");
	k.x = of_type(&r->in[X], U8);
	k.w = of_type(&r->in[W], S8);
	k.scale = of_type(&r->in[SCALE], F32);
	k.y = map(&r->out[0]);
	k.x_scale = c->x_scale;
	k.residual_scale = c->residual_scale;
	k.y_scale = c->y_scale;
	k.relu = c->relu;
	if (r->n_in > BIAS)
		k.bias = of_type(&r->in[BIAS], F32);
	if (r->n_in > RESIDUAL && r->in[RESIDUAL].data)
		k.residual = map(&r->in[RESIDUAL]);
	return k;
}

static void run_products(const struct kernel_run *r, const struct work *w, const struct cu_conv_int8 *k)
{
	const char *form = r->packed[W];
	int32_t *sums = (int32_t *)(void *)((char *)r->scratch + w->at_sums);
	for (int n = 0; n < k->N; n += w->part) {
		const int count = k->N - n < w->part ? k->N - n : w->part, places = count * k->out_h * k->out_w;
		cuda_done(r, cu_conv_int8_rows(*k, n, count, w->ld, r->scratch, stream_of(r)));
		product_bytes(r, places, k->O, w->ld, r->scratch, (const int8_t *)form, sums);
		cuda_done(r, cu_conv_int8_finish(*k, (int64_t)n * k->out_h * k->out_w, places, sums, (const int32_t *)(const void *)(form + w->at_totals), stream_of(r)));
	}
}

static void run(const struct kernel_run *r)
{
	const struct work *w = r->state;
	const struct cu_conv_int8 k = case_of(r);
	if (w->products)
		run_products(r, w, &k);
	else
		cuda_done(r, cu_conv2d_int8(k, stream_of(r)));
}

const struct kernel cuda_conv2d_int8 = {.describe = describe, .prepare = prepare, .release = mem_free, .pack = pack, .run = run};
