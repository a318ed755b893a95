/* Series from the configurations of runs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "cli/report_target.h"
#include "report/run_config.h"

/* A series while it grows. */
struct growing {
	const char *name, *key;
	const struct run_config *first;
	int n, cap;
	struct page_item *item;
	struct run_seeds *seeds;
	int cap_seeds;
};

struct gathering {
	struct arena *arena;
	int n, cap;
	struct growing *series;
};

static void print_part(FILE *f, const struct conf *root, const char *key)
{
	const struct conf *c = conf_find(root, key);
	if (c)
		conf_print(f, c, 0);
}

static void print_stage(FILE *f, const struct run_config *c, const char *stage, int depth);

/* The stages that a reference, or a list of some, names. */
static void print_references(FILE *f, const struct run_config *c, const struct conf *ref, int depth)
{
	char name[256];
	if (!ref || depth > 16)
		return;
	for (int i = 0; ref->kind == CONF_LIST && i < ref->n; i++)
		print_references(f, c, ref->item[i], depth);
	if (!ref->text || !strchr(ref->text, '.'))
		return;
	snprintf(name, sizeof name, "%.*s", (int)strcspn(ref->text, "."), ref->text);
	print_stage(f, c, name, depth + 1);
}

/* A stage's options and, in front of it, those of the stages that it uses. */
static void print_stage(FILE *f, const struct run_config *c, const char *stage, int depth)
{
	const struct conf *s = run_config_stage(c, stage);
	if (!s)
		return;
	print_references(f, c, conf_find(s, "teacher"), depth);
	print_references(f, c, conf_find(s, "from"), depth);
	conf_print(f, s, 0);
}

/* All that a stage's result depends on but for the seeds. */
static const char *key_of(struct arena *a, const struct run_config *c, const char *stage)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	print_part(f, c->root, "data");
	print_part(f, c->root, "networks");
	print_part(f, c->root, "precision");
	const struct conf *deterministic = conf_find(c->root, "deterministic");
	if (deterministic && str_eq(deterministic->text, "false")) /* older configurations have no word of it */
		print_part(f, c->root, "deterministic");
	print_stage(f, c, stage, 0);
	fclose(f);
	const char *key = arena_str(a, text);
	free(text);
	return key;
}

static struct growing *series_for(struct gathering *g, const struct run_config *c, const char *name)
{
	const char *key = key_of(g->arena, c, name);
	for (int i = 0; i < g->n; i++)
		if (str_eq(g->series[i].key, key))
			return &g->series[i];
	void *items = g->series;
	mem_grow(&items, g->n, &g->cap, sizeof *g->series);
	g->series = items;
	g->series[g->n] = (struct growing){.name = name, .key = key, .first = c};
	return &g->series[g->n++];
}

static void add(struct growing *s, const char *folder, const char *stage, struct run_seeds seeds)
{
	for (int i = 0; i < s->n; i++)
		if (!memcmp(&s->seeds[i], &seeds, sizeof seeds))
			return;
	void *items = s->item, *all = s->seeds;
	mem_grow(&items, s->n, &s->cap, sizeof *s->item);
	mem_grow(&all, s->n, &s->cap_seeds, sizeof *s->seeds);
	s->item = items;
	s->seeds = all;
	s->seeds[s->n] = seeds;
	s->item[s->n++] = (struct page_item){folder, stage, seeds.init};
}

/* Seed number `which` of init, data, split, teacher. */
static uint64_t seed_of(const struct run_seeds *s, int which)
{
	return which == 0 ? s->init : which == 1 ? s->data : which == 2 ? s->split : (uint64_t)s->teacher;
}

/* The first of them that tells all items apart; else that of init. */
static void name_seeds(struct growing *s)
{
	int which = 0;
	for (bool apart = false; which < 4 && !apart; which += !apart) {
		apart = true;
		for (int i = 0; i < s->n && apart; i++)
			for (int k = 0; k < i && apart; k++)
				apart = seed_of(&s->seeds[i], which) != seed_of(&s->seeds[k], which);
	}
	for (int i = 0; i < s->n; i++)
		s->item[i].seed = seed_of(&s->seeds[i], which % 4);
}

/* Whether a reference, or a list of some, names a stage: NULL for any. */
static bool names_stage(const struct conf *ref, const char *stage)
{
	bool any = false;
	for (int i = 0; ref && ref->kind == CONF_LIST && i < ref->n && !any; i++)
		any = names_stage(ref->item[i], stage);
	if (any || !ref || !ref->text)
		return any;
	const size_t n = strcspn(ref->text, ".");
	return ref->text[n] && (!stage || (strlen(stage) == n && !strncmp(ref->text, stage, n)));
}

/* Whether the seed of teachers has to do with it: it has one, goes on from what has, or is one. */
static bool is_taught(const struct run_config *c, const char *stage, int depth)
{
	const struct conf *s = run_config_stage(c, stage), *stages = conf_find(c->root, "stages"), *from = s ? conf_find(s, "from") : NULL;
	bool any = s && names_stage(conf_find(s, "teacher"), NULL);
	for (int i = 0; stages && stages->kind == CONF_LIST && i < stages->n && !any; i++)
		any = names_stage(conf_find(stages->item[i], "teacher"), stage);
	if (!any && depth < 16 && names_stage(from, NULL)) {
		char name[256];
		snprintf(name, sizeof name, "%.*s", (int)strcspn(from->text, "."), from->text);
		any = is_taught(c, name, depth + 1);
	}
	return any;
}

/* The copies for other seeds that the list of arms makes of a stage. */
static void add_copies(struct gathering *g, struct growing *s, const struct run_config *c, const char *stage)
{
	const struct conf *arms = conf_find(c->root, "arms");
	for (int i = 0; arms && arms->kind == CONF_LIST && i < arms->n; i++) {
		const struct conf *names = conf_find(arms->item[i], "stages"), *seeds = conf_find(arms->item[i], "seeds");
		bool has = false;
		for (int k = 0; names && names->kind == CONF_LIST && k < names->n; k++)
			has |= str_eq(names->item[k]->text, stage);
		for (int k = 0; has && seeds && seeds->kind == CONF_LIST && k < seeds->n; k++) {
			struct run_seeds one = run_config_seeds(c);
			one.init = strtoull(seeds->item[k]->text ? seeds->item[k]->text : "", NULL, 10);
			add(s, c->folder, arena_printf(g->arena, "%s-init%llu", stage, (unsigned long long)one.init), one);
		}
	}
}

static void gather(struct gathering *g, const struct run_config *c)
{
	const struct conf *stages = conf_find(c->root, "stages");
	for (int i = 0; stages && stages->kind == CONF_LIST && i < stages->n; i++) {
		const struct conf *name = conf_find(stages->item[i], "name");
		if (!name || !name->text)
			continue;
		struct growing *s = series_for(g, c, name->text);
		struct run_seeds seeds = run_config_seeds(c);
		if (!is_taught(c, name->text, 0))
			seeds.teacher = -1;
		add(s, c->folder, name->text, seeds);
		add_copies(g, s, c, name->text);
	}
}

static const char *base_name(const char *folder)
{
	const char *slash = strrchr(folder, '/');
	return slash && slash[1] ? slash + 1 : folder;
}

static const char *label_of(const struct gathering *g, const struct growing *s)
{
	for (int i = 0; i < g->n; i++)
		if (&g->series[i] != s && str_eq(g->series[i].name, s->name))
			return arena_printf(g->arena, "%s (%s)", s->name, base_name(s->first->folder));
	return s->name;
}

static void fill(struct gathering *g, struct page *p)
{
	struct page_series *series = NEW_ARRAY(g->arena, struct page_series, g->n);
	for (int i = 0; i < g->n; i++) {
		struct growing *s = &g->series[i];
		struct page_item *item = NEW_ARRAY(g->arena, struct page_item, s->n);
		name_seeds(s);
		memcpy(item, s->item, (size_t)s->n * sizeof *item);
		series[i] = (struct page_series){label_of(g, s), s->n, item, run_config_imports(s->first, s->name)};
		mem_free(s->item);
		mem_free(s->seeds);
	}
	p->series = series;
	p->n_series = g->n;
	mem_free(g->series);
}

const char *report_title(struct arena *a, const struct run_config *c, int n)
{
	const struct conf *report = conf_find(c->root, "report"), *title = report ? conf_find(report, "title") : NULL;
	const struct conf *name = conf_find(c->root, "name");
	const char *text = title && title->text && *title->text ? title->text : name && name->text ? name->text : base_name(c->folder);
	return n > 1 ? arena_printf(a, "%s, and %d run%s more", text, n - 1, n == 2 ? "" : "s") : text;
}

/* Runs of seeds that move it have held-out pictures of their own, which nobody may take for the same ones. */
static const char *splits_of(const struct run_config *c, int n)
{
	for (int i = 1; i < n; i++)
		if (run_config_seeds(&c[i]).split != run_config_seeds(&c[0]).split)
			return " MARKED: seed.split differs between these runs, so which training pictures are held out does too.";
	return "";
}

/* They have no 'best-rule', which is said. */
static const char *imported_of(struct arena *a, const struct page *p)
{
	const char *names = "";
	for (int i = 0; i < p->n_series; i++)
		if (p->series[i].imported)
			names = arena_printf(a, "%s%s'%s'", names, *names ? ", " : "", p->series[i].label);
	return !*names ? "" : arena_printf(a, " MARKED: %s: weights that it begins or learns from come from a file and may have seen the held-out pictures, so there is no "
	                                      "'best-rule', the last epoch is the rule.", names);
}

static const char *rule_of(struct arena *a, const struct run_config *c, int n, const struct page *p)
{
	const char *pictures = run_config_pictures(a, c), *comma = strstr(pictures, ", ");
	const long held_out = comma ? strtol(comma + 2, NULL, 10) : -1;
	char count[32];
	if (held_out < 0)
		return NULL;
	if (!held_out)
		return "Accuracies are top-1 on the test pictures, in percent, with the weights of the last epoch: no pictures were held out, so no epoch was "
		       "chosen.";
	return arena_printf(a, "Accuracies are top-1 on the test pictures, in percent, with the weights of the last epoch. 'best-rule' takes the epoch that "
	                       "did best on %s held-out training pictures; the test pictures chose no epoch.%s%s", str_count(count, held_out), splits_of(c, n), imported_of(a, p));
}

enum status report_runs(struct arena *a, const char *const *folder, int n, struct page *p, struct err *e)
{
	struct gathering g = {.arena = a};
	struct run_config *c = NEW_ARRAY(a, struct run_config, n);
	enum status st = OK;
	for (int i = 0; i < n && st == OK; i++) {
		st = run_config_read(a, folder[i], &c[i], e);
		if (st == OK)
			gather(&g, &c[i]);
	}
	fill(&g, p);
	if (st != OK)
		return st;
	p->title = report_title(a, &c[0], n);
	p->rule = rule_of(a, c, n, p);
	return p->n_series ? OK : err_user(e, (struct where){0}, "'%s/config.yaml' has no stages", folder[0]);
}
