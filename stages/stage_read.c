/* One entry of `stages:` to a stage, with its identity. */
#include "stages/stage_read.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sha256.h"
#include "runs/safetensors.h"
#include "stages/run.h"

const struct stage_kind *const stage_all[] = {
#define STAGE(x) &stage_##x,
#include "stages/stages.def"
#undef STAGE
};
const int stage_count = sizeof stage_all / sizeof *stage_all;

const struct opt train_opts[] = {
	{.name = "name", .type = OPT_TEXT, .offset = offsetof(struct train_conf, name), .unit = "-", .flags = OPT_REQUIRED | OPT_NEUTRAL,
	 .help = "names the stage, its folder and what it leaves"},
	{.name = "kind", .type = OPT_TEXT, .offset = offsetof(struct train_conf, kind), .unit = "-", .flags = OPT_REQUIRED,
	 .help = "what the stage does: `limbeck list stages`"},
	{.name = "train", .type = OPT_TEXT, .offset = offsetof(struct train_conf, train), .unit = "-", .flags = OPT_REQUIRED,
	 .help = "the network that learns, of `networks`"},
	{.name = "teacher_network", .type = OPT_TEXT, .offset = offsetof(struct train_conf, teacher_network), .unit = "-",
	 .help = "the network, of `networks`, that weights in a teacher's `{file: PATH}` belong to; several: `{file: PATH, network: NAME}` each"},
	INT(train_conf, epochs, 10, 1, 100000, "epochs", "passes over the training pictures (blocks: for each anchor and block)"),
	NODE(train_conf, from, "reference to weights to start from, of this network or of one that has its stem and blocks (then the head starts anew); "
	     "absent: He initialisation by seed.init and the network's name"),
	NODE(train_conf, anchors, "checkpoints to keep: [6, 20, 40], {count: 3, rule: equal}, or {rule: plateau}"),
	{.name = "save_minutes", .type = OPT_REAL, .offset = offsetof(struct train_conf, save_minutes), .def = 5, .min = 0.01, .max = 1e6,
	 .unit = "minutes", .flags = OPT_NEUTRAL, .help = "between checkpoints within an epoch; every epoch ends with one"},
	{.name = "eval_every", .type = OPT_INT, .offset = offsetof(struct train_conf, eval_every), .def = 1, .min = 1, .max = 100000,
	 .unit = "epochs", .help = "between evaluations on the held-out split, which choose `best`"},
	INT(train_conf, rollbacks, 2, 0, 50, "steps", "steps that are not finite and may be undone, with halved learning rates, before the stage fails; 0: fails at the first"),
	BOOL(train_conf, watch_test, 0, "evaluates the test pictures at the same epochs: the metric test_top1_watched and its highest value, "
	     "test_top1_best_test, which is chosen on the test set; no weights are kept for it"),
	{0},
};

const struct stage_kind *stage_kind_find(const char *name)
{
	for (int i = 0; i < stage_count; i++)
		if (str_eq(stage_all[i]->name, name))
			return stage_all[i];
	return NULL;
}

static enum status find_kind(struct stage *s, const struct conf *map, struct err *e)
{
	const struct conf *kind = conf_find(map, "kind"), *name = conf_find(map, "name");
	s->name = name && name->text ? name->text : "?";
	if (!kind || !kind->text)
		return err_user(e, map->at, "stage '%s' has no 'kind'", s->name);
	s->kind = stage_kind_find(kind->text);
	if (s->kind)
		return OK;
	const char *words[32];
	for (int i = 0; i < stage_count; i++)
		words[i] = stage_all[i]->name;
	const char *near = str_nearest(kind->text, words, stage_count);
	return err_user(e, kind->at, "unknown stage kind '%s'%s%s%s", kind->text, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static enum status check_name(const struct experiment *x, const struct stage *s, struct err *e)
{
	for (const char *c = s->name; *c; c++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", *c))
			return err_user(e, conf_where(s->map, "name"), "stage name '%s': letters, digits, - and _ are allowed", s->name);
	for (const struct stage *o = x->stage; o < s; o++)
		if (str_eq(o->name, s->name))
			return err_user(e, conf_where(s->map, "name"), "two stages are named '%s'", s->name);
	return OK;
}

/* Which network each teacher's weights belong to: the one that its stage trained, or what is said with the file or, for all files, by
   `teacher_network`. */
static enum status find_teacher_networks(struct stage *s, struct err *e)
{
	bool unnamed = false;
	for (int i = 0; i < s->n_teacher; i++) {
		struct reference *r = &s->teacher[i];
		if (r->stage < 0 && !r->network) {
			unnamed = true;
			r->network = s->train.teacher_network;
		}
		if (r->stage >= 0 && (!r->network || !*r->network))
			return E_USER; /* that stage's own mistakes have been told */
		if (!*r->network)
			return err_user(e, r->at, "the weights in '%s' need 'teacher_network': the name of their network; or {file: PATH, network: NAME}",
			                r->path);
		if (!s->kind->several_networks && !str_eq(r->network, s->teacher[0].network))
			return err_user(e, r->at, "teachers of '%s' are of two networks, '%s' and '%s': those of a stage of kind '%s' are of one", s->name,
			                s->teacher[0].network, r->network, s->kind->name);
	}
	if (!unnamed && *s->train.teacher_network)
		return err_user(e, conf_where(s->map, "teacher_network"), "'teacher_network' is for teachers from files: stage '%s' has none%s", s->name,
		                s->n_teacher ? " that does not name its own" : "");
	return OK;
}

/* Weights of another stage fit if they are of the same network but for the head: asked now, for the file is not there yet. */
static enum status check_from(struct experiment *x, const struct stage *s, const struct net *net, struct err *e)
{
	struct net *other = NULL;
	if (!s->has_from || s->from.stage < 0)
		return OK;
	const struct stage *from = &x->stage[s->from.stage];
	if (!*from->identity)
		return E_USER; /* told */
	const enum status st = experiment_shape(x, from->train.train, &other, e);
	if (st != OK || str_eq(other->identity, net->identity) || net_has_body(other, net))
		return st;
	return err_user(e, s->from.at, "stage '%s' starts '%s' (%s) from weights of '%s' (%s), which is another model or has other options: stem and "
	                "blocks must be there, the head alone may differ", s->name, s->train.train, net->model_name, from->train.train, other->model_name);
}

/* Weights from files are read once before anything is trained: hours later is too late to learn that they do not fit. */
static enum status check_file(struct experiment *x, struct net *net, const struct reference *r, bool starts, struct err *e)
{
	bool body;
	if (r->stage >= 0)
		return OK;
	enum status st = params_place(net->params, x->dev, e);
	if (st == OK)
		st = starts ? weights_take(net->params, net_part_all(net), r->path, &body, e) : weights_load(net->params, r->path, e);
	params_release(net->params);
	weights_fit(net, r->path, st, e);
	if (st != OK)
		err_note(e, "these weights were asked for at %s:%d:%d", r->at.file, r->at.line, r->at.col);
	return st;
}

static enum status check_files(struct experiment *x, struct stage *s, struct net *net, struct net *const *teacher, struct err *e)
{
	enum status st = s->has_from ? check_file(x, net, &s->from, true, e) : OK;
	for (int i = 0; i < s->n_teacher && st == OK; i++)
		st = check_file(x, teacher[i], &s->teacher[i], false, e);
	return st;
}

/* Once for all where they are alike, else one for each teacher. */
static void identify_networks(const struct stage *s, struct net *const *teacher, struct str *text)
{
	bool alike = true;
	for (int i = 1; i < s->n_teacher; i++)
		alike &= str_eq(teacher[i]->identity, teacher[0]->identity);
	for (int i = 0; i < (alike && s->n_teacher ? 1 : s->n_teacher); i++)
		str_printf(text, "teacher_network=%s\n", teacher[i]->identity);
}

void stage_canonical(const struct stage *s, struct str *text)
{
	if (s->kind->needs_teacher)
		opts_canonical(teacher_opts, &s->teacher_conf, text);
	if (s->kind->opts)
		opts_canonical(s->kind->opts, s->conf, text);
	if (s->kind->canonical)
		s->kind->canonical(s, text);
}

static void identify(struct experiment *x, struct stage *s, const struct net *net, struct net *const *teacher)
{
	struct str text = {0};
	str_printf(&text, "stage=%s/%d\n", s->kind->name, s->kind->revision);
	opts_canonical(train_opts, &s->train, &text);
	opts_canonical(optim_opts, &s->optim, &text);
	opts_canonical(schedule_opts, &s->schedule, &text);
	stage_canonical(s, &text);
	for (int i = 0; i < s->n_anchor; i++)
		str_printf(&text, "anchor=%d\n", s->anchor[i]);
	str_printf(&text, "network=%s\n%s\n", s->train.train, net->identity);
	for (int i = 0; i < s->n_teacher; i++)
		str_printf(&text, "teacher=%s\n", s->teacher[i].identity);
	identify_networks(s, teacher, &text);
	if (s->has_from)
		str_printf(&text, "from=%s\n", s->from.identity);
	if (s->has_course)
		str_printf(&text, "course=%s\n", s->course.identity);
	str_printf(&text, "%s\nseed.data=%llu seed.init=%llu\nprecision=%d device=%s\n", x->data->identity, (unsigned long long)s->seed_data,
	           (unsigned long long)s->seed_init, (int)x->precision, x->dev->backend->name);
	if (x->any_order)
		str_add(&text, "deterministic=0\n");
	sha256_text(str_text(&text), s->identity);
	str_release(&text);
}

/* Drops that are epochs become shares, which need no scaling. */
static void scale_drops(struct experiment *x, struct stage *s, int epochs)
{
	double *v = NEW_ARRAY(x->arena, double, s->schedule.drops.n);
	for (int i = 0; i < s->schedule.drops.n; i++) {
		v[i] = s->schedule.drops.v[i];
		if (v[i] >= 1 && epochs > 0)
			v[i] = fmin(v[i] / epochs, 1 - 1e-6);
	}
	s->schedule.drops.v = v;
}

/* A smaller budget: every option that counts epochs, in whatever table; each anchor keeps an epoch of its own. */
static void scale_epochs(struct experiment *x, struct stage *s, const struct opt *const tables[], void *const outs[], int n)
{
	const int epochs = s->epochs_asked, wanted = s->n_anchor;
	if (x->budget.epochs >= 1)
		return;
	for (int i = 0; i < n; i++)
		opts_scale(tables[i], outs[i], "epochs", x->budget.epochs);
	scale_drops(x, s, epochs);
	s->train.epochs = s->train.epochs > wanted ? s->train.epochs : wanted < epochs ? wanted : epochs;
}

static enum status read_options(struct experiment *x, struct stage *s, const struct conf *map, struct err *e)
{
	s->conf = arena_alloc(x->arena, s->kind->conf_size);
	const struct opt *tables[5] = {train_opts, optim_opts, schedule_opts};
	void *outs[5] = {&s->train, &s->optim, &s->schedule};
	int n = 3;
	if (s->kind->needs_teacher) {
		tables[n] = teacher_opts;
		outs[n++] = &s->teacher_conf;
	}
	if (s->kind->opts) {
		tables[n] = s->kind->opts;
		outs[n++] = s->conf;
	}
	enum status st = opts_read_all(tables, outs, n, map, arena_printf(x->arena, "stage '%s'", s->name), x->arena, e);
	s->epochs_asked = s->train.epochs;
	const enum status name = check_name(x, s, e);
	enum status anchors = anchors_read(x, s, st == OK, e);
	scale_epochs(x, s, tables, outs, n);
	if (anchors == OK)
		anchors = anchors_scale(x, s, e);
	st = st == OK ? name : st;
	return st == OK ? anchors : st;
}

static enum status read_references(struct experiment *x, struct stage *s, struct err *e)
{
	enum status st = OK;
	if (s->kind->read)
		st = s->kind->read(x, s, e);
	if (s->train.from) {
		struct reference *from = NULL;
		int n = 0;
		const enum status ref = references_read(x, s, s->train.from, false, &from, &n, e);
		if (ref != OK)
			return ref;
		if (from[0].stage < 0 && from[0].network)
			return err_user(e, from[0].at, "'network' is for teachers: weights in 'from' start '%s', which 'train' names", s->train.train);
		s->has_from = true;
		s->from = from[0];
	}
	return st == OK ? find_teacher_networks(s, e) : st;
}

/* A stage like another one, under a name of its own. */
static enum status name_copy(struct experiment *x, struct stage *s, const char *name, struct err *e)
{
	struct net *net = NULL, **teacher = NULL;
	s->name = name;
	enum status st = check_name(x, s, e);
	if (st == OK)
		st = experiment_shape(x, s->train.train, &net, e);
	if (st == OK)
		st = stage_teacher_nets(x, x->arena, s, &teacher, e);
	if (st == OK)
		identify(x, s, net, teacher);
	return st;
}

/* What a copy repeats is of its seed, where the other stage has a copy of that seed: the two would be no pair otherwise. Copies stand behind their
   original. */
static void follow_copy(const struct experiment *x, struct stage *s)
{
	for (int i = s->course.stage + 1; i < (int)(s - x->stage) && x->stage[i].is_copy; i++)
		if (x->stage[i].seed_init == s->seed_init) {
			s->course.stage = i;
			snprintf(s->course.identity, sizeof s->course.identity, "%s/%s", x->stage[i].identity, s->course.artefact);
		}
}

enum status stage_read_copy(struct experiment *x, struct stage *s, const struct stage *from, uint64_t seed_init, struct err *e)
{
	*s = *from;
	s->is_copy = true;
	s->seed_init = seed_init;
	if (s->has_course && s->course.stage >= 0)
		follow_copy(x, s);
	return name_copy(x, s, arena_printf(x->arena, "%s-init%llu", from->name, (unsigned long long)seed_init), e);
}

enum status stage_read_control(struct experiment *x, struct stage *s, const struct stage *from, bool *made, struct err *e)
{
	void *conf = arena_alloc(x->arena, from->kind->conf_size);
	memcpy(conf, from->conf, from->kind->conf_size);
	*made = from->kind->control && from->kind->control(from, conf);
	if (!*made)
		return OK;
	*s = *from;
	s->conf = conf;
	s->is_control = true;
	s->arms = 0;
	return name_copy(x, s, arena_printf(x->arena, "%s-control", from->name), e);
}

enum status stage_read(struct experiment *x, struct stage *s, const struct conf *map, struct err *e)
{
	s->map = map;
	s->name = "?";
	const bool teaches = x->has_seed_teacher && stage_teaches(x, map);
	s->seed_data = teaches ? x->seed_teacher : x->seed_data;
	s->seed_init = teaches ? x->seed_teacher : x->seed_init;
	if (map->kind != CONF_MAP)
		return err_user(e, map->at, "a stage is a map with 'name', 'kind', 'train' and options");
	enum status st = find_kind(s, map, e);
	if (st != OK)
		return st;
	st = read_options(x, s, map, e);
	struct net *net = NULL, **teacher = NULL;
	/* After wrong options too: what the stage refers to can be told at the same time. */
	if (s->train.train && *s->train.train) {
		const enum status one = experiment_shape(x, s->train.train, &net, e);
		st = st == OK ? one : st;
	}
	const enum status refs = read_references(x, s, e);
	st = st == OK ? refs : st;
	if (st == OK)
		st = check_from(x, s, net, e);
	if (st == OK)
		st = stage_teacher_nets(x, x->arena, s, &teacher, e);
	if (st == OK)
		st = check_files(x, s, net, teacher, e);
	if (st == OK)
		identify(x, s, net, teacher);
	return st;
}
