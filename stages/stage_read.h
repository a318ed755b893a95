/* Private to experiment.c and stage_read.c. */
#ifndef STAGES_STAGE_READ_H
#define STAGES_STAGE_READ_H

#include "stages/stage.h"

/* One entry of `stages:`; earlier ones are read already. */
enum status stage_read(struct experiment *x, struct stage *s, const struct conf *map, struct err *e);

#endif
