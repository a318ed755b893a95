/* The runs of an --out folder as a person asks for them: the store's rows, each run's folder, and whether its process is there. */
#ifndef RUNS_OVERVIEW_H
#define RUNS_OVERVIEW_H

#include "runs/live.h"
#include "runs/store.h"

struct overview_stage {
	const char *name, *kind, *identity;
	const char *state;      /* "done" too where an earlier run had trained it; "" : not begun */
	int64_t run;            /* that trained it; 0: none */
	int64_t id;             /* in the store: whose metrics are its; 0: none */
	bool reused;            /* trained by another run */
	double seconds;
	double test;            /* percent, of the last epoch's weights; NaN: not measured */
};

struct overview_run {
	struct store_run_row row;
	const char *base;       /* the folder's own name: NAME-HASH */
	const char *state;      /* the row's; "stopped" where its process is gone; "gone" where its folder is */
	struct live live;       /* of a run that is under way or was killed */
	bool alive;
	int n_stage, n_done;
	struct overview_stage *stage; /* all of the experiment, as far as the folder tells them; else those that were begun */
	int best;               /* stage with the best test accuracy; -1: none */
};

/* In order of id. */
enum status overview_read(struct store *s, struct arena *a, struct overview_run **runs, int *n, struct err *e);

/* OUT/limbeck.db. E_USER: there is no folder OUT, or no store in it; what is to be done is said. */
enum status overview_store(struct arena *a, const char *out, struct store **s, struct err *e);

/* The run that a word names: a run's folder, the folder's name in OUT or its beginning, or the name of an experiment that has one run.
   E_USER: none, with the nearest name, or several, with their names. */
enum status overview_find(struct arena *a, struct overview_run *runs, int n, const char *word, struct overview_run **run, struct err *e);

#endif
