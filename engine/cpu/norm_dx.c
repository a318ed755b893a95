#include "engine/cpu/norm.h"

#include <math.h>
#include <string.h>

#include "base/cpu_clones.h"
#include "engine/build.h"

/*
 * batch_norm_dx (dy, x, gamma, mean, var [, y]): with z = (x - mean) / s, s = sqrt(var + eps),
 *   dx = gamma / s (dz - mean(dz) - z mean(dz z)), dgamma = sum(dz z), dbeta = sum(dz),
 * where dz is dy, or dy where y > 0 if a relu's gradient was taken in (FUSE_MASK). Two sweeps over dy, x (and
 * y).
 */
struct operands {
	const void *dy, *x, *y; /* y NULL: no mask */
	void *dz, *dx;          /* dz NULL: not kept */
	bool h_dy, h_x, h_y, h_dz, h_dx;
};

INLINE float masked(const struct operands *o, bool mask, bool h_dy, bool h_y, int64_t i)
{
	const float d = half_get(o->dy, h_dy, i);
	return mask ? half_get(o->y, h_y, i) > 0 ? d : 0.0f : d;
}

/* s1 += dz, s2 += dz (x - mean) */
INLINE void sums_body(float *s1, float *s2, const float *mean, struct operands o, bool mask, bool keep,
		      int64_t at, int64_t n, int P)
{
	for (int64_t i = 0; i < n; i += P) {
		const int64_t m = min_i64(P, n - i), j = at + i;
#pragma omp simd
		for (int64_t c = 0; c < m; c++) {
			const float d = masked(&o, mask, o.h_dy, o.h_y, j + c);
			if (keep)
				half_set(o.dz, o.h_dz, j + c, d);
			s1[c] += d;
			s2[c] += d * (half_get(o.x, o.h_x, j + c) - mean[c]);
		}
	}
}

/* dx = factor ((dz - mean_dz) - (x - mean) slope) */
struct slopes {
	const float *mean, *factor, *mean_dz, *slope; /* P numbers each */
};

INLINE void dx_body(struct operands o, bool mask, const struct slopes *k, int64_t at, int64_t n, int P)
{
	const float *mean = k->mean, *factor = k->factor, *mean_dz = k->mean_dz, *slope = k->slope;
	for (int64_t i = 0; i < n; i += P) {
		const int64_t m = min_i64(P, n - i), j = at + i;
#pragma omp simd
		for (int64_t c = 0; c < m; c++) {
			const float d = masked(&o, mask, o.h_dy, o.h_y, j + c);
			const float x = half_get(o.x, o.h_x, j + c) - mean[c];
			half_set(o.dx, o.h_dx, j + c, factor[c] * ((d - mean_dz[c]) - x * slope[c]));
		}
	}
}

INLINE struct operands all_of(const struct operands *o, bool half)
{
	return (struct operands){o->dy, o->x, o->y, o->dz, o->dx, half, half, half, half, half};
}

INLINE void sums_alike(float *s1, float *s2, const float *mean, const struct operands *o, bool half,
		       int64_t at, int64_t n, int P)
{
	if (o->y && o->dz)
		sums_body(s1, s2, mean, all_of(o, half), true, true, at, n, P);
	else if (o->y)
		sums_body(s1, s2, mean, all_of(o, half), true, false, at, n, P);
	else
		sums_body(s1, s2, mean, all_of(o, half), false, false, at, n, P);
}

INLINE void dx_alike(const struct operands *o, bool half, const struct slopes *k, int64_t at, int64_t n,
		     int P)
{
	if (o->y)
		dx_body(all_of(o, half), true, k, at, n, P);
	else
		dx_body(all_of(o, half), false, k, at, n, P);
}

static CPU_CLONES void sums_f32(float *s1, float *s2, const float *mean, const struct operands *o, int64_t at,
				int64_t n, int P)
{
	sums_alike(s1, s2, mean, o, false, at, n, P);
}

static CPU_CLONES void sums_bf16(float *s1, float *s2, const float *mean, const struct operands *o,
				 int64_t at, int64_t n, int P)
{
	sums_alike(s1, s2, mean, o, true, at, n, P);
}

static CPU_CLONES void dx_f32(const struct operands *o, const struct slopes *k, int64_t at, int64_t n, int P)
{
	dx_alike(o, false, k, at, n, P);
}

static CPU_CLONES void dx_bf16(const struct operands *o, const struct slopes *k, int64_t at, int64_t n, int P)
{
	dx_alike(o, true, k, at, n, P);
}

/* Sums of one part, 2 P numbers of scratch, folded to C. */
static void part_sums(float *part, const float *mean, const struct operands *o, enum halves h,
		      const struct rows *s, int64_t at)
{
	float *s1 = part, *s2 = part + s->P;
	const int64_t n = min_i64(s->part, s->n - at);
	memset(part, 0, 2 * (size_t)s->P * sizeof *part);
	if (h == ALL_F32)
		sums_f32(s1, s2, mean, o, at, n, s->P);
	else if (h == ALL_BF16)
		sums_bf16(s1, s2, mean, o, at, n, s->P);
	else
		sums_body(s1, s2, mean, *o, o->y != NULL, o->dz != NULL, at, n, s->P);
	fold(s1, s);
	fold(s2, s);
}

enum { BLOCK = 64 };

/* Channels c0..c0+n: sum(dz) and sum(dz (x - mean)), parts in order. */
static void join_sums(const float *parts, const struct rows *s, int c0, int n, float *sum, float *dot)
{
	double a[BLOCK] = {0}, b[BLOCK] = {0};
	for (int64_t k = 0; k < s->parts; k++) {
		const float *s1 = parts + k * 2 * s->P + c0, *s2 = s1 + s->P;
		for (int c = 0; c < n; c++) {
			a[c] += s1[c];
			b[c] += s2[c];
		}
	}
	for (int c = 0; c < n; c++) {
		sum[c0 + c] = (float)a[c];
		dot[c0 + c] = (float)b[c];
	}
}

static enum status describe(const struct kernel_case *c, struct kernel_plan *p, struct err *e)
{
	const struct rows s = rows_of(&c->in[1]);
	(void)e;
	p->fuse_ok = FUSE_MASK;
	p->inplace = c->in[0].dtype == c->out[0].dtype ? 0 : -1;
	p->scratch = (size_t)(4 * s.P + 2 * s.P * s.parts) * sizeof(float);
	return OK;
}

static struct operands operands_of(const struct kernel_run *r, enum halves *h)
{
	const struct tensor *y = r->fuse & FUSE_MASK ? &r->in[r->n_in - 1] : NULL;
	const struct tensor *dz = y && r->out[MAX_OUT - 1].data ? &r->out[MAX_OUT - 1] : NULL;
	const struct tensor *dy = &r->in[0], *x = &r->in[1], *dx = &r->out[0];
	*h = halves_of((const struct tensor *const[]){dy, x, dx, y, dz}, 5);
	return (struct operands){
		dy->data,
		x->data,
		y ? y->data : NULL,
		dz ? dz->data : NULL,
		dx->data,
		dy->dtype == BF16,
		x->dtype == BF16,
		y && y->dtype == BF16,
		dz && dz->dtype == BF16,
		dx->dtype == BF16,
	};
}

static void sweep_dx(const struct operands *o, enum halves h, const struct rows *s, const struct slopes *k)
{
#pragma omp parallel for schedule(static) if (s->n > SMALL)
	for (int64_t p = 0; p < s->parts; p++) {
		const int64_t at = p * s->part, n = min_i64(s->part, s->n - at);
		if (h == ALL_F32)
			dx_f32(o, k, at, n, s->P);
		else if (h == ALL_BF16)
			dx_bf16(o, k, at, n, s->P);
		else
			dx_body(*o, o->y != NULL, k, at, n, s->P);
	}
}

static void run(const struct kernel_run *r)
{
	const struct tensor *gamma = &r->in[2], *var = &r->in[4];
	const struct rows s = rows_of(&r->in[1]);
	const double eps = ((const struct norm_conf *)r->conf)->eps, count = (double)(s.n / s.C);
	float *mean = r->scratch, *factor = mean + s.P, *sum = factor + s.P, *dot = sum + s.P,
	      *parts = dot + s.P;
	enum halves h;
	struct operands o = operands_of(r, &h);
	f32_load(mean, r->in[3].data, r->in[3].dtype, 0, s.C);
	tile(mean, &s);
#pragma omp parallel for schedule(static) if (s.n > SMALL)
	for (int64_t k = 0; k < s.parts; k++)
		part_sums(parts + k * 2 * s.P, mean, &o, h, &s, k * s.part);
#pragma omp parallel for schedule(static) if (s.parts * s.C > SMALL / 2)
	for (int c = 0; c < s.C; c += BLOCK)
		join_sums(parts, &s, c, (int)min_i64(BLOCK, s.C - c), sum, dot);
	if (r->out[2].data)
		f32_store(r->out[2].data, r->out[2].dtype, 0, sum, s.C);
	for (int c = 0; c < s.C; c++) {
		const double inv = 1 / sqrt((double)f32_at(var->data, var->dtype, c) + eps);
		if (r->out[1].data) {
			const float dgamma = (float)(dot[c] * inv);
			f32_store(r->out[1].data, r->out[1].dtype, c, &dgamma, 1);
		}
		factor[c] = (float)(f32_at(gamma->data, gamma->dtype, c) * inv);
		sum[c] = (float)(sum[c] / count);
		dot[c] = (float)(dot[c] * inv * inv / count);
	}
	if (!o.dx)
		return;
	tile(factor, &s);
	tile(sum, &s);
	tile(dot, &s);
	if (o.dz) { /* the masked gradient is there already: one stream less */
		o.dy = o.dz;
		o.h_dy = o.h_dz;
		o.y = NULL;
	}
	sweep_dx(&o, h, &s, &(struct slopes){mean, factor, sum, dot});
}

const struct kernel cpu_batch_norm_dx = {.describe = describe, .run = run};
