/* matmul: one product, or a batch of them, with its bias where that is f32 too. Transposes are told to the library, nothing is copied or packed. */
#include <stdio.h>

#include "engine/build.h"
#include "engine/cuda/product.h"
#include "engine/cuda/product_kernels.h"

/* A bias is added before the one rounding, so sums that become bf16 or f16 wait in scratch as f32. */
static bool waits(const struct matmul_conf *conf, const struct tensor *y)
{
	return conf->has_bias && y->dtype != F32;
}

/* All but where it is written. a (..,M,D) or its transpose, b (..,D,K) or its transpose; rank 3 is a batch of matrices that follow each other. */
static struct product product_of(const struct matmul_conf *conf, const struct tensor *in, const struct tensor *y)
{
	const struct tensor *a = &in[0], *b = &in[1];
	const int q = y->shape.n_dim, M = y->shape.d[q - 2], K = y->shape.d[q - 1], D = a->shape.d[conf->ta ? q - 2 : q - 1];
	const bool wait = waits(conf, y), biased = conf->has_bias && !wait;
	BUG_IF(a->dtype != b->dtype || a->dtype != y->dtype, "matmul of %s and %s to %s", dtype_name(a->dtype), dtype_name(b->dtype),
	       dtype_name(y->dtype));
	return (struct product){
		.m = M, .n = K, .k = D, .ta = conf->ta, .tb = conf->tb,
		.a = a->data, .b = b->data,
		.lda = a->shape.d[q - 1], .ldb = b->shape.d[q - 1], .ldc = K,
		.in = a->dtype, .out = wait ? F32 : y->dtype,
		.batches = q == 3 ? y->shape.d[0] : 1, .step_a = (int64_t)M * D, .step_b = (int64_t)D * K, .step_c = (int64_t)M * K,
		.has_bias = biased, .bias = biased ? in[2].data : NULL,
	};
}

static enum status describe(const struct kernel_case *c, struct kernel_plan *p, struct err *e)
{
	const struct product whole = product_of(c->call->conf, c->in, &c->out[0]);
	(void)e;
	*p = (struct kernel_plan){.inplace = -1};
	if (waits(c->call->conf, &c->out[0]))
		p->scratch = (size_t)shape_count(&c->out[0].shape) * sizeof(float);
	snprintf(p->name, sizeof p->name, product_lt_has(&whole, c->free) ? "cuBLASLt" : "cuBLAS");
	return OK;
}

static void run(const struct kernel_run *r)
{
	const struct matmul_conf *conf = r->conf;
	const struct tensor *y = &r->out[0];
	const bool wait = waits(conf, y);
	struct product p = product_of(conf, r->in, y);
	p.c = wait ? r->scratch : y->data;
	product_finished(r, &p);
	if (wait)
		cuda_done(r, cu_finish((struct cu_array){r->scratch, CU_F32}, r->in[2].data, (struct cu_array){0}, false, array_of(y),
		                       shape_count(&y->shape) / p.n, p.n, stream_of(r)));
}

const struct kernel cuda_matmul = {.describe = describe, .run = run};
