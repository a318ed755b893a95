/*
 * Beside the steps of a lesson: what a kind of stage does when one begins or ends. Measures on held-out pictures, short trainings that leave
 * nothing behind, rows in the run's metrics.
 */
#ifndef STAGES_ASIDE_H
#define STAGES_ASIDE_H

#include "stages/stage.h"

/* Builds a graph for one batch as lesson.build does: st->x, st->label, step_teacher(st) (where a teacher was asked for), step_metric. */
typedef enum status (*aside_build)(const void *own, struct step *st, struct err *e);

struct stage_run *aside_run(const struct aside *a);
/* Where the step after the last one that was made stands, for temperatures of the lesson. */
struct temperature_place aside_place(const struct aside *a, const struct lesson *l);
/* Trained so far in the lesson. */
double aside_seconds(const struct aside *a);
/* Means over the pictures of a part, seen as in an evaluation, of metrics by name, NaN where there is none of that name. teacher: index into
   stage->teacher whose pass the graph reads, and whose weights run->teacher has while it is built; -1: none. A part without pictures gives NaN.
   E_RUN when a mean is not finite. */
enum status aside_measure(struct aside *a, enum part part, int teacher, aside_build build, const void *own, int n, const char *const name[],
                          double value[], struct err *e);
/* Trains on the stream's batches for so many steps, from the epoch that follows the lesson's; the graph's segments say what moves, at the rates of
   their optimisers' conf. Optimisers and networks of the graph that are not the run's are the caller's to place and to release. E_STOP after a signal. */
enum status aside_train(struct aside *a, long steps, int teacher, aside_build build, const void *own, struct err *e);
/* One row of the run's metrics at the epoch that the lesson has reached: before its first step the last one of the lesson before, so a name should
   not be both a begin's and an end's. NaN: no row. What is done again after a kill leaves one row. */
enum status aside_metric(struct aside *a, const char *name, double value, struct err *e);

/* What the alarms of a lesson's watch i say at its end: the moving mean over 200 steps of (real + fake) / 2; of a shorter lesson the mean of all its
   steps, if they were 20. steps: how many had an accuracy. */
enum watch_state {
	WATCH_FINE,
	WATCH_WINS,   /* above 98 % */
	WATCH_CHANCE, /* at most 52 %: matched, or dead */
};
enum watch_state aside_watched(const struct aside *a, int i, double *steps);
/* Whether this alarm of watch i was given, at any step of the lesson or at its end. */
bool aside_alarmed(const struct aside *a, int i, enum watch_state alarm);

#endif
