/* matmul: one product, or a batch of them. Transposes are told to the library, nothing is copied or packed. */
#include <stdio.h>

#include "engine/build.h"
#include "engine/cuda/product.h"
#include "engine/cuda/product_kernels.h"

/* A bias is added before the one rounding, so sums that become bf16 or f16 wait in scratch as f32. */
static bool waits(const struct matmul_conf *conf, const struct tensor *y)
{
	return conf->has_bias && y->dtype != F32;
}

static enum status describe(const struct kernel_case *c, struct kernel_plan *p, struct err *e)
{
	(void)e;
	*p = (struct kernel_plan){.inplace = -1};
	if (waits(c->call->conf, &c->out[0]))
		p->scratch = (size_t)shape_count(&c->out[0].shape) * sizeof(float);
	snprintf(p->name, sizeof p->name, "cuBLAS");
	return OK;
}

/* a (..,M,D) or its transpose, b (..,D,K) or its transpose; rank 3 is a batch of matrices that follow each other. */
static void run(const struct kernel_run *r)
{
	const struct matmul_conf *conf = r->conf;
	const struct tensor *a = &r->in[0], *b = &r->in[1], *y = &r->out[0];
	const int q = y->shape.n_dim, M = y->shape.d[q - 2], K = y->shape.d[q - 1], D = a->shape.d[conf->ta ? q - 2 : q - 1];
	const int batches = q == 3 ? y->shape.d[0] : 1;
	const bool wait = waits(conf, y);
	const struct cu_array sum = wait ? (struct cu_array){r->scratch, CU_F32} : array_of(y);
	BUG_IF(a->dtype != b->dtype || a->dtype != y->dtype, "matmul of %s and %s to %s", dtype_name(a->dtype), dtype_name(b->dtype),
	       dtype_name(y->dtype));
	const struct product p = {
		.m = M, .n = K, .k = D, .ta = conf->ta, .tb = conf->tb,
		.a = a->data, .b = b->data, .c = sum.data,
		.lda = a->shape.d[q - 1], .ldb = b->shape.d[q - 1], .ldc = K,
		.in = a->dtype, .out = wait ? F32 : y->dtype,
		.batches = batches, .step_a = (int64_t)M * D, .step_b = (int64_t)D * K, .step_c = (int64_t)M * K,
	};
	product_run(r, &p);
	if (conf->has_bias)
		cuda_done(r, cu_finish(sum, r->in[2].data, (struct cu_array){0}, false, array_of(y), (int64_t)batches * M, K, stream_of(r)));
}

const struct kernel cuda_matmul = {.describe = describe, .run = run};
