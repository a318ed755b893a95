#include "engine/rates.h"

#include <math.h>

#include "base/log.h"
#include "base/rng.h"
#include "engine/build.h"
#include "engine/params.h"

/* One op on made numbers, alone in a plan. */
struct sample {
	struct arena *arena;
	struct device *dev;
	struct graph *g;
	struct params *weights; /* constant, as a network's: packed once */
	struct node *x, *y;
	struct plan *plan;
	void *workspace;
};

static struct node *weight(struct sample *s, struct shape shape)
{
	return graph_param(s->g, s->weights, params_add(s->weights, (struct param){.name = "w", .shape = shape}));
}

static struct node *conv(struct sample *s, bool small)
{
	const int side = small ? 8 : 32, channels = small ? 8 : 64;
	s->x = graph_input(s->g, "x", shape4(small ? 1 : 16, channels, side, side), CLASS_ACT);
	return graph_conv2d(s->g, s->x, weight(s, shape4(channels, channels, 3, 3)), NULL, NULL, 1, 1, 1);
}

static struct node *matmul(struct sample *s, bool small)
{
	const int side = small ? 32 : 768;
	s->x = graph_input(s->g, "x", shape2(side, side), CLASS_ACT);
	return graph_matmul(s->g, s->x, graph_input(s->g, "y", shape2(side, side), CLASS_ACT), NULL, false, false);
}

/* Larger than what a processor's caches hold. */
static struct node *copy(struct sample *s, bool small)
{
	s->x = graph_input(s->g, "x", shape1(small ? 1 << 10 : 1 << 24), CLASS_WIDE);
	return graph_scale(s->g, s->x, 1.5, 0);
}

static enum status prepare(struct sample *s, enum precision precision, struct err *e)
{
	struct segment *segment = NEW(s->arena, struct segment);
	struct step_desc *d = NEW(s->arena, struct step_desc);
	*segment = (struct segment){.name = "sample", .every = 1};
	*d = (struct step_desc){.g = s->g, .precision = precision, .n_segment = 1, .segment = segment, .n_keep = 1, .keep = &s->y};
	enum status st = plan_new(s->arena, d, s->dev, 1, &s->plan, e);
	if (st == OK)
		st = params_place(s->weights, s->dev, e);
	if (st == OK)
		st = device_alloc(s->dev, plan_workspace(s->plan), &s->workspace, e);
	return st == OK ? plan_prepare(s->plan, s->workspace, e) : st;
}

/* Numbers as a network's, because a processor's clock depends on them. */
static enum status fill(struct sample *s, struct err *e)
{
	struct rng r = rng_stream(1, (struct rng_name){.purpose = "rates"});
	for (int i = 0; i < s->g->n_node; i++) {
		const struct node *n = s->g->node[i];
		const int64_t count = shape_count(&n->type.shape);
		double *w = n->leaf == LEAF_PARAM ? mem_new((size_t)count * sizeof *w) : NULL;
		float *x = n->leaf == LEAF_INPUT ? mem_new((size_t)count * sizeof *x) : NULL;
		if ((n->leaf == LEAF_PARAM && !w) || (n->leaf == LEAF_INPUT && !x))
			return err_nomem(e, "no memory to measure rates");
		for (int64_t k = 0; w && k < count; k++)
			w[k] = 0.05 * rng_normal(&r);
		for (int64_t k = 0; x && k < count; k++)
			x[k] = k < 4096 ? (float)rng_normal(&r) : x[k - 4096];
		if (x)
			plan_put(s->plan, n, x);
		const enum status st = w ? params_put(s->weights, n->index, false, w, e) : OK;
		mem_free(x);
		mem_free(w);
		if (st != OK)
			return st;
	}
	return OK;
}

/* The best of all runs but the first, which fills caches and packs weights. */
static enum status run(struct sample *s, double seconds, double *per_second, struct err *e)
{
	enum { LEAST = 3 };
	struct plan_times t = plan_times_new(s->arena, s->plan);
	const int last = plan_steps(s->plan) - 1;
	const struct step_cost c = plan_step_cost(s->plan, last);
	const double end = time_now() + seconds;
	enum status st = OK;
	double best = INFINITY;
	for (int i = 0; st == OK && (i < LEAST || time_now() < end); i++) {
		st = plan_profile(s->plan, &t, e);
		if (i && t.step[last] < best)
			best = t.step[last];
	}
	*per_second = (c.macs > 0 ? c.macs : c.bytes) / fmax(best, 1e-9);
	return st;
}

static enum status measure(struct device *dev, enum precision precision, double seconds, struct node *(*build)(struct sample *s, bool small),
                           double *per_second, struct err *e)
{
	struct sample s = {.arena = arena_open("rates"), .dev = dev};
	s.weights = params_new(s.arena, "rates");
	s.g = graph_new(s.arena, e);
	s.y = build(&s, dev->backend->wide == F64);
	enum status st = graph_status(s.g);
	if (st == OK)
		st = prepare(&s, precision, e);
	if (st == OK)
		st = fill(&s, e);
	if (st == OK)
		st = run(&s, seconds, per_second, e);
	const size_t bytes = s.plan ? plan_workspace(s.plan) : 0;
	plan_release(s.plan);
	device_free(dev, s.workspace, bytes);
	if (s.weights->dev)
		params_release(s.weights);
	arena_close(s.arena);
	return st;
}

enum status rates_measure(struct device *dev, enum precision precision, double seconds, struct rates *r, struct err *e)
{
	enum status st = measure(dev, precision, seconds, conv, &r->conv, e);
	if (st == OK)
		st = measure(dev, precision, seconds, matmul, &r->matmul, e);
	return st == OK ? measure(dev, precision, seconds, copy, &r->copy, e) : st;
}

double rates_limit(const struct rates *r, const struct step_cost *c)
{
	const bool matmul = c->call && c->call->op == &op_matmul;
	return fmax(c->macs / (matmul ? r->matmul : r->conv), c->bytes / r->copy);
}
