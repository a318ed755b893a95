#include "base/err.h"
#include "engine/build.h"
#include "engine/cuda/cuda.h"
#include "engine/cuda/pool_kernels.h"

/* Memory of a map of one of two shapes. */
static struct cu_array map(const struct kernel_run *r, const struct tensor *t, const struct shape *s)
{
	BUG_IF(t->shape.n_dim != 4 || t->layout != CHANNELS_LAST, "%s of a tensor that is not channels-last", r->call->op->name);
	BUG_IF(!shape_eq(&t->shape, s), "%s: %s is not %s", r->call->op->name, shape_str(&t->shape), shape_str(s));
	BUG_IF(!dtype_is_act(t->dtype) && t->dtype != U8, "%s of %s", r->call->op->name, dtype_name(t->dtype));
	return array_of(t);
}

static void same_type(const struct kernel_run *r, struct cu_array a, struct cu_array b)
{
	BUG_IF(a.dtype != b.dtype, "%s of %s and %s", r->call->op->name, dtype_name((enum dtype)a.dtype), dtype_name((enum dtype)b.dtype));
}

/* y: the small map's shape. */
static struct cu_pool pool_of(const struct kernel_run *r, const struct shape *y)
{
	const struct pool_conf *k = r->conf;
	return (struct cu_pool){
		.kernel = k->kernel, .stride = k->stride, .pad = k->pad, .N = k->x.d[0], .C = k->x.d[1], .H = k->x.d[2], .W = k->x.d[3],
		.out_h = y->d[2], .out_w = y->d[3],
	};
}

static void run_max_pool(const struct kernel_run *r)
{
	const struct shape *small = &r->out[0].shape, *large = &((const struct pool_conf *)r->conf)->x;
	const struct cu_array y = map(r, &r->out[0], small), x = map(r, &r->in[0], large);
	same_type(r, y, x);
	cuda_done(r, cu_max_pool(y, x, pool_of(r, small), stream_of(r)));
}

/* (v, x) */
static void run_max_pool_pick(const struct kernel_run *r)
{
	const struct shape *small = &r->out[0].shape, *large = &((const struct pool_conf *)r->conf)->x;
	const struct cu_array y = map(r, &r->out[0], small), v = map(r, &r->in[0], large), x = map(r, &r->in[1], large);
	same_type(r, y, v);
	cuda_done(r, cu_max_pool_pick(y, v, x, pool_of(r, small), stream_of(r)));
}

/* (dy, x) */
static void run_max_pool_dx(const struct kernel_run *r)
{
	const struct shape *small = &r->in[0].shape, *large = &((const struct pool_conf *)r->conf)->x;
	const struct cu_array dx = map(r, &r->out[0], large), dy = map(r, &r->in[0], small), x = map(r, &r->in[1], large);
	same_type(r, dx, dy);
	cuda_done(r, cu_max_pool_dx(dx, dy, x, pool_of(r, small), stream_of(r)));
}

static void run_avg_pool(const struct kernel_run *r)
{
	const struct shape *small = &r->out[0].shape, *large = &((const struct pool_conf *)r->conf)->x;
	const struct cu_array y = map(r, &r->out[0], small), x = map(r, &r->in[0], large);
	same_type(r, y, x);
	cuda_done(r, cu_avg_pool(y, x, pool_of(r, small), stream_of(r)));
}

static void run_avg_pool_dx(const struct kernel_run *r)
{
	const struct shape *small = &r->in[0].shape, *large = &((const struct pool_conf *)r->conf)->x;
	const struct cu_array dx = map(r, &r->out[0], large), dy = map(r, &r->in[0], small);
	same_type(r, dx, dy);
	cuda_done(r, cu_avg_pool_dx(dx, dy, pool_of(r, small), stream_of(r)));
}

const struct kernel cuda_max_pool = {.run = run_max_pool};
const struct kernel cuda_max_pool_pick = {.run = run_max_pool_pick};
const struct kernel cuda_max_pool_dx = {.run = run_max_pool_dx};
const struct kernel cuda_avg_pool = {.run = run_avg_pool};
const struct kernel cuda_avg_pool_dx = {.run = run_avg_pool_dx};
