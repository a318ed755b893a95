#include "stages/temperatures.h"

#include <math.h>
#include <string.h>

#include "base/log.h"

/* ---- when the file is read ---- */

static enum status read_stage(const struct experiment *x, const struct stage *s, const char *text, struct where at, struct reference *ref, struct err *e)
{
	const char *dot = strrchr(text, '.');
	const struct stage *from = NULL;
	for (const struct stage *o = x->stage; dot && o < s && !from; o++)
		if (strlen(o->name) == (size_t)(dot - text) && str_starts(text, o->name))
			from = o;
	if (!dot || !str_eq(dot, ".temperature"))
		return err_user(e, at, "'%s' is no temperature of a stage: it is written STAGE.temperature, and that of another run RUN/STAGE", text);
	if (!from)
		return err_user(e, at, "stage '%s' repeats '%s', and no stage before it has that name", s->name, text);
	if (!from->has_temperature)
		return err_user(e, at, "stage '%s' repeats '%s', but no loss of stage '%s' has a 'temperature'", s->name, text, from->name);
	*ref = (struct reference){.stage = (int)(from - x->stage), .artefact = "temperature", .at = at};
	snprintf(ref->identity, sizeof ref->identity, "%s/%s", from->identity, ref->artefact);
	return OK;
}

static const char *repeated(const struct experiment *x, const struct reference *r)
{
	return r->stage < 0 ? r->path : x->stage[r->stage].name;
}

enum status course_read(struct experiment *x, struct stage *s, const char *text, struct where at, struct err *e)
{
	struct reference ref;
	const enum status st = course_is_path(text) ? course_of(x->arena, text, at, &ref, e) : read_stage(x, s, text, at, &ref, e);
	if (st != OK)
		return st;
	if (s->has_course && !str_eq(s->course.identity, ref.identity))
		return err_user(e, at, "stage '%s' repeats two stages, '%s' and '%s': one is possible", s->name, repeated(x, &s->course), repeated(x, &ref));
	s->has_course = true;
	s->course = ref;
	return OK;
}

/* The resolved file holds from every folder: `of` names the file that was found. */
static void keep_path(const struct stage *s, const struct temperature_use *use)
{
	struct conf *of = s->course.stage < 0 ? conf_use(use->map, "of") : NULL;
	if (of)
		of->text = s->course.path;
}

const struct term *temperature_first(const struct term *terms, int n)
{
	for (int i = 0; i < n; i++)
		if (terms[i].temperature.kind && terms[i].weight != 0)
			return &terms[i];
	return NULL;
}

enum status temperatures_read(struct experiment *x, struct stage *s, const struct term *terms, int n, struct err *e)
{
	enum status st = OK;
	for (int i = 0; i < n && st == OK; i++) {
		const struct temperature *kind = terms[i].temperature.kind;
		if (!kind || terms[i].weight == 0)
			continue;
		s->has_temperature = true;
		if (kind->course)
			st = course_read(x, s, kind->course(terms[i].temperature.conf), terms[i].temperature.at, e);
		if (kind->course && st == OK)
			keep_path(s, &terms[i].temperature);
	}
	return st;
}

/* ---- beside the steps ---- */

/* Over the classes: 2 Cov(z, z) - Var(z). */
static enum status build_variance(const void *own, struct step *st, struct err *e)
{
	struct node *z = step_teacher(st)->logits;
	(void)own, (void)e;
	step_metric(st, "logit_variance", term_alignment(st->g, z, z));
	return OK;
}

static enum status measure_variance(const struct lesson *l, struct aside *a, double *variance, struct err *e)
{
	static const char *const name[] = {"logit_variance"};
	const struct data *d = aside_run(a)->x->data;
	if (!d->n_valid)
		log_line(LOG_INFO, "'%s': nothing is held out, so the variance of the teacher's logits is measured on the training pictures", aside_run(a)->stage->name);
	const enum status st = aside_measure(a, d->n_valid ? PART_VALID : PART_TRAIN, l->teacher, build_variance, NULL, 1, name, variance, e);
	return st == OK ? aside_metric(a, name[0], *variance, e) : st;
}

static enum status begin_one(const struct lesson *l, struct aside *a, const struct term *t, double steps, double epochs, struct err *e)
{
	const struct temperature *kind = t->temperature.kind;
	struct params *own = t->temperature_own->params;
	double state[8], variance = NAN;
	enum status st = OK;
	BUG_IF(own->n_state > 8, "temperature '%s' has %d states", kind->name, own->n_state);
	for (int i = 0; i < own->n_state; i++)
		state[i] = params_initial(own, i);
	if (kind->begin) {
		st = measure_variance(l, a, &variance, e);
		if (st == OK)
			kind->begin(t->temperature.conf, variance, steps, epochs, state);
	}
	for (int i = 0; i < own->n_state && st == OK; i++) {
		st = params_put(own, i, true, &state[i], e);
		if (st == OK && str_eq(own->state[i].name, "rate"))
			st = aside_metric(a, "tau_rate", state[i], e);
	}
	return st;
}

enum status temperatures_begin(const struct lesson *l, struct aside *a, const struct term *terms, int n, double epochs, struct err *e)
{
	enum status st = OK;
	for (int i = 0; i < n && st == OK; i++)
		if (terms[i].temperature_own)
			st = begin_one(l, a, &terms[i], epochs * data_batches(aside_run(a)->x->data), epochs, e);
	return st;
}

enum status temperature_next(const struct lesson *l, struct aside *a, const struct term *terms, int n, double *tau, struct err *e)
{
	const struct term *t = temperature_first(terms, n);
	double state[8];
	enum status st = OK;
	*tau = NAN;
	if (!t)
		return OK;
	const struct temperature *kind = t->temperature.kind;
	if (!kind->now) {
		const struct temperature_place place = aside_place(a, l);
		*tau = kind->at && !kind->build ? kind->at(t->temperature.conf, &place) : NAN;
		return OK;
	}
	for (int i = 0; t->temperature_own && i < t->temperature_own->params->n_state && st == OK; i++)
		st = params_get(t->temperature_own->params, i, true, &state[i], e);
	*tau = st == OK ? kind->now(t->temperature.conf, state) : NAN;
	return st;
}
