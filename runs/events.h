/*
 * events.out.tfevents.*: the rows of metrics.csv once more, as TensorBoard reads them. A scalar's tag is "STAGE/METRIC", its step the stage's
 * step, its value rounded to f32; it has the time at which it was recorded.
 */
#ifndef RUNS_EVENTS_H
#define RUNS_EVENTS_H

#include "runs/metrics.h"

struct events;

/*
 * Opens the folder's event file for more, made where there is none. It then holds exactly rows[0..n), in their order: later ones are taken
 * back, what a kill cut off or a damaged place swallowed is written again (with the time of the row before it). So the scalars of a resumed run are
 * those of one that was not interrupted.
 */
enum status events_open(const char *folder, const struct metric_row *rows, int n, struct events **ev, struct err *e);
void events_scalar(struct events *ev, const char *stage, const char *metric, long step, double value); /* a failed write is told by the flush */
enum status events_flush(struct events *ev, struct err *e);
enum status events_close(struct events *ev, struct err *e); /* NULL allowed */

/* For tests: what a file holds up to its end, or to the first place that is damaged. */
struct event {
	double time;
	long step;
	const char *tag;
	float value;
	size_t end; /* offset behind it */
};
enum status events_read(struct arena *a, const char *path, struct event **events, int *n, struct err *e);
const char *events_path(struct arena *a, const char *folder); /* NULL: there is none */

#endif
