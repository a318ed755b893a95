#include "engine/optim.h"

#include <math.h>
#include <string.h>

enum { OPTIM_ALIGN = 16 };

const struct opt optim_opts[] = {
	{.name = "optimizer", .type = OPT_CHOICE, .offset = offsetof(struct optim_conf, kind), .def_text = "sgd",
	 .choices = "sgd|adam|adamw", .unit = "-", .help = "update rule, as in PyTorch"},
	REAL(optim_conf, lr, 0.05, 0, 100, "-", "learning rate at the start of the schedule"),
	REAL(optim_conf, momentum, 0.9, 0, 0.9999, "-", "sgd: momentum"),
	BOOL(optim_conf, nesterov, true, "sgd: Nesterov's form of momentum"),
	REAL(optim_conf, beta1, 0.9, 0, 0.99999, "-", "adam: decay of the first moment"),
	REAL(optim_conf, beta2, 0.999, 0, 0.999999, "-", "adam: decay of the second moment"),
	REAL(optim_conf, eps, 1e-8, 0, 1, "-", "adam: added to the root of the second moment"),
	REAL(optim_conf, weight_decay, 5e-4, 0, 10, "-", "added to the gradient (adamw: taken off the weights)"),
	CHOICE(optim_conf, decay_on, "all", "all|weights", "what decays: everything, or no bias and no batch norm"),
	REAL(optim_conf, clip, 0, 0, 1e9, "-", "limit of the gradient's norm over all that moves; 0: none"),
	{0},
};

struct optim *optim_new(struct arena *a, const char *name, const struct optim_conf *conf)
{
	struct optim *o = NEW(a, struct optim);
	o->name = arena_str(a, name);
	o->conf = *conf;
	return o;
}

void optim_add(struct optim *o, struct arena *a, struct params *set, int index)
{
	BUG_IF(o->dev, "parameter added to optimiser '%s' after its memory was placed", o->name);
	if (o->n == o->cap) {
		o->cap = o->cap ? o->cap * 2 : 64;
		struct optim_item *bigger = NEW_ARRAY(a, struct optim_item, o->cap);
		if (o->n)
			memcpy(bigger, o->item, (size_t)o->n * sizeof *bigger);
		o->item = bigger;
	}
	o->item[o->n++] = (struct optim_item){set, index, o->size};
	/* The same padding as in params, so that neighbours there are neighbours here. */
	o->size += (shape_count(&set->param[index].shape) + OPTIM_ALIGN - 1) / OPTIM_ALIGN * OPTIM_ALIGN;
}

static bool has_m(const struct optim *o)
{
	return o->conf.kind != OPTIM_SGD || o->conf.momentum > 0;
}

static size_t flat_bytes(const struct optim *o)
{
	return (size_t)o->size * dtype_size(o->dev->backend->wide);
}

enum status optim_place(struct optim *o, struct device *dev, struct err *e)
{
	o->dev = dev;
	const size_t scalar = dtype_size(dev->backend->wide);
	enum status st = device_alloc(dev, flat_bytes(o), &o->grad, e);
	if (st == OK && has_m(o))
		st = device_alloc(dev, flat_bytes(o), &o->m, e);
	if (st == OK && o->conf.kind != OPTIM_SGD)
		st = device_alloc(dev, flat_bytes(o), &o->v, e);
	if (st == OK)
		st = device_alloc(dev, scalar, &o->lr, e);
	if (st == OK)
		st = device_alloc(dev, scalar, &o->sum, e);
	if (st == OK)
		st = device_alloc(dev, scalar, &o->clip, e);
	if (st == OK && dev->backend->replay && o->conf.kind != OPTIM_SGD)
		st = device_alloc(dev, 2 * sizeof *o->correct, (void **)&o->correct, e);
	if (st != OK)
		optim_release(o);
	return st;
}

void optim_release(struct optim *o)
{
	if (!o->dev)
		return;
	const size_t scalar = dtype_size(o->dev->backend->wide);
	device_free(o->dev, o->grad, flat_bytes(o));
	device_free(o->dev, o->m, flat_bytes(o));
	device_free(o->dev, o->v, flat_bytes(o));
	device_free(o->dev, o->lr, scalar);
	device_free(o->dev, o->sum, scalar);
	device_free(o->dev, o->clip, scalar);
	device_free(o->dev, o->correct, 2 * sizeof *o->correct);
	o->grad = o->m = o->v = o->lr = o->sum = o->clip = NULL;
	o->correct = NULL;
	o->dev = NULL;
}

void optim_set_lr(struct optim *o, double lr)
{
	char raw[8];
	elements_from_f64(raw, o->dev->backend->wide, &lr, 1);
	o->dev->backend->put(o->dev->impl, o->lr, raw, dtype_size(o->dev->backend->wide));
}

int64_t optim_count_of(const struct optim *o, const struct params *set)
{
	int64_t n = 0;
	for (int i = 0; i < o->n; i++)
		if (!set || o->item[i].set == set)
			n += shape_count(&o->item[i].set->param[o->item[i].index].shape);
	return n;
}

int64_t optim_count(const struct optim *o)
{
	return optim_count_of(o, NULL);
}

static double decay_of(const struct optim *o, const struct optim_item *it)
{
	const bool weight = it->set->param[it->index].role == ROLE_WEIGHT;
	return o->conf.decay_on == 0 || weight ? o->conf.weight_decay : 0;
}

/* The end of a run of items that lie side by side in one network and decay alike. */
static int run_end(const struct optim *o, int i)
{
	int k = i + 1;
	while (k < o->n && o->item[k].set == o->item[i].set && decay_of(o, &o->item[k]) == decay_of(o, &o->item[i]) &&
	       o->item[k].set->param[o->item[k].index].offset - o->item[k].at ==
	               o->item[i].set->param[o->item[i].index].offset - o->item[i].at)
		k++;
	return k;
}

static void *flat_at(void *base, int64_t at, size_t size)
{
	return base ? (char *)base + (size_t)at * size : NULL;
}

/* Adam's 1 - beta^t of the next step. */
static double correction(const struct optim *o, double beta)
{
	return 1 - pow(beta, (double)(o->steps + 1));
}

void optim_ready(struct optim *o)
{
	const double both[2] = {correction(o, o->conf.beta1), correction(o, o->conf.beta2)};
	if (o->correct)
		o->dev->backend->put(o->dev->impl, o->correct, both, sizeof both);
}

void optim_step(struct optim *o, const void *unscale, const int *ok)
{
	const struct backend *b = o->dev->backend;
	void *impl = o->dev->impl;
	const size_t size = dtype_size(b->wide);
	if (o->conf.clip > 0) {
		b->fill(impl, o->sum, b->wide, 0, 1);
		b->square_sum(impl, o->grad, o->size, o->sum);
		b->clip_factor(impl, o->sum, o->conf.clip, unscale, o->clip);
	}
	for (int i = 0; i < o->n; i = run_end(o, i)) {
		const struct optim_item *it = &o->item[i];
		const int last = run_end(o, i) - 1;
		const int64_t end = last + 1 < o->n ? o->item[last + 1].at : o->size;
		const struct optim_run r = {
			.kind = (enum optim_kind)o->conf.kind,
			.n = end - it->at,
			.w = params_at(it->set, false, it->index),
			.g = flat_at(o->grad, it->at, size),
			.m = flat_at(o->m, it->at, size),
			.v = flat_at(o->v, it->at, size),
			.momentum = o->conf.momentum, .beta1 = o->conf.beta1, .beta2 = o->conf.beta2, .eps = o->conf.eps,
			.weight_decay = decay_of(o, it), .nesterov = o->conf.nesterov && o->conf.momentum > 0,
			.first = o->steps == 0,
			.correct1 = correction(o, o->conf.beta1), .correct2 = correction(o, o->conf.beta2), .correct = o->correct,
			.lr = o->lr, .clip = o->conf.clip > 0 ? o->clip : unscale, .ok = ok,
		};
		b->optim(impl, &r);
	}
}

size_t optim_bytes(const struct optim *o)
{
	return flat_bytes(o) * ((o->m != NULL) + (o->v != NULL));
}

enum status optim_read(struct optim *o, void *host, struct err *e)
{
	char *at = host;
	if (o->m) {
		o->dev->backend->get(o->dev->impl, at, o->m, flat_bytes(o));
		at += flat_bytes(o);
	}
	if (o->v)
		o->dev->backend->get(o->dev->impl, at, o->v, flat_bytes(o));
	return device_wait(o->dev, e);
}

enum status optim_write(struct optim *o, const void *host, struct err *e)
{
	const char *at = host;
	if (o->m) {
		o->dev->backend->put(o->dev->impl, o->m, at, flat_bytes(o));
		at += flat_bytes(o);
	}
	if (o->v)
		o->dev->backend->put(o->dev->impl, o->v, at, flat_bytes(o));
	return device_wait(o->dev, e);
}
