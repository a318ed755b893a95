#include "cli/where.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli/run_config.h"

static const struct where nowhere = {0};

enum status where_read(struct arena *a, const struct many *words, struct condition **out, int *n, struct err *e)
{
	enum status st = OK;
	*n = words->n;
	*out = NEW_ARRAY(a, struct condition, words->n);
	for (int i = 0; i < words->n; i++) {
		const char *word = words->word[i];
		const size_t key = strcspn(word, "=<>");
		if (!key || !word[key] || !word[key + 1] || strchr("=<>", word[key + 1]))
			st = err_user(e, nowhere, "--where is '%s', allowed KEY=VALUE, KEY<VALUE, KEY>VALUE", word);
		else
			(*out)[i] = (struct condition){.key = arena_strn(a, word, key), .op = word[key], .value = word + key + 1};
	}
	return st;
}

/* ---- comparing ---- */

static bool number(const char *text, double *x)
{
	char *end;
	*x = strtod(text, &end);
	return *text && !*end;
}

static bool holds(const struct condition *c, const char *text)
{
	double x, y;
	int order;
	if (number(text, &x) && number(c->value, &y))
		order = x < y ? -1 : x > y ? 1 : x == y ? 0 : 2; /* 2: of NaN nothing holds */
	else
		order = strcmp(text, c->value);
	return order == 0 ? c->op == '=' : order < 0 ? c->op == '<' : order != 2 && c->op == '>';
}

static bool holds_number(const struct condition *c, double x)
{
	char text[32];
	snprintf(text, sizeof text, "%.17g", x);
	return !isnan(x) && holds(c, text);
}

/* ---- what a run has ---- */

enum kind_of_key { KEY_NONE, KEY_RUN, KEY_STAGE, KEY_METRIC, KEY_OPTION };

static const char *const columns[] = {
	"name", "state", "begun", "folder", "identity", "program", "machine", "device", "precision", "threads", "seconds", "stage", "kind",
};
enum { COLUMNS = sizeof columns / sizeof *columns, STAGE_COLUMNS = 2 };

static const char *run_column(struct arena *a, const struct overview_run *r, const char *key)
{
	const char *const value[] = {
		r->row.name, r->state, r->row.begun, r->base, r->row.identity, r->row.program, r->row.machine, r->row.device, r->row.precision,
		arena_printf(a, "%d", r->row.threads), arena_printf(a, "%.17g", r->row.seconds),
	};
	for (size_t i = 0; i < sizeof value / sizeof *value; i++)
		if (str_eq(key, columns[i]))
			return value[i];
	BUG("no column '%s'", key);
}

struct search {
	struct arena *arena;
	struct store *store;
	const struct condition *c;
	enum kind_of_key *kind;
	int n;
};

/* Whether the stage has such a metric. */
static enum status metric_there(const struct search *s, const struct overview_stage *t, const char *name, bool *there, struct err *e)
{
	struct store_value *v = NULL;
	int n = 0;
	struct arena *a = arena_open("metrics");
	const enum status st = t->id ? store_metrics(s->store, a, t->id, &v, &n, e) : OK;
	for (int i = 0; i < n && !*there; i++)
		*there = str_eq(v[i].name, name);
	arena_close(a);
	return st;
}

static enum status option_there(const struct search *s, const struct overview_run *r, const char *path, bool *there)
{
	struct config_value *v;
	int n;
	if (config_read(s->arena, r->row.folder, &v, &n, NULL) == OK && config_find(v, n, path))
		*there = true;
	return OK;
}

/* What a number is compared with is one: as text, anything would be above or below it. */
static enum status check_number(const struct search *s, int k, struct err *e)
{
	const struct condition *c = &s->c[k];
	const bool wanted = s->kind[k] == KEY_METRIC || (s->kind[k] == KEY_RUN && (str_eq(c->key, "threads") || str_eq(c->key, "seconds")));
	double x;
	return !wanted || number(c->value, &x) ? OK : err_user(e, nowhere, "--where is '%s%c%s', and '%s' is no number", c->key, c->op, c->value, c->value);
}

static enum status find_kind(struct search *s, int k, const struct overview_run *runs, int n, struct err *e)
{
	const char *key = s->c[k].key;
	bool metric = false, option = false;
	enum status st = OK;
	for (int i = 0; i < COLUMNS; i++)
		if (str_eq(key, columns[i])) {
			s->kind[k] = i < COLUMNS - STAGE_COLUMNS ? KEY_RUN : KEY_STAGE;
			return OK;
		}
	for (int i = 0; i < n && st == OK && !option; i++)
		st = option_there(s, &runs[i], key, &option);
	for (int i = 0; i < n && st == OK && !option && !metric; i++)
		for (int j = 0; j < runs[i].n_stage && st == OK && !metric; j++)
			st = metric_there(s, &runs[i].stage[j], key, &metric, e);
	s->kind[k] = option ? KEY_OPTION : metric ? KEY_METRIC : KEY_NONE;
	if (st != OK || s->kind[k] != KEY_NONE)
		return st;
	const char *near = str_nearest(key, columns, COLUMNS);
	return err_user(e, nowhere, "--where: no run has '%s'%s%s%s; allowed are name, state, begun, folder, identity, program, machine, device, precision, "
	                "threads, seconds, stage, kind, a metric, and an option's path like data.batch or stages.NAME.epochs", key,
	                near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* ---- a run ---- */

static enum status stage_holds(const struct search *s, const struct overview_stage *t, bool *good, struct err *e)
{
	enum status st = OK;
	*good = true;
	for (int k = 0; k < s->n && *good && st == OK; k++) {
		double x = NAN;
		if (s->kind[k] == KEY_STAGE) {
			*good = holds(&s->c[k], str_eq(s->c[k].key, "stage") ? t->name : t->kind);
		} else if (s->kind[k] == KEY_METRIC) {
			st = t->id ? store_last(s->store, t->id, s->c[k].key, &x, e) : OK;
			*good = holds_number(&s->c[k], x);
		}
	}
	return st;
}

static bool run_holds(const struct search *s, const struct overview_run *r)
{
	struct config_value *v = NULL;
	int n = -1;
	bool good = true;
	for (int k = 0; k < s->n && good; k++) {
		if (s->kind[k] == KEY_RUN)
			good = holds(&s->c[k], run_column(s->arena, r, s->c[k].key));
		if (s->kind[k] != KEY_OPTION)
			continue;
		if (n < 0)
			config_read(s->arena, r->row.folder, &v, &n, NULL);
		const char *text = config_find(v, n, s->c[k].key);
		good = text && holds(&s->c[k], text);
	}
	return good;
}

static bool about_stages(const struct search *s)
{
	bool any = false;
	for (int k = 0; k < s->n; k++)
		any |= s->kind[k] == KEY_STAGE || s->kind[k] == KEY_METRIC;
	return any;
}

enum status where_keep(struct arena *a, struct store *store, const struct condition *c, int n_condition, struct overview_run *runs, int *n,
                       struct err *e)
{
	struct search s = {.arena = a, .store = store, .c = c, .kind = NEW_ARRAY(a, enum kind_of_key, n_condition), .n = n_condition};
	enum status st = OK;
	int kept = 0;
	for (int k = 0; k < s.n && *n; k++) {
		enum status one = find_kind(&s, k, runs, *n, e);
		if (one == OK)
			one = check_number(&s, k, e);
		st = st == OK ? one : st;
	}
	for (int i = 0; i < *n && st == OK; i++) {
		bool good = run_holds(&s, &runs[i]), any = !about_stages(&s);
		for (int j = 0; j < runs[i].n_stage && good && !any && st == OK; j++)
			st = stage_holds(&s, &runs[i].stage[j], &any, e);
		if (good && any)
			runs[kept++] = runs[i];
	}
	*n = kept;
	return st;
}
