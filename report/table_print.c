/* A table as text, Markdown, LaTeX, HTML or CSV. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "losses/loss.h"
#include "report/table_int.h"

/* Seconds of a long run are whole ones, all of their digits. */
static bool is_whole(const struct table_column *c, double v)
{
	return c->time && fabs(v) >= 1000;
}

static const char *number(struct arena *a, const struct table_column *c, double v)
{
	return isnan(v) ? "-" : arena_printf(a, c->percent ? "%.2f" : is_whole(c, v) ? "%.0f" : "%.4g", v);
}

static const char *signed_number(struct arena *a, const struct table_column *c, double v)
{
	return isnan(v) ? "-" : arena_printf(a, c->percent ? "%+.2f" : is_whole(c, v) ? "%+.0f" : "%+.4g", v);
}

static const char *interval(struct arena *a, const struct table_column *c, double low, double high)
{
	return isnan(low) ? "-" : arena_printf(a, "%s to %s", signed_number(a, c, low), signed_number(a, c, high));
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

const char *table_said_teachers(const char *teachers)
{
	return str_eq(teachers, "per_seed") ? "per seed" : teachers;
}

static const char *or_dash(const char *text)
{
	return *text ? text : "-";
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
		out[1] = cell->n ? arena_printf(a, "%s%s", number(a, c, cell->sum.mean), table_recipe_mark(a, cell)) : state(cell);
		out[4 + at] = count(a, cell);
		if (!cell->n)
			continue;
		out[2] = number(a, c, cell->sum.half);
		if (teachers && !isnan(cell->sum.half))
			out[TEACHERS] = or_dash(table_said_teachers(r->teachers));
		out[1 + at] = number(a, c, cell->sum.deviation);
		out[2 + at] = number(a, c, least);
		out[3 + at] = number(a, c, most);
		if (!t->control || !cell->control.n)
			continue;
		out[5 + at] = signed_number(a, c, cell->control.mean);
		out[6 + at] = interval(a, c, cell->control.low, cell->control.high);
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
			out[1] = or_dash(table_said_teachers(t->row[i].teachers));
		for (int c = 0; c < n; c++) {
			const struct table_column *col = &t->column[first + c];
			const struct table_cell *cell = &t->row[i].cell[first + c];
			const char *seeds = count(a, cell), *mark = table_recipe_mark(a, cell);
			const bool told = str_eq(seeds, "0"); /* the state says it all */
			out[c + 1 + teachers] = !cell->n ? told ? state(cell) : arena_printf(a, "%s (%s)", state(cell), seeds)
			             : isnan(cell->sum.half) ? arena_printf(a, "%s (%s)%s", number(a, col, cell->sum.mean), seeds, mark)
			             : arena_printf(a, "%s ± %s (%s)%s", number(a, col, cell->sum.mean), number(a, col, cell->sum.half), seeds, mark);
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
		return arena_printf(a, "%s (%s)", signed_number(a, c, d->mean), wins);
	return arena_printf(a, "%s (%s, %s)", signed_number(a, c, d->mean), interval(a, c, d->low, d->high), wins);
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

/* ---- beside a paper ---- */

static bool is_matched(const struct table *t, const struct paper_row *p)
{
	for (int i = 0; i < t->n_row; i++)
		if (t->row[i].paper == p)
			return true;
	return false;
}

const char *table_column_label(struct arena *a, const struct table *t, const struct table_column *c)
{
	const bool several = c->point && !str_eq(t->column[0].metric, t->column[t->n_column - 1].metric);
	return arena_printf(a, "%s%s%s%s", c->label, several ? ", " : "", several ? c->metric : "", table_mark(c));
}

/* "5, found; split valid; rule best": its runs and trust, and of what else than its column's other numbers it is. */
static const char *papers_own(struct arena *a, const struct table *t, int column, const struct paper_cell *p)
{
	const struct paper_cell *usual = &t->paper->usual[t->column[column].paper];
	const char *text = arena_printf(a, "%d, %s", p->runs, trust_word(p->trust));
	if (!str_eq(p->metric, usual->metric))
		text = arena_printf(a, "%s; %s", text, p->metric);
	if (p->split != usual->split)
		text = arena_printf(a, "%s; split %s", text, paper_split_word(p->split));
	return p->rule == usual->rule ? text : arena_printf(a, "%s; rule %s", text, paper_rule_word(p->rule));
}

static void paper_line(struct arena *a, struct grid *g, const struct table *t, const struct table_row *r, int column)
{
	const struct table_cell *cell = &r->cell[column];
	const struct table_column *c = &t->column[column];
	const char **out = grid_row(g);
	out[0] = r->label;
	out[1] = table_column_label(a, t, c);
	out[2] = cell->n ? arena_printf(a, "%s%s%s%s", number(a, c, cell->sum.mean), isnan(cell->sum.half) ? "" : " ± ",
	                                isnan(cell->sum.half) ? "" : number(a, c, cell->sum.half), table_recipe_mark(a, cell))
	                 : "-";
	out[3] = arena_printf(a, "%d", cell->n);
	out[4] = number(a, c, cell->paper->value);
	out[5] = papers_own(a, t, column, cell->paper);
	out[6] = cell->n ? signed_number(a, c, cell->beside.difference) : "-";
	out[7] = cell->n ? number(a, c, cell->beside.half) : "-";
	out[8] = cell->verdict;
}

static struct grid *paper_grid(struct arena *a, const struct table *t)
{
	static const char *const head[] = {"row", "column", "ours", "n", "paper", "its runs", "ours - paper", "±", "verdict"};
	struct grid *g = grid_new(a, arena_printf(a, "Beside: %s (%s)", t->paper->title, t->paper->source), 9, 2, head);
	for (int c = 0; c < t->n_column; c++)
		for (int i = 0; i < t->n_row; i++)
			if (t->row[i].cell[c].paper)
				paper_line(a, g, t, &t->row[i], c);
	for (int p = 0; p < t->paper->n_row; p++) {
		const struct paper_row *row = &t->paper->row[p];
		for (int c = 0; c < t->n_column && !is_matched(t, row); c++) {
			if (t->column[c].paper < 0 || isnan(row->cell[t->column[c].paper].value))
				continue;
			const char **out = grid_row(g);
			out[0] = row->title;
			out[1] = table_column_label(a, t, &t->column[c]);
			out[4] = number(a, &t->column[c], row->cell[t->column[c].paper].value);
			out[5] = papers_own(a, t, c, &row->cell[t->column[c].paper]);
			out[8] = *row->needs && !loss_find(row->needs) && !stage_kind_find(row->needs) ? arena_printf(a, "needs %s", row->needs) : "not run";
		}
	}
	return g;
}

/* ---- claims ---- */

const char *table_claim_word(struct arena *a, const struct table_claim *c)
{
	static const char *const words[] = {"undecided", "supported", "contradicted"};
	return c->untested ? arena_printf(a, "undecided (%s)", c->untested) : words[c->verdict];
}

/* "8 (8 better)", "5 (4 better), 3 failed": pairs, and what there would be more of. */
static const char *pairs_of(struct arena *a, const struct table_claim *c)
{
	const int failed = c->x->failed + c->y->failed;
	const char *text = arena_printf(a, "%d (%d better)", c->paired.n, c->paired.wins);
	return failed ? arena_printf(a, "%s, %d failed", text, failed) : text;
}

/* " [a, b]" where the two have recipes of their own. */
static const char *recipes_of(struct arena *a, const struct table_claim *c)
{
	return c->x->recipe == c->y->recipe ? "" : arena_printf(a, " [%s, %s]", table_recipe(a, c->x), table_recipe(a, c->y));
}

static const char *seeds_needed(struct arena *a, int n)
{
	return n < SEEDS_MOST ? arena_printf(a, "%d", n) : "over 100,000";
}

static struct grid *claim_grid(struct arena *a, const struct table *t)
{
	static const char *const head[] = {"claim", "verdict", "written", "difference", "interval", "teachers", "pairs", "p (t, Holm)", "p (flips)", "its floor", "seeds for 80 %"};
	const char *title = t->otherwise ? "Claims, but by another metric, rule or columns than those they were written for" : "Claims";
	struct grid *g = grid_new(a, title, 11, 3, head);
	for (int i = 0; i < t->n_claim; i++) {
		const struct table_claim *c = &t->claim[i];
		const char **out = grid_row(g);
		out[0] = arena_printf(a, "%s%s%s", c->name, c->untested ? "" : recipes_of(a, c), table_mark(c->column));
		out[1] = table_claim_word(a, c);
		out[2] = c->written;
		out[5] = or_dash(c->teachers);
		if (c->untested)
			continue;
		out[3] = signed_number(a, c->column, c->paired.mean);
		out[4] = interval(a, c->column, c->paired.low, c->paired.high);
		out[6] = pairs_of(a, c);
		out[7] = isnan(c->p) ? "-" : arena_printf(a, "%.3g", c->p);
		out[8] = isnan(c->paired.p_flip) ? "-" : arena_printf(a, "%.3g", c->paired.p_flip);
		out[9] = arena_printf(a, "%.3g", c->paired.p_flip_floor);
		if (c->seeds_needed)
			out[10] = arena_printf(a, "%s (%s to %s)", seeds_needed(a, c->seeds_needed), seeds_needed(a, c->seeds_range.low), seeds_needed(a, c->seeds_range.high));
		else
			out[10] = "-";
	}
	return g;
}

static void print_pictures(const struct table *t, FILE *f)
{
	for (int i = 0; i < t->n_claim; i++) {
		const struct table_claim *c = &t->claim[i];
		if (c->only_better >= 0)
			fprintf(f, "%s: of the two networks%s (%s), %ld test pictures are right with the first alone and %ld with the second alone; McNemar p %.3g "
			           "(of these two networks, not of the methods).\n", c->name, c->seed >= 0 ? arena_printf(t->arena, " of seed %d", c->seed) : "",
			        table_rule_said[c->column->rule], c->only_better, c->only_than, c->pictures.exact);
		else if (!c->untested && table_has_answers(c->column))
			fprintf(f, "%s: no McNemar test: %s.\n", c->name, c->column->rule == RULE_BEST_TEST ? "no answers are kept of an epoch that the test pictures chose"
			        : "the answers of these two networks are not there");
	}
}

/* ---- the whole ---- */

/* Those of one sort, in the arena. */
static const char *notes(const struct table *t, enum grid_form form, int which)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	if (!f)
		return NULL;
	if (which & NOTES_CLAIMS)
		print_pictures(t, f);
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
		print_grid(t, claim_grid(a, t), NOTES_CLAIMS, form, f);
	}
	if (t->paper) {
		gap(f);
		print_grid(t, paper_grid(a, t), NOTES_PAPER, form, f);
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
		print_grid(t, claim_grid(t->arena, t), NOTES_CLAIMS, form, f);
	if (t->n_claim && (form == GRID_HTML || form == GRID_LATEX))
		return OK;
	if (t->n_claim)
		gap(f);
	return print_notes(t, form == GRID_MARKDOWN ? "- " : "", form, t->n_claim ? NOTES_CLAIMS : NOTES_NO_CLAIMS, f);
}
