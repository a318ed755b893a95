#include "models/apply.h"

#include "base/str.h"
#include "models/block_int8.h"

int net_part_all(const struct net *net)
{
	return net->B + 1;
}

static struct node *parts_build(struct builder *b, int from, int to, struct node *x, const char *name)
{
	struct graph *g = b->g;
	const char *outer = g->scope;

	for (b->part = from; b->part <= to && x; b->part++) {
		g->scope = b->part == 0               ? arena_printf(g->arena, "%s/stem", name)
		           : b->part == b->net->B + 1 ? arena_printf(g->arena, "%s/head", name)
		                                      : arena_printf(g->arena, "%s/block%d", name, b->part);
		x = b->net->model->part(b, b->net->conf, b->part > b->net->B ? b->net->head : b->part, x);
		/* The head reads no bytes: what it is given need not be rounded to them. */
		if (b->int8 && b->part == b->net->B)
			x = int8_last(b, x);
	}
	g->scope = outer;
	return x;
}

struct node *model_apply(struct graph *g, struct net *net, int from, int to, struct node *x, enum mode mode,
                         const char *name, struct taps *taps)
{
	struct taps unread = {0};
	struct builder b = {.g = g, .net = net, .mode = mode, .taps = taps ? taps : &unread};

	return parts_apply(&b, from, to, x, name);
}

struct node *parts_apply(struct builder *b, int from, int to, struct node *x, const char *name)
{
	struct graph *g = b->g;
	const struct net *net = b->net;

	BUG_IF(from < 0 || from > to || to > net->B + 1, "parts %d..%d of network '%s', which has 0..%d",
	       from, to, net->name, net->B + 1);
	if (!x)
		return NULL;
	if (from == 0) {
		const struct shape *s = &x->type.shape;
		if (s->n_dim != 4 || s->d[1] != net->C || s->d[2] != net->H || s->d[3] != net->W)
			return graph_fail(g, "network '%s' takes pictures (N,%d,%d,%d), given %s", net->name,
			                  net->C, net->H, net->W, shape_str(s));
		BUG_IF(x->type.cls != CLASS_ACT, "network '%s' is given %s, not activations", net->name,
		       tclass_name(x->type.cls));
	}
	return parts_build(b, from, to, x, name);
}

enum status model_define(struct net *net, struct where at, struct err *e)
{
	struct arena *scratch = arena_open("model");
	/* Of its own: a graph whose err holds an earlier error builds nothing. */
	struct err *why = NEW(scratch, struct err);
	struct graph *g = graph_new(scratch, why);
	struct taps taps = {0};
	struct builder b = {.g = g, .net = net, .mode = MODE_TRAIN, .defining = true, .taps = &taps};
	enum status st = OK;

	g->at = at;
	/* Two pictures: batch statistics of a 1x1 map need them. */
	parts_build(&b, 0, net->B + 1, graph_input(g, "image", shape4(2, net->C, net->H, net->W), CLASS_ACT),
	            net->name);
	if (graph_status(g) != OK) {
		st = err_user(e, (struct where){0}, "%s", why->text);
		err_note(e, "network '%s' (%s) can't take pictures of %dx%dx%d", net->name, net->model_name,
		         net->C, net->H, net->W);
	}
	BUG_IF(st == OK && b.ahead, "model '%s' declares %d parameters that it does not use", net->model_name,
	       b.ahead);
	arena_close(scratch);
	return st;
}

double net_macs(const struct net *net)
{
	struct arena *scratch = arena_open("macs");
	struct err *why = NEW(scratch, struct err);
	struct graph *g = graph_new(scratch, why);
	struct net copy = *net;
	struct node *x = graph_input(g, "image", shape4(1, net->C, net->H, net->W), CLASS_ACT);
	double macs = 0;

	model_apply(g, &copy, 0, net->B + 1, x, MODE_FROZEN, net->name, NULL);
	BUG_IF(graph_status(g) != OK, "network '%s' was defined and can't be applied: %s", net->name,
	       why->text);
	for (int i = 0; i < g->n_call; i++)
		if (g->call[i]->op->macs)
			macs += g->call[i]->op->macs(g->call[i]);
	arena_close(scratch);
	return macs;
}
