/* How many settings were tried for each arm: one that was tuned beside one that was not is no fair comparison, so what has no record is said. */
#include <stdio.h>

#include "report/table_int.h"

/* A row of a point, as it is called where points are rows. */
static const char *arm_at(const struct table *t, const struct point *p, const char *stage)
{
	return arena_printf(t->arena, "%s %s", p->name, stage);
}

/* What a record may be of: a stage, a point, or a stage at a point, wherever the table has points. */
static bool is_arm(const struct table *t, const char *key)
{
	const struct vary *v = &t->sweep->vary;
	const struct experiment *x = table_first(t);
	bool any = table_stage(x, key) >= 0;
	for (int p = 0; p < v->n_point && *v->point[p].name && !any; p++) {
		any = str_eq(v->point[p].name, key);
		for (int i = 0; i < x->n_stage && !any; i++)
			any = str_eq(arm_at(t, &v->point[p], x->stage[i].name), key);
	}
	return any;
}

static enum status no_arm(const struct table *t, const char *key, struct where at, struct err *e)
{
	const struct experiment *x = table_first(t);
	const int most = x->n_stage + t->n_row + t->sweep->vary.n_point;
	const char **words = NEW_ARRAY(t->arena, const char *, most);
	int n = 0;
	for (int i = 0; i < x->n_stage; i++)
		words[n++] = x->stage[i].name;
	for (int i = 0; i < t->n_row; i++)
		words[n++] = t->row[i].label;
	for (int p = 0; p < t->sweep->vary.n_point; p++)
		words[n++] = t->sweep->vary.point[p].name;
	const char *near = str_nearest(key, words, n);
	return err_user(e, at, "'tuning' names '%s', which is no stage, row or point%s%s%s", key, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

enum status table_tuning_check(const struct table *t, struct err *e)
{
	const struct conf *c = t->tuning;
	enum status st = OK;
	if (!c || (c->kind == CONF_SCALAR && !*c->text))
		return OK;
	if (c->kind != CONF_MAP)
		return err_user(e, c->at, "'tuning' is {STAGE: how many settings were tried for it, and on what, ...}");
	for (int i = 0; i < c->n; i++)
		if (!is_arm(t, c->key[i]))
			st = no_arm(t, c->key[i], conf_where(c, c->key[i]), e);
	return st;
}

/* In all columns, where these are points. */
static bool has_record(const struct table *t, const struct table_row *r)
{
	const struct conf *c = t->tuning;
	bool everywhere = t->n_column > 0;
	if (conf_find(c, r->stage))
		return true;
	for (int k = 0; k < t->n_column && everywhere; k++) {
		const struct point *p = r->point ? r->point : t->column[k].point;
		everywhere = p && *p->name && (conf_find(c, p->name) || conf_find(c, arm_at(t, p, r->stage)));
	}
	return everywhere;
}

void table_tuning_note(const struct table *t, FILE *f)
{
	const struct conf *c = t->tuning;
	int n = 0;
	if (!c || c->kind != CONF_MAP || !c->n)
		return;
	for (int i = 0; i < c->n; i++)
		fprintf(f, "Tuning of %s: %s.\n", c->key[i], c->item[i]->text ? c->item[i]->text : "see the file");
	for (int i = 0; i < t->n_row; i++)
		if (!t->row[i].used && !has_record(t, &t->row[i]))
			fprintf(f, "%s%s", n++ ? ", " : "Without a record of tuning, while others have one: ", t->row[i].label);
	if (n)
		fputs(".\n", f);
}
