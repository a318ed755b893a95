#include "engine/cuda/cuda.h"

#include "engine/cuda/softmax_kernels.h"

/* t by rows of its last axis, in logical order. */
static struct cu_rows rows_of(const struct tensor *t)
{
	const int last = t->shape.n_dim - 1;
	struct tensor starts = *t;
	starts.layout = ROW_MAJOR;
	starts.shape.d[last] = 1;
	return (struct cu_rows){cuda_view_strided(&starts, t, 0, t->stride), shape_count(&starts.shape), t->shape.d[last], t->stride[last]};
}

static void rows(const struct kernel_run *r, bool logarithm)
{
	const struct cu_rows x = rows_of(&r->in[0]), y = rows_of(&r->out[0]);
	cuda_done(r, cu_softmax(&x, &y, logarithm, stream_of(r)));
}

static void run_softmax(const struct kernel_run *r)
{
	rows(r, false);
}

static void run_log_softmax(const struct kernel_run *r)
{
	rows(r, true);
}

const struct kernel cuda_softmax = {.run = run_softmax};
const struct kernel cuda_log_softmax = {.run = run_log_softmax};
