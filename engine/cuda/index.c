/* Indices are not looked at before the kernels run: one that is no row shows as NaN. */
#include "engine/build.h"
#include "engine/cuda/cuda.h"
#include "engine/cuda/index_kernels.h"

/* The least power of two, from 2, not below n: what is sorted. */
static int64_t segment_of(int64_t n)
{
	int64_t segment = 2;
	while (segment < n)
		segment *= 2;
	return segment;
}

/* ---- gather (x, index), scatter_add (v, index): rows lie one behind the other in either layout ---- */

static void run_gather(const struct kernel_run *r)
{
	const struct tensor *x = &r->in[0], *y = &r->out[0];
	const int R = y->shape.d[0];
	const size_t row = tensor_bytes(y) / (size_t)R, wide = 16, size = dtype_size(y->dtype);
	const size_t word = row % wide == 0 && (uintptr_t)x->data % wide == 0 && (uintptr_t)y->data % wide == 0 ? wide : size;
	BUG_IF(x->layout != y->layout, "gather between memory orders");
	cuda_done(r, cu_gather(y->data, x->data, r->in[1].data, R, (int64_t)(row / word), x->shape.d[0], (int)word, stream_of(r)));
}

/* Scratch: the keys, then where the rows start in them. */
static enum status describe_scatter_add(const struct kernel_case *c, struct kernel_plan *p, struct err *e)
{
	(void)e;
	BUG_IF(c->in[0].layout != c->out[0].layout || c->out[0].dtype != F32, "scatter_add between memory orders or to %s",
	       dtype_name(c->out[0].dtype));
	p->scratch = (size_t)segment_of(c->in[0].shape.d[0]) * sizeof(uint64_t) + ((size_t)c->out[0].shape.d[0] + 1) * sizeof(int32_t);
	return OK;
}

static void run_scatter_add(const struct kernel_run *r)
{
	const struct tensor *v = &r->in[0], *y = &r->out[0];
	struct cu_scatter q = {.index = r->in[1].data, .R = v->shape.d[0], .rows = y->shape.d[0], .keys = r->scratch};
	q.row = shape_count(&y->shape) / q.rows;
	q.segment = segment_of(q.R);
	q.start = (int32_t *)(q.keys + q.segment);
	cuda_done(r, cu_scatter_order(&q, stream_of(r)));
	cuda_done(r, cu_scatter_add(&q, array_of(v), y->data, stream_of(r)));
}

/* ---- one_hot, arg_max ---- */

static void run_one_hot(const struct kernel_run *r)
{
	const struct tensor *y = &r->out[0];
	cuda_done(r, cu_one_hot(y->data, r->in[0].data, y->shape.d[0], y->shape.d[1], stream_of(r)));
}

static void run_arg_max(const struct kernel_run *r)
{
	const struct tensor *x = &r->in[0];
	cuda_done(r, cu_arg_max(r->out[0].data, array_of(x), x->shape.d[0], x->shape.d[1], stream_of(r)));
}

/* ---- top_k, sort ---- */

static enum status describe_rank(const struct kernel_case *c, struct kernel_plan *p, struct err *e)
{
	(void)e;
	const int64_t segment = segment_of(c->in[0].shape.d[1]);
	if (segment > CU_ROW_KEYS)
		p->scratch = (size_t)(c->in[0].shape.d[0] * segment) * sizeof(uint64_t);
	return OK;
}

static void rank(const struct kernel_run *r, bool descending)
{
	const struct tensor *x = &r->in[0], *y = &r->out[0];
	cuda_done(r, cu_rank_rows(array_of(x), x->shape.d[0], x->shape.d[1], y->shape.d[1], descending, y->data, r->out[1].data, r->scratch,
				  stream_of(r)));
}

static void run_top_k(const struct kernel_run *r)
{
	rank(r, true);
}

static void run_sort(const struct kernel_run *r)
{
	rank(r, false);
}

const struct kernel cuda_gather = {.run = run_gather};
const struct kernel cuda_scatter_add = {.describe = describe_scatter_add, .run = run_scatter_add};
const struct kernel cuda_one_hot = {.run = run_one_hot};
const struct kernel cuda_arg_max = {.run = run_arg_max};
const struct kernel cuda_top_k = {.describe = describe_rank, .run = run_top_k};
const struct kernel cuda_sort = {.describe = describe_rank, .run = run_sort};
