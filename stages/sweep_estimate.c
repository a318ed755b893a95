/* How long a sweep will take, from a step of each unlike stage, timed here. */
#include <math.h>

#include "base/log.h"
#include "stages/sweep.h"
#include "stages/teacher.h"

enum { STEPS = 3 }; /* timed; one more warms up */

struct trial {
	struct arena *arena;
	struct experiment *x;
	struct stage stage;           /* a copy: no cache is opened for a trial */
	struct stage_run *run;
	struct teacher *teacher;
	struct pass *pass;
	struct step *step;
	void *workspace;
	size_t workspace_bytes;
	struct batch batch;
	double macs;                  /* of the step */
};

static enum status place(struct trial *t, struct net *net, struct err *e)
{
	const enum status st = params_place(net->params, t->x->dev, e);
	return st == OK ? net_init(net, 1, NULL, e) : st;
}

static enum status plan(struct trial *t, struct err *e)
{
	const struct data *d = t->x->data;
	const int n = d->n_train < d->conf.batch ? d->n_train : d->conf.batch;
	enum status st = stage_run_open(t->x, &t->stage, &t->run, e);
	const struct lesson *l = st == OK ? &t->run->lesson[0] : NULL;
	if (st == OK && l->teacher >= 0) {
		st = teacher_new(t->arena, t->x, &t->stage, l->teacher, &t->teacher, e);
		if (st == OK)
			st = place(t, t->teacher->net, e);
		if (st == OK && t->teacher->scales)
			st = teacher_calibrate(t->teacher, e);
		if (st == OK)
			st = pass_new(t->teacher, n, t->arena, &t->pass, e);
		if (st == OK)
			t->run->teacher = t->teacher->net;
	}
	if (st == OK)
		st = step_new(t->run, l, n, t->pass, t->arena, &t->step, e);
	if (st == OK && t->pass)
		st = pass_plan(t->pass, e);
	t->batch.n = n;
	return st;
}

static enum status prepare(struct trial *t, struct err *e)
{
	const struct lesson *l = &t->run->lesson[0];
	enum status st = OK;
	for (int i = 0; i < t->run->n_net && st == OK; i++)
		st = place(t, t->run->net[i], e);
	for (int i = 0; i < l->n_optim && st == OK; i++)
		st = optim_place(l->optim[i].optim, t->x->dev, e);
	t->workspace_bytes = step_workspace(t->step);
	if (t->pass && pass_workspace(t->pass) > t->workspace_bytes)
		t->workspace_bytes = pass_workspace(t->pass);
	if (st == OK)
		st = device_alloc(t->x->dev, t->workspace_bytes, &t->workspace, e);
	if (st == OK && t->pass)
		st = pass_prepare(t->pass, "", t->workspace, e);
	if (st == OK)
		st = step_prepare(t->step, t->workspace, e);
	t->batch = batch_new(t->arena, t->x->data, t->batch.n);
	for (int i = 0; i < t->batch.n && st == OK; i++)
		st = batch_show(t->x->data, &t->x->data->info.train, t->x->data->train[i], &t->batch, i, e);
	return st;
}

static enum status run_step(struct trial *t, long number, struct err *e)
{
	double value[MAX_METRIC];
	enum status st = t->pass ? pass_run(t->pass, &t->batch, 0, e) : OK;
	if (st == OK)
		st = step_run(t->step, &t->batch, number, 0, e);
	return st == OK ? plan_metrics(step_plan(t->step, number), value, e) : st;
}

static void finish(struct trial *t)
{
	pass_release(t->pass);
	step_release(t->step);
	if (t->run)
		stage_run_close(t->run);
	if (t->workspace)
		device_free(t->x->dev, t->workspace, t->workspace_bytes);
	if (t->teacher)
		teacher_release(t->teacher);
	arena_close(t->arena);
}

/* Seconds for a multiply-add in the stage's first lesson; weights are random, and a step that fails for that is no error. */
static enum status measure(struct experiment *x, const struct stage *s, double *seconds, struct err *e)
{
	struct trial t = {.arena = arena_open("estimate"), .x = x, .stage = *s};
	double least = INFINITY;
	t.stage.teacher_conf.teacher_cache = TEACHER_CACHE_OFF;
	t.stage.teacher_conf.int8_floor = 0;
	enum status st = plan(&t, e);
	if (st == OK)
		st = prepare(&t, e);
	for (int i = 0; i <= STEPS && st == OK; i++) {
		const double start = time_now();
		st = run_step(&t, i, e);
		if (i && time_now() - start < least)
			least = time_now() - start;
	}
	if (st == OK)
		t.macs = plan_macs(step_plan(t.step, 0)) + (t.pass ? pass_macs(t.pass) : 0);
	*seconds = st == OK && t.macs > 0 ? least / t.macs : NAN;
	finish(&t);
	if (st == E_RUN) {
		err_clear(e);
		st = OK;
	}
	return st;
}

static bool alike(const struct sweep_item *a, const struct sweep_item *b)
{
	return a->stage->kind == b->stage->kind && str_eq(a->stage->name, b->stage->name) && a->sum.total_macs == b->sum.total_macs;
}

/* Evaluations on the held-out pictures after each epoch, and on the test pictures at the end. */
static double evaluation_macs(const struct sweep_item *item, const struct experiment *x, const struct net *net)
{
	const struct data *d = x->data;
	const double batches = ceil((double)d->n_train / d->conf.batch), epochs = batches > 0 ? item->sum.steps / batches : 0;
	return net_macs(net) * (epochs / item->stage->train.eval_every * d->n_valid + 2.0 * d->n_test);
}

static enum status add(struct sweep *s, int i, struct experiment *x, double rate, struct sweep_estimate *out, struct err *e)
{
	const struct sweep_item *item = &s->item[i];
	struct net *net = NULL;
	const enum status st = experiment_shape(x, item->stage->train.train, &net, e);
	if (st == OK) {
		const double weights = 4.0 * (double)(net->params->param_size + net->params->state_size);
		out->n_stage++;
		out->seconds += (item->sum.total_macs + evaluation_macs(item, x, net)) * rate;
		out->bytes += weights * (2 + item->stage->n_anchor) + 4.0 * x->data->n_test * (3 + net->classes);
	}
	return st;
}

enum status sweep_estimate(struct sweep *s, struct sweep_estimate *out, struct err *e)
{
	double *rate = NEW_ARRAY(s->arena, double, s->n_item);
	enum status st = sweep_plan(s, -1, -1, e);
	*out = (struct sweep_estimate){0};
	for (int r = 0; r < s->n_run; r++)
		for (int i = s->run[r].first; i < s->run[r].first + s->run[r].x->n_stage && st == OK; i++) {
			const struct sweep_item *item = &s->item[i];
			if (item->twin != i || item->state != ITEM_TODO)
				continue;
			rate[i] = 0;
			for (int k = 0; k < i && rate[i] == 0; k++)
				if (rate[k] != 0 && alike(&s->item[k], item))
					rate[i] = rate[k];
			if (rate[i] == 0)
				st = measure(s->run[r].x, item->stage, &rate[i], e);
			if (st == OK)
				st = add(s, i, s->run[r].x, rate[i], out, e);
		}
	return st;
}
