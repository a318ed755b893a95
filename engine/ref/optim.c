/* One step of SGD, Adam and AdamW in double, in PyTorch's order of operations; the clip comes first. */
#include "engine/ref/ref.h"

#include <math.h>

static void sgd(const struct optim_run *r, double lr, double clip)
{
	double *w = r->w, *m = r->m;
	const double *g = r->g;
	for (int64_t i = 0; i < r->n; i++) {
		const double d = g[i] * clip + r->weight_decay * w[i];
		if (!m) {
			w[i] -= lr * d;
			continue;
		}
		m[i] = r->first ? d : r->momentum * m[i] + d;
		w[i] -= lr * (r->nesterov ? d + r->momentum * m[i] : m[i]);
	}
}

/* Adam adds the decay to the gradient, AdamW shrinks the weight by itself first. */
static void adam(const struct optim_run *r, double lr, double clip)
{
	double *w = r->w, *m = r->m, *v = r->v;
	const double *g = r->g;
	const bool apart = r->kind == OPTIM_ADAMW;
	for (int64_t i = 0; i < r->n; i++) {
		const double d = g[i] * clip + (apart ? 0 : r->weight_decay * w[i]);
		if (apart)
			w[i] *= 1 - lr * r->weight_decay;
		m[i] = r->beta1 * m[i] + (1 - r->beta1) * d;
		v[i] = r->beta2 * v[i] + (1 - r->beta2) * d * d;
		w[i] -= lr / r->correct1 * m[i] / (sqrt(v[i]) / sqrt(r->correct2) + r->eps);
	}
}

void ref_optim(const struct optim_run *r)
{
	const double lr = *(const double *)r->lr, clip = r->clip ? *(const double *)r->clip : 1;
	if (!*r->ok)
		return;
	if (r->kind == OPTIM_SGD)
		sgd(r, lr, clip);
	else
		adam(r, lr, clip);
}
