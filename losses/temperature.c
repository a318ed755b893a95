/* The list of temperatures, and reading one. */
#include "losses/temperature.h"

#include <math.h>
#include <string.h>

const struct temperature *const temperature_all[] = {
#define TEMPERATURE(x) &temperature_##x,
#include "losses/temperatures.def"
#undef TEMPERATURE
};
enum { TEMPERATURE_COUNT = sizeof temperature_all / sizeof *temperature_all };
const int temperature_count = TEMPERATURE_COUNT;

static const struct opt kind_opts[] = {
	{.name = "kind", .type = OPT_TEXT, .offset = 0, .unit = "-", .flags = OPT_REQUIRED, .help = "which temperature: `limbeck list temperatures`"},
	{0},
};

static enum status unknown(const struct conf *kind, struct err *e)
{
	const char *words[TEMPERATURE_COUNT];
	struct str list = {0};
	for (int i = 0; i < TEMPERATURE_COUNT; i++) {
		words[i] = temperature_all[i]->name;
		str_printf(&list, "%s%s", i ? ", " : "", words[i]);
	}
	const char *near = str_nearest(kind->text, words, TEMPERATURE_COUNT);
	if (near)
		err_user(e, kind->at, "unknown temperature '%s'; did you mean '%s'?", kind->text, near);
	else
		err_user(e, kind->at, "unknown temperature '%s', allowed are %s", kind->text, str_text(&list));
	str_release(&list);
	return E_USER;
}

enum status temperature_read(struct arena *a, const struct conf *map, const char *what, struct temperature_use *use, struct err *e)
{
	const struct conf *kind = map->kind == CONF_MAP ? conf_find(map, "kind") : NULL;
	if (!kind || !kind->text)
		return err_user(e, map->at, "the temperature of %s is a map {kind: NAME, ...}; a number is written {kind: fixed, tau: 4}", what);
	*use = (struct temperature_use){.map = map, .at = map->at};
	for (int i = 0; i < TEMPERATURE_COUNT && !use->kind; i++)
		if (str_eq(temperature_all[i]->name, kind->text))
			use->kind = temperature_all[i];
	if (!use->kind)
		return unknown(kind, e);
	const char *name = NULL;
	use->conf = arena_alloc(a, use->kind->conf_size);
	const struct opt *tables[] = {kind_opts, use->kind->opts};
	void *outs[] = {&name, use->conf};
	const enum status st = opts_read_all(tables, outs, 2, map, arena_printf(a, "%s / temperature %s", what, kind->text), a, e);
	return st == OK && use->kind->check ? use->kind->check(use->conf, map->at, e) : st;
}

void temperature_canonical(const struct temperature_use *use, struct str *s)
{
	if (!use->kind)
		return;
	str_printf(s, "temperature=%s/%d\n", use->kind->name, use->kind->revision);
	opts_canonical(use->kind->opts, use->conf, s);
	if (use->kind->canonical)
		use->kind->canonical(use->conf, s);
}

struct params *temperature_define(struct arena *a, const struct temperature_use *use, const char *name)
{
	if (!use->kind || !use->kind->define)
		return NULL;
	struct params *own = params_new(a, arena_str(a, name));
	use->kind->define(use->conf, own);
	return own;
}

/* ---- what goes from a number to another one ---- */

const struct opt span_opts[] = {
	REAL(span_conf, from, 20, 0.001, 1000, "-", "at the start"),
	REAL(span_conf, to, 1, 0.001, 1000, "-", "at the end"),
	REAL(span_conf, share, 1, 0.001, 1, "-", "of the stage, or of the teacher's phase, after which it is there"),
	BOOL(span_conf, whole, 0, "rounded down to a whole number, at least 1"),
	{0},
};

double temperature_between(const struct span_conf *c, const struct temperature_place *p, double (*by)(double x))
{
	const double x = fmin(p->progress / c->share, 1), tau = c->from + (c->to - c->from) * by(x);
	return c->whole ? fmax(floor(tau), 1) : tau;
}
