/* Whether a paper's sentences hold here: only in what may be compared with the paper, and never by one seed. */
#include <math.h>
#include <string.h>

#include "report/table_int.h"

/* A column, or a point where these are rows, that has both rows of a sentence. */
struct place {
	const struct table_cell *x, *y;
	const char *key;
	struct paired paired;         /* better minus than, so that better is positive */
};

struct tally {
	struct arena *arena;
	int n;
	struct place *place;          /* those that count, each of other networks */
	int wins, losses, ties;       /* by place, or by seed where there is one place */
	bool one_seed;                /* in any place */
	bool metric, run;             /* any column is of the sentence's metric; any place has values of both rows */
	const char *why;              /* places do not count; "": all do */
};

static void leave_out(struct tally *n, const char *why)
{
	if (!strstr(n->why, why))
		n->why = arena_printf(n->arena, "%s%s%s", n->why, *n->why ? ", " : "", why);
}

static const char *unlike(const struct table *t, const struct table_row *r, int k)
{
	const struct table_column *col = &t->column[k];
	return r->cell[k].paper ? table_unlike(t, r, col, r->cell[k].paper, true) : "the paper has no number";
}

/* The same networks under another name are no other pair. */
static bool is_again(const struct tally *n, const struct place *p)
{
	for (const struct place *q = n->place; q < n->place + n->n; q++)
		if (table_same_runs(p->x, q->x) && table_same_runs(p->y, q->y) && str_eq(p->key, q->key))
			return true;
	return false;
}

static void add_place(const struct table *t, const struct table_row *x, const struct table_row *y, int k, struct tally *n)
{
	struct place *p = &n->place[n->n];
	const char *why = unlike(t, x, k);
	*p = (struct place){.x = &x->cell[k], .y = &y->cell[k], .key = t->column[k].key};
	if (!p->x->n || !p->y->n)
		return;
	n->run = true;
	why = why ? why : unlike(t, y, k);
	if (why) {
		leave_out(n, why);
		return;
	}
	p->paired = table_differences(n->arena, p->x, p->y, t->column[k].less_is_better ? -1 : 1);
	if (!p->paired.n)
		leave_out(n, "no seed in common");
	else if (!is_again(n, p))
		n->n++;
}

static bool is_row_of(const struct table_row *r, const char *name)
{
	return r->paper && str_eq(r->paper->name, name);
}

/* Both rows of a sentence in column k, at each point that has both. */
static void add_column(const struct table *t, const struct paper_claim *c, int k, struct tally *n)
{
	for (int i = 0; i < t->n_row; i++)
		for (int j = 0; j < t->n_row; j++)
			if (is_row_of(&t->row[i], c->better) && is_row_of(&t->row[j], c->than) && t->row[i].point == t->row[j].point)
				add_place(t, &t->row[i], &t->row[j], k, n);
}

/* One place counts its seeds, several count each by the mean over its seeds. */
static void count(struct tally *n)
{
	static const double equal = 1e-9; /* what rounding may leave of a sum of differences */
	for (int i = 0; i < n->n; i++) {
		const double mean = n->place[i].paired.mean;
		n->one_seed |= n->place[i].paired.n < 2;
		n->wins += mean > equal;
		n->losses += mean < -equal;
		n->ties += fabs(mean) <= equal;
	}
	if (n->n != 1)
		return;
	n->wins = n->place->paired.wins;
	n->losses = n->place->paired.losses;
	n->ties = n->place->paired.ties;
}

static const char *judged(const struct paper_claim *c, const struct tally *n)
{
	const int pairs = n->wins + n->losses + n->ties;
	if (n->one_seed)
		return "undecided, one seed";
	if ((c->pairs ? pairs : n->wins + n->losses) < 3)
		return "undecided, too few";
	if (!n->wins && n->losses >= 3)
		return "contradicted";
	if (n->n < c->pairs)
		return arena_printf(n->arena, "undecided, %d of its %d pairs", n->n, c->pairs);
	const bool held = c->pairs ? n->wins * c->pairs >= c->better_in * pairs && (n->wins + n->ties) * c->pairs >= (c->better_in + c->equal_in) * pairs : !n->losses;
	return held ? "supported" : "undecided";
}

static void print(const struct table *t, const struct paper_claim *c, const struct tally *n, FILE *f)
{
	const char *places = t->column[0].point ? "columns" : "points";
	fprintf(f, "The paper says: %s. ", c->says);
	if (!n->n && (n->run || !n->metric)) {
		fprintf(f, "Undecided: nothing here is comparable (%s).\n", n->metric ? n->why : "other metric");
		return;
	}
	if (!n->n) {
		fputs("Undecided: not run.\n", f);
		return;
	}
	fprintf(f, "Here in %d of %d %s", n->wins, n->wins + n->losses + n->ties, n->n > 1 ? places : "seeds");
	if (n->ties)
		fprintf(f, ", equal in %d", n->ties);
	fprintf(f, ": %s%s.", judged(c, n), c->amount ? ", its sign alone" : "");
	if (*n->why)
		fprintf(f, " Not counted: %s.", n->why);
	fputc('\n', f);
}

void table_paper_claims_note(const struct table *t, FILE *f)
{
	for (int i = 0; t->paper && i < t->paper->n_claim; i++) {
		const struct paper_claim *c = &t->paper->claim[i];
		struct tally n = {.arena = t->arena, .why = ""};
		n.place = NEW_ARRAY(t->arena, struct place, (size_t)t->n_row * (size_t)t->n_row * (size_t)t->n_column + 1);
		for (int k = 0; k < t->n_column; k++) {
			const int own = t->column[k].paper;
			if (own < 0 || !table_same_metric(*c->metric ? c->metric : t->paper->usual[own].metric, t->column[k].metric))
				continue;
			n.metric = true;
			if (str_eq(c->columns, "all") || str_eq(c->columns, t->paper->column[own]))
				add_column(t, c, k, &n);
		}
		count(&n);
		print(t, c, &n, f);
	}
}
