#include "cli/reference.h"

#include <string.h>

#include "cli/catalog.h"
#include "report/table.h"
#include "stages/stage.h"

static bool said(const char *text)
{
	return text && *text && !str_eq(text, "-");
}

/* Markdown takes * and _ for emphasis and < for a tag; | is nothing special outside a table. */
static void print_plain(FILE *f, const char *text)
{
	for (const char *p = text; *p; p++) {
		if (strchr("*_<\\`", *p))
			fputc('\\', f);
		fputc(*p, f);
	}
}

static void print_table(FILE *f, const struct opt *rows)
{
	fputs("\n| option | type | default | allowed | unit | meaning |\n| --- | --- | --- | --- | --- | --- |\n",
	      f);
	opts_markdown(f, rows);
}

static void print_line(FILE *f, const char *title, const char *text)
{
	if (!said(text))
		return;
	fprintf(f, "\n%s: ", title);
	print_plain(f, text);
	fputc('\n', f);
}

static void print_entry(FILE *f, const struct entry *e)
{
	fprintf(f, "\n### `%s`\n\n", e->name);
	if (said(e->help))
		print_plain(f, e->help);
	fputc('\n', f);
	if (e->names && e->names[0] && (e->names[1] || !str_eq(e->names[0], e->name))) {
		fputs("\nNames:", f);
		for (const char *const *n = e->names; *n; n++)
			fprintf(f, " `%s`", *n);
		fputc('\n', f);
	}
	if (said(e->formula))
		fprintf(f, "\n```\n%s\n```\n", e->formula);
	print_line(f, "Paper", e->paper);
	print_line(f, "Where it differs", e->differs);
	if (e->opts && e->opts->name)
		print_table(f, e->opts);
}

static void print_kind(FILE *f, const char *kind, const char *title, const char *text)
{
	const struct kind *k = kind_find(kind);
	fprintf(f, "\n## %s\n\n%s\n", title, text);
	for (const struct shared_opts *s = k->shared; s && s->title; s++) {
		fprintf(f, "\nOptions of %s:\n", s->title);
		print_table(f, s->rows);
	}
	for (int i = 0; i < k->count(); i++) {
		const struct entry e = k->get(i);
		print_entry(f, &e);
	}
}

/* The keys that `sweep` and `table` read. */
static void print_sweep(FILE *f)
{
	static const struct { const char *text; const struct opt *rows; } part[] = {
		{"`vary`, of `limbeck sweep`. A PATH is as for `--set`; an item of a list is named by its number, its `name` or its `kind`:", vary_opts},
		{"`vary.seeds` as a map:", seeds_opts},
		{"A range of `vary.random`:", random_opts},
		{"An entry of `budget`. Without it there are `quick` (a tenth of the epochs, a fifth of the pictures) and `smoke` (one epoch, a fiftieth):",
		 budget_opts},
		{"`table`, of `limbeck sweep` and `limbeck table`:", table_opts},
		{"An entry of `claims`:", claims_opts},
	};
	for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
		fprintf(f, "\n%s\n", part[i].text);
		print_table(f, part[i].rows);
	}
}

void reference_markdown(FILE *f)
{
	fputs("# The experiment file\n\n"
	      "Made by `limbeck info --markdown` from the rows that the program reads files by: not to be edited.\n"
	      "`limbeck info NAME` prints the same of one item. A key that is not listed here is an error.\n"
	      "`--set KEY=VALUE` goes over the file: `data.batch=64`, `stages.kd.epochs=5`, `stages.0.epochs=5`.\n"
	      "Every value that was used, with where it came from, is in the run's `config.yaml`.\n\n"
	      "## Top\n", f);
	print_table(f, experiment_opts);
	fputs("\n`seed` as a map:\n", f);
	print_table(f, seed_opts);
	fputs("\nAn entry of `arms`. Each arm is an ordinary stage: it leaves the same artefacts, bit for bit, as it would alone;\n"
	      "teachers that arms have in common are run once a batch. Arms of one entry start together, so they use only what\n"
	      "stands before the first of them.\n", f);
	print_table(f, arms_opts);
	fputs("\n`report`:\n", f);
	print_table(f, report_opts);
	print_sweep(f);
	print_kind(f, "datasets", "data", "`data: {kind: NAME, ...}`.");
	print_kind(f, "models", "networks",
	           "`networks: {NAME: {model: MODEL, ...}}`. Pictures and classes are the data's.");
	print_kind(f, "stages", "stages",
	           "`stages: [{name: NAME, kind: KIND, train: NETWORK, ...}]`, in the order in which they run.\n"
	           "A reference is `STAGE.last`, `STAGE.best` (of the epoch that did best on the held-out pictures),\n"
	           "`STAGE.anchors`,\n"
	           "`STAGE.anchors[i]` counted from 0 (in quotes: brackets mean a list to YAML), or\n"
	           "`{file: PATH}`; a stage uses what earlier ones leave.\n\n"
	           "`anchors: {count: 3, rule: equal}` keeps equally spaced epochs, the last among them;\n"
	           "`anchors: [6, 20, 40]` keeps those, `anchors: {rule: plateau}` the last epoch before each drop of `schedule: steps` and the last.\n\n"
	           "Where a stage takes several teachers, a list of references is met in order; a reference may be there several times, and\n"
	           "`{anchors: STAGE.anchors, order: reversed}` turns some of them round. Teachers of `distill` may be of several networks, files too:\n"
	           "`{file: PATH, network: NAME}`. So a teacher that is cut short (`cut`, below networks) can teach before the whole one. Its blocks are\n"
	           "taken from the whole one, and its head is trained on them:\n\n"
	           "```\n"
	           "networks:\n"
	           "  teacher: {model: cnn, widths: [16, 32, 64]}\n"
	           "  teacher1: {model: cnn, widths: [16, 32, 64], cut: 1}\n"
	           "  student: {model: cnn, widths: [8, 16, 32]}\n"
	           "stages:\n"
	           "  - {name: teach, kind: supervise, train: teacher, epochs: 12}\n"
	           "  - {name: teach1, kind: supervise, train: teacher1, from: teach.last, moves: head, epochs: 2}\n"
	           "  - {name: kd, kind: distill, train: student, teacher: [teach1.last, teach.last], epochs: 12, teacher_epochs: [4, 8]}\n"
	           "```\n\n"
	           "Weights of a `from` are of the network that is trained, or of one that has its stem and blocks, parameter for parameter: then the\n"
	           "head starts anew, and the log says so.");
	print_kind(f, "losses", "losses",
	           "Entries of a `distill` stage's `losses: [{kind: NAME, weight: 1, ...}]`.");
	print_kind(f, "temperatures", "temperatures",
	           "`temperature: {kind: NAME, ...}` of a loss that has `tau`, in its place, or of an `assistants` or `ktan` stage. Every step's is kept in\n"
	           "`stages/STAGE/temperature.csv` of the run, and a later stage may repeat it, or the lengths of its phases: `STAGE.temperature`.");
	print_kind(f, "critics", "critics", "`critic: {kind: NAME, ...}` of a `blocks` stage.");
	print_kind(f, "adversaries", "adversaries", "`adversary: NAME` of a `blocks` stage.");
}
