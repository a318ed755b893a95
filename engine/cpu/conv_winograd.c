#include "engine/cpu/conv_winograd.h"

#include <omp.h>
#include <stdio.h>

#include "base/rng.h"
#include "engine/cpu/conv.h"
#include "engine/cpu/dnn_kernel.h"
#include "engine/cpu/loops.h"
#include "engine/cpu/winograd_avx512.h"

enum { X, W, BIAS, RESIDUAL }; /* inputs */
enum { MOST_TILES = 64, SMALLEST = 4 };
static const size_t PART = (size_t)512 << 10; /* bytes of tiles at a time: half of a core's second cache */

struct winograd_state {
	struct winograd size;
	bool dx;
	size_t at_m, at_edge, each; /* of a thread's scratch */
};

static struct winograd size_of(const struct kernel_case *c, bool dx)
{
	const struct conv_conf *conf = c->call->conf;
	const struct shape *x = &c->in[X].shape, *y = &c->out[0].shape;
	struct winograd z = {.C = x->d[1], .H = x->d[2], .W = x->d[3], .O = y->d[1], .OH = y->d[2], .OW = y->d[3],
	                     .pad = dx ? 2 - conf->pad : conf->pad};
	z.down = (z.OH + 1) / 2;
	z.across = (z.OW + 1) / 2;
	z.tiles = (int64_t)x->d[0] * z.down * z.across;
	z.width = z.O % (2 * VECTOR) ? VECTOR : 2 * VECTOR;
	const int64_t fair = div_up(div_up(z.tiles, c->threads), TILE_ROWS) * TILE_ROWS;
	const int64_t kept = (int64_t)(PART / (POINTS * (size_t)z.C * sizeof(float))) / TILE_ROWS * TILE_ROWS;
	z.block = (int)min_i64(MOST_TILES, min_i64(fair, kept > TILE_ROWS ? kept : TILE_ROWS));
	/* a line more, so that the 16 do not fall on the same places of a cache */
	z.v_step = (int64_t)z.block * z.C + VECTOR;
	z.m_step = (int64_t)z.block * z.width + 2 * VECTOR;
	return z;
}

static size_t weights_bytes(const struct winograd *z)
{
	return (size_t)POINTS * (size_t)z->C * (size_t)z->O * sizeof(float);
}

bool winograd_fit(const struct kernel_case *c)
{
	const struct conv_conf *conf = c->call->conf;
	const struct tensor *x = &c->in[X], *y = &c->out[0];
	if (conf->groups != 1 || conf->stride != 1 || conf->pad > 2 || c->in[W].shape.d[2] != 3 || c->in[W].shape.d[3] != 3)
		return false;
	for (int i = 0; i < c->call->n_in; i++)
		if (has_input(c, i) && c->in[i].dtype != F32)
			return false;
	if (y->dtype != F32 || c->in[W].layout != ROW_MAJOR || y->shape.d[2] < SMALLEST || y->shape.d[3] < SMALLEST)
		return false;
	return x->shape.d[1] % VECTOR == 0 && y->shape.d[1] % VECTOR == 0 && winograd_has();
}

static struct winograd_state state_of(const struct kernel_case *c, bool dx)
{
	struct winograd_state s = {.size = size_of(c, dx), .dx = dx};
	place(&s.each, (size_t)(POINTS * s.size.v_step) * sizeof(float));
	s.at_m = place(&s.each, (size_t)(POINTS * s.size.m_step) * sizeof(float));
	s.at_edge = place(&s.each, POINTS * (size_t)s.size.C * sizeof(float));
	return s;
}

void winograd_describe(const struct kernel_case *c, bool dx, struct kernel_plan *p)
{
	const struct winograd_state s = state_of(c, dx);
	const int layout[] = {s.size.C, s.size.O, dx};
	*p = (struct kernel_plan){.scratch = s.each * (size_t)c->threads, .inplace = -1};
	p->form[W] = (struct form){weights_bytes(&s.size), hash64(layout, sizeof layout, 0x77696e6f)};
	snprintf(p->name, sizeof p->name, "winograd:avx512");
}

enum status winograd_prepare(const struct kernel_case *c, bool dx, void **state, struct err *e)
{
	struct winograd_state *s = mem_new(sizeof *s);
	*state = s;
	if (!s)
		return err_nomem(e, "no memory for '%s'", c->call->op->name);
	*s = state_of(c, dx);
	return OK;
}

void winograd_release(void *state)
{
	mem_free(state);
}

void winograd_pack(void *state, const struct tensor *src, void *dst)
{
	const struct winograd_state *s = state;
	const struct winograd *z = &s->size;
	const int64_t first = 9 * (int64_t)src->shape.d[1]; /* between neighbours of the slower axis */
	const int64_t o_step = s->dx ? 9 : first, c_step = s->dx ? first : 9;
#pragma omp parallel for schedule(static) if (weights_bytes(z) > SMALL)
	for (int o = 0; o < z->O; o += z->width)
		winograd_weights(z, src->data, o_step, c_step, s->dx, o, (float *)dst + (int64_t)POINTS * z->C * o);
}

/* One block of tiles, through all results. */
static void run_block(const struct winograd_state *s, const struct kernel_run *r, const struct winograd_end *end, int64_t first, char *scratch)
{
	const struct winograd *z = &s->size;
	const int n = (int)min_i64(z->block, z->tiles - first);
	float *v = (float *)(void *)scratch, *m = (float *)(void *)(scratch + s->at_m);
	winograd_input(z, r->in[X].data, first, n, v, (float *)(void *)(scratch + s->at_edge));
	for (int o = 0; o < z->O; o += z->width) {
		winograd_product(z, v, (const float *)r->packed[W] + (int64_t)POINTS * z->C * o, n, m);
		winograd_output(z, m, first, n, o, end, r->out[0].data);
	}
}

void winograd_run(const struct kernel_run *r, void *state)
{
	const struct winograd_state *s = state;
	BUG_IF(!r->packed || !r->packed[W], "weights that are not packed");
	const bool dx = s->dx;
	const struct winograd_end end = {.bias = !dx && r->n_in > BIAS ? r->in[BIAS].data : NULL,
	                                 .residual = !dx && r->n_in > RESIDUAL ? r->in[RESIDUAL].data : NULL,
	                                 .relu = r->fuse & FUSE_RELU};
#pragma omp parallel for schedule(static) if (s->size.tiles > s->size.block)
	for (int64_t first = 0; first < s->size.tiles; first += s->size.block)
		run_block(s, r, &end, first, (char *)r->scratch + s->each * (size_t)omp_get_thread_num());
}
