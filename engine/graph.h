/*
 * Build. A graph is nodes (values) and calls (ops applied), with shapes, classes and names, no memory and no device.
 *
 * The first error stays in the graph's err; builders return NULL from then on and take NULL inputs, so one check
 * (graph_status) at the end is enough. Nodes live as long as the graph's arena.
 */
#ifndef ENGINE_GRAPH_H
#define ENGINE_GRAPH_H

#include "base/arena.h"
#include "base/err.h"
#include "engine/op.h"

struct params;

enum leaf_kind {
	LEAF_NONE,  /* the node is a call's output */
	LEAF_INPUT, /* a batch's tensor or a scalar that changes: written by the host before a step */
	LEAF_GIVEN, /* what another plan has computed, read where it lies: plan_link */
	LEAF_PARAM, /* params->param[index] */
	LEAF_STATE, /* params->state[index]: running statistics, banks, averages */
	LEAF_CONST, /* every element has this value */
};

struct node {
	struct graph *g;
	int id;             /* in order of creation */
	const char *name;   /* for people: "student/block2/0/conv1" */
	struct type type;
	struct call *call;  /* NULL: a leaf */
	int out;            /* which output of call */
	enum leaf_kind leaf;
	struct params *set; /* PARAM, STATE */
	int index;
	double value;       /* CONST */
};

struct call {
	const struct op *op;
	const void *conf;
	int id, n_in;
	struct node **in;          /* an optional input that is absent is NULL */
	struct node *out[MAX_OUT];
	struct where at;           /* the YAML that asked for it */
};

/* state takes value when its segment commits. */
struct update {
	struct node *state, *value;
	bool forced; /* a root by itself; else only when something else needs the call behind value */
};

struct graph {
	struct arena *arena;
	struct err *err;
	struct where at;       /* given to new calls; set it before building what one YAML entry asks for */
	const char *scope;     /* prefix of new names, "student/block1"; may be NULL */
	int n_node, cap_node, n_call, cap_call, n_update, cap_update;
	struct node **node;
	struct call **call;
	struct update *update;
	struct node *epoch, *sample; /* inputs that random ops name their numbers by; made on first use */
};

struct graph *graph_new(struct arena *a, struct err *e);
enum status graph_status(const struct graph *g);

/* Leaves. The same (set, index) gives the same node. */
struct node *graph_input(struct graph *g, const char *name, struct shape s, enum tclass cls);
struct node *graph_given(struct graph *g, const char *name, const struct type *type);
struct node *graph_param(struct graph *g, struct params *set, int index);
struct node *graph_state(struct graph *g, struct params *set, int index);
struct node *graph_const(struct graph *g, double value, struct shape s); /* wide */
struct node *graph_const_of(struct graph *g, double value, struct type type);
void graph_update(struct graph *g, struct node *state, struct node *value, bool forced);

/* The general form; the builders of build.h call it. conf is copied. Gives call->out[0]. */
struct node *graph_call(struct graph *g, const struct op *op, const void *conf, struct node *const in[], int n_in);
/* A user's error at g->at, kept in the graph's err; gives NULL. */
struct node *graph_fail(struct graph *g, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void graph_name(struct node *n, const char *fmt, ...) __attribute__((format(printf, 2, 3))); /* NULL node: nothing */

/*
 * d[i] = derivative of sum(y * seed) with respect to wrt[i] (any node: parameter, activation, input, scalar), as new nodes;
 * several times in one graph, and of gradients again. seed NULL: ones. Where y does not depend on wrt[i], d[i] is a constant 0
 * of its shape. An op without a gradient on a path from y to a wrt is an error that names the op and the path.
 */
void graph_grad(struct graph *g, struct node *y, struct node *seed, struct node *const wrt[], int n, struct node *d[]);

#endif
