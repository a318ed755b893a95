/*
 * run.json: what a run says of itself beside config.yaml, metrics.csv and its weights, so that the store can be made again from the
 * folders alone (rebuild.h), and so that two runs can be compared without one.
 */
#ifndef RUNS_NOTE_H
#define RUNS_NOTE_H

#include "base/arena.h"
#include "base/err.h"

struct note_stage {
	const char *name, *kind, *identity;
	const char *state, *begun; /* "" where this run did not train it: an earlier one had */
	double seconds;            /* NaN: not known yet */
};

/* Text that is not known is "". Times are UTC, "2026-01-31 12:00:00.000". */
struct note {
	const char *name, *config, *identity, *program, *machine, *device, *precision, *state, *begun;
	const char *data; /* SHA-256 of the data's identity: accuracies are kept under it */
	int64_t run;      /* number in the store: which of two runs of one second was the first */
	int threads;
	double seconds;   /* NaN: not known yet */
	int n_stage;
	struct note_stage *stage; /* all of the experiment, in its order */
};

enum status note_write(const char *folder, const struct note *n, struct err *e);
/* *found false: there is none, as in folders of earlier versions. E_ENV: it is damaged. */
enum status note_read(struct arena *a, const char *folder, struct note *n, bool *found, struct err *e);

#endif
