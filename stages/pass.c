/* The teacher's forward pass on a batch, read by any number of students. */
#include <string.h>

#include "engine/build.h"
#include "stages/teacher.h"

static struct node **taps_array(struct taps *t)
{
	return (struct node **)t;
}

/* ---- forward ---- */

enum status forward_build(const struct teacher *t, int n, struct arena *a, struct forward *f, struct err *e)
{
	const struct data *d = t->x->data;
	const struct pictures *pic = &d->info.train;
	f->n = n;
	f->g = graph_new(a, e);
	f->image = graph_input(f->g, "image", shape4(n, pic->C, pic->H, pic->W), CLASS_U8);
	struct node *x = graph_normalize(f->g, f->image, d->mean, d->std);
	if (t->scales)
		model_apply_int8(f->g, t->net, t->scales, x, "teacher", &f->taps);
	else
		model_apply(f->g, t->net, 0, net_part_all(t->net), x, MODE_FROZEN, "teacher", &f->taps);
	return graph_status(f->g);
}

/* Features of a pass in another precision than the students' go from plan to plan as wide. */
static bool goes_wide(const struct teacher *t, const struct node *tap)
{
	return tap->type.cls == CLASS_ACT && t->precision != t->x->precision;
}

enum status forward_plan(const struct teacher *t, const bool wanted[TAP_COUNT], bool own, struct arena *a, struct forward *f, struct err *e)
{
	int n = 0;
	for (int i = 0; i < TAP_COUNT; i++) {
		struct node *tap = taps_array(&f->taps)[i];
		if (wanted[i])
			f->keep[n++] = f->kept[i] = goes_wide(t, tap) ? graph_cast(f->g, tap, CLASS_WIDE) : tap;
	}
	f->segment = (struct segment){.name = "teacher", .every = 1};
	f->desc = (struct step_desc){.g = f->g, .precision = t->precision, .n_segment = 1, .segment = &f->segment, .n_keep = n, .keep = f->keep,
	                             .keep_own = own};
	return n ? plan_new(a, &f->desc, t->x->dev, 1, &f->plan, e) : OK;
}

enum status forward_read(const struct forward *f, int tap, double *buffer, float *out, struct err *e)
{
	const enum status st = plan_get(f->plan, f->kept[tap], buffer, e);
	const int64_t n = shape_count(&f->kept[tap]->type.shape);
	for (int64_t i = 0; i < n; i++)
		out[i] = (float)buffer[i];
	return st;
}

/* ---- pass ---- */

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
		if (goes_wide(p->teacher, tap[i]))
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
	if (!p->uncached && p->teacher->stage->teacher_conf.teacher_cache != TEACHER_CACHE_OFF)
		return cached_plan(p, e);
	return forward_plan(p->teacher, p->wanted, true, p->arena, &p->all, e);
}

size_t pass_workspace(const struct pass *p)
{
	return p->cached ? cached_workspace(p) : p->all.plan ? plan_workspace(p->all.plan) : 0;
}

size_t pass_own_bytes(const struct pass *p)
{
	return p->cached ? cached_own_bytes(p) : p->all.plan ? plan_own_bytes(p->all.plan) : 0;
}

double pass_macs(const struct pass *p)
{
	return p->all.plan ? plan_macs(p->all.plan) : 0;
}

void pass_print(const struct pass *p, FILE *f, bool steps)
{
	char size[32];
	if (!p->all.plan)
		return;
	if (p->cached)
		fprintf(f, "    teacher cache in %s: up to %s\n", *p->teacher->stage->teacher_conf.cache_dir ? p->teacher->stage->teacher_conf.cache_dir :
		        "the folder of runs", str_bytes(size, cached_size(p)));
	fprintf(f, "    teacher%s: ", p->cached ? ", for views that the cache lacks" : "");
	plan_print(p->all.plan, f, steps);
}

enum status pass_prepare(struct pass *p, const char *out, void *workspace, struct err *e)
{
	if (p->cached)
		return cached_prepare(p, out, workspace, e);
	return p->all.plan ? plan_prepare(p->all.plan, workspace, e) : OK;
}

void pass_link(const struct pass *p, struct node *const given[TAP_COUNT], struct plan *student)
{
	size_t bytes;
	for (int i = 0; i < TAP_COUNT; i++)
		if (p->wanted[i])
			plan_link(student, given[i], p->cached ? cached_tap(p, i) : plan_kept(p->all.plan, p->all.kept[i], &bytes));
}

enum status pass_run(struct pass *p, const struct batch *b, int epoch, struct err *e)
{
	if (p->cached)
		return cached_run(p, b, epoch, e);
	if (!p->all.plan)
		return OK;
	plan_put(p->all.plan, p->all.image, b->image);
	return plan_run(p->all.plan, e);
}

void pass_release(struct pass *p)
{
	if (!p)
		return;
	plan_release(p->all.plan);
	cached_release(p);
}
