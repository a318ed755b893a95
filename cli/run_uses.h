/* What runs need of each other. */
#ifndef CLI_RUN_USES_H
#define CLI_RUN_USES_H

#include "runs/overview.h"

/* Tells of everything in run k that a run needs which is not to be removed: stages that it took from there, files that its config.yaml names.
   E_USER where there is any. */
enum status run_uses(struct arena *a, const struct overview_run *runs, int n, const bool *removed, int k, struct err *e);

#endif
