/* Arms in step with each other: periods in which no lesson begins or ends, epochs, batches. */
#include "stages/cohort.h"

#include <math.h>

#include "base/log.h"
#include "runs/cache_use.h"
#include "stages/train_int.h"

/* ---- who is at work ---- */

static bool at_work(const struct trainer *t)
{
	return !t->over;
}

static bool lesson_over(const struct trainer *t)
{
	return t->place.epoch >= lesson_of(t)->epochs;
}

/* Epoch of the stage that an arm is in, from 0: names the stream's order and views. */
static int epoch_of(const struct trainer *t)
{
	return lesson_epochs_before(t->r, t->place.lesson) + t->place.epoch;
}

static bool due(const struct trainer *t, int epoch, int batch)
{
	return at_work(t) && !lesson_over(t) && epoch_of(t) == epoch && lesson_batch(t) == batch;
}

static int count_at_work(const struct cohort *c)
{
	int n = 0;
	for (int i = 0; i < c->n; i++)
		n += at_work(&c->arm[i]);
	return n;
}

void cohort_mark(struct cohort *c)
{
	const double now = time_now(), each = (now - c->marked) / (count_at_work(c) > 0 ? count_at_work(c) : 1);
	for (int i = 0; i < c->n; i++)
		if (at_work(&c->arm[i])) {
			c->arm[i].place.seconds += each;
			c->arm[i].place.lesson_seconds += each;
		}
	c->marked = now;
}

/* Of its own making: the others go on without it. Anything else ends the cohort. */
static enum status arm_status(struct trainer *t, enum status st, struct err *e)
{
	if (st != E_RUN || t->cohort->n == 1)
		return st;
	t->status = st;
	t->err = *e;
	t->over = true;
	err_clear(e);
	progress_end();
	log_line(LOG_ERROR, "%s\n'%s' ends here; the other arms go on", t->err.text, t->r->stage->name);
	return OK;
}

/* ---- teachers ---- */

enum status cohort_teacher(struct cohort *c, const struct stage_run *r, int which, struct teacher **out, struct err *e)
{
	const struct stage *s = r->stage;
	struct teacher *t = NULL;
	for (int i = 0; i < c->n_teacher && !t; i++)
		if (teacher_is(c->teacher[i], s, which))
			t = c->teacher[i];
	enum status st = OK;
	if (!t) {
		st = teacher_new(c->arena, r->x, s, which, &t, e);
		struct teacher **bigger = NEW_ARRAY(c->arena, struct teacher *, c->n_teacher + 1);
		for (int i = 0; i < c->n_teacher; i++)
			bigger[i] = c->teacher[i];
		bigger[c->n_teacher++] = t;
		c->teacher = bigger;
	}
	/* One that nobody learns from any more gives its memory back when another one comes. */
	for (int i = 0; i < c->n_teacher && st == OK && !t->loaded; i++)
		if (c->teacher[i] != t && !c->teacher[i]->users)
			teacher_release(c->teacher[i]);
	*out = t;
	return st == OK ? teacher_load(t, e) : st;
}

static struct passes *passes_of(const struct cohort *c, const struct teacher *teacher)
{
	for (int i = 0; i < c->n_passes; i++)
		if (c->passes[i].teacher == teacher)
			return &c->passes[i];
	return NULL;
}

static enum status passes_open(struct cohort *c, struct err *e)
{
	const struct data *d = c->x->data;
	const int N = d->conf.batch, rest = data_rest(d);
	enum status st = OK;
	c->n_passes = 0;
	c->passes = NEW_ARRAY(c->period, struct passes, c->n_teacher);
	for (int i = 0; i < c->n_teacher && st == OK; i++) {
		if (!c->teacher[i]->users)
			continue;
		struct passes *p = &c->passes[c->n_passes++];
		p->teacher = c->teacher[i];
		if (d->n_train >= N)
			st = pass_new(p->teacher, N, c->period, &p->full, e);
		if (st == OK && rest)
			st = pass_new(p->teacher, rest, c->period, &p->rest, e);
	}
	return st;
}

/* The pass of a batch's size, run once for all arms that have the teacher. */
static enum status passes_run(struct cohort *c, struct trainer *t, const struct batch *b, struct err *e)
{
	struct passes *p = t->teacher ? passes_of(c, t->teacher) : NULL;
	if (!p || p->ran)
		return OK;
	struct pass *pass = p->full && p->full->n == b->n ? p->full : p->rest;
	p->ran = pass;
	return pass_run(pass, b, epoch_of(t), e);
}

/* ---- periods ---- */

static enum status plan_passes(struct cohort *c, struct err *e)
{
	enum status st = OK;
	for (int i = 0; i < c->n_passes && st == OK; i++) {
		struct pass *const both[] = {c->passes[i].full, c->passes[i].rest};
		for (int k = 0; k < 2 && st == OK; k++) {
			if (!both[k])
				continue;
			st = pass_plan(both[k], e);
			if (st == OK && pass_workspace(both[k]) > c->workspace_bytes)
				c->workspace_bytes = pass_workspace(both[k]);
		}
	}
	return st;
}

/* Which cache a stage reads, for who looks for those that none does. It is worth no run: a note that fails is told. */
static void note_cache(const struct cohort *c, const struct passes *p, const char *cache)
{
	for (int i = 0; i < c->n && cache; i++) {
		const struct trainer *t = &c->arm[i];
		struct err e = {0};
		if (at_work(t) && passes_of(c, t->teacher) == p && cache_use_note(record_stage_file(t->rec, t->r->stage, ""), cache, &e) != OK)
			log_line(LOG_WARN, "%s; 'limbeck rm --unused' will not know this cache for that of '%s'", e.text, t->r->stage->name);
	}
}

static enum status prepare_passes(struct cohort *c, struct err *e)
{
	enum status st = OK;
	for (int i = 0; i < c->n_passes && st == OK; i++) {
		struct pass *const full = c->passes[i].full, *const rest = c->passes[i].rest;
		if (full)
			st = pass_prepare(full, c->out, c->workspace, e);
		if (st == OK && rest)
			st = pass_prepare(rest, c->out, c->workspace, e);
		if (st == OK)
			st = cached_begin(full ? full : rest, e);
		if (st == OK)
			note_cache(c, &c->passes[i], cached_path(full ? full : rest));
	}
	return st;
}

static bool has_lane(const struct trainer *t)
{
	return t->r->dev != t->r->x->dev;
}

/* On a lane it runs beside the others, so it can't have its workspace in common with them. */
static enum status prepare_arm(struct cohort *c, struct trainer *t, struct err *e)
{
	if (!has_lane(t))
		return lesson_prepare(t, c->workspace, e);
	const size_t bytes = lesson_workspace(t);
	const enum status st = device_alloc(t->r->dev, bytes, &t->workspace, e);
	t->workspace_bytes = bytes;
	return st == OK ? lesson_prepare(t, t->workspace, e) : st;
}

/* Plans that never run at the same time have one workspace, as large as the largest. */
static enum status period_open(struct cohort *c, struct err *e)
{
	enum status st = OK;
	c->period = arena_open("period");
	for (int i = 0; i < c->n && st == OK; i++)
		if (at_work(&c->arm[i]) && !c->arm[i].begun)
			st = arm_status(&c->arm[i], lesson_begin(&c->arm[i], e), e);
	for (int i = 0; i < c->n_teacher; i++) /* what was only asked in between is in no plan of memory */
		if (!c->teacher[i]->users)
			teacher_release(c->teacher[i]);
	if (st == OK)
		st = passes_open(c, e);
	c->workspace_bytes = 0;
	for (int i = 0; i < c->n && st == OK; i++) {
		struct trainer *t = &c->arm[i];
		if (!at_work(t))
			continue;
		st = lesson_plan(t, passes_of(c, t->teacher), e);
		if (st == OK && !has_lane(t) && lesson_workspace(t) > c->workspace_bytes)
			c->workspace_bytes = lesson_workspace(t);
	}
	if (st == OK)
		st = plan_passes(c, e);
	if (st == OK)
		st = device_alloc(c->x->dev, c->workspace_bytes, &c->workspace, e);
	if (st == OK)
		st = prepare_passes(c, e);
	for (int i = 0; i < c->n && st == OK; i++)
		if (at_work(&c->arm[i]))
			st = prepare_arm(c, &c->arm[i], e);
	return st;
}

/* What a lesson ended with; a block has no logits of its own and is read through the teacher's tail. */
static void log_lesson(const struct trainer *t)
{
	const struct lesson *l = lesson_of(t);
	const double seconds = t->place.lesson_seconds;
	char took[32], accuracy[128] = "";
	int at = 0;
	if (lesson_answers(t) && !isnan(t->place.last_valid))
		at = snprintf(accuracy, sizeof accuracy, ", held-out %.2f %%", t->place.last_valid);
	else if (!isnan(t->graft))
		at = snprintf(accuracy, sizeof accuracy, ", graft %.2f %%", t->graft);
	else if (!isnan(t->train_top1))
		at = snprintf(accuracy, sizeof accuracy, ", training %.2f %%%s", t->train_top1, l->selects ? "" : " through the teacher's tail");
	if (lesson_answers(t) && !isnan(t->place.last_valid) && !isnan(t->teacher_valid))
		snprintf(accuracy + at, sizeof accuracy - (size_t)at, ", %.2f behind its teacher", t->teacher_valid - t->place.last_valid);
	log_line(LOG_INFO, "%s%s%s: %s moved, %s, %.0f pictures/s%s", t->r->stage->name, *l->label ? " " : "", l->label, lesson_moved(t->r, l, t->arena),
	         str_seconds(took, seconds),
	         seconds > 0 ? (t->place.images - t->lesson_images) / seconds : 0, accuracy);
}

/* Beside no plan of the period, so that what it takes is not on top of them. Its time is nobody's training. */
static enum status lessons_after(struct cohort *c, struct err *e)
{
	enum status st = OK;
	for (int i = 0; i < c->n && st == OK; i++)
		if (c->arm[i].begun && at_work(&c->arm[i]) && lesson_over(&c->arm[i]))
			st = arm_status(&c->arm[i], lesson_after(&c->arm[i], e), e);
	c->marked = time_now();
	return st;
}

/* The plans go with the period; lessons that are over end, and an arm without a next one is finished. */
static enum status period_close(struct cohort *c, enum status st, struct err *e)
{
	cohort_mark(c);
	for (int i = 0; i < c->n; i++) {
		struct trainer *t = &c->arm[i];
		lesson_unplan(t);
		device_free(t->r->dev, t->workspace, t->workspace_bytes);
		t->workspace = NULL;
	}
	for (int i = 0; i < c->n_passes; i++) {
		pass_release(c->passes[i].full);
		pass_release(c->passes[i].rest);
	}
	c->n_passes = 0;
	device_free(c->x->dev, c->workspace, c->workspace_bytes);
	c->workspace = NULL;
	if (st == OK)
		st = lessons_after(c, e);
	arena_close(c->period);
	c->period = NULL;
	for (int i = 0; i < c->n; i++) {
		struct trainer *t = &c->arm[i];
		if (!t->begun || (st == OK && at_work(t) && !lesson_over(t)))
			continue;
		const bool ended = st == OK && at_work(t);
		if (ended) {
			log_lesson(t);
			if (t->place.lesson + 1 == t->r->n_lesson) {
				st = arm_finish(t, e);
				t->finished = st == OK;
				t->over = true;
			}
		}
		lesson_end(t);
		if (ended) {
			t->place.lesson++;
			t->place.epoch = t->place.batch = 0;
			t->place.lesson_seconds = 0;
		}
	}
	return st;
}

/* ---- epochs ---- */

static void show(struct cohort *c, const struct trainer *t, double lr)
{
	const double now = time_now(), spent = now - c->epoch_started;
	const double rate = spent > 0 ? (double)c->epoch_images / spent : 0;
	const double per_step = rate > 0 ? (double)c->x->data->conf.batch / rate : NAN;
	char label[160], more[32] = "";
	double left = 0;
	for (int i = 0; i < c->n; i++)
		if (at_work(&c->arm[i]) && c->arm[i].total_steps - (double)c->arm[i].place.step > left)
			left = c->arm[i].total_steps - (double)c->arm[i].place.step;
	if (count_at_work(c) > 1)
		snprintf(more, sizeof more, " and %d more", count_at_work(c) - 1);
	const struct lesson *l = lesson_of(t);
	snprintf(label, sizeof label, "%s%s%s%s", t->r->stage->name, *l->label ? " " : "", l->label, more);
	const struct progress p = {
		.label = label, .epoch = t->place.epoch + 1, .epochs = l->epochs, .step = t->place.batch, .steps = loader_batches(c->loader),
		.loss = lesson_mean(t, "loss"), .accuracy = lesson_mean(t, "train_top1_running"), .lr = lr, .images_per_s = rate,
		.wait_share = spent > 0 ? c->waited / spent : 0, .memory = memory_resident(), .left_s = left * per_step,
	};
	progress_show(&p);
	live_show(c, &p);
}

static enum status one_batch(struct cohort *c, const struct batch *b, int epoch, int number, struct err *e)
{
	enum status st = OK;
	bool shown = false;
	for (int i = 0; i < c->n_passes; i++)
		c->passes[i].ran = NULL;
	c->epoch_images += b->n;
	for (int i = 0; i < c->n && st == OK; i++)
		if (due(&c->arm[i], epoch, number))
			st = passes_run(c, &c->arm[i], b, e);
	for (int i = 0; i < c->n && st == OK; i++)
		if (due(&c->arm[i], epoch, number))
			device_fork(c->arm[i].r->dev);
	for (int i = 0; i < c->n && st == OK; i++) {
		struct trainer *t = &c->arm[i];
		double lr = 0;
		if (!due(t, epoch, number))
			continue;
		st = arm_status(t, lesson_step(t, b, &lr, e), e);
		if (st == OK && at_work(t) && !shown) {
			show(c, t, lr);
			shown = true;
		}
	}
	for (int i = 0; i < c->n; i++)
		device_join(c->arm[i].r->dev);
	cohort_mark(c);
	return st;
}

static enum status save_all(struct cohort *c, bool asked, struct err *e)
{
	enum status st = OK;
	for (int i = 0; i < c->n && st == OK; i++) {
		struct trainer *t = &c->arm[i];
		if (!at_work(t) || !(asked || time_now() - t->saved > 60 * t->r->stage->train.save_minutes))
			continue;
		st = lesson_settle(t, e);
		if (st == OK)
			st = checkpoint_save(t, e);
	}
	return st;
}

/* Whether the stream must come again for an arm: a step that it had queued was not taken. */
static bool any_fell_back(const struct cohort *c)
{
	bool any = false;
	for (int i = 0; i < c->n; i++)
		any |= at_work(&c->arm[i]) && c->arm[i].fell_back;
	return any;
}

/* No step is queued any more. */
static enum status settle_all(struct cohort *c, struct err *e)
{
	enum status st = OK;
	for (int i = 0; i < c->n && st == OK; i++) {
		if (at_work(&c->arm[i]))
			st = lesson_settle(&c->arm[i], e);
		c->arm[i].fell_back = false;
	}
	return st;
}

static enum status pause_due(struct cohort *c, struct err *e)
{
	if (!stop_asked())
		return save_all(c, false, e);
	const enum status st = save_all(c, true, e);
	progress_end();
	if (st != OK)
		return st;
	log_line(LOG_WARN, "stopped; the same command goes on from here");
	return E_STOP;
}

static enum status one_epoch(struct cohort *c, int epoch, int number, struct err *e)
{
	const struct batch *b = NULL;
	c->epoch_started = time_now();
	c->epoch_images = 0;
	c->waited = 0;
	enum status st = loader_start(c->loader, epoch, number, e);
	while (st == OK && !any_fell_back(c) && (st = loader_next(c->loader, &b, &c->waited, e)) == OK && b) {
		st = one_batch(c, b, epoch, number++, e);
		if (st == OK)
			st = pause_due(c, e);
	}
	if (st == OK)
		st = settle_all(c, e);
	const bool ended = number == loader_batches(c->loader); /* or an arm fell back, and the stream comes again for it while the others wait */
	for (int i = 0; i < c->n && ended && st == OK; i++)
		if (due(&c->arm[i], epoch, number))
			st = arm_status(&c->arm[i], epoch_end(&c->arm[i], e), e);
	return st;
}

/* The earliest place of any arm; false: an arm's lesson is over, or none is at work. */
static bool next_place(const struct cohort *c, int *epoch, int *number)
{
	const struct trainer *first = NULL;
	for (int i = 0; i < c->n; i++) {
		const struct trainer *t = &c->arm[i];
		if (!at_work(t))
			continue;
		if (lesson_over(t))
			return false;
		if (!first || epoch_of(t) < epoch_of(first) || (epoch_of(t) == epoch_of(first) && t->place.batch < first->place.batch))
			first = t;
	}
	if (first) {
		*epoch = epoch_of(first);
		*number = first->place.batch;
	}
	return first != NULL;
}

static enum status run_periods(struct cohort *c, struct err *e)
{
	enum status st = OK;
	int epoch, number;
	c->marked = time_now();
	while (st == OK && count_at_work(c)) {
		st = period_open(c, e);
		while (st == OK && next_place(c, &epoch, &number))
			st = one_epoch(c, epoch, number, e);
		progress_end();
		st = period_close(c, st, e);
	}
	return st;
}

/* ---- the whole ---- */

static enum status report(struct cohort *c, struct arm *arms, enum status st, struct err *e)
{
	for (int i = 0; i < c->n; i++) {
		arms[i].status = c->arm[i].finished ? OK : c->arm[i].status != OK ? c->arm[i].status : st;
		if (c->arm[i].status != OK)
			arms[i].result->why = arena_str(arms[i].rec->arena, c->arm[i].err.text);
		if (c->arm[i].status != OK && st == OK)
			err_run(e, "%s", c->arm[i].err.text);
	}
	return st == OK && e->status == E_RUN ? E_RUN : st;
}

enum status cohort_train(struct arm *arms, int n, struct err *e)
{
	struct experiment *x = arms[0].run->x;
	struct arena *a = arena_open("cohort");
	struct cohort c = {.x = x, .out = arms[0].rec->out, .arena = a, .n = n, .arm = NEW_ARRAY(a, struct trainer, n)};
	enum status st = OK;
	for (int i = 0; i < n && n > 1 && st == OK; i++)
		st = device_lane(x->dev, i, &arms[i].run->dev, e);
	for (int i = 0; i < n && st == OK; i++) {
		c.arm[i] = (struct trainer){.cohort = &c, .r = arms[i].run, .rec = arms[i].rec, .stage_id = arms[i].stage_id, .result = arms[i].result,
		                            .total_steps = arms[i].steps, .teacher_valid = NAN, .graft = NAN, .train_top1 = NAN, .test_top5 = NAN, .test_top5_best = NAN,
		                            .train_clean = {NAN, NAN}, .train_clean_best = {NAN, NAN}, .saved = time_now()};
		st = arm_begin(&c.arm[i], e);
		c.arm[i].alone = x->timed && n == 1 && !c.arm[i].resumed && arms[i].run->stage->teacher_conf.teacher_cache == TEACHER_CACHE_OFF;
	}
	if (st == OK)
		st = loader_open(x->data, PART_TRAIN, VIEW_TRAIN, arms[0].run->stage->seed_data, &c.loader, e);
	if (st == OK)
		st = run_periods(&c, e);
	loader_close(c.loader);
	for (int i = 0; i < c.n_teacher; i++)
		teacher_release(c.teacher[i]);
	st = report(&c, arms, st, e);
	arena_close(a);
	return st;
}
