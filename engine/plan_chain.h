/*
 * Steps that the host queues without waiting for the one before: it reads what a step left (losses, whether all was finite) when the next one is queued, so
 * the device never waits for the host. The host goes on as if a step would be taken. Where it is not, nothing of it nor of what is queued behind it in the
 * chain is: the flag that would commit them is that of the step before. All these steps are then to be made again with plan_run, which reacts as ever, so
 * results are those of a host that waits for each step, whatever the timing.
 */
#ifndef ENGINE_PLAN_CHAIN_H
#define ENGINE_PLAN_CHAIN_H

#include "engine/plan.h"

enum { CHAIN_ROOM = 2 }; /* steps that are queued and not taken */

struct chain;
/* *c NULL, and no error: of this device each step is waited for. metrics: the most that a plan of it has. */
enum status chain_open(struct arena *a, struct device *dev, int metrics, struct chain **c, struct err *e);
void chain_close(struct chain *c); /* NULL allowed; what is queued is forgotten */
/* Whether a plan's next step can be queued: the first ones, in which libraries and optimisers begin, are waited for. c NULL: no. */
bool chain_takes(const struct chain *c, const struct plan *p);
int chain_length(const struct chain *c); /* queued and not taken */
/* Like plan_run, but only queues. No plan that moves the same things is run by plan_run before all of the chain was taken. */
void chain_queue(struct chain *c, struct plan *p);
/* The oldest step: waits for it. *good: it was taken, and these are its metrics. Else it was not, nor any behind it, and the chain is empty. */
enum status chain_take(struct chain *c, bool *good, double *metrics, struct err *e);

#endif
