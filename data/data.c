#include "data/dataset.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "data/source.h"
#include "data/split.h"
#include "engine/device.h"

const struct dataset *const dataset_all[] = {
#define DATASET(x) &dataset_##x,
#include "data/datasets.def"
#undef DATASET
};
const int dataset_count = (int)(sizeof dataset_all / sizeof *dataset_all);

const struct dataset *dataset_find(const char *name)
{
	for (int i = 0; i < dataset_count; i++)
		if (str_eq(dataset_all[i]->name, name))
			return dataset_all[i];
	return NULL;
}

const struct opt data_opts[] = {
	INT(data_conf, batch, 128, 1, 65536, "pictures", "pictures in a training step"),
	{.name = "eval_batch", .type = OPT_INT, .offset = offsetof(struct data_conf, eval_batch), .def = 500,
	 .min = 1, .max = 65536, .unit = "pictures", .help = "pictures in a step of evaluation",
	 .flags = OPT_NEUTRAL},
	INT(data_conf, held_out, -1, -1, 100000000, "pictures",
	    "training pictures kept for validation, each class its share; -1: a tenth, at most 5,000, or all that the data set names"),
	INT(data_conf, limit, 0, 0, 100000000, "pictures",
	    "training pictures used, each class its share; 0: all but held_out"),
	INT(data_conf, limit_test, 0, 0, 100000000, "pictures",
	    "test pictures used, always the same ones; 0: all"),
	REAL(data_conf, share, 1, 1e-6, 1, "-", "of these training and held-out pictures used, each class its share"),
	REAL(data_conf, share_test, 1, 1e-6, 1, "-", "of these test pictures used, always the same ones"),
	INT(data_conf, crop, 0, 0, 256, "pixels",
	    "pad by so many zeros on each side, crop back at random; 0: off"),
	BOOL(data_conf, flip, 0, "mirror every second picture at random"),
	REALS(data_conf, mean, NULL, 0, 1, "of full scale",
	    "subtracted, one per channel; empty: the data set's"),
	REALS(data_conf, std, NULL, 1e-6, 100, "of full scale",
	    "divided by, one per channel; empty: the data set's"),
	BOOL(data_conf, drop_last, 0, "leave out the last batch of an epoch if it is smaller"),
	{.name = "workers", .type = OPT_INT, .offset = offsetof(struct data_conf, workers), .def = 0, .min = 0,
	 .max = 256, .unit = "threads", .help = "threads that make batches; 0: one, or one for each of --threads where pictures are decoded", .flags = OPT_NEUTRAL},
	{.name = "queue", .type = OPT_INT, .offset = offsetof(struct data_conf, queue), .def = 4, .min = 1,
	 .max = 1024, .unit = "batches", .help = "batches made ahead, at most", .flags = OPT_NEUTRAL},
	{.name = "device_share", .type = OPT_REAL, .offset = offsetof(struct data_conf, device_share), .def = 0.25, .min = 0, .max = 1, .unit = "of what is free",
	 .help = "of a GPU's memory that the pictures may take, to be cropped and mirrored there; 0: they come from the host", .flags = OPT_NEUTRAL},
	{0}
};

static enum status bad_kind(const struct conf *map, const char *kind, struct err *e)
{
	enum { MAX = 64 };
	const char *names[MAX];
	struct str all = {0};
	int n = 0;
	for (int i = 0; i < dataset_count && n < MAX; i++) {
		names[n++] = dataset_all[i]->name;
		str_printf(&all, "%s%s", i ? ", " : "", dataset_all[i]->name);
	}
	const char *near = kind ? str_nearest(kind, names, n) : NULL;
	enum status st;
	if (!kind)
		st = err_user(e, map ? map->at : (struct where){0}, "'data' has no 'kind': allowed are %s",
		              str_text(&all));
	else
		st = err_user(e, conf_where(map, "kind"), "unknown data set '%s': allowed are %s%s%s%s", kind,
		              str_text(&all), near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
	str_release(&all);
	return st;
}

static enum status read_options(struct arena *a, const struct conf *map, struct data *d, struct err *e)
{
	if (!map || map->kind != CONF_MAP)
		return bad_kind(NULL, NULL, e);
	const struct conf *kind = conf_use(map, "kind");
	if (!kind || kind->kind != CONF_SCALAR)
		return bad_kind(map, NULL, e);
	d->kind = dataset_find(kind->text);
	if (!d->kind)
		return bad_kind(map, kind->text, e);
	void *own = arena_alloc(a, d->kind->conf_size);
	d->kind_conf = own;
	const struct opt *const tables[] = {d->kind->opts, data_opts};
	void *const outs[] = {own, &d->conf};
	return opts_read_all(tables, outs, 2, map, "data", a, e);
}

static enum status too_many(const struct conf *map, const char *option, int asked, const char *what, int n,
                            struct err *e)
{
	char x[32], y[32];
	return err_user(e, conf_where(map, option), "'%s' is %s, but %s %s", option, str_count(x, asked), what,
	                str_count(y, n));
}

static enum status check_numbers(struct data *d, const struct conf *map, struct err *e)
{
	struct data_conf *c = &d->conf;
	const int n = d->info.train.n, n_test = d->info.test.n, own = d->info.n_valid;
	if (c->held_out < 0)
		c->held_out = own ? own : n / 10 < 5000 ? n / 10 : 5000;
	if (own && c->held_out > own)
		return too_many(map, "held_out", c->held_out, "held-out pictures that the data set names:", own, e);
	if (c->held_out >= n)
		return too_many(map, "held_out", c->held_out, "one picture must stay to train on: training pictures",
		                n, e);
	const int rest = n - (own ? own : c->held_out);
	if (c->limit > rest)
		return too_many(map, "limit", c->limit, c->held_out && !own ? "training pictures that held_out leaves:" :
		                "training pictures:", rest, e);
	if (c->limit_test > n_test)
		return too_many(map, "limit_test", c->limit_test, "test pictures:", n_test, e);
	int used = c->limit ? c->limit : rest;
	if (c->share < 1) {
		used = c->limit = (int)ceil(c->share * used);
		c->held_out = (int)ceil(c->share * c->held_out);
	}
	if (c->share_test < 1)
		c->limit_test = (int)ceil(c->share_test * (c->limit_test ? c->limit_test : n_test));
	c->share = c->share_test = 1;
	if (c->drop_last && c->batch > used)
		return too_many(map, "batch", c->batch, "drop_last leaves nothing of these training pictures:", used,
		                e);
	return OK;
}

/* The option's numbers, one for each channel or one for all, or the data set's. */
static enum status channel_numbers(const struct data *d, const struct conf *map, const char *option,
                                   const struct reals *given, const float recorded[4], float out[4],
                                   struct err *e)
{
	const int C = d->info.train.C;
	if (given->n > 1 && given->n != C)
		return err_user(e, conf_where(map, option), "'%s' has %d numbers, but pictures have %d channel%s",
		                option, given->n, C, C == 1 ? "" : "s");
	for (int c = 0; c < C; c++)
		out[c] = given->n == 0 ? recorded[c] : (float)given->v[given->n == 1 ? 0 : c];
	return OK;
}

/* n of the held-out pictures that the data set names, which stand behind the others. */
static const int *own_valid(struct arena *a, const struct data *d, int n, uint64_t seed)
{
	const int first = d->info.train.n - d->info.n_valid;
	const struct split_lists s = split_draw(a, d->info.train.label + first, d->info.n_valid, d->info.classes, 0, n, seed);
	int *valid = NEW_ARRAY(a, int, n);
	for (int i = 0; i < n; i++)
		valid[i] = first + s.train[i];
	return valid;
}

static void split(struct arena *a, uint64_t seed, struct data *d)
{
	const struct pictures *p = &d->info.train;
	d->n_test = d->conf.limit_test ? d->conf.limit_test : d->info.test.n;
	if (d->away) {
		d->n_valid = d->conf.held_out;
		d->n_train = d->conf.limit ? d->conf.limit : p->n - (d->info.n_valid ? d->info.n_valid : d->n_valid);
		return;
	}
	const int rest = p->n - d->info.n_valid, own_used = d->info.n_valid ? d->conf.held_out : 0;
	const struct split_lists s =
		split_draw(a, p->label, rest, d->info.classes, d->conf.held_out - own_used, d->conf.limit, seed);
	d->train = s.train;
	d->valid = own_used ? own_valid(a, d, own_used, seed) : s.valid;
	d->n_train = s.n_train;
	d->n_valid = s.n_valid + own_used;
	d->test = split_fixed(a, d->info.test.n, d->n_test);
}

static const char *identity(struct arena *a, const struct data *d, uint64_t seed)
{
	struct str s = {0};
	str_printf(&s, "data kind=%s, hash=%s\n", d->kind->name, d->info.hash);
	opts_canonical(d->kind->opts, d->kind_conf, &s);
	opts_canonical(data_opts, &d->conf, &s);
	if (d->conf.held_out != d->info.n_valid || d->conf.limit)
		str_printf(&s, "seed.split=%llu\n", (unsigned long long)seed);
	const char *text = arena_str(a, str_text(&s));
	str_release(&s);
	return text;
}

/* 'dir' becomes absolute: what is written down of the experiment holds from every folder. It is no part of the identity. */
static void dir_settle(struct arena *a, struct data *d)
{
	char *own = (char *)(uintptr_t)d->kind_conf; /* ours: read_options made it */
	for (const struct opt *o = d->kind->opts; o && o->name; o++) {
		if (o->type != OPT_TEXT || !str_eq(o->name, "dir"))
			continue;
		const char **dir = (const char **)(void *)(own + o->offset);
		char *full = realpath(*dir, NULL);
		if (full)
			*dir = arena_str(a, full);
		free(full);
	}
}

static const char *dir_of(const struct data *d)
{
	const char *dir = NULL;
	for (const struct opt *o = d->kind->opts; o->name; o++)
		if (o->type == OPT_TEXT && str_eq(o->name, "dir"))
			memcpy(&dir, (const char *)d->kind_conf + o->offset, sizeof dir);
	return dir;
}

/* Files that are missing are the user's to get; what is damaged is no reason to remember. */
static enum status open_files(struct arena *a, const struct conf *map, struct data *d, struct data_memory *m, struct err *e)
{
	struct err why = {0};
	const enum status st = d->kind->open(d->kind_conf, map->at, a, &d->info, m ? &why : e);
	if (st == OK || !m)
		return st;
	const char *dir = dir_of(d);
	const bool missing = dir && (st == E_USER || !file_exists(dir));
	if (missing && data_recall(a, d, m))
		return OK;
	const enum status again = d->kind->open(d->kind_conf, map->at, a, &d->info, e);
	if (again != OK && missing)
		err_note(e, "without its files it is known from the first 'train' or 'sweep' on, which writes it into '%s'", m->path);
	return again;
}

static enum status open_data(struct arena *a, const struct conf *map, uint64_t seed_split, struct data_memory *m, struct data **out, struct err *e)
{
	*out = NULL;
	struct data *d = NEW(a, struct data);
	enum status st = read_options(a, map, d, e);
	if (st != OK)
		return st;
	st = open_files(a, map, d, m, e);
	if (st != OK)
		return st;
	const struct data_conf *c = &d->conf;
	st = check_numbers(d, map, e);
	if (st == OK)
		st = channel_numbers(d, map, "mean", &c->mean, d->info.mean, d->mean, e);
	if (st == OK)
		st = channel_numbers(d, map, "std", &c->std, d->info.std, d->std, e);
	if (st != OK) {
		data_close(d);
		return st;
	}
	split(a, seed_split, d);
	d->identity = identity(a, d, seed_split);
	dir_settle(a, d);
	*out = d;
	return OK;
}

enum status data_open(struct arena *a, const struct conf *map, uint64_t seed_split, struct data **d, struct err *e)
{
	return open_data(a, map, seed_split, NULL, d, e);
}

enum status data_open_away(struct arena *a, const struct conf *map, uint64_t seed_split, struct data_memory *m, struct data **d, struct err *e)
{
	return open_data(a, map, seed_split, m, d, e);
}

int data_count(const struct data *d, enum part part)
{
	return part == PART_TRAIN ? d->n_train : part == PART_VALID ? d->n_valid : d->n_test;
}

int data_rest(const struct data *d)
{
	return d->conf.drop_last ? 0 : d->n_train % d->conf.batch;
}

int data_batches(const struct data *d)
{
	return d->n_train / d->conf.batch + (data_rest(d) > 0);
}

void data_close(struct data *d)
{
	if (d && d->store)
		device_free(d->dev, d->store, d->store_bytes);
	if (d && d->info.train.own)
		d->kind->close(&d->info);
}
