/* From a sweep's file to its runs, and what the store knows of them. */
#include "stages/sweep.h"

#include <dirent.h>
#include <fnmatch.h>
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/names.h"
#include "runs/rebuild.h"
#include "stages/job.h"
#include "stages/teacher.h"

/* ---- budgets ---- */

struct budget_conf {
	double epochs, data, test;
	int seeds;
};

const struct opt budget_opts[] = {
	REAL(budget_conf, epochs, 1, 1e-9, 1, "-", "of every number of epochs; rounded up, at least 1, and one for each anchor or teacher"),
	REAL(budget_conf, data, 1, 1e-6, 1, "-", "of the training and the held-out pictures"),
	REAL(budget_conf, test, 1, 1e-6, 1, "-", "of the test pictures"),
	INT(budget_conf, seeds, 0, 0, 10000, "-", "so many of the first seeds; 0: all"),
	{0},
};

/* What a budget is where the file says nothing of it. */
static const struct { const char *name; struct budget_conf conf; } budgets[] = {
	{"full", {1, 1, 1, 0}},
	{"quick", {0.1, 0.2, 1, 0}},
	{"smoke", {1e-9, 0.02, 0.02, 2}},
};

static enum status find_budget(struct sweep *s, const char *name, struct budget_conf *c, struct err *e)
{
	const struct conf *map = conf_use(s->root, "budget"), *own = map && map->kind == CONF_MAP ? conf_find(map, name) : NULL;
	const char *words[16];
	int n = 0;
	if (map && map->kind != CONF_MAP && (map->kind == CONF_LIST || *map->text))
		return err_user(e, map->at, "'budget' is {NAME: {epochs: SHARE, data: SHARE, ...}, ...}; which one, --budget says");
	for (size_t i = 0; i < sizeof budgets / sizeof *budgets; i++) {
		words[n++] = budgets[i].name;
		if (str_eq(budgets[i].name, name) && !own) {
			*c = budgets[i].conf;
			return OK;
		}
	}
	if (own && str_eq(name, "full"))
		return err_user(e, own->at, "'full' is the file as it is");
	if (own) {
		const struct opt *tables[] = {budget_opts};
		void *outs[] = {c};
		return opts_read_all(tables, outs, 1, own, "budget", s->arena, e);
	}
	for (int i = 0; map && map->kind == CONF_MAP && i < map->n && n < 16; i++)
		words[n++] = map->key[i];
	const char *near = str_nearest(name, words, n);
	return err_user(e, (struct where){0}, "--budget is '%s', allowed full, quick, smoke and what the file's 'budget' names%s%s%s", name,
	                near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static enum status read_budget(struct sweep *s, const char *name, struct err *e)
{
	struct budget_conf c = {0};
	const struct conf *own = conf_find(s->root, "name");
	s->budget_name = name ? name : "full";
	enum status st = find_budget(s, s->budget_name, &c, e);
	if (st != OK)
		return st;
	s->budget = (struct budget){c.epochs, c.data, c.test};
	s->budget_seeds = c.seeds;
	if (c.seeds && c.seeds < s->vary.seeds.n)
		s->vary.seeds.n = c.seeds;
	if (!str_eq(s->budget_name, "full") && own && own->text) /* its runs are others: so are their names */
		st = conf_put(s->arena, s->root, "name",
		              &(struct conf){.kind = CONF_SCALAR, .at = own->at, .text = arena_printf(s->arena, "%s-%s", own->text, s->budget_name)}, e);
	return st;
}

const char *sweep_budget_text(const struct sweep *s)
{
	const char *text = budget_text(s->arena, &s->budget);
	if (s->budget_seeds < 2)
		return s->budget_seeds ? arena_printf(s->arena, "%s, the first seed alone", text) : text;
	return arena_printf(s->arena, "%s, the first %d seeds at most", text, s->budget_seeds);
}

/* ---- runs ---- */

static bool is_wanted(const struct sweep_options *o, const char *name)
{
	return !o->only || fnmatch(o->only, name, 0) == 0;
}

static enum status open_run(struct sweep *s, const struct sweep_options *o, const struct point *p, int seed, struct err *e)
{
	struct sweep_run *r = &s->run[s->n_run];
	struct conf *root = NULL;
	struct experiment_options options = o->experiment;
	enum status st = point_apply(s->arena, s->root, &s->vary, p, seed, &root, e);
	const struct conf *name = st == OK ? conf_find(root, "name") : NULL;
	if (st != OK || !is_wanted(o, name && name->text ? name->text : ""))
		return st;
	*r = (struct sweep_run){.point = p, .seed = seed};
	options.n_set = 0; /* they are in the root already */
	options.pool = s->pool;
	options.unplanned = true;
	options.timed = s->timing;
	options.budget = s->budget;
	options.memory = o->untrained ? &s->memory : NULL;
	st = experiment_open_conf(s->arena, s->path, root, &options, &r->x, e);
	if (st != OK)
		return *p->name ? (err_note(e, "in the point '%s'", p->name), st) : st;
	s->away |= r->x->data->away;
	r->name = r->x->name;
	r->x->had_name = point_had_name(s->arena, s->root, p, seed);
	s->n_run++;
	return OK;
}

/* When some are there: whether all have room, which is better known now than after minutes. */
static enum status all_fit(const struct sweep *s, size_t before, double n, struct err *e)
{
	enum { SAMPLE = 100 };
	const size_t there = memory_available();
	const double each = (double)(arena_bytes(s->arena) - before) / SAMPLE;
	char one[32], have[32];
	if (s->n_run != SAMPLE || !there || n * each <= (double)there)
		return OK;
	return err_nomem(e, "that is %.0f runs that take about %s each to plan, and %s are available: use 'random' to draw some of them", n,
	                 str_bytes(one, (size_t)each), str_bytes(have, there));
}

static enum status open_runs(struct sweep *s, const struct sweep_options *o, struct err *e)
{
	const struct vary *v = &s->vary;
	const int seeds = v->seeds.n ? v->seeds.n : 1;
	const double n = (double)v->n_point * seeds;
	enum status st = OK;
	if (n > POINTS_ASK && !o->many && !o->only)
		return err_user(e, conf_where(s->root, "vary"), "that is %.0f runs; if so many are meant, say --yes", n);
	s->run = NEW_ARRAY(s->arena, struct sweep_run, n);
	s->point_end = NEW_ARRAY(s->arena, int, v->n_point);
	const size_t before = arena_bytes(s->arena);
	for (int p = 0; p < v->n_point && st == OK; p++) {
		for (int k = 0; k < seeds && st == OK; k++) {
			st = open_run(s, o, &v->point[p], v->seeds.n ? v->seeds.v[k] : -1, e);
			if (st == OK)
				st = all_fit(s, before, o->only ? 0 : n, e);
		}
		s->point_end[p] = s->n_run;
	}
	if (st == OK && !s->n_run)
		return err_user(e, (struct where){0}, "--only '%s' is the name of no run: `--list` prints them", o->only);
	return st;
}

int sweep_runs_of(const struct sweep *s, const struct point *p, int *first)
{
	const long i = p - s->vary.point;
	*first = i ? s->point_end[i - 1] : 0;
	return s->point_end[i] - *first;
}

static bool is_used(const struct experiment *x, int stage)
{
	for (int i = 0; i < x->n_stage; i++) {
		const struct stage *s = &x->stage[i];
		if (s->has_from && s->from.stage == stage)
			return true;
		for (int k = 0; k < s->n_teacher; k++)
			if (s->teacher[k].stage == stage)
				return true;
	}
	return false;
}

static enum status list_items(struct sweep *s, struct err *e)
{
	enum status st = OK;
	for (int r = 0; r < s->n_run; r++)
		s->n_item += s->run[r].x->n_stage;
	s->item = NEW_ARRAY(s->arena, struct sweep_item, s->n_item);
	s->identity = names_new(s->arena, (size_t)s->n_item);
	int at = 0;
	for (int r = 0; r < s->n_run && st == OK; r++) {
		struct experiment *x = s->run[r].x;
		s->run[r].first = at;
		for (int i = 0; i < x->n_stage && st == OK; i++, at++) {
			struct sweep_item *item = &s->item[at];
			const bool used = is_used(x, i);
			*item = (struct sweep_item){.stage = &x->stage[i], .run = r, .twin = names_put(s->identity, x->stage[i].identity, at), .compared = !used,
			                             .teaches = used && stage_teaches(x, x->stage[i].map)};
			if (s->timing && item->stage->teacher_conf.teacher_cache != TEACHER_CACHE_OFF)
				return err_user(e, conf_where(item->stage->map, "teacher_cache"), "a time with a cache is none of the method: 'timing' is true, so "
				                "'teacher_cache' must be off");
			if (s->timing && item->stage->train.watch_test)
				return err_user(e, conf_where(item->stage->map, "watch_test"), "a time with the test pictures in it is none of the method: 'timing' is true, "
				                "so 'watch_test' must be false");
			item->result = (struct stage_result){.stage = item->stage, .test_last = NAN, .test_best = NAN, .best_on_test = NAN, .valid_last = NAN, .by_limit = NAN,
			                                     .teacher_test = NAN};
		}
	}
	return st;
}

/* "only-PATTERN" in letters that a file's name may have everywhere. */
static const char *only_name(struct arena *a, const char *pattern)
{
	char *name = arena_printf(a, "only-%.100s", pattern);
	for (char *c = name; *c; c++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.", *c))
			*c = '_';
	return name;
}

static const char *chosen_by_hand(struct arena *a, const struct sweep_options *o)
{
	const char *text = NULL;
	for (int i = 0; i < o->experiment.n_set; i++)
		if (str_starts(o->experiment.set[i], "vary"))
			text = arena_printf(a, "%s%s--set %s", text ? text : "", text ? " " : "", o->experiment.set[i]);
	return o->only ? arena_printf(a, "%s%s--only '%s'", text ? text : "", text ? " " : "", o->only) : text;
}

static const char **copies(struct arena *a, const char *const *words, int n)
{
	const char **out = NEW_ARRAY(a, const char *, n);
	for (int i = 0; i < n; i++)
		out[i] = arena_str(a, words[i]);
	return out;
}

enum status sweep_open(struct arena *a, const char *path, const struct sweep_options *o, struct sweep **out, struct err *e)
{
	struct sweep *s = NEW(a, struct sweep);
	*out = s;
	*s = (struct sweep){.arena = a, .path = arena_str(a, path), .out = o->out ? o->out : "runs", .pool = experiment_pool_new(a),
	                    .chosen = chosen_by_hand(a, o), .n_set = o->experiment.n_set, .set = copies(a, o->experiment.set, o->experiment.n_set),
	                    .results = o->results};
	s->memory.path = path_join(a, s->out, DATA_MEMORY);
	s->memory.untouched = !file_has_bytes(path_join(a, s->out, "limbeck.db"));
	enum status st = conf_read(a, path, &s->root, e);
	for (int i = 0; s->root && i < o->experiment.n_set && st == OK; i++)
		st = conf_set(a, s->root, o->experiment.set[i], e);
	if (st == OK)
		st = vary_read(a, s->root, o->many || o->only, &s->vary, e);
	if (st == OK)
		st = read_budget(s, o->budget, e);
	const struct conf *timing = st == OK ? conf_use(s->root, "timing") : NULL, *name = st == OK ? conf_find(s->root, "name") : NULL;
	if (timing && (!timing->text || (!str_eq(timing->text, "true") && !str_eq(timing->text, "false"))))
		st = err_user(e, timing->at, "'timing' is true or false");
	s->timing = timing && str_eq(timing->text, "true");
	if (st == OK)
		st = open_runs(s, o, e);
	if (st == OK)
		st = list_items(s, e);
	s->name = name && name->text ? name->text : "experiment";
	s->folder = path_join(a, s->out, arena_printf(a, "%s.sweep", s->name));
	if (o->only) /* a table of some of the runs does not take the place of that of all */
		s->folder = path_join(a, s->out, arena_printf(a, "%s.%s.sweep", s->name, only_name(a, o->only)));
	return st;
}

void sweep_close(struct sweep *s)
{
	if (!s)
		return;
	store_close(s->store);
	experiment_pool_close(s->pool);
}

/* ---- what is there ---- */

static enum status look_up(struct sweep *s, struct sweep_item *item, struct err *e)
{
	struct record rec = {.arena = s->arena, .out = s->out, .store = s->store};
	bool there = false;
	int64_t id = 0;
	enum status st = s->results ? store_stage_done(s->store, item->stage->identity, &id, &there, e) : stage_find_done(&rec, item->stage, &id, &there, e);
	if (st != OK || !there)
		return st;
	item->id = id;
	item->state = ITEM_DONE;
	return stage_result_read(&rec, id, &item->result, e);
}

/* Whether the folder has one, NAME-HASH, of a run of this sweep with a stage that is done. */
static bool has_folder(const struct sweep *s)
{
	struct names *run = names_new(s->arena, 2 * (size_t)s->n_run);
	DIR *d = opendir(s->out);
	bool has = false;
	for (int r = 0; r < s->n_run; r++) {
		names_put(run, s->run[r].name, r);
		if (s->run[r].x->had_name)
			names_put(run, s->run[r].x->had_name, r);
	}
	for (struct dirent *entry; d && !has && (entry = readdir(d));) {
		char *dash = strrchr(entry->d_name, '-');
		if (dash)
			*dash = 0;
		if (!dash || names_find(run, entry->d_name) < 0)
			continue;
		*dash = '-';
		has = rebuild_would_find(s->arena, path_join(s->arena, s->out, entry->d_name));
	}
	if (d)
		closedir(d);
	return has;
}

/* The store is looked for again: a run that another process has just begun makes it before anything is done. */
bool sweep_is_lost(struct sweep *s)
{
	const char *path = path_join(s->arena, s->out, "limbeck.db");
	return !s->store && !file_has_bytes(path) && has_folder(s) && !file_has_bytes(path);
}

enum status sweep_refresh(struct sweep *s, struct err *e)
{
	const char *path = path_join(s->arena, s->out, "limbeck.db");
	enum status st = OK;
	if (!s->store && !file_has_bytes(path)) {
		if (sweep_is_lost(s))
			log_line(LOG_WARN, "'%s' has folders of these runs and no store, so nothing is known of them: 'limbeck runs --rebuild --out %s' reads them, "
			                   "training makes them anew", s->out, s->out);
		return OK;
	}
	if (!s->store)
		st = store_open(path, &s->store, e);
	for (int i = 0; i < s->n_item && st == OK; i++) {
		struct sweep_item *item = &s->item[i];
		if (item->state == ITEM_DONE)
			continue;
		if (item->twin == i) {
			if (item->state == ITEM_TODO || item->state == ITEM_LEFT_OUT)
				st = look_up(s, item, e);
		} else { /* the same stage of another run */
			const struct sweep_item *twin = &s->item[item->twin];
			const struct stage *own = item->stage;
			item->state = twin->state;
			item->id = twin->id;
			item->result = twin->result;
			item->result.stage = own;
		}
	}
	return st;
}

int sweep_timing_order(const struct sweep *s, int *order)
{
	int n = 0;
	for (int pass = 0; pass < 2; pass++)
		for (int k = 0; k < s->vary.seeds.n || (k == 0 && !s->vary.seeds.n); k++)
			for (int i = 0; i < s->n_item; i++) {
				const struct sweep_item *item = &s->item[i];
				const bool its_turn = s->vary.seeds.n == 0 || s->run[item->run].seed == s->vary.seeds.v[k];
				if (item->twin == i && its_turn && item->compared == (pass == 1) && item->state != ITEM_DONE)
					order[n++] = i;
			}
	return n;
}
