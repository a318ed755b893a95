#include "base/err.h"
#include "engine/build.h"
#include "engine/cuda/cuda.h"
#include "engine/cuda/random_kernels.h"

static void run(const struct kernel_run *r)
{
	const struct dropout_conf *c = r->conf;
	const struct tensor *x = &r->in[0], *y = &r->out[0];
	const bool channels_last = x->shape.n_dim == 4 && x->layout == CHANNELS_LAST;
	BUG_IF(x->dtype != y->dtype || x->layout != y->layout || !dtype_is_act(x->dtype), "dropout of %s to %s", dtype_name(x->dtype),
	       dtype_name(y->dtype));
	struct cu_drop k = {
		.key = {c->key[0], c->key[1]}, .p = (float)c->p, .factor = (float)(1 / (1 - c->p)), .N = x->shape.d[0],
		.C = channels_last ? x->shape.d[1] : 1,
	};
	k.S = shape_count(&x->shape) / k.N / k.C;
	cuda_done(r, cu_dropout(array_of(y), array_of(x), r->in[1].data, r->in[2].data, k, stream_of(r)));
}

const struct kernel cuda_dropout = {.run = run};
