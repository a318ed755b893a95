/* What the arms of a cohort are doing, for who watches their runs' folders. */
#include <math.h>

#include "base/log.h"
#include "runs/live.h"
#include "stages/train_int.h"

static const double every_s = 1;

static double rate_of_learning(const struct trainer *t)
{
	const struct lesson_optim *o = &lesson_of(t)->optim[0];
	const double position = o->from + t->place.epoch + (double)t->place.batch / loader_batches(t->cohort->loader);
	return o->optim->conf.lr * schedule_factor(&o->schedule, position, o->epochs);
}

static struct live_stage stage_of(const struct trainer *t, const struct progress *p)
{
	const struct lesson *l = lesson_of(t);
	const double steps_per_s = p->images_per_s / (double)t->cohort->x->data->conf.batch;
	return (struct live_stage){
		.stage = t->r->stage->name, .lesson = l->label, .epoch = t->place.epoch + 1, .epochs = l->epochs, .step = t->place.batch,
		.steps = p->steps, .loss = lesson_mean(t, "loss"), .accuracy = lesson_mean(t, "train_top1_running"), .lr = rate_of_learning(t),
		.images_per_s = p->images_per_s, .wait_share = p->wait_share,
		.left_s = steps_per_s > 0 ? (t->total_steps - (double)t->place.step) / steps_per_s : NAN,
	};
}

static void write_record(const struct cohort *c, struct record *rec, const struct progress *p)
{
	struct arena *a = arena_open("live");
	struct live_stage *stage = NEW_ARRAY(a, struct live_stage, c->n);
	int n = 0;
	for (int i = 0; i < c->n; i++)
		if (c->arm[i].rec == rec && !c->arm[i].over && c->arm[i].begun)
			stage[n++] = stage_of(&c->arm[i], p);
	record_live(rec, stage, n);
	arena_close(a);
}

void live_show(const struct cohort *c, const struct progress *p)
{
	const double now = time_now();
	for (int i = 0; i < c->n; i++) {
		struct record *rec = c->arm[i].rec;
		if (now - rec->live_at < every_s)
			continue;
		rec->live_at = now; /* its other arms are in the same file */
		write_record(c, rec, p);
	}
}
