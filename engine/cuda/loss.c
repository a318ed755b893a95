/* A number for each sample, then their mean: the number of samples alone says in what order they are added. */
#include "engine/build.h"
#include "engine/cuda/loss_kernels.h"
#include "engine/cuda/reduce.h"

static struct tensor each_sample(const struct tensor *z, void *data)
{
	return tensor_of(type_of(shape1(z->shape.d[0]), CLASS_WIDE), F32, data);
}

/* Scratch: the samples' losses, then what their sum needs. */
static size_t losses_bytes(int N)
{
	return ((size_t)N * sizeof(float) + 63) / 64 * 64;
}

static enum status describe(const struct kernel_case *c, struct kernel_plan *p, struct err *e)
{
	(void)e;
	const struct tensor each = each_sample(&c->in[0], NULL);
	BUG_IF(c->out[1].dtype != F32, "%s with a gradient of %s", c->call->op->name, dtype_name(c->out[1].dtype));
	if (!(c->unused & 1))
		p->scratch = losses_bytes(each.shape.d[0]) + reduce_scratch(&each, 1);
	return OK;
}

static float *losses(const struct kernel_run *r)
{
	return r->out[0].data ? r->scratch : NULL;
}

static void mean(const struct kernel_run *r)
{
	const struct tensor each = each_sample(&r->in[0], r->scratch);
	const int N = each.shape.d[0];
	if (r->out[0].data)
		reduce_run(r, &each, &r->out[0], 1, CU_SUM, 1.0 / N, (char *)r->scratch + losses_bytes(N));
}

static void run_cross_entropy(const struct kernel_run *r)
{
	const struct cross_entropy_conf *conf = r->conf;
	const struct tensor *z = &r->in[0];
	cuda_done(r, cu_cross_entropy(array_of(z), r->in[1].data, z->shape.d[0], z->shape.d[1], conf->smoothing, losses(r), r->out[1].data,
				      stream_of(r)));
	mean(r);
}

static void run_kl_divergence(const struct kernel_run *r)
{
	const struct kl_divergence_conf *conf = r->conf;
	const struct tensor *z = &r->in[0];
	cuda_done(r, cu_kl_divergence(array_of(z), array_of(&r->in[1]), z->shape.d[0], z->shape.d[1], conf->tau, losses(r), r->out[1].data,
				      stream_of(r)));
	mean(r);
}

const struct kernel cuda_cross_entropy = {.describe = describe, .run = run_cross_entropy};
const struct kernel cuda_kl_divergence = {.describe = describe, .run = run_kl_divergence};
