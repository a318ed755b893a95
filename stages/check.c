/* All plans of a stage without any memory: shapes, parameters, arithmetic, bytes. */
#include "base/log.h"
#include "base/str.h"
#include "stages/run.h"

static size_t set_bytes(const struct params *p)
{
	return (size_t)(p->param_size + p->state_size) * sizeof(float);
}

static size_t optim_memory(const struct optim *o)
{
	const bool m = o->conf.kind != OPTIM_SGD || o->conf.momentum > 0, v = o->conf.kind != OPTIM_SGD;
	return (size_t)o->size * sizeof(float) * (1u + m + v);
}

/* What a later segment's failure would undo is copied aside before each but the last. */
static size_t backup_memory(const struct step *st)
{
	size_t bytes = 0;
	for (int s = 0; s + 1 < st->desc.n_segment; s++)
		for (int k = 0; k < st->segment[s].n_optim; k++)
			bytes += optim_memory(st->segment[s].optim[k]);
	return bytes;
}

static void print_lesson(FILE *f, const struct stage_run *r, const struct lesson *l, const struct step *st, bool steps)
{
	char a[32], b[32];
	fprintf(f, "  %s%s%d epoch%s, %s of %s parameters move", l->label, *l->label ? ": " : "", l->epochs, l->epochs == 1 ? "" : "s",
	        str_count(a, optim_count(l->optim[0].optim)), str_count(b, params_count(r->student->params)));
	for (int i = 1; i < l->n_optim; i++)
		fprintf(f, ", %s of %s", str_count(a, optim_count(l->optim[i].optim)), l->optim[i].optim->name);
	fputs("\n    ", f);
	for (int v = 0; v < st->n_variant; v++)
		plan_print(st->variant[v].plan, f, steps);
}

static enum status check_lesson(struct stage_run *r, const struct lesson *l, FILE *f, bool steps, struct stage_plan_sum *sum, struct err *e)
{
	struct data *d = r->x->data;
	struct arena *a = arena_open("check");
	struct step *st = NULL;
	struct evaluator *ev = NULL;
	const int n = d->n_train < d->conf.batch ? d->n_train : d->conf.batch;
	enum status s = step_new(r, l, n, a, &st, e);
	if (s == OK)
		s = evaluator_open(a, d, r->student, r->x->dev, r->x->precision, &ev, e);
	if (s == OK) {
		size_t bytes = step_workspace(st) > evaluator_workspace(ev) ? step_workspace(st) : evaluator_workspace(ev);
		for (int v = 0; v < st->n_variant; v++) {
			bytes += plan_own_bytes(st->variant[v].plan);
			if (plan_macs(st->variant[v].plan) > sum->macs)
				sum->macs = plan_macs(st->variant[v].plan);
		}
		bytes += evaluator_own_bytes(ev) + backup_memory(st);
		/* Twice: a checkpoint copies all of it to write it. */
		for (int i = 0; i < l->n_optim; i++)
			bytes += 2 * optim_memory(l->optim[i].optim);
		for (int i = 0; i < r->n_net; i++)
			bytes += 2 * set_bytes(r->net[i]->params);
		bytes += r->teacher ? set_bytes(r->teacher->params) : 0;
		if (bytes > sum->memory)
			sum->memory = bytes;
		const int batches = d->conf.drop_last ? d->n_train / d->conf.batch : (d->n_train + d->conf.batch - 1) / d->conf.batch;
		sum->steps += (double)batches * l->epochs;
		if (f)
			print_lesson(f, r, l, st, steps);
	}
	step_release(st);
	evaluator_close(ev);
	arena_close(a);
	return s;
}

enum status stage_check(struct experiment *x, struct stage *s, FILE *f, bool steps, struct stage_plan_sum *sum, struct err *e)
{
	struct stage_run *r = NULL;
	*sum = (struct stage_plan_sum){0};
	enum status st = stage_run_open(x, s, &r, e);
	for (int k = 0; st == OK && k < r->n_lesson; k++)
		st = check_lesson(r, &r->lesson[k], f, steps, sum, e);
	stage_run_close(r);
	return st;
}

enum status stage_fits(struct experiment *x, struct stage *s, double *steps, struct err *e)
{
	struct stage_plan_sum sum = {0};
	const enum status st = stage_check(x, s, NULL, false, &sum, e);
	const size_t there = memory_available();
	char need[32], have[32];
	*steps = sum.steps;
	if (st != OK || !there || sum.memory <= there)
		return st;
	return err_nomem(e, "stage '%s' needs %s and %s are available: lower 'data.batch' or 'data.eval_batch'; it was not begun", s->name,
	                 str_bytes(need, sum.memory), str_bytes(have, there));
}
