/* Softmax over the last axis in double; the largest is subtracted first, so nothing overflows. */
#include "engine/ref/ref.h"

#include <math.h>

static void rows(const struct kernel_run *r, bool logarithm)
{
	const struct tensor *x = &r->in[0], *y = &r->out[0];
	const int last = x->shape.n_dim - 1, K = x->shape.d[last];
	const int64_t x_step = x->stride[last], y_step = y->stride[last], n = shape_count(&x->shape) / K;
	for (int64_t i = 0; i < n; i++) {
		const double *p = f64(x) + at_logical(x, i * K);
		double *q = f64(y) + at_logical(y, i * K);
		double most = p[0], sum = 0;
		for (int k = 1; k < K; k++)
			most = fmax(most, p[k * x_step]);
		for (int k = 0; k < K; k++)
			sum += exp(p[k * x_step] - most);
		for (int k = 0; k < K; k++) {
			const double d = p[k * x_step] - most;
			q[k * y_step] = logarithm ? d - log(sum) : exp(d) / sum;
		}
	}
}

static void softmax_run(const struct kernel_run *r)
{
	rows(r, false);
}

static void log_softmax_run(const struct kernel_run *r)
{
	rows(r, true);
}

const struct kernel ref_softmax = {.run = softmax_run};
const struct kernel ref_log_softmax = {.run = log_softmax_run};
