#include "cli/workers.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "stages/stage.h"

extern char **environ;

enum { MAX_WORD = 2 * MAX_SET + 64, POLL_US = 20000 };

struct words {
	int n;
	char *word[MAX_WORD];
};

static void add(struct words *w, const char *a, const char *b)
{
	const char *const both[] = {a, b};
	for (int i = 0; i < 2; i++)
		if (both[i] && w->n + 1 < MAX_WORD)
			w->word[w->n++] = (char *)(uintptr_t)both[i]; /* posix_spawn does not change them */
}

/* The sweep as this process was asked for it. */
static void make_words(struct arena *a, struct words *w, const char *file, const struct sweep *s, const struct sweep_options *o,
                       const struct experiment_args *open, int threads)
{
	*w = (struct words){0};
	add(w, "limbeck", "sweep");
	add(w, file, NULL);
	add(w, "--out", s->out);
	add(w, "--budget", s->budget_name);
	add(w, "--no-estimate", "--yes");
	if (log_level_now() != LOG_INFO)
		add(w, log_level_now() < LOG_INFO ? "--quiet" : "--verbose", NULL);
	add(w, "--threads", arena_printf(a, "%d", threads));
	add(w, "--parent", arena_printf(a, "%ld", (long)getpid()));
	if (o->only)
		add(w, "--only", o->only);
	for (int i = 0; i < open->set.n; i++)
		add(w, "--set", open->set.word[i]);
	if (open->options.precision)
		add(w, "--precision", open->options.precision);
	if (open->options.device)
		add(w, "--device", open->options.device);
}

static enum status start(struct words *w, pid_t *pid, struct err *e)
{
	w->word[w->n] = NULL;
	posix_spawn_file_actions_t files;
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO); /* this process prints the table */
	const int code = posix_spawn(pid, "/proc/self/exe", &files, NULL, w->word, environ);
	posix_spawn_file_actions_destroy(&files);
	return code == 0 ? OK : err_env(e, "can't start another limbeck: %s", strerror(code));
}

/* E_STOP: it was interrupted; E_RUN: a stage of it has failed. A signal to this process goes on to it. */
static enum status await(pid_t pid, struct err *e)
{
	int state;
	bool passed_on = false;
	for (pid_t got; (got = waitpid(pid, &state, WNOHANG)) <= 0;) { /* a signal would not end a wait: it goes on after the handler */
		if (got < 0 && errno != EINTR)
			return err_env(e, "a process of the sweep was lost: %s", strerror(errno));
		if (stop_asked() && !passed_on)
			kill(pid, SIGTERM);
		passed_on |= stop_asked();
		usleep(POLL_US);
	}
	if (WIFSIGNALED(state))
		return err_env(e, "a process of the sweep was ended by signal %d; the same command goes on", WTERMSIG(state));
	switch (WEXITSTATUS(state)) {
	case 0: return OK;
	case 130: return E_STOP;
	case 1: return err_run(e, "a process of the sweep has failed stages");
	default: return err_env(e, "a process of the sweep ended with status %d", WEXITSTATUS(state));
	}
}

/* What all came to; a failed stage is told by the table and not by a process's status. */
static enum status look_back(struct sweep *s, enum status st, struct err *e)
{
	enum status seen = OK;
	struct err late = {0};
	if (st == OK || st == E_RUN)
		seen = sweep_refresh(s, st == OK ? e : &late);
	if (seen == OK && st == E_RUN)
		seen = sweep_failures(s, &late);
	return st == OK ? seen : st;
}

enum status workers_at_once(struct sweep *s, const char *file, const struct sweep_options *o, const struct experiment_args *open, int n, int arms,
                            struct err *e)
{
	const int total = s->run[0].x->dev->threads, each = total / n > 0 ? total / n : 1;
	int left = 0;
	for (int i = 0; i < s->n_item; i++)
		left += s->item[i].twin == i && s->item[i].state == ITEM_TODO;
	const int share = (left + n - 1) / n; /* the first to come leaves the others something */
	pid_t *pid = NEW_ARRAY(s->arena, pid_t, n);
	enum status st = OK;
	int begun = 0;
	stop_install();
	for (; begun < n && st == OK; begun++) {
		struct words w;
		make_words(s->arena, &w, file, s, o, open, each);
		add(&w, "--arms", arena_printf(s->arena, "%d", share > 0 && share < arms ? share : arms));
		add(&w, "--worker", NULL);
		st = start(&w, &pid[begun], e);
		if (st != OK)
			break;
	}
	for (int i = 0; i < begun; i++) {
		struct err late = {0};
		const enum status one = await(pid[i], st == OK ? e : &late);
		st = st == OK || st == E_RUN ? (one == OK ? st : one) : st;
	}
	return look_back(s, st, e);
}

enum status workers_in_turn(struct sweep *s, const char *file, const struct sweep_options *o, const struct experiment_args *open, struct err *e)
{
	int *order = NEW_ARRAY(s->arena, int, s->n_item);
	const int n = sweep_timing_order(s, order);
	enum status st = OK;
	struct err failures = {0};
	stop_install();
	for (int i = 0; i < n && st == OK; i++) {
		struct words w;
		pid_t pid = 0;
		make_words(s->arena, &w, file, s, o, open, s->run[0].x->dev->threads);
		add(&w, "--item", arena_printf(s->arena, "%d", order[i] + 1));
		log_line(LOG_INFO, "%d of %d, alone: %s", i + 1, n, s->item[order[i]].stage->name);
		st = start(&w, &pid, e);
		if (st == OK)
			st = await(pid, e);
		if (st == E_RUN) {
			err_run(&failures, "%s", e->text);
			err_clear(e);
			st = OK;
		}
		if (st == OK && stop_asked())
			st = E_STOP;
	}
	st = look_back(s, st == OK ? failures.status : st, e);
	return st == E_RUN ? err_run(e, "%s", failures.text) : st;
}
