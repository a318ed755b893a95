#include "base/err.h"
#include "engine/build.h"
#include "engine/cuda/map.h"
#include "engine/cuda/pictures_kernels.h"

static void run_copy(const struct kernel_run *r)
{
	const struct tensor *y = &r->out[0];
	if (y->data == r->in[0].data)
		return;
	const struct cu_view src = cuda_view_of(&r->in[0], y), dst = cuda_view_of(y, y);
	cuda_move_run(r, &dst, &src);
}

const struct kernel cuda_cast = {.run = run_copy};
const struct kernel cuda_stop_gradient = {.run = run_copy};
const struct kernel cuda_reverse_gradient = {.run = run_copy};

/* ---- bytes to activations, channels interleaved ---- */

static struct cu_affine4 affine_of(const struct normalize_conf *conf, const struct tensor *x, const struct tensor *y)
{
	const int C = x->shape.d[1];
	struct cu_affine4 k = {{0}, {0}};
	BUG_IF(C > 4 || x->dtype != U8 || (C > 1 && (x->stride[1] != 1 || y->stride[1] != 1)), "pictures %s %s", dtype_name(x->dtype), shape_str(&x->shape));
	for (int c = 0; c < C; c++) {
		const double std = (double)conf->std[c];
		k.factor[c] = (float)(1 / (255 * std));
		k.add[c] = (float)(-(double)conf->mean[c] / std);
	}
	return k;
}

static void run_normalize(const struct kernel_run *r)
{
	const struct tensor *x = &r->in[0], *y = &r->out[0];
	cuda_done(r, cu_normalize(array_of(y), x->data, x->shape.d[1], shape_count(&x->shape), affine_of(r->conf, x, y), stream_of(r)));
}

static void run_pictures(const struct kernel_run *r)
{
	const struct tensor *x = &r->in[0], *y = &r->out[0];
	const struct shape *s = &y->shape;
	cuda_done(r, cu_pictures(array_of(y), x->data, r->in[1].data, s->d[0], s->d[1], s->d[2], s->d[3], affine_of(r->conf, x, y), stream_of(r)));
}

const struct kernel cuda_normalize = {.run = run_normalize};
const struct kernel cuda_pictures = {.run = run_pictures};
