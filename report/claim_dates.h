/* Claims are dated before the runs that they are about: who finds one in a table sees whether it was written down in time. */
#ifndef REPORT_CLAIM_DATES_H
#define REPORT_CLAIM_DATES_H

#include "base/conf.h"
#include "base/err.h"

/* The claims of a file, by the time of now where the store of OUT has not seen them; sweep: the experiment's name. Before anything of it is trained;
   a file without claims touches nothing. lost: OUT has folders of these runs and no store (claims.h). */
enum status claim_dates_put(const struct conf *root, const char *sweep, const char *out, bool lost, struct err *e);

#endif
