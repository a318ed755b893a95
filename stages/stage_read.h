/* Private to anchors.c, arms.c, experiment.c, references.c and stage_read.c. */
#ifndef STAGES_STAGE_READ_H
#define STAGES_STAGE_READ_H

#include "stages/stage.h"

/* One entry of `stages:`; earlier ones are read already. */
enum status stage_read(struct experiment *x, struct stage *s, const struct conf *map, struct err *e);
/* anchors.c: which epochs are kept, of the epochs that were asked for. sound: the stage's other options have no mistakes. */
enum status anchors_read(struct experiment *x, struct stage *s, bool sound, struct err *e);
/* The same for the fewer epochs of a smaller budget, each an epoch of its own. Those that are no equal shares are written into `anchors`, so that
   the resolved file says what was done. */
enum status anchors_scale(struct experiment *x, struct stage *s, struct err *e);
/* The same stage for another seed of initialisation, as NAME-initSEED. */
enum status stage_read_copy(struct experiment *x, struct stage *s, const struct stage *from, uint64_t seed_init, struct err *e);
/* The control of a stage whose kind makes one, as NAME-control; *made false: it asks for none, and s is untouched. */
enum status stage_read_control(struct experiment *x, struct stage *s, const struct stage *from, bool *made, struct err *e);

#endif
