/* The store, made again from the folders of the runs. */
#ifndef RUNS_REBUILD_H
#define RUNS_REBUILD_H

#include "base/arena.h"
#include "base/err.h"

struct rebuilt_run {
	const char *folder; /* name in OUT */
	int stages, metrics, weights;
	const char *left_out; /* what could not be read, for a person; NULL: nothing */
};

struct rebuilt {
	const char *moved; /* where the old store is now; NULL: there was none */
	int n;
	struct rebuilt_run *run; /* in the order in which they were begun */
};

/*
 * Reads config.yaml, run.json, metrics.csv and the weights of every run's folder in OUT, and OUT/claims.jsonl, into a new OUT/limbeck.db. A store that is there
 * is moved aside, never removed, and only when the new one is whole. A file that can't be read costs what it says and nothing else.
 *
 * Exact where the folder has a run.json; but a stage whose last rows are not in metrics.csv is "interrupted", whatever that says. Accuracies that were measured on the held-out split of a teacher are not in the folders: they are measured
 * again when they are needed. In a folder without run.json a stage counts as done that has its weights and its last rows.
 *
 * E_USER: OUT has no run, or one of them is under way: it would go on writing to the store that was moved.
 */
enum status rebuild_store(struct arena *a, const char *out, struct rebuilt *r, struct err *e);

/* Whether a run's folder has a stage that is done, which nobody knows without a store. */
bool rebuild_would_find(struct arena *a, const char *folder);
struct store;
/* When the stages of OUT's folders were begun, and nothing else of them, into a store of stages that will be trained anew. */
enum status rebuild_dates(struct arena *a, const char *out, struct store *s, struct err *e);

#endif
