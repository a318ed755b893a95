#include <signal.h>

#include "stages/stage.h"

static volatile sig_atomic_t asked;

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
	struct sigaction act = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	sigemptyset(&act.sa_mask);
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
}

bool stop_asked(void)
{
	return asked;
}
