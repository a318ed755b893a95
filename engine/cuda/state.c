/* running_update and scale where they are what they mostly are: the new states of norms, small vectors of f32 and counts. */
#include "engine/cuda/state.h"

#include "engine/build.h"
#include "engine/cuda/norm_kernels.h"
#include "engine/cuda/state_kernels.h"

static bool is_vector(const struct tensor *t, const struct tensor *as)
{
	const struct cu_view v = cuda_view_of(t, as);
	return t->dtype == F32 && (v.flat || shape_count(&as->shape) == 1);
}

/* Whether the run is one of a state's kind, and which. */
static bool state_of(const struct kernel_run *r, struct cu_state *s)
{
	const struct tensor *y = &r->out[0], *old = &r->in[0], *value = r->n_in > 1 ? &r->in[1] : NULL;
	const int64_t n = shape_count(&y->shape);
	if (n > INT32_MAX || !is_vector(y, y) || !is_vector(old, y) || (value && !is_vector(value, y)))
		return false;
	*s = (struct cu_state){.y = y->data, .old = old->data, .value = value ? value->data : NULL, .n = (int)n};
	if (value) {
		const struct running_conf *c = r->conf;
		s->keep = (float)(1 - c->momentum);
		s->take = (float)(c->momentum * c->factor);
	} else {
		const struct scale_conf *c = r->conf;
		s->keep = (float)c->a;
		s->take = (float)c->b;
	}
	return true;
}

void cuda_states_run(const struct kernel_run *const r[], int n, void (*one)(const struct kernel_run *r))
{
	struct cu_state_list s;
	int many = 0;
	for (int i = 0; i < n; i++) {
		if (state_of(r[i], &s.of[many]))
			many++;
		else
			one(r[i]);
		if (many == CU_STATES || (many && i == n - 1)) {
			cuda_done(r[i], cu_states(&s, many, stream_of(r[i])));
			many = 0;
		}
	}
}

/* ---- running_update (old, value) ---- */

static void run_views(const struct kernel_run *r)
{
	const struct running_conf *c = r->conf;
	const struct tensor *y = &r->out[0];
	cuda_done(r, cu_running_update(shape_count(&y->shape), cuda_view_of(y, y), cuda_view_of(&r->in[0], y), cuda_view_of(&r->in[1], y),
	                               (float)(1 - c->momentum), (float)(c->momentum * c->factor), stream_of(r)));
}

static void run_many(const struct kernel_run *const r[], int n)
{
	cuda_states_run(r, n, run_views);
}

/* By the kernel that several are done with, so that one alone is the same bits. */
static void run(const struct kernel_run *r)
{
	run_many(&r, 1);
}

const struct kernel cuda_running_update = {.run = run, .run_many = run_many};
