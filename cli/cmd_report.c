/* limbeck report: one HTML page for runs and for sweeps. */
#include <stdio.h>

#include "base/file.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/report_target.h"

extern const struct command cmd_report;

static enum status report(const struct positional *p, const char *out, struct err *e)
{
	struct arena *a = arena_open("report");
	struct report r;
	enum status st = report_target(a, p->word, p->n, &r, e);
	if (st == OK && !out)
		out = path_join(a, r.folder, "report.html");
	if (st == OK)
		st = pages_write(r.title, r.page, r.n, NULL, out, e);
	if (st == OK)
		printf("%s\n", out);
	arena_close(a);
	return st;
}

static int run(int argc, char **argv)
{
	const char *out = NULL;
	const struct flag flags[] = {
		{.name = "--out", .value = "FILE.html", .text = &out, .help = "default report.html in the folder of the first run or sweep"},
		{.name = "-o", .value = "FILE.html", .text = &out, .help = "the same"},
		{0},
	};
	struct err e = {0};
	struct positional p = {0};
	bool help = false;
	enum status st = options_read(argc, argv, flags, 1, MAX_POSITIONAL, &p, &help, &e);
	if (help) {
		options_help(&cmd_report, flags, "limbeck report runs/kd-1a2b3c4d runs/kd-5e6f7a8b -o kd.html");
		return 0;
	}
	if (st == OK)
		st = report(&p, out, &e);
	return command_end(st, &e);
}

const struct command cmd_report = {
	.name = "report",
	.args = "RUN|SWEEP ... [-o FILE.html]",
	.help = "writes one HTML page of runs and sweeps: table, curves, costs, confusion, mistakes; equal stages with other seeds are one series; "
	        "each sweep, and runs of other data or of another budget, are a part of it with a table of its own",
	.run = run,
};
