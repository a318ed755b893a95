/* Batch norm and affine in double: two passes for the variance, nothing clever. */
#include "engine/ref/ref.h"

#include <math.h>

#include "engine/build.h"

/* A tensor (N,C,...) as N x C x R: place of element (n,c,i), i in logical order over the axes behind C. */
static int64_t at_channel(const struct tensor *t, int n, int c, int64_t i)
{
	int64_t at = n * t->stride[0] + c * t->stride[1];
	for (int k = t->shape.n_dim - 1; k > 1; k--) {
		at += i % t->shape.d[k] * t->stride[k];
		i /= t->shape.d[k];
	}
	return at;
}

static int64_t behind_channels(const struct tensor *t)
{
	return shape_count(&t->shape) / t->shape.d[0] / t->shape.d[1];
}

static double vector(const struct tensor *t, int c)
{
	return f64(t)[c * t->stride[0]];
}

static void moments(const struct tensor *x, int c, double *mean, double *var)
{
	const int N = x->shape.d[0];
	const int64_t R = behind_channels(x);
	const double *p = f64(x);
	double sum = 0, squares = 0;
	for (int n = 0; n < N; n++)
		for (int64_t i = 0; i < R; i++)
			sum += p[at_channel(x, n, c, i)];
	*mean = sum / ((double)N * (double)R);
	for (int n = 0; n < N; n++)
		for (int64_t i = 0; i < R; i++) {
			const double d = p[at_channel(x, n, c, i)] - *mean;
			squares += d * d;
		}
	*var = squares / ((double)N * (double)R);
}

/* y = (x - shift) factor + add (+ residual) for one channel. */
static void channel_map(const struct tensor *x, const struct tensor *y, const struct tensor *residual, int c,
                        double shift, double factor, double add)
{
	const int64_t R = behind_channels(x);
	for (int n = 0; n < x->shape.d[0]; n++)
		for (int64_t i = 0; i < R; i++) {
			double v = (f64(x)[at_channel(x, n, c, i)] - shift) * factor + add;
			if (residual)
				v += f64(residual)[at_channel(residual, n, c, i)];
			f64(y)[at_channel(y, n, c, i)] = v;
		}
}

static void batch_norm_run(const struct kernel_run *r)
{
	const struct norm_conf *k = r->conf;
	const struct tensor *x = &r->in[0], *residual = r->n_in > 3 && r->in[3].data ? &r->in[3] : NULL;
	for (int c = 0; c < x->shape.d[1]; c++) {
		double mean, var;
		moments(x, c, &mean, &var);
		if (r->out[0].data)
			channel_map(x, &r->out[0], residual, c, mean, vector(&r->in[1], c) / sqrt(var + k->eps),
			            vector(&r->in[2], c));
		if (r->out[1].data)
			f64(&r->out[1])[c] = mean;
		if (r->out[2].data)
			f64(&r->out[2])[c] = var;
	}
}

/* With z = (x - mean) / s, s = sqrt(var + eps): dx = gamma / s (dy - mean(dy) - z mean(dy z)). */
static void batch_norm_dx_run(const struct kernel_run *r)
{
	const struct norm_conf *k = r->conf;
	const struct tensor *dy = &r->in[0], *x = &r->in[1], *dx = &r->out[0];
	const int N = x->shape.d[0];
	const int64_t R = behind_channels(x);
	for (int c = 0; c < x->shape.d[1]; c++) {
		const double mean = vector(&r->in[3], c), s = sqrt(vector(&r->in[4], c) + k->eps);
		double sum = 0, dot = 0;
		for (int n = 0; n < N; n++)
			for (int64_t i = 0; i < R; i++) {
				const double d = f64(dy)[at_channel(dy, n, c, i)];
				sum += d;
				dot += d * (f64(x)[at_channel(x, n, c, i)] - mean) / s;
			}
		const double count = (double)N * (double)R;
		for (int n = 0; dx->data && n < N; n++)
			for (int64_t i = 0; i < R; i++) {
				const double z = (f64(x)[at_channel(x, n, c, i)] - mean) / s;
				f64(dx)[at_channel(dx, n, c, i)] = vector(&r->in[2], c) / s
					* (f64(dy)[at_channel(dy, n, c, i)] - sum / count - z * dot / count);
			}
		if (r->out[1].data)
			f64(&r->out[1])[c] = dot;
		if (r->out[2].data)
			f64(&r->out[2])[c] = sum;
	}
}

static void affine_run(const struct kernel_run *r)
{
	const struct tensor *x = &r->in[0], *residual = r->n_in > 3 && r->in[3].data ? &r->in[3] : NULL;
	for (int c = 0; c < x->shape.d[1]; c++)
		channel_map(x, &r->out[0], residual, c, 0, vector(&r->in[1], c), vector(&r->in[2], c));
}

static void running_update_run(const struct kernel_run *r)
{
	const struct running_conf *k = r->conf;
	const struct tensor *old = &r->in[0], *value = &r->in[1], *y = &r->out[0];
	for (int64_t i = 0, n = shape_count(&y->shape); i < n; i++)
		f64(y)[at_logical(y, i)] = (1 - k->momentum) * f64(old)[at_logical(old, i)]
			+ k->momentum * k->factor * f64(value)[at_logical(value, i)];
}

const struct kernel ref_batch_norm = {.run = batch_norm_run};
const struct kernel ref_batch_norm_dx = {.run = batch_norm_dx_run};
const struct kernel ref_affine = {.run = affine_run};
const struct kernel ref_running_update = {.run = running_update_run};
