/* Ours beside a paper's: the grid, and of what the paper's numbers are. */
#include <math.h>

#include "losses/loss.h"
#include "report/table_int.h"

static bool is_matched(const struct table *t, const struct paper_row *p)
{
	for (int i = 0; i < t->n_row; i++)
		if (t->row[i].paper == p)
			return true;
	return false;
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
	out[2] = cell->n ? arena_printf(a, "%s%s%s%s", table_number(a, c, cell->sum.mean), isnan(cell->sum.half) ? "" : " ± ",
	                                isnan(cell->sum.half) ? "" : table_number(a, c, cell->sum.half), table_recipe_mark(a, cell))
	                 : "-";
	out[3] = arena_printf(a, cell->by_limit ? "%d, %d by limit" : "%d", cell->n, cell->by_limit);
	out[4] = table_number(a, c, cell->paper->value);
	out[5] = papers_own(a, t, column, cell->paper);
	out[6] = cell->n ? table_signed(a, c, cell->beside.difference) : "-";
	out[7] = cell->n ? table_number(a, c, cell->beside.half) : "-";
	out[8] = cell->verdict;
}

struct grid *table_paper_grid(struct arena *a, const struct table *t)
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
			out[4] = table_number(a, &t->column[c], row->cell[t->column[c].paper].value);
			out[5] = papers_own(a, t, c, &row->cell[t->column[c].paper]);
			out[8] = *row->needs && !loss_find(row->needs) && !stage_kind_find(row->needs) ? arena_printf(a, "needs %s", row->needs) : "not run";
		}
	}
	return g;
}

/* ---- below it ---- */

static bool same_usual(const struct paper_cell *x, const struct paper_cell *y)
{
	return str_eq(x->metric, y->metric) && x->split == y->split && x->rule == y->rule && x->runs == y->runs;
}

/* Whether another column before this one stands beside the same numbers, or beside such as are of the same. */
static bool is_told(const struct table *t, int column)
{
	const struct paper_cell *usual = &t->paper->usual[t->column[column].paper];
	for (int c = 0; c < column; c++)
		if (t->column[c].paper >= 0 && same_usual(usual, &t->paper->usual[t->column[c].paper]))
			return true;
	return false;
}

/* A line for all columns whose numbers the paper has in the same way. */
static void note_papers_numbers(const struct table *t, FILE *f)
{
	for (int c = 0; c < t->n_column; c++) {
		if (t->column[c].paper < 0 || is_told(t, c))
			continue;
		const struct paper_cell *p = &t->paper->usual[t->column[c].paper];
		fputs("The paper's numbers", f);
		for (int k = c, n = 0; k < t->n_column; k++)
			if (t->column[k].paper >= 0 && same_usual(p, &t->paper->usual[t->column[k].paper]))
				fprintf(f, "%s%s", n++ ? ", " : " beside ", table_column_label(t->arena, t, &t->column[k]));
		fprintf(f, ": metric %s, split %s, rule %s, runs %d; one that is of something else says so beside its runs.\n", p->metric, paper_split_word(p->split),
		        paper_rule_word(p->rule), p->runs);
	}
}

void table_paper_note(const struct table *t, FILE *f)
{
	if (!t->paper)
		return;
	fputs("Verdict: above or below if the difference is outside ±, which assumes the paper's spread to be ours; agrees if it is at most half a point and "
	      "± at most one; else it cannot be told. What is not of the same metric, data, split, budget or rule, what doesn't say its split or rule, and what is only recalled, gets none.\n", f);
	note_papers_numbers(t, f);
	if (t->paper->note && *t->paper->note)
		fprintf(f, "%s\n", t->paper->note);
}
