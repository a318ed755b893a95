/* A frozen network on some pictures: graph and plan; and plans of several sizes, which take any number of pictures in parts. */
#include "engine/build.h"
#include "engine/plan_profile.h"
#include "stages/teacher.h"

enum status forward_build(const struct teacher *t, int n, struct arena *a, struct forward *f, struct err *e)
{
	const struct data *d = t->x->data;
	f->n = n;
	f->g = graph_new(a, e);
	struct node *x = feed_build(&f->feed, f->g, d, n);
	if (t->scales)
		model_apply_int8(f->g, t->net, t->scales, x, "teacher", &f->taps);
	else
		model_apply(f->g, t->net, 0, net_part_all(t->net), x, MODE_FROZEN, "teacher", &f->taps);
	return graph_status(f->g);
}

bool forward_goes_wide(const struct teacher *t, const struct node *tap)
{
	return tap->type.cls == CLASS_ACT && t->precision != t->x->precision;
}

enum status forward_plan(const struct teacher *t, const bool wanted[TAP_COUNT], bool own, struct arena *a, struct forward *f, struct err *e)
{
	int n = 0;
	for (int i = 0; i < TAP_COUNT; i++) {
		struct node *tap = taps_array(&f->taps)[i];
		if (wanted[i])
			f->keep[n++] = f->kept[i] = forward_goes_wide(t, tap) ? graph_cast(f->g, tap, CLASS_WIDE) : tap;
	}
	f->segment = (struct segment){.name = "teacher", .every = 1};
	f->desc = (struct step_desc){.g = f->g, .precision = t->precision, .n_segment = 1, .segment = &f->segment, .n_keep = n, .keep = f->keep,
	                             .keep_own = own};
	return n ? plan_new(a, &f->desc, t->x->dev, 1, &f->plan, e) : OK;
}

enum status forward_prepare(const struct forward *f, void *workspace, struct err *e)
{
	feed_link(&f->feed, f->plan);
	return plan_prepare(f->plan, workspace, e);
}

enum status forward_run(const struct forward *f, const struct batch *b, int first, struct err *e)
{
	feed_put(&f->feed, f->plan, b, first);
	return plan_run(f->plan, e);
}

enum status forward_read(const struct forward *f, int tap, double *buffer, float *out, struct err *e)
{
	const enum status st = plan_get(f->plan, f->kept[tap], buffer, e);
	const int64_t n = shape_count(&f->kept[tap]->type.shape);
	for (int64_t i = 0; i < n; i++)
		out[i] = (float)buffer[i];
	return st;
}

/* ---- parts ---- */

/* Bytes of the widest activation of a picture; 0: there is none that a cache could lose. */
static size_t widest(const struct forward *f, const struct teacher *t)
{
	size_t most = 0;
	for (int i = 0; i < f->g->n_node; i++) {
		const struct type *type = &f->g->node[i]->type;
		const size_t each = dtype_size(device_dtype(t->x->dev, t->precision, type->cls));
		const size_t bytes = (size_t)(shape_count(&type->shape) / f->n) * each;
		if (f->g->node[i]->call && type->layout == CHANNELS_LAST && bytes > most)
			most = bytes;
	}
	return most;
}

/* As many pictures as leave a layer's result in the caches for the next one. A power of two a thread: threads and blocks of kernels come out even. */
static int first_size(const struct pass *p)
{
	const size_t cache = p->teacher->x->dev->cache_bytes, each = widest(&p->all, p->teacher);
	int n = p->teacher->x->dev->threads;
	if (!cache || !each)
		return p->n;
	while (n < p->n && 2 * (size_t)n * each <= cache)
		n *= 2;
	return n;
}

/* Whether the weights are more of what the kernels read and write than the activations are. */
static bool weights_outweigh(const struct forward *f)
{
	const struct node *in = f->feed.view ? f->feed.view : f->feed.image;
	const double weights = (double)plan_own_bytes(f->plan) - (double)shape_count(&in->type.shape) * (in->type.cls == CLASS_U8 ? 1 : 4);
	double moved = 0;
	for (int i = 0; i < plan_steps(f->plan); i++) {
		const struct step_cost c = plan_step_cost(f->plan, i);
		moved += c.segment < 0 ? 0 : c.bytes;
	}
	return 2 * weights > moved;
}

static enum status add_size(struct pass *p, int n, bool own, struct err *e)
{
	struct forward *f = n == p->n ? &p->all : NEW(p->arena, struct forward);
	enum status st = f == &p->all ? OK : forward_build(p->teacher, n, p->arena, f, e);
	p->part[p->n_part++] = f;
	return st == OK ? forward_plan(p->teacher, p->wanted, own, p->arena, f, e) : st;
}

enum status parts_plan(struct pass *p, bool any, struct err *e)
{
	enum status st;
	int n = first_size(p);
	for (;; n *= 2) {
		if (2 * n > p->n)
			n = p->n;
		st = add_size(p, n, n == p->n && !any, e);
		if (st != OK || n == p->n || !weights_outweigh(p->part[0]))
			break;
		plan_release(p->part[--p->n_part]->plan);
	}
	for (int k = n / 2; any && k >= 1 && p->n_part < MAX_PART && st == OK; k /= 2)
		st = add_size(p, k, false, e);
	if (!any && p->n % n && st == OK)
		st = add_size(p, p->n % n, false, e);
	return st;
}

const struct forward *parts_for(const struct pass *p, int n)
{
	const struct forward *f = p->part[0];
	for (int i = 1; i < p->n_part; i++)
		if (p->part[i]->n >= n)
			f = p->part[i];
	return f;
}

int parts_runs(const struct pass *p, int i)
{
	return i ? 1 : p->n / p->part[0]->n;
}
