/* Private to plan_order.c, plan_fuse.c and plan_derived.c: what the planner knows while it orders calls. */
#ifndef ENGINE_PLAN_ORDER_H
#define ENGINE_PLAN_ORDER_H

#include "engine/plan_int.h"

struct order {
	struct plan *p;
	struct err *e;
	struct graph *g;
	bool *need;              /* per call: in the segment at hand */
	int *uses;               /* per node: calls of the whole step that read it, plus 1 for each other reader */
	const struct call **swallows; /* per call: the relu or relu_dx that it also does */
	bool *swallowed;         /* per call */
	bool *update_done;       /* per update of the graph */
	struct key { uint64_t part[2]; } *key; /* per node: plan_derived.c's, 0 where nobody has asked */
	int *seen, n_derived;    /* per node: the last derived form under which it was met; forms so far */
	struct step *prologue;
	int n_prologue, cap_prologue;
	struct pack { int value, buffer; uint64_t tag; } *pack;
	int n_pack, cap_pack;
};

/* What describe is shown of a call; the tensors live in m. */
struct case_mem {
	struct tensor *in, out[MAX_OUT];
};
struct kernel_case call_case(struct order *o, struct case_mem *m, const struct call *c, unsigned fuse, const struct call *mask);
const struct kernel *op_kernel(const struct plan *p, const struct op *op);
enum status call_describe(struct order *o, const struct kernel_case *k, struct kernel_plan *kp);
/* Tells kernels of the cases that are to come. */
void foresee_segment(struct order *o);
/* Marks which calls of the segment at hand are done by their neighbour's kernel. */
void fuse_segment(struct order *o);

/* A work buffer of a value that depends on one unmoved network becomes a derived form. */
void make_derived(struct order *o, int buffer, const struct node *n, uint64_t tag);
/* Prologue steps that read each other's values form a group: it is computed again when a row below it has moved, and others are not. */
void group_prologue(struct plan *p);

#endif
