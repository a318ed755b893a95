#include "engine/ref/walk.h"

#include <math.h>

#include "engine/build.h"

/*
 * x's axes in two walks: outer over those that stay, inner over those that are reduced. Tensor 0 is x, tensor 1 of
 * outer is the reduced one, which has the reduced axes with extent 1 or not at all; tensor 1 of inner and tensor 2
 * of outer are a second one of x's shape.
 */
struct split {
	struct walk outer, inner;
};

static void split_axis(struct walk *w, int extent, int64_t x, int64_t reduced, int64_t second, bool inner)
{
	const int a = w->n_dim++;

	w->d[a] = extent;
	w->step[0][a] = x;
	w->step[1][a] = inner ? second : reduced;
	w->step[2][a] = inner ? 0 : second;
	w->n = inner ? 2 : 3;
}

static struct split split_axes(const struct tensor *x, const struct tensor *y, const struct tensor *second,
			       const struct axes_conf *conf)
{
	struct split s = {.outer = {.n = 3}, .inner = {.n = 2}};
	int to = 0;

	for (int i = 0; i < x->shape.n_dim; i++) {
		const bool gone = conf->axes >> i & 1;
		const int64_t other = second ? second->stride[i] : 0;

		if (gone) {
			split_axis(&s.inner, x->shape.d[i], x->stride[i], 0, other, true);
			to += conf->keep != 0;
		} else {
			split_axis(&s.outer, x->shape.d[i], x->stride[i], y->stride[to++], other, false);
		}
	}
	return s;
}

static void run_total(const struct kernel_run *r, double factor)
{
	const double *const x = f64(&r->in[0]);
	double *const y = f64(&r->out[0]);
	struct split s = split_axes(&r->in[0], &r->out[0], NULL, r->conf);

	do {
		double sum = 0;

		do
			sum += x[s.outer.at[0] + s.inner.at[0]];
		while (walk_next(&s.inner));
		y[s.outer.at[1]] = sum * factor;
	} while (walk_next(&s.outer));
}

static void run_sum(const struct kernel_run *r)
{
	run_total(r, 1);
}

static void run_mean(const struct kernel_run *r)
{
	run_total(r, (double)shape_count(&r->out[0].shape) / (double)shape_count(&r->in[0].shape));
}

/* Place of the maximum within the inner walk, in x and the second tensor: the first in logical order; NaN wins. */
static void find_max(struct split *s, const double *x, int64_t *in_x, int64_t *in_second)
{
	double best = x[s->outer.at[0]];

	*in_x = *in_second = 0;
	do {
		const double v = x[s->outer.at[0] + s->inner.at[0]];

		if (v > best || (isnan(v) && !isnan(best))) {
			best = v;
			*in_x = s->inner.at[0];
			*in_second = s->inner.at[1];
		}
	} while (walk_next(&s->inner));
}

static void run_max(const struct kernel_run *r)
{
	const double *const x = f64(&r->in[0]);
	double *const y = f64(&r->out[0]);
	struct split s = split_axes(&r->in[0], &r->out[0], NULL, r->conf);
	int64_t in_x, in_second;

	do {
		find_max(&s, x, &in_x, &in_second);
		y[s.outer.at[1]] = x[s.outer.at[0] + in_x];
	} while (walk_next(&s.outer));
}

static void run_max_dx(const struct kernel_run *r)
{
	const double *const dy = f64(&r->in[0]), *const x = f64(&r->in[1]);
	double *const dx = f64(&r->out[0]);
	const int64_t n = shape_count(&r->out[0].shape);
	struct split s = split_axes(&r->in[1], &r->in[0], &r->out[0], r->conf);
	int64_t in_x, in_dx;

	for (int64_t i = 0; i < n; i++)
		dx[i] = 0;
	do {
		find_max(&s, x, &in_x, &in_dx);
		dx[s.outer.at[2] + in_dx] = dy[s.outer.at[1]];
	} while (walk_next(&s.outer));
}

static void run_max_pick(const struct kernel_run *r)
{
	const double *const v = f64(&r->in[0]), *const x = f64(&r->in[1]);
	double *const y = f64(&r->out[0]);
	struct split s = split_axes(&r->in[1], &r->out[0], &r->in[0], r->conf);
	int64_t in_x, in_v;

	do {
		find_max(&s, x, &in_x, &in_v);
		y[s.outer.at[1]] = v[s.outer.at[2] + in_v];
	} while (walk_next(&s.outer));
}

static void run_expand(const struct kernel_run *r)
{
	struct walk w = walk_over(&r->out[0].shape);

	walk_add(&w, &r->out[0]);
	walk_add(&w, &r->in[0]);
	do
		set_any(&r->out[0], w.at[0], get_any(&r->in[0], w.at[1]));
	while (walk_next(&w));
}

const struct kernel ref_sum = {.run = run_sum};
const struct kernel ref_mean = {.run = run_mean};
const struct kernel ref_max = {.run = run_max};
const struct kernel ref_max_dx = {.run = run_max_dx};
const struct kernel ref_max_pick = {.run = run_max_pick};
const struct kernel ref_expand = {.run = run_expand};
