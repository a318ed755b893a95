/*
 * When a claim about a sweep was first seen: a claim that was written down after its runs is worth less, and a table says so. The dates are in the
 * store and, for the day on which it is lost, in OUT/claims.jsonl.
 */
#ifndef RUNS_CLAIMS_H
#define RUNS_CLAIMS_H

#include "runs/store.h"

/* Dates those of the claims that the store of OUT, which is made if it has to be, has not seen of this sweep. */
enum status claims_date(const char *out, const char *sweep, const char *const *says, int n, struct err *e);
/* What OUT/claims.jsonl has, into a store that is made again. A line that can't be read is told and left out. */
enum status claims_restore(const char *out, struct store *s, struct err *e);

#endif
