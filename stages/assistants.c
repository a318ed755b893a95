/*
 * Assistant chains: a small teacher first, then larger ones, each until the temperature has come down to 1; then the labels alone. A teacher's phase
 * ends with an epoch: what is left of the one in which the temperature came to 1 learns from the labels, as the paper's loss says for t = 1.
 */
#include "stages/assistants.h"

#include <math.h>

#include "base/log.h"
#include "engine/build.h"

static const struct opt opts[] = {
	NODE(assistants_conf, teacher, "list of STAGE.last, STAGE.best, STAGE.anchors[i] or {file: PATH, network: NAME}: the small one first"),
	NODE(assistants_conf, temperature, "{kind: NAME, ...}: `limbeck list temperatures`; default: {kind: adaptive}. Its span is a teacher's phase, and it starts anew with each"),
	NODE(assistants_conf, losses, "beside a teacher: list of {kind, weight, ...}; those that read a teacher's logits have the stage's temperature unless they name "
	     "one; default: {kind: kd, form: cross_entropy}"),
	CHOICE(assistants_conf, ends, "either", "either|temperature|limit", "what ends a teacher's phase: the temperature at 1 or the limit, whichever is first, or one of them alone"),
	REAL(assistants_conf, phase_budget, 0, 0, 1, "-", "share of the epochs that is meant for each teacher, from which an adaptive temperature's learning rate follows; "
	     "0: equal parts, the labels' with them"),
	INTS(assistants_conf, phase_epochs, NULL, 1, 100000, "epochs", "the limit of each phase; empty: 5/4 of what is meant, rounded up, or with 'ends: limit' what is meant, and no more than "
	     "an equal part for each teacher of the epochs without one for the labels"),
	{.name = "phases", .type = OPT_TEXT, .offset = offsetof(struct assistants_conf, phases), .def_text = "", .unit = "-", .flags = OPT_NEUTRAL,
	 .help = "STAGE.temperature: phases as long as that stage's were, which end by nothing else"}, /* what they are enters the identity, and no name */
	BOOL(assistants_conf, labels, 1, "the labels alone after the last teacher; false: the last teacher stays to the end"),
	CHOICE(assistants_conf, t2_weight_path, "stop_gradient", "stop_gradient|none", "of the default loss: the factor t^2, a constant to the temperature, or none: then the student "
	       "learns K^2 times slower at K"),
	{0},
};

static const char default_temperature[] = "temperature: {kind: adaptive}";
static const char default_losses[] = "losses: [{kind: kd, form: cross_entropy}]";
static const char default_losses_none[] = "losses: [{kind: kd, form: cross_entropy, tau_squared: false}]";

static enum status read_default(struct arena *a, const char *text, const char *key, const struct conf **c, struct err *e)
{
	struct conf *made = NULL;
	const enum status st = conf_parse(a, text, "defaults", &made, e);
	*c = st == OK ? conf_find(made, key) : NULL;
	return st;
}

/* A smaller budget still meets every teacher, and the labels; its limits are the same shares of its epochs, at least one each. What does not fit is told
   in define. */
static void scale_limits(struct experiment *x, struct stage *s)
{
	struct assistants_conf *c = s->conf;
	const struct ints *asked = &c->phase_epochs;
	const int M = s->n_teacher, least = M + (c->labels ? 1 : 0);
	if (s->train.epochs >= s->epochs_asked)
		return;
	if (s->train.epochs < least)
		s->train.epochs = least < s->epochs_asked ? least : s->epochs_asked;
	if (asked->n != M)
		return;
	c->phase_epochs.v = epochs_scaled(x->arena, asked, s->epochs_asked, s->train.epochs, least - M);
}

/* Phase by phase: as many teachers, so that none is taught by the other stage's labels. */
static enum status read_phases(struct experiment *x, struct stage *s, struct err *e)
{
	const struct assistants_conf *c = s->conf;
	const struct where at = conf_where(s->map, "phases");
	if (course_is_path(c->phases))
		return err_user(e, at, "'phases' are those of a stage of this file, STAGE.temperature: only the temperatures can be another run's");
	const enum status st = course_read(x, s, c->phases, at, e);
	if (st != OK)
		return st;
	const struct stage *other = &x->stage[s->course.stage];
	if (other->kind != s->kind)
		return err_user(e, at, "'%s' has no phases: stage '%s' is of kind '%s', phases are those of kind '%s'", c->phases, other->name, other->kind->name, s->kind->name);
	if (other->n_teacher != s->n_teacher)
		return err_user(e, at, "'%s' has phases for %d teacher%s, but stage '%s' has %d", c->phases, other->n_teacher, other->n_teacher == 1 ? "" : "s", s->name, s->n_teacher);
	return OK;
}

static enum status read_own(struct experiment *x, struct stage *s, struct err *e)
{
	const struct assistants_conf *c = s->conf;
	const struct conf *losses = c->losses, *temperature = c->temperature;
	const char *what = arena_printf(x->arena, "stage '%s'", s->name);
	struct assistants_own *own = NEW(x->arena, struct assistants_own);
	struct temperature_use use = {0};
	s->own = own;
	s->has_temperature = true;
	const enum status teachers = references_read(x, s, c->teacher, true, &s->teacher, &s->n_teacher, e);
	scale_limits(x, s);
	enum status st = losses ? OK : read_default(x->arena, c->t2_weight_path == T2_NONE ? default_losses_none : default_losses, "losses", &losses, e);
	if (st == OK && !temperature)
		st = read_default(x->arena, default_temperature, "temperature", &temperature, e);
	if (st == OK)
		st = terms_read(x->arena, losses, what, &own->terms, &own->n, e);
	const enum status read = temperature ? temperature_read(x->arena, temperature, what, &use, e) : OK;
	st = st == OK ? read : st;
	if (st != OK)
		return st;
	for (int i = 0; i < own->n; i++)
		if ((own->terms[i].loss->needs & HAS_TAU) && (own->terms[i].loss->needs & NEED_TEACHER) && !own->terms[i].temperature.kind)
			own->terms[i].temperature = use;
	st = temperatures_read(x, s, own->terms, own->n, e);
	own->replays = s->has_course;
	if (st == OK && *c->phases)
		st = read_phases(x, s, e);
	if (st == OK && c->losses && c->t2_weight_path == T2_NONE)
		st = err_user(e, conf_where(s->map, "t2_weight_path"), "'t2_weight_path' is of the default loss: in 'losses' write {kind: kd, tau_squared: false}");
	return st == OK ? teachers : st;
}

static void canonical(const struct stage *s, struct str *text)
{
	const struct assistants_own *own = s->own;
	const struct assistants_conf *c = s->conf;
	if (*c->phases)
		str_add(text, "phases=of the course\n");
	if (c->ends == ENDS_TEMPERATURE && s->n_teacher > 1) /* once what a phase left was the labels' */
		str_add(text, "left=the next teacher's\n");
	terms_canonical(own->terms, own->n, text);
}

/* ---- the steps ---- */

static struct node *classes_loss(struct step *st, const struct taps *s)
{
	return graph_cross_entropy(st->g, s->logits, st->label, 0);
}

static enum status finish_build(const struct lesson *l, struct step *st, const struct taps *s, struct node *loss)
{
	step_metric(st, "loss", loss);
	step_hits(st, "train_top1_running", s->logits);
	step_minimise(st, "student", 1, loss, l->optim[0].optim);
	return OK;
}

/* Whether a temperature that has come to 1 leaves the labels to learn from: what is repeated does as the chain did. */
static bool goes_to_labels(const struct lesson *l, const struct assistants_own *own)
{
	return (own->by_temperature || own->replays) && (own->labels || l->teacher < own->M - 1);
}

enum status assistants_taught(const struct lesson *l, struct step *st, struct err *e)
{
	(void)e;
	const struct assistants_own *own = l->own;
	struct stage_run *r = st->run;
	struct taps s = {0};
	model_apply(st->g, r->student, 0, net_part_all(r->student), st->x, MODE_TRAIN, "student", &s);
	struct node *loss = step_terms(st, own->terms, own->n, &s, step_teacher(st), r->student, r->teacher);
	if (goes_to_labels(l, own) && st->tau) {
		struct node *over = graph_less_equal(st->g, st->tau, graph_const(st->g, TAU_OVER, shape0()));
		loss = graph_where(st->g, over, classes_loss(st, &s), loss);
	}
	return finish_build(l, st, &s, loss);
}

enum status assistants_labels(const struct lesson *l, struct step *st, struct err *e)
{
	(void)e;
	struct stage_run *r = st->run;
	struct taps s = {0};
	model_apply(st->g, r->student, 0, net_part_all(r->student), st->x, MODE_TRAIN, "student", &s);
	return finish_build(l, st, &s, classes_loss(st, &s));
}

/* ---- phases ---- */

enum status assistants_begin(const struct lesson *l, struct aside *a, struct err *e)
{
	const struct assistants_own *own = l->own;
	return temperatures_begin(l, a, own->terms, own->n, own->meant, e);
}

enum status assistants_over(const struct lesson *l, struct aside *a, bool *is_over, struct err *e)
{
	const struct assistants_own *own = l->own;
	double tau = NAN;
	const enum status st = temperature_next(l, a, own->terms, own->n, &tau, e);
	*is_over = st == OK && tau <= TAU_OVER;
	return st;
}

enum status assistants_labels_end(const struct lesson *l, struct aside *a, struct err *e)
{
	const enum status st = aside_metric(a, "phase_epochs", l->epochs, e);
	return st == OK ? aside_metric(a, "time/phase_seconds", aside_seconds(a), e) : st;
}

/* What would have let the temperature come to 1 before the limit. */
static const char *remedy(const struct assistants_own *own, const struct stage *s)
{
	const struct term *t = temperature_first(own->terms, own->n);
	const struct assistants_conf *c = s->conf;
	if (!t || !t->temperature.kind->begin) /* no gradient moves it */
		return "; this temperature does not come to 1 by itself";
	if (c->ends == ENDS_TEMPERATURE)
		return "; more 'epochs' give it more room, and a smaller 'phase_budget' makes it faster";
	return "; a larger 'phase_epochs' or a smaller 'phase_budget' gives it more room";
}

/* How long the phase was and why it ended, for the log, the metrics and the tables. */
enum status assistants_end(const struct lesson *l, struct aside *a, struct err *e)
{
	const struct assistants_own *own = l->own;
	const struct stage *s = aside_run(a)->stage;
	double tau = NAN;
	enum status st = temperature_next(l, a, own->terms, own->n, &tau, e);
	const bool could = l->over != NULL, by_limit = could && !(tau <= TAU_OVER);
	const struct { const char *name; double value; } row[] = {
		{"phase_epochs", l->epochs}, {"phase_meant_epochs", own->meant}, {"time/phase_seconds", aside_seconds(a)}, {"phase_tau", tau},
		{"phase_by_limit", could ? by_limit : NAN},
	};
	for (size_t i = 0; i < sizeof row / sizeof *row && st == OK; i++)
		st = aside_metric(a, row[i].name, row[i].value, e);
	if (st != OK || !could)
		return st;
	if (by_limit)
		log_line(LOG_WARN, "'%s' %s reached its limit of %d epochs with the temperature at %.3g (%.3g epochs were meant): it goes on%s", s->name, l->label, l->epochs, tau,
		         own->meant, remedy(own, s));
	else
		log_line(LOG_INFO, "'%s' %s ended by its temperature after %d epoch%s (%.3g were meant)", s->name, l->label, l->epochs, l->epochs == 1 ? "" : "s", own->meant);
	return OK;
}

const struct stage_kind stage_assistants = {
	.name = "assistants",
	.help = "a small teacher first, then larger ones, each until the temperature has come down to 1; then the labels",
	.formula = "phase m: sum of weight * loss(student, teacher m) at the temperature t, and the labels' cross-entropy where t = 1; then the labels' alone",
	.paper = "Journal of HUST (Natural Science) 2022, doi 10.13245/j.hust.220219",
	.differs = "a phase ends with the epoch in which t came to 1, or at a limit, which the paper does not have; the factor t^2 on the student's gradient, without "
	           "which it hardly learns at K, is ours (t2_weight_path)",
	.revision = 1,
	.conf_size = sizeof(struct assistants_conf),
	.opts = opts,
	.needs_teacher = true,
	.several_networks = true,
	.read = read_own,
	.canonical = canonical,
	.define = assistants_define,
	.ready = assistants_ready,
};
