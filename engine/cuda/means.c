/* A sum for each part, then theirs: the number of elements alone says in what order they are added. */
#include "engine/build.h"
#include "engine/cuda/means_kernels.h"
#include "engine/cuda/reduce.h"

enum { PARTS = 1024 }; /* that fill a large GPU */

static int64_t div_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

static double share(const struct tensor *x)
{
	return 1 / (double)shape_count(&x->shape);
}

static float factor_of(const struct kernel_run *r)
{
	return (float)((const struct mean_softplus_conf *)r->conf)->factor;
}

static struct cu_mean parts_of(const struct tensor *x)
{
	const int64_t n = shape_count(&x->shape);
	return (struct cu_mean){.n = n, .part = div_up(div_up(n, PARTS), CU_MEAN_STEP) * CU_MEAN_STEP, .scale = 1};
}

static struct tensor sums(const struct cu_mean *m, void *data)
{
	return tensor_of(type_of(shape1((int)div_up(m->n, m->part)), CLASS_WIDE), F32, data);
}

/* Scratch: the parts' sums, then what their sum needs. */
static size_t sums_bytes(const struct tensor *parts)
{
	return (tensor_bytes(parts) + 63) / 64 * 64;
}

static enum status describe(const struct kernel_case *c, struct kernel_plan *p, struct err *e)
{
	const struct cu_mean m = parts_of(&c->in[0]);
	const struct tensor parts = sums(&m, NULL);
	(void)e;
	BUG_IF(c->out[0].dtype != F32, "%s in %s", c->call->op->name, dtype_name(c->out[0].dtype));
	if (parts.shape.d[0] > 1)
		p->scratch = sums_bytes(&parts) + reduce_scratch(&parts, 1);
	return OK;
}

/* Where the parts' sums go: a single one is the result. */
static struct cu_mean start(const struct kernel_run *r)
{
	struct cu_mean m = parts_of(&r->in[0]);
	m.sum = r->scratch;
	if (m.n <= m.part) {
		m.sum = r->out[0].data;
		m.scale = (float)share(&r->in[0]);
	}
	return m;
}

static void finish(const struct kernel_run *r, const struct cu_mean *m)
{
	const struct tensor parts = sums(m, r->scratch);
	if (m->n > m->part)
		reduce_run(r, &parts, &r->out[0], 1, CU_SUM, share(&r->in[0]), (char *)r->scratch + sums_bytes(&parts));
}

static void run_mean_square(const struct kernel_run *r)
{
	const struct cu_mean m = start(r);
	cuda_done(r, cu_mean_square(array_of(&r->in[0]), array_of(&r->in[1]), m, stream_of(r)));
	finish(r, &m);
}

static void run_mean_softplus(const struct kernel_run *r)
{
	const struct cu_mean m = start(r);
	cuda_done(r, cu_mean_softplus(array_of(&r->in[0]), factor_of(r), m, stream_of(r)));
	finish(r, &m);
}

/* (a, b, dy) */
static void run_mean_square_dx(const struct kernel_run *r)
{
	cuda_done(r, cu_mean_square_dx(r->out[0].data, array_of(&r->in[0]), array_of(&r->in[1]), shape_count(&r->in[0].shape), r->in[2].data,
				       (float)(2 * share(&r->in[0])), stream_of(r)));
}

/* (x, dy) */
static void run_mean_softplus_dx(const struct kernel_run *r)
{
	const float factor = factor_of(r);
	cuda_done(r, cu_mean_softplus_dx(r->out[0].data, array_of(&r->in[0]), factor, shape_count(&r->in[0].shape), r->in[1].data,
					 (float)(factor * share(&r->in[0])), stream_of(r)));
}

const struct kernel cuda_mean_square = {.describe = describe, .run = run_mean_square};
const struct kernel cuda_mean_square_dx = {.run = run_mean_square_dx};
const struct kernel cuda_mean_softplus = {.describe = describe, .run = run_mean_softplus};
const struct kernel cuda_mean_softplus_dx = {.run = run_mean_softplus_dx};
