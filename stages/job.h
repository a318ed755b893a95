/* Private to stages: a stage that is to be trained, and what both a run and a sweep do with it. */
#ifndef STAGES_JOB_H
#define STAGES_JOB_H

#include "stages/run.h"

struct job {
	struct experiment *x;
	struct record *rec;           /* open while it is trained */
	struct stage *stage;
	const struct stage_plan_sum *sum;
	struct stage_result *result;
	int64_t id;                   /* of the stage in the store, when it was begun */
};

/* Whether a stage with this identity was finished, in whatever run, and its artefacts are there. */
enum status stage_find_done(struct record *rec, const struct stage *s, int64_t *id, bool *there, struct err *e);
/* What it was summed up by. */
enum status stage_result_read(struct record *rec, int64_t id, struct stage_result *res, struct err *e);
/* All at the same time, on one stream of batches: their data, its seed, device and precision are equal. E_RUN: some have failed (result->failed),
   the others are done. E_NOMEM: together they did not fit; each goes on from where it was. */
enum status jobs_train(struct job *const jobs[], int n, struct err *e);

#endif
