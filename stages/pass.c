/* The teacher's forward pass on a batch, read by any number of students. */
#include <string.h>

#include "engine/build.h"
#include "stages/teacher.h"

enum status pass_new(struct teacher *t, int n, struct arena *a, struct pass **out, struct err *e)
{
	struct pass *p = NEW(a, struct pass);
	p->teacher = t;
	p->n = n;
	p->arena = a;
	*out = p;
	return forward_build(t, n, a, &p->all, e);
}

/* Two taps may be one node (wrn's sums): they stay one. */
static int first_like(struct node *const tap[], int i)
{
	int k = 0;
	while (tap[k] != tap[i])
		k++;
	return k;
}

void pass_give(const struct pass *p, struct graph *g, struct node *given[TAP_COUNT], struct taps *t)
{
	struct taps all = p->all.taps;
	struct node *const *tap = taps_array(&all), **seen = taps_array(t);
	for (int i = 0; i < TAP_COUNT; i++) {
		const int k = first_like(tap, i);
		if (!tap[i] || k < i) {
			given[i] = tap[i] ? given[k] : NULL;
			seen[i] = tap[i] ? seen[k] : NULL;
			continue;
		}
		struct type type = tap[i]->type;
		if (forward_goes_wide(p->teacher, tap[i]))
			type.cls = CLASS_WIDE;
		given[i] = graph_given(g, tap[i]->name, &type);
		seen[i] = given[i] && type.cls != tap[i]->type.cls ? graph_cast(g, given[i], tap[i]->type.cls) : given[i];
	}
}

void pass_want(struct pass *p, struct node *const given[TAP_COUNT], const struct plan *student)
{
	for (int i = 0; i < TAP_COUNT; i++)
		p->wanted[i] |= given[i] && first_like(given, i) == i && plan_reads(student, given[i]);
}

enum status pass_plan(struct pass *p, struct err *e)
{
	bool any = false;
	for (int i = 0; i < TAP_COUNT; i++)
		any |= p->wanted[i];
	if (!any)
		return OK;
	if (!p->uncached && p->teacher->stage->teacher_conf.teacher_cache != TEACHER_CACHE_OFF)
		return cached_plan(p, e);
	return parts_plan(p, false, e);
}

/* Whether the taps lie in the plan's own memory: it takes the batch whole, and keeps them. */
static bool kept_by_plan(const struct pass *p)
{
	return !p->cached && p->part[0]->n == p->n;
}

size_t pass_tap_bytes(const struct pass *p, int tap, int n)
{
	const struct forward *f = p->part[0];
	const struct type *type = &f->kept[tap]->type;
	return (size_t)(shape_count(&type->shape) / f->n) * (size_t)n * dtype_size(device_dtype(p->teacher->x->dev, p->teacher->precision, type->cls));
}

size_t pass_workspace(const struct pass *p)
{
	size_t most = 0;
	for (int i = 0; i < p->n_part; i++)
		if (plan_workspace(p->part[i]->plan) > most)
			most = plan_workspace(p->part[i]->plan);
	return most;
}

/* Parts read the same derived weights, and their inputs are a fraction of a batch. */
size_t pass_own_bytes(const struct pass *p)
{
	size_t n = p->n_part ? plan_own_bytes(p->part[0]->plan) : 0;
	for (int i = 0; i < TAP_COUNT && p->n_part && !kept_by_plan(p); i++)
		n += p->wanted[i] ? pass_tap_bytes(p, i, p->n) : 0;
	return n;
}

double pass_macs(const struct pass *p)
{
	return p->n_part ? plan_macs(p->part[0]->plan) * p->n / p->part[0]->n : 0;
}

void pass_print(const struct pass *p, FILE *f, bool steps)
{
	for (int i = 0; i < p->n_part && (i == 0 || !p->cached); i++) {
		const int n = p->part[i]->n;
		if (p->cached)
			cached_print(p, f);
		else if (i)
			fprintf(f, "    teacher, the last %d of the batch: ", n);
		else if (n < p->n)
			fprintf(f, "    teacher, %d parts of %d of the batch's %d pictures, each: ", p->n / n, n, p->n);
		else
			fputs("    teacher: ", f);
		plan_print(p->part[i]->plan, f, steps);
	}
}

enum status pass_prepare(struct pass *p, const char *out, void *workspace, struct err *e)
{
	enum status st = p->cached ? cached_prepare(p, out, e) : OK;
	for (int i = 0; i < p->n_part && st == OK; i++)
		st = forward_prepare(p->part[i], workspace, e);
	for (int i = 0; i < TAP_COUNT && p->n_part && !kept_by_plan(p) && st == OK; i++)
		if (p->wanted[i])
			st = device_alloc(p->teacher->x->dev, pass_tap_bytes(p, i, p->n), &p->tap[i], e);
	return st;
}

void pass_link(const struct pass *p, struct node *const given[TAP_COUNT], struct plan *student)
{
	size_t bytes;
	for (int i = 0; i < TAP_COUNT; i++)
		if (p->wanted[i])
			plan_link(student, given[i], p->tap[i] ? p->tap[i] : plan_kept(p->all.plan, p->all.kept[i], &bytes));
}

/* What a part has kept, to its place among the rows of the whole batch. */
static void collect(const struct pass *p, const struct forward *f, int at)
{
	const struct device *dev = p->teacher->x->dev;
	for (int i = 0; i < TAP_COUNT; i++) {
		if (!p->tap[i])
			continue;
		size_t bytes;
		const void *rows = plan_kept(f->plan, f->kept[i], &bytes);
		dev->backend->copy(dev->impl, (char *)p->tap[i] + pass_tap_bytes(p, i, at), rows, bytes);
	}
}

enum status pass_run(struct pass *p, const struct batch *b, int epoch, struct err *e)
{
	enum status st = OK;
	if (p->cached)
		return cached_run(p, b, epoch, e);
	for (int at = 0; p->n_part && at < p->n && st == OK;) {
		const struct forward *f = parts_for(p, p->n - at);
		st = forward_run(f, b, at, e);
		if (st == OK)
			collect(p, f, at);
		at += f->n;
	}
	return st;
}

void pass_release(struct pass *p)
{
	if (!p)
		return;
	for (int i = 0; i < p->n_part; i++)
		plan_release(p->part[i]->plan);
	for (int i = 0; i < TAP_COUNT; i++)
		if (p->tap[i])
			device_free(p->teacher->x->dev, p->tap[i], pass_tap_bytes(p, i, p->n));
	if (p->cached)
		cached_release(p);
	p->n_part = 0;
	memset(p->tap, 0, sizeof p->tap);
}
