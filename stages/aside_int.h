/* Private to stages: what is run beside the steps of a lesson. Graphs of their own, at the sizes of batches that they meet. */
#ifndef STAGES_ASIDE_INT_H
#define STAGES_ASIDE_INT_H

#include "stages/aside.h"
#include "stages/teacher.h"

struct trainer;

struct aside {
	struct trainer *t; /* its lesson is the one that place names */
};

/* ---- sizes.c: a graph at the sizes of batches that come: most are full, the last may be smaller ---- */

struct sizes {
	int n;
	struct {
		struct pass *pass; /* of the teacher, never from a cache; NULL without */
		struct step *step;
	} of[2];
};

/* Built as l->build says; a size of 0 does not come. teacher NULL: none. Like a step's, describes only; released also after an error. */
enum status sizes_open(struct sizes *s, struct stage_run *r, const struct lesson *l, int full, int rest, struct teacher *teacher, struct arena *a,
                       struct err *e);
size_t sizes_workspace(const struct sizes *s);
size_t sizes_own_bytes(const struct sizes *s);
/* After the teacher was loaded. */
enum status sizes_prepare(const struct sizes *s, void *workspace, struct err *e);
/* The teacher's pass, then the step of the batch's size, which *ran is then. */
enum status sizes_run(const struct sizes *s, const struct batch *b, long number, int epoch, struct step **ran, struct err *e);
void sizes_release(struct sizes *s);

/* ---- measure.c: means of a graph's metrics over a part of the data in evaluation views ---- */

struct measure;
/* l->build makes the graph and no segments. A part without pictures has nothing to build, and values are NaN. teacher NULL: none.
   *m is for measure_close also after an error. */
enum status measure_open(struct stage_run *r, const struct lesson *l, enum part part, struct teacher *teacher, struct arena *a, struct measure **m,
                         struct err *e);
/* A lesson's exam; *m NULL where it has none or nothing is held out. */
enum status exam_open(struct stage_run *r, const struct lesson *l, struct teacher *teacher, struct arena *a, struct measure **m, struct err *e);
/* All take NULL for an exam that is not there. */
size_t measure_workspace(const struct measure *m);
size_t measure_own_bytes(const struct measure *m);
enum status measure_prepare(struct measure *m, void *workspace, struct err *e);
/* E_RUN when a mean is not finite. */
enum status measure_run(struct measure *m, struct err *e);
int measure_count(const struct measure *m);
const char *measure_name(const struct measure *m, int i);
/* Of the last run; NaN before one, and where there is none of that name. */
double measure_value(const struct measure *m, const char *name);
void measure_close(struct measure *m);

#endif
