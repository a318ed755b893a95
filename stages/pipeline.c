/* Stages in order: what was trained once is read, the rest is trained. */
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "stages/run.h"

/* The paths of what the stage uses; they were left by earlier stages of this run or found in the store. */
static enum status resolve(struct record *rec, struct stage *s, struct reference *ref, struct err *e)
{
	if (ref->stage < 0)
		return OK;
	char identity[65];
	snprintf(identity, sizeof identity, "%.64s", ref->identity);
	bool found = false;
	const enum status st = store_artefact_get(rec->store, rec->arena, identity, ref->artefact, &ref->path, &found, e);
	if (st != OK || found)
		return st;
	return err_env(e, "stage '%s' needs '%s' of an earlier stage, whose file is gone or changed", s->name, ref->artefact);
}

static enum status resolve_all(struct record *rec, struct stage *s, struct err *e)
{
	enum status st = s->has_from ? resolve(rec, s, &s->from, e) : OK;
	for (int i = 0; i < s->n_teacher && st == OK; i++)
		st = resolve(rec, s, &s->teacher[i], e);
	return st;
}

static enum status artefacts_there(struct record *rec, const struct stage *s, bool *all, struct err *e)
{
	const char *path;
	enum status st = store_artefact_get(rec->store, rec->arena, s->identity, "last", &path, all, e);
	if (st == OK && *all)
		st = store_artefact_get(rec->store, rec->arena, s->identity, "best", &path, all, e);
	for (int i = 0; i < s->n_anchor && st == OK && *all; i++)
		st = store_artefact_get(rec->store, rec->arena, s->identity, arena_printf(rec->arena, "anchor-%d", i + 1), &path, all, e);
	return st;
}

static enum status read_result(struct record *rec, int64_t id, struct stage_result *res, struct err *e)
{
	double images = 0;
	const struct { const char *name; double *value; } row[] = {
		{"test_top1", &res->test_last}, {"test_top1_best", &res->test_best}, {"teacher_test_top1", &res->teacher_test},
		{"trained_parameters_most", &res->trained_max}, {"parameters", &res->whole}, {"time/total_seconds", &res->seconds},
		{"images", &images}, {"valid_top1_last", &res->valid_last},
	};
	enum status st = OK;
	for (size_t i = 0; i < sizeof row / sizeof *row && st == OK; i++)
		st = store_last(rec->store, id, row[i].name, row[i].value, e);
	res->images = images;
	res->reused = true;
	return st;
}

static enum status train_stage(struct experiment *x, struct record *rec, struct stage *s, struct stage_result *res, struct err *e)
{
	int64_t id = 0;
	struct stage_run *r = NULL;
	enum status st = resolve_all(rec, s, e);
	if (st == OK)
		st = dir_make(record_stage_file(rec, s, "."), e);
	if (st == OK)
		st = store_stage_begin(rec->store, rec->run, s->name, s->kind->name, s->identity, &id, e);
	if (st == OK)
		st = stage_run_open(x, s, &r, e);
	if (st == OK)
		st = stage_train(r, rec, id, res, e);
	stage_run_close(r);
	if (id) {
		struct err late = {0};
		const char *state = st == OK ? "done" : st == E_STOP ? "interrupted" : "failed";
		const enum status end = store_stage_end(rec->store, id, state, res->seconds, st == OK ? e : &late);
		st = st == OK ? end : st;
	}
	if (st == OK) /* its state would take a stage that has to be trained again past all that it leaves */
		st = file_remove(path_join(rec->arena, rec->folder, "resume.safetensors"), e);
	return st;
}

static enum status find_done(struct record *rec, const struct stage *s, int64_t *id, bool *there, struct err *e)
{
	bool done = false;
	*there = false;
	const enum status st = store_stage_done(rec->store, s->identity, id, &done, e);
	return st == OK && done ? artefacts_there(rec, s, there, e) : st;
}

/* Before the first is trained: that the last does not fit should not show after hours. */
static enum status all_fit(struct experiment *x, struct record *rec, struct err *e)
{
	enum status st = OK;
	for (int i = 0; i < x->n_stage && st == OK; i++) {
		int64_t id = 0;
		bool there = false;
		double steps = 0;
		st = find_done(rec, &x->stage[i], &id, &there, e);
		if (st == OK && !there)
			st = stage_fits(x, &x->stage[i], &steps, e);
	}
	return st;
}

static enum status one_stage(struct experiment *x, struct record *rec, struct stage *s, struct stage_result *res, struct err *e)
{
	*res = (struct stage_result){.stage = s, .test_last = NAN, .test_best = NAN, .valid_last = NAN, .teacher_test = NAN};
	int64_t id = 0;
	bool there = false;
	enum status st = find_done(rec, s, &id, &there, e);
	if (st != OK)
		return st;
	if (!there)
		return train_stage(x, rec, s, res, e);
	st = read_result(rec, id, res, e);
	log_line(LOG_INFO, "%s: trained before, test %.2f %%", s->name, res->test_last);
	return st;
}

enum status experiment_run(struct experiment *x, const char *out, struct stage_result *results, const char **folder, struct err *e)
{
	struct record *rec = NULL;
	const double start = time_now();
	stop_install();
	enum status st = dir_make(out, e);
	if (st == OK)
		st = record_open(x->arena, x, out, &rec, e);
	if (rec)
		*folder = rec->folder;
	if (st == OK)
		st = all_fit(x, rec, e);
	for (int i = 0; i < x->n_stage && st == OK; i++)
		st = one_stage(x, rec, &x->stage[i], &results[i], e);
	struct err late = {0};
	const enum status end = record_close(rec, st == OK ? "done" : st == E_STOP ? "interrupted" : "failed", time_now() - start,
	                                     st == OK ? e : &late);
	return st == OK ? end : st;
}
