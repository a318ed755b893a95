/* The store's times for people. */
#ifndef CLI_RUN_WHEN_H
#define CLI_RUN_WHEN_H

#include "base/arena.h"

/* UTC "2026-01-31 12:00:00.000", or without the milliseconds, as local "2026-01-31 13:00"; anything else as it is. */
const char *run_when(struct arena *a, const char *begun);

#endif
