/* A table as text, Markdown, LaTeX, HTML or CSV. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/table_int.h"

/* Seconds of a long run are whole ones, all of their digits. */
static bool is_whole(const struct table_column *c, double v)
{
	return c->time && fabs(v) >= 1000;
}

const char *table_number(struct arena *a, const struct table_column *c, double v)
{
	return isnan(v) ? "-" : arena_printf(a, c->percent ? "%.2f" : is_whole(c, v) ? "%.0f" : "%.4g", v);
}

const char *table_signed(struct arena *a, const struct table_column *c, double v)
{
	return isnan(v) ? "-" : arena_printf(a, c->percent ? "%+.2f" : is_whole(c, v) ? "%+.0f" : "%+.4g", v);
}

const char *table_interval(struct arena *a, const struct table_column *c, double low, double high)
{
	return isnan(low) ? "-" : arena_printf(a, "%s to %s", table_signed(a, c, low), table_signed(a, c, high));
}

/* "8", "7, 1 failed", "8, 2 rolled back", "8, 1 by limit". Where nothing is there at all, the cell says why by itself. */
static const char *count(struct arena *a, const struct table_cell *c)
{
	const int missing = c->n || c->failed ? c->missing - c->failed : 0;
	const struct { int n; const char *what; } of[] = {{c->failed, "failed"}, {missing, "missing"}, {c->rolled_back, "rolled back"}, {c->by_limit, "by limit"}};
	const char *text = arena_printf(a, "%d", c->n);
	for (size_t i = 0; i < sizeof of / sizeof *of; i++)
		if (of[i].n > 0)
			text = arena_printf(a, "%s, %d %s", text, of[i].n, of[i].what);
	return text;
}

static const char *state(const struct table_cell *c)
{
	return c->refused ? c->refused : c->failed ? "failed" : c->unmeasured ? "not measured" : "not run";
}

static const char *row_label(struct arena *a, const struct table_row *r)
{
	return arena_printf(a, "%s%s%s", r->label, r->teaches ? " (teacher)" : r->used ? " (first part)" : "", r->is_control ? " (control)" : "");
}

/* ---- columns are metrics: a grid for each, a row for each row ---- */

enum { TEACHERS = 3 /* column of it, beside the interval that it is a condition of */ };

/* Whether any interval is given one teacher, or of a teacher for each seed. */
static bool tells_teachers(const struct table *t)
{
	bool any = false;
	for (int i = 0; i < t->n_row && !any; i++)
		for (int c = 0; c < t->n_column && !any; c++)
			any = t->row[i].cell[c].n > 1 && *t->row[i].teachers;
	return any;
}

const char *table_said_teachers(struct arena *a, const char *teachers)
{
	char *said = arena_str(a, *teachers ? teachers : "-");
	for (char *at; (at = strchr(said, '_'));)
		*at = ' ';
	return said;
}

static struct grid *metric_grid(struct arena *a, const struct table *t, int column)
{
	static const char *const head[] = {"row", "mean", "±", "teachers", "deviation", "least", "most", "seeds", "minus control", "interval", "better in"};
	const struct table_column *c = &t->column[column];
	const bool teachers = tells_teachers(t);
	const char **own = NEW_ARRAY(a, const char *, 11);
	int n = 0;
	for (int i = 0; i < (t->control ? 11 : 8); i++)
		if (i != TEACHERS || teachers)
			own[n++] = head[i];
	struct grid *g = grid_new(a, arena_printf(a, "%s%s", c->metric, table_mark(c)), n, 1, own);
	for (int i = 0; i < t->n_row; i++) {
		const struct table_row *r = &t->row[i];
		const struct table_cell *cell = &r->cell[column];
		const char **out = grid_row(g);
		const int at = 2 + teachers;
		double least = INFINITY, most = -INFINITY;
		for (int k = 0; k < cell->n; k++) {
			least = fmin(least, cell->value[k]);
			most = fmax(most, cell->value[k]);
		}
		out[0] = row_label(a, r);
		out[1] = cell->n ? arena_printf(a, "%s%s", table_number(a, c, cell->sum.mean), table_recipe_mark(a, cell)) : state(cell);
		out[4 + at] = count(a, cell);
		if (!cell->n)
			continue;
		out[2] = table_number(a, c, cell->sum.half);
		if (teachers && !isnan(cell->sum.half))
			out[TEACHERS] = table_said_teachers(a, r->teachers);
		out[1 + at] = table_number(a, c, cell->sum.deviation);
		out[2 + at] = table_number(a, c, least);
		out[3 + at] = table_number(a, c, most);
		if (!t->control || !cell->control.n)
			continue;
		out[5 + at] = table_signed(a, c, cell->control.mean);
		out[6 + at] = table_interval(a, c, cell->control.low, cell->control.high);
		out[7 + at] = arena_printf(a, "%d of %d", c->less_is_better ? cell->control.losses : cell->control.wins, cell->control.n);
	}
	return g;
}

/* ---- columns are points: a grid of means for each metric ---- */

/* Of the n columns from `first` on. */
static struct grid *point_grid(struct arena *a, const struct table *t, int first, int n)
{
	const bool teachers = tells_teachers(t);
	const char **head = NEW_ARRAY(a, const char *, n + 2);
	head[0] = arena_printf(a, "%s%s", t->column[first].metric, table_mark(&t->column[first]));
	if (teachers)
		head[1] = "teachers";
	for (int c = 0; c < n; c++)
		head[c + 1 + teachers] = t->column[first + c].label;
	struct grid *g = grid_new(a, NULL, n + 1 + teachers, 1 + teachers, head);
	for (int i = 0; i < t->n_row; i++) {
		const char **out = grid_row(g);
		out[0] = row_label(a, &t->row[i]);
		if (teachers)
			out[1] = table_said_teachers(a, t->row[i].teachers);
		for (int c = 0; c < n; c++) {
			const struct table_column *col = &t->column[first + c];
			const struct table_cell *cell = &t->row[i].cell[first + c];
			const char *seeds = count(a, cell), *mark = table_recipe_mark(a, cell);
			const bool told = str_eq(seeds, "0"); /* the state says it all */
			out[c + 1 + teachers] = !cell->n ? told ? state(cell) : arena_printf(a, "%s (%s)", state(cell), seeds)
			             : isnan(cell->sum.half) ? arena_printf(a, "%s (%s)%s", table_number(a, col, cell->sum.mean), seeds, mark)
			             : arena_printf(a, "%s ± %s (%s)%s", table_number(a, col, cell->sum.mean), table_number(a, col, cell->sum.half), seeds, mark);
		}
	}
	return g;
}

bool table_has_differences(const struct table *t, int first, int n)
{
	for (int i = 0; i < t->n_row; i++)
		for (int c = first; c < first + n; c++)
			if (t->row[i].cell[c].control.n)
				return true;
	return false;
}

/* "+4.50 (+2.45 to +6.55, better in 8 of 8)". */
static const char *difference_of(struct arena *a, const struct table_column *c, const struct paired *d)
{
	const char *wins = arena_printf(a, "better in %d of %d", c->less_is_better ? d->losses : d->wins, d->n);
	if (isnan(d->low))
		return arena_printf(a, "%s (%s)", table_signed(a, c, d->mean), wins);
	return arena_printf(a, "%s (%s, %s)", table_signed(a, c, d->mean), table_interval(a, c, d->low, d->high), wins);
}

/* The same columns once more: two numbers in a cell, each with an interval, nobody could read. */
static struct grid *point_differences(struct arena *a, const struct table *t, int first, int n)
{
	const char **head = NEW_ARRAY(a, const char *, n + 1);
	head[0] = arena_printf(a, "%s, minus control%s", t->column[first].metric, table_mark(&t->column[first]));
	for (int c = 0; c < n; c++)
		head[c + 1] = t->column[first + c].label;
	struct grid *g = grid_new(a, NULL, n + 1, 1, head);
	for (int i = 0; i < t->n_row; i++) {
		const struct table_row *r = &t->row[i];
		if (r->is_control || r->used)
			continue;
		const char **out = grid_row(g);
		out[0] = row_label(a, r);
		for (int c = 0; c < n; c++)
			out[c + 1] = r->cell[first + c].control.n ? difference_of(a, &t->column[first + c], &r->cell[first + c].control) : "-";
	}
	return g;
}

/* ---- the whole ---- */

const char *table_column_label(struct arena *a, const struct table *t, const struct table_column *c)
{
	const bool several = c->point && !str_eq(t->column[0].metric, t->column[t->n_column - 1].metric);
	return arena_printf(a, "%s%s%s%s", c->label, several ? ", " : "", several ? c->metric : "", table_mark(c));
}


/* Those of one sort, in the arena. */
static const char *notes(const struct table *t, enum grid_form form, int which)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	if (!f)
		return NULL;
	if (which & NOTES_CLAIMS)
		table_claim_pictures(t, f);
	table_notes(t, f, form, which);
	fclose(f);
	const char *all = arena_str(t->arena, text);
	free(text);
	return all;
}

/* Each line with a mark before it. */
static enum status print_notes(const struct table *t, const char *mark, enum grid_form form, int which, FILE *f)
{
	const char *line = notes(t, form, which);
	if (!line)
		return err_nomem(NULL, "no memory for the table's notes");
	while (*line) {
		const int length = (int)strcspn(line, "\n");
		fprintf(f, "%s%.*s\n", mark, length, line);
		line += length + (line[length] == '\n');
	}
	return OK;
}

/* One of the tables; in LaTeX with the notes that it needs. */
static void print_grid(const struct table *t, struct grid *g, int which, enum grid_form form, FILE *f)
{
	g->notes = form == GRID_LATEX ? notes(t, form, which) : NULL;
	grid_print(g, f, form);
}

static void gap(FILE *f)
{
	fputc('\n', f);
}

enum status table_print(const struct table *t, FILE *f, enum grid_form form)
{
	struct arena *a = t->arena;
	if (form == GRID_CSV) {
		table_csv(t, f);
		return print_notes(t, "# ", form, NOTES_ALL, f);
	}
	if (form == GRID_TEXT)
		fprintf(f, "%s\n\n", t->title);
	else if (form == GRID_MARKDOWN)
		fprintf(f, "## %s\n\n", t->title);
	for (int c = 0, n; c < t->n_column; c += n) {
		for (n = 1; t->column[c].point && c + n < t->n_column && str_eq(t->column[c + n].metric, t->column[c].metric);)
			n++;
		if (c)
			gap(f);
		print_grid(t, t->column[c].point ? point_grid(a, t, c, n) : metric_grid(a, t, c), NOTES_RESULTS, form, f);
		if (t->column[c].point && table_has_differences(t, c, n)) {
			gap(f);
			print_grid(t, point_differences(a, t, c, n), NOTES_NONE, form, f);
		}
	}
	if (t->n_claim) {
		gap(f);
		print_grid(t, table_claim_grid(a, t), NOTES_CLAIMS, form, f);
	}
	if (t->paper) {
		gap(f);
		print_grid(t, table_paper_grid(a, t), NOTES_PAPER, form, f);
	}
	if (form == GRID_HTML || form == GRID_LATEX) /* a page has them beside it, in LaTeX each table below itself */
		return OK;
	gap(f);
	return print_notes(t, form == GRID_MARKDOWN ? "- " : "", form, NOTES_ALL, f);
}

enum status table_print_claims(const struct table *t, FILE *f, enum grid_form form)
{
	if (form == GRID_CSV) {
		table_csv_claims(t, f);
		return OK;
	}
	if (t->n_claim)
		print_grid(t, table_claim_grid(t->arena, t), NOTES_CLAIMS, form, f);
	if (t->n_claim && (form == GRID_HTML || form == GRID_LATEX))
		return OK;
	if (t->n_claim)
		gap(f);
	return print_notes(t, form == GRID_MARKDOWN ? "- " : "", form, t->n_claim ? NOTES_CLAIMS : NOTES_NO_CLAIMS, f);
}
