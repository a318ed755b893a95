/* A lesson's step, run again and again on one batch of pictures, on `ref` where nothing else is said: who moves, and which way. */
#ifndef TESTS_STAGES_DUEL_H
#define TESTS_STAGES_DUEL_H

#include "stages/teacher.h"
#include "tests/stages/suites.h"

struct duel {
	struct experiment *x;
	struct stage_run *r;
	struct lesson lesson;         /* a copy: a test may change what it builds or moves before duel_build */
	struct teacher *teacher;
	struct pass *pass;
	struct loader *loader;
	const struct batch *batch;
	struct step *step;
	long number;                  /* of the next step, and of the one that is asked about */
	void *workspace;
	size_t bytes;
};

/* Networks of the last stage of the text, placed, with initial weights of their own; lesson k of it. */
struct duel duel_open(const char *text, int k);
struct duel duel_open_on(const char *device, const char *text, int k);
/* Plans the lesson's step; all rates 0. */
void duel_build(struct duel *d);
void duel_close(struct duel *d);
/* The rate of the lesson's i-th optimiser; below 0: it goes the wrong way. */
void duel_rate(struct duel *d, int i, double lr);
void duel_step(struct duel *d);
enum status duel_try(struct duel *d); /* the same, where it may be undone */
void duel_next(struct duel *d);       /* the batch after this one, of the same size */
/* Of the last step, at the weights before the segment that computed it; fails the test where there is none. */
double duel_metric(const struct duel *d, const char *name);
bool duel_has(const struct duel *d, const char *name);
/* The network of the run by name. */
struct net *duel_net(const struct duel *d, const char *name);
/* All of a parameter of a network becomes value. */
void duel_set(struct net *net, const char *param, double value);
/* Bytes of parameters (or states) of parts from..to of a network. */
struct bytes { size_t n; char *data; };
struct bytes duel_bytes(struct net *net, bool states, int from, int to);
bool bytes_same(struct bytes a, struct bytes b);
/* The largest difference between two lists of n numbers. */
double duel_distance(const double *a, const double *b, int64_t n);

#endif
