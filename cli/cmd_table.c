/* limbeck table: what a sweep has come to so far, beside its control and beside a paper. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "cli/experiment_args.h"
#include "report/table.h"

extern const struct command cmd_table;

struct table_args {
	const char *file, *form, *to;
	bool claims;
	struct sweep_options sweep;
	struct experiment_args open;
	struct table_options table;
};

static enum status read_form(const char *word, enum grid_form *form, struct err *e)
{
	static const char *const words[] = {"text", "markdown", "csv", "latex", "html"};
	for (int i = 0; i < 5; i++)
		if (str_eq(words[i], word)) {
			*form = (enum grid_form)i;
			return OK;
		}
	const char *near = str_nearest(word, words, 5);
	return err_user(e, (struct where){0}, "--form is '%s', allowed text, markdown, csv, latex, html%s%s%s", word, near ? "; did you mean '" : "", near ? near : "",
	                near ? "'?" : "");
}

static enum status print(const struct table *t, const char *to, bool claims, enum grid_form form, struct err *e)
{
	enum status (*const part)(const struct table *, FILE *, enum grid_form) = claims ? table_print_claims : table_print;
	struct file *f = NULL;
	if (!to)
		return part(t, stdout, form);
	enum status st = file_create(&f, to, e);
	if (st != OK)
		return st;
	st = part(t, file_stream(f), form);
	const enum status end = file_commit(f, e);
	return st == OK ? end : st;
}

static enum status table(struct table_args *args, struct err *e)
{
	struct arena *a = arena_open("table");
	struct sweep *s = NULL;
	struct table *t = NULL;
	enum grid_form form = GRID_TEXT;
	args->sweep.experiment = experiment_args_options(&args->open);
	args->sweep.many = args->sweep.untrained = args->sweep.results = true;
	enum status st = read_form(args->form, &form, e);
	if (st == OK)
		st = sweep_open(a, args->file, &args->sweep, &s, e);
	if (st == OK)
		st = sweep_refresh(s, e);
	if (st == OK)
		st = sweep_failures(s, e);
	if (st == OK)
		st = table_make(a, s, &args->table, &t, e);
	if (st == OK)
		st = print(t, args->to, args->claims, form, e);
	sweep_close(s);
	arena_close(a);
	return st;
}

static int run(int argc, char **argv)
{
	struct table_args args = {.form = "text"};
	const struct flag flags[] = {
		{.name = "--out", .value = "DIR", .text = &args.sweep.out, .help = "folder of runs, default runs"},
		{.name = "--form", .value = "FORM", .text = &args.form, .help = "text (default), markdown, csv (all of each cell), latex (booktabs), html"},
		{.name = "--claims", .on = &args.claims, .help = "the file's claims alone; as csv a line for each, all numbers in full"},
		{.name = "-o", .value = "FILE", .text = &args.to, .help = "written there instead of printed"},
		{.name = "--budget", .value = "NAME", .text = &args.sweep.budget, .help = "the runs of which budget, default full"},
		{.name = "--only", .value = "PATTERN", .text = &args.sweep.only, .help = "runs whose name matches, with * and ?"},
		{.name = "--metric", .value = "NAME[,NAME]", .text = &args.table.metric, .help = "over the file's 'table.metrics'"},
		{.name = "--rule", .value = "last|best|best_test", .text = &args.table.rule,
		 .help = "over the file's; best: chosen by the held-out pictures; best_test: on the test set, and marked"},
		{.name = "--control", .value = "ROW", .text = &args.table.control, .help = "over the file's 'table.control'"},
		{.name = "--columns", .value = "metrics|points", .text = &args.table.columns, .help = "over the file's 'table.columns'"},
		{.name = "--paper", .value = "FILE.yaml", .text = &args.table.paper, .help = "a paper's numbers to stand beside"},
		EXPERIMENT_FLAGS(args.open),
		{0},
	};
	struct err e = {0};
	struct positional p = {0};
	bool help = false;
	enum status st = options_read(argc, argv, flags, 1, 1, &p, &help, &e);
	if (help) {
		options_help(&cmd_table, flags, "limbeck table experiments/repdistiller/same.yaml --budget minutes --form markdown");
		return 0;
	}
	if (st == OK) {
		args.file = p.word[0];
		st = table(&args, &e);
	}
	return command_end(st, &e);
}

const struct command cmd_table = {
	.name = "table",
	.args = "FILE.yaml [--form FORM] [OPTION ...]",
	.help = "prints a sweep's results so far: means with intervals, differences, claims, a paper beside them; needs the runs and not the data",
	.run = run,
};
