#include "stages/teacher.h"

#include <string.h>

#include "engine/build.h"
#include "runs/safetensors.h"

/* ---- its weights ---- */

enum status teacher_new(struct arena *a, struct experiment *x, const struct stage *s, int which, struct teacher **out, struct err *e)
{
	struct teacher *t = NEW(a, struct teacher);
	t->x = x;
	t->from = &s->teacher[which];
	t->network = s->teacher_network;
	*out = t;
	return experiment_net(x, a, s->teacher_network, arena_printf(a, "%s (teacher)", s->teacher_network), &t->net, e);
}

bool teacher_is(const struct teacher *t, const struct stage *s, int which)
{
	return str_eq(t->from->identity, s->teacher[which].identity) && str_eq(t->network, s->teacher_network);
}

enum status teacher_load(struct teacher *t, struct err *e)
{
	if (t->loaded)
		return OK;
	enum status st = params_place(t->net->params, t->x->dev, e);
	if (st == OK)
		st = weights_load(t->net->params, t->from->path, e);
	t->loaded = st == OK;
	return st;
}

void teacher_release(struct teacher *t)
{
	params_release(t->net->params);
	t->loaded = false;
}

/* ---- its pass ---- */

static struct node **taps_array(struct taps *t)
{
	return (struct node **)t;
}

enum status pass_new(struct teacher *t, int n, struct arena *a, struct pass **out, struct err *e)
{
	struct pass *p = NEW(a, struct pass);
	const struct data *d = t->x->data;
	const struct pictures *pic = &d->info.train;
	p->teacher = t;
	p->n = n;
	p->arena = a;
	p->g = graph_new(a, e);
	p->image = graph_input(p->g, "image", shape4(n, pic->C, pic->H, pic->W), CLASS_U8);
	struct node *x = graph_normalize(p->g, p->image, d->mean, d->std);
	model_apply(p->g, t->net, 0, net_part_all(t->net), x, MODE_FROZEN, "teacher", &p->taps);
	*out = p;
	return graph_status(p->g);
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
	struct taps all = p->taps;
	struct node *const *tap = taps_array(&all);
	for (int i = 0; i < TAP_COUNT; i++) {
		const int k = first_like(tap, i);
		given[i] = !tap[i] ? NULL : k < i ? given[k] : graph_given(g, tap[i]->name, &tap[i]->type);
		taps_array(t)[i] = given[i];
	}
}

void pass_want(struct pass *p, struct node *const given[TAP_COUNT], const struct plan *student)
{
	for (int i = 0; i < TAP_COUNT; i++)
		p->wanted[i] |= given[i] && first_like(given, i) == i && plan_reads(student, given[i]);
}

enum status pass_plan(struct pass *p, struct err *e)
{
	int n = 0;
	for (int i = 0; i < TAP_COUNT; i++)
		if (p->wanted[i])
			p->keep[n++] = p->kept[i] = taps_array(&p->taps)[i];
	if (!n)
		return OK;
	p->segment = (struct segment){.name = "teacher", .every = 1};
	p->desc = (struct step_desc){.g = p->g, .precision = p->teacher->x->precision, .n_segment = 1, .segment = &p->segment,
	                             .n_keep = n, .keep = p->keep, .keep_own = true};
	return plan_new(p->arena, &p->desc, p->teacher->x->dev, 1, &p->plan, e);
}

size_t pass_workspace(const struct pass *p)
{
	return p->plan ? plan_workspace(p->plan) : 0;
}

size_t pass_own_bytes(const struct pass *p)
{
	return p->plan ? plan_own_bytes(p->plan) : 0;
}

enum status pass_prepare(struct pass *p, void *workspace, struct err *e)
{
	return p->plan ? plan_prepare(p->plan, workspace, e) : OK;
}

void pass_link(const struct pass *p, struct node *const given[TAP_COUNT], struct plan *student)
{
	size_t bytes;
	for (int i = 0; i < TAP_COUNT; i++)
		if (p->kept[i])
			plan_link(student, given[i], plan_kept(p->plan, p->kept[i], &bytes));
}

enum status pass_run(struct pass *p, const struct batch *b, struct err *e)
{
	if (!p->plan)
		return OK;
	plan_put(p->plan, p->image, b->image);
	return plan_run(p->plan, e);
}

void pass_release(struct pass *p)
{
	if (p)
		plan_release(p->plan);
}
