/* A sweep in processes of its own: copies of this program, started by posix_spawn, because what OpenMP has begun does not survive a fork. */
#ifndef CLI_WORKERS_H
#define CLI_WORKERS_H

#include "cli/experiment_args.h"
#include "stages/sweep.h"

/* n at once, each with its share of the threads; locks in the store keep them apart. E_RUN: some stage has failed. */
enum status workers_at_once(struct sweep *s, const char *file, const struct sweep_options *o, const struct experiment_args *open, int n, int arms,
                            struct err *e);
/* One stage after another, each alone in a process with all threads, in the order of sweep_timing_order. */
enum status workers_in_turn(struct sweep *s, const char *file, const struct sweep_options *o, const struct experiment_args *open, struct err *e);

#endif
