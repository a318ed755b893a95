#include "report/claim_dates.h"

#include <string.h>

#include "report/table_int.h"
#include "runs/claims.h"

static const char *word(const struct conf *map, const char *key, const char *otherwise)
{
	const struct conf *c = map && map->kind == CONF_MAP ? conf_find(map, key) : NULL;
	return c && c->text && *c->text ? c->text : otherwise;
}

static const char *first_metric(const struct conf *table)
{
	const struct conf *c = table && table->kind == CONF_MAP ? conf_find(table, "metrics") : NULL;
	if (c && c->kind == CONF_LIST && c->n && c->item[0]->text)
		return c->item[0]->text;
	return word(table, "metrics", "test_top1");
}

const char *claim_metric(const struct conf *root, const struct conf *claim)
{
	return word(claim, "metric", first_metric(conf_find(root, "table")));
}

const char *claim_says(struct arena *a, const struct conf *root, const struct conf *claim)
{
	const struct conf *table = conf_find(root, "table");
	const char *at = word(claim, "at", NULL);
	return arena_printf(a, "%s better than %s%s%s by %s, rule %s, columns %s", word(claim, "better", "?"), word(claim, "than", "?"), at ? " at " : "", at ? at : "",
	                    claim_metric(root, claim), word(table, "rule", "last"), word(table, "columns", "metrics"));
}

enum status claim_dates_put(const struct conf *root, const char *sweep, const char *out, bool lost, struct err *e)
{
	const struct conf *list = conf_find(root, "claims");
	if (!list || list->kind != CONF_LIST || !list->n)
		return OK;
	struct arena *a = arena_open("claims");
	const char **says = NEW_ARRAY(a, const char *, list->n);
	for (int i = 0; i < list->n; i++)
		says[i] = claim_says(a, root, list->item[i]);
	const enum status st = claims_date(out, sweep, says, list->n, lost, e);
	arena_close(a);
	return st;
}

/* ---- in a table ---- */

/* When the first run of a row was begun; *begun NULL: none was. */
static enum status row_begun(const struct table *t, const struct table_cell *cell, const char **begun, struct err *e)
{
	enum status st = OK;
	*begun = NULL;
	for (int i = 0; i < cell->n_run && st == OK; i++) {
		const char *one = NULL;
		st = store_stage_begun(t->sweep->store, t->arena, t->sweep->item[cell->run[i]].stage->identity, &one, e);
		if (one && (!*begun || strcmp(one, *begun) < 0))
			*begun = one;
	}
	return st;
}

static const char *seen_of(const struct store_claim *there, int n, const char *says)
{
	for (int i = 0; i < n; i++)
		if (str_eq(there[i].says, says))
			return there[i].seen;
	return NULL;
}

/* Nobody knows how two rows compare before both have a run. */
static enum status date(struct table *t, struct table_claim *c, const struct store_claim *there, int n, struct err *e)
{
	const char *x = NULL, *y = NULL, *seen = seen_of(there, n, c->says);
	enum status st = row_begun(t, c->x, &x, e);
	if (st == OK)
		st = row_begun(t, c->y, &y, e);
	const char *both = !x || !y ? NULL : strcmp(x, y) > 0 ? x : y;
	c->late = both && (!seen || strcmp(seen, both) > 0);
	c->written = seen && !*seen ? "not known"
	             : c->late && seen ? arena_printf(t->arena, "after runs existed (%s)", seen)
	             : c->late       ? "after runs existed (no date yet)"
	             : seen          ? "before the first run"
	                             : "no run yet";
	return st;
}

enum status claim_dates_get(struct table *t, struct err *e)
{
	struct sweep *s = t->sweep;
	struct store_claim *there = NULL;
	int n = 0;
	enum status st = s->store ? store_claims(s->store, t->arena, s->name, &there, &n, e) : OK;
	for (int i = 0; i < t->n_claim && st == OK; i++) {
		t->claim[i].written = "no run yet";
		if (s->store)
			st = date(t, &t->claim[i], there, n, e);
	}
	t->gone = NEW_ARRAY(t->arena, struct store_claim, n);
	for (int k = 0; k < n; k++) {
		bool is_there = false;
		for (int i = 0; i < t->n_claim && !is_there; i++)
			is_there = str_eq(t->claim[i].says, there[k].says);
		if (!is_there)
			t->gone[t->n_gone++] = there[k];
	}
	return st;
}
