#include "engine/cuda/reduce.h"

#include "engine/build.h"

enum {
	TEAM_LONGEST = 512, /* elements that 32 lanes join; more are a block's */
	BLOCKS = 1024,      /* that fill a large GPU */
	EACH = 16,          /* elements a thread joins before they are cut into parts */
};

static int64_t div_up(int64_t a, int64_t b) { return (a + b - 1) / b; }
static int64_t min_i64(int64_t a, int64_t b) { return a < b ? a : b; }

/* ---- x's axes: those that are kept, those that go ---- */

static int64_t extent(const struct shape *s, unsigned axes)
{
	int64_t n = 1;
	for (int a = 0; a < s->n_dim; a++)
		n *= axes >> a & 1 ? s->d[a] : 1;
	return n;
}

/* t along some of x's axes, in the memory order of x or, with ROW_MAJOR, in the logical one. */
static struct cu_view along(const struct tensor *x, unsigned axes, enum layout order, const struct tensor *t, const int64_t stride[])
{
	struct tensor part = *x;
	part.layout = order;
	for (int a = 0; a < x->shape.n_dim; a++)
		if (!(axes >> a & 1))
			part.shape.d[a] = 1;
	return cuda_view_strided(&part, t, 0, stride);
}

/* The reduced tensor y along the axes of x that it has. */
static struct cu_view along_kept(const struct tensor *x, unsigned axes, const struct tensor *y)
{
	int64_t stride[MAX_DIM] = {0};
	int k = 0;
	for (int a = 0; a < x->shape.n_dim; a++) {
		const bool gone = axes >> a & 1;
		if (!gone)
			stride[a] = y->stride[k];
		k += !gone || y->shape.n_dim == x->shape.n_dim;
	}
	return along(x, ~axes, x->layout, y, stride);
}

/* Neighbours in x's memory are joined. */
static bool joins_neighbours(const struct tensor *x, unsigned axes)
{
	for (int a = 0; a < x->shape.n_dim; a++)
		if (x->stride[a] == 1 && x->shape.d[a] > 1)
			return axes >> a & 1;
	return true;
}

/* ---- who does what ---- */

static int power_of_two(int64_t n, int most)
{
	int p = 1;
	while (p < n && p < most)
		p *= 2;
	return p;
}

static void share(struct cu_reduction *q, bool neighbours)
{
	q->parts = 1;
	q->part = q->m;
	q->teams = neighbours && q->m <= TEAM_LONGEST;
	if (q->teams) {
		q->width = power_of_two(q->m, 32);
		return;
	}
	q->width = neighbours ? 1 : power_of_two(q->n, 32);
	while (q->width < CU_BLOCK && q->width < q->n && q->m < CU_BLOCK / q->width)
		q->width *= 2;
	const int64_t tiles = div_up(q->n, q->width), worth = div_up(q->m, CU_BLOCK / q->width * EACH);
	q->part = div_up(q->m, min_i64(div_up(BLOCKS, tiles), worth));
	q->parts = div_up(q->m, q->part);
}

/* gone: in the memory order of x, or in the logical one, in which the first maximum is sought. */
static struct cu_reduction reduction(const struct tensor *x, unsigned axes, enum layout gone)
{
	struct cu_reduction q = {.n = extent(&x->shape, ~axes), .m = extent(&x->shape, axes)};
	q.kept = along(x, ~axes, x->layout, x, x->stride);
	q.gone = along(x, axes, gone, x, x->stride);
	share(&q, joins_neighbours(x, axes));
	return q;
}

/* The second pass: parts numbers for each of n outputs. */
static struct cu_reduction of_units(const struct cu_reduction *first, void *units)
{
	struct cu_reduction q = {.n = first->n, .m = first->parts, .part = first->parts, .parts = 1};
	q.kept = (struct cu_view){.data = units, .dtype = CU_F32, .n = 1, .flat = 1, .len = {q.n}, .stride = {1}};
	q.gone = (struct cu_view){.data = units, .dtype = CU_F32, .n = 1, .flat = q.n == 1, .len = {q.m}, .stride = {q.n}};
	q.width = power_of_two(q.n, 32);
	return q;
}

/* ---- sum, mean, max ---- */

size_t reduce_scratch(const struct tensor *x, unsigned axes)
{
	const struct cu_reduction q = reduction(x, axes, x->layout);
	return q.parts > 1 ? (size_t)(q.n * q.parts) * sizeof(float) : 0;
}

void reduce_run(const struct kernel_run *r, const struct tensor *x, const struct tensor *y, unsigned axes, enum cu_join join,
		double scale, void *scratch)
{
	const struct cu_view to = along_kept(x, axes, y);
	struct cu_reduction q = reduction(x, axes, x->layout);
	if (q.parts > 1) {
		cuda_done(r, cu_reduce(&q, join, scratch, to, 1, stream_of(r)));
		q = of_units(&q, scratch);
	}
	cuda_done(r, cu_reduce(&q, join, NULL, to, (float)scale, stream_of(r)));
}

static unsigned axes_of(const void *conf)
{
	return ((const struct axes_conf *)conf)->axes;
}

static enum status describe_reduce(const struct kernel_case *c, struct kernel_plan *p, struct err *e)
{
	(void)e;
	p->scratch = reduce_scratch(&c->in[0], axes_of(c->call->conf));
	return OK;
}

static void run_sum(const struct kernel_run *r)
{
	reduce_run(r, &r->in[0], &r->out[0], axes_of(r->conf), CU_SUM, 1, r->scratch);
}

static void run_mean(const struct kernel_run *r)
{
	const double scale = (double)shape_count(&r->out[0].shape) / (double)shape_count(&r->in[0].shape);
	reduce_run(r, &r->in[0], &r->out[0], axes_of(r->conf), CU_SUM, scale, r->scratch);
}

static void run_max(const struct kernel_run *r)
{
	reduce_run(r, &r->in[0], &r->out[0], axes_of(r->conf), CU_MAX, 1, r->scratch);
}

/* ---- max_dx, max_pick: the place of the maximum first ---- */

/* Scratch: the best key of each output, then those of its parts. */
static enum status describe_first(const struct kernel_case *c, struct kernel_plan *p, struct err *e)
{
	const struct tensor *x = &c->in[1];
	const struct cu_reduction q = reduction(x, axes_of(c->call->conf), ROW_MAJOR);
	(void)e;
	BUG_IF(q.m >= UINT32_MAX, "%s over %lld elements", c->call->op->name, (long long)q.m);
	p->scratch = (size_t)(q.n * (q.parts > 1 ? 1 + q.parts : 1)) * sizeof(uint64_t);
	return OK;
}

/* Gives the keys and how many. */
static const uint64_t *find_first(const struct kernel_run *r, const struct tensor *x, unsigned axes, int64_t *n)
{
	const struct cu_reduction q = reduction(x, axes, ROW_MAJOR);
	uint64_t *best = r->scratch, *part = best + q.n;
	cuda_done(r, cu_first_max(&q, q.parts > 1 ? part : best, stream_of(r)));
	if (q.parts > 1) {
		const struct cu_reduction second = of_units(&q, part);
		cuda_done(r, cu_join_keys(&second, best, stream_of(r)));
	}
	*n = q.n;
	return best;
}

/* (dy, x): dx has x's shape and may have another memory order. */
static void run_max_dx(const struct kernel_run *r)
{
	const struct tensor *dy = &r->in[0], *x = &r->in[1], *dx = &r->out[0];
	const unsigned axes = axes_of(r->conf);
	int64_t n;
	const uint64_t *best = find_first(r, x, axes, &n);
	cuda_done(r, cudaMemsetAsync(dx->data, 0, tensor_bytes(dx), stream_of(r)));
	cuda_done(r, cu_max_dx(best, n, along_kept(x, axes, dy), along(x, ~axes, x->layout, dx, dx->stride),
			       along(x, axes, ROW_MAJOR, dx, dx->stride), stream_of(r)));
}

/* (v, x): y is v where x is largest. */
static void run_max_pick(const struct kernel_run *r)
{
	const struct tensor *v = &r->in[0], *x = &r->in[1], *y = &r->out[0];
	const unsigned axes = axes_of(r->conf);
	int64_t n;
	const uint64_t *best = find_first(r, x, axes, &n);
	cuda_done(r, cu_max_pick(best, n, along_kept(x, axes, y), along(x, ~axes, x->layout, v, v->stride),
				 along(x, axes, ROW_MAJOR, v, v->stride), stream_of(r)));
}

/* ---- expand ---- */

/* Sixteen bytes at a time where both memories allow; gives how many elements that is, or 1. */
static int widen(struct cu_view *x, const struct tensor *y)
{
	const int each = 16 / (int)dtype_size(y->dtype), last = x->n - 1;
	bool fits = x->stride[last] == 1 && x->len[last] % each == 0 && (uintptr_t)x->data % 16 == 0 && (uintptr_t)y->data % 16 == 0;
	for (int a = 0; a < last; a++)
		fits = fits && x->stride[a] % each == 0;
	if (!fits)
		return 1;
	x->len[last] /= each;
	for (int a = 0; a < last; a++)
		x->stride[a] /= each;
	return each;
}

static void run_expand(const struct kernel_run *r)
{
	const struct tensor *x = &r->in[0], *y = &r->out[0];
	struct cu_view from = cuda_view_of(x, y);
	int each = 1, word = 0;
	if (x->dtype == y->dtype) {
		each = widen(&from, y);
		word = each * (int)dtype_size(y->dtype);
	}
	cuda_done(r, cu_expand(array_of(y), shape_count(&y->shape) / each, from, word, stream_of(r)));
}

const struct kernel cuda_sum = {.describe = describe_reduce, .run = run_sum};
const struct kernel cuda_mean = {.describe = describe_reduce, .run = run_mean};
const struct kernel cuda_max = {.describe = describe_reduce, .run = run_max};
const struct kernel cuda_max_dx = {.describe = describe_first, .run = run_max_dx};
const struct kernel cuda_max_pick = {.describe = describe_first, .run = run_max_pick};
const struct kernel cuda_expand = {.run = run_expand};
