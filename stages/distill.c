/*
 * Distillation: any weighted sum of losses between taps of a teacher and a student. Several teachers (the anchors of one
 * training) are met in order, each for an equal share of the epochs, the student going on from where it was (RCO, Jin et al. 2019).
 */
#include <string.h>

#include "engine/build.h"
#include "stages/stage.h"

struct distill_conf {
	const struct conf *teacher, *losses;
	int span;
};
enum { SPAN_STAGE, SPAN_TEACHER };

struct distill_own {
	struct term *terms;
	int n;
};

static const struct opt opts[] = {
	NODE(distill_conf, teacher, "STAGE.last, STAGE.best, STAGE.anchors, STAGE.anchors[i], {file: PATH}, or a list: met in order"),
	NODE(distill_conf, losses, "list of {kind, weight, student, teacher, ...}; default: .1 ce + .9 kd at tau 4"),
	{.name = "schedule_span", .type = OPT_CHOICE, .offset = offsetof(struct distill_conf, span), .def_text = "stage",
	 .choices = "stage|teacher", .unit = "-", .help = "several teachers: one schedule over all, or a new one for each"},
	{0},
};

static const char default_losses[] = "losses: [{kind: ce, weight: 0.1}, {kind: kd, weight: 0.9, tau: 4}]";

static enum status read_own(struct experiment *x, struct stage *s, struct err *e)
{
	const struct distill_conf *c = s->conf;
	const struct conf *losses = c->losses;
	struct distill_own *own = NEW(x->arena, struct distill_own);
	s->own = own;
	if (!losses) {
		struct conf *made = NULL;
		const enum status st = conf_parse(x->arena, default_losses, "default losses", &made, e);
		if (st != OK)
			return st;
		losses = conf_find(made, "losses");
	}
	const enum status terms = terms_read(x->arena, losses, arena_printf(x->arena, "stage '%s'", s->name), &own->terms, &own->n, e);
	const enum status teachers = references_read(x, s, c->teacher, true, &s->teacher, &s->n_teacher, e);
	if (s->train.epochs < s->epochs_asked && s->train.epochs < s->n_teacher) /* a smaller budget still meets every teacher */
		s->train.epochs = s->n_teacher < s->epochs_asked ? s->n_teacher : s->epochs_asked;
	return terms == OK ? teachers : terms;
}

static void canonical(const struct stage *s, struct str *text)
{
	const struct distill_own *own = s->own;
	terms_canonical(own->terms, own->n, text);
}

static enum status build(const struct lesson *l, struct step *st, struct err *e)
{
	(void)e;
	const struct distill_own *own = l->own;
	struct stage_run *r = st->run;
	struct taps s = {0};
	model_apply(st->g, r->student, 0, net_part_all(r->student), st->x, MODE_TRAIN, "student", &s);
	struct node *loss = step_terms(st, own->terms, own->n, &s, step_teacher(st), r->student, r->teacher);
	step_metric(st, "loss", loss);
	step_accuracy(st, s.logits);
	step_minimise(st, "student", 1, loss, l->optim[0].optim);
	return OK;
}

/* The terms of a run are copies: their own parameters live as long as the run. */
static enum status define_terms(struct stage_run *r, struct distill_own **out, struct err *e)
{
	const struct distill_own *from = r->stage->own;
	struct distill_own *own = NEW(r->arena, struct distill_own);
	own->n = from->n;
	own->terms = NEW_ARRAY(r->arena, struct term, own->n);
	memcpy(own->terms, from->terms, (size_t)own->n * sizeof *own->terms);
	for (int i = 0; i < own->n; i++) {
		struct term *t = &own->terms[i];
		const enum status st = term_define(r->arena, t, r->student, r->teacher, arena_printf(r->arena, "%s/%s", r->student->name, t->name), e);
		if (st != OK)
			return st;
		run_add_net(r, t->own);
	}
	*out = own;
	return OK;
}

static enum status define(struct stage_run *r, struct err *e)
{
	const struct stage *s = r->stage;
	const struct distill_conf *c = s->conf;
	struct distill_own *own = NULL;
	const enum status st = define_terms(r, &own, e);
	if (st != OK)
		return st;
	struct optim *o = run_optim(r, "student", &s->optim);
	optim_add_net(o, r->arena, r->student, 0, net_part_all(r->student));
	for (int i = 0; i < own->n; i++)
		for (int k = 0; own->terms[i].own && k < own->terms[i].own->params->n_param; k++)
			optim_add(o, r->arena, own->terms[i].own->params, k);
	const int M = s->n_teacher;
	if (s->train.epochs < M)
		return err_user(e, conf_where(s->map, "epochs"), "'epochs' is %d for %d teachers, at least one each", s->train.epochs, M);
	for (int m = 0; m < M; m++) {
		const int from = s->train.epochs * m / M, to = s->train.epochs * (m + 1) / M;
		struct lesson *l = run_add_lesson(r, M > 1 ? arena_printf(r->arena, "teacher %d/%d", m + 1, M) : "", to - from);
		l->teacher = m;
		l->selects = true;
		l->build = build;
		l->own = own;
		lesson_moves(r, l, o, &s->schedule);
		if (c->span == SPAN_STAGE) {
			l->optim[0].from = from;
			l->optim[0].epochs = s->train.epochs;
		}
	}
	return OK;
}

const struct stage_kind stage_distill = {
	.name = "distill",
	.help = "learns from one teacher, or from several in order, by any weighted sum of losses between taps",
	.formula = "sum of weight * loss(student tap, teacher tap); `limbeck info NAME` has each loss",
	.paper = "Hinton, Vinyals, Dean 2015; several teachers in order: Jin et al., ICCV 2019 (RCO)",
	.differs = "RCO: anchors get equal shares of the epochs",
	.revision = 1,
	.conf_size = sizeof(struct distill_conf),
	.opts = opts,
	.needs_teacher = true,
	.read = read_own,
	.canonical = canonical,
	.define = define,
};
