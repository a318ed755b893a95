/* The end of an arm's epoch: evaluation, what is kept, what is recorded, the checkpoint. */
#include <math.h>
#include <string.h>

#include "base/log.h"
#include "stages/train_int.h"

/* Of the stage, from 1, when the lesson's epoch has been counted. */
static int epoch_number(const struct trainer *t)
{
	return lesson_epochs_before(t->r, t->place.lesson) + t->place.epoch;
}

/* examined: the exam was taken after this epoch. test: n 0 unless it is watched. */
static enum status record_epoch(struct trainer *t, const struct evaluation *valid, const struct evaluation *test, bool examined, struct err *e)
{
	const struct lesson *l = lesson_of(t);
	const struct step *st = t->full ? t->full : t->rest;
	const struct cohort *c = t->cohort;
	struct record *rec = t->rec;
	const struct stage *s = t->r->stage;
	const struct device *device = t->r->x->dev;
	const double spent = time_now() - c->epoch_started;
	enum status status = store_begin(rec->store, e);
	if (status != OK)
		return status;
	for (int i = 0; i < st->desc.n_metric && status == OK; i++) {
		const double mean = lesson_mean(t, st->metric_name[i]);
		if (!isnan(mean))
			status = record_metric(rec, s, t->stage_id, l->label, epoch_number(t), t->place.step, st->metric_name[i], mean, e);
	}
	const struct { const char *name; double value; } more[] = {
		{"lr", l->optim[0].optim->conf.lr * schedule_factor(&l->optim[0].schedule, l->optim[0].from + t->place.epoch, l->optim[0].epochs) * watch_rate(t)},
		{"macs_per_picture", lesson_macs(t)},
		{"memory/resident_mib", (double)memory_resident() / (1 << 20)},
		{"memory/device_mib", device->backend->own_memory ? (double)device->used / (1 << 20) : NAN},
		{"teacher_images", t->r->stage->n_teacher ? (t->teacher ? t->place.count : 0) : NAN},
		{"trained_parameters", (double)optim_count(l->optim[0].optim)},
		{"valid_loss", valid->n ? valid->loss : NAN},
		{"parameters_whole", (double)params_count(t->r->student->params)},
		{"valid_top1", valid->n ? valid->top1 : NAN},
		{TEST_WATCHED, test->n ? test->top1 : NAN},
		{"gap_to_teacher_valid", valid->n ? t->teacher_valid - valid->top1 : NAN},
		{"loss_scale", t->r->scale ? t->r->scale->value : NAN},
		{"overflows", t->r->scale ? t->place.epoch_overflows : NAN},
		{"rollbacks", t->place.epoch_rollbacks ? t->place.epoch_rollbacks : NAN},
		{"time/images_per_s", spent > 0 ? (double)c->epoch_images / spent : NAN},
		{"time/wait_share", spent > 0 ? c->waited / spent : NAN},
		{"time/lesson_seconds", t->place.lesson_seconds},
		{"time/seconds", t->place.seconds},
	};
	for (size_t i = 0; i < sizeof more / sizeof *more && status == OK; i++)
		if (!isnan(more[i].value))
			status = record_metric(rec, s, t->stage_id, l->label, epoch_number(t), t->place.step, more[i].name, more[i].value, e);
	if (status == OK)
		status = watch_epoch(t, epoch_number(t), e);
	for (int i = 0; examined && i < measure_count(t->exam) && status == OK; i++) {
		const char *name = measure_name(t->exam, i);
		status = record_metric(rec, s, t->stage_id, l->label, epoch_number(t), t->place.step, arena_printf(t->arena, "valid/%s", name),
		                       measure_value(t->exam, name), e);
	}
	struct err late = {0};
	const enum status commit = store_commit(rec->store, status == OK ? e : &late);
	return status == OK ? (commit == OK ? record_flush(rec, e) : commit) : status;
}

static enum status keep_epoch(struct trainer *t, const struct evaluation *valid, struct err *e)
{
	const int epoch = epoch_number(t);
	const struct stage *s = t->r->stage;
	enum status st = OK;
	if (lesson_answers(t) && valid->n && (isnan(t->place.best) || valid->top1 > t->place.best)) {
		t->place.best = valid->top1;
		t->place.best_epoch = epoch;
		st = checkpoint_weights(t, "best", valid->top1, epoch, e);
	}
	for (int i = 0; i < s->n_anchor && st == OK; i++)
		if (s->anchor[i] == epoch)
			st = checkpoint_weights(t, arena_printf(t->arena, "anchor-%d", i + 1), valid->n ? valid->top1 : NAN, epoch, e);
	return st;
}

enum status epoch_end(struct trainer *t, struct err *e)
{
	const struct lesson *l = lesson_of(t);
	struct evaluation valid = {0}, test = {0};
	enum status st = OK;
	t->place.epoch++;
	t->place.batch = 0;
	t->place.macs += lesson_macs(t) * t->place.count;
	t->place.teacher_images += t->teacher ? t->place.count : 0;
	st = lesson_may_end(t, e);
	const bool answers = lesson_answers(t), due = t->place.epoch % t->r->stage->train.eval_every == 0 || t->place.epoch == l->epochs;
	if (st == OK && answers && due)
		st = evaluator_run(t->eval, PART_VALID, &valid, e);
	if (st == OK && answers && due && t->r->stage->train.watch_test)
		st = evaluator_run(t->eval, PART_TEST, &test, e);
	if (valid.n)
		t->place.last_valid = valid.top1;
	if (st == OK && due && t->exam) {
		st = measure_run(t->exam, e);
		if (st == E_RUN)
			err_note(e, "in stage '%s', after epoch %d of lesson %d", t->r->stage->name, t->place.epoch, t->place.lesson + 1);
		t->graft = measure_value(t->exam, "graft");
	}
	if (st == OK)
		st = keep_epoch(t, &valid, e);
	cohort_mark(t->cohort);
	if (st == OK)
		st = record_epoch(t, &valid, &test, due && t->exam, e);
	t->train_top1 = lesson_mean(t, "train_top1_running");
	log_line(LOG_DEBUG, "%s %s epoch %d: loss %.4f, training %.2f %%, held-out %.2f %%", t->r->stage->name, l->label, t->place.epoch,
	         lesson_mean(t, "loss"), t->train_top1, valid.n ? valid.top1 : NAN);
	t->place.n_sum = 0;
	t->place.count = 0;
	t->place.epoch_rollbacks = t->place.epoch_overflows = 0;
	memset(t->place.sum, 0, sizeof t->place.sum);
	return st == OK ? checkpoint_save(t, e) : st;
}
