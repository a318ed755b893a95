/* Private to base: log.c and progress.c write to one terminal, in turn. */
#ifndef BASE_LOG_INT_H
#define BASE_LOG_INT_H

#include "base/log.h"

void log_lock(void);
void log_unlock(void);
/* The rest under the lock. */
void log_copy(const char *line);        /* to the log's file, with the time; line has no end */
void log_stderr(const char *text);
void progress_clear(void);              /* removes the bar if one is drawn */

/* What memory.stat of a cgroup counts as files' pages that can be given up: active_file + inactive_file. */
size_t memory_reclaimable(const char *stat);

#endif
