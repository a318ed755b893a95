/* Private to runs: what a run's folder says of the run. */
#ifndef RUNS_REBUILD_INT_H
#define RUNS_REBUILD_INT_H

#include "runs/metrics.h"
#include "runs/note.h"

struct found_run {
	const char *folder;   /* absolute */
	struct note note;     /* complete: what run.json lacks was looked for in the other files */
	int n_metric;
	struct metric_row *metric;
	const char *left_out; /* what could not be read; NULL: nothing */
};

/* Reads as much as can be read. */
void found_run_read(struct arena *a, const char *folder, struct found_run *r);

#endif
