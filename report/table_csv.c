/* The table as CSV: everything, a cell a line, and every number in full. */
#include <math.h>

#include "report/table_int.h"

static const char *rule_word(struct arena *a, const struct table_column *c)
{
	static const char *const words[] = {"last", "best", "best_test"};
	return arena_printf(a, "%s%s", words[c->rule], table_mark(c));
}

void table_csv(const struct table *t, FILE *f)
{
	static const char *const head[] = {"row", "column", "metric", "rule", "budget", "n", "failed", "missing", "mean", "deviation", "low", "high", "control",
	                                   "difference", "difference_low", "difference_high", "paper", "paper_runs", "paper_trust", "verdict", "refused", "values", "rolled_back", "by_limit", "recipe", "teachers", "paper_metric",
	                                   "paper_split", "paper_rule", "recipe_hash"};
	struct arena *a = t->arena;
	struct grid *g = grid_new(a, NULL, 30, 2, head);
	for (int i = 0; i < t->n_row; i++)
		for (int c = 0; c < t->n_column; c++) {
			const struct table_cell *cell = &t->row[i].cell[c];
			const char **out = grid_row(g);
			struct str values = {0};
			out[0] = t->row[i].label;
			out[1] = t->column[c].label;
			out[2] = t->column[c].metric;
			out[3] = rule_word(a, &t->column[c]);
			out[4] = t->sweep->budget_name;
			out[5] = arena_printf(a, "%d", cell->n);
			out[6] = arena_printf(a, "%d", cell->failed);
			out[7] = arena_printf(a, "%d", cell->missing);
			const double numbers[] = {cell->sum.mean, cell->sum.deviation, cell->sum.low, cell->sum.high};
			for (int k = 0; k < 4 && cell->n; k++)
				out[8 + k] = isnan(numbers[k]) ? "" : arena_printf(a, "%.17g", numbers[k]);
			out[12] = t->control;
			const double d[] = {cell->control.mean, cell->control.low, cell->control.high};
			for (int k = 0; k < 3 && cell->control.n; k++)
				out[13 + k] = isnan(d[k]) ? "" : arena_printf(a, "%.17g", d[k]);
			if (cell->paper) {
				out[16] = arena_printf(a, "%.17g", cell->paper->value);
				out[17] = arena_printf(a, "%d", cell->paper->runs);
				out[18] = trust_word(cell->paper->trust);
				out[26] = cell->paper->metric;
				out[27] = paper_split_word(cell->paper->split);
				out[28] = paper_rule_word(cell->paper->rule);
			}
			out[19] = cell->verdict;
			out[20] = cell->refused;
			for (int k = 0; k < cell->n; k++)
				str_printf(&values, "%s%d:%.17g", k ? " " : "", cell->seed[k], cell->value[k]);
			out[21] = arena_str(a, str_text(&values));
			out[22] = arena_printf(a, "%d", cell->rolled_back);
			out[23] = arena_printf(a, "%d", cell->by_limit);
			out[24] = table_recipe(a, cell);
			out[25] = t->row[i].teachers;
			out[29] = cell->recipe_hash;
			str_release(&values);
		}
	grid_print(g, f, GRID_CSV);
}

/* A number that has more than SEEDS_MOST pairs is infinite here. */
static const char *seeds(struct arena *a, int n)
{
	return n < SEEDS_MOST ? arena_printf(a, "%d", n) : "inf";
}

/* What is to be known before a claim is read as it stands. */
static const char *marks_of(struct arena *a, const struct table *t, const struct table_claim *c)
{
	const char *text = t->otherwise ? "by another metric, rule or columns than it was written for" : "";
	if (c->x->recipe != c->y->recipe)
		text = arena_printf(a, "%s%sunlike recipes", text, *text ? "; " : "");
	const int by_limit = table_by_limit(c);
	if (by_limit)
		text = arena_printf(a, "%s%s%d ended by limit", text, *text ? "; " : "", by_limit);
	return text;
}

void table_csv_claims(const struct table *t, FILE *f)
{
	static const char *const head[] = {"claim", "verdict", "written", "metric", "rule", "budget", "better_row", "than_row", "teachers", "failed", "missing", "n", "better", "estimate",
	                                   "low", "high", "deviation", "p", "p_holm", "p_flips", "p_flips_floor", "seeds_needed", "seeds_needed_low", "seeds_needed_high", "marked"};
	enum { COLUMNS = sizeof head / sizeof *head };
	struct arena *a = t->arena;
	struct grid *g = grid_new(a, NULL, COLUMNS, 3, head);
	for (int i = 0; i < t->n_claim; i++) {
		const struct table_claim *c = &t->claim[i];
		const char **out = grid_row(g);
		out[0] = c->name;
		out[1] = table_claim_word(a, c);
		out[2] = c->written;
		out[3] = c->column->metric;
		out[4] = rule_word(a, c->column);
		out[5] = t->sweep->budget_name;
		out[6] = c->better;
		out[7] = c->than;
		out[8] = c->teachers;
		out[9] = arena_printf(a, "%d", c->x->failed + c->y->failed);
		out[10] = arena_printf(a, "%d", c->x->missing + c->y->missing);
		out[11] = arena_printf(a, "%d", c->paired.n);
		out[24] = marks_of(a, t, c);
		if (c->untested)
			continue;
		out[12] = arena_printf(a, "%d", c->paired.wins);
		const double numbers[] = {c->paired.mean, c->paired.low, c->paired.high, c->paired.deviation, c->paired.p_t, c->p, c->paired.p_flip, c->paired.p_flip_floor};
		for (int k = 0; k < 8; k++)
			out[13 + k] = isnan(numbers[k]) ? "" : arena_printf(a, "%.17g", numbers[k]);
		if (!c->seeds_needed)
			continue;
		out[21] = seeds(a, c->seeds_needed);
		out[22] = seeds(a, c->seeds_range.low);
		out[23] = seeds(a, c->seeds_range.high);
	}
	grid_print(g, f, GRID_CSV);
}
