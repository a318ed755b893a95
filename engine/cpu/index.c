#include "engine/cpu/loops.h"

#include <string.h>

#include "engine/build.h"

/* NaN counts as the largest value, as in PyTorch, so that it is seen. */
static bool more(float a, float b)
{
	return a > b || (a != a && b == b);
}

static int row_at(const struct tensor *index, int64_t i, int rows, const char *op)
{
	const int at = ((const int32_t *)index->data)[i];
	BUG_IF(at < 0 || at >= rows, "%s: index %d of %d rows", op, at, rows);
	return at;
}

/* Row i of t as a tensor with extent 1. */
static struct tensor row_of(const struct tensor *t, int64_t i)
{
	struct tensor row = *t;
	row.shape.d[0] = 1;
	row.data = (char *)t->data + i * t->stride[0] * (int64_t)dtype_size(t->dtype);
	return row;
}

/* ---- gather (x, index), scatter_add (v, index) ---- */

static void run_gather(const struct kernel_run *r)
{
	const struct tensor *x = &r->in[0], *y = &r->out[0];
	const int R = y->shape.d[0];
#pragma omp parallel for schedule(static) if (shape_count(&y->shape) > SMALL)
	for (int i = 0; i < R; i++) {
		const struct tensor from = row_of(x, row_at(&r->in[1], i, x->shape.d[0], "gather")),
				    to = row_of(y, i);
		const struct view src = view_of(&from, &to), dst = view_of(&to, &to);
		for (int64_t at = 0; at < src.count; at += CHUNK)
			view_copy_part(&dst, &src, at, min_i64(CHUNK, src.count - at));
	}
}

/* Columns at..at+n of all rows, in the order of v: threads share columns, never rows. */
static void scatter_columns(const struct kernel_run *r, int64_t at, int64_t n)
{
	const struct tensor *v = &r->in[0], *y = &r->out[0];
	for (int i = 0; i < v->shape.d[0]; i++) {
		float buf[CHUNK], sum[CHUNK];
		const struct tensor from = row_of(v, i),
				    to = row_of(y, row_at(&r->in[1], i, y->shape.d[0], "scatter_add"));
		const struct view src = view_of(&from, &to);
		const float *p = view_load(&src, at, n, buf), *q = chunk_in(&to, at, n, sum);
		float *out = chunk_out(&to, at, sum);
		for (int64_t j = 0; j < n; j++)
			out[j] = q[j] + p[j];
		chunk_done(&to, at, n, out);
	}
}

static void run_scatter_add(const struct kernel_run *r)
{
	const struct tensor *y = &r->out[0];
	const int64_t each = shape_count(&y->shape) / y->shape.d[0];
	fill_all(y->data, y->dtype, 0, shape_count(&y->shape));
#pragma omp parallel for schedule(static) if (shape_count(&r->in[0].shape) > SMALL)
	for (int64_t at = 0; at < each; at += CHUNK)
		scatter_columns(r, at, min_i64(CHUNK, each - at));
}

/* ---- one_hot, arg_max ---- */

static void run_one_hot(const struct kernel_run *r)
{
	const struct tensor *index = &r->in[0], *y = &r->out[0];
	const int N = y->shape.d[0], K = y->shape.d[1];
	const float one = 1;
	fill_all(y->data, y->dtype, 0, (int64_t)N * K);
	for (int n = 0; n < N; n++) {
		const int32_t k = ((const int32_t *)index->data)[n];
		if (k >= 0 && k < K) /* another label is no class: zeros */
			f32_store(y->data, y->dtype, n * y->stride[0] + k * y->stride[1], &one, 1);
	}
}

static void run_arg_max(const struct kernel_run *r)
{
	const struct tensor *x = &r->in[0];
	const int N = x->shape.d[0], K = x->shape.d[1];
	int32_t *y = r->out[0].data;
#pragma omp parallel for schedule(static) if ((int64_t)N * K > SMALL)
	for (int n = 0; n < N; n++) {
		int best = 0;
		float most = f32_at(x->data, x->dtype, n * x->stride[0]);
		for (int k = 1; k < K; k++) {
			const float v = f32_at(x->data, x->dtype, n * x->stride[0] + k * x->stride[1]);
			if (more(v, most)) {
				most = v;
				best = k;
			}
		}
		y[n] = best;
	}
}

/* ---- top_k, sort: places of a row in order, equal values in the order of the row ---- */

struct ranking {
	const float *key;
	bool descending;
};

static bool before(const struct ranking *q, int32_t a, int32_t b)
{
	return q->descending ? more(q->key[a], q->key[b]) : more(q->key[b], q->key[a]);
}

/* The first `keep` of K places by insertion: for few. */
static void rank_few(const struct ranking *q, int32_t *place, int K, int keep)
{
	int have = 0;
	for (int32_t k = 0; k < K; k++) {
		int to = have < keep ? have++ : keep;
		if (to == keep && !before(q, k, place[keep - 1]))
			continue;
		to = to == keep ? keep - 1 : to;
		for (; to > 0 && before(q, k, place[to - 1]); to--)
			place[to] = place[to - 1];
		place[to] = k;
	}
}

/* Merge sort from the bottom up; gives whichever of the two arrays holds the result. */
static const int32_t *rank_all(const struct ranking *q, int32_t *place, int32_t *other, int K)
{
	for (int32_t k = 0; k < K; k++)
		place[k] = k;
	for (int64_t width = 1; width < K; width *= 2) {
		for (int64_t lo = 0; lo < K; lo += 2 * width) {
			const int64_t mid = min_i64(lo + width, K), hi = min_i64(mid + width, K);
			int64_t a = lo, b = mid;
			for (int64_t to = lo; to < hi; to++)
				other[to] = b == hi || (a < mid && !before(q, place[b], place[a]))
						    ? place[a++]
						    : place[b++];
		}
		int32_t *t = place;
		place = other;
		other = t;
	}
	return place;
}

/* Scratch of a row: keys, two arrays of places. */
static enum status describe_rank(const struct kernel_case *c, struct kernel_plan *p, struct err *e)
{
	(void)e;
	p->inplace = -1;
	p->scratch = 3 * (size_t)shape_count(&c->in[0].shape) * sizeof(float);
	return OK;
}

static void rank_row(const struct kernel_run *r, bool descending, int n, int keep)
{
	const struct tensor *x = &r->in[0], *y = &r->out[0], *index = &r->out[1];
	const int K = x->shape.d[1];
	float *key = (float *)r->scratch + (int64_t)n * 3 * K;
	int32_t *place = (int32_t *)(key + K), *other = place + K;
	for (int k = 0; k < K; k++)
		key[k] = f32_at(x->data, x->dtype, n * x->stride[0] + k * x->stride[1]);
	const struct ranking q = {key, descending};
	const int32_t *ranked = place;
	if (keep <= 32)
		rank_few(&q, place, K, keep);
	else
		ranked = rank_all(&q, place, other, K);
	for (int k = 0; y->data && k < keep; k++)
		f32_store(y->data, y->dtype, (int64_t)n * keep + k, &key[ranked[k]], 1);
	if (index->data)
		memcpy((int32_t *)index->data + (int64_t)n * keep, ranked, (size_t)keep * sizeof *ranked);
}

static void rank(const struct kernel_run *r, bool descending)
{
	const int N = r->in[0].shape.d[0], keep = r->out[0].shape.d[1];
#pragma omp parallel for schedule(static) if (shape_count(&r->in[0].shape) > SMALL / 8)
	for (int n = 0; n < N; n++)
		rank_row(r, descending, n, keep);
}

static void run_top_k(const struct kernel_run *r)
{
	rank(r, true);
}

static void run_sort(const struct kernel_run *r)
{
	rank(r, false);
}

const struct kernel cpu_gather = {.run = run_gather};
const struct kernel cpu_scatter_add = {.run = run_scatter_add};
const struct kernel cpu_one_hot = {.run = run_one_hot};
const struct kernel cpu_arg_max = {.run = run_arg_max};
const struct kernel cpu_top_k = {.describe = describe_rank, .run = run_top_k};
const struct kernel cpu_sort = {.describe = describe_rank, .run = run_sort};
