/* Series and differences from a sweep's own summary. */
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "cli/report_target.h"

struct reading {
	struct arena *arena;
	const char *folder, *path;
	struct err *e;
};

static enum status wrong(const struct reading *r, const char *what)
{
	return err_env(r->e, "'%s' is no summary of a sweep: %s", r->path, what);
}

/* Text in the arena; NULL where it is missing or null. */
static const char *text(const struct reading *r, struct json *o, const char *key)
{
	const char *t = json_text(json_get(o, key));
	return t ? arena_str(r->arena, t) : NULL;
}

static double real(struct json *o, const char *key)
{
	double v;
	return json_real(json_get(o, key), &v) ? v : NAN;
}

static enum status read_item(const struct reading *r, struct json *o, int series, int i, struct page_item *item)
{
	const char *folder = text(r, o, "folder"), *stage = text(r, o, "stage");
	int64_t seed;
	if (!folder || !stage || !json_int(json_get(o, "seed"), &seed) || seed < 0)
		return wrong(r, arena_printf(r->arena, "item %d of series %d has no folder, stage and seed", i, series));
	*item = (struct page_item){path_join(r->arena, r->folder, folder), stage, (uint64_t)seed};
	return OK;
}

static enum status read_series(const struct reading *r, struct json *o, int i, struct page_series *s)
{
	struct json *items = json_get(o, "items");
	const int n = json_at(items, 0) ? json_size(items) : 0;
	struct page_item *item = NEW_ARRAY(r->arena, struct page_item, n);
	enum status st = OK;
	s->label = text(r, o, "label");
	if (!s->label || !n)
		return wrong(r, arena_printf(r->arena, "series %d has no label, or no items", i));
	for (int k = 0; k < n && st == OK; k++)
		st = read_item(r, json_at(items, k), i, k, &item[k]);
	s->n = n;
	s->item = item;
	return st;
}

static enum status read_difference(const struct reading *r, struct json *o, int i, struct page_difference *d)
{
	int64_t n = 0;
	*d = (struct page_difference){.what = text(r, o, "what"), .mean = real(o, "mean"), .low = real(o, "low"), .high = real(o, "high"),
	                              .p = real(o, "p"), .verdict = text(r, o, "verdict")};
	if (!d->what || !json_int(json_get(o, "n"), &n) || n < 0 || n > INT32_MAX)
		return wrong(r, arena_printf(r->arena, "difference %d has no 'what' and 'n'", i));
	d->n = (int)n;
	return OK;
}

static enum status read_all(const struct reading *r, struct json *root, struct page *p)
{
	struct json *series = json_get(root, "series"), *differences = json_get(root, "differences");
	const int n = json_at(series, 0) ? json_size(series) : 0, m = json_at(differences, 0) ? json_size(differences) : 0;
	struct page_series *s = NEW_ARRAY(r->arena, struct page_series, n);
	struct page_difference *d = NEW_ARRAY(r->arena, struct page_difference, m);
	enum status st = n ? OK : wrong(r, "'series' is missing or empty");
	for (int i = 0; i < n && st == OK; i++)
		st = read_series(r, json_at(series, i), i, &s[i]);
	for (int i = 0; i < m && st == OK; i++)
		st = read_difference(r, json_at(differences, i), i, &d[i]);
	const char *rule = text(r, root, "rule");
	const bool best = rule && strstr(rule, "held-out"), on_test = rule && strstr(rule, "chosen on the test set");
	*p = (struct page){
		.title = text(r, root, "title"), .n_series = n, .series = s, .table_html = text(r, root, "table_html"), .notes = text(r, root, "notes"),
		.rule = rule ? arena_printf(r->arena, "Accuracies are top-1 on the test pictures, in percent. Rule: %s. %s", rule,
		                            on_test ? "They are too high by that choice." : "The test pictures chose no epoch.") : NULL,
		.metric = on_test ? "test_top1_best_test" : best ? "test_top1_best" : NULL, .n_difference = m, .difference = d,
	};
	const char *budget = text(r, root, "budget");
	p->title = p->title && *p->title ? p->title : "Sweep";
	if (budget && *budget && !str_eq(budget, "full"))
		p->title = arena_printf(r->arena, "%s, budget '%s'", p->title, budget);
	return st;
}

enum status report_sweep(struct arena *a, const char *folder, struct page *p, struct err *e)
{
	const struct reading r = {a, folder, path_join(a, folder, "sweep.json"), e};
	struct json *root = NULL;
	char *data = NULL;
	size_t n = 0;
	enum status st = file_read(a, r.path, false, &data, &n, e);
	if (st == OK)
		st = json_parse(data, n, r.path, &root, e);
	if (st == OK)
		st = read_all(&r, root, p);
	json_close(root);
	return st;
}
