/* Claims: written in the file before the runs, tested together. */
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "report/table_int.h"
#include "runs/predictions.h"

struct claim_conf {
	const char *name, *better, *than, *metric;
};

const struct opt claims_opts[] = {
	TEXT(claim_conf, name, NULL, "in a few words"),
	TEXT(claim_conf, better, NULL, "the row that is said to be better"),
	TEXT(claim_conf, than, NULL, "the control"),
	TEXT(claim_conf, metric, NULL, "a column; default: the first"),
	{0},
};

static enum status find_column(const struct table *t, const char *metric, struct where at, int *column, struct err *e)
{
	*column = 0;
	for (int i = 0; i < t->n_column; i++)
		if (str_eq(t->column[i].metric, metric) || str_eq(t->column[i].label, metric)) {
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

/* Pairs of networks as they are met; those that have a network in common are one, with the mean of their differences. */
struct pair_list {
	int n;
	double *d;
	int *met, *better, *than; /* how many are in it; twins of the first */
};

static void add_pair(struct pair_list *l, int better, int than, double d)
{
	int at = 0;
	while (at < l->n && l->better[at] != better && l->than[at] != than)
		at++;
	if (at == l->n) {
		l->better[at] = better;
		l->than[at] = than;
		l->n++;
	}
	l->met[at]++;
	l->d[at] += (d - l->d[at]) / l->met[at];
}

/* Differences on equal seeds, over all columns where columns are points: a pair is then a seed of a point. A row that does not vary with the
   points has the same networks in all columns, and they count once. */
static struct paired pairs(struct table *t, const struct table_row *better, const struct table_row *than, int column)
{
	const bool all = t->column[column].point != NULL;
	const struct sweep_item *item = t->sweep->item;
	const int most = t->n_column * t->sweep->n_run;
	struct pair_list l = {.d = NEW_ARRAY(t->arena, double, most), .met = NEW_ARRAY(t->arena, int, most), .better = NEW_ARRAY(t->arena, int, most),
	                      .than = NEW_ARRAY(t->arena, int, most)};
	for (int c = all ? 0 : column; c < (all ? t->n_column : column + 1); c++) {
		const struct table_cell *x = &better->cell[c], *y = &than->cell[c];
		for (int i = 0; i < x->n; i++)
			for (int k = 0; k < y->n; k++)
				if (x->seed[i] == y->seed[k])
					add_pair(&l, item[x->item[i]].twin, item[y->item[k]].twin, (t->column[c].less_is_better ? -1 : 1) * (x->value[i] - y->value[k]));
	}
	return l.n ? stats_paired(l.d, l.n) : (struct paired){0};
}

static const char *predictions_path(struct table *t, int item)
{
	const struct sweep *s = t->sweep;
	struct store_run_row run;
	const char *stage = NULL;
	if (store_run_of_stage(s->store, t->arena, s->item[s->item[item].twin].id, &run, &stage, NULL) != OK)
		return NULL;
	return arena_printf(t->arena, "%s/stages/%s/test.safetensors", run.folder, stage);
}

/* The first seed that both have: what each of the two networks alone has right. */
static void compare_pictures(struct table *t, struct table_claim *c, const struct table_cell *x, const struct table_cell *y)
{
	c->only_better = c->only_than = -1;
	for (int i = 0; i < x->n; i++)
		for (int k = 0; k < y->n; k++) {
			struct predictions p, q;
			if (x->seed[i] != y->seed[k])
				continue;
			const char *a = predictions_path(t, x->item[i]), *b = predictions_path(t, y->item[k]);
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

static enum status read_claim(struct table *t, const struct conf *map, struct table_claim *c, struct err *e)
{
	struct claim_conf conf = {0};
	const struct opt *tables[] = {claims_opts};
	void *outs[] = {&conf};
	if (map->kind != CONF_MAP)
		return err_user(e, map->at, "a claim is {better: ROW, than: ROW}");
	enum status st = opts_read_all(tables, outs, 1, map, "a claim", t->arena, e);
	const struct table_row *better = st == OK ? table_row_find(t, conf.better, t->row[0].point) : NULL;
	const struct table_row *than = st == OK ? table_row_find(t, conf.than, better ? better->point : t->row[0].point) : NULL;
	int column = 0;
	if (st == OK && !better)
		st = no_row(t, conf.better, conf_where(map, "better"), e);
	if (st == OK && !than)
		st = no_row(t, conf.than, conf_where(map, "than"), e);
	if (st == OK)
		st = find_column(t, conf.metric, map->at, &column, e);
	if (st != OK)
		return st;
	*c = (struct table_claim){.better = better->label, .than = than->label, .column = &t->column[column], .p = NAN, .only_better = -1, .only_than = -1};
	c->name = *conf.name ? conf.name : arena_printf(t->arena, "%s better than %s", c->better, c->than);
	c->paired = pairs(t, better, than, column);
	c->tested = c->paired.n > 0;
	if (c->paired.n >= 2) {
		c->p = c->paired.p_t;
		c->seeds_needed = stats_seeds_needed(c->paired.mean, c->paired.deviation, 0.05, 0.8);
		c->seeds_range = stats_seeds_range(c->paired.mean, c->paired.deviation, c->paired.n, 0.05, 0.8);
	}
	if (t->sweep->store && str_eq(t->column[column].key, "test_top1")) /* what predictions are of */
		compare_pictures(t, c, &better->cell[column], &than->cell[column]);
	return OK;
}

enum status table_claims(struct table *t, const struct conf *list, struct err *e)
{
	enum status st = OK;
	if (!list)
		return OK;
	if (list->kind != CONF_LIST)
		return err_user(e, list->at, "'claims' is a list of {better: ROW, than: ROW}");
	t->claim = NEW_ARRAY(t->arena, struct table_claim, list->n);
	for (int i = 0; i < list->n && st == OK; i++)
		st = read_claim(t, list->item[i], &t->claim[t->n_claim++], e);
	if (st != OK)
		return st;
	double *p = NEW_ARRAY(t->arena, double, t->n_claim);
	for (int i = 0; i < t->n_claim; i++) /* what was not run yet was claimed too */
		p[i] = isnan(t->claim[i].p) ? 1 : t->claim[i].p;
	stats_holm(p, t->n_claim, t->arena);
	for (int i = 0; i < t->n_claim; i++) {
		if (!isnan(t->claim[i].p))
			t->claim[i].p = p[i];
		if (t->claim[i].tested)
			t->claim[i].verdict = stats_claim(&t->claim[i].paired, p[i]);
	}
	return OK;
}
