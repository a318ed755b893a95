/* What nobody will read any more: resume states of finished stages, and temporary files of processes that are gone. */
#ifndef RUNS_LEFTOVER_H
#define RUNS_LEFTOVER_H

#include "runs/overview.h"

struct leftover {
	const char *path, *why;
	uint64_t bytes;
};

/* Of the runs, of which those under way are left alone; and in OUT itself and its cache/ where whole. A temporary file counts when its process
   is gone and it is older than ten minutes: it may be another machine's. Links are neither followed nor counted. */
void leftover_find(struct arena *a, const char *out, bool whole, const struct overview_run *runs, int n, struct leftover **l, int *n_left);

#endif
