/*
 * Knowledge transfer adversarial network. First a teacher-to-student map is learnt: it makes of the teacher's feature one of the student's type from
 * which the teacher's can be made again. What it gives is then the student's target, with a critic that calls the map's features real.
 */
#include "stages/adversary_step.h"
#include "stages/temperatures.h"

struct ktan_conf {
	const struct conf *teacher, *critic, *temperature;
	const char *student_tap, *teacher_tap;
	int map_epochs;
	double map_lr, feature, adversarial, ce, kd, tau;
	int adversary, critic_every;
	double critic_lr;
};

static const struct opt opts[] = {
	NODE(ktan_conf, teacher, "STAGE.last, STAGE.best, STAGE.anchors[i] or {file: PATH}"),
	TEXT(ktan_conf, student_tap, "", "where the student's feature is read; empty: its last block"),
	TEXT(ktan_conf, teacher_tap, "", "where the teacher's is; empty: its last block"),
	INT(ktan_conf, map_epochs, 2, 1, 100000, "epochs", "of the teacher-to-student map, before the student's"),
	REAL(ktan_conf, map_lr, 1e-3, 0, 10, "-", "map: Adam's learning rate, by the stage's schedule"),
	REAL(ktan_conf, feature, 1, 0, 1e9, "-", "weight of the mean squared difference to the map's feature"),
	REAL(ktan_conf, adversarial, 0.1, 0, 1e9, "-", "weight of the adversarial loss; 0: no critic is built"),
	REAL(ktan_conf, ce, 0.1, 0, 1e9, "-", "weight of the labels"),
	REAL(ktan_conf, kd, 0.9, 0, 1e9, "-", "weight of tau^2 KL by the teacher's logits"),
	REAL(ktan_conf, tau, 4, 0.001, 1000, "-", "temperature of the KL"),
	NODE(ktan_conf, temperature, "{kind: NAME, ...} in place of tau, a temperature that changes over the student's epochs: `limbeck list temperatures`"),
	CHOICE(ktan_conf, adversary, "non_saturating", "non_saturating|least_squares", "adversarial loss"),
	REAL(ktan_conf, critic_lr, 1e-4, 0, 10, "-", "critic: Adam's learning rate (betas .5 and .999), constant"),
	INT(ktan_conf, critic_every, 1, 1, 1000, "steps", "the critic moves on steps divisible by it"),
	NODE(ktan_conf, critic, "{width: 64, depth: 3, ...}: options of the critic small"),
	{0},
};

/* Layers to a type: the map, or back from it. */
struct layers {
	struct net *net;
	struct type to;
	bool relu;
};

struct ktan_own {
	void *critic;     /* options of the critic small */
	struct term *kd;  /* the KL by a temperature that changes; NULL: by the number tau, or not at all */
};

struct ktan_lesson {
	const struct ktan_conf *conf;
	struct term *kd;
	const void *critic_conf;
	const struct adversary *adversary;
	const char *student_tap, *teacher_tap;
	struct layers map, back;
	struct net *critic; /* NULL: none */
	struct optim *critic_optim;
};

/* The KL as a loss of the list, which knows temperatures. */
static enum status read_temperature(struct experiment *x, struct stage *s, struct term **kd, struct err *e)
{
	const struct ktan_conf *c = s->conf;
	const char *what = arena_printf(x->arena, "stage '%s'", s->name);
	struct conf *made = NULL;
	int n = 0;
	if (!c->temperature)
		return OK;
	if (conf_find(s->map, "tau"))
		return err_user(e, conf_where(s->map, "tau"), "%s has both 'tau' and 'temperature': one of them", what);
	enum status st = conf_parse(x->arena, "losses: [{kind: kd}]", "defaults", &made, e);
	if (st == OK)
		st = terms_read(x->arena, conf_find(made, "losses"), what, kd, &n, e);
	if (st != OK)
		return st;
	(*kd)->weight = c->kd;
	st = temperature_read(x->arena, c->temperature, what, &(*kd)->temperature, e);
	return st == OK ? temperatures_read(x, s, *kd, 1, e) : st;
}

static enum status read_own(struct experiment *x, struct stage *s, struct err *e)
{
	const struct ktan_conf *c = s->conf;
	struct ktan_own *own = NEW(x->arena, struct ktan_own);
	s->own = own;
	const enum status critic = small_critic_read(x, s, c->critic, &own->critic, e);
	const enum status teacher = references_read(x, s, c->teacher, false, &s->teacher, &s->n_teacher, e);
	const enum status temperature = read_temperature(x, s, &own->kd, e);
	return critic != OK ? critic : teacher == OK ? temperature : teacher;
}

static void canonical(const struct stage *s, struct str *text)
{
	const struct ktan_conf *c = s->conf;
	const struct ktan_own *own = s->own;
	if (c->adversarial > 0)
		small_critic_canonical(own->critic, text);
	if (own->kd)
		terms_canonical(own->kd, 1, text);
}

static struct node *apply_layers(struct builder *b, struct node *x, const void *conf)
{
	const struct layers *m = conf;
	struct type to = m->to;
	if (x)
		to.shape.d[0] = x->type.shape.d[0];
	return adapt(b, x, &to, m->relu, ADAPTER_ALWAYS, "map");
}

static struct node *teacher_feature(struct step *st, const struct ktan_lesson *kl)
{
	return taps_find(step_teacher(st), st->run->teacher, kl->teacher_tap, st->g->at, st->g->err);
}

/* The map and the way back: what the teacher's feature loses on the way. */
static enum status build_map(const struct lesson *l, struct step *st, struct err *e)
{
	(void)e;
	const struct ktan_lesson *kl = l->own;
	struct node *f = teacher_feature(st, kl);
	struct node *shared = own_net_apply(st, kl->map.net, apply_layers, &kl->map, f, MODE_TRAIN);
	struct node *again = own_net_apply(st, kl->back.net, apply_layers, &kl->back, shared, MODE_TRAIN);
	struct node *loss = again ? graph_mean_square(st->g, again, f) : NULL;
	step_metric(st, "loss", loss);
	step_minimise(st, "map", 1, loss, l->optim[0].optim);
	return graph_status(st->g);
}

static struct node *critic_segment(struct step *st, const struct ktan_lesson *kl, struct node *real, struct node *fake)
{
	struct node *real_score = small_critic_score(st, kl->critic, kl->critic_conf, real, "critic/real");
	struct node *fake_score = small_critic_score(st, kl->critic, kl->critic_conf, fake, "critic/fake");
	if (!real_score || !fake_score)
		return NULL;
	critic_step(st, "critic", kl->conf->critic_every, adversary_middle(kl->adversary, 0), kl->adversary->critic(st->g, real_score, fake_score, 0), real_score, fake_score,
	            kl->critic_optim);
	return kl->adversary->student(st->g, fake_score);
}

static void add_kd(struct step *st, const struct ktan_lesson *kl, const struct taps *s, struct node **loss)
{
	if (!kl->kd) {
		step_weigh(st, loss, "loss/kd", kl->conf->kd, kd_divergence(st->g, s->logits, step_teacher(st)->logits, kl->conf->tau));
		return;
	}
	struct node *weighted = step_terms(st, kl->kd, 1, s, step_teacher(st), st->run->student, st->run->teacher);
	*loss = *loss ? graph_add(st->g, *loss, weighted) : weighted;
}

static enum status build_student(const struct lesson *l, struct step *st, struct err *e)
{
	(void)e;
	const struct ktan_lesson *kl = l->own;
	const struct ktan_conf *c = kl->conf;
	struct net *student = st->run->student;
	struct graph *g = st->g;
	struct taps s = {0};
	struct node *loss = NULL;
	model_apply(g, student, 0, net_part_all(student), st->x, MODE_TRAIN, "student", &s);
	struct node *fake = taps_find(&s, student, kl->student_tap, g->at, g->err);
	struct node *real = own_net_apply(st, kl->map.net, apply_layers, &kl->map, teacher_feature(st, kl), MODE_FROZEN);
	if (kl->critic)
		step_weigh(st, &loss, "loss/adversarial", c->adversarial, critic_segment(st, kl, real, fake));
	if (c->feature > 0 && real && fake)
		step_weigh(st, &loss, "loss/feature", c->feature, graph_mean_square(g, fake, graph_stop_gradient(g, real)));
	if (c->ce > 0)
		step_weigh(st, &loss, "loss/ce", c->ce, graph_cross_entropy(g, s.logits, st->label, 0));
	if (c->kd > 0)
		add_kd(st, kl, &s, &loss);
	if (graph_status(g) == OK && !loss)
		graph_fail(g, "every loss of stage '%s' has weight 0: nothing to learn from", st->run->stage->name);
	step_metric(st, "loss", loss);
	step_hits(st, "train_top1_running", s.logits);
	step_minimise(st, "student", 1, loss, l->optim[0].optim);
	return graph_status(g);
}

/* Whether a network's tap ends in a ReLU. */
static bool rectified(struct net *net, const char *tap, struct arena *a, struct err *e)
{
	struct graph *g = graph_new(a, e);
	struct taps taps = {0};
	model_apply(g, net, 0, net_part_all(net), graph_input(g, "x", shape4(2, net->C, net->H, net->W), CLASS_ACT), MODE_FROZEN, net->name, &taps);
	return graph_status(g) == OK && tap_has_relu(&taps, net, tap);
}

static const char *tap_or_last(struct stage_run *r, const char *tap, const struct net *net)
{
	return *tap ? tap : arena_printf(r->arena, "block%d", net->B);
}

static enum status define_networks(struct stage_run *r, struct ktan_lesson *kl, struct err *e)
{
	const struct stage *s = r->stage;
	const char *name = r->student->name;
	kl->student_tap = tap_or_last(r, kl->conf->student_tap, r->student);
	kl->teacher_tap = tap_or_last(r, kl->conf->teacher_tap, r->teacher);
	enum status st = tap_type(r->student, kl->student_tap, conf_where(s->map, "student_tap"), &kl->map.to, e);
	if (st == OK)
		st = tap_type(r->teacher, kl->teacher_tap, conf_where(s->map, "teacher_tap"), &kl->back.to, e);
	if (st != OK)
		return st;
	if (kl->map.to.shape.n_dim != 4 || kl->back.to.shape.n_dim != 4)
		return err_user(e, s->map->at, "taps of stage '%s' are %s and %s: maps (N,C,H,W) are wanted", s->name, shape_str(&kl->map.to.shape),
		                shape_str(&kl->back.to.shape));
	kl->map.relu = rectified(r->student, kl->student_tap, r->arena, e);
	kl->back.relu = rectified(r->teacher, kl->teacher_tap, r->arena, e);
	st = own_net_define(r, arena_printf(r->arena, "%s/map", name), apply_layers, &kl->map, &kl->back.to, &kl->map.net, e);
	if (st == OK)
		st = own_net_define(r, arena_printf(r->arena, "%s/back", name), apply_layers, &kl->back, &kl->map.to, &kl->back.net, e);
	if (st == OK && kl->conf->adversarial > 0)
		st = small_critic_define(r, arena_printf(r->arena, "%s/critic", name), kl->critic_conf, &kl->map.to, &kl->critic, e);
	if (st == OK && kl->critic)
		kl->critic_optim = critic_optim(r, kl->critic, kl->conf->critic_lr);
	return st;
}

static void add_map_lesson(struct stage_run *r, const struct ktan_lesson *kl)
{
	const struct optim_conf adam = {.kind = OPTIM_ADAM, .lr = kl->conf->map_lr, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8};
	struct lesson *l = run_add_lesson(r, "map", kl->conf->map_epochs);
	struct optim *o = run_optim(r, "map", &adam);
	optim_add_all(o, r->arena, kl->map.net);
	optim_add_all(o, r->arena, kl->back.net);
	lesson_moves(r, l, o, &r->stage->schedule);
	l->teacher = 0;
	l->build = build_map;
	l->own = kl;
}

static enum status begin_student(const struct lesson *l, struct aside *a, struct err *e)
{
	const struct ktan_lesson *kl = l->own;
	return temperatures_begin(l, a, kl->kd, 1, l->epochs, e);
}

static void add_student_lesson(struct stage_run *r, const struct ktan_lesson *kl)
{
	static const struct schedule_conf constant = {0};
	static const char *const mark[] = {"critic"};
	struct lesson *l = run_add_lesson(r, "student", r->stage->train.epochs);
	struct optim *o = run_optim(r, "student", &r->stage->optim);
	optim_add_all(o, r->arena, r->student);
	lesson_moves(r, l, o, &r->stage->schedule);
	if (kl->critic) {
		lesson_moves(r, l, kl->critic_optim, &constant);
		critic_watch(r, l, 1, mark);
	}
	l->teacher = 0;
	l->selects = true;
	l->build = build_student;
	l->begin = kl->kd && kl->conf->kd > 0 ? begin_student : NULL;
	l->own = kl;
}

static enum status define(struct stage_run *r, struct err *e)
{
	const struct ktan_own *from_file = r->stage->own;
	struct ktan_lesson *kl = NEW(r->arena, struct ktan_lesson);
	kl->conf = r->stage->conf;
	kl->critic_conf = from_file->critic;
	kl->adversary = adversary_find(opt_choice(opts, "adversary", kl->conf->adversary));
	enum status st = define_networks(r, kl, e);
	if (st == OK && from_file->kd)
		st = run_define_terms(r, from_file->kd, 1, &kl->kd, e);
	if (st != OK)
		return st;
	if (kl->conf->feature > 0 || kl->critic)
		add_map_lesson(r, kl);
	add_student_lesson(r, kl);
	return OK;
}

const struct stage_kind stage_ktan = {
	.name = "ktan",
	.help = "a learnt teacher-to-student map gives the student its target, a critic judges the student's feature beside it",
	.formula = "map: R and its way back Q by mean (Q(R(f_t)) - f_t)^2; then R is frozen\n"
	           "critic: D(R(f_t)) real, D(f_s) fake\n"
	           "student: feature * mean (R(f_t) - f_s)^2 + adversarial * adv(D(f_s)) + ce * CE(z_s, y) + kd * tau^2 KL(p_t || p_s)",
	.paper = "Liu, Liu, Ma, Mei, Seok, KTAN, 2018 (arXiv 1810.08126)",
	.differs = "how the map is learnt is a reading of ours (as a code that keeps the teacher's feature), and so are weights, rates and the shapes of map and critic",
	.revision = 1,
	.conf_size = sizeof(struct ktan_conf),
	.opts = opts,
	.needs_teacher = true,
	.no_anchors = true,
	.read = read_own,
	.canonical = canonical,
	.define = define,
};
