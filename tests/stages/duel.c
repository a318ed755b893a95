#include "tests/stages/duel.h"

#include <math.h>

struct duel duel_open_on(const char *device, const char *text, int k)
{
	struct duel d = {0};
	ck_ok(open_text(&d.x, device, text, NULL));
	ck_ok(stage_run_open(d.x, &d.x->stage[d.x->n_stage - 1], &d.r, &e));
	ck_assert_int_lt(k, d.r->n_lesson);
	d.lesson = d.r->lesson[k];
	for (int i = 0; i < d.r->n_net; i++) {
		ck_ok(params_place(d.r->net[i]->params, d.x->dev, &e));
		ck_ok(net_init(d.r->net[i], 1, NULL, &e));
	}
	if (d.lesson.teacher >= 0) {
		ck_ok(teacher_new(life, d.x, d.r->stage, 0, &d.teacher, &e));
		d.r->teacher = d.teacher->net;
		ck_ok(params_place(d.r->teacher->params, d.x->dev, &e));
		ck_ok(net_init(d.r->teacher, 7, NULL, &e));
	}
	double waited = 0;
	ck_ok(loader_open(d.x->data, PART_TRAIN, VIEW_TRAIN, 1, &d.loader, &e));
	ck_ok(loader_start(d.loader, 0, 0, &e));
	ck_ok(loader_next(d.loader, &d.batch, &waited, &e));
	return d;
}

struct duel duel_open(const char *text, int k)
{
	return duel_open_on("ref", text, k);
}

void duel_build(struct duel *d)
{
	const int N = d->batch->n;
	if (d->teacher)
		ck_ok(pass_new(d->teacher, N, life, &d->pass, &e));
	ck_ok(step_new(d->r, &d->lesson, N, d->pass, life, &d->step, &e));
	if (d->pass)
		ck_ok(pass_plan(d->pass, &e));
	for (int i = 0; i < d->lesson.n_optim; i++) {
		ck_ok(optim_place(d->lesson.optim[i].optim, d->x->dev, &e));
		optim_set_lr(d->lesson.optim[i].optim, 0);
	}
	d->bytes = step_workspace(d->step);
	if (d->pass && pass_workspace(d->pass) > d->bytes)
		d->bytes = pass_workspace(d->pass);
	ck_ok(device_alloc(d->x->dev, d->bytes, &d->workspace, &e));
	if (d->pass)
		ck_ok(pass_prepare(d->pass, scratch, d->workspace, &e));
	ck_ok(step_prepare(d->step, d->workspace, &e));
}

void duel_close(struct duel *d)
{
	for (int i = 0; i < d->lesson.n_optim; i++)
		optim_release(d->lesson.optim[i].optim);
	step_release(d->step);
	pass_release(d->pass);
	loader_close(d->loader);
	device_free(d->x->dev, d->workspace, d->bytes);
	if (d->teacher)
		teacher_release(d->teacher);
	stage_run_close(d->r);
	experiment_close(d->x);
}

void duel_rate(struct duel *d, int i, double lr)
{
	ck_assert_int_lt(i, d->lesson.n_optim);
	optim_set_lr(d->lesson.optim[i].optim, lr);
}

enum status duel_try(struct duel *d)
{
	err_clear(&e);
	if (d->pass)
		ck_ok(pass_run(d->pass, d->batch, 0, &e));
	return step_run(d->step, d->batch, d->number, 0, &e);
}

void duel_step(struct duel *d)
{
	ck_ok(duel_try(d));
}

void duel_next(struct duel *d)
{
	const int n = d->batch->n;
	double waited = 0;
	ck_ok(loader_next(d->loader, &d->batch, &waited, &e));
	ck_assert(d->batch && d->batch->n == n);
}

static int metric_index(const struct duel *d, const char *name)
{
	for (int i = 0; i < d->step->desc.n_metric; i++)
		if (!strcmp(d->step->metric_name[i], name))
			return i;
	return -1;
}

bool duel_has(const struct duel *d, const char *name)
{
	return metric_index(d, name) >= 0;
}

double duel_metric(const struct duel *d, const char *name)
{
	double value[MAX_METRIC];
	const int i = metric_index(d, name);
	ck_assert_msg(i >= 0, "no metric '%s'", name);
	ck_ok(plan_metrics(step_plan(d->step, d->number), value, &e));
	return value[i];
}

struct net *duel_net(const struct duel *d, const char *name)
{
	for (int i = 0; i < d->r->n_net; i++)
		if (!strcmp(d->r->net[i]->params->name, name))
			return d->r->net[i];
	ck_abort_msg("no network '%s'", name);
	return NULL;
}

void duel_set(struct net *net, const char *param, double value)
{
	bool state;
	double v[4096];
	const int i = params_find(net->params, param, &state);
	ck_assert_msg(i >= 0 && !state, "'%s' has no parameter '%s'", net->params->name, param);
	const int64_t n = shape_count(&net->params->param[i].shape);
	ck_assert_int_le(n, 4096);
	for (int64_t k = 0; k < n; k++)
		v[k] = value;
	ck_ok(params_put(net->params, i, false, v, &e));
}

struct bytes duel_bytes(struct net *net, bool states, int from, int to)
{
	const struct params *p = net->params;
	const size_t size = dtype_size(p->dev->backend->wide);
	const int n = states ? p->n_state : p->n_param;
	char *raw = arena_alloc(life, params_bytes(p, states));
	struct bytes b = {.data = arena_alloc(life, params_bytes(p, states))};
	ck_ok(params_read(net->params, states, raw, &e));
	for (int i = 0; i < n; i++) {
		const struct param *row = states ? &p->state[i] : &p->param[i];
		const size_t len = (size_t)shape_count(&row->shape) * size;
		if (row->block < from || row->block > to)
			continue;
		memcpy(b.data + b.n, raw + (size_t)row->offset * size, len);
		b.n += len;
	}
	return b;
}

bool bytes_same(struct bytes a, struct bytes b)
{
	return a.n == b.n && memcmp(a.data, b.data, a.n) == 0;
}

double duel_distance(const double *a, const double *b, int64_t n)
{
	double most = 0;
	for (int64_t i = 0; i < n; i++)
		most = fmax(most, fabs(a[i] - b[i]));
	return most;
}
