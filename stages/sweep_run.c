/* Training what a sweep lacks: ready items of one stream of batches together, under locks. */
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/names.h"
#include "runs/failure.h"
#include "runs/lock.h"
#include "stages/job.h"
#include "stages/sweep.h"

enum { POLL_US = 500000 };

static struct sweep_run *run_of(struct sweep *s, int i)
{
	return &s->run[s->item[i].run];
}

/* An item of the same run that a reference leads to; -1: a file. */
static int item_of(struct sweep *s, int i, const struct reference *ref)
{
	return ref->stage < 0 ? -1 : run_of(s, i)->first + ref->stage;
}

/* DONE: all that it uses is there. FAILED: something of it never will be. */
static enum item_state uses(struct sweep *s, int i)
{
	const struct stage *stage = s->item[i].stage;
	enum item_state state = ITEM_DONE;
	const struct reference *ref;
	for (int k = 0; (ref = stage_use(stage, k)); k++) {
		const int at = item_of(s, i, ref);
		if (at < 0)
			continue;
		const enum item_state one = s->item[s->item[at].twin].state;
		if (one == ITEM_FAILED || one == ITEM_LEFT_OUT)
			return ITEM_FAILED;
		if (one == ITEM_TODO)
			state = ITEM_TODO;
	}
	return state;
}

/* What arms must have in common. */
static bool same_stream(struct sweep *s, int a, int b)
{
	const struct experiment *x = run_of(s, a)->x, *y = run_of(s, b)->x;
	return x->data == y->data && x->precision == y->precision && x->any_order == y->any_order && s->item[a].stage->seed_data == s->item[b].stage->seed_data;
}

static void leave_out(struct sweep *s, bool say)
{
	for (bool more = true; more;) {
		more = false;
		for (int i = 0; i < s->n_item; i++)
			if (s->item[i].state == ITEM_TODO && s->item[i].twin == i && uses(s, i) == ITEM_FAILED) {
				s->item[i].state = ITEM_LEFT_OUT;
				s->item[i].result.failed = true;
				s->item[i].result.why = "a stage that it uses has failed";
				if (say)
					log_line(LOG_WARN, "%s: '%s' is left out: a stage that it uses has failed", run_of(s, i)->name, s->item[i].stage->name);
				more = true;
			}
	}
}

static void fail(struct sweep_item *item, const char *why)
{
	item->state = ITEM_FAILED;
	item->result.failed = true;
	item->result.why = why;
}

enum status sweep_failures(struct sweep *s, struct err *e)
{
	struct store_stage_row *stages = NULL;
	int n = 0;
	if (!s->store)
		return OK;
	enum status st = store_stages(s->store, s->arena, 0, &stages, &n, e);
	for (int k = 0; k < n && st == OK; k++) {
		const int i = str_eq(stages[k].state, "failed") ? names_find(s->identity, stages[k].identity) : -1;
		struct store_run_row run;
		if (i < 0 || s->item[i].state != ITEM_TODO)
			continue;
		st = store_run(s->store, s->arena, stages[k].run, &run, e);
		const char *why = st == OK ? failure_read(s->arena, run.folder, stages[k].name) : NULL;
		if (st == OK)
			fail(&s->item[i], why ? why : arena_printf(s->arena, "see %s/log.txt", run.folder));
	}
	for (int i = 0; i < s->n_item; i++)
		if (s->item[i].state == ITEM_TODO && s->item[s->item[i].twin].state == ITEM_FAILED)
			fail(&s->item[i], s->item[s->item[i].twin].result.why);
	leave_out(s, false);
	return st;
}

/* ---- one cohort ---- */

struct crew {
	struct arena *arena;
	int n;
	int *item;
	struct lock **lock;
	int n_run;
	struct lock **run; /* of the runs that its items are of */
};

/* Whether the item's run is this process's to write to. */
static enum status take_run(struct sweep *s, struct crew *c, int i, bool *taken, struct err *e)
{
	*taken = false;
	for (int k = 0; k < c->n && !*taken; k++)
		*taken = s->item[c->item[k]].run == s->item[i].run;
	if (*taken)
		return OK;
	struct lock *lock = NULL;
	const enum status st = record_try(c->arena, run_of(s, i)->x, s->out, &lock, e);
	*taken = lock != NULL;
	if (lock)
		c->run[c->n_run++] = lock;
	return st;
}

/* Ready items that no other process trains, of the stream of the first of them. *waiting: another process has some. */
static enum status gather(struct sweep *s, const bool *wanted, int most, struct crew *c, bool *waiting, struct err *e)
{
	enum status st = OK;
	*waiting = false;
	for (int i = 0; i < s->n_item && st == OK && c->n < most; i++) {
		struct sweep_item *item = &s->item[i];
		if (!wanted[i] || item->state != ITEM_TODO || item->twin != i || uses(s, i) != ITEM_DONE || (c->n && !same_stream(s, c->item[0], i)))
			continue;
		struct lock *lock = NULL;
		bool taken = false;
		st = take_run(s, c, i, &taken, e);
		if (st == OK && taken)
			st = lock_try(c->arena, s->out, item->stage->identity, &lock, e);
		if (st == OK && lock) {
			c->item[c->n] = i;
			c->lock[c->n++] = lock;
		}
		*waiting |= !lock;
	}
	return st;
}

/* Another process may have finished one between our last look and our lock. */
static enum status look_again(struct sweep *s, struct crew *c, struct err *e)
{
	enum status st = sweep_refresh(s, e);
	int n = 0;
	for (int k = 0; k < c->n; k++) {
		if (s->item[c->item[k]].state == ITEM_TODO) {
			c->item[n] = c->item[k];
			c->lock[n++] = c->lock[k];
		} else
			lock_release(c->lock[k]);
	}
	c->n = n;
	return st;
}

static enum status open_records(struct sweep *s, struct crew *c, struct err *e)
{
	enum status st = OK;
	for (int k = 0; k < c->n && st == OK; k++) {
		struct sweep_run *r = run_of(s, c->item[k]);
		if (!r->rec)
			st = record_open(c->arena, r->x, s->out, true, &r->rec, e);
		if (r->rec)
			r->folder = arena_str(s->arena, r->rec->folder);
	}
	return st;
}

static const char *run_state(const struct sweep *s, const struct sweep_run *r, enum status st)
{
	bool failed = false, todo = false;
	for (int i = r->first; i < r->first + r->x->n_stage; i++) {
		const enum item_state state = s->item[s->item[i].twin].state;
		failed |= state == ITEM_FAILED || state == ITEM_LEFT_OUT;
		todo |= state == ITEM_TODO;
	}
	return todo ? st == E_STOP ? "interrupted" : "waiting" : failed ? "failed" : "done";
}

static enum status close_records(struct sweep *s, enum status st, struct err *e)
{
	enum status worst = st;
	for (int i = 0; i < s->n_run; i++) {
		struct sweep_run *r = &s->run[i];
		struct err late = {0};
		double seconds = 0;
		if (!r->rec)
			continue;
		for (int k = r->first; k < r->first + r->x->n_stage; k++)
			seconds += s->item[k].twin == k && s->item[k].state == ITEM_DONE ? s->item[k].result.seconds : 0;
		const enum status one = record_close(r->rec, run_state(s, r, st), seconds, worst == OK ? e : &late);
		r->rec = NULL;
		worst = worst == OK ? one : worst;
	}
	return worst;
}

static enum status train_crew(struct sweep *s, struct crew *c, struct err *e)
{
	struct job *job = NEW_ARRAY(c->arena, struct job, c->n), **jobs = NEW_ARRAY(c->arena, struct job *, c->n);
	enum status st = open_records(s, c, e);
	for (int k = 0; k < c->n && st == OK; k++) {
		struct sweep_run *r = run_of(s, c->item[k]);
		struct sweep_item *item = &s->item[c->item[k]];
		job[k] = (struct job){.x = r->x, .rec = r->rec, .stage = item->stage, .sum = &item->sum, .result = &item->result};
		jobs[k] = &job[k];
		log_line(LOG_INFO, "%s: %s", r->name, item->stage->name);
	}
	if (st == OK)
		st = jobs_train(jobs, c->n, e);
	const bool ended = st == OK || st == E_RUN;
	for (int k = 0; k < c->n && ended; k++) {
		struct sweep_item *item = &s->item[c->item[k]];
		item->state = item->result.failed ? ITEM_FAILED : ITEM_DONE;
		item->id = item->state == ITEM_DONE ? job[k].id : 0;
		if (item->result.why)
			item->result.why = arena_str(s->arena, item->result.why);
	}
	return close_records(s, st, e);
}

/* As many as the memory carries. */
static void thin_out(struct sweep *s, struct crew *c)
{
	const struct stage_plan_sum **sums = NEW_ARRAY(c->arena, const struct stage_plan_sum *, c->n);
	for (int k = 0; k < c->n; k++)
		sums[k] = &s->item[c->item[k]].sum;
	const int fits = wave_size(s->run[s->item[c->item[0]].run].x->dev, sums, c->n);
	for (int k = fits; k < c->n; k++)
		lock_release(c->lock[k]);
	c->n = fits;
}

/* *idle: nothing could be done; with *waiting because others do it. */
static enum status one_crew(struct sweep *s, const bool *wanted, int *most, bool *idle, bool *waiting, struct err *e)
{
	struct crew c = {.arena = arena_open("crew")};
	c.item = NEW_ARRAY(c.arena, int, *most);
	c.lock = NEW_ARRAY(c.arena, struct lock *, *most);
	c.run = NEW_ARRAY(c.arena, struct lock *, s->n_run);
	enum status st = gather(s, wanted, *most, &c, waiting, e);
	*idle = !c.n; /* what another process has just finished is something that was done: others may be ready by it */
	if (st == OK && c.n)
		st = look_again(s, &c, e);
	if (st == OK && c.n) {
		const struct experiment *x = run_of(s, c.item[0])->x;
		st = data_place(x->data, x->dev, e);
		thin_out(s, &c);
		if (st == OK)
			st = train_crew(s, &c, e);
		if (st == E_NOMEM && c.n > 1) { /* what no plan knew of: fewer at a time, from where they are */
			log_line(LOG_WARN, "%s\n%d arms did not fit together: at most %d from here", e->text, c.n, c.n / 2);
			err_clear(e);
			*most = c.n / 2;
			st = OK;
		}
	}
	for (int k = 0; k < c.n; k++)
		lock_release(c.lock[k]);
	for (int k = 0; k < c.n_run; k++)
		lock_release(c.run[k]);
	arena_close(c.arena);
	return st;
}

/* ---- all of it ---- */

/* A run all of whose stages were trained for others has a folder too. */
static enum status leave_folders(struct sweep *s, int run, struct err *e)
{
	enum status st = OK;
	for (int i = 0; i < s->n_run && st == OK; i++) {
		struct sweep_run *r = &s->run[i];
		if (r->folder || (run >= 0 && run != i))
			continue;
		st = record_open(s->arena, r->x, s->out, false, &r->rec, e);
		if (r->rec)
			r->folder = r->rec->folder;
		st = close_records(s, st, e);
	}
	return st;
}

static enum status go_through(struct sweep *s, const bool *wanted, int most, struct err *failures, struct err *e)
{
	enum status st = OK;
	while (st == OK) {
		bool idle = false, waiting = false;
		leave_out(s, true);
		st = one_crew(s, wanted, &most, &idle, &waiting, e);
		if (st == E_RUN) { /* it is listed; the others go on */
			err_run(failures, "%s", e->text);
			err_clear(e);
			st = OK;
		}
		if (st == OK && idle && !waiting)
			return OK;
		if (st == OK && idle)
			usleep(POLL_US);
		if (st == OK && stop_asked())
			st = E_STOP;
		if (st == OK)
			st = sweep_refresh(s, e);
	}
	return st;
}

enum status sweep_train(struct sweep *s, int run, int which, int most, struct err *e)
{
	const bool *wanted = sweep_wanted(s, run, which);
	struct err failures = {0};
	stop_install();
	most = s->timing ? 1 : most; /* also where a job array has the runs: a time that was shared is none */
	enum status st = sweep_plan(s, run, which, e);
	if (st == OK)
		st = dir_make(s->out, e);
	if (st == OK && !s->store)
		st = store_open(path_join(s->arena, s->out, "limbeck.db"), &s->store, e);
	if (st == OK)
		st = sweep_refresh(s, e);
	if (st == OK)
		st = go_through(s, wanted, most, &failures, e);
	if (st == OK && which < 0)
		st = leave_folders(s, run, e);
	return st == OK && failures.status != OK ? err_run(e, "%s", failures.text) : st;
}
