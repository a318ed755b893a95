/* Stages in order: what was trained once is read, the rest is trained. */
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "runs/lock.h"
#include "stages/job.h"

/* Before the first is trained: that the last does not fit should not show after hours. */
static enum status all_fit(struct experiment *x, struct record *rec, struct stage_plan_sum *sums, struct err *e)
{
	enum status st = OK;
	for (int i = 0; i < x->n_stage && st == OK; i++) {
		int64_t id = 0;
		bool there = false;
		st = stage_find_done(rec, &x->stage[i], &id, &there, e);
		if (st == OK && !there)
			st = stage_fits(x, &x->stage[i], &sums[i], e);
	}
	return st;
}

static void say_waves(const struct device *dev, const struct stage_plan_sum *const sums[], int n, int first)
{
	char a[32], b[32];
	if (n > 1)
		log_line(LOG_INFO, "%d arms from '%s' to '%s' on one stream of batches, %s of memory", n, sums[0]->stage->name, sums[n - 1]->stage->name,
		         str_bytes(a, memory_wanted(memory_together(dev, sums, first))));
	if (first < n)
		log_line(LOG_WARN, "%d arms need %s and %s are available: they run in waves, %d at first", n,
		         str_bytes(a, memory_wanted(memory_together(dev, sums, n))), str_bytes(b, device_memory(dev)), first);
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

/* In the order of identities, so that of two processes none holds what the other waits for. */
static enum status lock_all(struct arena *a, const char *out, const struct stage_plan_sum *const sums[], int n, struct lock *locks[], struct err *e)
{
	enum status st = OK;
	const char *last = "";
	for (int i = 0; i < n && st == OK; i++) {
		const struct stage *next = NULL;
		for (int k = 0; k < n; k++)
			if (strcmp(sums[k]->stage->identity, last) > 0 && (!next || strcmp(sums[k]->stage->identity, next->identity) < 0))
				next = sums[k]->stage;
		if (!next)
			break; /* two stages that are the same: one lock */
		last = next->identity;
		st = lock_wait(a, out, next->identity, next->name, stop_asked, &locks[i], e);
	}
	return st;
}

/* One wave of arms. No other process trains any of them meanwhile: what it left then is read. */
static enum status train_wave(struct experiment *x, struct record *rec, const struct stage_plan_sum *const sums[], int n, struct stage_result *results,
                              struct err *e)
{
	struct arena *a = arena_open("wave");
	struct job *job = NEW_ARRAY(a, struct job, n), **jobs = NEW_ARRAY(a, struct job *, n);
	struct lock **locks = NEW_ARRAY(a, struct lock *, n);
	enum status st = lock_all(a, rec->out, sums, n, locks, e);
	int k = 0;
	for (int i = 0; i < n && st == OK; i++) {
		struct stage *s = &x->stage[sums[i]->stage - x->stage];
		struct stage_result *res = &results[s - x->stage];
		int64_t id = 0;
		bool there = false;
		st = stage_find_done(rec, s, &id, &there, e);
		if (st == OK && there)
			st = stage_result_read(rec, id, res, e);
		else if (st == OK) {
			job[k] = (struct job){.x = x, .rec = rec, .stage = s, .sum = sums[i], .result = res};
			jobs[k] = &job[k];
			k++;
		}
	}
	if (st == OK && k)
		st = jobs_train(jobs, k, e);
	for (int i = 0; i < n; i++)
		lock_release(locks[i]);
	arena_close(a);
	return st;
}

/* Stage i, and with it the arms of its list that are not done. */
static enum status train_stages(struct experiment *x, struct record *rec, int i, const struct stage_plan_sum *sums, struct stage_result *results,
                                bool *trained, struct err *e)
{
	const struct stage_plan_sum **which = NEW_ARRAY(rec->arena, const struct stage_plan_sum *, x->n_stage);
	int n = 0;
	enum status st = OK;
	for (int k = i; k < x->n_stage && st == OK; k++) {
		int64_t id = 0;
		bool there = false;
		if (k > i && (!x->stage[k].arms || x->stage[k].arms != x->stage[i].arms))
			continue;
		st = stage_find_done(rec, &x->stage[k], &id, &there, e);
		if (st == OK && !there)
			which[n++] = &sums[k];
	}
	say_waves(x->dev, which, n, wave_size(x->dev, which, n));
	struct err failures = {0};
	for (int at = 0, most = n; at < n && st == OK;) {
		const int fits = wave_size(x->dev, which + at, n - at), k = fits < most ? fits : most;
		st = train_wave(x, rec, which + at, k, results, e);
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
			trained[which[m]->stage - x->stage] = true;
		at += k;
	}
	return bring_back(e, &failures, st);
}

/* What it learns from was never finished. */
static bool wants_failed(const struct stage *s, const struct stage_result *results)
{
	const struct reference *ref;
	bool any = false;
	for (int k = 0; (ref = stage_use(s, k)); k++)
		any |= ref->stage >= 0 && results[ref->stage].failed;
	return any;
}

static enum status one_stage(struct experiment *x, struct record *rec, int i, const struct stage_plan_sum *sums, struct stage_result *results,
                             bool *trained, struct err *e)
{
	int64_t id = 0;
	bool there = false;
	if (trained[i])
		return OK;
	enum status st = stage_find_done(rec, &x->stage[i], &id, &there, e);
	if (st != OK)
		return st;
	if (!there && wants_failed(&x->stage[i], results)) {
		results[i].failed = true;
		log_line(LOG_WARN, "'%s' is left out: a stage that it uses has failed", x->stage[i].name);
		return OK;
	}
	if (!there)
		return train_stages(x, rec, i, sums, results, trained, e);
	st = stage_result_read(rec, id, &results[i], e);
	if (isnan(results[i].test_last))
		log_line(LOG_INFO, "%s: trained before", x->stage[i].name);
	else
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
		results[i] = (struct stage_result){.stage = &x->stage[i], .test_last = NAN, .test_best = NAN, .best_on_test = NAN, .valid_last = NAN, .by_limit = NAN, .teacher_test = NAN};
	stop_install();
	enum status st = dir_make(out, e);
	if (st == OK)
		st = record_open(x->arena, x, out, false, &rec, e);
	if (rec) {
		*folder = rec->folder;
		log_set_file(rec->log);
		log_line(LOG_INFO, "run folder %s", rec->folder);
	}
	if (st == OK)
		st = data_place(x->data, x->dev, e);
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
	log_set_file(NULL);
	const enum status end = record_close(rec, st == OK ? "done" : st == E_STOP ? "interrupted" : "failed", time_now() - start,
	                                     st == OK ? e : &late);
	return st == OK ? end : st;
}
