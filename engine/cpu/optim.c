#include "engine/cpu/loops.h"

#include <math.h>

#include "base/cpu_clones.h"

/* One step of SGD, Adam and AdamW in PyTorch's order of operations; the clip comes first. */
struct step {
	float lr, clip, decay, momentum, beta1, beta2, rest1, rest2, eps;
	float shrink; /* AdamW: 1 - lr decay */
	float rate;   /* Adam: lr / correct1 */
	float root;   /* Adam: 1 / sqrt(correct2) */
};

static CPU_CLONES void sgd_plain(float *w, const float *g, const struct step *s, int64_t n)
{
	const float lr = s->lr, clip = s->clip, decay = s->decay;
#pragma omp simd
	for (int64_t i = 0; i < n; i++)
		w[i] -= lr * (g[i] * clip + decay * w[i]);
}

static CPU_CLONES void sgd_momentum(float *w, const float *g, float *m, const struct step *s, int64_t n)
{
	const float lr = s->lr, clip = s->clip, decay = s->decay, momentum = s->momentum;
#pragma omp simd
	for (int64_t i = 0; i < n; i++) {
		m[i] = momentum * m[i] + (g[i] * clip + decay * w[i]);
		w[i] -= lr * m[i];
	}
}

static CPU_CLONES void sgd_nesterov(float *w, const float *g, float *m, const struct step *s, int64_t n)
{
	const float lr = s->lr, clip = s->clip, decay = s->decay, momentum = s->momentum;
#pragma omp simd
	for (int64_t i = 0; i < n; i++) {
		const float d = g[i] * clip + decay * w[i];
		m[i] = momentum * m[i] + d;
		w[i] -= lr * (d + momentum * m[i]);
	}
}

static CPU_CLONES void adam(float *w, const float *g, float *m, float *v, const struct step *s, int64_t n)
{
	const float clip = s->clip, decay = s->decay, shrink = s->shrink, rate = s->rate, root = s->root;
	const float eps = s->eps;
	const float beta1 = s->beta1, beta2 = s->beta2, rest1 = s->rest1, rest2 = s->rest2;
#pragma omp simd
	for (int64_t i = 0; i < n; i++) {
		const float d = g[i] * clip + decay * w[i];
		m[i] = beta1 * m[i] + rest1 * d;
		v[i] = beta2 * v[i] + rest2 * d * d;
		w[i] = w[i] * shrink - rate * m[i] / (sqrtf(v[i]) * root + eps);
	}
}

static struct step step_of(const struct optim_run *r)
{
	const double lr = *(const float *)r->lr;
	/* Decay shrinks the weight by itself, not through the gradient. */
	const bool apart = r->kind == OPTIM_ADAMW;
	struct step s = {.lr = (float)lr, .clip = r->clip ? *(const float *)r->clip : 1};
	s.decay = apart ? 0 : (float)r->weight_decay;
	s.shrink = apart ? (float)(1 - lr * r->weight_decay) : 1;
	s.momentum = (float)r->momentum;
	s.beta1 = (float)r->beta1;
	s.beta2 = (float)r->beta2;
	s.rest1 = (float)(1 - r->beta1);
	s.rest2 = (float)(1 - r->beta2);
	s.eps = (float)r->eps;
	if (r->kind != OPTIM_SGD) {
		s.rate = (float)(lr / r->correct1);
		s.root = (float)(1 / sqrt(r->correct2));
	}
	return s;
}

static void part(const struct optim_run *r, const struct step *s, int64_t at, int64_t n)
{
	float *w = (float *)r->w + at;
	float *m = r->m ? (float *)r->m + at : NULL, *v = r->v ? (float *)r->v + at : NULL;
	const float *g = (const float *)r->g + at;
	if (r->kind != OPTIM_SGD) {
		adam(w, g, m, v, s, n);
	} else if (!m) {
		sgd_plain(w, g, s, n);
	} else if (r->nesterov) {
		sgd_nesterov(w, g, m, s, n);
	} else {
		sgd_momentum(w, g, m, s, n);
	}
}

void cpu_optim(void *impl, const struct optim_run *r)
{
	(void)impl;
	if (!*r->ok)
		return;
	const struct step s = step_of(r);
	if (r->first && r->m && r->kind == OPTIM_SGD) /* the buffer starts as g, whatever it held */
		fill_all(r->m, F32, 0, r->n);
	const int64_t n = r->n, piece = 4 * CHUNK;
#pragma omp parallel for schedule(static) if (n > SMALL)
	for (int64_t at = 0; at < n; at += piece)
		part(r, &s, at, min_i64(piece, n - at));
}
