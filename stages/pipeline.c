/* Stages in order: what was trained once is read, the rest is trained. */
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "stages/cohort.h"
#include "stages/teacher.h"

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

/* From the store's row to the structure that is trained. */
static enum status arm_open(struct experiment *x, struct record *rec, struct stage *s, struct stage_result *res, struct arm *arm, struct err *e)
{
	*arm = (struct arm){.result = res};
	enum status st = resolve_all(rec, s, e);
	if (st == OK)
		st = dir_make(record_stage_file(rec, s, "."), e);
	if (st == OK)
		st = store_stage_begin(rec->store, rec->run, s->name, s->kind->name, s->identity, &arm->stage_id, e);
	return st == OK ? stage_run_open(x, s, &arm->run, e) : st;
}

static enum status arm_close(struct record *rec, struct stage *s, struct arm *arm, enum status st, struct err *e)
{
	stage_run_close(arm->run);
	if (arm->stage_id) {
		struct err late = {0};
		const char *state = arm->status == OK ? "done" : arm->status == E_STOP ? "interrupted" : "failed";
		const enum status end = record_stage_end(rec, s, arm->stage_id, state, arm->result->seconds, st == OK ? e : &late);
		st = st == OK ? end : st;
	}
	return st;
}

/* The stages of a list at the same time. */
static enum status train_together(struct experiment *x, struct record *rec, const struct stage_plan_sum *sums, const int *which, int n,
                                  struct stage_result *results, struct err *e)
{
	struct arm *arms = NEW_ARRAY(rec->arena, struct arm, n);
	enum status st = OK;
	for (int i = 0; i < n && st == OK; i++) {
		st = arm_open(x, rec, &x->stage[which[i]], &results[which[i]], &arms[i], e);
		arms[i].steps = sums[which[i]].steps;
	}
	if (st == OK)
		st = cohort_train(x, rec, arms, n, e);
	else
		for (int i = 0; i < n; i++)
			arms[i].status = st;
	for (int i = 0; i < n; i++)
		results[which[i]].failed = arms[i].status != OK;
	for (int i = 0; i < n; i++)
		if (arms[i].result)
			st = arm_close(rec, &x->stage[which[i]], &arms[i], st, e);
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
static enum status all_fit(struct experiment *x, struct record *rec, struct stage_plan_sum *sums, struct err *e)
{
	enum status st = OK;
	for (int i = 0; i < x->n_stage && st == OK; i++) {
		int64_t id = 0;
		bool there = false;
		st = find_done(rec, &x->stage[i], &id, &there, e);
		if (st == OK && !there)
			st = stage_fits(x, &x->stage[i], &sums[i], e);
	}
	return st;
}

/* Computed in the same way, of the same weights in the same order. */
static bool same_teachers(const struct stage *a, const struct stage *b)
{
	bool same = a->n_teacher > 0 && a->n_teacher == b->n_teacher && teacher_conf_same(a, b);
	for (int i = 0; i < a->n_teacher && same; i++)
		same = str_eq(a->teacher[i].identity, b->teacher[i].identity);
	return same;
}

size_t memory_together(const struct experiment *x, const struct stage_plan_sum *sums, const int *which, int n)
{
	size_t own = 0, workspace = 0, teachers = 0;
	for (int i = 0; i < n; i++) {
		const struct stage_plan_sum *sum = &sums[which[i]];
		bool had = false;
		for (int k = 0; k < i; k++)
			had |= same_teachers(&x->stage[which[i]], &x->stage[which[k]]);
		own += sum->own;
		workspace = sum->workspace > workspace ? sum->workspace : workspace;
		teachers += had ? 0 : sum->teacher;
	}
	return own + workspace + teachers;
}

int wave_size(const struct experiment *x, const struct stage_plan_sum *sums, const int *which, int n)
{
	const size_t there = memory_available();
	int k = n;
	while (k > 1 && there && memory_wanted(memory_together(x, sums, which, k)) > there)
		k--;
	return k;
}

static void say_waves(const struct experiment *x, const struct stage_plan_sum *sums, const int *which, int n, int first)
{
	char a[32], b[32];
	if (n > 1)
		log_line(LOG_INFO, "%d arms from '%s' to '%s' on one stream of batches, %s of memory", n, x->stage[which[0]].name,
		         x->stage[which[n - 1]].name, str_bytes(a, memory_wanted(memory_together(x, sums, which, first))));
	if (first < n)
		log_line(LOG_WARN, "%d arms need %s and %s are available: they run in waves, %d at first", n,
		         str_bytes(a, memory_wanted(memory_together(x, sums, which, n))), str_bytes(b, memory_available()), first);
}

/* A failure that the rest goes on after: a graph that is given an error builds nothing. */
static void set_aside(struct err *e, struct err *kept)
{
	err_run(kept, "%s", e->text);
	err_clear(e);
}

static enum status bring_back(struct err *e, const struct err *kept, enum status st)
{
	return st == OK && kept->status != OK ? err_run(e, "%s", kept->text) : st;
}

/* Stage i, and with it the arms of its list that are not done. */
static enum status train_stages(struct experiment *x, struct record *rec, int i, const struct stage_plan_sum *sums, struct stage_result *results,
                                bool *trained, struct err *e)
{
	int *which = NEW_ARRAY(rec->arena, int, x->n_stage), n = 0;
	enum status st = OK;
	for (int k = i; k < x->n_stage && st == OK; k++) {
		int64_t id = 0;
		bool there = false;
		if (k > i && (!x->stage[k].arms || x->stage[k].arms != x->stage[i].arms))
			continue;
		st = find_done(rec, &x->stage[k], &id, &there, e);
		if (st == OK && !there)
			which[n++] = k;
	}
	say_waves(x, sums, which, n, wave_size(x, sums, which, n));
	struct err failures = {0};
	for (int at = 0, most = n; at < n && st == OK;) {
		const int fits = wave_size(x, sums, which + at, n - at), k = fits < most ? fits : most;
		st = train_together(x, rec, sums, which + at, k, results, e);
		if (st == E_NOMEM && k > 1) { /* what no plan knew of: fewer at a time, from where they are */
			log_line(LOG_WARN, "%s\n%d arms did not fit together: %d at a time from here", e->text, k, k / 2);
			err_clear(e);
			st = OK;
			most = k / 2;
			continue;
		}
		if (st == E_RUN) { /* the other arms of the list go on */
			set_aside(e, &failures);
			st = OK;
		}
		for (int m = at; m < at + k; m++)
			trained[which[m]] = true;
		at += k;
	}
	return bring_back(e, &failures, st);
}

/* What it learns from was never finished. */
static bool wants_failed(const struct stage *s, const struct stage_result *results)
{
	bool any = s->has_from && s->from.stage >= 0 && results[s->from.stage].failed;
	for (int i = 0; i < s->n_teacher; i++)
		any |= s->teacher[i].stage >= 0 && results[s->teacher[i].stage].failed;
	return any;
}

static enum status one_stage(struct experiment *x, struct record *rec, int i, const struct stage_plan_sum *sums, struct stage_result *results,
                             bool *trained, struct err *e)
{
	int64_t id = 0;
	bool there = false;
	if (trained[i])
		return OK;
	enum status st = find_done(rec, &x->stage[i], &id, &there, e);
	if (st != OK)
		return st;
	if (!there && wants_failed(&x->stage[i], results)) {
		results[i].failed = true;
		log_line(LOG_WARN, "'%s' is left out: a stage that it uses has failed", x->stage[i].name);
		return OK;
	}
	if (!there)
		return train_stages(x, rec, i, sums, results, trained, e);
	st = read_result(rec, id, &results[i], e);
	log_line(LOG_INFO, "%s: trained before, test %.2f %%", x->stage[i].name, results[i].test_last);
	return st;
}

enum status experiment_run(struct experiment *x, const char *out, struct stage_result *results, const char **folder, struct err *e)
{
	struct record *rec = NULL;
	const double start = time_now();
	struct stage_plan_sum *sums = NEW_ARRAY(x->arena, struct stage_plan_sum, x->n_stage);
	bool *trained = NEW_ARRAY(x->arena, bool, x->n_stage);
	for (int i = 0; i < x->n_stage; i++)
		results[i] = (struct stage_result){.stage = &x->stage[i], .test_last = NAN, .test_best = NAN, .valid_last = NAN, .teacher_test = NAN};
	stop_install();
	enum status st = dir_make(out, e);
	if (st == OK)
		st = record_open(x->arena, x, out, &rec, e);
	if (rec)
		*folder = rec->folder;
	if (st == OK)
		st = all_fit(x, rec, sums, e);
	struct err failures = {0};
	for (int i = 0; i < x->n_stage && st == OK; i++) {
		st = one_stage(x, rec, i, sums, results, trained, e);
		if (st != E_RUN)
			continue;
		set_aside(e, &failures); /* stages that need nothing of it go on */
		st = OK;
	}
	st = bring_back(e, &failures, st);
	struct err late = {0};
	const enum status end = record_close(rec, st == OK ? "done" : st == E_STOP ? "interrupted" : "failed", time_now() - start,
	                                     st == OK ? e : &late);
	return st == OK ? end : st;
}
