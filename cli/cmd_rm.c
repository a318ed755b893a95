/* limbeck rm: removes runs, or what is left over in them. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "base/tree.h"
#include "cli/options.h"
#include "cli/run_out.h"
#include "cli/run_uses.h"
#include "cli/columns.h"
#include "runs/cache_use.h"
#include "runs/claims.h"
#include "runs/leftover.h"

extern const struct command cmd_rm;

static const struct where nowhere = {0};

struct rm_args {
	const char *out;
	bool unused, yes;
	struct positional words;
};

struct removal {
	struct arena *arena;
	const char *out;
	struct store *store;
	struct overview_run *runs;
	int n, n_chosen;
	bool *chosen;
};

/* ---- which ---- */

/* A run's folder stands in OUT itself, as a folder: nothing else is removed. */
static enum status check_place(const struct removal *r, const struct overview_run *run, struct err *e)
{
	char real[PATH_MAX];
	struct stat info;
	if (str_eq(run->state, "gone"))
		return OK;
	if (lstat(run->row.folder, &info) || !S_ISDIR(info.st_mode))
		return err_user(e, nowhere, "'%s' is a link: remove it, or what it leads to, by hand", run->row.folder);
	const char *parent = arena_strn(r->arena, run->row.folder, strlen(run->row.folder) - strlen(run->base) - 1);
	if (!realpath(r->out, real) || !str_eq(real, parent))
		return err_user(e, nowhere, "'%s' is not in '%s': name the folder that it is in by --out", run->row.folder, r->out);
	return OK;
}

static enum status choose(struct removal *r, const struct rm_args *args, struct err *e)
{
	enum status st = OK;
	for (int i = 0; i < args->words.n; i++) {
		struct overview_run *run = NULL;
		struct stat info;
		enum status one = OK;
		if (lstat(args->words.word[i], &info) == 0 && S_ISLNK(info.st_mode))
			one = err_user(e, nowhere, "'%s' is a link: name the run that it leads to", args->words.word[i]);
		if (one == OK)
			one = overview_find(r->arena, r->runs, r->n, args->words.word[i], &run, e);
		if (one == OK && run->alive)
			one = err_user(e, nowhere, "'%s' is under way (process %ld): wait for its end, or stop it", run->base, run->live.pid);
		if (one == OK)
			one = check_place(r, run, e);
		st = st == OK ? one : st;
		if (one == OK && !r->chosen[run - r->runs]) {
			r->chosen[run - r->runs] = true;
			r->n_chosen++;
		}
	}
	return st;
}

/* ---- asking ---- */

static enum status ask(const char *what, bool yes, bool *go, struct err *e)
{
	char line[64] = "";
	*go = yes;
	if (yes)
		return OK;
	if (!isatty(STDIN_FILENO))
		return err_user(e, nowhere, "without a terminal to ask on, --yes is wanted");
	fflush(stdout);
	fprintf(stderr, "%s [y/N] ", what);
	*go = fgets(line, sizeof line, stdin) && (line[0] == 'y' || line[0] == 'Y');
	if (!*go)
		fputs("nothing was removed\n", stderr);
	return OK;
}

/* ---- whole runs ---- */

static enum status print_runs(const struct removal *r, uint64_t *bytes, struct err *e)
{
	static const char *const head[] = {"run", "state", "stages", "files", "size", "folder"};
	struct columns t = columns_new(r->arena, head, "lllrrl");
	enum status st = OK;
	*bytes = 0;
	for (int i = 0; i < r->n && st == OK; i++) {
		const struct overview_run *run = &r->runs[i];
		const bool gone = str_eq(run->state, "gone");
		struct tree sum = {0};
		char size[32];
		if (!r->chosen[i])
			continue;
		if (!gone)
			st = tree_measure(run->row.folder, &sum, e);
		*bytes += sum.bytes;
		const char *cells[] = {
			run->row.name, run->state, arena_printf(r->arena, "%d/%d", run->n_done, run->n_stage), arena_printf(r->arena, "%d", sum.files),
			arena_str(r->arena, str_bytes(size, sum.bytes)), gone ? "gone: only what the store has of it" : run->row.folder,
		};
		columns_add(&t, cells);
	}
	if (st == OK)
		columns_print(&t, stdout, 0);
	return st;
}

static enum status remove_runs(struct removal *r, bool yes, struct err *e)
{
	uint64_t bytes;
	char size[32];
	bool go = false;
	enum status st = OK;
	for (int i = 0; i < r->n; i++) {
		const enum status one = r->chosen[i] ? run_uses(r->arena, r->runs, r->n, r->chosen, i, e) : OK;
		st = st == OK ? one : st;
	}
	if (st != OK) {
		err_note(e, "remove those runs too, or keep this one");
		return st;
	}
	st = print_runs(r, &bytes, e);
	if (st == OK)
		st = ask(arena_printf(r->arena, "remove %d run%s, %s?", r->n_chosen, r->n_chosen == 1 ? "" : "s", str_bytes(size, bytes)), yes, &go, e);
	for (int i = 0; i < r->n && st == OK && go; i++) {
		if (!r->chosen[i])
			continue;
		/* the folder first: as long as anything is left of it, the store knows the run and it can be removed again */
		st = claims_run_goes(r->out, r->store, r->runs[i].row.id, e);
		if (st == OK && !str_eq(r->runs[i].state, "gone"))
			st = tree_remove(r->runs[i].row.folder, e);
		if (st == OK)
			st = store_run_drop(r->store, r->runs[i].row.id, e);
		if (st == OK)
			printf("removed %s\n", r->runs[i].base);
	}
	return st;
}

/* ---- what is left over ---- */

static enum status remove_unused(struct removal *r, bool yes, struct err *e)
{
	static const char *const head[] = {"file", "size", "what"};
	struct columns t = columns_new(r->arena, head, "lrl");
	struct overview_run *some = NEW_ARRAY(r->arena, struct overview_run, r->n);
	struct leftover *l;
	uint64_t bytes = 0;
	char size[32];
	bool go = false;
	int n = 0, k = 0;
	for (int i = 0; i < r->n; i++)
		if (r->chosen[i] || !r->n_chosen)
			some[k++] = r->runs[i];
	leftover_find(r->arena, r->out, !r->n_chosen, some, k, &l, &n);
	if (!n) {
		fputs("nothing is left over\n", stderr);
		return OK;
	}
	for (int i = 0; i < n; i++) {
		const char *cells[] = {l[i].path, arena_str(r->arena, str_bytes(size, l[i].bytes)), l[i].why};
		bytes += l[i].bytes;
		columns_add(&t, cells);
	}
	columns_print(&t, stdout, 0);
	enum status st = ask(arena_printf(r->arena, "remove %d file%s, %s?", n, n == 1 ? "" : "s", str_bytes(size, bytes)), yes, &go, e);
	int removed = 0;
	for (int i = 0; i < n && st == OK && go; i++) {
		bool gone = true;
		st = l[i].cache ? cache_remove(l[i].path, &gone, e) : file_remove(l[i].path, e);
		removed += st == OK && gone;
		if (!gone)
			printf("kept %s: a process has it open now\n", l[i].path);
	}
	if (st == OK && go)
		printf("removed %d file%s\n", removed, removed == 1 ? "" : "s");
	return st;
}

/* ---- the whole ---- */

static enum status rm(struct rm_args *args, struct err *e)
{
	if (!args->words.n && !args->unused)
		return err_user(e, nowhere, "rm wants the name of a run, or --unused");
	struct removal r = {.arena = arena_open("rm")};
	enum status st = OK;
	r.out = run_out(r.arena, args->out, &args->words);
	st = overview_store(r.arena, r.out, &r.store, e);
	if (st == OK)
		st = overview_read(r.store, r.arena, &r.runs, &r.n, e);
	r.chosen = NEW_ARRAY(r.arena, bool, r.n);
	if (st == OK)
		st = choose(&r, args, e);
	if (st == OK)
		st = args->unused ? remove_unused(&r, args->yes, e) : remove_runs(&r, args->yes, e);
	store_close(r.store);
	arena_close(r.arena);
	return st;
}

static int run(int argc, char **argv)
{
	struct rm_args args = {0};
	const struct flag flags[] = {
		{.name = "--out", .value = "DIR", .text = &args.out, .help = "folder of runs, default runs; of a run's folder: the one that it is in"},
		{.name = "--unused", .on = &args.unused,
		 .help = "keeps the runs: removes resume states of finished stages and files of processes that are gone, in these runs or in all; "
		         "in all, also teacher caches that no stage of a run reads and no process has open"},
		{.name = "--yes", .on = &args.yes, .help = "does not ask; wanted where there is no terminal"},
		{0},
	};
	struct err e = {0};
	bool help = false;
	enum status st = options_read(argc, argv, flags, 0, MAX_POSITIONAL, &args.words, &help, &e);
	if (help) {
		options_help(&cmd_rm, flags, "limbeck rm quickstart-1a2b3c4d");
		return 0;
	}
	if (st == OK)
		st = rm(&args, &e);
	return command_end(st, &e);
}

const struct command cmd_rm = {
	.name = "rm",
	.args = "RUN... | --unused [RUN...] [--yes] [--out DIR]",
	.help = "removes runs, their folders and what the store has of them, unless other runs need them",
	.run = run,
};
