/* Which teacher caches the stages of runs read: RUN/stages/STAGE/caches has their files' names, a line each. */
#ifndef RUNS_CACHE_USE_H
#define RUNS_CACHE_USE_H

#include "base/arena.h"
#include "base/err.h"

/* folder: RUN/stages/STAGE. A cache that is noted is not noted again. */
enum status cache_use_note(const char *folder, const char *cache, struct err *e);
/* Whether the stage has noted this name. any: not NULL: whether it has noted one at all. */
bool cache_use_has(const char *folder, const char *name, bool *any);

/* Whether a process has the file open: every reader and writer of a cache holds a lock on it, and where the file system tells of others, they count too. */
bool cache_in_use(const char *path);
/* *removed false: it is in use now. */
enum status cache_remove(const char *path, bool *removed, struct err *e);

#endif
