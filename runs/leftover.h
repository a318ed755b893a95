/* What nobody will read any more: resume states of finished stages, temporary files of processes that are gone, teacher caches of no run. */
#ifndef RUNS_LEFTOVER_H
#define RUNS_LEFTOVER_H

#include "runs/overview.h"

struct leftover {
	const char *path, *why;
	uint64_t bytes;
	bool cache;          /* removed by cache_remove, which leaves what somebody has open */
};

/* Of the runs, of which those under way are left alone; and in OUT itself and its cache/ where whole. A temporary file counts when its process
   is gone and it is older than ten minutes: it may be another machine's. Links are neither followed nor counted. With whole, too, the teacher caches in
   cache/ that no stage of the runs reads (cache_use.h) and nobody has open; none, with a warning, where a stage may read one and does not say which. */
void leftover_find(struct arena *a, const char *out, bool whole, const struct overview_run *runs, int n, struct leftover **l, int *n_left);

#endif
