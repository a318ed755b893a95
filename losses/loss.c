/* The list of losses and the terms of a stage. */
#include "losses/loss.h"

#include <string.h>

const struct loss *const loss_all[] = {
#define LOSS(x) &loss_##x,
#include "losses/losses.def"
#undef LOSS
};
enum { LOSS_COUNT = sizeof loss_all / sizeof *loss_all };
const int loss_count = LOSS_COUNT;

struct term_conf {
	const char *kind, *name, *student, *teacher;
	double weight;
	const struct conf *temperature;
};

const struct opt term_opts[] = {
	{.name = "kind", .type = OPT_TEXT, .offset = offsetof(struct term_conf, kind), .unit = "-", .flags = OPT_REQUIRED,
	 .help = "which loss: `limbeck list losses`"},
	{.name = "name", .type = OPT_TEXT, .offset = offsetof(struct term_conf, name), .unit = "-", .flags = OPT_NEUTRAL,
	 .help = "in metrics; default: the kind"},
	REAL(term_conf, weight, 1, 0, 1e9, "-", "factor; a term of weight 0 is not built"),
	TEXT(term_conf, student, "logits", "the student's tap: stem, block1, block1.pre, ..., pooled, logits"),
	TEXT(term_conf, teacher, "logits", "the teacher's tap"),
	NODE(term_conf, temperature, "losses with `tau`: {kind: NAME, ...} in its place, a temperature that changes: `limbeck list temperatures`"),
	{0},
};

const struct loss *loss_find(const char *name)
{
	for (int i = 0; i < loss_count; i++)
		if (str_eq(loss_all[i]->name, name))
			return loss_all[i];
	return NULL;
}

static enum status unknown_loss(const struct conf *kind, struct err *e)
{
	const char *words[LOSS_COUNT];
	for (int i = 0; i < LOSS_COUNT; i++)
		words[i] = loss_all[i]->name;
	const char *near = str_nearest(kind->text, words, LOSS_COUNT);
	if (near)
		return err_user(e, kind->at, "unknown loss '%s'; did you mean '%s'?", kind->text, near);
	struct str list = {0};
	for (int i = 0; i < LOSS_COUNT; i++)
		str_printf(&list, "%s%s", i ? ", " : "", words[i]);
	err_user(e, kind->at, "unknown loss '%s', allowed are %s", kind->text, str_text(&list));
	str_release(&list);
	return E_USER;
}

/* A tap for a loss that reads the logits would be a wish that is not heard. */
static enum status check_taps(const struct conf *map, const struct term *t, struct err *e)
{
	const char *const keys[] = {"student", "teacher"}, *const taps[] = {t->student, t->teacher};
	enum status st = OK;
	for (int i = 0; i < 2 && !(t->loss->needs & NEED_TAPS); i++)
		if (!str_eq(taps[i], "logits"))
			st = err_user(e, conf_where(map, keys[i]), "loss '%s' reads the logits, '%s' can't be '%s'", t->loss->name, keys[i],
			              taps[i]);
	return st;
}

/* A number and a temperature that changes can't both be meant. */
static enum status read_temperature(struct arena *a, const struct conf *map, const struct conf *temperature, const char *what, struct term *t, struct err *e)
{
	if (!(t->loss->needs & HAS_TAU))
		return err_user(e, temperature->at, "loss '%s' has no temperature", t->loss->name);
	if (conf_find(map, "tau"))
		return err_user(e, conf_where(map, "tau"), "loss '%s' has both 'tau' and 'temperature': one of them", t->loss->name);
	return temperature_read(a, temperature, what, &t->temperature, e);
}

static enum status term_read(struct arena *a, const struct conf *map, const char *what, struct term *t, struct err *e)
{
	const struct conf *kind = map->kind == CONF_MAP ? conf_find(map, "kind") : NULL;
	if (!kind || !kind->text)
		return err_user(e, map->at, "a loss of %s is a map {kind: NAME, weight: W, ...}", what);
	t->loss = loss_find(kind->text);
	if (!t->loss)
		return unknown_loss(kind, e);
	struct term_conf c = {0};
	t->conf = arena_alloc(a, t->loss->conf_size);
	const struct opt *tables[] = {term_opts, t->loss->opts};
	void *outs[] = {&c, t->conf};
	enum status st = opts_read_all(tables, outs, t->loss->opts ? 2 : 1, map, arena_printf(a, "%s / loss %s", what, kind->text), a, e);
	t->weight = c.weight;
	t->name = c.name && *c.name ? c.name : t->loss->name;
	t->student = c.student;
	t->teacher = c.teacher;
	t->at = map->at;
	if (st == OK)
		st = check_taps(map, t, e);
	if (st == OK && c.temperature)
		st = read_temperature(a, map, c.temperature, arena_printf(a, "%s / loss %s", what, kind->text), t, e);
	return st;
}

enum status terms_read(struct arena *a, const struct conf *list, const char *what, struct term **terms, int *n, struct err *e)
{
	if (list->kind != CONF_LIST || list->n == 0)
		return err_user(e, list->at, "'losses' of %s is a list of {kind: NAME, weight: W, ...}", what);
	enum status st = OK;
	*terms = NEW_ARRAY(a, struct term, list->n);
	*n = list->n;
	for (int i = 0; i < list->n; i++) {
		struct term *t = &(*terms)[i];
		enum status one = term_read(a, list->item[i], what, t, e);
		for (int k = 0; one == OK && k < i; k++)
			if (str_eq((*terms)[k].name, t->name))
				one = err_user(e, t->at, "two losses of %s are named '%s': give one a 'name'", what, t->name);
		st = st == OK ? one : st;
	}
	return st;
}

void terms_canonical(const struct term *terms, int n, struct str *s)
{
	for (int i = 0; i < n; i++) {
		const struct term *t = &terms[i];
		if (t->weight == 0)
			continue;
		str_printf(s, "term=%s/%d weight=%.17g student=%s teacher=%s\n", t->loss->name, t->loss->revision, t->weight, t->student, t->teacher);
		if (t->loss->opts)
			opts_canonical(t->loss->opts, t->conf, s);
		temperature_canonical(&t->temperature, s);
	}
}

/* Fills in what the term knows: taps and its own parameters. False: an error has been noted. */
static bool term_site(const struct term *t, struct loss_site *s)
{
	struct err *e = s->g->err;
	s->at = t->at;
	s->g->at = t->at;
	s->own = t->own;
	s->student_tap = t->student;
	s->teacher_tap = t->teacher;
	s->x_s = taps_find(s->s, s->net_s, t->student, t->at, e);
	if (t->loss->needs & NEED_TEACHER) {
		if (!s->t)
			return graph_fail(s->g, "loss '%s' needs a teacher", t->loss->name), false;
		s->x_t = taps_find(s->t, s->net_t, t->teacher, t->at, e);
	}
	return graph_status(s->g) == OK;
}

struct node *term_build(const struct term *t, struct loss_site site)
{
	if (t->weight == 0 || graph_status(site.g) != OK)
		return NULL;
	const struct where before = site.g->at;
	struct node *value = term_site(t, &site) ? t->loss->build(t->conf, &site) : NULL;
	site.g->at = before;
	return value;
}

enum status term_define(struct arena *a, struct term *t, struct net *net_s, struct net *net_t, const char *name, struct err *e)
{
	if (t->weight == 0)
		return OK;
	term_temperature_define(a, t, name);
	if (!(t->loss->needs & NEED_PARAMS))
		return OK;
	struct net *own = NEW(a, struct net);
	own->name = arena_str(a, name);
	own->params = params_new(a, name);
	t->own = own;
	struct arena *scratch = arena_open("term");
	struct graph *g = graph_new(scratch, e);
	struct taps s = {0}, teacher = {0};
	const int N = 2;
	model_apply(g, net_s, 0, net_part_all(net_s), graph_input(g, "x", shape4(N, net_s->C, net_s->H, net_s->W), CLASS_ACT), MODE_FROZEN, "student", &s);
	if (net_t)
		model_apply(g, net_t, 0, net_part_all(net_t), graph_input(g, "x", shape4(N, net_t->C, net_t->H, net_t->W), CLASS_ACT), MODE_FROZEN,
		            "teacher", &teacher);
	const struct loss_site site = {.g = g, .s = &s, .t = net_t ? &teacher : NULL, .net_s = net_s, .net_t = net_t, .N = N,
	                               .K = net_s->classes, .defining = true, .mode = MODE_TRAIN,
	                               .label = graph_input(g, "label", shape1(N), CLASS_I32),
	                               .sample = graph_input(g, "sample", shape1(N), CLASS_I32)};
	term_build(t, site);
	const enum status st = graph_status(g);
	arena_close(scratch);
	if (own->params->n_param == 0 && own->params->n_state == 0)
		t->own = NULL; /* an adapter was not needed */
	return st;
}
