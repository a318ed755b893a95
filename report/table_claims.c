/* Claims: written in the file before the runs, tested together. */
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "report/table_int.h"
#include "runs/predictions.h"

struct claim_conf {
	const char *name, *better, *than, *at, *metric;
};

const struct opt claims_opts[] = {
	TEXT(claim_conf, name, NULL, "in a few words"),
	TEXT(claim_conf, better, NULL, "the row that is said to be better, or a stage: at every point"),
	TEXT(claim_conf, than, NULL, "the control, a row or a stage"),
	TEXT(claim_conf, at, NULL, "the point that it is made of; default: every point, each a claim of its own"),
	TEXT(claim_conf, metric, NULL, "one of the table's; default: its first column's"),
	{0},
};

static enum status find_column(const struct table *t, const char *metric, struct where at, int *column, struct err *e)
{
	*column = 0;
	for (int i = 0; i < t->n_column + t->n_hidden; i++)
		if (str_eq(t->column[i].metric, metric)) {
			*column = i;
			return OK;
		}
	return *metric ? err_user(e, at, "a claim's metric is '%s', which is no column of the table", metric) : OK;
}

static enum status no_row(const struct table *t, const char *label, struct where at, struct err *e)
{
	const char *words[64];
	int n = 0;
	for (int i = 0; i < t->n_row && n < 64; i++)
		words[n++] = t->row[i].label;
	const char *near = str_nearest(label, words, n);
	return err_user(e, at, "a claim names '%s', which is no row of the table%s%s%s", label, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* Of the weights that the rule takes; NULL: no answers are kept of these, or the run is gone. */
static const char *predictions_path(struct table *t, int item, enum table_rule rule)
{
	static const char *const file[] = {[RULE_LAST] = "test", [RULE_BEST] = "test_best", [RULE_BEST_TEST] = NULL};
	const struct sweep *s = t->sweep;
	struct store_run_row run;
	const char *stage = NULL;
	if (!file[rule] || store_run_of_stage(s->store, t->arena, s->item[s->item[item].twin].id, &run, &stage, NULL) != OK)
		return NULL;
	return arena_printf(t->arena, "%s/stages/%s/%s.safetensors", run.folder, stage, file[rule]);
}

bool table_has_answers(const struct table_column *c)
{
	return str_eq(c->metric, "test_top1") || str_eq(c->metric, "test_error");
}

/* The first seed that both have: what each of the two networks alone has right. */
static void compare_pictures(struct table *t, struct table_claim *c)
{
	const struct table_cell *x = c->x, *y = c->y;
	for (int i = 0; i < x->n; i++)
		for (int k = 0; k < y->n; k++) {
			struct predictions p, q;
			if (!table_is_pair(x, i, y, k))
				continue;
			const char *a = predictions_path(t, x->item[i], c->column->rule), *b = predictions_path(t, y->item[k], c->column->rule);
			if (!a || !b || !file_exists(a) || !file_exists(b) || predictions_load(t->arena, a, &p, NULL) != OK ||
			    predictions_load(t->arena, b, &q, NULL) != OK || p.n != q.n)
				return;
			c->seed = x->seed[i];
			c->only_better = c->only_than = 0;
			for (int m = 0; m < p.n; m++) {
				const bool right_p = p.answer[m] == p.label[m], right_q = q.answer[m] == q.label[m];
				c->only_better += right_p && !right_q;
				c->only_than += right_q && !right_p;
			}
			c->pictures = stats_mcnemar(c->only_better, c->only_than);
			return;
		}
}

/* ---- what it is about ---- */

/* A claim as it is written, while its rows are looked for. */
struct wording {
	struct claim_conf conf;
	const struct conf *map;
	int column;                                 /* the first of its metric */
	const struct table_row *better, *than;      /* where the name is a row's whole label; NULL: it is a stage's */
};

/* The same networks as an earlier point's: what varies there is in neither row. */
static bool is_again(const struct table_claim *c, const struct table_claim *first)
{
	for (; first < c; first++)
		if (table_same_runs(c->x, first->x) && table_same_runs(c->y, first->y))
			return true;
	return false;
}

/* Of two rows: what an interval of their difference is given. */
static const char *teachers_of(struct arena *a, const struct table_row *x, const struct table_row *y)
{
	if (!*x->teachers || !*y->teachers || str_eq(x->teachers, y->teachers))
		return *x->teachers ? x->teachers : y->teachers;
	return arena_printf(a, "%s, %s", x->teachers, y->teachers);
}

/* Why there is no pair. What failed is told before what is missing: it will not come by waiting. */
static const char *why_untested(struct arena *a, const struct table_cell *x, const struct table_cell *y)
{
	const int failed = x->failed + y->failed, missing = x->missing + y->missing - failed;
	if (failed && missing)
		return arena_printf(a, "%d run%s failed, %d missing", failed, failed == 1 ? "" : "s", missing);
	if (failed)
		return arena_printf(a, "%d run%s failed", failed, failed == 1 ? "" : "s");
	if (x->refused || y->refused)
		return x->refused ? x->refused : y->refused;
	if (x->unmeasured || y->unmeasured)
		return "not measured";
	return x->n && y->n ? "no seed in common" : "not run";
}

static void add_claim(struct table *t, const struct wording *w, const struct table_row *better, const struct table_row *than, int column,
                      const char *at, const struct table_claim *first)
{
	struct table_claim *c = &t->claim[t->n_claim];
	const char *name = *w->conf.name ? w->conf.name : arena_printf(t->arena, "%s better than %s", better->label, than->label);
	*c = (struct table_claim){.better = better->label, .than = than->label, .column = &t->column[column], .x = &better->cell[column], .y = &than->cell[column],
	                          .p = NAN, .only_better = -1, .only_than = -1};
	c->says = claim_says(t->arena, t->sweep->root, w->map);
	c->name = *at ? arena_printf(t->arena, "%s, at %s", name, at) : name;
	if (is_again(c, first))
		return;
	t->n_claim++;
	t->otherwise |= !str_eq(c->column->metric, claim_metric(t->sweep->root, w->map));
	c->paired = table_differences(t->arena, c->x, c->y, c->column->less_is_better ? -1 : 1);
	c->teachers = teachers_of(t->arena, better, than);
	c->untested = c->paired.n ? NULL : why_untested(t->arena, c->x, c->y);
	if (c->paired.n >= 2) {
		c->p = c->paired.p_t;
		c->seeds_needed = stats_seeds_needed(c->paired.mean, c->paired.deviation, 0.05, 0.8);
		c->seeds_range = stats_seeds_range(c->paired.mean, c->paired.deviation, c->paired.n, 0.05, 0.8);
	}
	if (t->sweep->store && table_has_answers(c->column))
		compare_pictures(t, c);
}

static bool is_at(const struct wording *w, const struct point *p)
{
	return !*w->conf.at || (p && str_eq(p->name, w->conf.at));
}

/* Columns are points: the claim is made in each of them. */
static void claim_columns(struct table *t, const struct wording *w)
{
	const struct table_claim *first = &t->claim[t->n_claim];
	for (int c = 0; c < t->n_column + t->n_hidden && w->better && w->than; c++)
		if (str_eq(t->column[c].metric, t->column[w->column].metric) && is_at(w, t->column[c].point) && w->better->cell[c].n_run && w->than->cell[c].n_run)
			add_claim(t, w, w->better, w->than, c, t->column[c].point->name, first);
}

/* Rows are stages of points. A stage's name is that stage at the other row's point, or, where that is a stage too, at every point. */
static void claim_rows(struct table *t, const struct wording *w)
{
	const struct table_claim *first = &t->claim[t->n_claim];
	const struct point *given = w->better ? w->better->point : w->than ? w->than->point : NULL;
	if (w->better && w->than) {
		add_claim(t, w, w->better, w->than, w->column, "", first);
		return;
	}
	for (int i = 0; i < t->n_row; i++) {
		const struct point *p = t->row[i].point;
		if ((i && p == t->row[i - 1].point) || (given && p != given) || !is_at(w, p))
			continue;
		const struct table_row *better = w->better ? w->better : table_row_from(t, i, w->conf.better);
		const struct table_row *than = w->than ? w->than : table_row_from(t, i, w->conf.than);
		if (better && than)
			add_claim(t, w, better, than, w->column, *w->conf.name ? p->name : "", first);
	}
}

/* ---- mistakes ---- */

static bool has_row(const struct table *t, const char *name)
{
	bool any = false;
	for (int i = 0; i < t->n_row && !any; i++)
		any = str_eq(t->row[i].label, name) || str_eq(t->row[i].stage, name);
	return any;
}

static enum status check_at(const struct table *t, const struct wording *w, struct err *e)
{
	const struct vary *v = &t->sweep->vary;
	const struct where at = conf_where(w->map, "at");
	const char *words[64];
	int n = 0;
	bool any = !*w->conf.at;
	for (int i = 0; i < v->n_point; i++) {
		any |= str_eq(v->point[i].name, w->conf.at);
		if (n < 64)
			words[n++] = v->point[i].name;
	}
	const char *near = any ? NULL : str_nearest(w->conf.at, words, n);
	if (!any)
		return err_user(e, at, "a claim is made at '%s', which is no point%s%s%s", w->conf.at, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
	if (*w->conf.at && !t->column[0].point && (w->better || w->than))
		return err_user(e, at, "a claim is made 'at' a point, and '%s' is a row of one: leave out the one or the other",
		                w->better ? w->conf.better : w->conf.than);
	return OK;
}

/* A claim of nothing is a mistake, and so is one of a row with itself. */
static enum status check_made(const struct table *t, const struct wording *w, int made, struct err *e)
{
	if (!made)
		return err_user(e, w->map->at, "a claim compares '%s' with '%s', and no point%s%s has both", w->conf.better, w->conf.than, *w->conf.at ? " named " : "", w->conf.at);
	for (const struct table_claim *c = &t->claim[t->n_claim - made]; c < &t->claim[t->n_claim]; c++)
		if (c->x == c->y)
			return err_user(e, w->map->at, "a claim compares '%s' with itself", c->better);
	return OK;
}

static enum status read_claim(struct table *t, const struct conf *map, struct err *e)
{
	struct wording w = {.map = map};
	const struct opt *tables[] = {claims_opts};
	void *outs[] = {&w.conf};
	const int before = t->n_claim;
	if (map->kind != CONF_MAP)
		return err_user(e, map->at, "a claim is {better: ROW, than: ROW}");
	enum status st = opts_read_all(tables, outs, 1, map, "a claim", t->arena, e);
	if (st == OK && !has_row(t, w.conf.better))
		st = no_row(t, w.conf.better, conf_where(map, "better"), e);
	if (st == OK && !has_row(t, w.conf.than))
		st = no_row(t, w.conf.than, conf_where(map, "than"), e);
	if (st == OK)
		st = find_column(t, w.conf.metric, map->at, &w.column, e);
	if (st != OK)
		return st;
	w.better = table_row_labelled(t, w.conf.better);
	w.than = table_row_labelled(t, w.conf.than);
	st = check_at(t, &w, e);
	if (st != OK)
		return st;
	if (t->column[0].point)
		claim_columns(t, &w);
	else
		claim_rows(t, &w);
	return check_made(t, &w, t->n_claim - before, e);
}

/* ---- all of them ---- */

/* Claims at points that --only leaves out: the file made them, and they stay in the family, as not decided. A claim that holds at points where both rows are
   the same networks is counted once for each: the family is rather too large. */
static int count_left_out(const struct table *t, const struct conf *list)
{
	const struct sweep *s = t->sweep;
	int points = 0, everywhere = 0, first;
	for (int i = 0; i < s->vary.n_point; i++)
		points += sweep_runs_of(s, &s->vary.point[i], &first) == 0;
	for (int i = 0; i < list->n; i++)
		everywhere += list->item[i]->kind == CONF_MAP && !conf_find(list->item[i], "at");
	return points * everywhere;
}

enum status table_claims(struct table *t, const struct conf *list, struct err *e)
{
	enum status st = OK;
	if (!list)
		return claim_dates_get(t, e);
	if (list->kind != CONF_LIST)
		return err_user(e, list->at, "'claims' is a list of {better: ROW, than: ROW}");
	t->claim = NEW_ARRAY(t->arena, struct table_claim, (size_t)list->n * (size_t)t->sweep->vary.n_point);
	for (int i = 0; i < list->n && st == OK; i++)
		st = read_claim(t, list->item[i], e);
	if (st != OK)
		return st;
	const int family = t->n_claim + count_left_out(t, list);
	double *p = NEW_ARRAY(t->arena, double, family);
	for (int i = 0; i < family; i++) /* what was not run yet was claimed too */
		p[i] = i >= t->n_claim || isnan(t->claim[i].p) ? 1 : t->claim[i].p;
	stats_holm(p, family, t->arena);
	for (int i = 0; i < t->n_claim; i++) {
		if (!isnan(t->claim[i].p))
			t->claim[i].p = p[i];
		if (!t->claim[i].untested)
			t->claim[i].verdict = stats_claim(&t->claim[i].paired, p[i]);
	}
	return claim_dates_get(t, e);
}
