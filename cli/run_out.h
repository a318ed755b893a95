/* In which --out folder the runs are that a command's words name. */
#ifndef CLI_RUN_OUT_H
#define CLI_RUN_OUT_H

#include "base/arena.h"
#include "cli/options.h"

/* out where it was given; else the folder that the first word's run folder is in; else "runs". */
const char *run_out(struct arena *a, const char *out, const struct positional *words);

#endif
