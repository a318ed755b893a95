/*
 * Losses of logits: value and gradient in one pass over each sample, whose rows stay in the first-level cache. Every
 * sample's loss is a number of its own, and they are added in order, so threads change nothing.
 */
#include "engine/cpu/loops.h"

#include <math.h>

#include "base/cpu_clones.h"
#include "engine/build.h"

/* x = (z - most) factor, e = exp(x) */
static CPU_CLONES void soften(float *x, float *e, const float *z, float most, float factor, int64_t n)
{
#pragma omp simd
	for (int64_t i = 0; i < n; i++) {
		x[i] = (z[i] - most) * factor;
		e[i] = exp_f32(x[i]);
	}
}

/* One row of logits over tau. Piece by piece: x, relative to the largest, and e = exp(x); softmax is e / sum. */
struct soft {
	const struct tensor *z;
	int64_t at, K, have; /* have: where the piece in x and e starts */
	float most, factor;
	double sum;
	float x[CHUNK] __attribute__((aligned(64))), e[CHUNK] __attribute__((aligned(64)));
};

static void soft_piece(struct soft *s, int64_t k)
{
	float buf[CHUNK] __attribute__((aligned(64)));
	const int64_t n = min_i64(CHUNK, s->K - k);
	if (s->have == k)
		return;
	soften(s->x, s->e, chunk_in(s->z, s->at + k, n, buf), s->most, s->factor, n);
	s->have = k;
}

static void soft_start(struct soft *s, const struct tensor *z, int64_t row, double tau)
{
	float buf[CHUNK] __attribute__((aligned(64)));
	s->z = z;
	s->K = z->shape.d[1];
	s->at = row * s->K;
	s->have = -1;
	s->factor = (float)(1 / tau);
	s->most = -INFINITY;
	s->sum = 0;
	for (int64_t k = 0; k < s->K; k += CHUNK) {
		const int64_t n = min_i64(CHUNK, s->K - k);
		const float m = f32_max(chunk_in(z, s->at + k, n, buf), n);
		s->most = m > s->most || m != m ? m : s->most;
	}
	for (int64_t k = 0; k < s->K; k += CHUNK) {
		soft_piece(s, k);
		s->sum += f32_sum(s->e, min_i64(CHUNK, s->K - k));
	}
}

/* ---- one number a sample, then their mean ---- */

static enum status describe(const struct kernel_case *c, struct kernel_plan *p, struct err *e)
{
	(void)e;
	p->inplace = -1;
	p->scratch = (size_t)c->in[0].shape.d[0] * sizeof(double);
	return OK;
}

typedef double row_fn(const struct kernel_run *r, int64_t n, float *gradient);

static void rows(const struct kernel_run *r, row_fn *row)
{
	const int64_t N = r->in[0].shape.d[0], K = r->in[0].shape.d[1];
	double *each = r->scratch, sum = 0;
	float *gradient = r->out[1].data;
	BUG_IF(r->out[1].dtype != F32, "%s with a gradient of %s", r->call->op->name, dtype_name(r->out[1].dtype));
#pragma omp parallel for schedule(static) if (N * K > SMALL / 4)
	for (int64_t n = 0; n < N; n++)
		each[n] = row(r, n, gradient ? gradient + n * K : NULL);
	for (int64_t n = 0; n < N; n++)
		sum += each[n];
	const float mean = (float)(sum / (double)N);
	if (r->out[0].data)
		f32_store(r->out[0].data, r->out[0].dtype, 0, &mean, 1);
}

/* ---- cross_entropy (z, label) ---- */

/* d = e factor - spread */
static CPU_CLONES void entropy_gradient(float *d, const float *e, float factor, float spread, int64_t n)
{
#pragma omp simd
	for (int64_t i = 0; i < n; i++)
		d[i] = e[i] * factor - spread;
}

/*
 * With l = log sum exp(x): -sum q (x - l) = l - (1 - smoothing) x[label] - smoothing / K sum(x). The largest x is 0, so no
 * term is negative and nothing cancels.
 */
static double entropy_row(const struct kernel_run *r, int64_t n, float *gradient)
{
	const struct cross_entropy_conf *conf = r->conf;
	struct soft s;
	soft_start(&s, &r->in[0], n, 1);
	const int64_t y = ((const int32_t *)r->in[1].data)[n];
	const bool has = y >= 0 && y < s.K;
	const double N = r->in[0].shape.d[0], kept = 1 - conf->smoothing, spread = conf->smoothing / (double)s.K;
	double loss = log(s.sum);
	for (int64_t k = 0; k < s.K; k += CHUNK) {
		const int64_t m = min_i64(CHUNK, s.K - k);
		soft_piece(&s, k);
		if (spread > 0)
			loss -= spread * f32_sum(s.x, m);
		if (y >= k && y < k + m)
			loss -= kept * s.x[y - k];
		if (!gradient)
			continue;
		entropy_gradient(gradient + k, s.e, (float)(has / (s.sum * N)), (float)(has * spread / N), m);
		if (y >= k && y < k + m)
			gradient[y] = (float)((s.e[y - k] / s.sum - spread - kept) / N);
	}
	return has * loss; /* 0 times NaN is NaN */
}

static void run_cross_entropy(const struct kernel_run *r)
{
	rows(r, entropy_row);
}

/* ---- kl_divergence (z_s, z_t) ---- */

/* t = p (log p - log q), where 0 log 0 is 0. shift: log sum of the student's row less that of the teacher's. */
static CPU_CLONES void divergence(float *t, const float *x_t, const float *e_t, const float *x_s, float factor_t, float shift,
				  int64_t n)
{
#pragma omp simd
	for (int64_t i = 0; i < n; i++) {
		const float p = e_t[i] * factor_t, gap = (x_t[i] - x_s[i]) + shift;
		t[i] = p == 0.0f ? 0.0f : p * gap;
	}
}

static CPU_CLONES void divergence_gradient(float *d, const float *e_s, const float *e_t, float factor_s, float factor_t,
					   float scale, int64_t n)
{
#pragma omp simd
	for (int64_t i = 0; i < n; i++)
		d[i] = (e_s[i] * factor_s - e_t[i] * factor_t) * scale;
}

static double divergence_row(const struct kernel_run *r, int64_t n, float *gradient)
{
	const struct kl_divergence_conf *conf = r->conf;
	struct soft s, t;
	float buf[CHUNK] __attribute__((aligned(64)));
	soft_start(&s, &r->in[0], n, conf->tau);
	soft_start(&t, &r->in[1], n, conf->tau);
	const float factor_s = (float)(1 / s.sum), factor_t = (float)(1 / t.sum);
	const float shift = (float)(log(s.sum) - log(t.sum)), scale = (float)(1 / (conf->tau * r->in[0].shape.d[0]));
	double loss = 0;
	for (int64_t k = 0; k < s.K; k += CHUNK) {
		const int64_t m = min_i64(CHUNK, s.K - k);
		soft_piece(&s, k);
		soft_piece(&t, k);
		divergence(buf, t.x, t.e, s.x, factor_t, shift, m);
		loss += f32_sum(buf, m);
		if (gradient)
			divergence_gradient(gradient + k, s.e, t.e, factor_s, factor_t, scale, m);
	}
	return loss;
}

static void run_kl_divergence(const struct kernel_run *r)
{
	rows(r, divergence_row);
}

const struct kernel cpu_cross_entropy = {.describe = describe, .run = run_cross_entropy};
const struct kernel cpu_kl_divergence = {.describe = describe, .run = run_kl_divergence};
