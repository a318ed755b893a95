/* Which metrics there are: a table of one that no stage ever records is a mistake and no table of what was not measured. */
#ifndef REPORT_METRIC_NAMES_H
#define REPORT_METRIC_NAMES_H

#include "runs/store.h"

/* Of a table, or of a run: recorded by some kind of stage, whatever this file's are, or by a run of the store (NULL allowed; another version may have
   had others). Else an error with the nearest name; option: before it, where it is of the command line, NULL: at says where. */
enum status metric_check(struct arena *a, const char *name, struct store *s, const char *option, struct where at, struct err *e);

#endif
