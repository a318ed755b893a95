/*
 * When a claim about a sweep was first seen: a claim that was written down after its runs is worth less, and a table says so. The dates are in the
 * store and, for the day on which it is lost, in OUT/claims.jsonl. So is when each stage was first begun: what was known stays known when its run is
 * removed.
 */
#ifndef RUNS_CLAIMS_H
#define RUNS_CLAIMS_H

#include "runs/store.h"

/* Dates those of the claims that the store of OUT, which is made if it has to be, has not seen of this sweep. A store that is made takes what
   claims.jsonl has. lost: there is none, and folders of these runs are there, which tell when their stages were begun; where claims.jsonl is lost too, the
   claims' date is "", not known. */
enum status claims_date(const char *out, const char *sweep, const char *const *says, int n, bool lost, struct err *e);
/* Before a stage of this identity is begun: writes the time into OUT/claims.jsonl if the store knows of no earlier one. */
enum status claims_stage_begins(const char *out, struct store *s, const char *identity, struct err *e);
/* Before a run is removed: writes when each of its stages was begun into OUT/claims.jsonl. */
enum status claims_run_goes(const char *out, struct store *s, int64_t run, struct err *e);
/* What OUT/claims.jsonl has, into a store that is made again. A line that can't be read is told and left out. */
enum status claims_restore(const char *out, struct store *s, struct err *e);

#endif
