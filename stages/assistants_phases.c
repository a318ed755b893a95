/* Which phases a chain has, and for how long. */
#include <math.h>

#include "stages/assistants.h"

/* The limits of the phases; labels and later teachers keep an epoch each. */
static enum status limits(const struct stage *s, const struct assistants_own *own, int limit[], struct err *e)
{
	const struct assistants_conf *c = s->conf;
	const struct ints *asked = &c->phase_epochs;
	const int M = own->M, E = s->train.epochs, there = E - (c->labels ? 1 : 0);
	int sum = 0;
	if (c->ends == ENDS_TEMPERATURE && !temperature_first(own->terms, own->n))
		return err_user(e, conf_where(s->map, "ends"), "'ends: temperature', but no loss of stage '%s' has a temperature", s->name);
	if (there < M)
		return err_user(e, conf_where(s->map, "epochs"), "'epochs' is %d for %d teacher%s%s, at least one each", E, M, M == 1 ? "" : "s", c->labels ? " and the labels" : "");
	if (asked->n && asked->n != M)
		return err_user(e, conf_where(s->map, "phase_epochs"), "'phase_epochs' has %d number%s for %d teacher%s", asked->n, asked->n == 1 ? "" : "s", M, M == 1 ? "" : "s");
	if (asked->n && (c->ends == ENDS_TEMPERATURE || *c->phases))
		return err_user(e, conf_where(s->map, "phase_epochs"), "'phase_epochs' is a limit, and '%s' leaves none", *c->phases ? "phases" : "ends: temperature");
	for (int m = 0; m < M; m++) {
		const double meant = c->ends == ENDS_LIMIT || *c->phases ? round(own->meant) : ceil(1.25 * own->meant - 1e-9);
		limit[m] = asked->n ? asked->v[m] : c->ends == ENDS_TEMPERATURE ? there - sum - (M - 1 - m) : (int)fmax(fmin(meant, there / M), 1);
		sum += limit[m];
	}
	if (sum > there)
		return err_user(e, conf_where(s->map, "phase_epochs"), "'phase_epochs' are %d in all, but 'epochs' is %d%s", sum, E, c->labels ? ", and the labels want one" : "");
	if (!c->labels)
		limit[M - 1] += E - sum;
	return OK;
}

/* Whether the first temperature's learning rate is to follow from what is meant: its state "rate" is 0 until then. */
static bool rate_is_derived(const struct assistants_own *own)
{
	const struct term *t = temperature_first(own->terms, own->n);
	const struct params *p = t && t->temperature.kind->begin && t->temperature_own ? t->temperature_own->params : NULL;
	for (int i = 0; p && i < p->n_state; i++)
		if (str_eq(p->state[i].name, "rate"))
			return params_initial(p, i) == 0;
	return false;
}

/* A limit that is an epoch or more below what is meant ends the phase of a student like its teacher too. */
static const char *note_limit(struct arena *a, const struct assistants_conf *c, const struct assistants_own *own, int limit)
{
	if (limit > own->meant - 1 || !rate_is_derived(own))
		return NULL;
	return arena_printf(a, "its limit of %d epoch%s is below the %.3g that are meant for the temperature to come to 1, so the limit is likely to end it: a smaller 'phase_budget'%s "
	                    "gives it room", limit, limit == 1 ? "" : "s", own->meant, c->ends == ENDS_TEMPERATURE ? "" : " or a larger 'phase_epochs'");
}

/* One schedule of the learning rate over all phases; a temperature's own span is the phase that is meant. */
static void lay(struct stage_run *r, const struct assistants_own *own, struct optim *o, const char *label, int m, int from, int epochs)
{
	const struct stage *s = r->stage;
	const struct assistants_conf *c = s->conf;
	const bool taught = m < own->M, last = m == own->M - 1 && !c->labels;
	struct lesson *l = run_add_lesson(r, label, epochs);
	l->teacher = taught ? m : -1;
	l->selects = true;
	l->build = taught ? assistants_taught : assistants_labels;
	l->begin = taught ? assistants_begin : NULL;
	l->over = taught && own->by_temperature && !last ? assistants_over : NULL;
	l->takes_rest = taught && c->ends == ENDS_TEMPERATURE; /* no limit but the stage's: one epoch for each later teacher, and what was left */
	l->note = l->over && !(m && l->takes_rest) ? note_limit(r->arena, c, own, epochs) : NULL;
	l->end = taught ? assistants_end : assistants_labels_end;
	l->own = own;
	l->tau_epochs = c->ends == ENDS_LIMIT ? epochs : own->meant;
	lesson_moves(r, l, o, &s->schedule);
	l->optim[0].from = from;
	l->optim[0].epochs = s->train.epochs;
}

enum status assistants_define(struct stage_run *r, struct err *e)
{
	const struct stage *s = r->stage;
	const struct assistants_conf *c = s->conf;
	const struct assistants_own *from_file = s->own;
	struct assistants_own *own = NEW(r->arena, struct assistants_own);
	*own = *from_file;
	own->M = s->n_teacher;
	own->meant = fmax(c->phase_budget > 0 ? c->phase_budget * s->train.epochs : (double)s->train.epochs / (own->M + (c->labels ? 1 : 0)), 1);
	own->labels = c->labels;
	own->by_temperature = c->ends != ENDS_LIMIT && !*c->phases && temperature_first(own->terms, own->n);
	int *limit = NEW_ARRAY(r->arena, int, own->M);
	enum status st = limits(s, own, limit, e);
	if (st == OK)
		st = run_define_terms(r, from_file->terms, own->n, &own->terms, e);
	if (st != OK)
		return st;
	struct optim *o = run_optim(r, "student", &s->optim);
	optim_add_net(o, r->arena, r->student, 0, net_part_all(r->student));
	optim_add_terms(o, r->arena, own->terms, own->n);
	int from = 0;
	for (int m = 0; m < own->M; from += limit[m], m++)
		lay(r, own, o, arena_printf(r->arena, "teacher %d/%d", m + 1, own->M), m, from, limit[m]);
	if (c->labels)
		lay(r, own, o, "labels", own->M, from, s->train.epochs - from);
	return OK;
}

/* With `phases`: each as long as the other stage's of the same number, which are known now. */
enum status assistants_ready(struct stage_run *r, struct err *e)
{
	const struct stage *s = r->stage;
	const struct assistants_conf *c = s->conf;
	const int M = s->n_teacher, E = s->train.epochs;
	int sum = 0;
	if (!*c->phases)
		return OK;
	for (int m = 0; m < M; m++) {
		const int epochs = course_epochs(r->course, m);
		struct lesson *l = &r->lesson[m];
		if (!epochs)
			return err_user(e, s->course.at, "'%s' had no phase %d", c->phases, m + 1);
		l->optim[0].from = sum;
		l->epochs = l->tau_epochs = epochs;
		sum += epochs;
	}
	if (sum > E - (c->labels ? 1 : 0))
		return err_user(e, s->course.at, "the phases of '%s' are %d epochs in all, but stage '%s' has %d%s", c->phases, sum, s->name, E, c->labels ? ", one of them for the labels" : "");
	if (c->labels) {
		r->lesson[M].optim[0].from = sum;
		r->lesson[M].epochs = E - sum;
	} else {
		r->lesson[M - 1].epochs += E - sum;
	}
	return OK;
}
