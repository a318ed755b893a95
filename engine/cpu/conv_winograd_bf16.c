#include "engine/cpu/conv_winograd_bf16.h"

#include <omp.h>
#include <stdio.h>

#include "base/rng.h"
#include "engine/cpu/conv.h"
#include "engine/cpu/dnn_kernel.h"
#include "engine/cpu/loops.h"
#include "engine/cpu/winograd_bf16_avx512.h"

enum { X, W, BIAS, RESIDUAL }; /* inputs */
enum { MOST_TILES = 256, SMALLEST = 4 };
static const int64_t PART = (int64_t)384 << 10; /* bytes of values at a time: less than half of a core's second cache */

struct winograd_bf16_state {
	struct winograd_bf16 size;
	bool dx;
	int64_t pieces;
	int block;         /* pieces at a time */
	size_t at_m, each; /* of a thread's scratch */
};

static int64_t piece_bytes(const struct winograd_bf16 *z, int rows)
{
	return (int64_t)ROW_POINTS * (rows + TAPS - 1) * z->across * z->words * (int64_t)sizeof(uint32_t);
}

static struct winograd_bf16_state state_of(const struct kernel_case *c, bool dx)
{
	const struct conv_conf *conf = c->call->conf;
	const struct shape *x = &c->in[X].shape, *y = &c->out[0].shape;
	struct winograd_bf16_state s = {.dx = dx, .size = {.C = x->d[1], .H = x->d[2], .W = x->d[3], .O = y->d[1], .OH = y->d[2], .OW = y->d[3],
	                                                  .pad = dx ? 2 - conf->pad : conf->pad}};
	struct winograd_bf16 *z = &s.size;
	z->across = (z->OW + 1) / 2;
	z->words = z->C / 2;
	z->width = z->O % (2 * LANES_F32) ? LANES_F32 : 2 * LANES_F32;
	for (z->rows = z->OH; z->rows > 1 && (z->rows * z->across > MOST_TILES || piece_bytes(z, z->rows) > PART); z->rows = (z->rows + 1) / 2)
		;
	z->per_map = (int)div_up(z->OH, z->rows);
	z->piece_v = (z->rows + TAPS - 1) * z->across;
	z->piece_m = (int)div_up(z->rows * z->across, FEW_TILES) * FEW_TILES;
	s.pieces = (int64_t)x->d[0] * z->per_map;
	const int64_t kept = min_i64(MOST_TILES / z->piece_m, PART / piece_bytes(z, z->rows)), fair = div_up(s.pieces, c->threads);
	s.block = (int)min_i64(kept > 1 ? kept : 1, fair);
	/* a line more, so that the points do not fall on the same places of a cache */
	z->v_step = ((int64_t)s.block * z->piece_v + FEW_TILES) * z->words + LANES_F32;
	z->m_step = (int64_t)s.block * z->piece_m * z->width + 2 * LANES_F32;
	place(&s.each, (size_t)(ROW_POINTS * z->v_step) * sizeof(uint32_t));
	s.at_m = place(&s.each, (size_t)(ROW_POINTS * z->m_step) * sizeof(float));
	return s;
}

bool winograd_bf16_fit(const struct kernel_case *c)
{
	const struct conv_conf *conf = c->call->conf;
	const struct shape *x = &c->in[X].shape, *y = &c->out[0].shape;
	if (conf->groups != 1 || conf->stride != 1 || c->in[W].shape.d[2] != 3 || c->in[W].shape.d[3] != 3 || conf->pad > 2)
		return false;
	if (c->in[X].dtype != BF16 || c->out[0].dtype != BF16 || c->in[W].dtype != F32 || c->in[W].layout != ROW_MAJOR)
		return false;
	if ((has_input(c, BIAS) && c->in[BIAS].dtype != F32) || (has_input(c, RESIDUAL) && c->in[RESIDUAL].dtype != BF16))
		return false;
	return x->d[1] % LANES_F32 == 0 && y->d[1] % LANES_F32 == 0 && y->d[2] >= SMALLEST && y->d[3] >= SMALLEST && winograd_bf16_has();
}

static int64_t weights_words(const struct winograd_bf16 *z)
{
	return (int64_t)ROW_POINTS * TAPS * z->words; /* of one result */
}

void winograd_bf16_describe(const struct kernel_case *c, bool dx, struct kernel_plan *p)
{
	const struct winograd_bf16_state s = state_of(c, dx);
	const int layout[] = {s.size.C, s.size.O, dx};
	*p = (struct kernel_plan){.scratch = s.each * (size_t)c->threads, .inplace = -1};
	p->form[W] = (struct form){(size_t)(weights_words(&s.size) * s.size.O) * sizeof(uint32_t), hash64(layout, sizeof layout, 0x62663136)};
	snprintf(p->name, sizeof p->name, "winograd:avx512_bf16");
}

enum status winograd_bf16_prepare(const struct kernel_case *c, bool dx, void **state, struct err *e)
{
	struct winograd_bf16_state *s = mem_new(sizeof *s);
	*state = s;
	if (!s)
		return err_nomem(e, "no memory for '%s'", c->call->op->name);
	*s = state_of(c, dx);
	return OK;
}

void winograd_bf16_release(void *state)
{
	mem_free(state);
}

void winograd_bf16_pack(void *state, const struct tensor *src, void *dst)
{
	const struct winograd_bf16_state *s = state;
	const struct winograd_bf16 *z = &s->size;
	const int64_t first = 9 * (int64_t)src->shape.d[1]; /* between neighbours of the slower axis */
	const int64_t o_step = s->dx ? 9 : first, c_step = s->dx ? first : 9;
#pragma omp parallel for schedule(static) if (weights_words(z) * z->O > SMALL)
	for (int o = 0; o < z->O; o += z->width)
		winograd_bf16_weights(z, src->data, o_step, c_step, s->dx, o, (uint32_t *)dst + weights_words(z) * o);
}

/* Some pieces, through all results. */
static void run_block(const struct winograd_bf16_state *s, const struct kernel_run *r, const struct winograd_bf16_end *end, int64_t first, char *scratch)
{
	const struct winograd_bf16 *z = &s->size;
	const int n = (int)min_i64(s->block, s->pieces - first);
	uint32_t *v = (uint32_t *)(void *)scratch;
	float *m = (float *)(void *)(scratch + s->at_m);
	const int64_t v_piece = (int64_t)z->piece_v * z->words, m_piece = (int64_t)z->piece_m * z->width;
	for (int i = 0; i < n; i++)
		winograd_bf16_input(z, r->in[X].data, first + i, v + i * v_piece);
	for (int o = 0; o < z->O; o += z->width) {
		const uint32_t *u = (const uint32_t *)r->packed[W] + weights_words(z) * o;
		for (int i = 0; i < n; i++)
			winograd_bf16_product(z, v + i * v_piece, u, m + i * m_piece);
		for (int i = 0; i < n; i++)
			winograd_bf16_output(z, m + i * m_piece, first + i, o, end, r->out[0].data);
	}
}

void winograd_bf16_run(const struct kernel_run *r, void *state)
{
	const struct winograd_bf16_state *s = state;
	BUG_IF(!r->packed || !r->packed[W], "weights that are not packed");
	const bool dx = s->dx;
	const struct winograd_bf16_end end = {.bias = !dx && r->n_in > BIAS ? r->in[BIAS].data : NULL,
	                                      .residual = !dx && r->n_in > RESIDUAL ? r->in[RESIDUAL].data : NULL,
	                                      .relu = r->fuse & FUSE_RELU};
#pragma omp parallel for schedule(static) if (s->pieces > s->block)
	for (int64_t first = 0; first < s->pieces; first += s->block)
		run_block(s, r, &end, first, (char *)r->scratch + s->each * (size_t)omp_get_thread_num());
}
