/* Which runs may stand in one table: those of the same pictures and the same budget. */
#include "cli/report_target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "cli/eval_target.h"
#include "data/dataset.h"

struct group {
	const char *key, *title;
	int n;
	const char **run;
};

static bool changes_pictures(const struct dataset *kind, const char *key)
{
	const struct opt *rows[] = {data_opts, kind ? kind->opts : NULL};
	if (str_eq(key, "batch") || str_eq(key, "eval_batch") || str_eq(key, "drop_last")) /* how many at a time */
		return false;
	for (int i = 0; i < 2; i++)
		for (const struct opt *o = rows[i]; o && o->name; o++)
			if (str_eq(o->name, key))
				return !(o->flags & OPT_NEUTRAL);
	return true;
}

/* All that two runs must have in common. */
static const char *key_of(struct arena *a, const struct run_config *c)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	const struct conf *data = conf_find(c->root, "data"), *kind = data ? conf_find(data, "kind") : NULL;
	const struct dataset *set = kind && kind->text ? dataset_find(kind->text) : NULL;
	for (int i = 0; data && data->kind == CONF_MAP && i < data->n; i++)
		if (changes_pictures(set, data->key[i])) {
			fprintf(f, "%s:\n", data->key[i]);
			conf_print(f, data->item[i], 1);
		}
	fprintf(f, "%s\n%s\n", run_config_pictures(a, c), run_config_budget(a, c));
	fclose(f);
	const char *key = arena_str(a, text);
	free(text);
	return key;
}

/* "Pictures: synth, 20 training, 8 held-out, 8 test pictures. Budget: full." */
static const char *title_of(struct arena *a, const struct run_config *c)
{
	const struct conf *data = conf_find(c->root, "data"), *kind = data && data->kind == CONF_MAP ? conf_find(data, "kind") : NULL;
	const char *pictures = run_config_pictures(a, c), *hash = strstr(pictures, ", SHA"), *budget = run_config_budget(a, c);
	return arena_printf(a, "Data: %s%s%.*s; budget: %s", kind && kind->text ? kind->text : "not known", *pictures ? ", " : "",
	                    (int)(hash ? (size_t)(hash - pictures) : strlen(pictures)), pictures, *budget ? budget : "full");
}

/* A title that another part has too says of which folder it is. */
static void tell_apart(struct arena *a, const char *const *folder, struct page *p, int n)
{
	bool *same = NEW_ARRAY(a, bool, n);
	for (int i = 0; i < n; i++)
		for (int k = 0; k < n; k++)
			same[i] |= i != k && str_eq(p[i].title, p[k].title);
	for (int i = 0; i < n; i++) {
		const char *slash = strrchr(folder[i], '/');
		if (same[i])
			p[i].title = arena_printf(a, "%s (%s)", p[i].title, slash && slash[1] ? slash + 1 : folder[i]);
	}
}

/* By group, in the order in which they are met. */
static enum status group_runs(struct arena *a, const char *const *run, int n, struct group *g, int *n_group, struct run_config *first, struct err *e)
{
	enum status st = OK;
	*n_group = 0;
	for (int i = 0; i < n && st == OK; i++) {
		struct run_config c;
		int k = 0;
		st = run_config_read(a, run[i], &c, e);
		if (st != OK)
			break;
		const char *key = key_of(a, &c);
		while (k < *n_group && !str_eq(g[k].key, key))
			k++;
		if (k == *n_group)
			g[(*n_group)++] = (struct group){.key = key, .title = title_of(a, &c), .run = NEW_ARRAY(a, const char *, n)};
		g[k].run[g[k].n++] = run[i];
		if (!i)
			*first = c;
	}
	return st;
}

enum status report_target(struct arena *a, const char *const *word, int n, struct report *r, struct err *e)
{
	const char **run = NEW_ARRAY(a, const char *, n), **folder = NEW_ARRAY(a, const char *, n);
	struct group *g = NEW_ARRAY(a, struct group, n);
	struct run_config first = {0};
	int n_run = 0, n_group = 0;
	enum status st = OK;
	*r = (struct report){.page = NEW_ARRAY(a, struct page, n)};
	for (int i = 0; i < n && st == OK; i++) {
		const char *one = word[i];
		const bool is_sweep = file_exists(path_join(a, word[i], "sweep.json"));
		if (!file_exists(word[i]))
			st = err_user(e, (struct where){0}, "there is no '%s'", word[i]);
		else if (is_sweep)
			st = report_sweep(a, word[i], &r->page[r->n], e);
		else
			st = run_folder_find(a, word[i], &one, e);
		if (!i)
			r->folder = one;
		if (is_sweep)
			folder[r->n++] = one;
		else
			run[n_run++] = one;
	}
	const int sweeps = r->n;
	if (st == OK)
		st = group_runs(a, run, n_run, g, &n_group, &first, e);
	for (int i = 0; i < n_group && st == OK; i++) {
		folder[r->n] = g[i].run[0];
		st = report_runs(a, g[i].run, g[i].n, &r->page[r->n++], e);
	}
	if (st != OK)
		return st;
	r->title = sweeps ? arena_printf(a, r->n > 1 ? "%s, and %d more" : "%s", r->page[0].title, r->n - 1) : report_title(a, &first, n_run);
	for (int i = sweeps; i < r->n && r->n > 1; i++)
		r->page[i].title = g[i - sweeps].title;
	tell_apart(a, folder, r->page, r->n);
	return OK;
}
