/* From a sweep's store to cells. */
#include "report/table.h"

#include <math.h>
#include <string.h>

#include "report/table_int.h"

/* ---- cells ---- */

const char table_not_alone[] = "not timed alone", table_last_alone[] = "the last epoch is the rule: weights come from a file";

/* A number that is there and may not be shown. */
static enum status check_alone(struct table *t, struct table_cell *cell, int64_t id, struct err *e)
{
	double alone = 0;
	const enum status st = store_last(t->sweep->store, id, "time/alone", &alone, e);
	if (st == OK && !(alone > 0))
		cell->refused = table_not_alone;
	return st;
}

/* Whether the seed of teachers has to do with it. */
static bool is_taught(const struct sweep *s, int item)
{
	const struct stage *stage = s->item[item].stage;
	const struct reference *ref;
	bool any = s->item[item].teaches;
	for (int k = 0; !any && (ref = stage_use(stage, k)); k++)
		any = ref->stage >= 0 && is_taught(s, s->run[s->item[item].run].first + ref->stage);
	return any;
}

static struct cell_seeds seeds_of(const struct sweep *s, int item, const struct sweep_run *run)
{
	const struct experiment *x = run->x;
	return (struct cell_seeds){.run = run->seed, .split = x->seed_split, .data = x->seed_data, .init = x->seed_init, .taught = is_taught(s, item),
	                           .has_teacher = x->has_seed_teacher, .teacher = x->seed_teacher};
}

bool table_is_pair(const struct table_cell *x, int i, const struct table_cell *y, int k)
{
	const struct cell_seeds *a = &x->seeds[i], *b = &y->seeds[k];
	const bool teachers = !a->taught || !b->taught || (a->has_teacher == b->has_teacher && a->teacher == b->teacher);
	return a->run == b->run && a->split == b->split && a->data == b->data && a->init == b->init && teachers;
}

static enum status add_value(struct table *t, const struct table_column *col, struct table_cell *cell, int item, const struct sweep_run *run, struct err *e)
{
	const struct sweep_item *it = &t->sweep->item[item], *twin = &t->sweep->item[it->twin];
	double v = NAN;
	if (twin->state == ITEM_FAILED || twin->state == ITEM_LEFT_OUT)
		cell->failed++;
	if (twin->state != ITEM_DONE) {
		cell->missing++;
		return OK;
	}
	enum status st = table_is_reach(col->key) ? table_reach(t, col->key, run, twin->id, &v, e) : store_last(t->sweep->store, twin->id, col->key, &v, e);
	if (st == OK && col->time)
		st = check_alone(t, cell, twin->id, e);
	if (st != OK || isnan(v)) {
		cell->missing += st == OK;
		cell->unmeasured |= st == OK;
		return st;
	}
	if (col->rule != RULE_LAST && stage_imports(run->x, t->sweep->item[item].stage))
		cell->refused = table_last_alone;
	double undone = NAN;
	st = store_most(t->sweep->store, twin->id, "rollbacks", &undone, e);
	cell->rolled_back += undone > 0;
	double by_limit = NAN;
	if (st == OK)
		st = store_most(t->sweep->store, twin->id, "phase_by_limit", &by_limit, e);
	cell->by_limit += by_limit > 0;
	cell->value[cell->n] = col->error ? 100 - v : v;
	cell->seed[cell->n] = run->seed;
	cell->seeds[cell->n] = seeds_of(t->sweep, item, run);
	cell->item[cell->n++] = item;
	return st;
}

/* One teacher for all seeds is one run, whether it is done, failed or missing. */
static bool is_new(const struct sweep *s, const int *seen, int n, int item)
{
	int k = 0;
	while (k < n && seen[k] != s->item[item].twin)
		k++;
	return k == n;
}

static enum status fill_cell(struct table *t, struct table_row *row, int column, struct err *e)
{
	const struct sweep *s = t->sweep;
	const struct table_column *col = &t->column[column];
	struct table_cell *cell = &row->cell[column];
	const struct point *point = row->point ? row->point : col->point;
	enum status st = OK;
	int first = 0;
	const int n_run = sweep_runs_of(s, point, &first);
	cell->value = NEW_ARRAY(t->arena, double, n_run);
	cell->seed = NEW_ARRAY(t->arena, int, n_run);
	cell->seeds = NEW_ARRAY(t->arena, struct cell_seeds, n_run);
	cell->item = NEW_ARRAY(t->arena, int, n_run);
	cell->run = NEW_ARRAY(t->arena, int, n_run);
	for (int r = first; r < first + n_run && st == OK; r++) {
		const int stage = table_stage(s->run[r].x, row->stage), item = s->run[r].first + stage;
		if (stage < 0 || !is_new(s, cell->run, cell->n_run, item))
			continue;
		cell->run[cell->n_run++] = s->item[item].twin;
		st = add_value(t, col, cell, item, &s->run[r], e);
	}
	if (cell->refused)
		cell->n = 0;
	if (cell->n)
		cell->sum = stats_summary(cell->value, cell->n);
	return st;
}

/* ---- the control ---- */

const struct table_row *table_row_labelled(const struct table *t, const char *label)
{
	int i = 0;
	while (i < t->n_row && !str_eq(t->row[i].label, label))
		i++;
	return i < t->n_row ? &t->row[i] : NULL;
}

const struct table_row *table_row_from(const struct table *t, int i, const char *stage)
{
	const struct point *p = t->row[i].point;
	while (i < t->n_row && t->row[i].point == p && !str_eq(t->row[i].stage, stage))
		i++;
	return i < t->n_row && t->row[i].point == p ? &t->row[i] : NULL;
}

static enum status find_control(struct table *t, struct where at, struct err *e)
{
	const char *words[64] = {NULL};
	int n = 0;
	bool any = false;
	for (int i = 0; i < t->n_row; i++) {
		any |= str_eq(t->row[i].label, t->control) || str_eq(t->row[i].stage, t->control);
		if (n < 64)
			words[n++] = t->row[i].label;
	}
	const char *near = str_nearest(t->control, words, n);
	return any ? OK : err_user(e, at, "the control '%s' is no row of the table%s%s%s", t->control, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

bool table_same_runs(const struct table_cell *x, const struct table_cell *y)
{
	bool same = x->n_run == y->n_run;
	for (int i = 0; i < x->n_run && same; i++)
		same = x->run[i] == y->run[i];
	return same;
}

struct paired table_differences(struct arena *a, const struct table_cell *x, const struct table_cell *y, double sign)
{
	double *d = NEW_ARRAY(a, double, x->n);
	int n = 0;
	for (int i = 0; i < x->n; i++)
		for (int k = 0; k < y->n; k++)
			if (table_is_pair(x, i, y, k))
				d[n++] = sign * (x->value[i] - y->value[k]);
	return n ? stats_paired(d, n) : (struct paired){0};
}

/* A control that is a row's whole label is that of all; one that is a stage, of its point. */
static void compare(struct table *t)
{
	const struct table_row *of_all = t->control ? table_row_labelled(t, t->control) : NULL, *of_point = NULL;
	for (int i = 0; i < t->n_row && t->control; i++) {
		struct table_row *row = &t->row[i];
		if (!of_all && (!i || row->point != row[-1].point))
			of_point = table_row_from(t, i, t->control);
		const struct table_row *control = of_all ? of_all : of_point;
		row->is_control = control == row;
		for (int c = 0; c < t->n_column && control && control != row && !row->used; c++)
			row->cell[c].control = table_differences(t->arena, &row->cell[c], &control->cell[c], 1);
	}
}

/* ---- the paper ---- */

bool table_same_metric(const char *papers, const char *ours)
{
	const size_t n = strlen(papers);
	return str_eq(papers, ours) || (str_starts(papers, "train_") && str_starts(ours, papers) && str_eq(ours + n, "_clean"));
}

/* Of other pictures; a paper may not say of which its number is. */
static const char *unlike_split(const struct paper_cell *p)
{
	static const struct { const char *begins; enum paper_split is; } part[] = {
		{"test_", PAPER_TEST}, {"gap_to_teacher", PAPER_TEST}, {"train_", PAPER_TRAIN}, {"valid_", PAPER_VALID}, {"valid/", PAPER_VALID},
	};
	size_t i = 0;
	while (i < sizeof part / sizeof *part && !str_starts(p->metric, part[i].begins))
		i++;
	if (i == sizeof part / sizeof *part || p->split == part[i].is)
		return NULL;
	return p->split == PAPER_NO_SPLIT ? "split unsaid" : "other split";
}

const char *table_unlike(const struct table *t, const struct table_row *row, const struct table_column *col, const struct paper_cell *p, bool order)
{
	const struct experiment *x = table_experiment(t, row->point ? row->point : col->point);
	const struct data *d = x->data;
	const char *data = t->paper->column_data[col->paper], *split = unlike_split(p);
	if (*data && !str_eq(data, table_data(t, row->point ? row->point : col->point)))
		return "other data";
	if (!table_same_metric(p->metric, col->metric))
		return "other metric";
	if (col->time && !order)
		return "other machine";
	if (split)
		return split;
	if (!str_eq(t->sweep->budget_name, "full"))
		return "other budget";
	if (t->paper->train_pictures ? t->paper->train_pictures != d->n_train : d->conf.limit > 0)
		return "other budget";
	if (d->conf.limit_test)
		return "part of the test";
	if (p->rule == PAPER_UNSAID && !col->time)
		return "rule unsaid";
	if (p->rule == PAPER_BEST_TEST && !col->time && col->rule != RULE_BEST_TEST)
		return "best on test";
	if ((int)p->rule != (int)col->rule && !col->time) /* last, best, best_test */
		return "other rule";
	return p->trust == TRUST_RECALLED ? "recalled" : NULL; /* with an imported teacher the rule is the last epoch, and the row is marked */
}

static void put_beside(struct table *t)
{
	static const char *const words[] = {"too few runs", "above", "below", "agrees", "cannot tell"};
	for (int i = 0; t->paper && i < t->n_row; i++)
		for (int c = 0; c < t->n_column; c++) {
			const struct table_row *row = &t->row[i];
			struct table_cell *cell = &row->cell[c];
			if (!row->paper || t->column[c].paper < 0 || isnan(row->paper->cell[t->column[c].paper].value))
				continue;
			cell->paper = &row->paper->cell[t->column[c].paper];
			const char *other = table_unlike(t, row, &t->column[c], cell->paper, false);
			cell->beside = (struct beside){.difference = NAN, .half = NAN};
			if (cell->n && !other)
				cell->beside = stats_verdict(&cell->sum, cell->paper->value, cell->paper->runs);
			cell->verdict = cell->refused ? cell->refused : !cell->n ? cell->failed ? "failed" : "not run" : other ? other : words[cell->beside.verdict];
		}
}

/* ---- the whole ---- */

static enum status count_programs(struct table *t, struct err *e)
{
	const struct sweep *s = t->sweep;
	enum status st = OK;
	t->program = NEW_ARRAY(t->arena, const char *, s->n_item);
	for (int i = 0; i < s->n_item && st == OK; i++) {
		struct store_run_row run;
		const char *stage = NULL;
		bool had = false;
		if (!s->item[i].id || s->item[i].twin != i)
			continue;
		st = store_run_of_stage(s->store, t->arena, s->item[i].id, &run, &stage, e);
		for (int k = 0; k < t->n_program && st == OK; k++)
			had |= str_eq(t->program[k], run.program);
		if (st == OK && !had)
			t->program[t->n_program++] = run.program;
	}
	return st;
}

enum status table_make(struct arena *a, struct sweep *s, const struct table_options *o, struct table **out, struct err *e)
{
	struct table *t = NEW(a, struct table);
	*out = t;
	t->arena = a;
	t->sweep = s;
	enum status st = table_layout(t, o, e);
	if (st != OK)
		return st;
	for (int i = 0; i < t->n_row && st == OK; i++) {
		t->row[i].cell = NEW_ARRAY(a, struct table_cell, t->n_column + t->n_hidden);
		t->row[i].teachers = table_teachers(t, &t->row[i]);
		for (int k = 0; k < t->n_column + t->n_hidden && st == OK; k++)
			st = fill_cell(t, &t->row[i], k, e);
	}
	if (st == OK && t->control)
		st = find_control(t, o->control ? (struct where){0} : conf_where(conf_find(s->root, "table"), "control"), e);
	if (st != OK)
		return st;
	table_recipes(t);
	compare(t);
	put_beside(t);
	st = table_claims(t, conf_use(s->root, "claims"), e);
	return st == OK ? count_programs(t, e) : st;
}
