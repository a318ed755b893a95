#include "engine/cpu/loops.h"

#include <math.h>

#include "base/cpu_clones.h"
#include "engine/build.h"

/*
 * sum, mean, max. In memory order most reductions are three axes (A kept, B reduced, C kept): a global pool
 * is N, H W, C; a bias's gradient is 1, N H W, C; a row sum has C = 1. B is cut into parts of fixed length,
 * each part is reduced to C numbers in scratch (a unit), and the parts of one output are put together in
 * order. Other patterns walk the strides.
 */
struct pattern {
	bool fits;
	int64_t a, b, c;
	int64_t part, parts; /* elements of B in one unit, units for one output row */
};

enum { PART_ROWS = 256, PART_ROW = 4096 };

static void find_pattern(struct pattern *p, const struct tensor *x, const struct tensor *y, unsigned axes)
{
	static const int last[4] = {0, 2, 3, 1};
	const bool cl = x->layout == CHANNELS_LAST && x->shape.n_dim == 4;
	const bool keep = y->shape.n_dim == x->shape.n_dim;
	int phase = 0;
	int64_t expect = 1, len[3] = {1, 1, 1};
	int at[MAX_DIM] = {0}, k = 0; /* axis of y for each kept axis of x */
	for (int a = 0; a < x->shape.n_dim; a++)
		at[a] = keep ? a : axes >> a & 1 ? -1 : k++;
	p->fits = true;
	for (int i = 0; i < x->shape.n_dim; i++) {
		const int a = cl ? last[i] : i;
		const bool reduced = axes >> a & 1;
		if (x->shape.d[a] == 1)
			continue;
		if (reduced != (phase == 1))
			phase++;
		if (phase > 2) {
			p->fits = false;
			return;
		}
		len[phase] *= x->shape.d[a];
	}
	/* The kept axes must follow each other in y as they do in x. */
	for (int i = x->shape.n_dim - 1; i >= 0; i--) {
		const int a = cl ? last[i] : i;
		if (axes >> a & 1 || x->shape.d[a] == 1)
			continue;
		if (y->stride[at[a]] != expect)
			p->fits = false;
		expect *= x->shape.d[a];
	}
	p->a = len[0];
	p->b = len[1];
	p->c = len[2];
	p->part = p->c == 1 ? PART_ROW : PART_ROWS;
	p->parts = div_up(p->b, p->part);
}

/* ---- units ---- */

/* s[c] += rows of C numbers, four at a time. */
static CPU_CLONES void rows_sum(float *s, const float *x, int64_t rows, int64_t row, int64_t n)
{
	int64_t i = 0;
	for (; i + 4 <= rows; i += 4) {
		const float *x0 = x + i * row, *x1 = x0 + row, *x2 = x1 + row, *x3 = x2 + row;
#pragma omp simd
		for (int64_t c = 0; c < n; c++)
			s[c] += (x0[c] + x1[c]) + (x2[c] + x3[c]);
	}
	for (; i < rows; i++) {
		const float *x0 = x + i * row;
#pragma omp simd
		for (int64_t c = 0; c < n; c++)
			s[c] += x0[c];
	}
}

static CPU_CLONES void rows_max(float *s, const float *x, int64_t rows, int64_t row, int64_t n)
{
	for (int64_t i = 0; i < rows; i++) {
		const float *x0 = x + i * row;
#pragma omp simd
		for (int64_t c = 0; c < n; c++)
			s[c] = ((x0[c] > s[c]) | (x0[c] != x0[c])) ? x0[c] : s[c];
	}
}

static void reduce_rows(float *s, const float *x, int64_t rows, int64_t row, int64_t n, bool max)
{
	if (max)
		rows_max(s, x, rows, row, n);
	else
		rows_sum(s, x, rows, row, n);
}

/* rows x C numbers from element at of x to s[C]. */
static void unit_rows(float *s, const struct tensor *x, int64_t at, int64_t rows, int64_t C, bool max)
{
	float buf[CHUNK] __attribute__((aligned(64)));
	for (int64_t c = 0; c < C; c++)
		s[c] = max ? -INFINITY : 0;
	if (x->dtype == F32) {
		reduce_rows(s, (const float *)x->data + at, rows, C, C, max);
		return;
	}
	const int64_t some = C <= CHUNK ? CHUNK / C : 1; /* whole rows in a piece, or pieces of one row */
	for (int64_t i = 0; i < rows; i += some) {
		const int64_t k = min_i64(some, rows - i);
		for (int64_t c = 0; c < C; c += CHUNK) {
			const int64_t n = min_i64(CHUNK, C - c);
			f32_load(buf, x->data, x->dtype, at + i * C + c, k * n);
			reduce_rows(s + c, buf, k, n, n, max);
		}
	}
}

static float unit_row(const struct tensor *x, int64_t at, int64_t n, bool max)
{
	float buf[CHUNK] __attribute__((aligned(64)));
	double sum = 0;
	float m = -INFINITY;
	for (int64_t i = 0; i < n; i += CHUNK) {
		const int64_t k = min_i64(CHUNK, n - i);
		const float *p = chunk_in(x, at + i, k, buf);
		if (max) {
			const float v = f32_max(p, k);
			m = v > m || v != v ? v : m;
		} else {
			sum += f32_sum(p, k);
		}
	}
	return max ? m : (float)sum;
}

/* Output row a: its units in order. */
static void join_units(const struct tensor *y, const float *unit, const struct pattern *p, int64_t a,
		       bool max, double scale)
{
	for (int64_t c = 0; c < p->c; c++) {
		const float *u = unit + a * p->parts * p->c + c;
		double v = u[0];
		for (int64_t k = 1; k < p->parts; k++) {
			const double w = u[k * p->c];
			v = !max ? v + w : w > v || w != w ? w : v;
		}
		const float out = (float)(v * scale);
		f32_store(y->data, y->dtype, a * p->c + c, &out, 1);
	}
}

/* Every output has one unit. */
static void copy_units(const struct tensor *y, const float *unit, int64_t n, double scale)
{
	const float k = (float)scale;
#pragma omp parallel for schedule(static) if (n > SMALL)
	for (int64_t at = 0; at < n; at += CHUNK) {
		float buf[CHUNK];
		const int64_t m = min_i64(CHUNK, n - at);
#pragma omp simd
		for (int64_t i = 0; i < m; i++)
			buf[i] = unit[at + i] * k;
		f32_store(y->data, y->dtype, at, buf, m);
	}
}

/* ---- any axes ---- */

struct axes {
	int n;
	int64_t len[MAX_DIM], stride[MAX_DIM], other[MAX_DIM]; /* other: strides of a second tensor */
};

static int64_t axes_at(const struct axes *s, int64_t i, int64_t *other)
{
	int64_t at = 0, at2 = 0;
	for (int k = s->n - 1; k >= 0; k--) {
		const int64_t j = i % s->len[k];
		i /= s->len[k];
		at += j * s->stride[k];
		at2 += j * s->other[k];
	}
	*other = at2;
	return at;
}

/* Kept axes of x with y's strides, reduced axes with the strides of other (of x's shape, or NULL), in logical
 * order. */
static void split_axes(const struct tensor *x, const struct tensor *y, const struct tensor *other,
		       unsigned axes, struct axes *kept, struct axes *gone)
{
	const bool keep = y->shape.n_dim == x->shape.n_dim;
	int k = 0;
	kept->n = gone->n = 0;
	for (int a = 0; a < x->shape.n_dim; a++) {
		const bool reduced = axes >> a & 1;
		struct axes *s = reduced ? gone : kept;
		s->len[s->n] = x->shape.d[a];
		s->stride[s->n] = x->stride[a];
		s->other[s->n++] = reduced ? other ? other->stride[a] : 0 : y->stride[keep ? a : k];
		k += !reduced;
	}
}

static int64_t axes_count(const struct axes *s)
{
	int64_t n = 1;
	for (int k = 0; k < s->n; k++)
		n *= s->len[k];
	return n;
}

static void reduce_any(const struct tensor *x, const struct tensor *y, unsigned axes, bool max, double scale)
{
	struct axes kept, gone;
	split_axes(x, y, NULL, axes, &kept, &gone);
	const int64_t n = axes_count(&kept), m = axes_count(&gone);
#pragma omp parallel for schedule(static) if (n * m > SMALL)
	for (int64_t i = 0; i < n; i++) {
		int64_t to, unused;
		const int64_t from = axes_at(&kept, i, &to);
		double v = max ? -INFINITY : 0;
		for (int64_t j = 0; j < m; j++) {
			const double w = f32_at(x->data, x->dtype, from + axes_at(&gone, j, &unused));
			v = !max ? v + w : w > v || w != w ? w : v;
		}
		const float out = (float)(v * scale);
		f32_store(y->data, y->dtype, to, &out, 1);
	}
}

/* ---- kernels ---- */

static enum status describe_reduce(const struct kernel_case *c, struct kernel_plan *p, struct err *e)
{
	struct pattern pat;
	(void)e;
	find_pattern(&pat, &c->in[0], &c->out[0], ((const struct axes_conf *)c->call->conf)->axes);
	p->inplace = -1;
	p->scratch = pat.fits ? (size_t)(pat.a * pat.parts * pat.c) * sizeof(float) : 0;
	return OK;
}

/* Sums of short rows that lie together, some at a time. */
static void short_sums(const struct tensor *x, float *sum, int64_t rows, int64_t n)
{
	const int64_t some = CHUNK / n;
#pragma omp parallel for schedule(static) if (rows * n > SMALL)
	for (int64_t i = 0; i < rows; i += some) {
		float buf[CHUNK] __attribute__((aligned(64)));
		const int64_t k = min_i64(some, rows - i);
		f32_sum_rows(sum + i, chunk_in(x, i * n, k * n, buf), k, n);
	}
}

static void reduce_units(const struct tensor *x, float *unit, const struct pattern *p, bool max)
{
	const int64_t units = p->a * p->parts;
	if (p->c == 1 && p->b <= CHUNK && !max) {
		short_sums(x, unit, p->a, p->b);
		return;
	}
#pragma omp parallel for schedule(static) if (p->a * p->b * p->c > SMALL)
	for (int64_t u = 0; u < units; u++) {
		const int64_t a = u / p->parts, b = u % p->parts * p->part;
		const int64_t at = (a * p->b + b) * p->c, len = min_i64(p->part, p->b - b);
		if (p->c == 1)
			unit[u] = unit_row(x, at, len, max);
		else
			unit_rows(unit + u * p->c, x, at, len, p->c, max);
	}
}

static void reduce(const struct kernel_run *r, bool max, double scale)
{
	const unsigned axes = ((const struct axes_conf *)r->conf)->axes;
	const struct tensor *x = &r->in[0], *y = &r->out[0];
	struct pattern p;
	find_pattern(&p, x, y, axes);
	if (!p.fits) {
		reduce_any(x, y, axes, max, scale);
		return;
	}
	float *unit = r->scratch;
	reduce_units(x, unit, &p, max);
	if (p.parts == 1) {
		copy_units(y, unit, p.a * p.c, scale);
		return;
	}
#pragma omp parallel for schedule(static) if (p.a * p.parts * p.c > SMALL)
	for (int64_t a = 0; a < p.a; a++)
		join_units(y, unit, &p, a, max, scale);
}

static void run_sum(const struct kernel_run *r)
{
	reduce(r, false, 1);
}

static void run_mean(const struct kernel_run *r)
{
	reduce(r, false, (double)shape_count(&r->out[0].shape) / (double)shape_count(&r->in[0].shape));
}

static void run_max(const struct kernel_run *r)
{
	reduce(r, true, 1);
}

/* Place of the first maximum over the axes of gone, as an index in logical order; a NaN counts as largest. */
static int64_t first_max(const struct tensor *x, int64_t from, const struct axes *gone, int64_t m)
{
	int64_t best = 0, unused;
	float v = f32_at(x->data, x->dtype, from);
	for (int64_t j = 1; j < m; j++) {
		const float w = f32_at(x->data, x->dtype, from + axes_at(gone, j, &unused));
		if (w > v || (w != w && v == v)) {
			v = w;
			best = j;
		}
	}
	return best;
}

/* (dy, x): dx has x's shape and may have another memory order. */
static void run_max_dx(const struct kernel_run *r)
{
	const struct tensor *dy = &r->in[0], *x = &r->in[1], *dx = &r->out[0];
	struct axes kept, gone, dx_kept, dx_gone;
	const unsigned axes = ((const struct axes_conf *)r->conf)->axes;
	split_axes(x, dy, dx, axes, &kept, &gone);
	split_axes(dx, dy, dx, axes, &dx_kept, &dx_gone);
	const int64_t n = axes_count(&kept), m = axes_count(&gone);
	fill_all(dx->data, dx->dtype, 0, n * m);
#pragma omp parallel for schedule(static) if (n * m > SMALL)
	for (int64_t i = 0; i < n; i++) {
		int64_t at_dy, at_dx, unused;
		const int64_t from = axes_at(&kept, i, &at_dy);
		const int64_t to = axes_at(&dx_kept, i, &unused);
		axes_at(&gone, first_max(x, from, &gone, m), &at_dx);
		const float v = f32_at(dy->data, dy->dtype, at_dy);
		f32_store(dx->data, dx->dtype, to + at_dx, &v, 1);
	}
}

/* (v, x): y is v where x is largest. */
static void run_max_pick(const struct kernel_run *r)
{
	const struct tensor *v = &r->in[0], *x = &r->in[1], *y = &r->out[0];
	struct axes kept, gone, v_kept, v_gone;
	const unsigned axes = ((const struct axes_conf *)r->conf)->axes;
	split_axes(x, y, v, axes, &kept, &gone);
	split_axes(v, y, v, axes, &v_kept, &v_gone);
	const int64_t n = axes_count(&kept), m = axes_count(&gone);
#pragma omp parallel for schedule(static) if (n * m > SMALL)
	for (int64_t i = 0; i < n; i++) {
		int64_t at_y, at_v, unused;
		const int64_t from = axes_at(&kept, i, &at_y);
		const int64_t from_v = axes_at(&v_kept, i, &unused);
		axes_at(&gone, first_max(x, from, &gone, m), &at_v);
		const float w = f32_at(v->data, v->dtype, from_v + at_v);
		f32_store(y->data, y->dtype, at_y, &w, 1);
	}
}

/* Repeats: the gradient of a global pool. */
static void run_expand(const struct kernel_run *r)
{
	const struct tensor *y = &r->out[0];
	const struct view src = view_of(&r->in[0], y), dst = view_of(y, y);
	view_copy(&dst, &src);
}

const struct kernel cpu_sum = {.describe = describe_reduce, .run = run_sum};
const struct kernel cpu_mean = {.describe = describe_reduce, .run = run_mean};
const struct kernel cpu_max = {.describe = describe_reduce, .run = run_max};
const struct kernel cpu_max_dx = {.run = run_max_dx};
const struct kernel cpu_max_pick = {.run = run_max_pick};
const struct kernel cpu_expand = {.run = run_expand};
