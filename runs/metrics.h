/* metrics.csv: "stage,lesson,epoch,step,metric,value" under a head line; values are exact. A run that was killed may leave half a row at the end. */
#ifndef RUNS_METRICS_H
#define RUNS_METRICS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

#define METRICS_HEAD "stage,lesson,epoch,step,metric,value\n"

struct metric_row {
	const char *stage, *lesson, *name;
	int epoch;
	long step;
	double value;
};

/* Takes a line without its end apart, in place. false: it is no row. */
bool metrics_row(char *line, struct metric_row *row);
/* All rows of a file, in its order. A file that is not there has none. *bad: lines that are no rows, a last one without its end among them. */
enum status metrics_read(struct arena *a, const char *path, struct metric_row **rows, int *n, int *bad, struct err *e);

#endif
