/* limbeck train: an experiment from its file to its table and its page. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "cli/experiment_args.h"
#include "cli/report_target.h"
#include "report/claim_dates.h"
#include "report/results.h"

extern const struct command cmd_train;

struct train_args {
	const char *file, *out;
	bool quiet, verbose, yes;
	struct experiment_args open;
};

static enum status write_table(struct experiment *x, const struct stage_result *results, const char *folder,
                               struct err *e)
{
	struct file *f = NULL;
	const enum status st = file_create(&f, path_join(x->arena, folder, "table.txt"), e);
	if (st != OK)
		return st;
	results_print(file_stream(f), x, results);
	return file_commit(f, e);
}

/* A run's folder goes on: its resolved file is the same experiment, so beside it it gets the same name. */
static enum status find_experiment(struct arena *a, struct train_args *t, struct err *e)
{
	struct stat info;
	if (stat(t->file, &info) == 0 && S_ISDIR(info.st_mode)) {
		char *full = realpath(t->file, NULL);
		if (!full)
			return err_env(e, "can't read folder '%s': %s", t->file, strerror(errno));
		const char *folder = arena_str(a, full);
		free(full);
		if (!file_exists(path_join(a, folder, "config.yaml")))
			return err_user(e, (struct where){0}, "'%s' is no run: it has no config.yaml", t->file);
		t->file = path_join(a, folder, "config.yaml");
		if (!t->out) {
			const char *slash = strrchr(folder, '/');
			t->out = slash == folder ? "/" : arena_strn(a, folder, (size_t)(slash - folder));
		}
	}
	t->out = t->out ? t->out : "runs";
	return OK;
}

static enum status train(struct train_args *t, struct err *e)
{
	struct arena *a = arena_open("experiment");
	struct experiment *x = NULL;
	const char *folder = NULL;
	enum status st = find_experiment(a, t, e);
	if (st == OK)
		st = experiment_args_open(a, t->file, &t->open, &x, e);
	if (st == OK && (conf_find(x->root, "vary") || conf_find(x->root, "drop")))
		log_line(LOG_WARN, "'%s' says what varies: this trains the file as it stands, 'limbeck sweep' trains every run", t->file);
	struct stage_result *results = NEW_ARRAY(a, struct stage_result, st == OK ? x->n_stage : 1);
	const bool lost = st == OK && record_is_lost(a, x, t->out);
	if (lost && !t->yes)
		st = err_user(e, (struct where){0}, "'%s' has this run's folder and no store: 'limbeck runs --rebuild --out %s' reads it, and nothing is lost; --yes trains it anew",
		              t->out, t->out);
	if (st == OK)
		st = claim_dates_put(x->root, x->name, t->out, lost, e);
	if (st == OK)
		st = experiment_run(x, t->out, results, &folder, e);
	if (st == OK || (st == E_RUN && folder)) {
		printf("\n");
		results_print(stdout, x, results);
		printf("\n%s\n", folder);
		const enum status table = write_table(x, results, folder, e);
		st = st == OK ? table : st;
		report_leave(a, folder);
	}
	experiment_close(x);
	arena_close(a);
	return st;
}

static int run(int argc, char **argv)
{
	struct train_args t = {0};
	const struct flag flags[] = {
		{.name = "--out", .value = "DIR", .text = &t.out,
		 .help = "folder of runs and of the store, default runs; of a run's folder: the one that it is in"},
		{.name = "--yes", .on = &t.yes, .help = "a run whose store is lost is trained anew"},
		EXPERIMENT_FLAGS(t.open),
		{.name = "--quiet", .on = &t.quiet, .help = "warnings and the table only"},
		{.name = "--verbose", .on = &t.verbose, .help = "a line for each epoch"},
		{0},
	};
	struct err e = {0};
	struct positional p = {0};
	bool help = false;
	enum status st = options_read(argc, argv, flags, 1, 1, &p, &help, &e);
	if (help) {
		options_help(&cmd_train, flags, "limbeck train experiments/quickstart.yaml --set seed=2");
		return 0;
	}
	if (st == OK) {
		t.file = p.word[0];
		log_set_level(t.quiet ? LOG_WARN : t.verbose ? LOG_DEBUG : LOG_INFO);
		st = train(&t, &e);
	}
	return command_end(st, &e);
}

const struct command cmd_train = {
	.name = "train",
	.args = "FILE.yaml|RUN [--out DIR] [--set KEY=VALUE ...] [OPTION ...]",
	.help = "runs an experiment: every stage that is not there yet, then the table; goes on where it was stopped",
	.run = run,
};
