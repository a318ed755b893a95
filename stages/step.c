/* One batch size of a lesson: graph, segments, plans. */
#include <string.h>

#include "engine/build.h"
#include "stages/teacher.h"

struct taps *step_teacher(struct step *st)
{
	BUG_IF(!st->pass, "stage '%s' asks for a teacher in a lesson that has none", st->run->stage->name);
	if (!st->given) {
		st->given = NEW_ARRAY(st->arena, struct node *, TAP_COUNT);
		pass_give(st->pass, st->g, st->given, &st->taps_t);
	}
	return &st->taps_t;
}

static void add_metric(struct step *st, const char *name, struct node *value, int segment)
{
	if (!value)
		return;
	if (st->desc.n_metric == MAX_METRIC) {
		graph_fail(st->g, "more than %d metrics in a step: fewer losses, please", MAX_METRIC);
		return;
	}
	st->metric[st->desc.n_metric] = value;
	st->metric_segment[st->desc.n_metric] = segment;
	st->metric_name[st->desc.n_metric++] = arena_str(st->arena, name);
}

void step_metric(struct step *st, const char *name, struct node *value)
{
	add_metric(st, name, value, -1);
}

void step_hits(struct step *st, const char *name, struct node *logits)
{
	struct graph *g = st->g;
	if (!logits)
		return;
	struct node *hit = graph_equal(g, graph_cast(g, graph_arg_max(g, logits), CLASS_WIDE), graph_cast(g, st->label, CLASS_WIDE));
	step_metric(st, name, graph_scale(g, graph_mean_all(g, hit), 100, 0));
}

static struct segment *add_segment(struct step *st, const char *name, int every)
{
	BUG_IF(st->desc.n_segment == MAX_SEGMENT, "more than %d segments in a step", MAX_SEGMENT);
	struct segment *s = &st->segment[st->desc.n_segment++];
	s->name = name;
	s->every = every;
	return s;
}

void step_minimise_all(struct step *st, const char *name, int every, struct node *loss, struct optim *const o[], int n)
{
	struct graph *g = st->g;
	int items = 0;
	for (int k = 0; k < n; k++)
		items += o[k]->n;
	if (graph_status(g) != OK)
		return;
	struct node **wrt = NEW_ARRAY(st->arena, struct node *, items);
	struct node **grad = NEW_ARRAY(st->arena, struct node *, items);
	for (int k = 0, at = 0; k < n; k++)
		for (int i = 0; i < o[k]->n; i++)
			wrt[at++] = graph_param(g, o[k]->item[i].set, o[k]->item[i].index);
	if (!st->first_backward)
		st->first_backward = g->n_node;
	graph_grad(g, loss, st->desc.scale_seed, wrt, items, grad);
	if (graph_status(g) != OK)
		return;
	struct segment *s = add_segment(st, name, every);
	s->n_root = 1;
	s->root = NEW_ARRAY(st->arena, struct node *, 1);
	s->root[0] = loss;
	s->n_optim = n;
	s->optim = NEW_ARRAY(st->arena, struct optim *, n);
	s->n_grad = items;
	s->grad = NEW_ARRAY(st->arena, struct grad_item, items);
	for (int k = 0, at = 0; k < n; k++) {
		s->optim[k] = o[k];
		for (int i = 0; i < o[k]->n; i++, at++)
			s->grad[at] = (struct grad_item){o[k], i, grad[at]};
	}
}

void step_minimise(struct step *st, const char *name, int every, struct node *loss, struct optim *o)
{
	step_minimise_all(st, name, every, loss, &o, 1);
}

void step_observe(struct step *st, const char *segment, int every, int n, const char *const name[], struct node *const value[])
{
	if (graph_status(st->g) != OK || !n)
		return;
	const int index = st->desc.n_segment;
	struct segment *s = add_segment(st, segment, every);
	s->n_root = n;
	s->root = NEW_ARRAY(st->arena, struct node *, n);
	for (int i = 0; i < n; i++) {
		s->root[i] = value[i];
		add_metric(st, name[i], value[i], index);
	}
}

/* What the host gives the term's temperature in each step. */
static struct node *given_by_host(struct step *st, const struct term *t)
{
	if (!t->temperature.kind || !t->temperature.kind->at)
		return NULL;
	if (st->n_given == MAX_GIVEN)
		return graph_fail(st->g, "more than %d losses with a temperature that changes", MAX_GIVEN);
	struct node *n = graph_input(st->g, arena_printf(st->arena, "temperature/%s", t->name), shape0(), CLASS_WIDE);
	st->of_host[st->n_given].term = t;
	return st->of_host[st->n_given++].node = n;
}

/* A term with its temperature, which then moves by it. */
static struct node *term_with_temperature(struct step *st, const struct term *t, struct loss_site site)
{
	if (t->weight == 0)
		return NULL;
	struct node *given = given_by_host(st, t);
	site.tau = term_temperature(t, &site, given);
	struct node *value = term_build(t, site);
	if (!site.tau || !value)
		return value;
	term_temperature_move(t, &site, given, site.tau, value);
	st->tau = st->tau ? st->tau : site.tau;
	step_metric(st, arena_printf(st->arena, "tau/%s", t->name), site.tau);
	if (t->temperature.kind->needs_teacher)
		step_metric(st, arena_printf(st->arena, "alignment/%s", t->name), term_alignment(st->g, site.s->logits, site.t->logits));
	return value;
}

struct node *step_terms(struct step *st, const struct term *terms, int n, const struct taps *s, const struct taps *t, struct net *net_s,
                        struct net *net_t)
{
	struct graph *g = st->g;
	struct node *sum = NULL;
	const struct loss_site site = {.g = g, .label = st->label, .sample = st->sample, .N = st->n, .K = net_s->classes,
	                               .n_train = st->run->x->data->n_train, .s = s, .t = t, .net_s = net_s, .net_t = net_t,
	                               .mode = MODE_TRAIN};
	for (int i = 0; i < n; i++) {
		struct node *value = term_with_temperature(st, &terms[i], site);
		if (!value)
			continue;
		step_metric(st, arena_printf(st->arena, "loss/%s", terms[i].name), value);
		struct node *weighted = graph_scale(g, value, terms[i].weight, 0);
		sum = sum ? graph_add(g, sum, weighted) : weighted;
	}
	if (!sum && graph_status(g) == OK)
		graph_fail(g, "every loss has weight 0: nothing to learn from");
	return sum;
}

static long common_divisor(long a, long b)
{
	return b ? common_divisor(b, a % b) : a;
}

/* Steps after which the sets of segments come again: the least common multiple; critics mostly have the same. */
static long cycle_of(const struct step *st)
{
	long cycle = 1;
	for (int i = 0; i < st->desc.n_segment; i++)
		cycle *= st->segment[i].every / common_divisor(cycle, st->segment[i].every);
	return cycle;
}

static unsigned active_in(const struct step *st, long number)
{
	unsigned active = 0;
	for (int i = 0; i < st->desc.n_segment; i++)
		active |= (unsigned)(number % st->segment[i].every == 0) << i;
	return active;
}

static int variant_of(const struct step *st, unsigned active)
{
	for (int v = 0; v < st->n_variant; v++)
		if (st->variant[v].active == active)
			return v;
	return -1;
}

/* The sets of segments that occur together, by what their `every` divide. */
static void find_variants(struct step *st)
{
	const long cycle = cycle_of(st);
	for (long k = 0; k < cycle; k++) {
		const unsigned active = active_in(st, k);
		const int v = st->n_variant;
		if (!active || variant_of(st, active) >= 0)
			continue;
		BUG_IF(v == MAX_VARIANT, "more than %d sets of segments in a step", v);
		st->variant[st->n_variant++].active = active;
	}
}

enum status step_new(struct stage_run *r, const struct lesson *l, int n, struct pass *pass, struct arena *a, struct step **out, struct err *e)
{
	struct step *st = NEW(a, struct step);
	const struct data *d = r->x->data;
	st->run = r;
	st->lesson = l;
	st->arena = a;
	st->n = n;
	st->pass = pass;
	st->g = graph_new(a, e);
	st->g->at = r->stage->map->at;
	st->label = graph_input(st->g, "label", shape1(n), CLASS_I32);
	st->sample = graph_input(st->g, "sample", shape1(n), CLASS_I32);
	st->epoch = graph_input(st->g, "epoch", shape0(), CLASS_I32);
	st->g->sample = st->sample;
	st->g->epoch = st->epoch;
	if (r->scale) {
		const struct type scalar = type_of(shape0(), CLASS_WIDE);
		st->desc.scale = r->scale;
		st->desc.scale_seed = graph_given(st->g, "loss_scale", &scalar);
	}
	st->x = feed_build(&st->feed, st->g, d, n);
	enum status status = l->build(l, st, e);
	if (status == OK)
		status = graph_status(st->g);
	if (status != OK)
		return status;
	st->desc.g = st->g;
	st->desc.precision = r->x->precision;
	st->desc.any_order = r->x->any_order;
	st->desc.segment = st->segment;
	st->desc.metric = st->metric;
	st->desc.metric_segment = st->metric_segment;
	if (!st->desc.n_segment) { /* an evaluation, which moves nothing: no statistics either */
		st->g->n_update = 0;
		st->segment[st->desc.n_segment++] = (struct segment){.name = "evaluate", .every = 1};
	}
	find_variants(st);
	for (int v = 0; v < st->n_variant && status == OK; v++) {
		status = plan_new(a, &st->desc, r->dev, st->variant[v].active, &st->variant[v].plan, e);
		if (status == OK && st->given)
			pass_want(pass, st->given, st->variant[v].plan);
	}
	*out = st;
	return status;
}

size_t step_workspace(const struct step *st)
{
	size_t most = 0;
	for (int v = 0; v < st->n_variant; v++)
		if (plan_workspace(st->variant[v].plan) > most)
			most = plan_workspace(st->variant[v].plan);
	return most;
}

enum status step_prepare(struct step *st, void *workspace, struct err *e)
{
	enum status s = OK;
	for (int v = 0; v < st->n_variant && s == OK; v++) {
		if (st->given)
			pass_link(st->pass, st->given, st->variant[v].plan);
		feed_link(&st->feed, st->variant[v].plan);
		s = plan_prepare(st->variant[v].plan, workspace, e);
	}
	return s;
}

void step_release(struct step *st)
{
	for (int v = 0; st && v < st->n_variant; v++)
		plan_release(st->variant[v].plan);
}

struct plan *step_plan(const struct step *st, long number)
{
	const int v = variant_of(st, active_in(st, number));
	return v < 0 ? NULL : st->variant[v].plan;
}

/* Weight of each variant in the mean over a cycle of steps; what only observes is left out where the same step is planned without it. */
static void shares(const struct step *st, double share[MAX_VARIANT])
{
	const long cycle = cycle_of(st);
	unsigned observers = 0;
	for (int v = 0; v < MAX_VARIANT; v++)
		share[v] = 0;
	for (int i = 0; i < st->desc.n_segment; i++)
		observers |= (unsigned)(st->segment[i].n_optim == 0) << i;
	for (long k = 0; k < cycle; k++) {
		const unsigned active = active_in(st, k);
		int v = variant_of(st, active & ~observers);
		v = v < 0 ? variant_of(st, active) : v;
		if (v >= 0 && v < MAX_VARIANT)
			share[v] += 1.0 / (double)cycle;
	}
}

double step_macs(const struct step *st)
{
	double share[MAX_VARIANT], sum = 0;
	shares(st, share);
	for (int v = 0; v < st->n_variant; v++)
		sum += share[v] * plan_macs(st->variant[v].plan);
	return sum;
}

struct plan_roof step_roof(const struct step *st)
{
	struct plan_roof sum = {0};
	double share[MAX_VARIANT];
	shares(st, share);
	for (int v = 0; v < st->n_variant; v++) {
		const struct plan_roof one = plan_roof(st->variant[v].plan);
		sum.launches += share[v] * one.launches;
		sum.seconds += share[v] * one.seconds;
	}
	return sum;
}

bool step_skipped(const struct step *st, long number)
{
	const struct plan *p = step_plan(st, number);
	return p && plan_skipped(p);
}

static void put_all(struct step *st, struct plan *p, const struct batch *b, int epoch)
{
	BUG_IF(b->n != st->n, "a batch of %d for a step of %d", b->n, st->n);
	feed_put(&st->feed, p, b, 0);
	plan_put(p, st->label, b->label);
	plan_put(p, st->sample, b->sample);
	plan_put(p, st->epoch, &(int32_t){epoch});
	for (int i = 0; i < st->n_given; i++) {
		const struct temperature_use *t = &st->of_host[i].term->temperature;
		plan_put_scalar(p, st->of_host[i].node, t->kind->at(t->conf, &st->place));
	}
}

enum status step_run(struct step *st, const struct batch *b, long number, int epoch, struct err *e)
{
	struct plan *p = step_plan(st, number);
	if (!p)
		return OK; /* no segment is due */
	put_all(st, p, b, epoch);
	return plan_run(p, e);
}

bool step_can_queue(const struct step *st, long number, const struct chain *c)
{
	const struct plan *p = step_plan(st, number);
	return p && chain_takes(c, p);
}

void step_queue(struct step *st, const struct batch *b, long number, int epoch, struct chain *c)
{
	struct plan *p = step_plan(st, number);
	put_all(st, p, b, epoch);
	chain_queue(c, p);
}
