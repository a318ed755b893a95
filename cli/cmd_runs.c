/* limbeck runs: the runs of an --out folder, and their store made again from their folders. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "cli/run_when.h"
#include "cli/columns.h"
#include "cli/where.h"
#include "runs/rebuild.h"

extern const struct command cmd_runs;

struct runs_args {
	const char *out;
	bool rebuild, json;
	struct many where;
};

/* ---- the table ---- */

static void print_table(struct arena *a, const struct overview_run *runs, int n)
{
	static const char *const head[] = {"run", "state", "begun", "stages", "best test %", "of stage", "time", "folder"};
	struct columns t = columns_new(a, head, "lllrrlrl");
	for (int i = 0; i < n; i++) {
		const struct overview_run *r = &runs[i];
		char time[32];
		const char *cells[] = {
			r->row.name, r->state, run_when(a, r->row.begun), arena_printf(a, "%d/%d", r->n_done, r->n_stage),
			r->best >= 0 ? arena_printf(a, "%.2f", r->stage[r->best].test) : "-", r->best >= 0 ? r->stage[r->best].name : "-",
			isnan(r->row.seconds) ? "-" : arena_str(a, str_seconds(time, r->row.seconds)), r->base,
		};
		columns_add(&t, cells);
	}
	columns_print(&t, stdout, 0);
}

/* ---- JSON ---- */

static void add_text(struct str *s, const char *key, const char *value)
{
	str_printf(s, "\"%s\": ", key);
	json_quote(s, value);
	str_add(s, ", ");
}

static enum status add_stage(struct str *s, struct store *store, const struct overview_stage *t, struct err *e)
{
	struct arena *a = arena_open("metrics");
	struct store_value *v = NULL;
	int n = 0;
	const enum status st = t->id ? store_metrics(store, a, t->id, &v, &n, e) : OK;
	str_add(s, "{");
	add_text(s, "name", t->name);
	add_text(s, "kind", t->kind);
	add_text(s, "identity", t->identity);
	add_text(s, "state", t->state);
	str_printf(s, "\"trained_before\": %s, \"seconds\": ", t->reused ? "true" : "false");
	json_number(s, t->seconds);
	str_add(s, ", \"metrics\": {");
	for (int i = 0, some = 0; i < n; i++) {
		bool last = true; /* rows are in order of epoch */
		for (int k = i + 1; k < n && last; k++)
			last = !str_eq(v[k].name, v[i].name);
		if (!last)
			continue;
		str_add(s, some++ ? ", " : "");
		json_quote(s, v[i].name);
		str_add(s, ": ");
		json_number(s, v[i].value);
	}
	str_add(s, "}}");
	arena_close(a);
	return st;
}

static enum status add_run(struct str *s, struct store *store, const struct overview_run *r, struct err *e)
{
	const struct store_run_row *row = &r->row;
	enum status st = OK;
	str_add(s, "{");
	add_text(s, "name", row->name);
	add_text(s, "state", r->state);
	add_text(s, "begun", row->begun);
	add_text(s, "folder", row->folder);
	add_text(s, "config", row->config);
	add_text(s, "identity", row->identity);
	add_text(s, "program", row->program);
	add_text(s, "machine", row->machine);
	add_text(s, "device", row->device);
	add_text(s, "precision", row->precision);
	str_printf(s, "\"threads\": %d, \"seconds\": ", row->threads);
	json_number(s, row->seconds);
	str_printf(s, ", \"stages_done\": %d, \"stages\": [", r->n_done);
	for (int i = 0; i < r->n_stage && st == OK; i++) {
		str_add(s, i ? ",\n  " : "\n  ");
		st = add_stage(s, store, &r->stage[i], e);
	}
	str_add(s, "]}");
	return st;
}

static enum status print_json(struct store *store, const struct overview_run *runs, int n, struct err *e)
{
	struct str s = {0};
	enum status st = OK;
	str_add(&s, "[");
	for (int i = 0; i < n && st == OK; i++) {
		str_add(&s, i ? ",\n" : "\n");
		st = add_run(&s, store, &runs[i], e);
	}
	str_add(&s, n ? "\n]\n" : "]\n");
	if (st == OK)
		fputs(str_text(&s), stdout);
	str_release(&s);
	return st;
}

/* ---- the whole ---- */

static enum status list(struct arena *a, const struct runs_args *args, struct err *e)
{
	struct store *s = NULL;
	struct overview_run *runs = NULL;
	struct condition *where = NULL;
	int n = 0, n_where = 0;
	enum status st = where_read(a, &args->where, &where, &n_where, e);
	if (st == OK)
		st = overview_store(a, args->out, &s, e);
	if (st == OK)
		st = overview_read(s, a, &runs, &n, e);
	if (st == OK)
		st = where_keep(a, s, where, n_where, runs, &n, e);
	if (st == OK && args->json)
		st = print_json(s, runs, n, e);
	else if (st == OK && n)
		print_table(a, runs, n);
	else if (st == OK)
		fprintf(stderr, "%s\n", n_where ? "no run is like that" : "there is no run yet");
	store_close(s);
	return st;
}

static enum status rebuild(struct arena *a, const struct runs_args *args, struct err *e)
{
	static const char *const head[] = {"run", "stages", "metrics", "weights", "left out"};
	struct rebuilt r;
	if (args->where.n || args->json)
		return err_user(e, (struct where){0}, "--rebuild takes no --where and no --json: the store is made again as a whole");
	const enum status st = rebuild_store(a, args->out, &r, e);
	if (st != OK)
		return st;
	struct columns t = columns_new(a, head, "lrrrl");
	for (int i = 0; i < r.n; i++) {
		const char *cells[] = {
			r.run[i].folder, arena_printf(a, "%d", r.run[i].stages), arena_printf(a, "%d", r.run[i].metrics),
			arena_printf(a, "%d", r.run[i].weights), r.run[i].left_out ? r.run[i].left_out : "-",
		};
		columns_add(&t, cells);
	}
	columns_print(&t, stdout, 0);
	printf("\n%s/limbeck.db holds %d run%s\n", args->out, r.n, r.n == 1 ? "" : "s");
	if (r.moved)
		printf("the store of before is %s\n", r.moved);
	return OK;
}

static int run(int argc, char **argv)
{
	struct runs_args args = {.out = "runs"};
	const struct flag flags[] = {
		{.name = "--out", .value = "DIR", .text = &args.out, .help = "folder of runs and of their store, default runs"},
		{.name = "--where", .value = "KEY=VALUE", .many = &args.where,
		 .help = "only runs that are so; < and > too; KEY: name, state, stage, a metric, stages.kd.tau; several: all must hold"},
		{.name = "--json", .on = &args.json, .help = "all that the store knows, with the last value of every metric"},
		{.name = "--rebuild", .on = &args.rebuild, .help = "makes a damaged or lost store again from the runs' folders; the old one is moved aside"},
		{0},
	};
	struct err e = {0};
	struct positional p = {0};
	bool help = false;
	enum status st = options_read(argc, argv, flags, 0, 0, &p, &help, &e);
	if (help) {
		options_help(&cmd_runs, flags, "limbeck runs --where state=done --where 'test_top1>90'");
		return 0;
	}
	if (st == OK) {
		struct arena *a = arena_open("runs");
		st = args.rebuild ? rebuild(a, &args, &e) : list(a, &args, &e);
		arena_close(a);
	}
	return command_end(st, &e);
}

const struct command cmd_runs = {
	.name = "runs",
	.args = "[--out DIR] [--where KEY=VALUE ...] [--json] | --rebuild [--out DIR]",
	.help = "lists the runs of a folder, with their states and results; makes a damaged store again",
	.run = run,
};
