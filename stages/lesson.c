/* A lesson of one arm: its teacher, its optimisers, its plans, its steps. */
#include <math.h>
#include <string.h>

#include "base/log.h"
#include "stages/train_int.h"

int lesson_epochs_before(const struct stage_run *r, int k)
{
	int n = 0;
	for (int i = 0; i < k; i++)
		n += r->lesson[i].epochs;
	return n;
}

const struct lesson *lesson_of(const struct trainer *t)
{
	return &t->r->lesson[t->place.lesson];
}

bool lesson_answers(const struct trainer *t)
{
	const struct lesson *l = lesson_of(t);
	return l->selects && t->place.epoch > l->selects_after;
}

static enum status place_optims(struct trainer *t, const struct lesson *l, struct err *e)
{
	enum status st = OK;
	for (int i = 0; i < l->n_optim && st == OK; i++)
		if (!l->optim[i].optim->dev)
			st = optim_place(l->optim[i].optim, t->r->dev, e);
	return st;
}

/* ---- what its kind does beside the steps ---- */

typedef enum status (*beside)(const struct lesson *l, struct aside *a, struct err *e);

static enum status noted(const struct trainer *t, enum status st, const char *when, struct err *e)
{
	if (st == E_RUN)
		err_note(e, "in stage '%s', %s lesson %d", t->r->stage->name, when, t->place.lesson + 1);
	return st;
}

static enum status run_beside(struct trainer *t, beside what, const char *when, struct err *e)
{
	return what ? noted(t, what(lesson_of(t), &(struct aside){t}, e), when, e) : OK;
}

enum status lesson_after(struct trainer *t, struct err *e)
{
	watch_end(t);
	return run_beside(t, lesson_of(t)->end, "after", e);
}

/* The answer is the lesson's teacher from here on, and goes with every state that is saved. */
static enum status choose_teacher(struct trainer *t, struct err *e)
{
	struct lesson *l = &t->r->lesson[t->place.lesson];
	struct resume *p = &t->place;
	int which = l->teacher;
	if (!l->choose)
		return OK;
	const enum status st = noted(t, l->choose(l, &(struct aside){t}, &which, e), "before", e);
	if (st != OK)
		return st;
	BUG_IF(which < -1 || which >= t->r->stage->n_teacher, "teacher %d was chosen, of %d", which, t->r->stage->n_teacher);
	l->teacher = which;
	int *chosen = NEW_ARRAY(t->r->arena, int, p->lesson + 1);
	for (int k = 0; k < p->lesson; k++)
		chosen[k] = k < p->n_chosen ? p->chosen[k] : -1;
	chosen[p->lesson] = which;
	p->chosen = chosen;
	p->n_chosen = p->lesson + 1;
	return OK;
}

enum status lesson_may_end(struct trainer *t, struct err *e)
{
	const struct lesson *l = lesson_of(t);
	struct resume *p = &t->place;
	bool is_over = false;
	if (!l->over || p->epoch >= l->epochs)
		return OK;
	const enum status st = noted(t, l->over(l, &(struct aside){t}, &is_over, e), "in", e);
	if (st != OK || !is_over)
		return st;
	run_end_lesson(t->r, p->lesson, p->epoch);
	int *ended = NEW_ARRAY(t->r->arena, int, p->lesson + 1);
	for (int k = 0; k <= p->lesson; k++)
		ended[k] = t->r->lesson[k].epochs;
	p->ended = ended;
	p->n_ended = p->lesson + 1;
	return OK;
}

/* ---- begin and end ---- */

enum status lesson_begin(struct trainer *t, struct err *e)
{
	const struct lesson *l = lesson_of(t);
	const bool resumed = t->resumed; /* then in its midst or at its end */
	enum status st = OK;
	t->begun = true;
	t->graft = NAN;
	t->arena = arena_open("lesson");
	t->teacher_shape = t->r->teacher;
	if (!resumed)
		st = choose_teacher(t, e);
	if (st == OK && l->teacher >= 0)
		st = cohort_teacher(t->cohort, t->r, l->teacher, &t->teacher, e);
	if (st == OK && t->teacher) {
		t->teacher->users++;
		t->r->teacher = t->teacher->net;
	}
	if (st == OK)
		st = place_optims(t, l, e);
	if (st == OK && t->resumed) {
		st = checkpoint_load(t, e);
		t->resumed = false;
	} else if (st == OK) {
		watch_begin(t);
	}
	t->lesson_images = t->place.images;
	if (st == OK)
		st = arm_measure_teacher(t, e);
	if (st == OK && !resumed && l->note)
		log_line(LOG_WARN, "'%s' %s: %s", t->r->stage->name, l->label, l->note);
	if (st == OK && !resumed)
		st = run_beside(t, l->begin, "before", e);
	t->again = resumed && t->place.epoch >= l->epochs;
	return st;
}

/* An optimiser that the next lesson goes on with keeps its memory. */
static bool used_next(const struct stage_run *r, int k, const struct optim *o)
{
	for (int i = 0; k + 1 < r->n_lesson && i < r->lesson[k + 1].n_optim; i++)
		if (r->lesson[k + 1].optim[i].optim == o)
			return true;
	return false;
}

void lesson_end(struct trainer *t)
{
	if (!t->begun)
		return;
	const struct lesson *l = lesson_of(t);
	for (int i = 0; i < l->n_optim; i++)
		if (!used_next(t->r, t->place.lesson, l->optim[i].optim))
			optim_release(l->optim[i].optim);
	if (t->teacher)
		t->teacher->users--;
	t->teacher = NULL;
	t->r->teacher = t->teacher_shape;
	arena_close(t->arena);
	t->arena = NULL;
	t->begun = false;
}

/* ---- plans ---- */

enum status lesson_plan(struct trainer *t, const struct passes *passes, struct err *e)
{
	const struct data *d = t->r->x->data;
	const struct lesson *l = lesson_of(t);
	const int N = d->conf.batch, rest = data_rest(d);
	enum status st = OK;
	if (d->n_train >= N)
		st = step_new(t->r, l, N, passes ? passes->full : NULL, t->cohort->period, &t->full, e);
	if (st == OK && rest)
		st = step_new(t->r, l, rest, passes ? passes->rest : NULL, t->cohort->period, &t->rest, e);
	if (st == OK)
		st = chain_open(t->cohort->period, t->r->dev, MAX_METRIC, &t->chain, e);
	if (st == OK)
		st = evaluator_open(t->cohort->period, t->r->x->data, t->r->student, t->r->dev, t->r->x->precision, &t->eval, e);
	return st == OK ? exam_open(t->r, l, t->teacher, t->cohort->period, &t->exam, e) : st;
}

size_t lesson_workspace(const struct trainer *t)
{
	const size_t bytes[] = {t->full ? step_workspace(t->full) : 0, t->rest ? step_workspace(t->rest) : 0, evaluator_workspace(t->eval),
	                        measure_workspace(t->exam)};
	size_t most = 0;
	for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++)
		most = bytes[i] > most ? bytes[i] : most;
	return most;
}

enum status lesson_prepare(struct trainer *t, void *workspace, struct err *e)
{
	enum status st = OK;
	if (t->full)
		st = step_prepare(t->full, workspace, e);
	if (st == OK && t->rest)
		st = step_prepare(t->rest, workspace, e);
	if (st == OK)
		st = evaluator_prepare(t->eval, workspace, e);
	const bool selects = lesson_of(t)->selects;
	if (st == OK && selects)
		st = evaluator_ready(t->eval, PART_VALID, e);
	if (st == OK && selects && t->r->stage->train.watch_test)
		st = evaluator_ready(t->eval, PART_TEST, e);
	return st == OK ? measure_prepare(t->exam, workspace, e) : st;
}

void lesson_unplan(struct trainer *t)
{
	chain_close(t->chain);
	t->chain = NULL;
	step_release(t->full);
	step_release(t->rest);
	evaluator_close(t->eval);
	measure_close(t->exam);
	t->full = t->rest = NULL;
	t->eval = NULL;
	t->exam = NULL;
}

/* ---- a step ---- */

int lesson_batch(const struct trainer *t)
{
	return t->place.batch + chain_length(t->chain);
}

static long step_number(const struct trainer *t)
{
	return t->place.step + chain_length(t->chain);
}

static double set_rates(const struct trainer *t)
{
	const struct lesson *l = lesson_of(t);
	const int batches = loader_batches(t->cohort->loader);
	double first = 0;
	for (int i = 0; i < l->n_optim; i++) {
		const struct lesson_optim *o = &l->optim[i];
		const double position = o->from + t->place.epoch + (double)lesson_batch(t) / batches;
		const double lr = o->optim->conf.lr * schedule_factor(&o->schedule, position, o->epochs) * watch_rate(t);
		optim_set_lr(o->optim, lr);
		if (i == 0)
			first = lr;
	}
	return first;
}

struct temperature_place lesson_place(const struct trainer *t, const struct lesson *l)
{
	const int batches = data_batches(t->r->x->data);
	const bool own = l->tau_epochs > 0;
	const double epochs = own ? l->tau_epochs : l->optim[0].epochs, from = own ? l->tau_from : l->optim[0].from;
	const struct course *c = t->r->course;
	return (struct temperature_place){
		.progress = (from + t->place.epoch + (double)lesson_batch(t) / batches) / epochs, .epochs = epochs, .step = step_number(t),
		.ends_epoch = lesson_batch(t) + 1 == batches, .course = c ? c->tau : NULL, .n_course = c ? c->n : 0,
	};
}

static void add_metrics(struct trainer *t, struct step *st, int n, const double value[])
{
	t->place.n_sum = 2 * st->desc.n_metric;
	for (int i = 0; i < st->desc.n_metric; i++)
		if (!isnan(value[i])) { /* NaN: of a segment that was not due */
			t->place.sum[2 * i] += value[i] * n;
			t->place.sum[2 * i + 1] += n;
		}
	t->place.count += n;
	watch_step(t, st, value);
	course_step(t, st, value);
}

static enum status read_metrics(struct trainer *t, struct step *st, int n, struct err *e)
{
	double value[MAX_METRIC];
	struct plan *p = step_plan(st, t->place.step);
	if (!p)
		return OK;
	const enum status s = plan_metrics(p, value, e);
	if (s == OK)
		add_metrics(t, st, n, value);
	return s;
}

/* The step that place names is over. */
static void count_step(struct trainer *t, struct step *st, int n)
{
	if (t->course.n == t->place.step)
		course_step(t, st, NULL);
	t->place.step++;
	t->place.batch++;
	t->place.images += n;
}

double lesson_macs(const struct trainer *t)
{
	const struct step *st = t->full ? t->full : t->rest;
	return (step_macs(st) + (st->pass ? pass_macs(st->pass) : 0)) / st->n;
}

double lesson_mean(const struct trainer *t, const char *name)
{
	const struct step *st = t->full ? t->full : t->rest;
	for (int i = 0; i < st->desc.n_metric; i++)
		if (strcmp(st->metric_name[i], name) == 0) {
			const double pictures = t->place.sum[2 * i + 1];
			return pictures > 0 ? t->place.sum[2 * i] / pictures : NAN;
		}
	return NAN;
}

static enum status failed(struct trainer *t, enum status st, struct err *e)
{
	if (st != E_RUN)
		return st;
	err_note(e, "in stage '%s', lesson %d, epoch %d, batch %d; nothing of that step was kept, the state before it is in %s", t->r->stage->name,
	         t->place.lesson + 1, t->place.epoch + 1, t->place.batch, checkpoint_path(t));
	struct err saving = {0};
	if (checkpoint_save(t, &saving) != OK)
		err_note(e, "%s", saving.text);
	return st;
}

/* ---- steps that are queued ---- */

/* The oldest. Its time is long over where another was queued behind it. */
static enum status take(struct trainer *t, struct err *e)
{
	double value[MAX_METRIC];
	bool good = false;
	const enum status st = chain_take(t->chain, &good, value, e);
	if (st != OK)
		return st;
	if (!good) {
		t->fell_back = t->waits = true;
		return OK;
	}
	struct step *step = t->ahead[0].step;
	const int n = t->ahead[0].n;
	memmove(t->ahead, t->ahead + 1, sizeof t->ahead - sizeof *t->ahead);
	add_metrics(t, step, n, value);
	count_step(t, step, n);
	return OK;
}

enum status lesson_settle(struct trainer *t, struct err *e)
{
	enum status st = OK;
	while (st == OK && chain_length(t->chain))
		st = take(t, e);
	return st;
}

static enum status queue_step(struct trainer *t, struct step *st, const struct batch *b, int epoch, struct err *e)
{
	step_queue(st, b, step_number(t), epoch, t->chain);
	const int n = chain_length(t->chain);
	t->ahead[n - 1].step = st;
	t->ahead[n - 1].n = b->n;
	return n == CHAIN_ROOM ? take(t, e) : OK;
}

/* ---- one ---- */

static enum status wait_step(struct trainer *t, struct step *st, const struct batch *b, int epoch, struct err *e)
{
	enum status s = step_run(st, b, t->place.step, epoch, e);
	t->waits = false;
	if (s == OK && step_skipped(st, t->place.step))
		watch_overflow(t);
	else if (s == OK)
		s = read_metrics(t, st, b->n, e);
	else if (s == E_RUN)
		s = watch_not_finite(t, e);
	if (s != OK)
		return failed(t, s, e);
	count_step(t, st, b->n);
	return OK;
}

enum status lesson_step(struct trainer *t, const struct batch *b, double *lr, struct err *e)
{
	struct step *st = t->full && b->n == t->full->n ? t->full : t->rest;
	const int epoch = lesson_epochs_before(t->r, t->place.lesson) + t->place.epoch;
	const bool queued = !t->waits && step_can_queue(st, step_number(t), t->chain);
	const enum status s = queued ? OK : lesson_settle(t, e);
	if (s != OK || t->fell_back)
		return s;
	*lr = set_rates(t);
	st->place = lesson_place(t, lesson_of(t));
	return queued ? queue_step(t, st, b, epoch, e) : wait_step(t, st, b, epoch, e);
}
