#include "base/err.h"
#include "engine/build.h"
#include "engine/cuda/cuda.h"
#include "engine/cuda/quant_kernels.h"

static struct cu_array real(const struct tensor *t)
{
	BUG_IF(!dtype_is_act(t->dtype), "bytes of or to %s", dtype_name(t->dtype));
	return array_of(t);
}

static void *of_type(const struct tensor *t, enum dtype d)
{
	BUG_IF(t->data && t->dtype != d, "%s where %s is expected", dtype_name(t->dtype), dtype_name(d));
	return t->data;
}

static void same_order(const struct tensor *x, const struct tensor *y)
{
	BUG_IF(x->layout != y->layout || !shape_eq(&x->shape, &y->shape), "bytes of %s in another order", shape_str(&x->shape));
}

static void run_quantize(const struct kernel_run *r)
{
	const struct quantize_conf *k = r->conf;
	const struct tensor *x = &r->in[0], *y = &r->out[0];
	same_order(x, y);
	cuda_done(r, cu_quantize(of_type(y, U8), real(x), k->scale, shape_count(&y->shape), stream_of(r)));
}

static void run_dequantize(const struct kernel_run *r)
{
	const struct quantize_conf *k = r->conf;
	const struct tensor *x = &r->in[0], *y = &r->out[0];
	same_order(x, y);
	cuda_done(r, cu_dequantize(real(y), of_type(x, U8), k->scale, shape_count(&y->shape), stream_of(r)));
}

static void run_quantize_weights(const struct kernel_run *r)
{
	const struct tensor *w = &r->in[0];
	const int O = w->shape.d[0];
	BUG_IF(w->layout != ROW_MAJOR, "weights of another order");
	cuda_done(r, cu_quantize_weights(of_type(&r->out[0], S8), of_type(&r->out[1], F32), real(w), O, shape_count(&w->shape) / O, stream_of(r)));
}

const struct kernel cuda_quantize = {.run = run_quantize};
const struct kernel cuda_dequantize = {.run = run_dequantize};
const struct kernel cuda_quantize_weights = {.run = run_quantize_weights};
