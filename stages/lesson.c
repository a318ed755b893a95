/* One lesson: its plans, its epochs, what is measured and kept on the way. */
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

static enum status load_teacher(struct trainer *t, int which, struct err *e)
{
	if (which < 0 || t->teacher_at == which)
		return OK;
	const struct reference *ref = &t->r->stage->teacher[which];
	t->teacher_at = which;
	return weights_load(t->r->teacher->params, ref->path, e);
}

static enum status place_optims(struct trainer *t, const struct lesson *l, struct err *e)
{
	enum status st = OK;
	for (int i = 0; i < l->n_optim && st == OK; i++)
		if (!l->optim[i].optim->dev)
			st = optim_place(l->optim[i].optim, t->r->x->dev, e);
	return st;
}

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

static enum status plan_steps(struct trainer *t, const struct lesson *l, struct err *e)
{
	const struct data *d = t->r->x->data;
	const int N = d->conf.batch, rest = d->conf.drop_last ? 0 : d->n_train % N;
	enum status st = OK;
	t->full = t->rest = NULL;
	if (d->n_train >= N)
		st = step_new(t->r, l, N, t->arena, &t->full, e);
	if (st == OK && rest)
		st = step_new(t->r, l, rest, t->arena, &t->rest, e);
	if (st == OK)
		st = evaluator_open(t->arena, t->r->x->data, t->r->student, t->r->x->dev, t->r->x->precision, &t->eval, e);
	if (st != OK)
		return st;
	t->workspace_bytes = evaluator_workspace(t->eval);
	if (t->full)
		t->workspace_bytes = larger(t->workspace_bytes, step_workspace(t->full));
	if (t->rest)
		t->workspace_bytes = larger(t->workspace_bytes, step_workspace(t->rest));
	return OK;
}

enum status lesson_open(struct trainer *t, int k, struct err *e)
{
	const struct lesson *l = &t->r->lesson[k];
	t->arena = arena_open("lesson");
	enum status st = load_teacher(t, l->teacher, e);
	if (st == OK)
		st = place_optims(t, l, e);
	if (st == OK && t->resumed) {
		st = checkpoint_load(t, k, e);
		t->resumed = false;
	}
	if (st == OK)
		st = plan_steps(t, l, e);
	if (st == OK)
		st = device_alloc(t->r->x->dev, t->workspace_bytes, &t->workspace, e);
	if (st == OK && t->full)
		st = step_prepare(t->full, t->workspace, e);
	if (st == OK && t->rest)
		st = step_prepare(t->rest, t->workspace, e);
	if (st == OK)
		st = evaluator_prepare(t->eval, t->workspace, e);
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

void lesson_close(struct trainer *t, int k)
{
	const struct lesson *l = &t->r->lesson[k];
	step_release(t->full);
	step_release(t->rest);
	evaluator_close(t->eval);
	t->full = t->rest = NULL;
	t->eval = NULL;
	device_free(t->r->x->dev, t->workspace, t->workspace_bytes);
	t->workspace = NULL;
	for (int i = 0; i < l->n_optim; i++)
		if (!used_next(t->r, k, l->optim[i].optim))
			optim_release(l->optim[i].optim);
	arena_close(t->arena);
	t->arena = NULL;
}

/* ---- a step ---- */

static double set_rates(const struct lesson *l, const struct resume *place, int batches)
{
	double first = 0;
	for (int i = 0; i < l->n_optim; i++) {
		const struct lesson_optim *o = &l->optim[i];
		const double position = o->from + place->epoch + (double)place->batch / batches;
		const double lr = o->optim->conf.lr * schedule_factor(&o->schedule, position, o->epochs);
		optim_set_lr(o->optim, lr);
		if (i == 0)
			first = lr;
	}
	return first;
}

static enum status add_metrics(struct trainer *t, struct step *st, int n, struct err *e)
{
	double value[MAX_METRIC];
	struct plan *p = step_plan(st, t->place.step);
	if (!p)
		return OK;
	const enum status s = plan_metrics(p, value, e);
	t->place.n_sum = 2 * st->desc.n_metric;
	for (int i = 0; i < st->desc.n_metric && s == OK; i++)
		if (!isnan(value[i])) { /* NaN: of a segment that was not due */
			t->place.sum[2 * i] += value[i] * n;
			t->place.sum[2 * i + 1] += n;
		}
	t->place.count += n;
	return s;
}

static int metric_index(const struct step *st, const char *name)
{
	for (int i = 0; i < st->desc.n_metric; i++)
		if (strcmp(st->metric_name[i], name) == 0)
			return i;
	return -1;
}

/* Over the pictures of the epoch so far; NaN when the metric was never there. */
static double mean_at(const struct trainer *t, int i)
{
	const double pictures = t->place.sum[2 * i + 1];
	return pictures > 0 ? t->place.sum[2 * i] / pictures : NAN;
}

static double mean_of(const struct trainer *t, const struct step *st, const char *name)
{
	const int i = metric_index(st, name);
	return i < 0 ? NAN : mean_at(t, i);
}

static void show(struct trainer *t, const struct lesson *l, const struct step *st, double lr, int batches)
{
	const double now = time_now(), spent = now - t->epoch_started;
	char label[160];
	snprintf(label, sizeof label, "%s%s%s", t->r->stage->name, *l->label ? " " : "", l->label);
	const double rate = spent > 0 ? (double)t->epoch_images / spent : 0;
	const double per_step = rate > 0 ? (double)t->r->x->data->conf.batch / rate : NAN;
	const struct progress p = {
		.label = label, .epoch = t->place.epoch + 1, .epochs = l->epochs, .step = t->place.batch, .steps = batches,
		.loss = mean_of(t, st, "loss"), .accuracy = mean_of(t, st, "train_top1"), .lr = lr, .images_per_s = rate,
		.wait_share = spent > 0 ? t->waited / spent : 0, .memory = memory_resident(),
		.left_s = (t->total_steps - (double)t->place.step) * per_step,
	};
	progress_show(&p);
}

static enum status failed(struct trainer *t, enum status st, struct err *e)
{
	if (st != E_RUN)
		return st;
	err_note(e, "in stage '%s', lesson %d, epoch %d, batch %d; nothing of that step was kept, the state before it is in %s/resume.safetensors",
	         t->r->stage->name, t->place.lesson + 1, t->place.epoch + 1, t->place.batch, t->rec->folder);
	struct err saving = {0};
	if (checkpoint_save(t, &saving) != OK)
		err_note(e, "%s", saving.text);
	return st;
}

static enum status one_step(struct trainer *t, const struct lesson *l, const struct batch *b, int batches, struct err *e)
{
	struct step *st = t->full && b->n == t->full->n ? t->full : t->rest;
	const double lr = set_rates(l, &t->place, batches);
	const int before = lesson_epochs_before(t->r, t->place.lesson);
	enum status s = step_run(st, b, t->place.step, before + t->place.epoch, e);
	if (s == OK)
		s = add_metrics(t, st, b->n, e);
	if (s != OK)
		return failed(t, s, e);
	t->place.step++;
	t->place.batch++;
	t->place.images += b->n;
	t->epoch_images += b->n;
	show(t, l, st, lr, batches);
	return OK;
}

/* ---- the end of an epoch ---- */

static int64_t moved(const struct lesson *l)
{
	return optim_count(l->optim[0].optim);
}

static enum status record_epoch(struct trainer *t, const struct lesson *l, const struct evaluation *valid, struct err *e)
{
	const struct step *st = t->full ? t->full : t->rest;
	const int epoch = lesson_epochs_before(t->r, t->place.lesson) + t->place.epoch;
	struct record *rec = t->rec;
	const struct stage *s = t->r->stage;
	const double spent = time_now() - t->epoch_started;
	enum status status = store_begin(rec->store, e);
	for (int i = 0; i < st->desc.n_metric && status == OK; i++)
		if (!isnan(mean_at(t, i)))
			status = record_metric(rec, s, t->stage_id, l->label, epoch, t->place.step, st->metric_name[i], mean_at(t, i), e);
	const struct { const char *name; double value; } more[] = {
		{"lr", l->optim[0].optim->conf.lr * schedule_factor(&l->optim[0].schedule, l->optim[0].from + t->place.epoch, l->optim[0].epochs)},
		{"trained_parameters", (double)moved(l)},
		{"valid_loss", valid->n ? valid->loss : NAN},
		{"parameters_whole", (double)params_count(t->r->student->params)},
		{"valid_top1", valid->n ? valid->top1 : NAN},
		{"gap_to_teacher_valid", valid->n ? t->teacher_valid - valid->top1 : NAN},
		{"time/images_per_s", spent > 0 ? (double)t->epoch_images / spent : NAN},
		{"time/wait_share", spent > 0 ? t->waited / spent : NAN},
		{"time/lesson_seconds", t->place.lesson_seconds + time_now() - t->started},
		{"time/seconds", t->place.seconds + time_now() - t->started},
	};
	for (size_t i = 0; i < sizeof more / sizeof *more && status == OK; i++)
		if (!isnan(more[i].value))
			status = record_metric(rec, s, t->stage_id, l->label, epoch, t->place.step, more[i].name, more[i].value, e);
	const enum status commit = store_commit(rec->store, e);
	return status == OK ? (commit == OK ? record_flush(rec, e) : commit) : status;
}

static enum status keep_epoch(struct trainer *t, const struct lesson *l, const struct evaluation *valid, struct err *e)
{
	const int epoch = lesson_epochs_before(t->r, t->place.lesson) + t->place.epoch;
	const struct stage *s = t->r->stage;
	enum status st = OK;
	if (l->selects && valid->n && (isnan(t->place.best) || valid->top1 > t->place.best)) {
		t->place.best = valid->top1;
		t->place.best_epoch = epoch;
		st = checkpoint_weights(t, "best", valid->top1, epoch, e);
	}
	for (int i = 0; i < s->n_anchor && st == OK; i++)
		if (s->anchor[i] == epoch)
			st = checkpoint_weights(t, arena_printf(t->arena, "anchor-%d", i + 1), valid->n ? valid->top1 : NAN, epoch, e);
	return st;
}

static enum status end_epoch(struct trainer *t, const struct lesson *l, struct err *e)
{
	struct evaluation valid = {0};
	enum status st = OK;
	t->place.epoch++;
	t->place.batch = 0;
	const bool due = t->place.epoch % t->r->stage->train.eval_every == 0 || t->place.epoch == l->epochs;
	if (l->selects && due)
		st = evaluator_run(t->eval, PART_VALID, &valid, e);
	if (valid.n)
		t->place.last_valid = valid.top1;
	if (st == OK)
		st = keep_epoch(t, l, &valid, e);
	if (st == OK)
		st = record_epoch(t, l, &valid, e);
	const struct step *step = t->full ? t->full : t->rest;
	log_line(LOG_DEBUG, "%s %s epoch %d: loss %.4f, training %.2f %%, held-out %.2f %%", t->r->stage->name, l->label, t->place.epoch,
	         mean_of(t, step, "loss"), mean_of(t, step, "train_top1"), valid.n ? valid.top1 : NAN);
	t->train_top1 = mean_of(t, step, "train_top1");
	t->place.n_sum = 0;
	t->place.count = 0;
	memset(t->place.sum, 0, sizeof t->place.sum);
	return st == OK ? checkpoint_save(t, e) : st;
}

static enum status pause_due(struct trainer *t, struct err *e)
{
	if (stop_asked()) {
		const enum status st = checkpoint_save(t, e);
		progress_end();
		if (st != OK)
			return st;
		log_line(LOG_WARN, "stopped; the same command goes on from here");
		return E_STOP;
	}
	if (time_now() - t->saved > 60 * t->r->stage->train.save_minutes)
		return checkpoint_save(t, e);
	return OK;
}

enum status lesson_train(struct trainer *t, int k, struct err *e)
{
	const struct lesson *l = &t->r->lesson[k];
	const int batches = loader_batches(t->loader), before = lesson_epochs_before(t->r, k);
	enum status st = OK;
	while (t->place.epoch < l->epochs && st == OK) {
		t->epoch_started = time_now();
		t->epoch_images = 0;
		t->waited = 0;
		st = loader_start(t->loader, before + t->place.epoch, t->place.batch, e);
		const struct batch *b = NULL;
		while (st == OK && (st = loader_next(t->loader, &b, &t->waited, e)) == OK && b) {
			st = one_step(t, l, b, batches, e);
			if (st == OK)
				st = pause_due(t, e);
		}
		if (st == OK)
			st = end_epoch(t, l, e);
	}
	progress_end();
	return st;
}
