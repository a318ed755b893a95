/* vary: and drop: to points. An axis is a list of choices; points are the product of all axes. */
#include "stages/vary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "base/sha256.h"
#include "stages/vary_int.h"

struct vary_conf {
	const struct conf *grid, *zip, *list, *random, *when, *skip, *seeds;
};

const struct opt vary_opts[] = {
	NODE(vary_conf, grid, "{PATH: [VALUE, ...], ...}: every combination"),
	NODE(vary_conf, zip, "{PATH: [VALUE, ...], ...}, lists of one length: the first of each, the second of each, ...; `name` may be one of them"),
	NODE(vary_conf, list, "[{name: NAME, PATH: VALUE, ...}, ...]: points with names"),
	NODE(vary_conf, random, "{n: 20, seed: 1, PATH: {from: 0.01, to: 1, scale: log}, PATH: [VALUE, ...], ...}: n draws, named by what was drawn; equal draws are one"),
	NODE(vary_conf, when, "{PATH: {OTHER: VALUE, ...}, ...}: PATH varies only where OTHER has the value, or one of a list"),
	NODE(vary_conf, skip, "[{PATH: VALUE, ...}, ...]: combinations that are left out"),
	NODE(vary_conf, seeds, "a number of them, a list, or {n: 5, of: [data, init], teachers: shared}; a PATH may be a seed too: seed.teacher"),
	{0},
};

/* ---- names ---- */

/* The shortest end of a path, from its last dot backwards, that no other path of the sweep has too. */
static const char *short_path(const struct axes *x, const char *path)
{
	for (const char *from = path + strlen(path); from > path;) {
		for (from--; from > path && from[-1] != '.'; from--)
			;
		bool unique = *from < '0' || *from > '9';
		for (int i = 0; i < x->n_path && unique; i++)
			if (!str_eq(x->path[i], path) && str_ends(x->path[i], from)) {
				const size_t n = strlen(x->path[i]), m = strlen(from);
				unique = n > m && x->path[i][n - m - 1] != '.';
			}
		if (unique)
			return from;
	}
	return path;
}

void value_text(struct str *s, const struct conf *c, int digits)
{
	if (c->kind == CONF_SCALAR) {
		char rounded[32] = "", *end = NULL;
		const double v = digits ? strtod(c->text, &end) : 0;
		if (digits && *c->text && !*end)
			snprintf(rounded, sizeof rounded, "%.*g", digits, v);
		str_add(s, *rounded && strlen(rounded) < strlen(c->text) ? rounded : c->text);
		return;
	}
	for (int i = 0; i < c->n; i++) {
		str_add(s, i ? "-" : "");
		if (c->kind == CONF_MAP)
			str_printf(s, "%s:", c->key[i]);
		value_text(s, c->item[i], digits);
	}
}

/* ---- conditions ---- */

static const struct conf *value_in(const struct conf *root, const struct point *p, const char *path)
{
	for (int i = p->n - 1; i >= 0; i--)
		if (str_eq(p->set[i].path, path))
			return p->set[i].value;
	return conf_at(root, path);
}

static bool same_value(const struct conf *a, const struct conf *b)
{
	bool same = a->kind == b->kind && a->n == b->n && (a->kind != CONF_SCALAR || str_eq(a->text, b->text));
	for (int i = 0; same && i < a->n; i++)
		same = (a->kind != CONF_MAP || str_eq(a->key[i], b->key[i])) && same_value(a->item[i], b->item[i]);
	return same;
}

/* Every path of the map has its value, or one of its list. */
static bool matches(const struct conf *root, const struct point *p, const struct conf *map)
{
	for (int i = 0; i < map->n; i++) {
		const struct conf *is = value_in(root, p, map->key[i]), *wanted = map->item[i];
		bool any = is && same_value(is, wanted);
		for (int k = 0; is && wanted->kind == CONF_LIST && k < wanted->n; k++)
			any |= same_value(is, wanted->item[k]);
		if (!any)
			return false;
	}
	return true;
}

/* ---- points ---- */

/* The parts of a name, a choice each, with commas between; in `had` a choice that was drawn has its number instead. */
static void name_point(struct axes *x, const int *choice, struct point *p)
{
	struct str name = {0}, had = {0};
	bool drawn = false;
	int at = 0;
	for (int i = 0; i < x->n_axis; i++) {
		const struct choice *c = &x->axis[i].choice[choice[i]];
		const size_t before = name.len;
		if (c->name && *c->name)
			str_printf(&name, "%s%s", name.len ? "," : "", c->name);
		for (int k = 0; k < c->n; k++) {
			if (at == p->n || p->set[at].path != c->set[k].path)
				continue; /* left out */
			at++;
			if (c->name)
				continue;
			str_printf(&name, "%s%s=", name.len ? "," : "", short_path(x, c->set[k].path));
			value_text(&name, c->set[k].value, c->set[k].digits);
		}
		const char *part = c->had ? c->had : str_text(&name) + before;
		part += !c->had && *part == ',';
		if (*part)
			str_printf(&had, "%s%s", had.len ? "," : "", part);
		drawn |= c->had != NULL;
	}
	for (size_t i = 0; i < name.len; i++)
		if ((unsigned char)name.text[i] < ' ')
			name.text[i] = ' '; /* a name is printed in a line */
	p->name = arena_str(x->a, str_text(&name));
	p->had = drawn ? arena_str(x->a, str_text(&had)) : NULL;
	str_release(&name);
	str_release(&had);
}

static void make_point(struct axes *x, const int *choice, struct point *p)
{
	*p = (struct point){.seed = -1, .set = NEW_ARRAY(x->a, struct assignment, x->n_path)};
	for (int i = 0; i < x->n_axis; i++) {
		const struct choice *c = &x->axis[i].choice[choice[i]];
		for (int k = 0; k < c->n; k++)
			p->set[p->n++] = c->set[k];
	}
	for (int k = 0; x->when && k < x->when->n; k++) { /* assignments whose condition does not hold are left out */
		int n = 0;
		const bool holds = matches(x->root, p, x->when->item[k]);
		for (int i = 0; i < p->n; i++)
			if (holds || !str_eq(p->set[i].path, x->when->key[k]))
				p->set[n++] = p->set[i];
		p->n = n;
	}
	name_point(x, choice, p);
}

static bool skipped(const struct axes *x, const struct point *p)
{
	for (int i = 0; x->skip && i < x->skip->n; i++)
		if (matches(x->root, p, x->skip->item[i]))
			return true;
	return false;
}

static bool same_sets(const struct point *a, const struct point *b)
{
	bool same = a->n == b->n;
	for (int i = 0; i < a->n && same; i++)
		same = str_eq(a->set[i].path, b->set[i].path) && !a->set[i].value == !b->set[i].value &&
		       (!a->set[i].value || same_value(a->set[i].value, b->set[i].value));
	return same;
}

/* Keeps the point that was made last, unless it is one that conditions or equal values have made twice. */
static enum status keep_point(const struct axes *x, struct vary *v, struct names *t, struct err *e)
{
	const struct point *p = &v->point[v->n_point];
	const int at = names_put(t, p->name, v->n_point);
	if (!same_sets(&v->point[at], p))
		return err_user(e, conf_where(x->root, "vary"), "two points that differ would both be named '%s': give names, by 'list' or by a 'name' in 'zip'",
		                p->name);
	v->n_point += at == v->n_point;
	return OK;
}

static enum status make_points(struct axes *x, struct vary *v, double n, struct err *e)
{
	int *choice = NEW_ARRAY(x->a, int, x->n_axis + 1);
	struct names *t = names_new(x->a, (size_t)n);
	enum status st = OK;
	v->point = NEW_ARRAY(x->a, struct point, (int)n);
	while (st == OK) {
		struct point *p = &v->point[v->n_point];
		make_point(x, choice, p);
		if (!skipped(x, p))
			st = keep_point(x, v, t, e);
		int i = x->n_axis - 1;
		while (i >= 0 && ++choice[i] == x->axis[i].n)
			choice[i--] = 0;
		if (i < 0)
			break;
	}
	if (st != OK)
		return st;
	return v->n_point ? OK : err_user(e, conf_where(x->root, "vary"), "'skip' leaves no run of %.0f", n);
}

enum status vary_read(struct arena *a, const struct conf *root, bool many, struct vary *v, struct err *e)
{
	struct vary_conf c = {0};
	struct axes x = {.a = a, .root = root};
	const struct conf *map = conf_use(root, "vary");
	*v = (struct vary){0};
	const struct opt *tables[] = {vary_opts};
	void *outs[] = {&c};
	enum status st = opts_read_all(tables, outs, 1, map, "vary", a, e);
	if (st == OK)
		st = seeds_read(a, c.seeds, &v->seeds, e);
	if (st == OK)
		st = axes_read(&x, c.grid, c.zip, c.list, c.random, conf_use(root, "drop"), &v->seeds, e);
	if (st == OK)
		st = conditions_read(&x, c.when, c.skip, e);
	if (st != OK)
		return st;
	double n = 1;
	for (int i = 0; i < x.n_axis; i++)
		n *= x.axis[i].n;
	v->n_all = n * (v->seeds.n ? v->seeds.n : 1);
	if (v->n_all > POINTS_MAX)
		return err_user(e, map ? map->at : root->at, "that is %.0f runs, at most %d are allowed: use 'random' to draw some of them", v->n_all, POINTS_MAX);
	if (v->n_all > POINTS_MADE && !many) /* before any is made */
		return err_user(e, map ? map->at : root->at, "that is %.0f runs; if so many are meant, say --yes; 'random' draws some of them", v->n_all);
	return make_points(&x, v, n, e);
}

/* ---- to an experiment ---- */

/* The file's own seeds one by one, so that some may be moved: what is not moved stays as it was, teachers too. */
static enum status open_seeds(struct arena *a, struct conf *root, struct err *e)
{
	static const char *const keys[] = {"split", "data", "init", "teacher"};
	const struct conf *had = conf_find(root, "seed");
	const bool is_map = had && had->kind == CONF_MAP;
	const char *own[4] = {0};
	struct conf *map = NULL;
	if (had && had->kind == CONF_LIST)
		return OK; /* what is wrong in the file's own seeds is left there: the experiment will say so */
	for (int i = 0; i < 4; i++) {
		const struct conf *c = is_map ? conf_find(had, keys[i]) : NULL;
		own[i] = c ? c->text : i < 3 ? had && !is_map ? had->text : "1" : "-1";
	}
	if (str_eq(own[3], "-1")) /* the first seeds' teacher is that of all */
		own[3] = own[2];
	enum status st = conf_parse(a, "", "seed", &map, e);
	if (is_map)
		map = conf_copy(a, had);
	for (int i = 0; i < 4 && st == OK; i++)
		if (own[i])
			st = conf_put(a, map, keys[i], &(struct conf){.kind = CONF_SCALAR, .at = had ? had->at : root->at, .text = own[i]}, e);
	return st == OK ? conf_put(a, root, "seed", map, e) : st;
}

static enum status move_seeds(struct arena *a, struct conf *root, const struct seeds *s, int seed, struct err *e)
{
	const struct conf *map = conf_find(root, "seed");
	const char *number = arena_printf(a, "%d", seed);
	const struct { const char *path, *text; } put[] = {
		{"seed.split", s->split ? number : NULL}, {"seed.data", s->data ? number : NULL}, {"seed.init", s->init ? number : NULL},
		{"seed.teacher", s->teacher ? number : s->per_seed ? "-1" : NULL}, /* -1: as its students */
	};
	enum status st = OK;
	for (int i = 0; i < 4 && st == OK; i++)
		if (put[i].text && map->kind == CONF_MAP)
			st = conf_put(a, root, put[i].path, &(struct conf){.kind = CONF_SCALAR, .at = map->at, .text = put[i].text}, e);
	return st;
}

static bool sets_seeds(const struct point *p)
{
	bool any = false;
	for (int i = 0; i < p->n; i++)
		any |= seed_of_path(p->set[i].path) >= 0;
	return any;
}

/* A run's name has letters, digits and -_. only: in a point's name others become _. That of the file is checked as it stands. drawn: no other draw may
   have it too. */
static const char *run_name(struct arena *a, const char *name, const char *point, bool drawn, int seed)
{
	struct str s = {0};
	str_add(&s, name);
	if (*point)
		str_printf(&s, "-%s", point);
	for (size_t i = strlen(name); i < s.len; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.", s.text[i]))
			s.text[i] = '_';
	const size_t most = 80;
	if (s.len > most && drawn) { /* draws of many options are alike for long */
		char hex[65];
		sha256_text(str_text(&s), hex);
		s.text[s.len = most - 9] = 0;
		str_printf(&s, "-%.8s", hex);
	} else if (s.len > most) {
		s.text[s.len = most] = 0;
	}
	if (seed >= 0)
		str_printf(&s, "-s%d", seed);
	const char *text = arena_str(a, str_text(&s));
	str_release(&s);
	return text;
}

const char *point_had_name(struct arena *a, const struct conf *root, const struct point *p, int seed)
{
	const struct conf *name = conf_find(root, "name");
	return p->had && name && name->text ? run_name(a, name->text, p->had, false, seed) : NULL;
}

enum status point_apply(struct arena *a, const struct conf *root, const struct vary *v, const struct point *p, int seed, struct conf **out, struct err *e)
{
	struct conf *x = conf_copy(a, root);
	const struct conf *name = conf_find(root, "name");
	enum status st = seed >= 0 || sets_seeds(p) ? open_seeds(a, x, e) : OK;
	*out = x;
	for (int i = 0; i < p->n && st == OK; i++) {
		if (p->set[i].value)
			st = conf_put(a, x, p->set[i].path, p->set[i].value, e);
		else
			conf_drop(x, p->set[i].path);
	}
	if (st == OK && seed >= 0)
		st = move_seeds(a, x, &v->seeds, seed, e);
	if (st == OK && name && name->text)
		st = conf_put(a, x, "name", &(struct conf){.kind = CONF_SCALAR, .at = name->at, .text = run_name(a, name->text, p->name, p->had != NULL, seed)}, e);
	return st;
}
