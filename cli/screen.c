#include "cli/screen.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"

/* Another window, no cursor; the cursor, the window of before. */
static const char take[] = "\033[?1049h\033[?25l", give_back[] = "\033[?25h\033[?1049l";

static volatile sig_atomic_t leave, stop;
static sigset_t outside; /* the mask of before: signals come while we wait and at no other time */

static void on_leave(int number)
{
	(void)number;
	leave = 1;
}

static void on_stop(int number)
{
	(void)number;
	stop = 1;
}

static void on_size(int number)
{
	(void)number;
}

bool screen_possible(void)
{
	const char *term = getenv("TERM");
	return isatty(STDOUT_FILENO) && term && *term && !str_eq(term, "dumb");
}

static void put(const char *text)
{
	fputs(text, stdout);
	fflush(stdout);
}

void screen_open(void)
{
	static const struct { int number; void (*handler)(int); } row[] = {
		{SIGINT, on_leave}, {SIGTERM, on_leave}, {SIGHUP, on_leave}, {SIGQUIT, on_leave}, {SIGTSTP, on_stop}, {SIGWINCH, on_size},
	};
	sigset_t ours;
	leave = stop = 0;
	sigemptyset(&ours);
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct sigaction act = {.sa_handler = row[i].handler};
		sigemptyset(&act.sa_mask);
		sigaction(row[i].number, &act, NULL);
		sigaddset(&ours, row[i].number);
	}
	sigprocmask(SIG_BLOCK, &ours, &outside);
	put(take);
}

void screen_close(void)
{
	put(give_back);
	sigprocmask(SIG_SETMASK, &outside, NULL);
}

void screen_size(int *lines, int *columns)
{
	struct winsize w;
	const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_row && w.ws_col;
	*lines = known ? w.ws_row : 24;
	*columns = known ? w.ws_col : 80;
}

void screen_draw(const char *text)
{
	int lines, columns;
	screen_size(&lines, &columns);
	struct str out = {0};
	str_add(&out, "\033[H");
	for (int i = 0; i < lines && *text; i++) {
		const size_t n = strcspn(text, "\n");
		str_add(&out, i ? "\r\n" : "");
		str_addn(&out, text, n);
		str_add(&out, "\033[K");
		text += n + (text[n] == '\n');
	}
	str_add(&out, "\033[J");
	put(str_text(&out));
	str_release(&out);
}

bool screen_wait(double seconds)
{
	const struct timespec t = {.tv_sec = (time_t)seconds, .tv_nsec = (long)(1e9 * (seconds - (double)(time_t)seconds))};
	ppoll(NULL, 0, &t, &outside); /* ends early with any of the signals */
	if (stop && !leave) {
		stop = 0;
		put(give_back);
		raise(SIGSTOP);
		put(take);
	}
	return !leave;
}
