/* Losses of logits and their gradients in double. Logits are taken relative to the largest of their row. */
#include "engine/ref/ref.h"

#include <math.h>

#include "engine/build.h"

/* One row of logits over tau: log softmax is (z[k] - most) / tau - log_sum. */
struct soft {
	const double *z;
	int64_t step;
	double tau, most, log_sum;
};

static struct soft soft_row(const struct tensor *z, int n, double tau)
{
	struct soft s = {f64(z) + n * z->stride[0], z->stride[1], tau, 0, 0};
	double sum = 0;
	s.most = s.z[0];
	for (int k = 1; k < z->shape.d[1]; k++)
		s.most = fmax(s.most, s.z[k * s.step]);
	for (int k = 0; k < z->shape.d[1]; k++)
		sum += exp((s.z[k * s.step] - s.most) / tau);
	s.log_sum = log(sum);
	return s;
}

static double log_p(const struct soft *s, int k)
{
	return (s->z[k * s->step] - s->most) / s->tau - s->log_sum;
}

static void put(const struct tensor *t, int64_t at, double v)
{
	if (t->data)
		f64(t)[at] = v;
}

static void cross_entropy_run(const struct kernel_run *r)
{
	const struct cross_entropy_conf *conf = r->conf;
	const struct tensor *z = &r->in[0], *label = &r->in[1];
	const int N = z->shape.d[0], K = z->shape.d[1];
	const double spread = conf->smoothing / K;
	double sum = 0;
	for (int n = 0; n < N; n++) {
		const int y = i32(label)[n * label->stride[0]];
		const double has = y >= 0 && y < K;
		const struct soft s = soft_row(z, n, 1);
		for (int k = 0; k < K; k++) {
			const double q = has * (spread + (k == y ? 1 - conf->smoothing : 0)), l = log_p(&s, k);
			sum -= q * l;
			put(&r->out[1], (int64_t)n * K + k, (has * exp(l) - q) / N);
		}
	}
	put(&r->out[0], 0, sum / N);
}

static void kl_divergence_run(const struct kernel_run *r)
{
	const struct kl_divergence_conf *conf = r->conf;
	const int N = r->in[0].shape.d[0], K = r->in[0].shape.d[1];
	double sum = 0;
	for (int n = 0; n < N; n++) {
		const struct soft s = soft_row(&r->in[0], n, conf->tau), t = soft_row(&r->in[1], n, conf->tau);
		for (int k = 0; k < K; k++) {
			const double log_q = log_p(&s, k), log_t = log_p(&t, k), p = exp(log_t);
			sum += p == 0 ? 0 : p * (log_t - log_q); /* 0 log 0 is 0, also where log_t is no number */
			put(&r->out[1], (int64_t)n * K + k, (exp(log_q) - p) / (N * conf->tau));
		}
	}
	put(&r->out[0], 0, sum / N);
}

const struct kernel ref_cross_entropy = {.run = cross_entropy_run};
const struct kernel ref_kl_divergence = {.run = kl_divergence_run};
