#include "base/err.h"
#include "engine/build.h"
#include "engine/cuda/cuda.h"
#include "engine/cuda/resize_kernels.h"

static struct cu_array map(const struct tensor *t)
{
	BUG_IF(t->layout != CHANNELS_LAST || t->shape.n_dim != 4, "resize of a tensor that is not channels-last");
	BUG_IF(!dtype_is_act(t->dtype), "resize of %s", dtype_name(t->dtype));
	return array_of(t);
}

static struct cu_zoom resize_of(const struct kernel_run *r)
{
	const struct resize_conf *k = r->conf;
	BUG_IF(r->in[0].dtype != r->out[0].dtype, "resize of %s to %s", dtype_name(r->in[0].dtype), dtype_name(r->out[0].dtype));
	return (struct cu_zoom){
		.bilinear = k->bilinear, .N = k->x.d[0], .C = k->x.d[1], .H = k->x.d[2], .W = k->x.d[3], .out_h = k->h, .out_w = k->w,
	};
}

static void run_resize(const struct kernel_run *r)
{
	cuda_done(r, cu_resize(map(&r->out[0]), map(&r->in[0]), resize_of(r), stream_of(r)));
}

static void run_resize_dx(const struct kernel_run *r)
{
	cuda_done(r, cu_resize_dx(map(&r->out[0]), map(&r->in[0]), resize_of(r), stream_of(r)));
}

const struct kernel cuda_resize = {.run = run_resize};
const struct kernel cuda_resize_dx = {.run = run_resize_dx};
