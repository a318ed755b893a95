/* What the steps of a plan cost: by their description (arithmetic, memory) and by the clock. */
#ifndef ENGINE_PLAN_PROFILE_H
#define ENGINE_PLAN_PROFILE_H

#include "engine/plan.h"

struct step_cost {
	const char *op;      /* "conv2d", or "pack" for a weight that is packed for a kernel */
	const char *kernel;  /* the implementation's name; "" if it has none */
	const struct node *node; /* what it computes, the first output; pack: what it packs */
	const struct call *call; /* NULL: pack */
	unsigned fuse;       /* enum fuse */
	int segment;         /* -1: computed once a version of the weights, not in each step */
	double macs;         /* multiply-adds */
	double bytes;        /* of all it reads (packed forms in place of what they are made of) and writes, each tensor once */
};

/* Steps of a plan in the order in which they run, those that run once a version first. */
int plan_steps(const struct plan *p);
struct step_cost plan_step_cost(const struct plan *p, int step);

struct plan_times {
	double *step;     /* [plan_steps] seconds; 0: it did not run (weights that did not move) */
	double *segment;  /* [segments] seconds of what ends a segment: checks for finiteness, optimisers, statistics */
	double rest;      /* seconds: metrics, flags, waiting */
};

struct plan_times plan_times_new(struct arena *a, const struct plan *p);
/*
 * As plan_run (the step moves weights, its errors are the same), with a clock read after each kernel. The device is waited for each time,
 * so nothing overlaps: the sum is a little more than a step takes, and it is the whole.
 */
enum status plan_profile(struct plan *p, struct plan_times *t, struct err *e);

#endif
