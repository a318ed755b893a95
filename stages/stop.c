#include <signal.h>
#include <unistd.h>

#include "base/log.h"
#include "runs/store.h"
#include "stages/stage.h"

static volatile sig_atomic_t asked;
static int parent; /* 0: this process is nobody's */

static void on_signal(int number)
{
	if (asked) { /* the second one means it: the last checkpoint stands */
		signal(number, SIG_DFL);
		raise(number);
	}
	asked = 1;
}

void stop_install(void)
{
	asked = 0;
	store_set_stop(stop_asked);
	struct sigaction act = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	sigemptyset(&act.sa_mask);
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
}

void stop_with_parent(int pid)
{
	parent = pid;
}

/* An orphan is given another parent at once, on every system; who died before this process asked for the first time is noticed too. */
bool stop_asked(void)
{
	if (!asked && parent && getppid() != parent) {
		log_line(LOG_WARN, "process %d, which started this one, is gone: stopping as by SIGTERM", parent);
		asked = 1;
	}
	return asked;
}
