/* The temperatures that a stage's steps have had: written with every state that is saved, so that both tell of the same steps. */
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "stages/train_int.h"

const char *course_path(struct trainer *t)
{
	return record_stage_file(t->rec, t->r->stage, "temperature.csv");
}

/* A file that was written after the state that the stage goes on from has more rows, and no fewer. */
static enum status take_back(struct trainer *t, struct err *e)
{
	struct course had, *c = &t->course;
	const enum status st = course_load(t->r->arena, course_path(t), &had, e);
	if (st != OK || had.n < t->place.step) {
		if (st == OK)
			err_env(e, "%s: %ld steps, and the saved state of the stage is after %ld", course_path(t), had.n, t->place.step);
		err_note(e, "stage '%s' can't go on without them: remove '%s' to start the stage anew", t->r->stage->name, checkpoint_path(t));
		return E_ENV;
	}
	c->n = t->place.step;
	memcpy(c->tau, had.tau, (size_t)c->n * sizeof *c->tau);
	memcpy(c->epoch, had.epoch, (size_t)c->n * sizeof *c->epoch);
	memcpy(c->lesson, had.lesson, (size_t)c->n * sizeof *c->lesson);
	return OK;
}

enum status course_begin(struct trainer *t, struct err *e)
{
	struct stage_run *r = t->r;
	struct course *c = &t->course;
	if (!r->stage->has_temperature)
		return OK;
	c->room = (long)t->total_steps;
	c->tau = NEW_ARRAY(r->arena, double, c->room);
	c->epoch = NEW_ARRAY(r->arena, int, c->room);
	c->lesson = NEW_ARRAY(r->arena, int, c->room);
	return t->resumed ? take_back(t, e) : OK;
}

static double first_tau(const struct step *st, const double value[])
{
	for (int i = 0; i < st->desc.n_metric; i++)
		if (strncmp(st->metric_name[i], "tau/", 4) == 0)
			return value[i];
	return 1; /* the labels alone */
}

void course_step(struct trainer *t, const struct step *st, const double value[])
{
	struct course *c = &t->course;
	if (!c->room)
		return;
	BUG_IF(c->n != t->place.step || c->n == c->room, "step %ld of a course of %ld, with room for %ld", t->place.step, c->n, c->room);
	c->tau[c->n] = value ? first_tau(st, value) : c->n ? c->tau[c->n - 1] : 1;
	c->epoch[c->n] = lesson_epochs_before(t->r, t->place.lesson) + t->place.epoch + 1;
	c->lesson[c->n++] = t->place.lesson + 1;
}

enum status course_write(struct trainer *t, struct err *e)
{
	return t->course.room ? course_save(&t->course, course_path(t), e) : OK;
}
