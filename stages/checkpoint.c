/* Between the trainer and its files. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "runs/origin.h"
#include "stages/train_int.h"

const char *checkpoint_path(struct trainer *t)
{
	return record_stage_file(t->rec, t->r->stage, "resume.safetensors");
}

static const char *machine(struct trainer *t)
{
	struct str s = {0};
	const struct device *dev = t->r->x->dev;
	origin_machine(&s, dev->threads, dev->backend->version ? dev->backend->version() : dev->backend->name);
	const char *text = arena_str(t->r->arena, str_text(&s));
	str_release(&s);
	return text;
}

/* What moves in a lesson: all networks of the stage and the lesson's optimisers. */
static void fill(struct trainer *t)
{
	struct stage_run *r = t->r;
	const struct lesson *l = lesson_of(t);
	t->place.n_set = r->n_net;
	t->place.set = NEW_ARRAY(t->arena, struct params *, r->n_net);
	for (int i = 0; i < r->n_net; i++)
		t->place.set[i] = r->net[i]->params;
	t->place.n_optim = l->n_optim;
	t->place.optim = NEW_ARRAY(t->arena, struct optim *, l->n_optim);
	for (int i = 0; i < l->n_optim; i++)
		t->place.optim[i] = l->optim[i].optim;
}

static enum status take_scale(struct trainer *t, struct err *e)
{
	const struct resume *p = &t->place;
	if (!t->r->scale || loss_scale_set(t->r->scale, p->loss_scale, p->scale_good))
		return OK;
	return err_env(e, "%s: damaged: a loss scale of %g", checkpoint_path(t), p->loss_scale);
}

/* Lessons that were reached have the teachers that were chosen for them. */
static enum status take_choices(struct trainer *t, struct err *e)
{
	struct stage_run *r = t->r;
	for (int k = 0; k < t->place.n_chosen; k++) {
		const int which = t->place.chosen[k];
		if (k >= r->n_lesson || which >= r->stage->n_teacher)
			return err_env(e, "%s: damaged: teacher %d of lesson %d", checkpoint_path(t), which + 1, k + 1);
		if (r->lesson[k].choose)
			r->lesson[k].teacher = which;
	}
	return OK;
}

static enum status take_lengths(struct trainer *t, struct err *e)
{
	struct stage_run *r = t->r;
	for (int k = 0; k < t->place.n_ended; k++) {
		if (k + 1 >= r->n_lesson || t->place.ended[k] < 1 || t->place.ended[k] > r->lesson[k].epochs)
			return err_env(e, "%s: damaged: lesson %d of %d epochs", checkpoint_path(t), k + 1, t->place.ended[k]);
		run_end_lesson(r, k, t->place.ended[k]);
	}
	return OK;
}

enum status checkpoint_peek(struct trainer *t, struct err *e)
{
	bool found = false;
	struct resume place = {0};
	const enum status st = resume_peek(t->r->arena, checkpoint_path(t), &place, origin_program(), &found, e);
	if (st == E_ENV)
		err_note(e, "stage '%s' can't go on from it: remove '%s' to start the stage anew", t->r->stage->name, checkpoint_path(t));
	if (st != OK || !found || strcmp(place.identity, t->r->stage->identity) != 0)
		return st;
	t->place = place;
	t->resumed = true;
	log_line(LOG_INFO, "'%s' goes on at lesson %d of %d, epoch %d, batch %d", t->r->stage->name, place.lesson + 1, t->r->n_lesson,
	         place.epoch + 1, place.batch);
	const enum status lengths = take_lengths(t, e);
	return lengths == OK ? take_choices(t, e) : lengths;
}

enum status checkpoint_load(struct trainer *t, struct err *e)
{
	fill(t);
	const enum status st = resume_load(checkpoint_path(t), &t->place, machine(t), e);
	if (st != OK)
		err_note(e, "stage '%s' can't go on from it: remove '%s' to start the stage anew", t->r->stage->name, checkpoint_path(t));
	if (st == OK && t->place.n_watch != lesson_of(t)->n_watch)
		return err_user(e, (struct where){.file = checkpoint_path(t)}, "%d watched critics in the saved state, %d now; remove the file to start the stage anew",
		                t->place.n_watch, lesson_of(t)->n_watch);
	return st == OK ? take_scale(t, e) : st;
}

enum status checkpoint_save(struct trainer *t, struct err *e)
{
	fill(t);
	t->saved = time_now();
	t->place.loss_scale = t->r->scale ? t->r->scale->value : 0;
	t->place.scale_good = t->r->scale ? t->r->scale->good : 0;
	snprintf(t->place.stage, sizeof t->place.stage, "%s", t->r->stage->name);
	snprintf(t->place.identity, sizeof t->place.identity, "%s", t->r->stage->identity);
	const enum status st = course_write(t, e);
	return st != OK ? st : resume_save(checkpoint_path(t), &t->place, origin_program(), machine(t), e);
}

enum status checkpoint_weights(struct trainer *t, const char *name, double valid, int epoch, struct err *e)
{
	struct stage_run *r = t->r;
	const char *file = arena_printf(t->arena, "%s.safetensors", name);
	const struct st_meta meta[] = {
		{"format", "pt"},
		{"model", r->student->model_name},
		{"network", r->student->identity},
		{"stage", r->stage->identity},
		{"program", origin_program()},
		{"epoch", arena_printf(t->arena, "%d", epoch)},
		{"valid_top1", arena_printf(t->arena, "%.17g", valid)},
	};
	return weights_save(r->student->params, record_stage_file(t->rec, r->stage, file), meta, (int)(sizeof meta / sizeof *meta), e);
}
