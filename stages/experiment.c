/* The whole file: top keys, seeds, precision, data, networks, stages in order. After an error the rest is read on, to collect all. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/sha256.h"
#include "engine/gpus.h"
#include "stages/arms.h"
#include "stages/run.h"
#include "stages/stage_read.h"

struct top_conf {
	const char *name;
	const struct conf *seed, *data, *networks, *stages, *arms, *report;
	const struct conf *vary, *drop, *claims, *table, *budget, *timing, *tuning; /* of sweeps: sweep.h */
	int precision, deterministic;
};
enum { TOP_F32, TOP_BF16, TOP_F16, TOP_TF32, TOP_AUTO, TOP_COUNT };

const struct opt experiment_opts[] = {
	{.name = "name", .type = OPT_TEXT, .offset = offsetof(struct top_conf, name), .unit = "-", .flags = OPT_REQUIRED | OPT_NEUTRAL,
	 .help = "names the run's folder"},
	NODE(top_conf, seed, "a number, or {split: 1, data: 2, init: 3}"),
	CHOICE(top_conf, precision, "auto", "f32|bf16|f16|tf32|auto",
	       "of activations and of what convolutions multiply; f16: not on a CPU; tf32: stored as f32, multiplied with 10 bits of fraction, on GPUs of compute capability 8.0 and later alone; auto: bf16 where the device multiplies it natively, else f16 on a GPU and f32 on a CPU"),
	BOOL(top_conf, deterministic, true,
	     "the same bits every time; false: training steps on a GPU may sum in any order, where cuDNN's engines are faster so, and each run gives other last bits. On a CPU it changes the identity alone"),
	NODE(top_conf, data, "data set: {kind: NAME, ...}"),
	NODE(top_conf, networks, "map of names to {model: NAME, ...}"),
	NODE(top_conf, stages, "list of stages"),
	NODE(top_conf, arms, "list of {stages: [NAME, ...], seeds: [...]}: stages that run at the same time on one stream of batches"),
	NODE(top_conf, report, "about the table at the end: {title: TEXT}"),
	NODE(top_conf, vary, "`sweep`: what varies: grid, zip, list, random, seeds"),
	NODE(top_conf, drop, "`sweep`: a list of paths, each of which is switched off in a run of its own"),
	NODE(top_conf, budget, "`sweep`: {NAME: {epochs: 0.1, data: 0.2}, ...}; quick and smoke are there without it"),
	NODE(top_conf, timing, "`sweep`: true: each stage alone in a process, without cache, seeds in turn, so that its time may be compared; sweeps that share a store take turns"),
	NODE(top_conf, tuning, "`table`: {STAGE: how many settings were tried for it, and on what}, or of a POINT or 'POINT STAGE', printed below the table"),
	NODE(top_conf, claims, "`table`: a list of {better: ROW, than: ROW}, written before the runs: the family of tests"),
	NODE(top_conf, table, "`table`: rows, columns, control, the paper's numbers"),
	{0},
};

struct seed_conf { int split, data, init, teacher; };
const struct opt seed_opts[] = {
	INT(seed_conf, split, 1, 0, 2147483647, "-", "held-out split and subsets"),
	INT(seed_conf, data, 1, 0, 2147483647, "-", "order and augmentation"),
	INT(seed_conf, init, 1, 0, 2147483647, "-", "weights, dropout, critics"),
	INT(seed_conf, teacher, -1, -1, 2147483647, "-", "data and init of stages that later ones learn from; -1: as data and init"),
	{0},
};
struct report_conf { const char *title; };
const struct opt report_opts[] = {
	TEXT(report_conf, title, NULL, "a line above the table of results"),
	{0},
};

struct one_seed { int seed; };
static const struct opt one_seed_opts[] = {INT(one_seed, seed, 1, 0, 2147483647, "-", "all three seeds"), {0}};

static enum status read_seed(struct experiment *x, const struct conf *c, struct err *e)
{
	struct seed_conf s = {1, 1, 1, -1};
	enum status st = OK;
	if (c && c->kind == CONF_MAP) {
		const struct opt *tables[] = {seed_opts};
		void *outs[] = {&s};
		st = opts_read_all(tables, outs, 1, c, "seed", x->arena, e);
	} else if (c) {
		struct one_seed one = {0};
		st = opts_read(one_seed_opts, &one, x->root, "experiment", x->arena, e);
		s = (struct seed_conf){one.seed, one.seed, one.seed, -1};
	}
	x->seed_split = (uint64_t)s.split;
	x->seed_data = (uint64_t)s.data;
	x->seed_init = (uint64_t)s.init;
	x->has_seed_teacher = s.teacher >= 0;
	x->seed_teacher = x->has_seed_teacher ? (uint64_t)s.teacher : 0;
	return st;
}

/* For a GPU that is not at hand: planned in what this device stores in as many bytes. */
static enum status choose_there(struct experiment *x, const struct gpu *on, enum precision p, struct err *e)
{
	x->there = p;
	x->precision = p == PRECISION_F16 ? PRECISION_BF16 : p == PRECISION_TF32 ? PRECISION_F32 : p;
	return gpu_takes(on, p, e);
}

static enum status choose_precision(struct experiment *x, int from_file, const struct experiment_options *o, struct err *e)
{
	static const char *const words[] = {"f32", "bf16", "f16", "tf32", "auto"};
	static const enum precision means[] = {PRECISION_F32, PRECISION_BF16, PRECISION_F16, PRECISION_TF32};
	const char *given = o->precision;
	int p = from_file;
	if (given) {
		for (p = 0; p < TOP_COUNT && !str_eq(words[p], given); p++)
			;
		if (p == TOP_COUNT)
			return err_user(e, (struct where){0}, "--precision is '%s', allowed f32, bf16, f16, tf32, auto", given);
	}
	x->precision_text = words[p];
	if (o->on)
		return choose_there(x, o->on, p == TOP_AUTO ? gpu_precision(o->on) : means[p], e);
	const bool native = x->dev->backend->bf16_native && x->dev->backend->bf16_native(x->dev->impl);
	x->precision = x->there = p == TOP_AUTO ? device_precision(x->dev) : means[p];
	const enum status st = device_takes(x->dev, x->precision, e);
	if (st == OK && x->precision == PRECISION_BF16 && !native)
		log_line(LOG_WARN, "this machine or its oneDNN does not multiply bf16: values are stored as bf16 and computed by f32 kernels between casts");
	return st;
}

static enum status make_net(struct experiment *x, struct arena *a, int i, const char *as, struct net **net, struct err *e)
{
	const struct pictures *p = &x->data->info.train;
	return net_new(a, as, x->networks->item[i], p->C, p->H, p->W, x->data->info.classes, net, e);
}

static enum status find_net(struct experiment *x, const char *network, int *at, struct err *e)
{
	if (!x->shape)
		return E_USER; /* told where networks and data were read */
	for (int i = 0; i < x->networks->n; i++)
		if (str_eq(x->networks->key[i], network)) {
			*at = i;
			return x->shape[i] ? OK : E_USER;
		}
	const char *near = str_nearest(network, x->networks->key, x->networks->n);
	return err_user(e, x->networks->at, "no network is named '%s'%s%s%s", network, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

enum status experiment_net(struct experiment *x, struct arena *a, const char *network, const char *as, struct net **net, struct err *e)
{
	int i = 0;
	const enum status st = find_net(x, network, &i, e);
	return st == OK ? make_net(x, a, i, as, net, e) : st;
}

enum status experiment_shape(struct experiment *x, const char *network, struct net **net, struct err *e)
{
	int i = 0;
	const enum status st = find_net(x, network, &i, e);
	*net = st == OK ? x->shape[i] : NULL;
	return st;
}

static void keep(enum status *first, enum status st)
{
	if (*first == OK)
		*first = st;
}

/* It becomes part of a folder's name. */
static enum status check_name(const struct experiment *x, struct err *e)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
	if (*x->name && *x->name != '.' && !x->name[strspn(x->name, good)] && strlen(x->name) <= 100)
		return OK;
	return err_user(e, conf_where(x->root, "name"), "name '%.100s': 1 to 100 letters, digits, -, _ and . are allowed, no . in front", x->name);
}

/* The value of a top key if it is of this kind and not empty, else NULL. */
static const struct conf *needed(struct experiment *x, const char *name, const struct conf *c, enum conf_kind kind, enum status *st, struct err *e)
{
	if (c && c->kind == kind && c->n)
		return c;
	if (c)
		keep(st, err_user(e, c->at, "'%s' must be a %s that is not empty", name, kind == CONF_MAP ? "map" : "list"));
	else
		keep(st, err_user(e, x->root->at, "'%s' is missing", name));
	return NULL;
}

static enum status read_top(struct experiment *x, struct top_conf *top, struct err *e)
{
	const struct opt *tables[] = {experiment_opts};
	void *outs[] = {top};
	enum status st = opts_read_all(tables, outs, 1, x->root, "experiment", x->arena, e);
	x->name = conf_find(x->root, "name") && top->name ? top->name : "experiment";
	keep(&st, check_name(x, e));
	top->data = needed(x, "data", top->data, CONF_MAP, &st, e);
	top->stages = needed(x, "stages", top->stages, CONF_LIST, &st, e);
	x->networks = needed(x, "networks", top->networks, CONF_MAP, &st, e);
	x->report = top->report;
	if (top->report) {
		struct report_conf report = {0};
		const struct opt *rows[] = {report_opts};
		void *to[] = {&report};
		keep(&st, opts_read_all(rows, to, 1, top->report, "report", x->arena, e));
	}
	keep(&st, read_seed(x, top->seed, e));
	return st;
}

static enum status read_networks(struct experiment *x, struct err *e)
{
	enum status st = OK;
	if (!x->networks || !x->data)
		return OK;
	x->shape = NEW_ARRAY(x->arena, struct net *, x->networks->n);
	for (int i = 0; i < x->networks->n; i++)
		keep(&st, make_net(x, x->arena, i, x->networks->key[i], &x->shape[i], e));
	return st;
}

/* What stands right by itself is planned too: taps, blocks and shapes that do not fit show now, not when the stage's turn comes. */
static enum status read_stages(struct experiment *x, const struct conf *list, struct err *e)
{
	enum status st = OK;
	x->stage = NEW_ARRAY(x->arena, struct stage, 2 * list->n + arms_copies(x));
	for (int i = 0; i < list->n; i++) {
		struct stage_plan_sum sum;
		bool control = false;
		struct stage *s = &x->stage[x->n_stage++];
		enum status one = stage_read(x, s, list->item[i], e);
		if (one == OK && !x->unplanned)
			one = stage_check(x, s, NULL, false, &sum, e);
		if (one == OK)
			one = arms_add(x, e);
		if (one == OK)
			one = stage_read_control(x, &x->stage[x->n_stage], s, &control, e);
		x->n_stage += control;
		keep(&st, one);
	}
	keep(&st, arms_check(x, e));
	return st;
}

/* ---- what several experiments share ---- */

struct pool_data {
	const char *text; /* the map and the seed that it was opened with */
	struct data *data;
};

struct experiment_pool {
	struct arena *arena;
	struct device *dev;
	int n;
	struct pool_data *data;
};

struct experiment_pool *experiment_pool_new(struct arena *a)
{
	struct experiment_pool *p = NEW(a, struct experiment_pool);
	p->arena = a;
	return p;
}

void experiment_pool_close(struct experiment_pool *p)
{
	for (int i = 0; p && i < p->n; i++)
		data_close(p->data[i].data);
	if (p)
		device_close(p->dev);
}

static enum status find_device(struct experiment *x, const struct experiment_options *o, struct err *e)
{
	if (x->pool && x->pool->dev) {
		x->dev = x->pool->dev;
		return OK;
	}
	const enum status st = device_open(x->pool ? x->pool->arena : x->arena, o->device ? o->device : "auto", o->threads, &x->dev, e);
	if (x->pool && st == OK)
		x->pool->dev = x->dev;
	return st;
}

static const char *data_text(struct arena *a, const struct conf *map, uint64_t seed)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	if (!f)
		return NULL;
	fprintf(f, "seed.split %llu\n", (unsigned long long)seed);
	conf_print(f, map, 0);
	fclose(f);
	const char *copy = arena_str(a, text);
	free(text);
	return copy;
}

static enum status open_data(struct experiment *x, struct arena *a, const struct conf *map, struct data_memory *m, struct err *e)
{
	return m ? data_open_away(a, map, x->seed_split, m, &x->data, e) : data_open(a, map, x->seed_split, &x->data, e);
}

static enum status find_data(struct experiment *x, const struct conf *map, struct data_memory *memory, struct err *e)
{
	struct experiment_pool *p = x->pool;
	if (!p)
		return open_data(x, x->arena, map, memory, e);
	const char *text = data_text(p->arena, map, x->seed_split);
	for (int i = 0; i < p->n && text; i++)
		if (str_eq(p->data[i].text, text)) {
			x->data = p->data[i].data;
			return OK;
		}
	const enum status st = open_data(x, p->arena, map, memory, e);
	if (st != OK)
		return st;
	struct pool_data *bigger = NEW_ARRAY(p->arena, struct pool_data, p->n + 1);
	for (int i = 0; i < p->n; i++)
		bigger[i] = p->data[i];
	bigger[p->n++] = (struct pool_data){text, x->data};
	p->data = bigger;
	return OK;
}

/* ---- from the file to stages ---- */

/* The parts of a smaller budget that are options of the data. */
static enum status scale_data(struct experiment *x, struct err *e)
{
	enum status st = OK;
	if (x->budget.data < 1)
		st = conf_set(x->arena, x->root, arena_printf(x->arena, "data.share=%.17g", x->budget.data), e);
	if (st == OK && x->budget.test < 1)
		st = conf_set(x->arena, x->root, arena_printf(x->arena, "data.share_test=%.17g", x->budget.test), e);
	return st;
}

enum status experiment_open_conf(struct arena *a, const char *path, struct conf *root, const struct experiment_options *o, struct experiment **out,
                                 struct err *e)
{
	struct experiment *x = NEW(a, struct experiment);
	x->arena = a;
	x->path = arena_str(a, path);
	x->root = root;
	x->pool = o->pool;
	x->unplanned = o->unplanned;
	x->timed = o->timed;
	x->budget = o->budget.epochs > 0 ? o->budget : (struct budget){1, 1, 1};
	*out = x;
	enum status st = OK;
	for (int i = 0; i < o->n_set; i++)
		keep(&st, conf_set(a, x->root, o->set[i], e));
	struct top_conf top = {0};
	keep(&st, read_top(x, &top, e));
	const enum status dev = find_device(x, o, e);
	if (dev != OK)
		return st == OK ? dev : st;
	keep(&st, choose_precision(x, top.precision, o, e));
	x->any_order = !top.deterministic;
	if (top.data) {
		keep(&st, scale_data(x, e));
		keep(&st, find_data(x, top.data, o->memory, e));
	}
	if (x->data)
		x->data->threads = x->dev->threads;
	keep(&st, read_networks(x, e));
	keep(&st, arms_read(x, top.arms, e));
	if (top.stages)
		keep(&st, read_stages(x, top.stages, e));
	return st;
}

enum status experiment_open(struct arena *a, const char *path, const struct experiment_options *o, struct experiment **out, struct err *e)
{
	struct conf *root = NULL;
	*out = NULL;
	const enum status read = conf_read(a, path, &root, e);
	if (!root)
		return read;
	const enum status st = experiment_open_conf(a, path, root, o, out, e);
	return read == OK ? st : read;
}

void experiment_close(struct experiment *x)
{
	if (!x || x->pool)
		return;
	data_close(x->data);
	device_close(x->dev);
}

void experiment_identity(const struct experiment *x, char hex[65])
{
	struct str text = {0};
	for (int i = 0; i < x->n_stage; i++)
		str_printf(&text, "%s %s\n", x->stage[i].name, x->stage[i].identity);
	sha256_text(str_text(&text), hex);
	str_release(&text);
}
