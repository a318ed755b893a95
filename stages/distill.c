/*
 * Distillation: any weighted sum of losses between taps of a teacher and a student. Several teachers (the anchors of one
 * training, or networks that are cut short at one block after another) are met in order, each for its share of the epochs, the student going
 * on from where it was (RCO, Jin et al. 2019).
 */
#include <limits.h>
#include <string.h>

#include "engine/build.h"
#include "stages/temperatures.h"

struct distill_conf {
	const struct conf *teacher, *losses;
	int span;
	struct ints teacher_epochs;
};
enum { SPAN_STAGE, SPAN_TEACHER };

struct distill_own {
	struct term *terms;
	int n;
};

static const struct opt opts[] = {
	NODE(distill_conf, teacher, "STAGE.last, STAGE.best, STAGE.anchors, STAGE.anchors[i], {file: PATH}, {anchors: STAGE.anchors, order: reversed}, or "
	     "a list of them: met in order; they may be of several networks, and one may be there several times"),
	NODE(distill_conf, losses, "list of {kind, weight, student, teacher, ...}; default: .1 ce + .9 kd at tau 4"),
	{.name = "schedule_span", .type = OPT_CHOICE, .offset = offsetof(struct distill_conf, span), .def_text = "stage",
	 .choices = "stage|teacher", .unit = "-", .help = "several teachers: one schedule over all, or a new one for each"},
	INTS(distill_conf, teacher_epochs, NULL, 1, 100000, "epochs", "several teachers: how long each teaches, `epochs` in all; empty: equal shares"),
	{0},
};

static const char default_losses[] = "losses: [{kind: ce, weight: 0.1}, {kind: kd, weight: 0.9, tau: 4}]";

static int sum_of(const struct ints *v)
{
	long sum = 0;
	for (int i = 0; i < v->n; i++)
		sum += v->v[i];
	return sum > INT_MAX ? INT_MAX : (int)sum;
}

/* The same shares of a smaller budget's epochs, at least one each. What does not fit is told in define. */
static void scale_shares(struct experiment *x, struct stage *s)
{
	struct distill_conf *c = s->conf;
	const struct ints *asked = &c->teacher_epochs;
	const int n = asked->n, epochs = s->train.epochs;
	if (!n || n != s->n_teacher || n > epochs || epochs >= s->epochs_asked || sum_of(asked) != s->epochs_asked)
		return;
	c->teacher_epochs.v = epochs_scaled(x->arena, asked, s->epochs_asked, epochs, 0);
}

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
	scale_shares(x, s);
	const enum status temperatures = terms == OK ? temperatures_read(x, s, own->terms, own->n, e) : terms;
	return temperatures == OK ? teachers : temperatures;
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
	step_hits(st, "train_top1_running", s.logits);
	step_minimise(st, "student", 1, loss, l->optim[0].optim);
	return OK;
}

/* A temperature goes on from teacher to teacher where the schedule does. */
static enum status begin(const struct lesson *l, struct aside *a, struct err *e)
{
	const struct distill_own *own = l->own;
	return temperatures_begin(l, a, own->terms, own->n, l->optim[0].epochs, e);
}

static enum status check_epochs(const struct stage *s, struct err *e)
{
	const struct distill_conf *c = s->conf;
	const struct ints *each = &c->teacher_epochs;
	const int M = s->n_teacher;
	if (s->anchors_rule == ANCHORS_PLATEAU && c->span == SPAN_TEACHER && M > 1)
		return err_user(e, conf_where(s->map, "anchors"), "anchors by 'plateau' are of one schedule over the stage: with 'schedule_span: teacher' list the epochs");
	if (each->n && each->n != M)
		return err_user(e, conf_where(s->map, "teacher_epochs"), "'teacher_epochs' has %d number%s for %d teacher%s", each->n, each->n == 1 ? "" : "s", M,
		                M == 1 ? "" : "s");
	if (each->n && sum_of(each) != s->train.epochs)
		return err_user(e, conf_where(s->map, "teacher_epochs"), "'teacher_epochs' are %d in all, but 'epochs' is %d", sum_of(each), s->train.epochs);
	if (s->train.epochs < M)
		return err_user(e, conf_where(s->map, "epochs"), "'epochs' is %d for %d teachers, at least one each", s->train.epochs, M);
	return OK;
}

static enum status define(struct stage_run *r, struct err *e)
{
	const struct stage *s = r->stage;
	const struct distill_conf *c = s->conf;
	const struct distill_own *from_file = s->own;
	struct distill_own *own = NEW(r->arena, struct distill_own);
	*own = *from_file;
	enum status st = run_define_terms(r, from_file->terms, own->n, &own->terms, e);
	if (st == OK)
		st = check_epochs(s, e);
	if (st != OK)
		return st;
	struct optim *o = run_optim(r, "student", &s->optim);
	optim_add_net(o, r->arena, r->student, 0, net_part_all(r->student));
	optim_add_terms(o, r->arena, own->terms, own->n);
	const int M = s->n_teacher;
	for (int m = 0, from = 0, to; m < M; m++, from = to) {
		to = c->teacher_epochs.n ? from + c->teacher_epochs.v[m] : s->train.epochs * (m + 1) / M;
		struct lesson *l = run_add_lesson(r, M > 1 ? arena_printf(r->arena, "teacher %d/%d", m + 1, M) : "", to - from);
		l->teacher = m;
		l->selects = true;
		l->build = build;
		l->own = own;
		if (s->has_temperature && (m == 0 || c->span == SPAN_TEACHER))
			l->begin = begin;
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
	.differs = "RCO: anchors get equal shares of the epochs, unless `teacher_epochs` says otherwise",
	.revision = 1,
	.conf_size = sizeof(struct distill_conf),
	.opts = opts,
	.needs_teacher = true,
	.several_networks = true,
	.read = read_own,
	.canonical = canonical,
	.define = define,
};
