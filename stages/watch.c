/* What goes wrong while steps go by: values that are not finite, critics that win or tell nothing. */
#include <math.h>
#include <string.h>

#include "stages/train_int.h"

/* Steps that the moving mean of a critic's accuracy looks back on. Its plain mean at first, so that nothing need be corrected for its start.
   A lesson that ends before is judged by what it had, if that was not next to nothing. */
enum { HORIZON = 200, FEWEST = 20 };
static const double WINS = 0.98, CHANCE = 0.5, NEAR = 0.02;

/* ---- values that are not finite ---- */

double watch_rate(const struct trainer *t)
{
	return ldexp(1, -t->place.rollbacks);
}

enum status watch_not_finite(struct trainer *t, struct err *e)
{
	const int allowed = t->r->stage->train.rollbacks;
	if (t->place.rollbacks >= allowed) {
		if (allowed)
			err_note(e, "that is number %d of the stage's steps that were not finite, and 'rollbacks' is %d", allowed + 1, allowed);
		return E_RUN;
	}
	t->place.rollbacks++;
	t->place.epoch_rollbacks++;
	log_line(LOG_WARN,
	         "%s\nin stage '%s', lesson %d, epoch %d, batch %d: the step is undone and its batch passed over; the stage goes on with its learning rates "
	         "times %g (%d of %d roll-backs)",
	         e->text, t->r->stage->name, t->place.lesson + 1, t->place.epoch + 1, t->place.batch, watch_rate(t), t->place.rollbacks, allowed);
	err_clear(e);
	return OK;
}

void watch_overflow(struct trainer *t)
{
	t->place.epoch_overflows++;
	log_line(LOG_DEBUG, "stage '%s', lesson %d, epoch %d, batch %d: gradients beyond f16; the batch is passed over, the loss scale is %g now", t->r->stage->name,
	         t->place.lesson + 1, t->place.epoch + 1, t->place.batch, t->r->scale->value);
}

/* ---- critics ---- */

/* One that is wrong more often than right tells the student no more than one at chance. */
static enum watch_state state_of(const struct resume_watch *w, int least)
{
	if (w->steps < least)
		return WATCH_FINE;
	return w->mean > WINS ? WATCH_WINS : w->mean <= CHANCE + NEAR ? WATCH_CHANCE : WATCH_FINE;
}

enum watch_state watch_state_of(const struct trainer *t, int i)
{
	BUG_IF(i < 0 || i >= t->place.n_watch, "watch %d of %d", i, t->place.n_watch);
	return state_of(&t->place.watch[i], FEWEST);
}

bool watch_told(const struct trainer *t, int i, enum watch_state alarm)
{
	BUG_IF(i < 0 || i >= t->place.n_watch, "watch %d of %d", i, t->place.n_watch);
	return (int)t->place.watch[i].told & 1 << alarm;
}

void watch_begin(struct trainer *t)
{
	t->place.n_watch = lesson_of(t)->n_watch;
	BUG_IF(t->place.n_watch > RESUME_WATCHES, "more than %d watched critics", RESUME_WATCHES);
	memset(t->place.watch, 0, sizeof t->place.watch);
}

/* Once a lesson: a person is to look, and the metrics say for how long it was so. */
static void tell(const struct trainer *t, const struct watch *what, struct resume_watch *w, enum watch_state state, const char *when)
{
	const int told = (int)w->told, bit = 1 << state;
	if (state == WATCH_FINE || told & bit)
		return;
	w->told = told | bit;
	log_line(LOG_WARN, "stage '%s'%s%s, %s: '%s' is right %.1f %% of the time over its last %.0f steps: %s", t->r->stage->name,
	         *lesson_of(t)->label ? " " : "", lesson_of(t)->label, when, what->label, 100 * w->mean,
	         fmin(w->steps, HORIZON),
	         state == WATCH_WINS ? "the critic wins, and its gradients may say little to the student; try a lower critic_lr, a longer warm-up by the feature "
	                               "term alone, or a smaller critic"
	                             : "not better than chance, so the features match, or the critic is dead; if a fresh critic tells them apart, try a higher critic_lr "
	                               "or a larger critic");
}

static double value_of(const struct step *st, const double value[], const char *name)
{
	for (int i = 0; i < st->desc.n_metric; i++)
		if (strcmp(st->metric_name[i], name) == 0)
			return value[i];
	BUG("a watch reads '%s', which the step does not measure", name);
}

void watch_step(struct trainer *t, const struct step *st, const double value[])
{
	const struct lesson *l = lesson_of(t);
	for (int i = 0; i < l->n_watch; i++) {
		struct resume_watch *w = &t->place.watch[i];
		const double accuracy = (value_of(st, value, l->watch[i].real) + value_of(st, value, l->watch[i].fake)) / 2;
		if (isnan(accuracy)) /* of a segment that was not due */
			continue;
		w->steps++;
		w->mean += (accuracy - w->mean) / fmin(w->steps, HORIZON);
		const enum watch_state state = state_of(w, HORIZON);
		w->epoch_steps += w->steps >= HORIZON;
		w->wins += state == WATCH_WINS;
		w->chance += state == WATCH_CHANCE;
		if (state != WATCH_FINE && !watch_told(t, i, state))
			tell(t, &l->watch[i], w, state, arena_printf(t->arena, "epoch %d, batch %d", t->place.epoch + 1, t->place.batch));
	}
}

void watch_end(struct trainer *t)
{
	for (int i = 0; i < t->place.n_watch; i++)
		tell(t, &lesson_of(t)->watch[i], &t->place.watch[i], watch_state_of(t, i), "at its end");
}

enum status watch_epoch(struct trainer *t, int epoch, struct err *e)
{
	const struct lesson *l = lesson_of(t);
	enum status st = OK;
	for (int i = 0; i < l->n_watch && st == OK; i++) {
		struct resume_watch *w = &t->place.watch[i];
		/* Of the steps that were judged: an epoch of a lesson's first 200 has no share. */
		const struct { const char *what; double steps; } row[] = {{"wins", w->wins}, {"chance", w->chance}};
		for (int k = 0; k < 2 && st == OK && w->epoch_steps > 0; k++)
			st = record_metric(t->rec, t->r->stage, t->stage_id, l->label, epoch, t->place.step,
			                   arena_printf(t->arena, "alarm/%s_%s", l->watch[i].label, row[k].what), row[k].steps / w->epoch_steps, e);
		w->epoch_steps = w->wins = w->chance = 0;
	}
	return st;
}
