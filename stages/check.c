/* All plans of a stage without any memory: shapes, parameters, arithmetic, bytes. What a kind does before and after a lesson is not among them: it
   happens while no plan of a step has its workspace, and is of the size of an evaluation. */
#include "base/log.h"
#include "base/str.h"
#include "stages/run.h"
#include "stages/aside_int.h"

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

/* By the rates of a machine that may not be this one. */
static void print_roof(FILE *f, const struct step *st)
{
	struct plan_roof student = step_roof(st), teacher = {0};
	for (int i = 0; st->pass && i < st->pass->n_part; i++) {
		const struct plan_roof one = plan_roof(st->pass->part[i]->plan);
		const int times = i ? 1 : st->pass->n / st->pass->part[0]->n; /* the rest of a batch that is cut has a plan of its own */
		teacher.launches += times * one.launches;
		teacher.seconds += times * one.seconds;
	}
	const double seconds = student.seconds + teacher.seconds;
	fprintf(f, "    a step: %.0f kernels, %.3f ms by the roofs (teacher %.3f, the rest %.3f), %.0f pictures a second\n", student.launches + teacher.launches,
	        1e3 * seconds, 1e3 * teacher.seconds, 1e3 * student.seconds, st->n / seconds);
}

static void print_lesson(FILE *f, const struct stage_run *r, const struct lesson *l, const struct step *st, bool steps)
{
	char a[32];
	fprintf(f, "  %s%s%d epoch%s, %s move", l->label, *l->label ? ": " : "", l->epochs, l->epochs == 1 ? "" : "s", lesson_moved(r, l, st->arena));
	for (int i = 1; i < l->n_optim; i++)
		fprintf(f, ", %s of %s", str_count(a, optim_count(l->optim[i].optim)), l->optim[i].optim->name);
	fputc('\n', f);
	if (l->note)
		fprintf(f, "    note: %s\n", l->note);
	if (st->pass)
		pass_print(st->pass, f, steps);
	for (int v = 0; v < st->n_variant; v++) {
		fputs(st->pass ? "    student: " : "    ", f);
		plan_print(st->variant[v].plan, f, steps);
	}
	if (r->x->dev->rates)
		print_roof(f, st);
}

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

static void add_lesson(const struct stage_run *r, const struct lesson *l, const struct step *st, const struct evaluator *ev, const struct measure *exam,
                       struct stage_plan_sum *sum)
{
	const struct data *d = r->x->data;
	const int batches = data_batches(d);
	double macs = 0;
	size_t own = evaluator_own_bytes(ev) + measure_own_bytes(exam) + backup_memory(st), shared = larger(evaluator_workspace(ev), measure_workspace(exam));
	own += loader_device_bytes(d, PART_TRAIN, VIEW_TRAIN) + loader_device_bytes(d, PART_VALID, VIEW_EVAL);
	if (r->stage->train.watch_test)
		own += loader_device_bytes(d, PART_TEST, VIEW_EVAL);
	for (int v = 0; v < st->n_variant; v++) {
		own += plan_own_bytes(st->variant[v].plan);
		macs = plan_macs(st->variant[v].plan) > macs ? plan_macs(st->variant[v].plan) : macs;
	}
	double mean = step_macs(st);
	/* Twice: a checkpoint copies all of it to write it. */
	for (int i = 0; i < l->n_optim; i++)
		own += 2 * optim_memory(l->optim[i].optim);
	for (int i = 0; i < r->n_net; i++)
		own += 2 * set_bytes(r->net[i]->params);
	shared = larger(shared, step_workspace(st));
	if (st->pass) {
		shared = larger(shared, pass_workspace(st->pass));
		sum->teacher = pass_own_bytes(st->pass) + set_bytes(r->teacher->params);
		macs += pass_macs(st->pass);
		mean += pass_macs(st->pass);
	}
	sum->own = own;
	sum->workspace = shared;
	sum->macs = macs;
	sum->total_macs = mean * (double)batches * l->epochs;
	sum->steps = (double)batches * l->epochs;
}

/* What the plans of the smaller last batch hold of their own; weights and the like were counted. */
static void add_rest(const struct step *st, struct stage_plan_sum *sum)
{
	for (int v = 0; v < st->n_variant; v++)
		sum->own += plan_own_bytes(st->variant[v].plan);
	sum->own += backup_memory(st);
	sum->workspace = step_workspace(st);
	if (st->pass) {
		sum->workspace = larger(sum->workspace, pass_workspace(st->pass));
		sum->teacher = pass_own_bytes(st->pass);
	}
}

/* One size of batch of a lesson. rest: the smaller last one, which is held beside the other. */
static enum status check_size(struct stage_run *r, const struct lesson *l, int n, bool rest, FILE *f, bool steps, struct stage_plan_sum *sum,
                              struct err *e)
{
	struct arena *a = arena_open("check");
	struct step *st = NULL;
	struct evaluator *ev = NULL;
	struct measure *exam = NULL;
	struct teacher *teacher = NULL;
	struct pass *pass = NULL;
	struct net *first = r->teacher;
	enum status s = OK;
	if (l->teacher >= 0)
		r->teacher = run_teacher_net(r, l->teacher);
	if (l->teacher >= 0)
		s = teacher_new(a, r->x, r->stage, l->teacher, &teacher, e);
	if (s == OK && teacher)
		s = pass_new(teacher, n, a, &pass, e);
	if (s == OK)
		s = step_new(r, l, n, pass, a, &st, e);
	if (s == OK && pass)
		s = pass_plan(pass, e);
	if (s == OK && !rest)
		s = evaluator_open(a, r->x->data, r->student, r->x->dev, r->x->precision, &ev, e);
	if (s == OK && !rest)
		s = exam_open(r, l, teacher, a, &exam, e);
	if (s == OK && rest)
		add_rest(st, sum);
	else if (s == OK)
		add_lesson(r, l, st, ev, exam, sum);
	if (s == OK && f)
		print_lesson(f, r, l, st, steps);
	r->teacher = first;
	step_release(st);
	pass_release(pass);
	evaluator_close(ev);
	measure_close(exam);
	arena_close(a);
	return s;
}

static enum status check_lesson(struct stage_run *r, const struct lesson *l, FILE *f, bool steps, struct stage_plan_sum *sum, struct err *e)
{
	const struct data *d = r->x->data;
	const int N = d->conf.batch, rest = d->n_train < N ? 0 : data_rest(d);
	struct stage_plan_sum one = {0}, small = {0};
	enum status s = check_size(r, l, d->n_train < N ? d->n_train : N, false, f, steps, &one, e);
	if (s == OK && rest)
		s = check_size(r, l, rest, true, NULL, false, &small, e);
	sum->own = larger(sum->own, one.own + small.own);
	sum->workspace = larger(sum->workspace, larger(one.workspace, small.workspace));
	sum->teacher = larger(sum->teacher, one.teacher + small.teacher);
	sum->memory = sum->own + sum->workspace + sum->teacher;
	sum->macs = one.macs > sum->macs ? one.macs : sum->macs;
	sum->steps += one.steps;
	sum->total_macs += one.total_macs;
	return s;
}

enum status stage_check(struct experiment *x, struct stage *s, FILE *f, bool steps, struct stage_plan_sum *sum, struct err *e)
{
	struct stage_run *r = NULL;
	*sum = (struct stage_plan_sum){.stage = s};
	enum status st = stage_run_open(x, s, &r, e);
	for (int k = 0; st == OK && k < r->n_lesson; k++)
		st = check_lesson(r, &r->lesson[k], f, steps, sum, e);
	stage_run_close(r);
	return st;
}

size_t memory_wanted(size_t planned)
{
	return planned + planned / 8 + ((size_t)64 << 20);
}

/* Computed in the same way, of the same weights in the same order. */
static bool same_teachers(const struct stage *a, const struct stage *b)
{
	bool same = a->n_teacher > 0 && a->n_teacher == b->n_teacher && teacher_conf_same(a, b);
	for (int i = 0; i < a->n_teacher && same; i++)
		same = str_eq(a->teacher[i].identity, b->teacher[i].identity) && str_eq(a->teacher[i].network, b->teacher[i].network);
	return same;
}

size_t memory_together(const struct device *dev, const struct stage_plan_sum *const sums[], int n)
{
	const bool beside = dev->backend->lane; /* each other, so with a workspace each */
	size_t own = 0, workspace = 0, teachers = 0;
	for (int i = 0; i < n; i++) {
		bool had = false;
		for (int k = 0; k < i; k++)
			had |= same_teachers(sums[i]->stage, sums[k]->stage);
		own += sums[i]->own;
		workspace = beside ? workspace + sums[i]->workspace : larger(workspace, sums[i]->workspace);
		teachers += had ? 0 : sums[i]->teacher;
	}
	return own + workspace + teachers + (beside && n > 1 ? (size_t)n * dev->backend->lane_bytes : 0);
}

int wave_size(const struct device *dev, const struct stage_plan_sum *const sums[], int n)
{
	const size_t there = device_memory(dev);
	int k = n;
	while (k > 1 && there && memory_wanted(memory_together(dev, sums, k)) > there)
		k--;
	return k;
}

enum status stage_fits(struct experiment *x, struct stage *s, struct stage_plan_sum *sums, struct err *e)
{
	struct stage_plan_sum sum = {0};
	const enum status st = stage_check(x, s, NULL, false, &sum, e);
	const size_t there = device_memory(x->dev), wanted = memory_wanted(sum.memory);
	char need[32], have[32];
	*sums = sum;
	if (st != OK || !there || wanted <= there)
		return st;
	return err_nomem(e, "stage '%s' needs %s and %s are available: lower 'data.batch' or 'data.eval_batch'; it was not begun", s->name,
	                 str_bytes(need, wanted), str_bytes(have, there));
}
