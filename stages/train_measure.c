/* What a stage's networks are worth: accuracies of its weights, and of its teachers'. */
#include <math.h>

#include "base/file.h"
#include "base/sha256.h"
#include "stages/train_int.h"

/* answers: where what it answers is written; NULL: nowhere. */
static enum status evaluate(struct trainer *t, struct net *net, enum part part, const char *answers, struct evaluation *result, struct err *e)
{
	struct experiment *x = t->r->x;
	struct arena *a = arena_open("measure");
	struct evaluator *ev = NULL;
	void *workspace = NULL;
	enum status st = evaluator_open(a, x->data, net, x->dev, x->precision, &ev, e);
	const size_t bytes = st == OK ? evaluator_workspace(ev) : 0;
	if (st == OK)
		st = device_alloc(x->dev, bytes, &workspace, e);
	if (st == OK)
		st = evaluator_prepare(ev, workspace, e);
	struct predictions said;
	if (st == OK)
		st = answers ? evaluator_predict(ev, part, a, &said, result, e) : evaluator_run(ev, part, result, e);
	if (st == OK && answers)
		st = predictions_save(&said, answers, e);
	evaluator_close(ev);
	device_free(x->dev, workspace, bytes);
	arena_close(a);
	return st;
}

/* Accuracy of a network's weights on a part of the data, measured once per pair of weights and data. answers: where what it answers is
   written; NULL: nowhere. */
static enum status measure(struct trainer *t, struct net *net, const char *key, enum part part, const char *answers, double *top1, struct err *e)
{
	struct experiment *x = t->r->x;
	const char *name = part == PART_TEST ? "test" : "valid";
	bool found = false;
	char data[65];
	sha256_text(x->data->identity, data);
	enum status st = store_accuracy_get(t->rec->store, key, data, name, top1, &found, e);
	if (st != OK || (found && (!answers || file_exists(answers))))
		return st;
	struct evaluation result = {0};
	st = evaluate(t, net, part, answers, &result, e);
	*top1 = result.top1;
	return st == OK ? store_accuracy_put(t->rec->store, key, data, name, *top1, e) : st;
}

static const char *weights_key(struct trainer *t, const char *identity)
{
	return arena_printf(t->r->arena, "%s/%s", identity, precision_name(t->r->x->precision));
}

/* What the gap of a lesson's student is measured against. */
enum status arm_measure_teacher(struct trainer *t, struct err *e)
{
	const struct lesson *l = lesson_of(t);
	t->teacher_valid = NAN;
	if (l->teacher < 0 || !t->r->x->data->n_valid)
		return OK;
	return measure(t, t->r->teacher, weights_key(t, t->r->stage->teacher[l->teacher].identity), PART_VALID, NULL, &t->teacher_valid, e);
}

static const char *artefact_key(struct trainer *t, const char *name)
{
	return weights_key(t, arena_printf(t->r->arena, "%s/%s", t->r->stage->identity, name));
}

/* Top-1 and top-5 on the training pictures, as they are in an evaluation and by weights that stand still: not what is counted while they move. */
static enum status measure_training(struct trainer *t, double top[2], struct err *e)
{
	struct evaluation result = {0};
	const enum status st = evaluate(t, t->r->student, PART_TRAIN, NULL, &result, e);
	top[0] = result.top1;
	top[1] = result.top5;
	return st;
}

static enum status measure_best(struct trainer *t, struct stage_result *res, struct err *e)
{
	struct stage_run *r = t->r;
	const char *answers = record_stage_file(t->rec, r->stage, "test_best.safetensors");
	struct predictions said;
	enum status st = weights_load(r->student->params, record_stage_file(t->rec, r->stage, "best.safetensors"), e);
	if (st == OK)
		st = measure(t, r->student, artefact_key(t, "best"), PART_TEST, answers, &res->test_best, e);
	if (st == OK)
		st = predictions_load(t->arena, answers, &said, e);
	t->test_top5_best = st == OK ? predictions_top5(&said) : NAN;
	return st == OK ? measure_training(t, t->train_clean_best, e) : st;
}

/* Whether some lesson has trained the student's head, or the stage began with one that was. */
static bool answers_at_all(const struct stage_run *r)
{
	bool any = r->stage->has_from;
	for (int k = 0; k < r->n_lesson; k++)
		any |= r->lesson[k].selects && r->lesson[k].epochs > r->lesson[k].selects_after;
	return any;
}

static enum status measure_last(struct trainer *t, struct stage_result *res, struct err *e)
{
	const char *answers = record_stage_file(t->rec, t->r->stage, "test.safetensors");
	struct predictions said;
	enum status st = measure(t, t->r->student, artefact_key(t, "last"), PART_TEST, answers, &res->test_last, e);
	if (st == OK)
		st = predictions_load(t->arena, answers, &said, e);
	t->test_top5 = st == OK ? predictions_top5(&said) : NAN;
	return st == OK ? measure_training(t, t->train_clean, e) : st;
}

/* The test split is read here, once, after everything was chosen; what watch_test saw of it before chose nothing. Answers of a head that no step has
   moved are nobody's accuracy: they stay NaN. */
enum status arm_measure(struct trainer *t, struct err *e)
{
	struct stage_run *r = t->r;
	struct stage_result *res = t->result;
	const struct stage *s = r->stage;
	const bool chosen = !isnan(t->place.best);
	enum status st = answers_at_all(r) ? measure_last(t, res, e) : OK;
	if (st == OK && chosen)
		st = measure_best(t, res, e);
	if (st == OK && s->train.watch_test)
		st = store_most(t->rec->store, t->stage_id, TEST_WATCHED, &res->best_on_test, e);
	if (st == OK && t->teacher)
		st = measure(t, r->teacher, weights_key(t, s->teacher[lesson_of(t)->teacher].identity), PART_TEST, NULL, &res->teacher_test, e);
	return st;
}
