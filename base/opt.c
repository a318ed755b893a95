#include "base/opt.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/conf_int.h"
#include "base/opt_int.h"

/* Everything that reading one value needs. */
struct reading {
	const struct opt *o;
	char *field;
	struct arena *a;
	struct err *e;
};

/* "'p' is 0.5, allowed 1 to 8 px (default 2)". item counts from 1; 0: the value is no item of a list. */
static enum status refuse(const struct reading *r, const struct conf *v, int item, const char *why)
{
	const struct opt *o = r->o;
	struct str s = {0}, def = {0};
	if (item)
		str_printf(&s, "item %d of ", item);
	str_printf(&s, "'%s'", o->name);
	if (v->kind != CONF_SCALAR)
		str_printf(&s, " is a %s", v->kind == CONF_MAP ? "map" : "list");
	else if (*v->text)
		str_printf(&s, " is %.200s", v->text);
	else
		str_add(&s, " has no value");
	str_printf(&s, "%s, allowed ", why);
	if (o->type == OPT_TEXT)
		str_add(&s, "a text");
	else
		opt_range(&s, o);
	if (!str_eq(o->unit, "-") && o->unit)
		str_printf(&s, " %s", o->unit);
	opt_default(&def, o);
	if (def.len && !(o->flags & OPT_REQUIRED))
		str_printf(&s, " (default %s)", str_text(&def));
	const enum status st = err_user(r->e, v->at, "%s", str_text(&s));
	str_release(&s);
	str_release(&def);
	return st;
}

/* No hexadecimal numbers; inf and nan are read, for the range to refuse. */
static bool to_number(const char *text, double *v)
{
	char *end;
	if (!*text || strpbrk(text, "xXpP \t\n"))
		return false;
	*v = strtod(text, &end);
	return !*end;
}

static enum status read_number(const struct reading *r, const struct conf *v, int item, bool whole,
                               double *out)
{
	const struct opt *o = r->o;
	double x;
	if (v->kind != CONF_SCALAR || !*v->text)
		return refuse(r, v, item, "");
	if (!to_number(v->text, &x))
		return refuse(r, v, item, whole ? ", not a whole number" : ", not a number");
	/* written so that NaN is refused; an infinity passes only where the table has one as its default */
	if (!(x >= o->min && x <= o->max) || (isinf(x) && !isinf(o->def)))
		return refuse(r, v, item, "");
	if (whole && (x != floor(x) || x < INT_MIN || x > INT_MAX))
		return refuse(r, v, item, ", not a whole number");
	*out = x;
	return OK;
}

static int to_bool(const char *text)
{
	static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};
	for (int i = 0; i < 6; i++)
		if (!strcasecmp(text, words[i]))
			return i % 2;
	return -1;
}

static int choice_index(const char *choices, const char *text)
{
	int len;
	const char *w;
	for (int i = 0; (w = opt_word(choices, i, &len)); i++)
		if (strlen(text) == (size_t)len && !memcmp(w, text, (size_t)len))
			return i;
	return -1;
}

static enum status read_choice(const struct reading *r, const struct conf *v)
{
	const int i = v->kind == CONF_SCALAR ? choice_index(r->o->choices, v->text) : -1;
	if (i >= 0) {
		memcpy(r->field, &i, sizeof i);
		return OK;
	}
	char why[160] = "";
	if (v->kind == CONF_SCALAR && *v->text) {
		const char *words[64];
		int n = 0, len;
		for (const char *w; n < 64 && (w = opt_word(r->o->choices, n, &len)); n++)
			words[n] = arena_strn(r->a, w, (size_t)len);
		const char *near = str_nearest(v->text, words, n);
		if (near)
			snprintf(why, sizeof why, " (did you mean '%s'?)", near);
	}
	return refuse(r, v, 0, why);
}

static void put_list(const struct reading *r, int n, const double *v)
{
	if (r->o->type == OPT_REALS) {
		const struct reals list = {n, v};
		memcpy(r->field, &list, sizeof list);
		return;
	}
	int *whole = NEW_ARRAY(r->a, int, n);
	for (int i = 0; i < n; i++)
		whole[i] = (int)v[i];
	const struct ints list = {n, whole};
	memcpy(r->field, &list, sizeof list);
}

/* A lone scalar is a list of one, and an empty one a list of none. */
static enum status read_list(const struct reading *r, const struct conf *v)
{
	const bool whole = r->o->type == OPT_INTS;
	enum status st = OK;
	if (v->kind == CONF_MAP)
		return refuse(r, v, 0, "");
	const bool one = v->kind == CONF_SCALAR;
	const int n = one ? *v->text != 0 : v->n;
	double *x = NEW_ARRAY(r->a, double, n);
	for (int i = 0; i < n; i++) {
		const enum status s = read_number(r, one ? v : v->item[i], one ? 0 : i + 1, whole, &x[i]);
		st = st != OK ? st : s;
	}
	if (st == OK)
		put_list(r, n, x);
	return st;
}

static enum status read_value(const struct reading *r, const struct conf *v)
{
	double x;
	int i;
	bool b;
	enum status st = OK;
	switch (r->o->type) {
	case OPT_REAL:
		st = read_number(r, v, 0, false, &x);
		if (st == OK)
			memcpy(r->field, &x, sizeof x);
		return st;
	case OPT_INT:
		st = read_number(r, v, 0, true, &x);
		if (st == OK) {
			i = (int)x;
			memcpy(r->field, &i, sizeof i);
		}
		return st;
	case OPT_BOOL:
		i = v->kind == CONF_SCALAR ? to_bool(v->text) : -1;
		if (i < 0)
			return refuse(r, v, 0, "");
		b = i;
		memcpy(r->field, &b, sizeof b);
		return OK;
	case OPT_TEXT:
		if (v->kind != CONF_SCALAR)
			return refuse(r, v, 0, "");
		memcpy(r->field, &v->text, sizeof v->text);
		return OK;
	case OPT_CHOICE:
		return read_choice(r, v);
	case OPT_INTS:
	case OPT_REALS:
		return read_list(r, v);
	case OPT_NODE:
		memcpy(r->field, &v, sizeof v);
		return OK;
	}
	BUG("option '%s' has type %d", r->o->name, (int)r->o->type);
}

static void list_default(const struct reading *r)
{
	int n = 0;
	double v;
	while (opt_list_default(r->o, n, &v))
		n++;
	double *x = NEW_ARRAY(r->a, double, n);
	for (int i = 0; i < n; i++)
		opt_list_default(r->o, i, &x[i]);
	put_list(r, n, x);
}

static void put_default(const struct reading *r)
{
	const struct opt *o = r->o;
	const char *text = o->def_text ? o->def_text : "";
	int i = (int)o->def;
	const bool b = o->def != 0;
	switch (o->type) {
	case OPT_REAL:
		memcpy(r->field, &o->def, sizeof o->def);
		break;
	case OPT_INT:
		memcpy(r->field, &i, sizeof i);
		break;
	case OPT_BOOL:
		memcpy(r->field, &b, sizeof b);
		break;
	case OPT_TEXT:
		memcpy(r->field, &text, sizeof text);
		break;
	case OPT_CHOICE:
		i = o->def_text ? choice_index(o->choices, text) : 0;
		BUG_IF(i < 0, "option '%s': its default '%s' is no choice", o->name, text);
		memcpy(r->field, &i, sizeof i);
		break;
	case OPT_INTS:
	case OPT_REALS:
		list_default(r);
		break;
	case OPT_NODE:
		break; /* NULL: the struct is zeroed */
	}
}

static bool is_empty(const struct conf *map)
{
	return !map || (map->kind == CONF_SCALAR && !*map->text);
}

static enum status must_be_map(const struct conf *map, const char *what, struct err *e)
{
	if (is_empty(map) || map->kind == CONF_MAP)
		return OK;
	return err_user(e, map->at, "%s is a %s, but must be a map of options ('name: value')", what,
	                map->kind == CONF_LIST ? "list" : "single value");
}

static enum status read_rows(const struct opt *rows, void *out, const struct conf *map, const char *what,
                             struct arena *a, struct err *e)
{
	enum status st = OK;
	for (const struct opt *o = rows; o->name; o++) {
		const struct reading r = {o, (char *)out + o->offset, a, e};
		enum status s = OK;
		put_default(&r);
		const struct conf *v = conf_use(map, o->name);
		if (v)
			s = read_value(&r, v);
		else if (o->flags & OPT_REQUIRED)
			s = err_user(e, map ? map->at : (struct where){0}, "%s lacks '%s' (%s)", what, o->name, o->help);
		st = st != OK ? st : s;
	}
	return st;
}

enum status opts_read(const struct opt *rows, void *out, const struct conf *map, const char *what,
                      struct arena *a, struct err *e)
{
	const enum status st = must_be_map(map, what, e);
	if (st == OK)
		return read_rows(rows, out, map, what, a, e);
	for (const struct opt *o = rows; o->name; o++)
		put_default(&(struct reading){o, (char *)out + o->offset, a, e});
	return st;
}

enum status opts_read_all(const struct opt *const tables[], void *const outs[], int n, const struct conf *map,
                          const char *what, struct arena *a, struct err *e)
{
	enum status st = must_be_map(map, what, e);
	struct err *const each = st == OK ? e : NULL; /* that it is no map is told once */
	int n_names = 0;
	for (int t = 0; t < n; t++) {
		const enum status s = opts_read(tables[t], outs[t], map, what, a, each);
		st = st != OK ? st : s;
		for (const struct opt *o = tables[t]; o->name; o++)
			n_names++;
	}
	const char **names = NEW_ARRAY(a, const char *, n_names);
	int k = 0;
	for (int t = 0; t < n; t++)
		for (const struct opt *o = tables[t]; o->name; o++)
			names[k++] = o->name;
	const enum status unused = conf_unused(map, what, names, n_names, e);
	return st != OK ? st : unused;
}

void opts_scale(const struct opt *rows, void *conf, const char *unit, double factor)
{
	for (const struct opt *o = rows; o->name; o++) {
		char *field = (char *)conf + o->offset;
		if (!str_eq(o->unit, unit))
			continue;
		if (o->type == OPT_INT) {
			int v;
			memcpy(&v, field, sizeof v);
			v = (int)fmin(fmax(ceil(v * factor - 1e-9), v > 0 && o->min < 1 ? 1 : o->min), o->max);
			memcpy(field, &v, sizeof v);
		} else if (o->type == OPT_REAL) {
			double v;
			memcpy(&v, field, sizeof v);
			v = fmin(fmax(v * factor, o->min), o->max);
			memcpy(field, &v, sizeof v);
		}
	}
}
