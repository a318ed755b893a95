/* What a table's numbers are, below it: nobody should have to guess. */
#include <math.h>
#include <string.h>

#include "report/table_int.h"

const char *const table_rule_said[] = {"last epoch", "best on the held-out pictures", "best on the test pictures, which is chosen on the test set"};

const char *table_mark(const struct table_column *c)
{
	return c->rule == RULE_BEST_TEST ? " (chosen on the test set)" : "";
}

/* What has no other epoch than the last, and what was asked for by the name of another rule's. */
static void note_other_rules(const struct table *t, FILE *f)
{
	for (enum table_rule rule = RULE_LAST; rule <= RULE_BEST_TEST; rule++) {
		int n = 0;
		for (int c = 0; c < t->n_column && rule != t->rule; c++) {
			const struct table_column *col = &t->column[c];
			if (col->rule != rule || col->time || (c && str_eq(col->metric, col[-1].metric)))
				continue;
			if (n++)
				fprintf(f, ", %s", col->metric);
			else if (rule == RULE_LAST)
				fprintf(f, "Of the last epoch all the same: %s", col->metric);
			else
				fprintf(f, "Of the epoch that did %s: %s", table_rule_said[rule], col->metric);
		}
		if (n)
			fputs(".\n", f);
	}
}

static void note_watched(const struct table *t, FILE *f)
{
	int n = 0;
	bool watched = false;
	for (int c = 0; c < t->n_column; c++)
		watched |= t->column[c].rule == RULE_BEST_TEST;
	if (t->rule != RULE_BEST_TEST && !watched)
		return;
	fputs("MARKED: the epoch is chosen on the test set itself, so these numbers are too high, and comparable only with numbers chosen in the same way.\n", f);
	for (int i = 0; i < t->n_row; i++) {
		const struct table_row *r = &t->row[i];
		const struct experiment *x = table_experiment(t, r->point);
		if (!x->stage[table_stage(x, r->stage)].train.watch_test)
			fprintf(f, "%s%s", n++ ? ", " : "Without 'watch_test: true', and so without a number: ", r->label);
	}
	if (n)
		fputs(".\n", f);
}

static void note_reach(const struct table *t, FILE *f)
{
	bool any = false;
	for (int c = 0; c < t->n_column; c++)
		any |= table_is_reach(t->column[c].metric);
	if (any)
		fprintf(f, "'to_reach': until the end of the first epoch after which a student is as good on held-out pictures as '%s' of its seed is at its end; "
		           "teachers' own training is not in it; a run that never is counts as missing.\n", t->reach);
}

static void note_limits(const struct table *t, FILE *f)
{
	int n = 0;
	for (int i = 0; i < t->n_row; i++)
		for (int c = 0; c < t->n_column; c++)
			n += t->row[i].cell[c].by_limit;
	if (n)
		fputs("'by limit': runs in which a teacher's phase was ended by its limit of epochs, before its temperature came to 1.\n", f);
}

/* What is held out may be drawn by each seed anew, which note_seeds tells. */
static bool same_pictures(const char *x, const char *y)
{
	const char *a = strstr(x, "seed.split="), *b = strstr(y, "seed.split=");
	const size_t n = a ? (size_t)(a - x) : strlen(x), m = b ? (size_t)(b - y) : strlen(y);
	return n == m && strncmp(x, y, n) == 0;
}

static void note_rule(const struct table *t, FILE *f)
{
	const struct data *d = t->sweep->run[0].x->data;
	char a[32], b[32], c[32];
	bool differ = false;
	for (int r = 0; r < t->sweep->n_run; r++)
		differ |= !same_pictures(t->sweep->run[r].x->data->identity, d->identity);
	fprintf(f, "Data: %s, %s training, %s held-out, %s test pictures%s. ", d->kind->name, str_count(a, d->n_train), str_count(b, d->n_valid),
	        str_count(c, d->n_test), differ ? " in the first run; those of others differ" : "");
	fprintf(f, "Rule: %s%s.\n", t->rule == RULE_LAST ? "" : "the epoch that did ", table_rule_said[t->rule]);
	if (t->none_held_out)
		fputs("'best' was asked for; no pictures are held out that could choose an epoch, so the last one is the rule.\n", f);
	else if (t->forced_last)
		fprintf(f, "'%s' was asked for; a teacher or first weights come from a file and may have seen the %s pictures, so the last epoch is the rule.\n",
		        t->asked == RULE_BEST ? "best" : "best_test", t->asked == RULE_BEST ? "held-out" : "test");
	note_other_rules(t, f);
	note_reach(t, f);
	note_watched(t, f);
}

static void note_seeds(const struct table *t, FILE *f)
{
	const struct seeds *s = &t->sweep->vary.seeds;
	int most = 0;
	for (int i = 0; i < t->n_row; i++)
		for (int c = 0; c < t->n_column; c++)
			most = t->row[i].cell[c].n > most ? t->row[i].cell[c].n : most;
	if (!most) /* nothing that an interval could be of */
		return;
	if (most < 2) {
		fputs("One seed: no interval can be given, and a difference of a few tenths of a point proves nothing.\n", f);
		return;
	}
	const struct { bool moved; const char *what; } part[] = {
		{s->split, "the split"}, {s->data, "the order and views of pictures"}, {s->init, "initial weights"}, {s->teacher, "the teachers"},
	};
	int n = 0, left = 0;
	for (int i = 0; i < 4; i++)
		left += part[i].moved;
	fputs("±: half the 95 % interval of the mean (t). Seeds move", f);
	for (int i = 0; i < 4; i++)
		if (part[i].moved) {
			left--;
			fprintf(f, "%s %s", !n++ ? "" : left ? "," : " and", part[i].what);
		}
	fprintf(f, "; %s.\n", seeds_have_teachers(s) ? "each has its own teacher" : "all have one teacher, so every interval is given this teacher");
}

static void note_gone(const struct table *t, FILE *f)
{
	for (int i = 0; i < t->n_gone; i++)
		fprintf(f, "MARKED: a claim that was written down on %s is in the file no more: %s.\n", *t->gone[i].seen ? t->gone[i].seen : "a day that is not known", t->gone[i].says);
}

/* In cells of points: what stands in brackets. */
static void note_counts(const struct table *t, FILE *f)
{
	bool any = false;
	for (int i = 0; i < t->n_row; i++)
		for (int c = 0; c < t->n_column; c++)
			any |= t->row[i].cell[c].n_run > 0;
	if (any && t->column[0].point)
		fputs("In brackets: the seeds that a mean is of, then those that failed, are missing, were rolled back or ended by a limit.\n", f);
}

static void note_control(const struct table *t, FILE *f, enum grid_form form)
{
	const bool points = form != GRID_CSV && t->column[0].point;
	const char *column = form == GRID_CSV ? "'difference': from the control's:" : points ? "'minus control': at the same point," : "'minus control':";
	if (t->control && (!points || table_has_differences(t, 0, t->n_column))) /* a table of points has none where there are none */
		fprintf(f, "%s on equal seeds, of split, pictures, weights and, where both have any, teachers: the order of pictures is the same where both have the same pictures and batch, initial weights where both have the same network; its interval is of a paired t.\n", column);
}

static void note_claims(const struct table *t, FILE *f, enum grid_form form)
{
	if (t->n_claim && form == GRID_CSV)
		fputs("The file's claims are a CSV of their own: 'limbeck table --claims', or claims.csv beside a sweep's table.csv.\n", f);
	else if (t->n_claim)
		fputs("A claim needs 8 pairs and p < .05 after Holm's correction over all claims. 'teachers': of its rows; with a shared one its interval is given this teacher. 'flips': the exact sign-flip test, up to 24 pairs, with the smallest value "
		      "that it can take. A claim of stages is one at each point, each a claim of the family. 'seeds for 80 %': pairs that a difference as large as this one needs, with the range from the interval of its deviation. 'written': the first 'sweep' or 'train' of the file dates a claim; "
		      "it was in time if one of its rows had no run then; 'not known': the store and claims.jsonl were lost before. Its difference is above 0 where the better one is better, also where less is better.\n", f);
	else
		fputs("No claims were written down, so nothing is tested; intervals are of one row at a time.\n", f);
}

/* How much of a text is its first line, or what there is room for, in whole characters. */
static int first_line(const char *text)
{
	enum { ROOM = 200 };
	size_t n = strcspn(text, "\n");
	for (n = n < ROOM ? n : ROOM; text[n] && ((unsigned char)text[n] & 0xC0) == 0x80; n--)
		;
	return (int)n;
}

static void note_failures(const struct table *t, FILE *f)
{
	const struct sweep *s = t->sweep;
	for (int r = 0; r < s->n_run; r++)
		for (int i = s->run[r].first; i < s->run[r].first + s->run[r].x->n_stage; i++) {
			const struct sweep_item *item = &s->item[i];
			if (item->twin != i || (item->state != ITEM_FAILED && item->state != ITEM_LEFT_OUT))
				continue;
			const char *why = item->result.why ? item->result.why : "see its log";
			const int n = first_line(why);
			fprintf(f, "FAILED %s, %s: %.*s%s\n", s->run[r].name, item->stage->name, n, why, why[n] && why[n] != '\n' ? " ..." : "");
		}
}

static void note_refused(const struct table *t, FILE *f)
{
	bool not_alone = false, chosen = false;
	for (int i = 0; i < t->n_row; i++)
		for (int c = 0; c < t->n_column; c++) {
			not_alone |= t->row[i].cell[c].refused == table_not_alone;
			chosen |= t->row[i].cell[c].refused == table_last_alone;
		}
	if (chosen)
		fputs("No number of a chosen epoch is shown of rows whose weights, or whose teachers', come from a file: these may have seen the pictures that chose it, so the last epoch is "
		      "their rule.\n", f);
	if (not_alone)
		fputs("Not timed alone: these stages shared their process, went on after a stop or read a cache. 'timing: true', with an --out of its own, "
		      "trains each again by itself.\n", f);
}

static void note_programs(const struct table *t, FILE *f)
{
	if (t->n_program > 1)
		fprintf(f, "MARKED: these runs are of %d versions or builds of the program", t->n_program);
	for (int i = 0; i < t->n_program; i++)
		fprintf(f, "%s%s", t->n_program == 1 ? "Trained by " : i ? "; " : ": ", t->program[i]);
	if (t->n_program)
		fputs(t->n_program > 1 ? "; their results may differ.\n" : ".\n", f);
}

static void note_budget(const struct table *t, FILE *f)
{
	const struct sweep *s = t->sweep;
	if (!str_eq(s->budget_name, "full"))
		fprintf(f, "Budget '%s': %s. These are not the numbers of the file's full budget, and since epochs are "
		           "rounded up, stages that see as many pictures there may not here.\n", s->budget_name, sweep_budget_text(s));
}

static void note_imported(const struct table *t, FILE *f)
{
	for (int i = 0; i < t->n_row; i++)
		if (t->row[i].imported)
			fprintf(f, "MARKED: weights that '%s' begins or learns from come from a file; what they were trained on is not known here.\n", t->row[i].label);
}

/* Runs that can't be had again bit by bit. */
static void note_order(const struct table *t, FILE *f)
{
	bool any = false;
	for (int i = 0; i < t->n_row; i++)
		for (int c = 0; c < t->n_column; c++) {
			const struct point *p = t->row[i].point ? t->row[i].point : t->column[c].point;
			any |= t->row[i].cell[c].n && table_experiment(t, p)->any_order;
		}
	if (any)
		fputs("MARKED: 'deterministic: false': steps of some of these runs may have summed in another order each time; trained again they give other numbers.\n", f);
}

void table_notes(const struct table *t, FILE *f, enum grid_form form, int which)
{
	const bool results = which & NOTES_RESULTS;
	if (results)
		note_rule(t, f);
	if (which & NOTES_ALL) /* each table marks them */
		note_limits(t, f);
	if (results) {
		note_budget(t, f);
		table_recipe_note(t, f);
		table_by_hand_note(t, f);
		note_seeds(t, f);
		note_counts(t, f);
		note_control(t, f, form);
	}
	if (t->n_claim ? which & NOTES_CLAIMS : which & (NOTES_RESULTS | NOTES_NO_CLAIMS)) { /* without claims there is no table of them */
		note_claims(t, f, form);
		note_gone(t, f);
	}
	if (which & NOTES_PAPER) {
		table_paper_note(t, f);
		table_paper_claims_note(t, f);
	}
	if (results) {
		table_tuning_note(t, f);
		note_programs(t, f);
		note_order(t, f);
		note_imported(t, f);
		note_refused(t, f);
		note_failures(t, f);
	}
}
