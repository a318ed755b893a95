#include "base/err.h"
#include "engine/build.h"
#include "engine/cuda/cuda.h"
#include "engine/cuda/norm_kernels.h"

static bool channels_innermost(const struct tensor *x)
{
	return x->shape.d[1] == 1 || x->stride[1] == 1;
}

static struct cu_rows rows_of(const struct tensor *x)
{
	const int C = x->shape.d[1];
	BUG_IF(x->shape.n_dim < 2 || !channels_innermost(x), "batch statistics of %s whose channels are not innermost", shape_str(&x->shape));
	BUG_IF(!dtype_is_act(x->dtype), "a norm of %s", dtype_name(x->dtype));
	return cu_rows_of(shape_count(&x->shape) / C, C, (int)x->dtype);
}

/* t's memory: of x's type, or none where t is absent. */
static void *alike(const struct tensor *t, const struct tensor *x)
{
	if (!t || !t->data)
		return NULL;
	BUG_IF(t->dtype != x->dtype, "a norm of %s with %s", dtype_name(x->dtype), dtype_name(t->dtype));
	return t->data;
}

static float *wide(const struct tensor *t)
{
	BUG_IF(t->data && t->dtype != F32, "a norm's vector of %s", dtype_name(t->dtype));
	return t->data;
}

static const struct tensor *residual_of(const struct kernel_run *r)
{
	return r->n_in > 3 && r->in[3].data ? &r->in[3] : NULL;
}

/* ---- batch_norm (x, gamma, beta, residual) ---- */

static enum status describe_batch_norm(const struct kernel_case *c, struct kernel_plan *p, struct err *e)
{
	const struct cu_rows rows = rows_of(&c->in[0]);
	(void)e;
	p->fuse_ok = FUSE_RELU;
	p->inplace = c->in[0].dtype == c->out[0].dtype ? 0 : -1;
	p->scratch = cu_batch_norm_scratch(&rows);
	return OK;
}

static void run_batch_norm(const struct kernel_run *r)
{
	const struct norm_conf *conf = r->conf;
	const struct tensor *x = &r->in[0];
	const struct cu_norm k = {
		.rows = rows_of(x), .dtype = (int)x->dtype, .x = x->data, .residual = alike(residual_of(r), x), .y = alike(&r->out[0], x),
		.gamma = wide(&r->in[1]), .beta = wide(&r->in[2]), .mean = wide(&r->out[1]), .var = wide(&r->out[2]), .eps = conf->eps,
		.relu = r->fuse & FUSE_RELU, .scratch = r->scratch,
	};
	cuda_done(r, cu_batch_norm(&k, stream_of(r)));
}

const struct kernel cuda_batch_norm = {.describe = describe_batch_norm, .run = run_batch_norm};

/* ---- batch_norm_dx (dy, x, gamma, mean, var [, y]) ---- */

static enum status describe_batch_norm_dx(const struct kernel_case *c, struct kernel_plan *p, struct err *e)
{
	const struct cu_rows rows = rows_of(&c->in[1]);
	(void)e;
	p->fuse_ok = FUSE_MASK;
	p->inplace = c->in[0].dtype == c->out[0].dtype ? 0 : -1;
	p->scratch = cu_batch_norm_dx_scratch(&rows);
	return OK;
}

static void run_batch_norm_dx(const struct kernel_run *r)
{
	const struct norm_conf *conf = r->conf;
	const struct tensor *x = &r->in[1], *y = r->fuse & FUSE_MASK ? &r->in[r->n_in - 1] : NULL;
	const struct cu_norm_dx k = {
		.rows = rows_of(x), .dtype = (int)x->dtype, .dy = alike(&r->in[0], x), .x = x->data, .y = alike(y, x),
		.dz = y ? alike(&r->out[MAX_OUT - 1], x) : NULL, .dx = alike(&r->out[0], x), .gamma = wide(&r->in[2]), .mean = wide(&r->in[3]),
		.var = wide(&r->in[4]), .dgamma = wide(&r->out[1]), .dbeta = wide(&r->out[2]), .eps = conf->eps, .scratch = r->scratch,
	};
	cuda_done(r, cu_batch_norm_dx(&k, stream_of(r)));
}

const struct kernel cuda_batch_norm_dx = {.describe = describe_batch_norm_dx, .run = run_batch_norm_dx};

/* ---- affine (x, s, b, residual) ---- */

static enum status describe_affine(const struct kernel_case *c, struct kernel_plan *p, struct err *e)
{
	(void)e;
	p->inplace = c->in[0].dtype == c->out[0].dtype ? 0 : -1;
	p->fuse_ok = channels_innermost(&c->in[0]) ? FUSE_RELU : 0;
	return OK;
}

/* Channels lie apart (rank 3). */
static cudaError_t affine_any(const struct kernel_run *r)
{
	const struct tensor *y = &r->out[0], *residual = residual_of(r);
	const int64_t stride[MAX_DIM] = {0, 1};
	return cu_affine_views(shape_count(&y->shape), cuda_view_of(y, y), cuda_view_of(&r->in[0], y), cuda_view_strided(y, &r->in[1], 0, stride),
	                       cuda_view_strided(y, &r->in[2], 0, stride), residual ? cuda_view_of(residual, y) : (struct cu_view){.data = NULL}, stream_of(r));
}

static void run_affine(const struct kernel_run *r)
{
	const struct tensor *x = &r->in[0];
	if (!channels_innermost(x)) {
		cuda_done(r, affine_any(r));
		return;
	}
	const struct cu_rows rows = rows_of(x);
	cuda_done(r, cu_affine(&rows, (int)x->dtype, alike(&r->out[0], x), x->data, alike(residual_of(r), x), wide(&r->in[1]), wide(&r->in[2]),
	                       r->fuse & FUSE_RELU, stream_of(r)));
}

const struct kernel cuda_affine = {.describe = describe_affine, .run = run_affine};
