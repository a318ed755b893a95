/* The stages that a resolved config.yaml names, with the identities that stand in its comments. */
#ifndef RUNS_CONFIG_STAGES_H
#define RUNS_CONFIG_STAGES_H

#include "runs/note.h"

/* In the file's order, with room for `more` behind them; only name, kind and identity are set, the rest is empty. No file, or none that is one: no stages.
   Stages that arms make for other seeds are not in it. */
void config_stages(struct arena *a, const char *folder, int more, struct note_stage **stage, int *n);

#endif
