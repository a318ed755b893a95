/* limbeck top: what the runs of an --out folder are doing now. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/str.h"
#include "cli/options.h"
#include "cli/screen.h"
#include "cli/columns.h"
#include "runs/overview.h"

extern const struct command cmd_top;

struct top {
	const char *out;
	struct store *store; /* NULL as long as there is none */
	ino_t file;          /* of the store */
};

/* ---- a frame ---- */

static const char *number(struct arena *a, const char *format, double x)
{
	char text[32];
	if (isnan(x))
		return "-";
	snprintf(text, sizeof text, format, x);
	return arena_str(a, text);
}

static const char *seconds(struct arena *a, double x)
{
	char text[32];
	return isnan(x) ? "-" : arena_str(a, str_seconds(text, x));
}

static const char *best(struct arena *a, const struct overview_run *r)
{
	return r->best >= 0 ? arena_printf(a, "%.2f %s", r->stage[r->best].test, r->stage[r->best].name) : "-";
}

/* A run on which nobody is at work, or which has not come to its first step. */
static void add_still(struct arena *a, struct columns *t, const struct overview_run *r)
{
	const char *cells[] = {
		r->base, r->alive ? "starting" : r->state, arena_printf(a, "%d/%d", r->n_done, r->n_stage), "-", "-", "-", "-", "-", "-", "-", "-",
		seconds(a, r->row.seconds), best(a, r),
	};
	columns_add(t, cells);
}

/* One line for each arm. Of a run that was killed: how far it had come. */
static void add_arms(struct arena *a, struct columns *t, const struct overview_run *r)
{
	for (int i = 0; i < r->live.n_stage; i++) {
		const struct live_stage *s = &r->live.stage[i];
		char rate[32];
		const bool has_rate = r->alive && s->images_per_s >= 0 && s->images_per_s < 1e15;
		const char *cells[] = {
			i ? "" : r->base, i ? "" : r->state, i ? "" : arena_printf(a, "%d/%d", r->n_done, r->n_stage),
			*s->lesson ? arena_printf(a, "%s %s", s->stage, s->lesson) : s->stage, arena_printf(a, "%d/%d", s->epoch, s->epochs),
			arena_printf(a, "%ld/%ld", s->step, s->steps), number(a, "%.4f", s->loss), number(a, "%.1f", s->accuracy), number(a, "%.4g", s->lr),
			has_rate ? arena_str(a, str_count(rate, llround(s->images_per_s))) : "-", r->alive ? seconds(a, s->left_s) : "-",
			i ? "" : "-", i ? "" : best(a, r),
		};
		columns_add(t, cells);
	}
}

static void add_run(struct arena *a, struct columns *t, const struct overview_run *r)
{
	if ((r->alive || str_eq(r->state, "stopped")) && r->live.n_stage)
		add_arms(a, t, r);
	else
		add_still(a, t, r);
}

static int rank(const struct overview_run *r)
{
	return r->alive ? 0 : str_eq(r->state, "stopped") || str_eq(r->state, "failed") ? 1 : 2;
}

/* Those at work, then those that ended badly; of each the newest first. */
static int compare(const void *a, const void *b)
{
	const struct overview_run *x = a, *y = b;
	if (rank(x) != rank(y))
		return rank(x) - rank(y);
	const int begun = strcmp(y->row.begun, x->row.begun);
	return begun ? begun : x->row.id < y->row.id ? 1 : -1;
}

static void print_runs(struct arena *a, FILE *f, const char *out, struct overview_run *runs, int n, int width)
{
	static const char *const head[] = {
		"run", "state", "stages", "stage", "epoch", "step", "loss", "acc %", "lr", "img/s", "left", "time", "best test %",
	};
	struct columns t = columns_new(a, head, "lllllrrrrrrrl");
	int alive = 0;
	if (n)
		qsort(runs, (size_t)n, sizeof *runs, compare);
	for (int i = 0; i < n; i++) {
		alive += runs[i].alive;
		add_run(a, &t, &runs[i]);
	}
	fprintf(f, "%s: %d run%s, %d under way\n\n", out, n, n == 1 ? "" : "s", alive);
	if (n)
		columns_print(&t, f, width);
}

/* The store that has the name now: it may have been made, or made again, since the last frame. */
static enum status find_store(struct top *t, struct arena *a, struct err *e)
{
	struct stat info;
	const bool there = stat(path_join(a, t->out, "limbeck.db"), &info) == 0;
	if (t->store && there && info.st_ino == t->file)
		return OK;
	store_close(t->store);
	t->store = NULL;
	t->file = there ? info.st_ino : 0;
	return there ? overview_store(a, t->out, &t->store, e) : OK;
}

static enum status frame(struct top *t, FILE *f, int width, struct err *e)
{
	struct arena *a = arena_open("top");
	struct overview_run *runs = NULL;
	int n = 0;
	enum status st = find_store(t, a, e);
	if (st == OK && t->store)
		st = overview_read(t->store, a, &runs, &n, e);
	if (st == OK)
		print_runs(a, f, t->out, runs, n, width);
	arena_close(a);
	return st;
}

/* ---- the whole ---- */

static enum status once(struct top *t, struct err *e)
{
	/* what is wrong with a folder without a store is told, and waited for on a screen */
	struct arena *a = arena_open("top");
	const enum status st = overview_store(a, t->out, &t->store, e);
	store_close(t->store);
	t->store = NULL;
	arena_close(a);
	return st == OK ? frame(t, stdout, 0, e) : st;
}

static enum status watch(struct top *t, int every, struct err *e)
{
	enum status st = OK;
	bool go = true;
	screen_open();
	while (go && st == OK) {
		int lines, columns;
		char *text = NULL;
		size_t size = 0;
		screen_size(&lines, &columns);
		FILE *f = open_memstream(&text, &size);
		if (!f) {
			st = err_nomem(e, "too little memory for a picture of the runs");
			break;
		}
		st = frame(t, f, columns, e);
		fclose(f);
		if (st == OK)
			screen_draw(text);
		free(text);
		go = st == OK && screen_wait(every);
	}
	screen_close();
	return st;
}

static enum status top(const char *out, bool one, int every, struct err *e)
{
	struct top t = {.out = out};
	struct stat info;
	if (stat(out, &info) || !S_ISDIR(info.st_mode))
		return err_user(e, (struct where){0}, "there is no folder '%s'", out);
	const enum status st = one || !screen_possible() ? once(&t, e) : watch(&t, every, e);
	store_close(t.store);
	return st;
}

static int run(int argc, char **argv)
{
	bool one = false;
	int every = 2;
	const struct flag flags[] = {
		{.name = "--once", .on = &one, .help = "prints the table once, as it does where standard output is no terminal"},
		{.name = "--every", .value = "SECONDS", .number = &every, .lo = 1, .hi = 3600, .help = "between two looks, default 2"},
		{0},
	};
	struct err e = {0};
	struct positional p = {0};
	bool help = false;
	enum status st = options_read(argc, argv, flags, 0, 1, &p, &help, &e);
	if (help) {
		options_help(&cmd_top, flags, "limbeck top runs");
		return 0;
	}
	if (st == OK)
		st = top(p.n ? p.word[0] : "runs", one, every, &e);
	return command_end(st, &e);
}

const struct command cmd_top = {
	.name = "top",
	.args = "[DIR] [--once] [--every SECONDS]",
	.help = "shows what the runs of a folder (default runs) are doing, until Ctrl-C",
	.run = run,
};
