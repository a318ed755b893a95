/* One case built on one device, for the tests of this folder. Failures fail the test at once. */
#ifndef TESTS_ENGINE_TRIAL_H
#define TESTS_ENGINE_TRIAL_H

#include "engine/params.h"
#include "engine/plan.h"
#include "tests/engine/cases.h"

enum { TRIAL_LEAF = 3 * CASE_IN, TRIAL_KEEP = CASE_IN * CASE_IN + 2 * CASE_IN };

/* A node whose value the test chooses. */
struct trial_leaf {
	struct node *node;
	double *value; /* logical order; what a float holds */
	int64_t n;
};

struct trial {
	struct arena *arena;
	struct err err;
	struct device *dev;
	enum precision precision;
	bool any_order; /* false unless a test says so: kernels may sum in any order */
	struct graph *g;
	struct params *set;
	int n_leaf;
	struct trial_leaf leaf[TRIAL_LEAF]; /* the first n_in are the case's inputs */
	struct node *y;
};

/* What is run: some nodes of a trial's graph. */
struct trial_plan {
	struct plan *plan;
	void *workspace;
	int n;
	struct node *node[TRIAL_KEEP];
	double *value[TRIAL_KEEP]; /* filled by trial_run */
};

void trial_open(struct trial *t, const char *device, enum precision precision); /* two threads */
void trial_open_with(struct trial *t, const char *device, enum precision precision, int threads);
void trial_close(struct trial *t);

/* A leaf of this type, a parameter if it is one or must be row-major. Its values are zero. */
struct trial_leaf *trial_leaf(struct trial *t, const char *name, struct type type, bool param);
/* The case's inputs, with values drawn from its ranges, and y. The same values for the same case on any device. */
void trial_case(struct trial *t, const struct op_case *c);
/* A weight for each element of n, drawn from [-2,-0.5] and [0.5,2], of n's type: the last leaf (or a cast of it). */
struct node *trial_weight(struct trial *t, const struct node *n, const char *name);
/* Inputs of the case with respect to which it is differentiated, as indices of leaf. */
int trial_wrt(const struct trial *t, const struct op_case *c, int wrt[]);
/* Values that the trial's precision holds, for leaves of class act: what every device of that precision would make of them. */
void trial_round(struct trial *t);

/* Parameters' memory: after the last trial_leaf, before the first plan. */
void trial_place(struct trial *t);
void trial_prepare(struct trial *t, struct trial_plan *p, struct node *const node[], int n);
void trial_run(struct trial *t, struct trial_plan *p); /* with the leaves' present values */
void trial_release(struct trial *t, struct trial_plan *p);

/* Fails with the messages that were collected. */
void trial_ok(const struct trial *t, const char *what);
/* The case on the device that is tested and on `ref`, y and first gradients: close enough, and the same bits twice. test_against_ref.c */
void against_ref(const struct op_case *c, enum precision precision);

/* The case at an index over all tables. */
const struct op_case *case_at(int i);

#endif
