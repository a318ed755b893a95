/* Why a stage of a run failed: a line of the run's log.txt, which the store has no place for. */
#ifndef RUNS_FAILURE_H
#define RUNS_FAILURE_H

#include <stdio.h>

#include "base/arena.h"

void failure_write(FILE *log, const char *stage, const char *why);
/* The first line of the reason that was written last; NULL: the log is not there, or has none. */
const char *failure_read(struct arena *a, const char *folder, const char *stage);

#endif
