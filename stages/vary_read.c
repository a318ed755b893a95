/* The parts of `vary:` and `drop:` as they stand in the file. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/names.h"
#include "base/rng.h"
#include "stages/vary_int.h"

/* ---- axes ---- */

/* The value may be missing, for it then has its default; the map or list that it would stand in may not. */
static enum status check_path(const struct axes *x, const char *path, struct where at, struct err *e)
{
	static const char *const not_of_a_run[] = {"name", "seed", "vary", "drop", "claims", "table", "budget", "timing", "tuning"};
	const char *dot = strrchr(path, '.');
	if (seed_of_path(path) >= 0)
		return OK;
	for (size_t i = 0; i < sizeof not_of_a_run / sizeof *not_of_a_run; i++)
		if (strcspn(path, ".") == strlen(not_of_a_run[i]) && str_starts(path, not_of_a_run[i]))
			return err_user(e, at, "'%s' can't vary%s", path, i == 1 ? ": seeds are 'vary.seeds', and one of them is seed.split, seed.data, seed.init or seed.teacher" : "");
	if (conf_at(x->root, path))
		return OK;
	const char *in = dot ? arena_strn(x->a, path, (size_t)(dot - path)) : NULL;
	const struct conf *owner = in ? conf_at(x->root, in) : x->root;
	if (owner && owner->kind == CONF_MAP)
		return OK;
	if (conf_is_ambiguous(x->root, path))
		return err_user(e, at, "'%s' is ambiguous: several items of a list have one name or kind; a number says which, as in stages.NAME.losses.0", path);
	return err_user(e, at, "there is no '%s' in the file: a path is as for --set, stages.NAME.OPTION", in ? in : path);
}

static void add_path(struct axes *x, const char *path)
{
	for (int i = 0; i < x->n_path; i++)
		if (str_eq(x->path[i], path))
			return;
	const char **bigger = NEW_ARRAY(x->a, const char *, x->n_path + 1);
	for (int i = 0; i < x->n_path; i++)
		bigger[i] = x->path[i];
	bigger[x->n_path++] = path;
	x->path = bigger;
}

static struct axis *add_axis(struct axes *x, int n)
{
	struct axis *bigger = NEW_ARRAY(x->a, struct axis, x->n_axis + 1);
	for (int i = 0; i < x->n_axis; i++)
		bigger[i] = x->axis[i];
	x->axis = bigger;
	struct axis *one = &bigger[x->n_axis++];
	*one = (struct axis){.n = n, .choice = NEW_ARRAY(x->a, struct choice, n)};
	return one;
}

static void choose(struct axes *x, struct choice *c, const char *path, const struct conf *value)
{
	struct assignment *bigger = NEW_ARRAY(x->a, struct assignment, c->n + 1);
	for (int i = 0; i < c->n; i++)
		bigger[i] = c->set[i];
	bigger[c->n++] = (struct assignment){.path = path, .value = value};
	c->set = bigger;
	add_path(x, path);
}

static enum status wrong_kind(const struct conf *c, const char *what, struct err *e)
{
	return err_user(e, c->at, "%s", what);
}

/* As they are written, or as numbers: 0.1 is 0.10. */
static bool is_same(const struct conf *a, const struct conf *b)
{
	char *end_a, *end_b;
	if (a->kind != CONF_SCALAR || b->kind != CONF_SCALAR)
		return false;
	const double x = strtod(a->text, &end_a), y = strtod(b->text, &end_b);
	return str_eq(a->text, b->text) || (*a->text && !*end_a && *b->text && !*end_b && x == y);
}

static enum status check_unlike(const char *path, const struct conf *values, struct err *e)
{
	for (int i = 0; i < values->n; i++)
		for (int k = 0; k < i; k++)
			if (is_same(values->item[i], values->item[k]))
				return err_user(e, values->item[i]->at, "'%s' has the value %s twice", path, values->item[i]->text);
	return OK;
}

static enum status read_grid(struct axes *x, const struct conf *c, struct err *e)
{
	enum status st = OK;
	if (c && (c->kind != CONF_MAP || !c->n))
		return wrong_kind(c, "'grid' is {PATH: [VALUE, ...], ...}", e);
	for (int i = 0; c && i < c->n && st == OK; i++) {
		const struct conf *values = c->item[i];
		if (values->kind != CONF_LIST || !values->n)
			return err_user(e, values->at, "'%s' has no list of values: a grid of nothing is no run at all", c->key[i]);
		st = check_path(x, c->key[i], c->key_at[i], e);
		if (st == OK)
			st = check_unlike(c->key[i], values, e);
		struct axis *axis = add_axis(x, values->n);
		for (int k = 0; k < values->n; k++)
			choose(x, &axis->choice[k], c->key[i], values->item[k]);
	}
	return st;
}

static enum status read_zip(struct axes *x, const struct conf *c, struct err *e)
{
	enum status st = OK;
	if (!c)
		return OK;
	if (c->kind != CONF_MAP || !c->n || c->item[0]->kind != CONF_LIST || !c->item[0]->n)
		return wrong_kind(c, "'zip' is {PATH: [VALUE, ...], ...} with lists of one length", e);
	const int n = c->item[0]->n;
	struct axis *axis = add_axis(x, n);
	for (int i = 0; i < c->n && st == OK; i++) {
		const struct conf *values = c->item[i];
		const bool name = str_eq(c->key[i], "name");
		if (values->kind != CONF_LIST || values->n != n)
			return err_user(e, values->at, "'%s' must be a list of %d, as '%s' is", c->key[i], n, c->key[0]);
		if (!name)
			st = check_path(x, c->key[i], c->key_at[i], e);
		for (int k = 0; k < n && st == OK; k++)
			if (name)
				axis->choice[k].name = values->item[k]->text ? values->item[k]->text : "";
			else
				choose(x, &axis->choice[k], c->key[i], values->item[k]);
	}
	return st;
}

static enum status read_list(struct axes *x, const struct conf *c, struct err *e)
{
	enum status st = OK;
	if (!c)
		return OK;
	if (c->kind != CONF_LIST || !c->n)
		return wrong_kind(c, "'list' is [{name: NAME, PATH: VALUE, ...}, ...]", e);
	struct axis *axis = add_axis(x, c->n);
	for (int i = 0; i < c->n && st == OK; i++) {
		const struct conf *map = c->item[i], *name = map->kind == CONF_MAP ? conf_find(map, "name") : NULL;
		if (!name || !name->text || !*name->text)
			return err_user(e, map->at, "an entry of 'list' is {name: NAME, PATH: VALUE, ...}");
		for (int k = 0; k < i; k++)
			if (str_eq(axis->choice[k].name, name->text))
				return err_user(e, name->at, "two points are named '%s'", name->text);
		axis->choice[i].name = name->text;
		for (int k = 0; k < map->n && st == OK; k++) {
			if (map->item[k] == name)
				continue;
			st = check_path(x, map->key[k], map->key_at[k], e);
			choose(x, &axis->choice[i], map->key[k], map->item[k]);
		}
	}
	return st;
}

/* ---- random ---- */

enum { LEAST_DIGITS = 3, DRAWN_DIGITS = 6 /* of a value that is drawn */ };

struct range_conf { double from, to; int scale; bool whole; };
const struct opt random_opts[] = {
	REAL(range_conf, from, 0, -1e300, 1e300, "-", "least value"),
	REAL(range_conf, to, 1, -1e300, 1e300, "-", "largest value"),
	CHOICE(range_conf, scale, "linear", "linear|log", "log: equal shares of factors"),
	BOOL(range_conf, whole, 0, "rounded to whole numbers"),
	{0},
};
struct random_conf { int n, seed; };
static const struct opt draws_opts[] = {
	INT(random_conf, n, 0, 1, 100000, "-", "draws"),
	INT(random_conf, seed, 1, 0, 2147483647, "-", "of the draws"),
	{0},
};

static const struct conf *scalar(struct axes *x, struct where at, double v)
{
	struct conf *c = NEW(x->a, struct conf);
	*c = (struct conf){.kind = CONF_SCALAR, .at = at, .text = arena_printf(x->a, "%.*g", DRAWN_DIGITS, v)};
	return c;
}

static enum status draw(struct axes *x, const struct conf *from, const char *path, struct rng *r, const struct conf **out, struct err *e)
{
	struct range_conf c = {0};
	if (from->kind == CONF_LIST && from->n) {
		*out = from->item[rng_below(r, (uint32_t)from->n)];
		return OK;
	}
	if (from->kind != CONF_MAP)
		return err_user(e, from->at, "'%s' of 'random' is a list or {from: A, to: B}", path);
	const struct opt *tables[] = {random_opts};
	void *outs[] = {&c};
	const enum status st = opts_read_all(tables, outs, 1, from, path, x->a, e);
	if (st != OK)
		return st;
	if (c.from > c.to || (c.scale && c.from <= 0))
		return err_user(e, from->at, "'from' must be below 'to'%s", c.scale ? ", and above 0 where the scale is log" : "");
	const double u = rng_uniform_f64(r), v = c.scale ? c.from * pow(c.to / c.from, u) : c.from + u * (c.to - c.from);
	*out = scalar(x, from->at, c.whole ? round(v) : v);
	return OK;
}

/* Whether unlike values that were drawn last would still be unlike in names, with so many digits. */
static bool are_told_apart(struct axes *x, const struct axis *axis, int digits)
{
	struct names *t = names_new(x->a, (size_t)axis->n);
	for (int i = 0; i < axis->n; i++) {
		struct str one = {0}, other = {0};
		const struct choice *c = &axis->choice[i];
		value_text(&one, c->set[c->n - 1].value, digits);
		const struct choice *first = &axis->choice[names_put(t, arena_str(x->a, str_text(&one)), i)];
		str_release(&one);
		value_text(&one, c->set[c->n - 1].value, 0);
		value_text(&other, first->set[c->n - 1].value, 0);
		const bool same = str_eq(str_text(&one), str_text(&other));
		str_release(&one);
		str_release(&other);
		if (!same)
			return false;
	}
	return true;
}

/* The path that was drawn last: its values are named by as few digits as tell them apart. */
static void shorten(struct axes *x, struct axis *axis)
{
	int digits = LEAST_DIGITS;
	while (digits < DRAWN_DIGITS && !are_told_apart(x, axis, digits))
		digits++;
	for (int i = 0; i < axis->n; i++)
		axis->choice[i].set[axis->choice[i].n - 1].digits = digits < DRAWN_DIGITS ? digits : 0;
}

static enum status read_random(struct axes *x, const struct conf *c, struct err *e)
{
	struct random_conf conf = {0};
	if (!c)
		return OK;
	enum status st = opts_read(draws_opts, &conf, c, "random", x->a, e);
	if (st == OK && conf.n == 0)
		st = err_user(e, c->at, "'random' needs 'n', the number of draws");
	if (st == OK && c->n == 1 + (conf_find(c, "seed") != NULL))
		st = err_user(e, c->at, "'random' draws nothing: give it {PATH: {from: A, to: B}, ...}");
	if (st != OK)
		return st;
	struct axis *axis = add_axis(x, conf.n);
	for (int i = 0; i < conf.n; i++)
		axis->choice[i].had = arena_printf(x->a, "draw%d", i + 1);
	for (int k = 0; k < c->n && st == OK; k++) {
		if (str_eq(c->key[k], "n") || str_eq(c->key[k], "seed"))
			continue;
		st = check_path(x, c->key[k], c->key_at[k], e);
		struct rng r = rng_stream((uint64_t)conf.seed, (struct rng_name){.purpose = "vary", .network = c->key[k]});
		for (int i = 0; i < conf.n && st == OK; i++) {
			const struct conf *value = NULL;
			st = draw(x, c->item[k], c->key[k], &r, &value, e);
			if (st == OK)
				choose(x, &axis->choice[i], c->key[k], value);
		}
		if (st == OK)
			shorten(x, axis);
	}
	return st;
}

/* ---- drop ---- */

/* A stage has a name, a loss its kind; the number of an item says little. */
static const char *dropped_name(const struct conf *value, bool item, const char *last)
{
	static const char *const keys[] = {"name", "kind"};
	for (int i = 0; i < 2 && item && value->kind == CONF_MAP; i++) {
		const struct conf *c = conf_find(value, keys[i]);
		if (c && c->text)
			return c->text;
	}
	return last;
}

/* Nothing, then one of them at a time: a list's item is taken out, a number becomes 0, a switch is off. */
static enum status read_drop(struct axes *x, const struct conf *c, struct err *e)
{
	if (!c)
		return OK;
	if (c->kind != CONF_LIST || !c->n)
		return wrong_kind(c, "'drop' is a list of paths", e);
	struct axis *axis = add_axis(x, c->n + 1);
	axis->choice[0].name = "all";
	for (int i = 0; i < c->n; i++) {
		const char *path = c->item[i]->text;
		const struct conf *value = path ? conf_at(x->root, path) : NULL;
		if (!value)
			return err_user(e, c->item[i]->at, "there is no '%s' in the file, so it can't be dropped", path ? path : "?");
		const char *dot = strrchr(path, '.');
		const struct conf *in = dot ? conf_at(x->root, arena_strn(x->a, path, (size_t)(dot - path))) : x->root;
		const bool item = in && in->kind == CONF_LIST, is_switch = value->text && (!strcasecmp(value->text, "true") || !strcasecmp(value->text, "yes") || !strcasecmp(value->text, "on"));
		struct conf *off = (struct conf *)(uintptr_t)scalar(x, c->item[i]->at, 0);
		if (!item && value->kind != CONF_SCALAR)
			return err_user(e, c->item[i]->at, "'%s' is neither an item of a list nor a number", path);
		if (is_switch)
			off->text = "false";
		choose(x, &axis->choice[i + 1], path, item ? NULL : off);
		axis->choice[i + 1].name = arena_printf(x->a, "no %s", dropped_name(value, item, dot ? dot + 1 : path));
		for (int k = 1; k <= i; k++)
			if (str_eq(axis->choice[k].name, axis->choice[i + 1].name)) /* as two stages have a loss of one kind */
				axis->choice[i + 1].name = arena_printf(x->a, "no %s", path);
	}
	return OK;
}

/* Which of two axes would win, nobody could know. */
static enum status check_once(const struct axes *x, const struct seeds *s, struct err *e)
{
	const bool moved[] = {s->split, s->data, s->init, s->teacher || s->per_seed};
	for (int p = 0; p < x->n_path; p++) {
		const int seed = seed_of_path(x->path[p]);
		if (s->n && seed >= 0 && moved[seed])
			return err_user(e, conf_where(x->root, "vary"), "'%s' varies in two ways at once: 'vary.seeds' moves it too, unless its 'of' and 'teachers' say otherwise",
			                x->path[p]);
		int axes = 0;
		for (int i = 0; i < x->n_axis; i++) {
			bool in = false;
			for (int c = 0; c < x->axis[i].n && !in; c++)
				for (int k = 0; k < x->axis[i].choice[c].n; k++)
					in |= str_eq(x->axis[i].choice[c].set[k].path, x->path[p]);
			axes += in;
		}
		if (axes > 1)
			return err_user(e, conf_where(x->root, "vary"), "'%s' varies in two ways at once: in two of list, zip, grid, random, drop", x->path[p]);
	}
	return OK;
}

enum status axes_read(struct axes *x, const struct conf *grid, const struct conf *zip, const struct conf *list, const struct conf *random,
                      const struct conf *drop, const struct seeds *seeds, struct err *e)
{
	enum status st = read_list(x, list, e);
	if (st == OK)
		st = read_zip(x, zip, e);
	if (st == OK)
		st = read_grid(x, grid, e);
	if (st == OK)
		st = read_random(x, random, e);
	if (st == OK)
		st = read_drop(x, drop, e);
	return st == OK ? check_once(x, seeds, e) : st;
}

/* ---- conditions ---- */

static enum status condition(const struct axes *x, const struct conf *c, struct err *e)
{
	if (c->kind != CONF_MAP || !c->n)
		return err_user(e, c->at, "a condition is {PATH: VALUE, ...}");
	for (int i = 0; i < c->n; i++) {
		bool known = conf_at(x->root, c->key[i]) != NULL;
		for (int k = 0; k < x->n_path; k++)
			known |= str_eq(x->path[k], c->key[i]);
		if (!known)
			return err_user(e, c->key_at[i], "nothing is at '%s': the condition could never hold", c->key[i]);
	}
	return OK;
}

enum status conditions_read(struct axes *x, const struct conf *when, const struct conf *skip, struct err *e)
{
	enum status st = OK;
	if (when && when->kind != CONF_MAP)
		return wrong_kind(when, "'when' is {PATH: {OTHER: VALUE, ...}, ...}", e);
	if (skip && skip->kind != CONF_LIST)
		return wrong_kind(skip, "'skip' is a list of {PATH: VALUE, ...}", e);
	for (int i = 0; when && i < when->n && st == OK; i++) {
		bool varies = false;
		for (int k = 0; k < x->n_path; k++)
			varies |= str_eq(x->path[k], when->key[i]);
		if (!varies)
			return err_user(e, when->key_at[i], "'%s' has a condition and does not vary", when->key[i]);
		st = condition(x, when->item[i], e);
	}
	for (int i = 0; skip && i < skip->n && st == OK; i++)
		st = condition(x, skip->item[i], e);
	x->when = when;
	x->skip = skip;
	return st;
}
