/* A graph on `ref` whose leaves a test sets and whose nodes it reads; for the tests of losses and critics. */
#ifndef TESTS_LOSSES_BENCH_H
#define TESTS_LOSSES_BENCH_H

#include <check.h>

#include "engine/build.h"
#include "engine/params.h"
#include "engine/plan.h"
#include "models/model.h"

/* Of the test at hand. */
extern struct arena *arena;
extern struct err err;
extern struct device *dev;
extern struct graph *g;

/* A checked fixture; also called by tests that go through many cases, each on a bench of its own. */
void bench_open(void);
void bench_close(void);

/* Fails the test with err's text unless st is OK. */
#define ASSERT_OK(st) ck_assert_msg((st) == OK, "%s", err.text)
/* Fails unless the graph could be built so far. */
#define ASSERT_BUILT() ASSERT_OK(graph_status(g))

/* A node whose value the test chooses: an input, or a parameter of a placed network. */
struct leaf {
	struct node *node;
	double *value; /* logical order */
	int64_t n;
};
struct leaf *leaf_input(const char *name, struct shape shape, enum tclass cls); /* zeros */
struct leaf *leaf_param(struct params *set, int index);                         /* as it is */
void leaf_set(struct leaf *l, const double *v);
/* Between lo and hi, the same numbers for the same name. */
void leaf_draw(struct leaf *l, double lo, double hi, const char *name);

/* Memory on dev, given back by bench_close; weights of net_init with seed 1. */
void bench_place(struct params *p);
void bench_place_net(struct net *net);
/* Every parameter, and state that is no statistic, from [0.3, 1.2] with either sign, means from [-0.5, 0.5], variances from [0.5, 2]. */
void bench_stir(struct params *p, const char *name);
void bench_put(struct params *p, const char *name, const double *v);
double bench_get(struct params *p, const char *name); /* a scalar */
/* From YAML: {model: cnn, ...}. */
struct net *bench_net(const char *name, const char *yaml, int C, int size, int classes);

/* A plan of graph g, its kept nodes read after each run. */
struct run {
	struct graph *g;
	struct step_desc desc;
	struct segment evaluation;
	struct plan *plan;
	void *workspace;
	size_t size;
};
/* No segment: an evaluation. Closed by bench_close. */
struct run *run_open(struct node *const keep[], int n);
struct run *run_open_step(struct segment *segment, int n_segment, unsigned active, struct node *const keep[],
                          int n);
/* With the leaves' present values. */
enum status run_try(struct run *r);
void run_go(struct run *r);
double *run_read(struct run *r, const struct node *n); /* logical order, in the arena */
double run_scalar(struct run *r, const struct node *n);
/* The value of one node of g, by a plan of its own. */
double *value_of(struct node *n);
double scalar_of(struct node *n);

/* gradient.c: d y / d leaf by central differences against graph_grad, over all elements of the leaves, y a
   scalar of g. Elements at which a kink (ReLU, max pooling, comparison) lies within a step are skipped; fails
   the test where a difference is above 1e-7 of the leaf's largest derivative, signed, or where a twentieth of
   the elements or more was skipped. */
void gradient_check(const char *what, struct node *y, struct leaf *const leaf[], int n);
/* The gradient is a constant 0: y does not depend on the node, or a gradient stops before it. */
bool gradient_absent(struct node *y, struct node *wrt);

#endif
