/* Reverse mode on the graph: derivatives are new nodes, made by each op's grad. */
#include <string.h>

#include "engine/build.h"
#include "engine/graph.h"

struct reverse {
	struct graph *g;
	bool *depends;       /* per node: on one of wrt, through ops that have gradients */
	struct node **dnode; /* per node: the sum of what has arrived */
	const struct node *target;
};

static bool is_target(const struct node *n, struct node *const wrt[], int count)
{
	for (int i = 0; i < count; i++)
		if (wrt[i] == n)
			return true;
	return false;
}

/* Nodes come in order of creation, so one pass over them is topological. */
static void mark_depends(struct reverse *r, struct node *const wrt[], int n, int n_node)
{
	for (int i = 0; i < n_node; i++) {
		const struct node *x = r->g->node[i];
		r->depends[i] = is_target(x, wrt, n);
		if (r->depends[i] || !x->call || (x->call->op->flags & OP_NO_GRAD && !x->call->op->grad))
			continue;
		for (int k = 0; k < x->call->n_in; k++)
			if (x->call->in[k] && r->depends[x->call->in[k]->id])
				r->depends[i] = true;
	}
}

static bool type_eq(const struct type *a, const struct type *b)
{
	return a->cls == b->cls && shape_eq(&a->shape, &b->shape) && (a->shape.n_dim != 4 || a->layout == b->layout);
}

static void arrive(struct reverse *r, const struct call *c, struct node *x, struct node *dx)
{
	if (!dx)
		return;
	BUG_IF(!type_eq(&x->type, &dx->type), "gradient of %s: input %s %s %s gets %s %s", c->op->name, x->name,
	       tclass_name(x->type.cls), shape_str(&x->type.shape), tclass_name(dx->type.cls), shape_str(&dx->type.shape));
	struct node **sum = &r->dnode[x->id];
	*sum = *sum ? graph_add(r->g, *sum, dx) : dx;
}

static void call_reverse(struct reverse *r, struct call *c)
{
	struct node *dy[MAX_OUT] = {0};
	bool any = false, wanted = false;
	bool *need = NEW_ARRAY(r->g->arena, bool, c->n_in);
	for (int i = 0; i < c->op->n_out; i++) {
		dy[i] = r->dnode[c->out[i]->id];
		any |= dy[i] != NULL;
	}
	for (int i = 0; i < c->n_in; i++) {
		need[i] = c->in[i] && r->depends[c->in[i]->id];
		wanted |= need[i];
	}
	if (!any || !wanted)
		return;
	if (!c->op->grad) {
		if (!(c->op->flags & OP_NO_GRAD))
			graph_fail(r->g, "'%s' has no gradient: wanted on the path from '%s' through '%s' (op %s)", c->op->name,
			           r->target->name, c->out[0]->name, c->op->name);
		return;
	}
	struct node **dx = NEW_ARRAY(r->g->arena, struct node *, c->n_in);
	c->op->grad(r->g, c, dy, need, dx);
	if (graph_status(r->g) != OK)
		return;
	for (int i = 0; i < c->n_in; i++)
		if (need[i])
			arrive(r, c, c->in[i], dx[i]);
}

void graph_grad(struct graph *g, struct node *y, struct node *seed, struct node *const wrt[], int n, struct node *d[])
{
	memset(d, 0, (size_t)n * sizeof *d);
	if (graph_status(g) != OK)
		return;
	const int n_node = g->n_node, n_call = g->n_call;
	struct reverse r = {.g = g, .target = y};
	r.depends = NEW_ARRAY(g->arena, bool, n_node);
	/* Nodes that the reverse pass adds are never differentiated here, so the tables keep this size. */
	r.dnode = NEW_ARRAY(g->arena, struct node *, n_node);
	mark_depends(&r, wrt, n, n_node);

	const char *scope = g->scope;
	const struct where at = g->at;
	if (r.depends[y->id])
		r.dnode[y->id] = seed ? seed : graph_const_of(g, 1, y->type);
	if (seed)
		BUG_IF(!type_eq(&seed->type, &y->type), "seed %s for '%s' %s", shape_str(&seed->type.shape), y->name,
		       shape_str(&y->type.shape));
	for (int i = n_call - 1; i >= 0 && graph_status(g) == OK; i--) {
		struct call *c = g->call[i];
		g->at = c->at;
		g->scope = c->out[0]->name;
		call_reverse(&r, c);
	}
	g->scope = scope;
	g->at = at;
	for (int i = 0; i < n && graph_status(g) == OK; i++)
		d[i] = r.dnode[wrt[i]->id] ? r.dnode[wrt[i]->id] : graph_const_of(g, 0, wrt[i]->type);
}
