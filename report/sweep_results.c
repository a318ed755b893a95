#include "report/sweep_results.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "report/table_int.h"

/* Of a file that claims nothing any more there is none. */
static enum status write_claims(const struct table *t, struct err *e)
{
	const char *path = path_join(t->arena, t->sweep->folder, "claims.csv");
	struct file *f = NULL;
	if (!t->n_claim) {
		unlink(path);
		return OK;
	}
	enum status st = file_create(&f, path, e);
	if (st != OK)
		return st;
	st = table_print_claims(t, file_stream(f), GRID_CSV);
	const enum status end = file_commit(f, e);
	return st == OK ? end : st;
}

static enum status write_form(const struct table *t, const char *name, enum grid_form form, struct err *e)
{
	struct file *f = NULL;
	enum status st = file_create(&f, path_join(t->arena, t->sweep->folder, name), e);
	if (st != OK)
		return st;
	st = table_print(t, file_stream(f), form);
	const enum status end = file_commit(f, e);
	return st == OK ? end : st;
}

/* ---- sweep.json ---- */

static void add_number(struct str *s, const char *key, double v)
{
	if (isfinite(v))
		str_printf(s, ", \"%s\": %.17g", key, v);
	else
		str_printf(s, ", \"%s\": null", key);
}

static void add_text(struct str *s, const char *key, const char *text)
{
	str_printf(s, "\"%s\": ", key);
	json_quote(s, text ? text : "");
}

/* The folder that has the item's files: its own run's, or that of the run which trained it. As it lies from the sweep's folder. NULL: it is gone. */
static const char *folder_of(const struct table *t, int64_t id)
{
	struct store_run_row run;
	const char *stage = NULL;
	if (store_run_of_stage(t->sweep->store, t->arena, id, &run, &stage, NULL) != OK)
		return NULL;
	const char *slash = strrchr(run.folder, '/');
	return arena_printf(t->arena, "../%s", slash ? slash + 1 : run.folder);
}

static void add_series(const struct table *t, struct str *s)
{
	str_add(s, ", \"series\": [");
	bool first = true;
	for (int i = 0; i < t->n_row; i++)
		for (int c = 0; c < t->n_column && (!c || (t->column[c].point && str_eq(t->column[c].metric, t->column[0].metric))); c++) {
			const struct table_cell *cell = &t->row[i].cell[c];
			if (!cell->n)
				continue;
			str_printf(s, "%s\n {", first ? "" : ",");
			first = false;
			add_text(s, "label", t->column[0].point && *t->column[c].point->name ? arena_printf(t->arena, "%s, %s", t->row[i].label, t->column[c].label) : t->row[i].label);
			str_add(s, ", \"items\": [");
			for (int k = 0, n = 0; k < cell->n; k++) {
				const struct sweep_item *item = &t->sweep->item[cell->item[k]];
				const char *folder = folder_of(t, item->id);
				if (!folder)
					continue;
				str_printf(s, "%s{", n++ ? ", " : "");
				add_text(s, "folder", folder);
				str_add(s, ", ");
				add_text(s, "stage", item->stage->name);
				str_printf(s, ", \"seed\": %llu}", cell->seed[k] >= 0 ? (unsigned long long)cell->seed[k] : (unsigned long long)item->stage->seed_init);
			}
			str_add(s, "]}");
		}
	str_add(s, "]");
}

static void add_difference(struct str *s, bool *first, const char *what, const struct paired *d, double p, const char *verdict)
{
	str_printf(s, "%s\n {", *first ? "" : ",");
	*first = false;
	add_text(s, "what", what);
	str_printf(s, ", \"n\": %d", d->n);
	add_number(s, "mean", d->mean);
	add_number(s, "low", d->low);
	add_number(s, "high", d->high);
	add_number(s, "p", p);
	str_add(s, ", ");
	add_text(s, "verdict", verdict);
	str_add(s, "}");
}

static void add_differences(const struct table *t, struct str *s)
{
	static const char *const words[] = {"undecided", "supported", "contradicted"};
	bool first = true;
	str_add(s, ", \"differences\": [");
	for (int i = 0; i < t->n_claim; i++)
		if (!t->claim[i].untested)
			add_difference(s, &first, arena_printf(t->arena, "%s%s", t->claim[i].name, table_mark(t->claim[i].column)), &t->claim[i].paired, t->claim[i].p,
			               arena_printf(t->arena, "%s%s", words[t->claim[i].verdict], t->claim[i].late ? ", but written after runs existed"
			               : str_eq(t->claim[i].written, "not known") ? ", but when it was written is not known" : ""));
	for (int i = 0; i < t->n_row; i++)
		for (int c = 0; c < t->n_column; c++)
			if (t->row[i].cell[c].control.n && t->column[c].percent) /* they share one axis */
				add_difference(s, &first, arena_printf(t->arena, "%s minus %s, %s", t->row[i].label, t->control, table_column_label(t->arena, t, &t->column[c])), &t->row[i].cell[c].control, NAN, "");
	str_add(s, "]");
}

static enum status add_table(const struct table *t, struct str *s, struct err *e)
{
	char *text = NULL, *notes = NULL;
	size_t n = 0, m = 0;
	FILE *f = open_memstream(&text, &n), *g = open_memstream(&notes, &m);
	if (!f || !g)
		return err_nomem(e, "no memory for the table's text");
	const enum status st = table_print(t, f, GRID_HTML);
	table_notes(t, g, GRID_HTML, NOTES_ALL);
	fclose(f);
	fclose(g);
	str_add(s, ", ");
	add_text(s, "table_html", text);
	str_add(s, ", ");
	add_text(s, "notes", notes);
	free(text);
	free(notes);
	return st;
}

static enum status write_json(const struct table *t, struct err *e)
{
	struct str s = {0};
	struct file *f = NULL;
	str_add(&s, "{");
	add_text(&s, "title", t->title);
	str_add(&s, ", ");
	add_text(&s, "rule", table_rule_said[t->rule]);
	str_add(&s, ", ");
	add_text(&s, "budget", t->sweep->budget_name);
	add_series(t, &s);
	add_differences(t, &s);
	enum status st = add_table(t, &s, e);
	str_add(&s, "}\n");
	if (st == OK)
		st = file_create(&f, path_join(t->arena, t->sweep->folder, "sweep.json"), e);
	if (st == OK) {
		file_write(f, str_text(&s), s.len);
		st = file_commit(f, e);
	}
	str_release(&s);
	return st;
}

enum status sweep_results(struct sweep *s, struct err *e)
{
	struct table *t = NULL;
	static const struct table_options as_the_file_says = {0};
	static const struct { const char *name; enum grid_form form; } files[] = {
		{"table.txt", GRID_TEXT}, {"table.md", GRID_MARKDOWN}, {"table.csv", GRID_CSV}, {"table.tex", GRID_LATEX},
	};
	enum status st = table_make(s->arena, s, &as_the_file_says, &t, e);
	if (st == OK) {
		putchar('\n');
		st = table_print(t, stdout, GRID_TEXT);
	}
	for (size_t i = 0; i < sizeof files / sizeof *files && st == OK; i++)
		st = write_form(t, files[i].name, files[i].form, e);
	if (st == OK)
		st = write_claims(t, e);
	if (st == OK)
		st = write_json(t, e);
	if (st == OK)
		printf("\n%s\n", s->folder);
	return st;
}
