#include "engine/cpu/conv_winograd_dw.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "engine/build.h"
#include "engine/cpu/dnn_kernel.h"
#include "engine/cpu/loops.h"
#include "engine/cpu/winograd_dw_avx512.h"

enum { X, DY }; /* inputs */
enum { SMALLEST = 4, MOST_CHANNELS = 256, BLOCK = DW_POINTS * DW_SUMS * DW_LANES };
static const int64_t PART = (int64_t)320 << 10; /* bytes of words at a time, beside the sums in a core's second cache */
static const int64_t MOST = (int64_t)768 << 10; /* bytes of one map's words */

struct winograd_dw_state {
	struct winograd_dw size;
	int maps, parts; /* parts of the maps, each with words and sums of its own */
	size_t at_dy, at_sum, each;
};

static int64_t map_bytes(const struct winograd_dw *z)
{
	return (int64_t)DW_POINTS * z->pairs * (z->H * z->C + winograd_dw_rows(z) * z->O) * (int64_t)sizeof(uint32_t);
}

static struct winograd_dw size_of(const struct kernel_case *c)
{
	const struct conv_conf *conf = c->call->conf;
	const struct shape *x = &c->in[X].shape, *dy = &c->in[DY].shape;
	return (struct winograd_dw){.C = x->d[1], .H = x->d[2], .W = x->d[3], .O = dy->d[1], .OH = dy->d[2], .OW = dy->d[3], .pad = conf->pad,
	                            .pairs = (int)div_up(dy->d[3], 4)};
}

static struct winograd_dw_state state_of(const struct kernel_case *c)
{
	struct winograd_dw_state s = {.size = size_of(c), .maps = c->in[X].shape.d[0]};
	struct winograd_dw *z = &s.size;
	s.parts = (int)min_i64(c->threads, s.maps);
	const int64_t kept = PART / map_bytes(z), share = div_up(s.maps, s.parts);
	z->group = (int)min_i64(kept > 1 ? kept : 1, share);
	/* a line more, so that the points do not fall on the same places of a cache */
	z->x_step = ((int64_t)z->group * z->H * z->pairs + 1) * DW_LANES;
	z->dy_step = ((int64_t)z->group * winograd_dw_rows(z) * z->pairs + 1) * DW_LANES;
	place(&s.each, (size_t)(z->C / DW_LANES * DW_POINTS * z->x_step) * sizeof(uint32_t));
	s.at_dy = place(&s.each, (size_t)(z->O / DW_LANES * DW_POINTS * z->dy_step) * sizeof(uint32_t));
	s.at_sum = place(&s.each, (size_t)(z->C / DW_DEEP) * (size_t)(z->O / DW_LANES) * BLOCK * sizeof(float));
	return s;
}

bool winograd_dw_fit(const struct kernel_case *c)
{
	const struct conv_conf *conf = c->call->conf;
	const struct shape *x = &c->in[X].shape, *dy = &c->in[DY].shape;
	if (conf->groups != 1 || conf->stride != 1 || conf->pad > 2 || c->out[0].shape.d[2] != DW_TAPS || c->out[0].shape.d[3] != DW_TAPS)
		return false;
	if (c->in[X].dtype != BF16 || c->in[DY].dtype != BF16 || c->out[0].dtype != F32 || c->out[0].layout != ROW_MAJOR)
		return false;
	if (x->d[1] % DW_LANES || dy->d[1] % DW_LANES || x->d[1] > MOST_CHANNELS || dy->d[1] > MOST_CHANNELS)
		return false;
	const struct winograd_dw z = size_of(c);
	return z.OH >= SMALLEST && z.OW >= SMALLEST && map_bytes(&z) <= MOST && winograd_dw_has();
}

void winograd_dw_describe(const struct kernel_case *c, struct kernel_plan *p)
{
	const struct winograd_dw_state s = state_of(c);
	*p = (struct kernel_plan){.scratch = s.each * (size_t)s.parts, .inplace = -1};
	snprintf(p->name, sizeof p->name, "winograd:avx512_bf16");
}

enum status winograd_dw_prepare(const struct kernel_case *c, void **state, struct err *e)
{
	struct winograd_dw_state *s = mem_new(sizeof *s);
	*state = s;
	if (!s)
		return err_nomem(e, "no memory for '%s'", c->call->op->name);
	*s = state_of(c);
	return OK;
}

void winograd_dw_release(void *state)
{
	mem_free(state);
}

/* The sums of one part of the maps. */
static void run_part(const struct winograd_dw_state *s, const struct kernel_run *r, int part)
{
	const struct winograd_dw *z = &s->size;
	char *scratch = (char *)r->scratch + s->each * (size_t)part;
	uint32_t *x = (uint32_t *)(void *)scratch, *dy = (uint32_t *)(void *)(scratch + s->at_dy);
	const int begin = (int)((int64_t)s->maps * part / s->parts), end = (int)((int64_t)s->maps * (part + 1) / s->parts);
	memset(scratch + s->at_sum, 0, (size_t)(z->C / DW_DEEP) * (size_t)(z->O / DW_LANES) * BLOCK * sizeof(float));
	for (int first = begin; first < end; first += z->group) {
		const int n = (int)min_i64(z->group, end - first);
		float *sum = (float *)(void *)(scratch + s->at_sum);
		for (int i = 0; i < n; i++) {
			winograd_dw_x(z, r->in[X].data, first + i, i, x);
			winograd_dw_dy(z, r->in[DY].data, first + i, i, dy);
		}
		for (int o = 0; o < z->O; o += DW_LANES)
			for (int c = 0; c < z->C; c += DW_DEEP, sum += BLOCK)
				winograd_dw_block(z, x, dy, n, c, o, sum);
	}
}

void winograd_dw_run(const struct kernel_run *r, void *state)
{
	const struct winograd_dw_state *s = state;
	const struct winograd_dw *z = &s->size;
	const int deeps = z->C / DW_DEEP, blocks = deeps * (z->O / DW_LANES);
	const float *sum = (const float *)(const void *)((const char *)r->scratch + s->at_sum);
#pragma omp parallel if (s->parts > 1)
	{
#pragma omp for schedule(static)
		for (int part = 0; part < s->parts; part++)
			run_part(s, r, part);
#pragma omp for schedule(static)
		for (int b = 0; b < blocks; b++)
			winograd_dw_taps(z, sum + (int64_t)b * BLOCK, s->parts, (int64_t)(s->each / sizeof(float)), b % deeps * DW_DEEP, b / deeps * DW_LANES,
			                 r->out[0].data);
	}
}
