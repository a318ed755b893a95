/* The entries of `arms:` in an experiment file. */
#ifndef STAGES_ARMS_H
#define STAGES_ARMS_H

#include "stages/stage.h"

/* One entry: stages that run at the same time, and the seeds of initialisation for which they do. */
struct arms {
	int n;
	const struct conf **name;
	struct ints seeds;
	struct where at;
};

/* Before the stages are read; list NULL: none. */
enum status arms_read(struct experiment *x, const struct conf *list, struct err *e);
/* How many stages the seeds may add. */
int arms_copies(const struct experiment *x);
/* The stage that was read last: finds its entry and appends its copies for other seeds. */
enum status arms_add(struct experiment *x, struct err *e);
/* When all stages are read: names exist, and no arm uses what comes after the first of its entry. */
enum status arms_check(const struct experiment *x, struct err *e);

#endif
