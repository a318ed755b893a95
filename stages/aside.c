/* What a kind of stage does beside the steps of a lesson: measures, trains something of its own, records. */
#include "stages/aside.h"

#include <math.h>

#include "base/log.h"
#include "stages/aside_int.h"
#include "stages/train_int.h"

struct stage_run *aside_run(const struct aside *a)
{
	return a->t->r;
}

/* ---- a graph of the caller's ---- */

struct caller {
	aside_build build;
	const void *own;
};

static enum status build_caller(const struct lesson *l, struct step *st, struct err *e)
{
	const struct caller *c = l->own;
	return c->build(c->own, st, e);
}

/* What an aside holds while it runs. */
struct held {
	struct arena *arena;
	struct lesson lesson;
	struct caller caller;
	struct teacher *teacher; /* NULL without */
	struct net *before;      /* what the stage had as its teacher */
	void *workspace;
	size_t bytes;
};

/* While it is held, the stage's teacher is the one that the graph reads: a tail that the graph applies is then of the same weights. */
static enum status hold(struct aside *a, int teacher, aside_build build, const void *own, struct held *h, struct err *e)
{
	struct stage_run *r = a->t->r;
	*h = (struct held){.arena = arena_open("aside"), .caller = {build, own}, .before = r->teacher};
	h->lesson = (struct lesson){.label = lesson_of(a->t)->label, .teacher = teacher, .build = build_caller, .own = &h->caller};
	if (teacher < 0)
		return OK;
	struct teacher *t = NULL;
	const enum status st = cohort_teacher(a->t->cohort, r, teacher, &t, e);
	if (st != OK)
		return st;
	t->users++; /* else the next one that is loaded would take its memory */
	h->teacher = t;
	r->teacher = t->net;
	return OK;
}

static void let_go(struct aside *a, struct held *h)
{
	device_free(a->t->r->dev, h->workspace, h->bytes);
	if (h->teacher)
		h->teacher->users--;
	a->t->r->teacher = h->before;
	arena_close(h->arena);
}

static enum status take_workspace(struct aside *a, struct held *h, size_t bytes, struct err *e)
{
	h->bytes = bytes;
	return device_alloc(a->t->r->dev, bytes, &h->workspace, e);
}

/* ---- measure ---- */

enum status aside_measure(struct aside *a, enum part part, int teacher, aside_build build, const void *own, int n, const char *const name[],
                          double value[], struct err *e)
{
	struct held h;
	struct measure *m = NULL;
	enum status st = hold(a, teacher, build, own, &h, e);
	if (st == OK)
		st = measure_open(a->t->r, &h.lesson, part, h.teacher, h.arena, &m, e);
	if (st == OK)
		st = take_workspace(a, &h, measure_workspace(m), e);
	if (st == OK)
		st = measure_prepare(m, h.workspace, e);
	if (st == OK)
		st = measure_run(m, e);
	for (int i = 0; i < n; i++)
		value[i] = st == OK ? measure_value(m, name[i]) : NAN;
	measure_close(m);
	let_go(a, &h);
	return st;
}

/* ---- train ---- */

static void set_rates(const struct sizes *s)
{
	for (int i = 0; i < s->n; i++)
		for (int k = 0; k < s->of[i].step->desc.n_segment; k++)
			for (int o = 0; o < s->of[i].step->segment[k].n_optim; o++)
				optim_set_lr(s->of[i].step->segment[k].optim[o], s->of[i].step->segment[k].optim[o]->conf.lr);
}

/* Nothing is saved: the checkpoint before is where the lesson goes on from, and this is done again. */
static enum status pause_due(void)
{
	if (!stop_asked())
		return OK;
	progress_end();
	log_line(LOG_WARN, "stopped; the same command goes on from here");
	return E_STOP;
}

static enum status train_steps(struct aside *a, const struct sizes *s, long steps, struct err *e)
{
	const struct trainer *t = a->t;
	struct loader *loader = NULL;
	struct step *ran = NULL;
	double waited = 0;
	long number = 0;
	enum status st = loader_open(t->r->x->data, PART_TRAIN, VIEW_TRAIN, t->r->stage->seed_data, &loader, e);
	for (int epoch = lesson_epochs_before(t->r, t->place.lesson + 1); number < steps && st == OK; epoch++) {
		const struct batch *b = NULL;
		st = loader_start(loader, epoch, 0, e);
		while (st == OK && number < steps && (st = loader_next(loader, &b, &waited, e)) == OK && b) {
			st = sizes_run(s, b, number++, epoch, &ran, e);
			if (st == OK)
				st = pause_due();
		}
	}
	loader_close(loader);
	return st;
}

enum status aside_train(struct aside *a, long steps, int teacher, aside_build build, const void *own, struct err *e)
{
	const struct data *d = a->t->r->x->data;
	struct held h;
	struct sizes s = {0};
	enum status st = hold(a, teacher, build, own, &h, e);
	if (st == OK)
		st = sizes_open(&s, a->t->r, &h.lesson, d->n_train >= d->conf.batch ? d->conf.batch : 0, data_rest(d), h.teacher, h.arena, e);
	if (st == OK)
		st = take_workspace(a, &h, sizes_workspace(&s), e);
	if (st == OK)
		st = sizes_prepare(&s, h.workspace, e);
	if (st == OK) {
		set_rates(&s);
		st = train_steps(a, &s, steps, e);
	}
	sizes_release(&s);
	let_go(a, &h);
	return st;
}

/* ---- ask ---- */

struct temperature_place aside_place(const struct aside *a, const struct lesson *l)
{
	return lesson_place(a->t, l);
}

double aside_seconds(const struct aside *a)
{
	return a->t->place.lesson_seconds;
}

/* ---- record ---- */

enum status aside_metric(struct aside *a, const char *name, double value, struct err *e)
{
	const struct trainer *t = a->t;
	const int epoch = lesson_epochs_before(t->r, t->place.lesson) + t->place.epoch;
	if (isnan(value))
		return OK;
	const enum status st = (t->again ? record_metric_again : record_metric)(t->rec, t->r->stage, t->stage_id, lesson_of(t)->label, epoch, t->place.step,
	                                                                        name, value, e);
	return st == OK ? record_flush(t->rec, e) : st;
}

bool aside_alarmed(const struct aside *a, int i, enum watch_state alarm)
{
	return watch_told(a->t, i, alarm);
}

enum watch_state aside_watched(const struct aside *a, int i, double *steps)
{
	const enum watch_state state = watch_state_of(a->t, i);
	*steps = a->t->place.watch[i].steps;
	return state;
}
