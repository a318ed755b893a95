/*
 * conv2d and its gradients as matrix products: the rows of a map (conv_kernels.h) by weights, in scratch of a bounded size. Weights are packed once per
 * change into the order and type that the product wants. Several groups are summed directly.
 */
#include <stdio.h>

#include "engine/build.h"
#include "engine/cuda/conv_cudnn.h"
#include "engine/cuda/product.h"
#include "engine/cuda/product_kernels.h"

struct conv_state {
	struct conv_work work;
	const char *op;
};

/* From picture n on. */
static struct cu_conv part_of(struct cu_conv v, const struct conv_work *w, int n)
{
	v.N = v.N - n < w->part ? v.N - n : w->part;
	return v;
}

static int places(const struct cu_conv *v)
{
	return v->N * v->OH * v->OW;
}

/* Bias and relu belong to the product, unless sums wait or a residual comes between. */
static bool in_one(const struct conv_work *w)
{
	return w->kind == CONV_FORWARD && !w->waits && !w->has_residual;
}

/* out (places, O) = rows (places, ld) by weights, which are (O, ld) by output and (ld, O) by tap; without the memory. */
static struct product product_of_rows(const struct conv_work *w, const struct cu_conv *part, bool relu)
{
	return (struct product){
		.m = places(part), .n = part->O, .k = part->ld, .tb = !w->by_tap,
		.lda = part->ld, .ldb = w->by_tap ? part->O : part->ld, .ldc = part->O,
		.in = w->act, .out = w->waits ? F32 : w->act,
		.has_bias = in_one(w) && w->has_bias, .relu = in_one(w) && relu,
	};
}

static const char *way_name(const struct conv_work *w, const struct kernel_case *c)
{
	if (w->way == CONV_LIBRARY)
		return "cuDNN";
	if (w->way == CONV_DIRECT)
		return "direct";
	if (w->way == CONV_SPREAD)
		return "cuBLAS, col2im";
	const struct cu_conv part = part_of(w->rows, w, 0);
	const struct product p = product_of_rows(w, &part, c->fuse & FUSE_RELU);
	if (product_lt_has(&p, c->free))
		return w->plain ? "cuBLASLt" : "im2col, cuBLASLt";
	return w->plain ? "cuBLAS" : "im2col, cuBLAS";
}

static void describe(const struct kernel_case *c, enum conv_kind kind, struct kernel_plan *p)
{
	const struct conv_work w = conv_work_of(c, kind);
	*p = (struct kernel_plan){.scratch = w.scratch, .inplace = -1, .fuse_ok = kind == CONV_FORWARD ? FUSE_RELU : 0};
	snprintf(p->name, sizeof p->name, "%s", way_name(&w, c));
	if (w.form)
		p->form[1] = (struct form){w.form, w.tag};
}

static enum status prepare(const struct kernel_case *c, enum conv_kind kind, void **state, struct err *e)
{
	struct conv_state *s = mem_new(sizeof *s);
	*state = s;
	if (!s)
		return err_nomem(e, "no memory for the state of '%s'", c->call->op->name);
	*s = (struct conv_state){conv_work_of(c, kind), c->call->op->name};
	return OK;
}

static void pack(void *state, int i, const struct tensor *src, void *dst, struct device *dev)
{
	const struct conv_state *s = state;
	const struct conv_work *w = &s->work;
	const struct cu_array form = {dst, (int)w->act};
	BUG_IF(i != 1 || !w->form || src->layout != ROW_MAJOR, "no form of input %d of '%s'", i, s->op);
	cuda_form(dev->impl, s->op, (struct cu_form){array_of(src), form, w->weights, w->by_tap});
}

static const void *weights(const struct kernel_run *r)
{
	return r->packed && r->packed[1] ? r->packed[1] : r->in[1].data;
}

static const struct tensor *optional(const struct kernel_run *r, int i)
{
	return i < r->n_in && r->in[i].data ? &r->in[i] : NULL;
}

/* ---- parts of a batch ---- */

/* The map t (N, places, channels) from picture n on. */
static struct cu_array map_from(const struct tensor *t, int n)
{
	const size_t one = tensor_bytes(t) / (size_t)t->shape.d[0];
	return (struct cu_array){(char *)t->data + (size_t)n * one, (int)t->dtype};
}

/* The rows of a part of x, which begins at picture n. */
static const void *rows_of(const struct kernel_run *r, const struct conv_work *w, const struct tensor *x, const struct cu_conv *part, int n)
{
	const struct cu_array from = map_from(x, n);
	if (w->plain)
		return from.data;
	cuda_done(r, cu_conv_rows(from, *part, r->scratch, stream_of(r)));
	return r->scratch;
}

/* ---- running ---- */

static void run_rows(const struct kernel_run *r, const struct conv_work *w)
{
	const struct tensor *bias = optional(r, 2), *residual = optional(r, 3);
	const bool relu = r->fuse & FUSE_RELU;
	for (int n = 0; n < w->rows.N; n += w->part) {
		const struct cu_conv v = part_of(w->rows, w, n);
		const struct cu_array out = map_from(&r->out[0], n);
		const struct cu_array sum = w->waits ? (struct cu_array){(char *)r->scratch + w->at_sums, CU_F32} : out;
		struct product p = product_of_rows(w, &v, relu);
		p.a = rows_of(r, w, &r->in[0], &v, n);
		p.b = weights(r);
		p.c = sum.data;
		p.bias = bias ? bias->data : NULL;
		product_finished(r, &p);
		if (!in_one(w) && (bias || residual || relu))
			cuda_done(r, cu_finish(sum, bias ? bias->data : NULL, residual ? map_from(residual, n) : (struct cu_array){0}, relu, out, p.m,
			                       v.O, stream_of(r)));
	}
}

/* rows (places, R S C) = dy (places, O) by weights (O, ld). */
static void run_spread(const struct kernel_run *r, const struct conv_work *w)
{
	for (int n = 0; n < w->conv.N; n += w->part) {
		const struct cu_conv v = part_of(w->conv, w, n);
		const struct product p = {
			.m = places(&v), .n = v.R * v.S * v.C, .k = v.O,
			.a = map_from(&r->in[0], n).data, .b = weights(r), .c = r->scratch,
			.lda = v.O, .ldb = v.ld, .ldc = v.ld,
			.in = w->act, .out = F32,
		};
		product_run(r, &p);
		cuda_done(r, cu_conv_spread(r->scratch, v, map_from(&r->out[0], n), stream_of(r)));
	}
}

/* product (O, ld) += dy' (O, places) by rows (places, ld). Weights of one tap that fill their rows are in their own order already. */
static void run_dw(const struct kernel_run *r, const struct conv_work *w)
{
	const bool own_order = w->conv.R * w->conv.S == 1 && w->conv.ld == w->conv.C;
	float *product = own_order ? r->out[0].data : (char *)r->scratch + w->at_sums;
	for (int n = 0; n < w->conv.N; n += w->part) {
		const struct cu_conv v = part_of(w->conv, w, n);
		const struct product p = {
			.m = v.O, .n = v.ld, .k = places(&v), .ta = true,
			.a = map_from(&r->in[1], n).data, .b = rows_of(r, w, &r->in[0], &v, n), .c = product,
			.lda = v.O, .ldb = v.ld, .ldc = v.ld,
			.in = w->act, .out = F32, .add = n > 0,
		};
		product_run(r, &p);
	}
	if (!own_order)
		cuda_done(r, cu_conv_from_output((struct cu_array){product, CU_F32}, w->weights, r->out[0].data, stream_of(r)));
}

static void run_direct(const struct kernel_run *r, const struct conv_work *w)
{
	const struct cu_array a = array_of(&r->in[0]), b = array_of(&r->in[1]), out = array_of(&r->out[0]);
	const struct tensor *bias = optional(r, 2), *residual = optional(r, 3);
	switch (w->kind) {
	case CONV_FORWARD:
		cuda_done(r, cu_conv_direct(a, b, bias ? bias->data : NULL, residual ? array_of(residual) : (struct cu_array){0}, r->fuse & FUSE_RELU,
		                            w->conv, out, stream_of(r)));
		break;
	case CONV_DX:
		cuda_done(r, cu_conv_direct_dx(a, b, w->conv, out, stream_of(r)));
		break;
	case CONV_DW:
		cuda_done(r, cu_conv_direct_dw(a, b, w->conv, w->chunks, r->scratch, out.data, stream_of(r)));
		break;
	}
}

/* What the plan does not do itself follows in the result's own memory. */
static void run_library(const struct kernel_run *r, const struct conv_work *w)
{
	const struct tensor *bias = optional(r, 2), *residual = optional(r, 3), *out = &r->out[0];
	const bool relu = r->fuse & FUSE_RELU && !w->relu;
	struct cudnn_memory m = {.x = r->in[0].data, .w = weights(r), .y = out->data, .scratch = r->scratch};
	if (w->kind == CONV_DX) {
		m.y = m.x;
		m.x = out->data;
	}
	if (w->finished) {
		m.bias = bias ? bias->data : NULL;
		m.residual = residual ? residual->data : NULL;
		bias = residual = NULL;
	}
	cuda_done(r, conv_cudnn_run(w->library, &m, stream_of(r)));
	if (bias || residual || relu)
		cuda_done(r, cu_finish(array_of(out), bias ? bias->data : NULL, residual ? array_of(residual) : (struct cu_array){0}, relu, array_of(out),
		                       shape_count(&out->shape) / w->conv.O, w->conv.O, stream_of(r)));
}

static void run(const struct kernel_run *r)
{
	const struct conv_state *s = r->state;
	const struct conv_work *w = &s->work;
	if (w->way == CONV_LIBRARY)
		run_library(r, w);
	else if (w->way == CONV_DIRECT)
		run_direct(r, w);
	else if (w->way == CONV_SPREAD)
		run_spread(r, w);
	else if (w->kind == CONV_DW)
		run_dw(r, w);
	else
		run_rows(r, w);
}

/* ---- the three ops ---- */

static enum status describe_forward(const struct kernel_case *c, struct kernel_plan *p, struct err *e)
{
	(void)e;
	describe(c, CONV_FORWARD, p);
	return OK;
}

static enum status describe_dx(const struct kernel_case *c, struct kernel_plan *p, struct err *e)
{
	(void)e;
	describe(c, CONV_DX, p);
	return OK;
}

static enum status describe_dw(const struct kernel_case *c, struct kernel_plan *p, struct err *e)
{
	(void)e;
	describe(c, CONV_DW, p);
	return OK;
}

static enum status prepare_forward(const struct kernel_case *c, struct device *dev, void **state, struct err *e)
{
	(void)dev;
	return prepare(c, CONV_FORWARD, state, e);
}

static enum status prepare_dx(const struct kernel_case *c, struct device *dev, void **state, struct err *e)
{
	(void)dev;
	return prepare(c, CONV_DX, state, e);
}

static enum status prepare_dw(const struct kernel_case *c, struct device *dev, void **state, struct err *e)
{
	(void)dev;
	return prepare(c, CONV_DW, state, e);
}

static void foresee_forward(const struct kernel_case *c)
{
	conv_work_foresee(c, CONV_FORWARD);
}

static void foresee_dx(const struct kernel_case *c)
{
	conv_work_foresee(c, CONV_DX);
}

const struct kernel cuda_conv2d = {.foresee = foresee_forward, .describe = describe_forward, .prepare = prepare_forward, .release = mem_free, .pack = pack, .run = run};
const struct kernel cuda_conv2d_dx = {.foresee = foresee_dx, .describe = describe_dx, .prepare = prepare_dx, .release = mem_free, .pack = pack, .run = run};
const struct kernel cuda_conv2d_dw = {.describe = describe_dw, .prepare = prepare_dw, .release = mem_free, .run = run};
