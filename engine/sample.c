#include "engine/sample.h"

#include <math.h>

#include "base/log.h"
#include "base/rng.h"
#include "engine/params.h"

struct node *sample_input(struct sample *s, struct shape shape, enum tclass cls)
{
	return graph_input(s->g, "operand", shape, cls);
}

struct node *sample_weight(struct sample *s, struct shape shape)
{
	const struct param row = {.name = "weight", .shape = shape};
	return graph_param(s->g, s->weights, params_add(s->weights, row));
}

void sample_keep(struct sample *s, struct node *n)
{
	BUG_IF(s->n_keep == (int)(sizeof s->keep / sizeof *s->keep), "a sample keeps %d nodes at most", s->n_keep);
	s->keep[s->n_keep++] = n;
}

static enum status prepare(struct sample *s, struct plan **p, void **workspace, struct err *e)
{
	struct segment *segment = NEW(s->arena, struct segment);
	struct step_desc *d = NEW(s->arena, struct step_desc);
	*segment = (struct segment){.name = "sample", .every = 1};
	*d = (struct step_desc){.g = s->g, .precision = s->precision, .n_segment = 1, .segment = segment, .n_keep = s->n_keep, .keep = s->keep};
	enum status st = plan_new(s->arena, d, s->dev, 1, p, e);
	if (st == OK)
		st = params_place(s->weights, s->dev, e);
	if (st == OK)
		st = device_alloc(s->dev, plan_workspace(*p), workspace, e);
	return st == OK ? plan_prepare(*p, *workspace, e) : st;
}

/* Numbers as a network's, because a processor's clock depends on them; a few thousand different ones are enough. */
static enum status fill_input(struct plan *p, const struct node *n, struct rng *r, struct err *e)
{
	enum { DIFFERENT = 4096 };
	const int64_t count = shape_count(&n->type.shape);
	float *x = mem_new((size_t)count * sizeof *x); /* zeros, whatever the type */
	if (!x)
		return err_nomem(e, "no memory for operand %s", shape_str(&n->type.shape));
	for (int64_t k = 0; k < count && (n->type.cls == CLASS_ACT || n->type.cls == CLASS_WIDE); k++)
		x[k] = k < DIFFERENT ? (float)rng_normal(r) : x[k - DIFFERENT];
	plan_put(p, n, x);
	mem_free(x);
	return OK;
}

static enum status fill_weight(struct sample *s, const struct node *n, struct rng *r, struct err *e)
{
	const int64_t count = shape_count(&n->type.shape);
	double *w = mem_new((size_t)count * sizeof *w);
	if (!w)
		return err_nomem(e, "no memory for weight %s", shape_str(&n->type.shape));
	for (int64_t k = 0; k < count; k++)
		w[k] = 0.05 * rng_normal(r);
	const enum status st = params_put(s->weights, n->index, false, w, e);
	mem_free(w);
	return st;
}

static enum status fill(struct sample *s, struct plan *p, struct err *e)
{
	struct rng r = rng_stream(1, (struct rng_name){.purpose = "sample"});
	enum status st = OK;
	for (int i = 0; i < s->g->n_node && st == OK; i++) {
		const struct node *n = s->g->node[i];
		if (n->leaf == LEAF_INPUT)
			st = fill_input(p, n, &r, e);
		else if (n->leaf == LEAF_PARAM)
			st = fill_weight(s, n, &r, e);
	}
	return st;
}

/* The step that computes y, or a relu y with what it is of. */
static int step_of(const struct plan *p, const struct node *y)
{
	for (int i = 0; i < plan_steps(p); i++) {
		const struct step_cost c = plan_step_cost(p, i);
		if (c.call == y->call || (c.fuse & FUSE_RELU && c.call == y->call->in[0]->call))
			return i;
	}
	BUG("no step computes '%s'", y->name);
}

/* The first run fills caches and packs weights. */
static enum status repeat(struct sample *s, struct plan *p, const struct node *y, double seconds, struct err *e)
{
	enum { LEAST = 3 };
	struct plan_times t = plan_times_new(s->arena, p);
	const int at = step_of(p, y);
	const double end = time_now() + seconds;
	enum status st = OK;
	s->seconds = INFINITY;
	s->cost = plan_step_cost(p, at);
	for (int i = 0; st == OK && (i <= LEAST || time_now() < end); i++) {
		st = plan_profile(p, &t, e);
		if (i)
			s->seconds = fmin(s->seconds, fmax(t.step[at], 1e-9));
	}
	return st;
}

enum status sample_time(struct sample *s, struct node *(*build)(struct sample *s), double seconds, struct err *e)
{
	struct plan *p = NULL;
	void *workspace = NULL;
	s->weights = params_new(s->arena, "sample");
	s->g = graph_new(s->arena, e);
	struct node *y = build(s);
	enum status st = graph_status(s->g);
	if (st != OK)
		return st;
	sample_keep(s, y);
	st = prepare(s, &p, &workspace, e);
	if (st == OK)
		st = fill(s, p, e);
	if (st == OK)
		st = repeat(s, p, y, seconds, e);
	const size_t bytes = p ? plan_workspace(p) : 0;
	plan_release(p);
	device_free(s->dev, workspace, bytes);
	if (s->weights->dev)
		params_release(s->weights);
	return st;
}
