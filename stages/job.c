/* Jobs: stages to train, of one experiment or of several; each in its own run's folder, together as arms. */
#include "stages/job.h"

#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "runs/claims.h"
#include "runs/failure.h"
#include "stages/cohort.h"

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
	if (st == OK && s->has_course)
		st = resolve(rec, s, &s->course, e);
	return st;
}

static enum status artefacts_there(struct record *rec, const struct stage *s, bool *all, struct err *e)
{
	const char *path;
	enum status st = store_artefact_get(rec->store, rec->arena, s->identity, "last", &path, all, e);
	if (st == OK && *all)
		st = store_artefact_get(rec->store, rec->arena, s->identity, "best", &path, all, e);
	if (st == OK && *all && s->has_temperature)
		st = store_artefact_get(rec->store, rec->arena, s->identity, "temperature", &path, all, e);
	for (int i = 0; i < s->n_anchor && st == OK && *all; i++)
		st = store_artefact_get(rec->store, rec->arena, s->identity, arena_printf(rec->arena, "anchor-%d", i + 1), &path, all, e);
	return st;
}

enum status stage_result_read(struct record *rec, int64_t id, struct stage_result *res, struct err *e)
{
	double images = 0;
	const struct { const char *name; double *value; } row[] = {
		{"test_top1", &res->test_last}, {"test_top1_best", &res->test_best}, {"test_top1_best_test", &res->best_on_test},
		{"teacher_test_top1", &res->teacher_test},
		{"trained_parameters_most", &res->trained_max}, {"parameters", &res->whole}, {"time/total_seconds", &res->seconds},
		{"images", &images}, {"valid_top1_last", &res->valid_last},
	};
	enum status st = OK;
	for (size_t i = 0; i < sizeof row / sizeof *row && st == OK; i++)
		st = store_last(rec->store, id, row[i].name, row[i].value, e);
	if (st == OK)
		st = store_most(rec->store, id, "phase_by_limit", &res->by_limit, e);
	res->images = images;
	res->reused = true;
	return st;
}

/* From the store's row to the structure that is trained. */
static enum status open_arm(struct job *j, struct arm *arm, struct err *e)
{
	struct record *rec = j->rec;
	*arm = (struct arm){.rec = rec, .result = j->result, .steps = j->sum->steps};
	enum status st = resolve_all(rec, j->stage, e);
	if (st == OK)
		st = dir_make(record_stage_file(rec, j->stage, "."), e);
	if (st == OK)
		st = record_trains(rec, e);
	if (st == OK)
		st = claims_stage_begins(rec->out, rec->store, j->stage->identity, e);
	if (st == OK)
		st = store_stage_begin(rec->store, rec->run, j->stage->name, j->stage->kind->name, j->stage->identity, &arm->stage_id, e);
	j->id = arm->stage_id;
	return st == OK ? stage_run_open(j->x, j->stage, &arm->run, e) : st;
}

static enum status close_arm(struct job *j, struct arm *arm, enum status st, struct err *e)
{
	stage_run_close(arm->run);
	if (arm->stage_id) {
		struct err late = {0};
		const char *state = arm->status == OK ? "done" : arm->status == E_STOP ? "interrupted" : "failed";
		const enum status end = record_stage_end(j->rec, j->stage, arm->stage_id, state, arm->result->seconds, st == OK ? e : &late);
		st = st == OK ? end : st;
	}
	if (arm->status == E_RUN && arm->result && arm->result->why)
		failure_write(j->rec->log, j->stage->name, arm->result->why);
	return st;
}

enum status jobs_train(struct job *const jobs[], int n, struct err *e)
{
	struct arena *a = arena_open("jobs");
	struct arm *arms = NEW_ARRAY(a, struct arm, n);
	enum status st = OK;
	for (int i = 0; i < n && st == OK; i++)
		st = open_arm(jobs[i], &arms[i], e);
	if (st == OK)
		st = cohort_train(arms, n, e);
	else
		for (int i = 0; i < n; i++)
			arms[i].status = st;
	if (st == E_RUN && n == 1)
		jobs[0]->result->why = arena_str(jobs[0]->rec->arena, e->text);
	for (int i = 0; i < n; i++)
		jobs[i]->result->failed = arms[i].status != OK;
	for (int i = 0; i < n; i++)
		if (arms[i].result)
			st = close_arm(jobs[i], &arms[i], st, e);
	arena_close(a);
	return st;
}

enum status stage_find_done(struct record *rec, const struct stage *s, int64_t *id, bool *there, struct err *e)
{
	bool done = false;
	*there = false;
	const enum status st = store_stage_done(rec->store, s->identity, id, &done, e);
	return st == OK && done ? artefacts_there(rec, s, there, e) : st;
}
