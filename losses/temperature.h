/*
 * Temperatures: what logits are divided by before the softmax, step by step. One file each, one descriptor, one line in temperatures.def. A loss
 * whose `needs` has HAS_TAU takes any of them by `temperature: {kind: NAME, ...}` in place of its number `tau`.
 *
 * Some follow from the step's place and are an input that the host fills; some are states of the plan, moved by a gradient. A loss reads both as
 * one () wide node and knows no difference.
 */
#ifndef LOSSES_TEMPERATURE_H
#define LOSSES_TEMPERATURE_H

#include "base/opt.h"
#include "engine/build.h"
#include "engine/params.h"

/* Where a step stands. */
struct temperature_place {
	double progress;       /* of the temperature's span, 0 before its first step and below 1 */
	double epochs;         /* of the span */
	long step;             /* of the stage, from 0 */
	bool ends_epoch;       /* it is the last step of its epoch */
	const double *course;  /* what another run's steps had; NULL: none was asked for */
	long n_course;
};

struct temperature_site {
	struct graph *g;
	struct node *z_s, *z_t, *label; /* logits (N,K), without gradient; z_t NULL without a teacher */
	struct node *given;             /* () wide: what `at` says of the step; NULL where the kind has no `at` */
	struct params *own;             /* its states; NULL where the kind has no `define` */
	double weight;                  /* of the term whose temperature it is */
};

struct temperature {
	const char *name, *help, *formula, *paper, *differs;
	int revision;                   /* raised when results or defaults change */
	bool needs_teacher;             /* reads z_t */
	size_t conf_size;
	const struct opt *opts;
	/* What the rows can't say. NULL: nothing. */
	enum status (*check)(const void *conf, struct where at, struct err *e);
	/* Adds to the identity what tells settings apart whose results have changed while those of others, and so the revision, have not. NULL: nothing. */
	void (*canonical)(const void *conf, struct str *s);
	/* What the host gives for a step: tau itself or, beside `build`, what moves it. NULL: nothing. */
	double (*at)(const void *conf, const struct temperature_place *p);
	/* Its states, in an order of its own. NULL: none. */
	void (*define)(const void *conf, struct params *own);
	/* () wide: tau of the step. NULL: `given`. */
	struct node *(*build)(const void *conf, const struct temperature_site *s);
	/* Adds the updates of its states. tau: what build gave. value: the loss that was built with it, unweighted. NULL: nothing moves. */
	void (*move)(const void *conf, const struct temperature_site *s, struct node *tau, struct node *value);
	/* After a step, from the states on the host ([n_state], scalars): tau of the next one; state NULL where it has none. NULL: `at` says it. */
	double (*now)(const void *conf, const double state[]);
	/* Before its first step, and before the first with another teacher: every state. variance: of the teacher's logits over the classes, mean over
	   pictures. steps, epochs: in which it is to come to its end. NULL: their values at the start. */
	void (*begin)(const void *conf, double variance, double steps, double epochs, double state[]);
	/* The reference, as text, to a stage whose steps' temperatures it repeats: its option `of`. NULL: none. */
	const char *(*course)(const void *conf);
};

#define TEMPERATURE(x) extern const struct temperature temperature_##x;
#include "losses/temperatures.def"
#undef TEMPERATURE
extern const struct temperature *const temperature_all[];
extern const int temperature_count;

/* One that was read: a term's, or a stage's for all of its terms. */
struct temperature_use {
	const struct temperature *kind;
	void *conf;
	const struct conf *map;
	struct where at;
};
/* A map {kind: NAME, ...options}. what: the owner in messages. */
enum status temperature_read(struct arena *a, const struct conf *map, const char *what, struct temperature_use *use, struct err *e);
/* For an identity. */
void temperature_canonical(const struct temperature_use *use, struct str *s);
/* Its states as a set of their own; NULL where it has none. */
struct params *temperature_define(struct arena *a, const struct temperature_use *use, const char *name);
/* A step whose tau is at most this is over: the labels are what is left to learn from. */
#define TAU_OVER 1.00001

/* Parts that kinds share. */
struct span_conf { double from, to, share; int whole; };
/* from at the span's start, to from `share` of it on, in between by(x) of the way, 0 <= x <= 1; whole: rounded down, at least 1. */
double temperature_between(const struct span_conf *c, const struct temperature_place *p, double (*by)(double x));
extern const struct opt span_opts[];

/* losses/kd.c: -sum over k of softmax(z_t)_k log softmax(z_s)_k, mean over N. z_t and z_s are (N,K) at the temperature wanted; gradient to both. */
struct node *soft_cross_entropy(struct graph *g, struct node *z_s, struct node *z_t);

#endif
