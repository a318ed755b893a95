#include "engine/cpu/conv_patches.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "engine/build.h"
#include "engine/cpu/dnn_kernel.h"
#include "engine/cpu/loops.h"

enum { CHANNELS = 32 };
static const size_t PART = (size_t)2 << 20; /* bytes of rows at a time: they are read while they are still in the caches of the cores */

struct sizes {
	int N, C, H, W, O, OH, OW, R, S, stride, pad;
	dnnl_dim_t rows, columns; /* of a part */
	int parts, lines;         /* a part is so many lines of the output, all maps one below the other */
	size_t at_product, at_scratchpad; /* behind the rows, in scratch */
};

struct patches_state {
	struct sizes size;
	struct dnn_prim prim;
	bool scratchpad;
};

static struct sizes sizes_of(const struct conv_conf *conf, const struct shape *x, const struct shape *dy)
{
	struct sizes z = {.N = x->d[0], .C = x->d[1], .H = x->d[2], .W = x->d[3], .O = dy->d[1], .OH = dy->d[2], .OW = dy->d[3],
	                  .R = conf->kh, .S = conf->kw, .stride = conf->stride, .pad = conf->pad};
	z.columns = (dnnl_dim_t)z.R * z.S * z.C;
	z.lines = z.N * z.OH;
	for (z.parts = 1; (size_t)(z.lines / z.parts * z.OW * z.columns) * sizeof(uint16_t) > PART && z.parts < z.lines; z.parts++)
		;
	while (z.lines % z.parts)
		z.parts++;
	z.lines /= z.parts;
	z.rows = (dnnl_dim_t)z.lines * z.OW;
	size_t end = 0;
	place(&end, (size_t)(z.rows * z.columns) * sizeof(uint16_t));
	z.at_product = place(&end, (size_t)(z.O * z.columns) * sizeof(float));
	z.at_scratchpad = end;
	return z;
}

bool patches_fit(const struct kernel_case *c, const char *library)
{
	const struct conv_conf *conf = c->call->conf;
	const struct sizes z = sizes_of(conf, &c->in[0].shape, &c->in[1].shape);
	const bool many = z.C >= 128 && z.O >= 256 && z.OH * z.OW <= 64; /* few positions for many weights */
	return (conf->stride > 1 || many) && conf->groups == 1 && z.R * z.S > 1 && c->in[0].dtype == BF16 && c->in[1].dtype == BF16 &&
	       z.C >= CHANNELS && z.O >= CHANNELS && strncmp(library, "jit_bf16:", 9) == 0;
}

/* dw (O, R S C) += dy' (O, positions) rows (positions, R S C), the positions of one part. */
static enum status find(const struct sizes *z, dnnl_primitive_desc_t *pd, struct err *e)
{
	struct dnn_desc d = {.kind = DNN_MATMUL, .sum = true};
	d.mem[DNN_SRC] = (struct dnn_mem){.n_dim = 2, .dim = {z->O, z->rows}, .stride = {1, z->O}, .type = dnnl_bf16};
	d.mem[DNN_WEIGHTS] = (struct dnn_mem){.n_dim = 2, .dim = {z->rows, z->columns}, .stride = {z->columns, 1}, .type = dnnl_bf16};
	d.mem[DNN_DST] = (struct dnn_mem){.n_dim = 2, .dim = {z->O, z->columns}, .stride = {z->columns, 1}, .type = dnnl_f32};
	for (int i = 0; i < DNN_ROLE_COUNT; i++)
		d.mem[i].tag = dnnl_format_tag_undef;
	const enum status st = dnn_open(e);
	return st == OK ? dnn_error(e, dnn_find(&d, pd), "a product for the gradient of weights") : st;
}

enum status patches_describe(const struct kernel_case *c, struct kernel_plan *p, struct err *e)
{
	const struct sizes z = sizes_of(c->call->conf, &c->in[0].shape, &c->in[1].shape);
	dnnl_primitive_desc_t pd = NULL;
	const enum status st = find(&z, &pd, e);
	if (st != OK)
		return st;
	*p = (struct kernel_plan){.inplace = -1};
	p->scratch = z.at_scratchpad + dnnl_memory_desc_get_size(dnn_arg_md(pd, DNNL_ARG_SCRATCHPAD));
	snprintf(p->name, sizeof p->name, "rows, %s", dnn_impl(pd));
	dnnl_primitive_desc_destroy(pd);
	return OK;
}

enum status patches_prepare(const struct kernel_case *c, void **state, struct err *e)
{
	static const enum dnn_role role[] = {DNN_SRC, DNN_WEIGHTS, DNN_DST};
	dnnl_primitive_desc_t pd = NULL;
	int arg[DNN_MAX_ARG], n = 0;
	struct patches_state *s = mem_new(sizeof *s);
	*state = s;
	if (!s)
		return err_nomem(e, "no memory for the primitive of '%s'", c->call->op->name);
	s->size = sizes_of(c->call->conf, &c->in[0].shape, &c->in[1].shape);
	enum status st = find(&s->size, &pd, e);
	if (st != OK)
		return st;
	const struct dnn_desc d = {.kind = DNN_MATMUL};
	for (int i = 0; i < 3; i++)
		arg[n++] = dnn_arg(&d, role[i]);
	s->scratchpad = dnnl_memory_desc_get_size(dnn_arg_md(pd, DNNL_ARG_SCRATCHPAD)) > 0;
	if (s->scratchpad)
		arg[n++] = DNNL_ARG_SCRATCHPAD;
	st = dnn_prim_init(&s->prim, pd, arg, n, e);
	dnnl_primitive_desc_destroy(pd);
	return st;
}

void patches_release(void *state)
{
	struct patches_state *s = state;
	if (!s)
		return;
	dnn_prim_release(&s->prim);
	mem_free(s);
}

/* The row of output (n, oh, ow): the channels of each tap, zero where it meets padding. */
static void gather_row(const struct sizes *z, const uint16_t *x, int n, int oh, int ow, uint16_t *row)
{
	const size_t bytes = (size_t)z->C * sizeof *row;
	for (int r = 0; r < z->R; r++)
		for (int s = 0; s < z->S; s++, row += z->C) {
			const int h = oh * z->stride + r - z->pad, w = ow * z->stride + s - z->pad;
			if (h < 0 || h >= z->H || w < 0 || w >= z->W)
				memset(row, 0, bytes);
			else
				memcpy(row, x + (((int64_t)n * z->H + h) * z->W + w) * z->C, bytes);
		}
}

static void gather(const struct sizes *z, const uint16_t *x, int part, uint16_t *rows)
{
#pragma omp parallel for schedule(static) if (z->rows * z->columns > SMALL)
	for (int i = 0; i < z->lines; i++) {
		const int line = part * z->lines + i;
		for (int ow = 0; ow < z->OW; ow++)
			gather_row(z, x, line / z->OH, line % z->OH, ow, rows + ((int64_t)i * z->OW + ow) * z->columns);
	}
}

/* (O, R, S, C) to the order of parameters, (O, C, R, S). */
static void to_parameter_order(const struct sizes *z, const float *product, float *dw)
{
	const int taps = z->R * z->S;
#pragma omp parallel for schedule(static) if (z->O * z->columns > SMALL)
	for (int o = 0; o < z->O; o++)
		for (int c = 0; c < z->C; c++)
			for (int t = 0; t < taps; t++)
				dw[((int64_t)o * z->C + c) * taps + t] = product[((int64_t)o * taps + t) * z->C + c];
}

void patches_run(const struct kernel_run *r, void *state)
{
	struct patches_state *s = state;
	const struct sizes *z = &s->size;
	const struct dnn_desc d = {.kind = DNN_MATMUL};
	char *scratch = r->scratch;
	float *product = (float *)(void *)(scratch + z->at_product);
	dnnl_status_t st = dnnl_success;
	memset(product, 0, (size_t)(z->O * z->columns) * sizeof *product);
	dnn_prim_set(&s->prim, dnn_arg(&d, DNN_WEIGHTS), scratch);
	dnn_prim_set(&s->prim, dnn_arg(&d, DNN_DST), product);
	if (s->scratchpad)
		dnn_prim_set(&s->prim, DNNL_ARG_SCRATCHPAD, scratch + z->at_scratchpad);
	for (int part = 0; part < z->parts && st == dnnl_success; part++) {
		gather(z, r->in[0].data, part, r->scratch);
		dnn_prim_set(&s->prim, dnn_arg(&d, DNN_SRC), (const uint16_t *)r->in[1].data + part * z->rows * z->O);
		st = dnn_prim_run(&s->prim);
	}
	if (st != dnnl_success)
		dnn_error(&r->dev->failure, st, r->call->op->name);
	to_parameter_order(z, product, r->out[0].data);
}
