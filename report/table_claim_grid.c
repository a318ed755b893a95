/* Claims as a grid, and what two networks of each have right on test pictures. */
#include <math.h>

#include "report/table_int.h"

const char *table_claim_word(struct arena *a, const struct table_claim *c)
{
	static const char *const words[] = {"undecided", "supported", "contradicted"};
	return c->untested ? arena_printf(a, "undecided (%s)", c->untested) : words[c->verdict];
}

int table_by_limit(const struct table_claim *c)
{
	return c->x->by_limit + c->y->by_limit;
}

/* "8 (8 better)", "5 (4 better), 3 failed, 2 by limit": pairs, what there would be more of, and runs of both rows that are marked elsewhere too. */
static const char *pairs_of(struct arena *a, const struct table_claim *c)
{
	const int failed = c->x->failed + c->y->failed, by_limit = table_by_limit(c);
	const char *text = arena_printf(a, "%d (%d better)", c->paired.n, c->paired.wins);
	if (failed)
		text = arena_printf(a, "%s, %d failed", text, failed);
	return by_limit ? arena_printf(a, "%s, %d by limit", text, by_limit) : text;
}

/* ", by test_top5" where no column above says so. */
static const char *metric_of(struct arena *a, const struct table *t, const struct table_claim *c)
{
	return c->column < t->column + t->n_column ? "" : arena_printf(a, ", by %s", c->column->metric);
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

struct grid *table_claim_grid(struct arena *a, const struct table *t)
{
	static const char *const head[] = {"claim", "verdict", "written", "difference", "interval", "teachers", "pairs", "p (t, Holm)", "p (flips)", "its floor", "seeds for 80 %"};
	const char *title = t->otherwise ? "Claims, but by another metric, rule or columns than those they were written for" : "Claims";
	struct grid *g = grid_new(a, title, 11, 3, head);
	for (int i = 0; i < t->n_claim; i++) {
		const struct table_claim *c = &t->claim[i];
		const char **out = grid_row(g);
		out[0] = arena_printf(a, "%s%s%s%s", c->name, metric_of(a, t, c), c->untested ? "" : recipes_of(a, c), table_mark(c->column));
		out[1] = table_claim_word(a, c);
		out[2] = c->written;
		out[5] = table_said_teachers(a, c->teachers);
		if (c->untested)
			continue;
		out[3] = table_signed(a, c->column, c->paired.mean);
		out[4] = table_interval(a, c->column, c->paired.low, c->paired.high);
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

void table_claim_pictures(const struct table *t, FILE *f)
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
