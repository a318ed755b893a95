/*
 * progress.json: what a run that is under way is doing now. The process writes it into the run's folder at most once a second and
 * removes it at its end, so one that is there without its process tells of a run that was killed. It is for people who watch: it is not synced,
 * and whoever writes it goes on where it can't be written.
 */
#ifndef RUNS_LIVE_H
#define RUNS_LIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

/* Of an arm; numbers as in struct progress (base/log.h), NaN where there is none. */
struct live_stage {
	const char *stage, *lesson;
	int epoch, epochs;
	long step, steps;
	double loss, accuracy, lr, images_per_s, wait_share, left_s;
};

struct live {
	long pid;
	double time;  /* when it was written, seconds of the calendar */
	size_t memory;
	int n_stage;
	struct live_stage *stage;
};

enum status live_write(const char *folder, const struct live_stage *stage, int n, size_t memory, struct err *e);
void live_remove(const char *folder);
/* Whether a process of this folder is at work, and what it left; *l is empty where there is no file or none that can be read. A process
   of another machine can't be asked: it counts as at work for ten minutes after its last word. */
bool live_read(struct arena *a, const char *folder, struct live *l);

#endif
