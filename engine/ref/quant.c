/* Eight bits: the definition in double, one loop per index. */
#include "engine/ref/ref.h"

#include <math.h>

#include "engine/build.h"

/* To the nearest integer in lo..hi, the even one at a tie; NaN is 0. */
static double to_step(double v, double lo, double hi)
{
	return nearbyint(to_range(v, lo, hi));
}

static void quantize_run(const struct kernel_run *r)
{
	const struct quantize_conf *k = r->conf;
	const struct tensor *x = &r->in[0], *y = &r->out[0];
	for (int64_t i = 0, n = shape_count(&x->shape); i < n; i++)
		set_any(y, at_logical(y, i), to_step(f64(x)[at_logical(x, i)] / k->scale, 0, 255));
}

static void dequantize_run(const struct kernel_run *r)
{
	const struct quantize_conf *k = r->conf;
	const struct tensor *x = &r->in[0], *y = &r->out[0];
	for (int64_t i = 0, n = shape_count(&x->shape); i < n; i++)
		f64(y)[at_logical(y, i)] = get_any(x, at_logical(x, i)) * k->scale;
}

static void quantize_weights_run(const struct kernel_run *r)
{
	const struct tensor *w = &r->in[0], *y = &r->out[0], *scale = &r->out[1];
	const int64_t O = w->shape.d[0], each = shape_count(&w->shape) / O;
	for (int64_t o = 0; o < O; o++) {
		double top = 0;
		for (int64_t i = 0; i < each; i++)
			top = fmax(top, fabs(f64(w)[at_logical(w, o * each + i)]));
		const double unit = fmax(top / 127, 1e-20);
		for (int64_t i = 0; y->data && i < each; i++)
			set_any(y, at_logical(y, o * each + i),
			        to_step(f64(w)[at_logical(w, o * each + i)] / unit, -127, 127));
		if (scale->data)
			f64(scale)[o] = unit;
	}
}

/* The sum of products at one place of the result: an integer. */
static double sum_at(const struct conv_conf *k, const struct tensor *x, const struct tensor *w, int n, int o, int oh, int ow)
{
	const int each = w->shape.d[1], c0 = o / (w->shape.d[0] / k->groups) * each;
	double sum = 0;
	for (int i = 0; i < k->kh; i++)
		for (int j = 0; j < k->kw; j++) {
			const int h = oh * k->stride + i - k->pad, q = ow * k->stride + j - k->pad;
			if (h < 0 || q < 0 || h >= k->x.d[2] || q >= k->x.d[3])
				continue;
			for (int c = 0; c < each; c++)
				sum += get_any(x, at4(x, n, c0 + c, h, q)) * get_any(w, at4(w, o, c, i, j));
		}
	return sum;
}

static void conv2d_int8_run(const struct kernel_run *r)
{
	const struct conv_int8_conf *k = r->conf;
	const struct tensor *x = &r->in[0], *w = &r->in[1], *scale = &r->in[2], *y = &r->out[0];
	const struct tensor *bias = r->n_in > 3 && r->in[3].data ? &r->in[3] : NULL;
	const struct tensor *residual = r->n_in > 4 && r->in[4].data ? &r->in[4] : NULL;
	const double unit = residual && residual->dtype == U8 ? k->residual_scale : 1;
	for (int n = 0; n < y->shape.d[0]; n++)
		for (int h = 0; h < y->shape.d[2]; h++)
			for (int q = 0; q < y->shape.d[3]; q++)
				for (int o = 0; o < y->shape.d[1]; o++) {
					double v = sum_at(&k->conv, x, w, n, o, h, q) * k->x_scale * f64(scale)[o];
					if (bias)
						v += f64(bias)[o];
					if (residual)
						v += get_any(residual, at4(residual, n, o, h, q)) * unit;
					if (k->relu && v < 0)
						v = 0;
					set_any(y, at4(y, n, o, h, q), k->to_u8 ? to_step(v / k->y_scale, 0, 255) : v);
				}
}

const struct kernel ref_quantize = {.run = quantize_run};
const struct kernel ref_dequantize = {.run = dequantize_run};
const struct kernel ref_quantize_weights = {.run = quantize_weights_run};
const struct kernel ref_conv2d_int8 = {.run = conv2d_int8_run};
