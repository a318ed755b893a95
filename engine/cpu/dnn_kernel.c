#include "engine/cpu/dnn_kernel.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/cpu_clones.h"
#include "engine/graph.h"

enum { CHUNK = 8192 };

/* What a case becomes. */
struct choice {
	struct dnn_desc desc;       /* with types */
	dnnl_primitive_desc_t pd;
	bool cast[DNN_ROLE_COUNT];  /* the tensor is bf16, the primitive's operand f32 */
	bool reorder;               /* the weights' gradient leaves the primitive in the library's own order */
	size_t at[DNN_ROLE_COUNT];  /* in scratch: the operand of a cast or reorder; 0 is the primitive's scratchpad */
	size_t scratchpad, scratch; /* bytes */
};

struct dnn_state {
	struct dnn_prim prim, reorder; /* reorder: packs weights, or brings their gradient into plain order */
	struct dnn_desc desc;
	int tensor[DNN_ROLE_COUNT];
	bool use[DNN_ROLE_COUNT], cast[DNN_ROLE_COUNT];
	size_t at[DNN_ROLE_COUNT];
	bool packs, unpacks, scratchpad, sum;
	float *plain;                  /* bf16 weights as f32 on their way to packing */
};

/* ---- casts ---- */

CPU_CLONES static void widen_chunk(float *out, const uint16_t *in, int n)
{
	for (int i = 0; i < n; i++)
		out[i] = f32_from_bf16(in[i]);
}

CPU_CLONES static void narrow_chunk(uint16_t *out, const float *in, int n)
{
	for (int i = 0; i < n; i++)
		out[i] = bf16_from_f32(in[i]);
}

static int chunk_size(int64_t n, int64_t start)
{
	return n - start < CHUNK ? (int)(n - start) : CHUNK;
}

static void widen(float *out, const uint16_t *in, int64_t n)
{
#pragma omp parallel for schedule(static) if (n > 4 * CHUNK)
	for (int64_t i = 0; i < n; i += CHUNK)
		widen_chunk(out + i, in + i, chunk_size(n, i));
}

static void narrow(uint16_t *out, const float *in, int64_t n)
{
#pragma omp parallel for schedule(static) if (n > 4 * CHUNK)
	for (int64_t i = 0; i < n; i += CHUNK)
		narrow_chunk(out + i, in + i, chunk_size(n, i));
}

static void copy(char *out, const char *in, int64_t bytes)
{
#pragma omp parallel for schedule(static) if (bytes > 16 * CHUNK)
	for (int64_t i = 0; i < bytes; i += CHUNK)
		memcpy(out + i, in + i, (size_t)chunk_size(bytes, i));
}

/* ---- choosing ---- */

static enum dnn_role written(enum dnn_kind kind)
{
	return kind == DNN_CONV_DX ? DNN_SRC : kind == DNN_CONV_DW ? DNN_WEIGHTS : DNN_DST;
}

static const struct tensor *case_tensor(const struct kernel_case *c, int i)
{
	return i == DNN_OUT ? &c->out[0] : &c->in[i];
}

static bool present(const struct dnn_case *d, int role)
{
	return d->desc.mem[role].n_dim > 0;
}

/* i: an input, or DNN_OUT */
static bool is_bf16(const struct kernel_case *c, int i)
{
	const struct tensor *t = case_tensor(c, i);
	BUG_IF(t->dtype != BF16 && t->dtype != F32, "'%s' of %s", c->call->op->name, dtype_name(t->dtype));
	return t->dtype == BF16;
}

/* Types of the operands with bf16 products; false: the tensors are not of that kind. */
static bool low_types(const struct dnn_case *d, const struct kernel_case *c, struct dnn_desc *desc)
{
	const bool matmul = desc->kind == DNN_MATMUL;
	bool low = is_bf16(c, d->tensor[DNN_SRC]) && is_bf16(c, d->tensor[matmul ? DNN_WEIGHTS : DNN_DST]);
	if (present(d, DNN_ADD))
		low = low && is_bf16(c, d->tensor[DNN_ADD]);
	for (int i = 0; i < DNN_ROLE_COUNT; i++)
		desc->mem[i].type = dnnl_bf16;
	desc->mem[DNN_BIAS].type = dnnl_f32;
	if (desc->kind == DNN_CONV_DW)
		desc->mem[DNN_WEIGHTS].type = dnnl_f32;
	if (matmul && !is_bf16(c, d->tensor[DNN_DST]))
		desc->mem[DNN_DST].type = dnnl_f32;
	return low;
}

static struct dnn_mem plain_weights(const struct dnn_desc *d)
{
	struct dnn_mem m = d->mem[DNN_WEIGHTS];
	m.type = dnnl_f32;
	m.tag = m.n_dim == 5 ? dnnl_goihw : dnnl_oihw;
	return m;
}

static int64_t operand_count(const struct dnn_mem *m)
{
	int64_t n = 1;
	for (int i = 0; i < m->n_dim; i++)
		n *= m->dim[i];
	return n;
}

static void lay_out(const struct dnn_case *d, const struct kernel_case *c, struct choice *o)
{
	const enum dnn_kind kind = o->desc.kind;
	size_t end = 0;
	o->scratchpad = dnnl_memory_desc_get_size(dnn_arg_md(o->pd, DNNL_ARG_SCRATCHPAD));
	place(&end, o->scratchpad);
	for (int i = 0; i < DNN_ROLE_COUNT; i++) {
		if (!o->desc.mem[i].n_dim || (i == DNN_WEIGHTS && d->packs))
			continue;
		o->cast[i] = o->desc.mem[i].type == dnnl_f32 && is_bf16(c, d->tensor[i]);
		if (o->cast[i])
			o->at[i] = place(&end, (size_t)operand_count(&o->desc.mem[i]) * sizeof(float));
	}
	if (kind == DNN_CONV_DW) {
		const struct dnn_mem plain = plain_weights(&o->desc);
		const dnn_md md = dnn_arg_md(o->pd, DNNL_ARG_DIFF_WEIGHTS);
		BUG_IF(o->cast[DNN_WEIGHTS], "'%s' into bf16", c->call->op->name);
		o->reorder = !dnn_md_is(md, &plain);
		if (o->reorder)
			o->at[DNN_WEIGHTS] = place(&end, dnnl_memory_desc_get_size(md));
	}
	o->scratch = end;
}

/* Adds the residual as an operand. Where only plain loops can do that rightly, it is copied into the result, and the
   primitive adds to what it finds there. */
static dnnl_status_t find(struct dnn_desc *d, dnnl_primitive_desc_t *pd)
{
	if (d->mem[DNN_ADD].n_dim == 0)
		return dnn_find(d, pd);
	const dnnl_status_t st = dnn_find(d, pd);
	if (st == dnnl_success && !dnn_impl_is_loops(*pd))
		return st;
	if (*pd)
		dnnl_primitive_desc_destroy(*pd);
	d->mem[DNN_ADD].n_dim = 0;
	d->sum = true;
	return dnn_find(d, pd);
}

static enum status choose(const struct dnn_case *d, const struct kernel_case *c, struct choice *o,
	struct err *e)
{
	dnnl_primitive_desc_t low = NULL;
	const enum status opened = dnn_open(e);
	if (opened != OK)
		return opened;
	*o = (struct choice){.desc = d->desc};
	struct dnn_desc low_desc = d->desc;
	if (low_types(d, c, &low_desc) && find(&low_desc, &low) == dnnl_success && !dnn_impl_is_loops(low)) {
		o->desc = low_desc;
		o->pd = low;
		lay_out(d, c, o);
		return OK;
	}
	if (low)
		dnnl_primitive_desc_destroy(low);
	for (int i = 0; i < DNN_ROLE_COUNT; i++)
		o->desc.mem[i].type = dnnl_f32;
	const dnnl_status_t st = find(&o->desc, &o->pd);
	if (st != dnnl_success) {
		const enum status s = dnn_error(e, st, c->call->op->name);
		err_note(e, "inputs %s and %s, output %s", shape_str(&c->in[0].shape), shape_str(&c->in[1].shape),
			shape_str(&c->out[0].shape));
		return s;
	}
	lay_out(d, c, o);
	return OK;
}

enum status dnn_kernel_describe(const struct dnn_case *d, const struct kernel_case *c, struct kernel_plan *p,
	struct err *e)
{
	struct choice o;
	const enum status st = choose(d, c, &o, e);
	if (st != OK)
		return st;
	bool cast = false;
	for (int i = 0; i < DNN_ROLE_COUNT; i++)
		cast = cast || o.cast[i];
	*p = (struct kernel_plan){.scratch = o.scratch, .inplace = -1};
	snprintf(p->name, sizeof p->name, "%s%s", cast ? "f32 between casts: " : "", dnn_impl(o.pd));
	if (d->packs) {
		const dnn_md md = dnn_arg_md(o.pd, dnn_arg(&o.desc, DNN_WEIGHTS));
		p->form[d->tensor[DNN_WEIGHTS]] = (struct form){dnnl_memory_desc_get_size(md), dnn_md_hash(md)};
	}
	dnnl_primitive_desc_destroy(o.pd);
	return OK;
}

/* ---- running ---- */

static enum status prepare_weights(struct dnn_state *s, const struct choice *o, const struct kernel_case *c,
	struct err *e)
{
	if (!s->packs && !s->unpacks)
		return OK;
	const struct dnn_mem plain = plain_weights(&o->desc);
	if (s->packs && c->in[s->tensor[DNN_WEIGHTS]].dtype == BF16) {
		s->plain = mem_new((size_t)operand_count(&plain) * sizeof(float));
		if (!s->plain)
			return err_nomem(e, "no memory for the weights of '%s'", c->call->op->name);
	}
	const dnn_md md = dnn_arg_md(o->pd, dnn_arg(&s->desc, DNN_WEIGHTS));
	return dnn_prim_init_reorder(&s->reorder, &plain, md, s->unpacks, e);
}

enum status dnn_kernel_prepare(const struct dnn_case *d, const struct kernel_case *c, void **state,
	struct err *e)
{
	struct choice o;
	int arg[DNN_MAX_ARG], n = 0;
	*state = NULL;
	enum status st = choose(d, c, &o, e);
	if (st != OK)
		return st;
	struct dnn_state *s = mem_new(sizeof *s);
	if (!s) {
		dnnl_primitive_desc_destroy(o.pd);
		return err_nomem(e, "no memory for the primitive of '%s'", c->call->op->name);
	}
	s->desc = o.desc;
	s->packs = d->packs;
	s->unpacks = o.reorder;
	s->scratchpad = o.scratchpad > 0;
	s->sum = o.desc.sum;
	memcpy(s->tensor, d->tensor, sizeof s->tensor);
	memcpy(s->cast, o.cast, sizeof s->cast);
	memcpy(s->at, o.at, sizeof s->at);
	for (int i = 0; i < DNN_ROLE_COUNT; i++) {
		s->use[i] = o.desc.mem[i].n_dim > 0;
		if (s->use[i])
			arg[n++] = dnn_arg(&s->desc, (enum dnn_role)i);
	}
	if (s->scratchpad)
		arg[n++] = DNNL_ARG_SCRATCHPAD;
	st = dnn_prim_init(&s->prim, o.pd, arg, n, e);
	if (st == OK)
		st = prepare_weights(s, &o, c, e);
	dnnl_primitive_desc_destroy(o.pd);
	if (st == OK)
		*state = s;
	else
		dnn_kernel_release(s);
	return st;
}

void dnn_kernel_release(void *state)
{
	struct dnn_state *s = state;
	if (!s)
		return;
	dnn_prim_release(&s->prim);
	dnn_prim_release(&s->reorder);
	mem_free(s->plain);
	mem_free(s);
}

void dnn_kernel_execute(struct dnn_prim *p, struct device *dev, const char *what)
{
	const dnnl_status_t st = dnn_prim_run(p);
	if (st == dnnl_success)
		return;
	BUG_IF(!dev, "oneDNN: %s failed", what);
	dnn_error(&dev->failure, st, what);
}

void dnn_kernel_pack(void *state, int i, const struct tensor *src, void *dst, struct device *dev)
{
	struct dnn_state *s = state;
	BUG_IF(!s->packs || i != s->tensor[DNN_WEIGHTS], "no form of input %d", i);
	BUG_IF(src->layout != ROW_MAJOR || (src->dtype != F32 && !s->plain), "weights of another kind");
	const void *from = src->data;
	if (src->dtype == BF16) {
		widen(s->plain, src->data, shape_count(&src->shape));
		from = s->plain;
	}
	dnn_prim_set(&s->reorder, DNNL_ARG_FROM, from);
	dnn_prim_set(&s->reorder, DNNL_ARG_TO, dst);
	dnn_kernel_execute(&s->reorder, dev, "packing weights");
}

/* Where the primitive finds this operand. */
static const void *operand(const struct kernel_run *r, const struct dnn_state *s, int role)
{
	const int i = s->tensor[role];
	const struct tensor *t = i == DNN_OUT ? &r->out[0] : &r->in[i];
	if (role == DNN_WEIGHTS && s->packs) {
		BUG_IF(!r->packed || !r->packed[i], "weights that are not packed");
		return r->packed[i];
	}
	if (role == DNN_WEIGHTS && s->unpacks)
		return (char *)r->scratch + s->at[role];
	if (!s->cast[role])
		return t->data;
	float *wide = (float *)((char *)r->scratch + s->at[role]);
	if (i != DNN_OUT)
		widen(wide, t->data, shape_count(&t->shape));
	return wide;
}

/* The primitive adds to what its destination holds. */
static void preload(const struct tensor *residual, const struct tensor *out, bool cast, void *dst)
{
	const bool narrow_out = out->dtype == BF16 && !cast;
	if (residual->dtype == BF16 && !narrow_out)
		widen(dst, residual->data, shape_count(&residual->shape));
	else
		copy(dst, residual->data, (int64_t)tensor_bytes(residual));
}

void dnn_kernel_run(const struct kernel_run *r)
{
	struct dnn_state *s = r->state;
	const enum dnn_role out = written(s->desc.kind);
	for (int i = 0; i < DNN_ROLE_COUNT; i++)
		if (s->use[i])
			dnn_prim_set(&s->prim, dnn_arg(&s->desc, (enum dnn_role)i), operand(r, s, i));
	if (s->scratchpad)
		dnn_prim_set(&s->prim, DNNL_ARG_SCRATCHPAD, r->scratch);
	void *wide = (char *)r->scratch + s->at[out];
	if (s->sum)
		preload(&r->in[s->tensor[DNN_ADD]], &r->out[0], s->cast[out], s->cast[out] ? wide : r->out[0].data);
	dnn_kernel_execute(&s->prim, r->dev, r->call->op->name);
	if (s->cast[out])
		narrow(r->out[0].data, wide, shape_count(&r->out[0].shape));
	if (s->unpacks) {
		dnn_prim_set(&s->reorder, DNNL_ARG_FROM, wide);
		dnn_prim_set(&s->reorder, DNNL_ARG_TO, r->out[0].data);
		dnn_kernel_execute(&s->reorder, r->dev, "ordering a gradient of weights");
	}
}
