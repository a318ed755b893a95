#include "engine/cpu/norm.h"

#include <math.h>
#include <string.h>

#include "base/cpu_clones.h"
#include "engine/build.h"

/* ---- rows ---- */

struct rows rows_of(const struct tensor *x)
{
	const int C = x->shape.d[1];
	BUG_IF(x->shape.n_dim < 2 || (C > 1 && x->stride[1] != 1),
	       "batch statistics of %s whose channels are not innermost", shape_str(&x->shape));
	struct rows s = {.n = shape_count(&x->shape), .C = C, .P = (int)div_up(ROW_MIN, C) * C};
	s.part = (int64_t)s.P * PART_ROWS;
	s.parts = div_up(s.n, s.part);
	return s;
}

void tile(float *v, const struct rows *s)
{
	for (int at = s->C; at < s->P; at += s->C)
		memcpy(v + at, v, (size_t)s->C * sizeof *v);
}

void fold(float *v, const struct rows *s)
{
	for (int at = s->C; at < s->P; at += s->C)
		for (int c = 0; c < s->C; c++)
			v[c] += v[at + c];
}

enum halves halves_of(const struct tensor *const t[], int n)
{
	int halves = 0, present = 0;
	for (int i = 0; i < n; i++) {
		if (!t[i] || !t[i]->data)
			continue;
		BUG_IF(t[i]->dtype != F32 && t[i]->dtype != BF16, "a network's kernel got %s",
		       dtype_name(t[i]->dtype));
		present++;
		halves += t[i]->dtype == BF16;
	}
	return halves == 0 ? ALL_F32 : halves == present ? ALL_BF16 : MIXED;
}

/* ---- statistics ---- */

/*
 * Sums of (x - pivot) and its square, the pivot being the first value of the part in each channel: without it
 * f32 would lose the variance of channels whose mean is far from 0.
 */
INLINE void moments_body(float *s1, float *s2, const float *pivot, const void *x, bool half, int64_t at,
			 int64_t n, int P)
{
	int64_t i = 0;
	for (; i + 4 * P <= n; i += 4 * P) {
		const int64_t i0 = at + i, i1 = i0 + P, i2 = i1 + P, i3 = i2 + P;
		half_prefetch(x, half, i0 + 4 * P, min_i64(4 * P, n - i - 4 * P));
#pragma omp simd
		for (int c = 0; c < P; c++) {
			const float a = half_get(x, half, i0 + c) - pivot[c],
				    b = half_get(x, half, i1 + c) - pivot[c];
			const float d = half_get(x, half, i2 + c) - pivot[c],
				    e = half_get(x, half, i3 + c) - pivot[c];
			s1[c] += (a + b) + (d + e);
			s2[c] += (a * a + b * b) + (d * d + e * e);
		}
	}
	for (; i < n; i += P) {
		const int64_t i0 = at + i, m = min_i64(P, n - i);
#pragma omp simd
		for (int64_t c = 0; c < m; c++) {
			const float a = half_get(x, half, i0 + c) - pivot[c];
			s1[c] += a;
			s2[c] += a * a;
		}
	}
}

static CPU_CLONES void moments_part(float *s1, float *s2, const float *pivot, const void *x, bool half,
				    int64_t at, int64_t n, int P)
{
	if (half)
		moments_body(s1, s2, pivot, x, true, at, n, P);
	else
		moments_body(s1, s2, pivot, x, false, at, n, P);
}

/* part: pivot, s1, s2 of P numbers each. */
static void part_moments(float *part, const struct tensor *x, const struct rows *s, int64_t at)
{
	float *pivot = part, *s1 = part + s->P, *s2 = part + 2 * s->P;
	f32_load(pivot, x->data, x->dtype, at, s->C);
	tile(pivot, s);
	memset(s1, 0, 2 * (size_t)s->P * sizeof *s1);
	moments_part(s1, s2, pivot, x->data, x->dtype == BF16, at, min_i64(s->part, s->n - at), s->P);
	fold(s1, s);
	fold(s2, s);
}

enum { BLOCK = 64 };

/*
 * Channels c0..c0+n: parts joined in order and in double (Chan, Golub, LeVeque 1979). low: what f32 leaves
 * out of the mean, which matters where the mean is large against the deviation.
 */
static void join_moments(const float *parts, const struct rows *s, int c0, int n, float *mean, float *low,
			 float *var)
{
	double m[BLOCK] = {0}, m2[BLOCK] = {0};
	const double all = (double)(s->n / s->C);
	for (int64_t k = 0; k < s->parts; k++) {
		const float *pivot = parts + k * 3 * s->P + c0, *s1 = pivot + s->P;
		const double rows = (double)(min_i64(s->part, s->n - k * s->part) / s->C);
		for (int c = 0; c < n; c++)
			m[c] += rows * pivot[c] + s1[c];
	}
	for (int c = 0; c < n; c++)
		m[c] /= all;
	for (int64_t k = 0; k < s->parts; k++) {
		const float *pivot = parts + k * 3 * s->P + c0, *s1 = pivot + s->P, *s2 = s1 + s->P;
		const double rows = (double)(min_i64(s->part, s->n - k * s->part) / s->C);
		for (int c = 0; c < n; c++) {
			const double shift = s1[c] / rows, d = pivot[c] + shift - m[c];
			m2[c] += s2[c] - s1[c] * shift + rows * d * d;
		}
	}
	for (int c = 0; c < n; c++) {
		const double v = m2[c] / all;
		mean[c0 + c] = (float)m[c];
		low[c0 + c] = (float)(m[c] - (double)mean[c0 + c]);
		var[c0 + c] = (float)(v < 0 ? 0 : v);
	}
}

static void statistics(const struct tensor *x, const struct rows *s, float *parts, float *mean, float *low,
		       float *var)
{
#pragma omp parallel for schedule(static) if (s->n > SMALL)
	for (int64_t k = 0; k < s->parts; k++)
		part_moments(parts + k * 3 * s->P, x, s, k * s->part);
#pragma omp parallel for schedule(static) if (s->parts * s->C > SMALL / 2)
	for (int c = 0; c < s->C; c += BLOCK)
		join_moments(parts, s, c, (int)min_i64(BLOCK, s->C - c), mean, low, var);
}

/* ---- y = (x - shift) factor + add (+ residual), not below floor ---- */

struct line {
	const float *shift, *factor, *add; /* P numbers each */
	float floor;                       /* 0 for a fused relu, else -inf; NaN passes */
};

INLINE void line_body(void *y, bool hy, const void *x, bool hx, const void *res, bool hr,
		      const struct line *l, int64_t at, int64_t n, int P)
{
	const float *shift = l->shift, *factor = l->factor, *add = l->add;
	const float floor = l->floor;
	for (int64_t i = 0; i < n; i += P) {
		const int64_t m = min_i64(P, n - i), j = at + i;
#pragma omp simd
		for (int64_t c = 0; c < m; c++) {
			float v = (half_get(x, hx, j + c) - shift[c]) * factor[c] + add[c];
			if (res)
				v += half_get(res, hr, j + c);
			half_set(y, hy, j + c, v < floor ? floor : v);
		}
	}
}

static CPU_CLONES void line_f32(void *y, const void *x, const void *res, const struct line *l, int64_t at,
				int64_t n, int P)
{
	if (res)
		line_body(y, false, x, false, res, false, l, at, n, P);
	else
		line_body(y, false, x, false, NULL, false, l, at, n, P);
}

static CPU_CLONES void line_bf16(void *y, const void *x, const void *res, const struct line *l, int64_t at,
				 int64_t n, int P)
{
	if (res)
		line_body(y, true, x, true, res, true, l, at, n, P);
	else
		line_body(y, true, x, true, NULL, false, l, at, n, P);
}

static void line(const struct tensor *y, const struct tensor *x, const struct tensor *res,
		 const struct rows *s, const struct line *l)
{
	const enum halves h = halves_of((const struct tensor *const[]){y, x, res}, 3);
	const void *r = res ? res->data : NULL;
#pragma omp parallel for schedule(static) if (s->n > SMALL)
	for (int64_t k = 0; k < s->parts; k++) {
		const int64_t at = k * s->part, n = min_i64(s->part, s->n - at);
		if (h == ALL_F32)
			line_f32(y->data, x->data, r, l, at, n, s->P);
		else if (h == ALL_BF16)
			line_bf16(y->data, x->data, r, l, at, n, s->P);
		else
			line_body(y->data, y->dtype == BF16, x->data, x->dtype == BF16, r,
				  r && res->dtype == BF16, l, at, n, s->P);
	}
}

/* ---- batch_norm (x, gamma, beta, residual) ---- */

static enum status describe_batch_norm(const struct kernel_case *c, struct kernel_plan *p, struct err *e)
{
	const struct rows s = rows_of(&c->in[0]);
	(void)e;
	p->fuse_ok = FUSE_RELU;
	p->inplace = c->in[0].dtype == c->out[0].dtype ? 0 : -1;
	p->scratch = (size_t)(4 * s.P + 3 * s.P * s.parts) * sizeof(float);
	return OK;
}

static const struct tensor *residual_of(const struct kernel_run *r)
{
	return r->n_in > 3 && r->in[3].data ? &r->in[3] : NULL;
}

static void run_batch_norm(const struct kernel_run *r)
{
	const struct norm_conf *conf = r->conf;
	const struct tensor *x = &r->in[0], *gamma = &r->in[1], *beta = &r->in[2];
	const struct rows s = rows_of(x);
	float *mean = r->scratch, *var = mean + s.P, *factor = var + s.P, *add = factor + s.P;
	statistics(x, &s, add + s.P, mean, add, var);
	if (r->out[1].data)
		f32_store(r->out[1].data, r->out[1].dtype, 0, mean, s.C);
	if (r->out[2].data)
		f32_store(r->out[2].data, r->out[2].dtype, 0, var, s.C);
	if (!r->out[0].data)
		return;
	for (int c = 0; c < s.C; c++) {
		factor[c] = (float)(f32_at(gamma->data, gamma->dtype, c) / sqrt((double)var[c] + conf->eps));
		add[c] = f32_at(beta->data, beta->dtype, c) - add[c] * factor[c];
	}
	tile(mean, &s);
	tile(factor, &s);
	tile(add, &s);
	line(&r->out[0], x, residual_of(r), &s,
	     &(struct line){mean, factor, add, r->fuse & FUSE_RELU ? 0.0f : -INFINITY});
}

const struct kernel cpu_batch_norm = {.describe = describe_batch_norm, .run = run_batch_norm};

/* ---- affine (x, s, b, residual) ---- */

static bool channels_innermost(const struct tensor *x)
{
	return x->shape.d[1] == 1 || x->stride[1] == 1;
}

static enum status describe_affine(const struct kernel_case *c, struct kernel_plan *p, struct err *e)
{
	(void)e;
	p->inplace = c->in[0].dtype == c->out[0].dtype ? 0 : -1;
	if (channels_innermost(&c->in[0])) {
		p->fuse_ok = FUSE_RELU;
		p->scratch = 3 * (size_t)rows_of(&c->in[0]).P * sizeof(float);
	}
	return OK;
}

/* Channels lie apart (rank 3): piece by piece. */
static void affine_any(const struct kernel_run *r)
{
	const struct tensor *x = &r->in[0], *y = &r->out[0], *res = residual_of(r);
	struct tensor s = r->in[1], b = r->in[2];
	int64_t stride[MAX_DIM] = {0};
	stride[1] = 1;
	const struct view vs = view_strided(y, &s, 0, stride), vb = view_strided(y, &b, 0, stride),
			  vx = view_of(x, y);
	const struct view vr = res ? view_of(res, y) : vx;
	const int64_t n = shape_count(&y->shape);
#pragma omp parallel for schedule(static) if (n > SMALL)
	for (int64_t at = 0; at < n; at += CHUNK) {
		float buf[4][CHUNK], out[CHUNK];
		const int64_t m = min_i64(CHUNK, n - at);
		const float *px = view_load(&vx, at, m, buf[0]), *ps = view_load(&vs, at, m, buf[1]);
		const float *pb = view_load(&vb, at, m, buf[2]), *pr = view_load(&vr, at, m, buf[3]);
		for (int64_t i = 0; i < m; i++)
			out[i] = px[i] * ps[i] + pb[i] + (res ? pr[i] : 0.0f);
		f32_store(y->data, y->dtype, at, out, m);
	}
}

static void run_affine(const struct kernel_run *r)
{
	const struct tensor *x = &r->in[0];
	if (!channels_innermost(x)) {
		affine_any(r);
		return;
	}
	const struct rows s = rows_of(x);
	float *shift = r->scratch, *factor = shift + s.P, *add = factor + s.P;
	memset(shift, 0, (size_t)s.P * sizeof *shift);
	f32_load(factor, r->in[1].data, r->in[1].dtype, 0, s.C);
	f32_load(add, r->in[2].data, r->in[2].dtype, 0, s.C);
	tile(factor, &s);
	tile(add, &s);
	line(&r->out[0], x, residual_of(r), &s,
	     &(struct line){shift, factor, add, r->fuse & FUSE_RELU ? 0.0f : -INFINITY});
}

const struct kernel cpu_affine = {.describe = describe_affine, .run = run_affine};

/* ---- running_update (old, value) ---- */

static void running_map(float *y, const float *const in[], int64_t n, const void *conf)
{
	const struct running_conf *c = conf;
	const float keep = (float)(1 - c->momentum), take = (float)(c->momentum * c->factor);
	for (int64_t i = 0; i < n; i++)
		y[i] = keep * in[0][i] + take * in[1][i];
}

static void run_running_update(const struct kernel_run *r)
{
	map_run(r, 2, running_map, r->conf);
}

const struct kernel cpu_running_update = {.run = run_running_update};
