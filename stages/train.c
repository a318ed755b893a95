/* The two ends of an arm: from its start or its resume state, and to its artefacts. */
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/sha256.h"
#include "stages/train_int.h"

/* Parameters of the head, as they are named: "fc.weight, fc.bias". */
static const char *head_names(struct arena *a, const struct net *net)
{
	const char *names = "";
	for (int i = 0; i < net->params->n_param; i++)
		if (net->params->param[i].block == net_part_all(net))
			names = arena_printf(a, "%s%s%s", names, *names ? ", " : "", net->params->param[i].name);
	return names;
}

static enum status start_from(struct trainer *t, struct err *e)
{
	struct stage_run *r = t->r;
	bool body = false;
	const enum status st = weights_take(r->student->params, net_part_all(r->student), r->stage->from.path, &body, e);
	if (st == OK && body)
		log_line(LOG_INFO, "'%s' starts from the stem and the %d block%s of '%s'; its head (%s) starts anew", r->stage->name, r->student->B,
		         r->student->B == 1 ? "" : "s", r->stage->from.path, head_names(r->arena, r->student));
	else if (st == OK)
		log_line(LOG_INFO, "'%s' starts from all weights of '%s'", r->stage->name, r->stage->from.path);
	return st;
}

static enum status place_nets(struct trainer *t, struct err *e)
{
	struct stage_run *r = t->r;
	enum status st = OK;
	for (int i = 0; i < r->n_net && st == OK; i++)
		st = params_place(r->net[i]->params, r->dev, e);
	for (int i = 0; i < r->n_net && st == OK; i++)
		st = net_init(r->net[i], r->stage->seed_init, NULL, e);
	if (st == OK && r->stage->has_from)
		st = start_from(t, e);
	return st;
}

static double largest_moved(const struct stage_run *r)
{
	double most = 0;
	for (int k = 0; k < r->n_lesson; k++) {
		const double n = (double)lesson_moved_count(r, &r->lesson[k]);
		most = n > most ? n : most;
	}
	return most;
}

/* What the stage took together with the stages that trained its teachers, each once; these hold the same sum of theirs. NaN: not known. */
static enum status with_teachers(struct trainer *t, const char *name, double own, double *sum, struct err *e)
{
	const struct stage *s = t->r->stage;
	enum status st = OK;
	*sum = own;
	for (int m = 0; m < s->n_teacher && st == OK; m++) {
		bool had = s->teacher[m].stage < 0, found = false;
		for (int k = 0; k < m; k++)
			had |= s->teacher[k].stage == s->teacher[m].stage;
		int64_t id = 0;
		double value = NAN;
		if (had)
			continue;
		st = store_stage_done(t->rec->store, t->r->x->stage[s->teacher[m].stage].identity, &id, &found, e);
		if (st == OK && found)
			st = store_last(t->rec->store, id, name, &value, e);
		*sum += value;
	}
	return st;
}

static enum status put_result(struct trainer *t, const struct stage_result *res, struct err *e)
{
	const struct stage *s = t->r->stage;
	const int epoch = lesson_epochs_before(t->r, t->r->n_lesson);
	double macs = NAN, seconds = NAN;
	enum status st = with_teachers(t, "macs_with_teachers", t->place.macs, &macs, e);
	if (st == OK)
		st = with_teachers(t, "time/with_teachers", res->seconds, &seconds, e);
	const struct { const char *name; double value; } row[] = {
		{"test_top1", res->test_last}, {"test_top1_best", res->test_best}, {"test_top1_best_test", res->best_on_test}, {"test_top5", t->test_top5}, {"test_top5_best", t->test_top5_best},
		{"train_top1_clean", t->train_clean[0]}, {"train_top5_clean", t->train_clean[1]}, {"train_top1_clean_best", t->train_clean_best[0]},
		{"train_top5_clean_best", t->train_clean_best[1]},
		{"teacher_test_top1", res->teacher_test},
		{"gap_to_teacher", res->teacher_test - res->test_last}, {"trained_parameters_most", res->trained_max},
		{"parameters", res->whole}, {"time/total_seconds", res->seconds}, {"images", res->images},
		{"valid_top1_last", res->valid_last}, {"macs", t->place.macs}, {"time/alone", t->alone},
		{"teacher_images_total", s->n_teacher ? t->place.teacher_images : NAN}, {"macs_with_teachers", macs}, {"time/with_teachers", seconds},
	};
	for (size_t i = 0; i < sizeof row / sizeof *row && st == OK; i++)
		if (!isnan(row[i].value))
			st = record_metric(t->rec, t->r->stage, t->stage_id, "end", epoch, t->place.step, row[i].name, row[i].value, e);
	return st == OK ? record_flush(t->rec, e) : st;
}

static enum status put_artefact(struct trainer *t, const char *name, struct err *e)
{
	const struct stage *s = t->r->stage;
	const char *path = record_stage_file(t->rec, s, arena_printf(t->r->arena, "%s.safetensors", name));
	return store_artefact_put(t->rec->store, t->stage_id, s->identity, name, path, e);
}

enum status arm_finish(struct trainer *t, struct err *e)
{
	const struct stage *s = t->r->stage;
	struct stage_result *res = t->result;
	const int epochs = lesson_epochs_before(t->r, t->r->n_lesson);
	enum status st = checkpoint_weights(t, "last", t->place.last_valid, epochs, e);
	if (st == OK && isnan(t->place.best)) /* nothing was held out, or no lesson gave logits to choose by: the rule is the last epoch */
		st = checkpoint_weights(t, "best", NAN, epochs, e);
	res->trained_max = largest_moved(t->r);
	res->whole = (double)params_count(t->r->student->params);
	res->seconds = t->place.seconds;
	res->images = t->place.images;
	res->epochs = epochs;
	res->valid_last = t->place.last_valid;
	if (st == OK)
		st = store_most(t->rec->store, t->stage_id, "phase_by_limit", &res->by_limit, e);
	if (st == OK)
		st = arm_measure(t, e);
	if (st == OK)
		st = put_result(t, res, e);
	if (st == OK)
		st = put_artefact(t, "last", e);
	if (st == OK)
		st = put_artefact(t, "best", e);
	if (st == OK && s->has_temperature)
		st = store_artefact_put(t->rec->store, t->stage_id, s->identity, "temperature", course_path(t), e);
	for (int i = 0; i < s->n_anchor && st == OK; i++)
		st = put_artefact(t, arena_printf(t->r->arena, "anchor-%d", i + 1), e);
	return st;
}

enum status arm_begin(struct trainer *t, struct err *e)
{
	const struct stage *s = t->r->stage;
	t->place.best = t->place.last_valid = NAN;
	enum status st = place_nets(t, e);
	if (st == OK && s->has_course) {
		t->r->course = NEW(t->r->arena, struct course);
		st = course_load(t->r->arena, s->course.path, t->r->course, e);
	}
	if (st == OK && s->kind->ready)
		st = s->kind->ready(t->r, e);
	if (st == OK)
		st = checkpoint_peek(t, e);
	if (st == OK)
		st = course_begin(t, e);
	if (st == OK)
		st = record_trim(t->rec, s, t->stage_id, t->resumed ? lesson_epochs_before(t->r, t->place.lesson) + t->place.epoch : -1, e);
	return st;
}
