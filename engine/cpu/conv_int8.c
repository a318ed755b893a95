/*
 * conv2d_int8. Where the processor multiplies bytes (VNNI, AMX), one primitive does it all: in the integers' own units the
 * bias is added to the sums; they are multiplied by a factor for each output, the residual is added in units of what it is
 * given in, and the whole is brought to the result's unit and rounded. Elsewhere an f32 convolution of the same integers
 * (sums stay within f32's rounding), between two passes of our own.
 */
#include <math.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/cpu_clones.h"
#include "engine/cpu/conv.h"
#include "engine/cpu/dnn_kernel.h"
#include "engine/cpu/loops.h"
#include "engine/cpu/quant.h"

enum { X, W, SCALE, BIAS, RESIDUAL }; /* inputs */

/* How a call is computed. at_*: in scratch, whose start is the primitive's. */
struct way {
	struct dnn_desc desc;
	dnnl_primitive_desc_t pd;
	bool native;
	size_t scratchpad, at_factor, at_bias, at_x, at_y, scratch;
};

struct conv_int8_state {
	struct dnn_prim prim, reorder;
	struct way way;
	float *plain; /* weights as f32 on their way to packing */
};

static dnnl_data_type_t type_for(enum dtype d)
{
	return d == U8 ? dnnl_u8 : d == BF16 ? dnnl_bf16 : dnnl_f32;
}

/* The unit in which the residual is added: of bytes their own. */
static double sum_unit(const struct conv_int8_conf *k, bool bytes_added, bool added)
{
	return bytes_added ? k->residual_scale : !added && k->to_u8 ? k->y_scale : 1;
}

static struct dnn_desc native_desc(const struct kernel_case *c)
{
	const struct conv_int8_conf *k = c->call->conf;
	const int O = c->out[0].shape.d[1];
	const bool added = has_input(c, RESIDUAL), bytes_added = added && c->in[RESIDUAL].dtype == U8;
	struct dnn_desc d = conv_desc(&k->conv, DNN_CONV, &c->in[X], &c->in[W], &c->out[0]);
	d.mem[DNN_SRC].type = dnnl_u8;
	d.mem[DNN_WEIGHTS].type = dnnl_s8;
	d.mem[DNN_DST].type = type_for(c->out[0].dtype);
	d.mem[DNN_SCALE] = (struct dnn_mem){.n_dim = 4, .dim = {1, O, 1, 1}, .tag = dnnl_nhwc, .type = dnnl_f32};
	if (has_input(c, BIAS))
		d.mem[DNN_BIAS] = (struct dnn_mem){.n_dim = 1, .dim = {O}, .tag = dnnl_a, .type = dnnl_f32};
	if (added) {
		d.mem[DNN_ADD] = d.mem[DNN_DST];
		d.mem[DNN_ADD].type = type_for(c->in[RESIDUAL].dtype);
	}
	d.relu = k->relu && !k->to_u8; /* bytes begin at 0 */
	const float factor = (float)(sum_unit(k, bytes_added, added) / (k->to_u8 ? k->y_scale : 1));
	d.factor = factor == 1 ? 0 : factor;
	return d;
}

/* Sums alone. */
static struct dnn_desc plain_desc(const struct kernel_case *c)
{
	const struct conv_int8_conf *k = c->call->conf;
	struct dnn_desc d = conv_desc(&k->conv, DNN_CONV, &c->in[X], &c->in[W], &c->out[0]);
	for (int i = 0; i < DNN_ROLE_COUNT; i++)
		d.mem[i].type = dnnl_f32;
	return d;
}

static enum status choose(const struct kernel_case *c, struct way *w, struct err *e)
{
	const size_t row = (size_t)c->out[0].shape.d[1] * sizeof(float);
	const enum status st = dnn_open(e);
	if (st != OK)
		return st;
	*w = (struct way){.desc = native_desc(c)};
	w->native = dnn_has_int8() && dnn_find(&w->desc, &w->pd) == dnnl_success;
	if (!w->native) {
		w->desc = plain_desc(c);
		const dnnl_status_t found = dnn_find(&w->desc, &w->pd);
		if (found != dnnl_success)
			return dnn_error(e, found, c->call->op->name);
	}
	w->scratchpad = dnnl_memory_desc_get_size(dnn_arg_md(w->pd, DNNL_ARG_SCRATCHPAD));
	place(&w->scratch, w->scratchpad);
	w->at_factor = place(&w->scratch, row);
	w->at_bias = place(&w->scratch, row);
	if (!w->native) {
		w->at_x = place(&w->scratch, (size_t)shape_count(&c->in[X].shape) * sizeof(float));
		w->at_y = place(&w->scratch, (size_t)shape_count(&c->out[0].shape) * sizeof(float));
	}
	return OK;
}

static enum status describe(const struct kernel_case *c, struct kernel_plan *p, struct err *e)
{
	struct way w;
	const enum status st = choose(c, &w, e);
	if (st != OK)
		return st;
	const dnn_md md = dnn_arg_md(w.pd, DNNL_ARG_WEIGHTS);
	*p = (struct kernel_plan){.scratch = w.scratch, .inplace = -1};
	snprintf(p->name, sizeof p->name, "%s%s", w.native ? "" : "f32 of bytes: ", dnn_impl(w.pd));
	p->form[W] = (struct form){dnnl_memory_desc_get_size(md), dnn_md_hash(md)};
	dnnl_primitive_desc_destroy(w.pd);
	return OK;
}

static void release(void *state)
{
	struct conv_int8_state *s = state;
	if (!s)
		return;
	dnn_prim_release(&s->prim);
	dnn_prim_release(&s->reorder);
	mem_free(s->plain);
	mem_free(s);
}

static enum status init_prims(struct conv_int8_state *s, const struct kernel_case *c, struct err *e)
{
	const struct dnn_desc *d = &s->way.desc;
	int arg[DNN_MAX_ARG], n = 0;
	for (int i = 0; i < DNN_ROLE_COUNT; i++)
		if (d->mem[i].n_dim)
			arg[n++] = dnn_arg(d, (enum dnn_role)i);
	if (s->way.scratchpad)
		arg[n++] = DNNL_ARG_SCRATCHPAD;
	struct dnn_mem plain = d->mem[DNN_WEIGHTS];
	plain.tag = plain.n_dim == 5 ? dnnl_goihw : dnnl_oihw;
	if (!s->way.native && !(s->plain = mem_new((size_t)shape_count(&c->in[W].shape) * sizeof(float))))
		return err_nomem(e, "no memory for the weights of '%s'", c->call->op->name);
	const enum status st = dnn_prim_init(&s->prim, s->way.pd, arg, n, e);
	return st != OK ? st : dnn_prim_init_reorder(&s->reorder, &plain, dnn_arg_md(s->way.pd, DNNL_ARG_WEIGHTS), false, e);
}

static enum status prepare(const struct kernel_case *c, struct device *dev, void **state, struct err *e)
{
	struct way w;
	(void)dev;
	*state = NULL;
	enum status st = choose(c, &w, e);
	if (st != OK)
		return st;
	struct conv_int8_state *s = mem_new(sizeof *s);
	if (s) {
		s->way = w;
		st = init_prims(s, c, e);
		s->way.pd = NULL;
	} else {
		st = err_nomem(e, "no memory for the primitive of '%s'", c->call->op->name);
	}
	dnnl_primitive_desc_destroy(w.pd);
	if (st == OK)
		*state = s;
	else
		release(s);
	return st;
}

static void pack(void *state, int i, const struct tensor *src, void *dst, struct device *dev)
{
	struct conv_int8_state *s = state;
	BUG_IF(i != W || src->layout != ROW_MAJOR || src->dtype != S8, "weights of another kind");
	if (s->plain)
		f32_load(s->plain, src->data, S8, 0, shape_count(&src->shape));
	dnn_prim_set(&s->reorder, DNNL_ARG_FROM, s->plain ? (const void *)s->plain : src->data);
	dnn_prim_set(&s->reorder, DNNL_ARG_TO, dst);
	dnn_kernel_execute(&s->reorder, dev, "packing weights");
}

/* ---- elsewhere ---- */

static CPU_CLONES void finish_part(float *v, const float *sum, const float *factor, const float *bias, const float *residual,
	float unit, float low, int64_t n)
{
#pragma omp simd
	for (int64_t i = 0; i < n; i++) {
		const float y = (sum[i] + bias[i]) * factor[i] + residual[i] * unit;
		v[i] = y < low ? low : y;
	}
}

/* Channels c..c+n of pixel at / O. */
static void finish_pixel(const struct kernel_run *r, const float *sum, const float *factor, const float *bias, int64_t at,
	int64_t n)
{
	const struct conv_int8_conf *k = r->conf;
	const struct tensor *y = &r->out[0], *residual = r->n_in > RESIDUAL && r->in[RESIDUAL].data ? &r->in[RESIDUAL] : NULL;
	float v[CHUNK] __attribute__((aligned(64))), add[CHUNK] __attribute__((aligned(64)));
	if (residual)
		f32_load(add, residual->data, residual->dtype, at, n);
	for (int64_t i = 0; !residual && i < n; i++)
		add[i] = 0;
	const float unit = residual && residual->dtype == U8 ? (float)k->residual_scale : 1.0f;
	finish_part(v, sum, factor, bias, add, unit, k->relu ? 0.0f : -INFINITY, n);
	if (y->dtype == U8)
		bytes_store((uint8_t *)y->data + at, v, n, (float)(1 / k->y_scale));
	else
		f32_store(y->data, y->dtype, at, v, n);
}

static void run_plain(const struct kernel_run *r, struct conv_int8_state *s, const float *factor, const float *bias)
{
	char *const scratch = r->scratch;
	float *x = (float *)(scratch + s->way.at_x), *sum = (float *)(scratch + s->way.at_y);
	const int64_t n = shape_count(&r->in[X].shape), O = r->out[0].shape.d[1], pixels = shape_count(&r->out[0].shape) / O;
#pragma omp parallel for schedule(static) if (n > SMALL)
	for (int64_t at = 0; at < n; at += CHUNK)
		f32_load(x + at, r->in[X].data, U8, at, min_i64(CHUNK, n - at));
	dnn_prim_set(&s->prim, DNNL_ARG_SRC, x);
	dnn_prim_set(&s->prim, DNNL_ARG_DST, sum);
	dnn_kernel_execute(&s->prim, r->dev, r->call->op->name);
#pragma omp parallel for schedule(static) if (pixels * O > SMALL)
	for (int64_t p = 0; p < pixels; p++)
		for (int64_t c = 0; c < O; c += CHUNK)
			finish_pixel(r, sum + p * O + c, factor + c, bias + c, p * O + c, min_i64(CHUNK, O - c));
}

/* ---- both ---- */

/* factor brings sums to the unit in which the residual is added; bias is in the sums' own. */
static void fill_rows(const struct kernel_run *r, bool native, float *factor, float *bias)
{
	const struct conv_int8_conf *k = r->conf;
	const float *scale = r->in[SCALE].data, *given = r->n_in > BIAS ? r->in[BIAS].data : NULL;
	const bool added = r->n_in > RESIDUAL && r->in[RESIDUAL].data, bytes_added = added && r->in[RESIDUAL].dtype == U8;
	const double unit = native ? sum_unit(k, bytes_added, added) : 1;
	for (int o = 0; o < r->out[0].shape.d[1]; o++) {
		const double one = k->x_scale * (double)scale[o];
		factor[o] = (float)(one / unit);
		bias[o] = given ? (float)((double)given[o] / one) : 0;
	}
}

static void run(const struct kernel_run *r)
{
	struct conv_int8_state *s = r->state;
	const struct dnn_desc *d = &s->way.desc;
	float *factor = (float *)((char *)r->scratch + s->way.at_factor), *bias = (float *)((char *)r->scratch + s->way.at_bias);
	BUG_IF(!r->packed || !r->packed[W], "weights that are not packed");
	fill_rows(r, s->way.native, factor, bias);
	dnn_prim_set(&s->prim, DNNL_ARG_WEIGHTS, r->packed[W]);
	if (s->way.scratchpad)
		dnn_prim_set(&s->prim, DNNL_ARG_SCRATCHPAD, r->scratch);
	if (!s->way.native) {
		run_plain(r, s, factor, bias);
		return;
	}
	dnn_prim_set(&s->prim, DNNL_ARG_SRC, r->in[X].data);
	dnn_prim_set(&s->prim, DNNL_ARG_DST, r->out[0].data);
	dnn_prim_set(&s->prim, dnn_arg(d, DNN_SCALE), factor);
	if (d->mem[DNN_BIAS].n_dim)
		dnn_prim_set(&s->prim, DNNL_ARG_BIAS, bias);
	if (d->mem[DNN_ADD].n_dim)
		dnn_prim_set(&s->prim, dnn_arg(d, DNN_ADD), r->in[RESIDUAL].data);
	dnn_kernel_execute(&s->prim, r->dev, r->call->op->name);
}

const struct kernel cpu_conv2d_int8 = {
	.describe = describe,
	.prepare = prepare,
	.release = release,
	.pack = pack,
	.run = run,
};
