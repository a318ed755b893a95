/* Picking by index. NaN counts as the largest value, as in PyTorch, so that it is seen. */
#include "engine/ref/ref.h"

#include <math.h>

#include "engine/build.h"

static int row_at(const struct tensor *index, int64_t r, int rows, const char *name)
{
	const int at = i32(index)[r * index->stride[0]];
	BUG_IF(at < 0 || at >= rows, "%s: index %d of %d rows", name, at, rows);
	return at;
}

static void gather_run(const struct kernel_run *r)
{
	const struct tensor *x = &r->in[0], *y = &r->out[0];
	const int R = y->shape.d[0];
	const int64_t each = shape_count(&y->shape) / R;
	for (int i = 0; i < R; i++) {
		const int64_t from = row_at(&r->in[1], i, x->shape.d[0], "gather") * each;
		for (int64_t j = 0; j < each; j++)
			set_any(y, at_logical(y, i * each + j), get_any(x, at_logical(x, from + j)));
	}
}

static void scatter_add_run(const struct kernel_run *r)
{
	const struct tensor *v = &r->in[0], *y = &r->out[0];
	const int R = v->shape.d[0];
	const int64_t each = shape_count(&v->shape) / R, all = shape_count(&y->shape);
	double *p = f64(y);
	for (int64_t i = 0; i < all; i++)
		p[i] = 0;
	for (int i = 0; i < R; i++) {
		const int64_t to = row_at(&r->in[1], i, y->shape.d[0], "scatter_add") * each;
		for (int64_t j = 0; j < each; j++)
			p[at_logical(y, to + j)] += f64(v)[at_logical(v, i * each + j)];
	}
}

static void one_hot_run(const struct kernel_run *r)
{
	const struct tensor *index = &r->in[0], *y = &r->out[0];
	for (int n = 0; n < y->shape.d[0]; n++)
		for (int k = 0; k < y->shape.d[1]; k++)
			f64(y)[n * y->stride[0] + k * y->stride[1]] = i32(index)[n * index->stride[0]] == k;
}

static bool more(double a, double b)
{
	return a > b || (isnan(a) && !isnan(b));
}

static void arg_max_run(const struct kernel_run *r)
{
	const struct tensor *x = &r->in[0], *y = &r->out[0];
	for (int n = 0; n < x->shape.d[0]; n++) {
		const double *p = f64(x) + n * x->stride[0];
		int best = 0;
		for (int k = 1; k < x->shape.d[1]; k++)
			if (more(p[k * x->stride[1]], p[best * x->stride[1]]))
				best = k;
		i32(y)[n * y->stride[0]] = best;
	}
}

/* One row being ordered: the first as values, places or both; an output without readers has no memory. */
struct ranking {
	const double *x;
	double *value;
	int32_t *place;
	int64_t x_step;
	int have, keep;
	bool descending;
};

static double ranked(const struct ranking *q, int i)
{
	return q->value ? q->value[i] : q->x[q->place[i] * q->x_step];
}

static void put(const struct ranking *q, int to, double v, int place)
{
	if (q->value)
		q->value[to] = v;
	if (q->place)
		q->place[to] = place;
}

/* Insertion is stable: v goes behind what equals it. */
static void insert(struct ranking *q, int k)
{
	const double v = q->x[k * q->x_step];
	int to = q->have;
	for (; to > 0; to--) {
		const double before = ranked(q, to - 1);
		if (!(q->descending ? more(v, before) : more(before, v)))
			break;
		if (to < q->keep)
			put(q, to, before, q->place ? q->place[to - 1] : 0);
	}
	if (to < q->keep)
		put(q, to, v, k);
	q->have += q->have < q->keep;
}

static void order(const struct kernel_run *r, bool descending)
{
	const struct tensor *x = &r->in[0], *y = &r->out[0], *index = &r->out[1];
	const int N = x->shape.d[0], K = x->shape.d[1], keep = y->shape.d[1];
	if (!y->data && !index->data)
		return;
	for (int n = 0; n < N; n++) {
		struct ranking q = {.x = f64(x) + n * x->stride[0], .x_step = x->stride[1], .keep = keep};
		q.descending = descending;
		q.value = y->data ? f64(y) + (int64_t)n * keep : NULL;
		q.place = index->data ? i32(index) + (int64_t)n * keep : NULL;
		for (int k = 0; k < K; k++)
			insert(&q, k);
	}
}

static void top_k_run(const struct kernel_run *r)
{
	order(r, true);
}

static void sort_run(const struct kernel_run *r)
{
	order(r, false);
}

const struct kernel ref_gather = {.run = gather_run};
const struct kernel ref_scatter_add = {.run = scatter_add_run};
const struct kernel ref_one_hot = {.run = one_hot_run};
const struct kernel ref_arg_max = {.run = arg_max_run};
const struct kernel ref_top_k = {.run = top_k_run};
const struct kernel ref_sort = {.run = sort_run};
