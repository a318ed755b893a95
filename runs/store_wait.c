/* Waiting for a store that another process holds: long, aloud, and not twice. */
#include <math.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/str.h"
#include "runs/store_int.h"

enum {
	WAIT_S = 600,      /* a copy that somebody makes of the store, or a question that he forgot, ends before that */
	ORDERLY_S = 10,    /* for a process that was asked to stop */
	GIVEN_UP_S = 60,   /* so long it does not begin to wait again */
	SAY_AFTER_S = 3, SAY_EVERY_S = 60,
	ASK_MS = 2, ASK_LATER_MS = 50, AT_FIRST = 20,
};

static bool (*stop)(void);
/* When this process gave up: it is on its way out, and what it would still write on that way is tried and not waited for. */
static double gave_up = -GIVEN_UP_S;

void store_set_stop(bool (*asked)(void))
{
	stop = asked;
}

enum status store_read_wait(double *seconds, struct err *e)
{
	const char *text = getenv("LIMBECK_STORE_WAIT");
	char *end = NULL;
	*seconds = text ? strtod(text, &end) : WAIT_S;
	if (text && (end == text || *end || !(*seconds >= 0) || isinf(*seconds)))
		return err_user(e, (struct where){0}, "LIMBECK_STORE_WAIT is '%s', allowed are seconds from 0 on; default %d", text, WAIT_S);
	return OK;
}

/* Seconds in all, since it began to wait. */
static double patience(const struct store *s)
{
	if (s->wait_begun - gave_up < GIVEN_UP_S)
		return 0;
	return stop && stop() && s->wait > ORDERLY_S ? ORDERLY_S : s->wait;
}

int store_busy(void *own, int times)
{
	struct store *s = own;
	const double now = time_now();
	char most[32];
	if (times == 0)
		s->wait_begun = s->wait_said = now;
	s->waited = now - s->wait_begun;
	if (s->waited >= patience(s)) {
		gave_up = now;
		return 0;
	}
	if (now - s->wait_said >= (s->wait_said > s->wait_begun ? SAY_EVERY_S : SAY_AFTER_S)) {
		log_line(LOG_WARN, "store '%s' is locked by another process: waiting for it, %s at most", s->path, str_seconds(most, s->wait));
		s->wait_said = now;
	}
	sqlite3_sleep(times < AT_FIRST ? ASK_MS : ASK_LATER_MS);
	return 1;
}

enum status store_fail_busy(const struct store *s, struct err *e)
{
	char waited[32];
	return err_env(e, "store '%s' is locked by another process, and was for %s. Nothing that was trained is lost: states, weights and rows lie in the "
	                  "run folders. When the store is free, the same command records them and goes on; if nobody should hold it, 'limbeck runs --rebuild' "
	                  "makes a new one from the folders", s->path, str_seconds(waited, s->waited));
}
