/* limbeck diff: in what two runs differ. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "cli/options.h"
#include "cli/run_config.h"
#include "cli/run_out.h"
#include "cli/columns.h"
#include "runs/overview.h"

extern const struct command cmd_diff;

struct side {
	struct store *store;
	struct overview_run *runs, *run;
	struct config_value *option;
	int n_run, n_option;
};

struct diff {
	struct arena *arena;
	struct side side[2];
};

/* ---- one part: what differs as a table, what is equal as a number ---- */

struct part {
	const char *title;
	struct columns table;
	int equal;
};

static struct part part_new(struct diff *d, const char *title)
{
	struct part p = {.title = title};
	const char **head = NEW_ARRAY(d->arena, const char *, 3);
	head[0] = title;
	head[1] = d->side[0].run->base;
	head[2] = d->side[1].run->base;
	p.table = columns_new(d->arena, head, "lll");
	return p;
}

/* NULL: not there. */
static void compare(struct part *p, const char *what, const char *a, const char *b)
{
	if (str_eq(a, b)) {
		p->equal++;
		return;
	}
	const char *cells[] = {what, a ? a : "-", b ? b : "-"};
	columns_add(&p->table, cells);
}

static void part_print(const struct part *p, bool *first)
{
	if (!*first)
		putchar('\n');
	*first = false;
	if (p->table.n)
		columns_print(&p->table, stdout, 0);
	printf("%s: %d differ%s, %d equal\n", p->title, p->table.n, p->table.n == 1 ? "s" : "", p->equal);
}

/* ---- options ---- */

static void compare_options(struct diff *d, struct part *p)
{
	const struct side *a = &d->side[0], *b = &d->side[1];
	for (int i = 0; i < a->n_option; i++)
		compare(p, a->option[i].path, a->option[i].text, config_find(b->option, b->n_option, a->option[i].path));
	for (int i = 0; i < b->n_option; i++)
		if (!config_find(a->option, a->n_option, b->option[i].path))
			compare(p, b->option[i].path, NULL, b->option[i].text);
}

/* ---- data ---- */

/* "  # 200 training, 40 held-out, 80 test pictures, SHA-256 HEX", as the resolved file has it. */
static const char *data_line(struct diff *d, const struct overview_run *r)
{
	static const char mark[] = " test pictures, SHA-256 ";
	char *text = NULL;
	size_t size = 0;
	if (file_read(d->arena, path_join(d->arena, r->row.folder, "config.yaml"), false, &text, &size, NULL) != OK)
		return NULL;
	char *at = strstr(text, mark), *start = at;
	while (start && start > text && start[-1] != '\n')
		start--;
	return at ? arena_strn(d->arena, start, strcspn(start, "\n")) : NULL;
}

static void compare_data(struct diff *d, struct part *p)
{
	static const char mark[] = ", SHA-256 ";
	const char *count[2] = {0}, *hash[2] = {0};
	for (int i = 0; i < 2; i++) {
		const char *line = data_line(d, d->side[i].run);
		if (!line)
			continue;
		const char *at = strstr(line, mark), *start = line + strspn(line, " #");
		count[i] = arena_strn(d->arena, start, (size_t)(at - start));
		hash[i] = arena_strn(d->arena, at + strlen(mark), 16); /* enough to see */
	}
	compare(p, "pictures", count[0], count[1]);
	compare(p, "content, SHA-256", hash[0], hash[1]);
}

/* ---- versions ---- */

/* What is not known of runs whose store was made again without run.json. */
static const char *known(const char *text)
{
	return *text && !str_eq(text, "0") ? text : NULL;
}

static void compare_versions(struct diff *d, struct part *p)
{
	const struct store_run_row *a = &d->side[0].run->row, *b = &d->side[1].run->row;
	const struct { const char *what, *a, *b; } row[] = {
		{"program", a->program, b->program}, {"device", a->device, b->device}, {"precision", a->precision, b->precision},
		{"threads", arena_printf(d->arena, "%d", a->threads), arena_printf(d->arena, "%d", b->threads)}, {"machine", a->machine, b->machine},
	};
	for (size_t i = 0; i < sizeof row / sizeof *row; i++)
		compare(p, row[i].what, known(row[i].a), known(row[i].b));
}

/* ---- results ---- */

static const struct overview_stage *stage_find(const struct side *s, const char *name)
{
	for (int i = 0; i < s->run->n_stage; i++)
		if (str_eq(s->run->stage[i].name, name))
			return &s->run->stage[i];
	return NULL;
}

static enum status result(struct diff *d, int side, const struct overview_stage *s, const char *metric, const char **text, struct err *e)
{
	double x = NAN;
	char seconds[32];
	const enum status st = s && s->id ? store_last(d->side[side].store, s->id, metric, &x, e) : OK;
	if (isnan(x))
		*text = NULL;
	else if (str_eq(metric, "time/total_seconds"))
		*text = arena_str(d->arena, str_seconds(seconds, x));
	else if (str_eq(metric, "parameters"))
		*text = arena_str(d->arena, str_count(seconds, llround(x)));
	else
		*text = arena_printf(d->arena, "%.6g", x); /* a share of the test pictures: tells one of 100,000 */
	return st;
}

static enum status compare_stage(struct diff *d, struct part *p, const char *name, struct err *e)
{
	static const struct { const char *metric, *title; } row[] = {
		{"test_top1", "test %"}, {"test_top1_best", "best-rule %"},
		{"test_top1_best_test", "best on test % (chosen on the test set)"}, {"time/total_seconds", "time"}, {"parameters", "parameters"},
	};
	const struct overview_stage *s[2] = {stage_find(&d->side[0], name), stage_find(&d->side[1], name)};
	enum status st = OK;
	compare(p, arena_printf(d->arena, "%s: state", name), s[0] ? s[0]->state : NULL, s[1] ? s[1]->state : NULL);
	for (size_t i = 0; i < sizeof row / sizeof *row && st == OK; i++) {
		const char *text[2];
		st = result(d, 0, s[0], row[i].metric, &text[0], e);
		if (st == OK)
			st = result(d, 1, s[1], row[i].metric, &text[1], e);
		if (st == OK && (text[0] || text[1]))
			compare(p, arena_printf(d->arena, "%s: %s", name, row[i].title), text[0], text[1]);
	}
	return st;
}

static enum status compare_results(struct diff *d, struct part *p, struct err *e)
{
	const struct overview_run *a = d->side[0].run, *b = d->side[1].run;
	enum status st = OK;
	for (int i = 0; i < a->n_stage && st == OK; i++)
		st = compare_stage(d, p, a->stage[i].name, e);
	for (int i = 0; i < b->n_stage && st == OK; i++)
		if (!stage_find(&d->side[0], b->stage[i].name))
			st = compare_stage(d, p, b->stage[i].name, e);
	return st;
}

/* ---- the whole ---- */

static enum status side_open(struct diff *d, struct side *s, const char *out, const char *word, struct err *e)
{
	const struct positional one = {.n = 1, .word = {word}};
	out = run_out(d->arena, out, &one);
	enum status st = overview_store(d->arena, out, &s->store, e);
	if (st == OK)
		st = overview_read(s->store, d->arena, &s->runs, &s->n_run, e);
	if (st == OK)
		st = overview_find(d->arena, s->runs, s->n_run, word, &s->run, e);
	if (st == OK)
		st = config_read(d->arena, s->run->row.folder, &s->option, &s->n_option, e);
	return st;
}

static enum status print(struct diff *d, struct err *e)
{
	struct part option = part_new(d, "options"), data = part_new(d, "data"), version = part_new(d, "versions"), results = part_new(d, "results");
	bool first = true;
	compare_options(d, &option);
	compare_data(d, &data);
	compare_versions(d, &version);
	const enum status st = compare_results(d, &results, e);
	if (st != OK)
		return st;
	part_print(&option, &first);
	part_print(&data, &first);
	part_print(&version, &first);
	part_print(&results, &first);
	return OK;
}

static enum status diff(const char *out, const struct positional *p, struct err *e)
{
	struct diff d = {.arena = arena_open("diff")};
	enum status st = OK;
	for (int i = 0; i < 2; i++) {
		const enum status one = side_open(&d, &d.side[i], out, p->word[i], e);
		st = st == OK ? one : st;
	}
	if (st == OK)
		st = print(&d, e);
	for (int i = 0; i < 2; i++)
		store_close(d.side[i].store);
	arena_close(d.arena);
	return st;
}

static int run(int argc, char **argv)
{
	const char *out = NULL;
	const struct flag flags[] = {
		{.name = "--out", .value = "DIR", .text = &out, .help = "folder of runs, default runs; of a run's folder: the one that it is in"},
		{0},
	};
	struct err e = {0};
	struct positional p = {0};
	bool help = false;
	enum status st = options_read(argc, argv, flags, 2, 2, &p, &help, &e);
	if (help) {
		options_help(&cmd_diff, flags, "limbeck diff quickstart-1a2b3c4d quickstart-5e6f7a8b");
		return 0;
	}
	if (st == OK)
		st = diff(out, &p, &e);
	return command_end(st, &e);
}

const struct command cmd_diff = {
	.name = "diff",
	.args = "RUN RUN [--out DIR]",
	.help = "tells in what two runs differ: options, data, versions, results",
	.run = run,
};
