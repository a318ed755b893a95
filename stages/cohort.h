/* Training: one stage alone, or several as arms of one stream of batches. */
#ifndef STAGES_COHORT_H
#define STAGES_COHORT_H

#include "stages/run.h"

/* One arm: what is known before, and what comes of it. */
struct arm {
	struct stage_run *run;
	struct record *rec;           /* of the run that it belongs to */
	int64_t stage_id;             /* in the store */
	struct stage_result *result;
	double steps;                 /* of the whole stage: for the time left */
	enum status status;           /* OK: it has left its artefacts */
};

/*
 * Trains all arms to their artefacts, each from its resume state or its start. Arms may be of different experiments and differ in all but
 * the data, its seed, the device, the precision and whether sums may be in any order: those whose resume
 * states lie further back catch up first, those with fewer epochs end earlier. An arm whose step fails is left where it was and the others
 * go on; the status is then E_RUN. E_STOP after a signal: all arms have saved their state.
 */
enum status cohort_train(struct arm *arms, int n, struct err *e);

#endif
