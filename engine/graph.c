#include "engine/graph.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/params.h"

struct graph *graph_new(struct arena *a, struct err *e)
{
	struct graph *g = NEW(a, struct graph);
	g->arena = a;
	g->err = e;
	return g;
}

enum status graph_status(const struct graph *g)
{
	return g->err->status;
}

/* Doubles an arena's array; the old one stays in the arena, which is short-lived. */
static void *grow(struct arena *a, void *items, int n, int *cap, size_t size)
{
	if (n < *cap)
		return items;
	*cap = *cap ? *cap * 2 : 64;
	void *bigger = arena_array(a, (size_t)*cap, size);
	if (n)
		memcpy(bigger, items, (size_t)n * size);
	return bigger;
}

static struct node *node_add(struct graph *g, const char *name, struct type type)
{
	struct node *n = NEW(g->arena, struct node);
	n->g = g;
	n->id = g->n_node;
	n->name = name;
	n->type = type;
	g->node = grow(g->arena, g->node, g->n_node, &g->cap_node, sizeof *g->node);
	g->node[g->n_node++] = n;
	return n;
}

struct node *graph_input(struct graph *g, const char *name, struct shape s, enum tclass cls)
{
	if (g->err->status != OK)
		return NULL;
	struct node *n = node_add(g, arena_str(g->arena, name), type_of(s, cls));
	n->leaf = LEAF_INPUT;
	return n;
}

struct node *graph_given(struct graph *g, const char *name, const struct type *type)
{
	struct node *n = graph_input(g, name, type->shape, type->cls);
	if (n) {
		n->leaf = LEAF_GIVEN;
		n->type.layout = type->layout;
	}
	return n;
}

/* Parameters are in PyTorch's order in memory, not channels-last. */
static struct node *member(struct graph *g, enum leaf_kind kind, struct params *set, int index)
{
	if (g->err->status != OK)
		return NULL;
	for (int i = 0; i < g->n_node; i++) {
		struct node *n = g->node[i];
		if (n->leaf == kind && n->set == set && n->index == index)
			return n;
	}
	const struct param *row = kind == LEAF_PARAM ? &set->param[index] : &set->state[index];
	struct type type = {row->shape, CLASS_WIDE, ROW_MAJOR};
	struct node *n = node_add(g, arena_printf(g->arena, "%s/%s", set->name, row->name), type);
	n->leaf = kind;
	n->set = set;
	n->index = index;
	return n;
}

struct node *graph_param(struct graph *g, struct params *set, int index)
{
	return member(g, LEAF_PARAM, set, index);
}

struct node *graph_state(struct graph *g, struct params *set, int index)
{
	return member(g, LEAF_STATE, set, index);
}

struct node *graph_const_of(struct graph *g, double value, struct type type)
{
	if (g->err->status != OK)
		return NULL;
	struct node *n = node_add(g, arena_printf(g->arena, "%g", value), type);
	n->leaf = LEAF_CONST;
	n->value = value;
	return n;
}

struct node *graph_const(struct graph *g, double value, struct shape s)
{
	return graph_const_of(g, value, type_of(s, CLASS_WIDE));
}

void graph_update(struct graph *g, struct node *state, struct node *value, bool forced)
{
	if (g->err->status != OK)
		return;
	BUG_IF(state->leaf != LEAF_STATE, "update of '%s', which is no state", state->name);
	BUG_IF(!shape_eq(&state->type.shape, &value->type.shape) || value->type.cls != CLASS_WIDE,
	       "update of '%s' %s by %s", state->name, shape_str(&state->type.shape), shape_str(&value->type.shape));
	g->update = grow(g->arena, g->update, g->n_update, &g->cap_update, sizeof *g->update);
	g->update[g->n_update++] = (struct update){state, value, forced};
}

struct node *graph_call(struct graph *g, const struct op *op, const void *conf, struct node *const in[], int n_in)
{
	if (g->err->status != OK)
		return NULL;
	BUG_IF(n_in < op->min_in || (op->max_in >= 0 && n_in > op->max_in), "%s with %d inputs", op->name, n_in);
	for (int i = 0; i < op->min_in; i++)
		BUG_IF(!in[i], "%s: input %d is missing", op->name, i);
	struct call *c = NEW(g->arena, struct call);
	c->op = op;
	c->at = g->at;
	c->id = g->n_call;
	c->n_in = n_in;
	c->in = NEW_ARRAY(g->arena, struct node *, n_in);
	memcpy(c->in, in, (size_t)n_in * sizeof *in);
	void *copy = arena_alloc(g->arena, op->conf_size);
	if (op->conf_size)
		memcpy(copy, conf, op->conf_size);
	c->conf = copy;
	struct type type[MAX_OUT];
	memset(type, 0, sizeof type);
	enum status st = op->infer(c, type, g->err);
	if (st != OK) {
		if (g->err->status == OK)
			BUG("%s: infer failed without a message", op->name);
		if (g->scope)
			err_note(g->err, "in %s, %s", g->scope, op->name);
		return NULL;
	}
	g->call = grow(g->arena, g->call, g->n_call, &g->cap_call, sizeof *g->call);
	g->call[g->n_call++] = c;
	for (int i = 0; i < op->n_out; i++) {
		const char *name = arena_printf(g->arena, "%s%s%s", g->scope ? g->scope : "", g->scope ? "/" : "", op->name);
		c->out[i] = node_add(g, name, type[i]);
		c->out[i]->call = c;
		c->out[i]->out = i;
	}
	return c->out[0];
}

struct node *graph_fail(struct graph *g, const char *fmt, ...)
{
	if (g->err->status != OK)
		return NULL;
	char text[1024];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	err_user(g->err, g->at, "%s", text);
	return NULL;
}

void graph_name(struct node *n, const char *fmt, ...)
{
	if (!n)
		return;
	char text[512];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	n->name = arena_str(n->g->arena, text);
}
