/* A stage's networks, optimisers and lessons, before and while it is trained. */
#include <string.h>

#include "stages/run.h"

void run_add_net(struct stage_run *r, struct net *net)
{
	if (!net)
		return;
	if (r->n_net == r->cap_net) {
		r->cap_net = r->cap_net ? r->cap_net * 2 : 8;
		struct net **bigger = NEW_ARRAY(r->arena, struct net *, r->cap_net);
		if (r->n_net)
			memcpy(bigger, r->net, (size_t)r->n_net * sizeof *bigger);
		r->net = bigger;
	}
	r->net[r->n_net++] = net;
}

struct lesson *run_add_lesson(struct stage_run *r, const char *label, int epochs)
{
	if (r->n_lesson == r->cap_lesson) {
		r->cap_lesson = r->cap_lesson ? r->cap_lesson * 2 : 16;
		struct lesson *bigger = NEW_ARRAY(r->arena, struct lesson, r->cap_lesson);
		if (r->n_lesson)
			memcpy(bigger, r->lesson, (size_t)r->n_lesson * sizeof *bigger);
		r->lesson = bigger;
	}
	struct lesson *l = &r->lesson[r->n_lesson++];
	*l = (struct lesson){.label = arena_str(r->arena, label), .epochs = epochs, .teacher = -1};
	return l;
}

const int *epochs_scaled(struct arena *a, const struct ints *asked, int from, int to, int after)
{
	int *share = NEW_ARRAY(a, int, asked->n), end = 0;
	long done = 0;
	for (int i = 0; i < asked->n; i++) {
		done += asked->v[i];
		const long v = done * to / from, most = to - after - (asked->n - 1 - i), stop = v < most ? v : most;
		share[i] = stop > end ? (int)(stop - end) : 1;
		end += share[i];
	}
	return share;
}

void run_end_lesson(struct stage_run *r, int k, int epochs)
{
	const int left = r->lesson[k].epochs - epochs;
	int to = k + 1;
	while (to < r->n_lesson - 1 && !r->lesson[to].takes_rest)
		to++;
	to = to < r->n_lesson ? to : r->n_lesson - 1;
	for (int i = k + 1; i <= to; i++)
		for (int o = 0; o < r->lesson[i].n_optim; o++)
			if (r->lesson[i].optim[o].from > 0)
				r->lesson[i].optim[o].from -= left;
	r->lesson[k].epochs = epochs;
	r->lesson[to].epochs += left;
}

struct optim *run_optim(struct stage_run *r, const char *name, const struct optim_conf *conf)
{
	return optim_new(r->arena, name, conf);
}

void lesson_moves(struct stage_run *r, struct lesson *l, struct optim *o, const struct schedule_conf *schedule)
{
	struct lesson_optim *bigger = NEW_ARRAY(r->arena, struct lesson_optim, l->n_optim + 1);
	if (l->n_optim)
		memcpy(bigger, l->optim, (size_t)l->n_optim * sizeof *bigger);
	bigger[l->n_optim++] = (struct lesson_optim){o, *schedule, 0, l->epochs};
	l->optim = bigger;
}

/* Whether it is a network with a model of its own that is not the student, or stands beside one: an adapter of `small/2` is `small/2/adapter1`. */
static bool is_others(const struct stage_run *r, const struct net *net)
{
	for (int k = 0; k < r->n_net; k++) {
		const struct net *other = r->net[k];
		const size_t n = strlen(other->name);
		if (other != r->student && other->model_name && (net == other || (strncmp(net->name, other->name, n) == 0 && net->name[n] == '/')))
			return true;
	}
	return false;
}

/* What is neither the student nor another's are its own adapters. */
static long long moved_of_others(const struct stage_run *r, const struct optim *o)
{
	long long n = 0;
	for (int i = 0; i < r->n_net; i++)
		n += is_others(r, r->net[i]) ? optim_count_of(o, r->net[i]->params) : 0;
	return n;
}

long long lesson_moved_count(const struct stage_run *r, const struct lesson *l)
{
	return optim_count(l->optim[0].optim) - moved_of_others(r, l->optim[0].optim);
}

const char *lesson_moved(const struct stage_run *r, const struct lesson *l, struct arena *a)
{
	const struct optim *o = l->optim[0].optim;
	const long long own = optim_count_of(o, r->student->params), others = moved_of_others(r, o), adapters = optim_count(o) - own - others;
	char n[32], all[32];
	const char *text = arena_printf(a, "%s of %s parameters", str_count(n, own), str_count(all, params_count(r->student->params)));
	if (adapters)
		text = arena_printf(a, "%s%s %s of adapters", text, others ? "," : " and", str_count(n, adapters));
	return others ? arena_printf(a, "%s and %s of other networks", text, str_count(n, others)) : text;
}

void optim_add_net(struct optim *o, struct arena *a, struct net *net, int from, int to)
{
	for (int i = 0; i < net->params->n_param; i++)
		if (net->params->param[i].block >= from && net->params->param[i].block <= to)
			optim_add(o, a, net->params, i);
}

enum status stage_teacher_nets(struct experiment *x, struct arena *a, const struct stage *s, struct net ***nets, struct err *e)
{
	struct net **net = *nets = NEW_ARRAY(a, struct net *, s->n_teacher);
	enum status st = OK;
	for (int m = 0; m < s->n_teacher && st == OK; m++) {
		const char *name = s->teacher[m].network;
		for (int k = 0; k < m && !net[m]; k++)
			net[m] = str_eq(s->teacher[k].network, name) ? net[k] : NULL;
		if (!net[m])
			st = experiment_net(x, a, name, arena_printf(a, "%s (teacher)", name), &net[m], e);
	}
	return st;
}

struct net *run_teacher_net(const struct stage_run *r, int m)
{
	BUG_IF(m < 0 || m >= r->stage->n_teacher, "teacher %d of stage '%s', which has %d", m, r->stage->name, r->stage->n_teacher);
	return r->teacher_net[m];
}

enum status stage_run_open(struct experiment *x, struct stage *s, struct stage_run **out, struct err *e)
{
	struct arena *a = arena_open("stage");
	struct stage_run *r = NEW(a, struct stage_run);
	r->x = x;
	r->stage = s;
	r->dev = x->dev;
	r->arena = a;
	r->scale = x->precision == PRECISION_F16 ? loss_scale_new(a) : NULL;
	enum status st = experiment_net(x, a, s->train.train, s->train.train, &r->student, e);
	if (st == OK)
		run_add_net(r, r->student);
	if (st == OK)
		st = stage_teacher_nets(x, a, s, &r->teacher_net, e);
	if (st == OK && s->n_teacher)
		r->teacher = r->teacher_net[0];
	if (st == OK)
		st = s->kind->define(r, e);
	if (st == OK)
		*out = r;
	else
		arena_close(a);
	return st;
}

void stage_run_close(struct stage_run *r)
{
	if (!r)
		return;
	for (int k = 0; k < r->n_lesson; k++) /* after a failure some still have their memory */
		for (int i = 0; i < r->lesson[k].n_optim; i++)
			optim_release(r->lesson[k].optim[i].optim);
	for (int i = 0; i < r->n_net; i++)
		params_release(r->net[i]->params);
	loss_scale_release(r->scale);
	arena_close(r->arena);
}
