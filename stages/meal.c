/*
 * MEAL: vectors of several places of student and teacher by soft labels, and a critic for each place. The released code minimises the
 * critics' loss over the student too, so that the student helps them: that sign is an option, and not the default.
 */
#include "base/rng.h"
#include "stages/adversary_step.h"

struct meal_conf {
	const struct conf *teacher;
	struct reals similarity;
	double adversarial, critic_lr;
	int pool, sign;
	bool relu_last;
};
enum { POOL_AVG, POOL_MAX };
enum { SIGN_PROPER, SIGN_RELEASED_CODE };
enum { MOST_PLACE = MAX_BLOCK + 1 };

static const struct opt opts[] = {
	NODE(meal_conf, teacher, "STAGE.last, STAGE.anchors, {file: PATH} or a list: an ensemble of one network, one drawn anew for each epoch"),
	REALS(meal_conf, similarity, "0.001 0.01 0.05 0.1 1", 0, 1e9, "-",
	      "weight of each place's soft labels: the last is the logits', those before it of the last blocks; more than there are blocks: the first are left out"),
	REAL(meal_conf, adversarial, 1, 0, 1e9, "-", "weight of each place's adversarial loss; 0: no critic is built"),
	CHOICE(meal_conf, pool, "avg", "avg|max", "how channels, and a larger map, become a vector"),
	CHOICE(meal_conf, sign, "proper", "proper|released_code", "proper: the student raises its critics' loss; released_code: it lowers it, as published results did"),
	BOOL(meal_conf, relu_last, true, "a ReLU after the critics' last layer, as the released code has it"),
	REAL(meal_conf, critic_lr, 1e-3, 0, 10, "-", "critics: learning rate, else the optimiser and the schedule are the student's"),
	{0},
};

struct place {
	int block;               /* 0: the logits */
	double similarity;
	const char *name, *mark; /* "block2", "logits"; "critic2", "critic" */
	struct net *critic;      /* NULL: none */
	struct optim *optim;
};

struct meal_lesson {
	const struct meal_conf *conf;
	int n;
	struct place place[MOST_PLACE];
};

static enum status read_own(struct experiment *x, struct stage *s, struct err *e)
{
	const struct meal_conf *c = s->conf;
	if (c->similarity.n == 0)
		return err_user(e, conf_where(s->map, "similarity"), "'similarity' is empty: one number for each place, the logits' the last");
	return references_read(x, s, c->teacher, true, &s->teacher, &s->n_teacher, e);
}

/* ---- the places ---- */

/* (N,C,H,W) to (N,h w): over channels, then to a map of h x w. */
static struct node *vector(struct graph *g, struct node *x, int h, int w, int pool)
{
	if (!x)
		return NULL;
	x = pool == POOL_AVG ? graph_mean(g, x, 1u << 1, true) : graph_max(g, x, 1u << 1, true);
	x = map_shrink(g, x, h, w, pool == POOL_MAX);
	return x ? graph_cast(g, graph_reshape(g, x, shape2(x->type.shape.d[0], h * w)), CLASS_WIDE) : NULL;
}

static void vectors(struct graph *g, const struct meal_conf *c, const struct place *p, const struct taps *s, const struct taps *t, struct node *v[2])
{
	if (!p->block) {
		v[0] = s->logits;
		v[1] = t->logits;
		return;
	}
	struct node *a = s->block[p->block], *b = t->block[p->block];
	v[0] = v[1] = NULL;
	if (!a || !b)
		return;
	const struct shape *m = &a->type.shape, *n = &b->type.shape, *small = m->d[2] <= n->d[2] ? m : n;
	v[0] = vector(g, a, small->d[2], small->d[3], c->pool);
	v[1] = vector(g, b, small->d[2], small->d[3], c->pool);
}

/* ---- critics: a vector to two numbers, student and teacher ---- */

static int part_of(int width, int divisor)
{
	return width / divisor > 0 ? width / divisor : 1;
}

/* 1x1 convolutions of a vector are linear layers. */
static struct node *critic_layers(struct builder *b, struct node *x, const void *conf)
{
	const struct meal_conf *c = conf;
	const int width = x ? x->type.shape.d[1] : 0;
	x = graph_relu(b->g, block_linear(b, x, "conv1", part_of(width, 2)));
	x = graph_relu(b->g, block_linear(b, x, "conv2", part_of(width, 4)));
	x = block_linear(b, x, "conv3", 2);
	return c->relu_last ? graph_relu(b->g, x) : x;
}

/* Half the mean of the two numbers' binary cross-entropies, on vectors that are (real) or are not the teacher's; score (N): how much they seem so. */
static struct node *judge(struct step *st, const struct meal_conf *c, const struct place *p, struct node *v, bool real, struct node **score)
{
	struct graph *g = st->g;
	struct node *z = own_net_apply(st, p->critic, critic_layers, c, v, MODE_TRAIN);
	if (!z)
		return NULL;
	const struct shape n = shape1(z->type.shape.d[0]);
	struct node *student = graph_reshape(g, graph_slice(g, z, 1, 0, 1, 1), n), *teacher = graph_reshape(g, graph_slice(g, z, 1, 1, 2, 1), n);
	*score = graph_sub(g, teacher, student);
	student = graph_softplus(g, graph_scale(g, student, real ? 1 : -1, 0));
	teacher = graph_softplus(g, graph_scale(g, teacher, real ? -1 : 1, 0));
	return graph_scale(g, graph_mean_all(g, graph_add(g, student, teacher)), 0.25, 0);
}

/* ---- the step ---- */

struct fight {
	struct node *critic, *fake; /* the critic's loss, and its part on the student's vectors */
};

static struct fight fight_build(struct step *st, const struct meal_conf *c, const struct place *p, struct node *const v[2])
{
	struct node *fake_score = NULL, *real_score = NULL;
	struct node *fake = judge(st, c, p, v[0], false, &fake_score), *real = judge(st, c, p, v[1], true, &real_score);
	const struct fight f = {.critic = graph_add(st->g, fake, real), .fake = fake};
	if (!f.critic)
		return f;
	if (c->sign == SIGN_PROPER)
		critic_step(st, p->mark, 1, adversary_middle(&adversary_non_saturating, 0), f.critic, real_score, fake_score, p->optim);
	else /* one update moves all: below */
		critic_metrics(st, p->mark, adversary_middle(&adversary_non_saturating, 0), f.critic, real_score, fake_score);
	return f;
}

/* As the code has it: one loss, minimised by the student and by the critics at once. */
static void minimise_together(struct step *st, const struct lesson *l, struct node *loss)
{
	struct node *losses[MOST_PLACE + 1];
	struct optim *optims[MOST_PLACE + 1];
	for (int i = 0; i < l->n_optim; i++) {
		losses[i] = loss;
		optims[i] = l->optim[i].optim;
	}
	step_minimise_each(st, "student", 1, l->n_optim, losses, optims);
}

static enum status build(const struct lesson *l, struct step *st, struct err *e)
{
	(void)e;
	const struct meal_lesson *ml = l->own;
	const struct meal_conf *c = ml->conf;
	const bool proper = c->sign == SIGN_PROPER;
	struct graph *g = st->g;
	struct taps s = {0};
	const struct taps *t = step_teacher(st);
	struct node *loss = NULL, *v[MOST_PLACE][2];
	struct fight f[MOST_PLACE] = {{0}};
	model_apply(g, st->run->student, 0, net_part_all(st->run->student), st->x, MODE_TRAIN, "student", &s);
	for (int i = 0; i < ml->n && graph_status(g) == OK; i++) {
		vectors(g, c, &ml->place[i], &s, t, v[i]);
		if (ml->place[i].critic)
			f[i] = fight_build(st, c, &ml->place[i], v[i]);
	}
	for (int i = 0; i < ml->n && graph_status(g) == OK; i++) {
		const struct place *p = &ml->place[i];
		if (p->similarity > 0)
			step_weigh(st, &loss, arena_printf(st->arena, "loss/similarity-%s", p->name), p->similarity, kd_divergence(g, v[i][0], v[i][1], 1));
		step_weigh(st, &loss, arena_printf(st->arena, "loss/adversarial-%s", p->name), c->adversarial,
		           proper ? graph_scale(g, f[i].fake, -1, 0) : f[i].critic);
	}
	if (graph_status(g) == OK && !loss)
		graph_fail(g, "every loss of stage '%s' has weight 0: nothing to learn from", st->run->stage->name);
	step_metric(st, "loss", loss);
	step_hits(st, "train_top1_running", s.logits);
	if (proper)
		step_minimise(st, "student", 1, loss, l->optim[0].optim);
	else if (graph_status(g) == OK)
		minimise_together(st, l, loss);
	return graph_status(g);
}

/* ---- definition ---- */

static enum status define_place(struct stage_run *r, const struct meal_conf *c, struct place *p, struct err *e)
{
	const struct stage *s = r->stage;
	struct type a, b;
	if (c->adversarial == 0)
		return OK;
	enum status st = tap_type(r->student, p->name, s->map->at, &a, e);
	if (st == OK)
		st = tap_type(r->teacher, p->name, s->map->at, &b, e);
	if (st != OK)
		return st;
	const struct shape *m = &a.shape, *n = &b.shape, *small = m->n_dim == 2 || m->d[2] <= n->d[2] ? m : n;
	const struct type vector = type_of(small->n_dim == 2 ? *small : shape2(small->d[0], small->d[2] * small->d[3]), CLASS_WIDE);
	struct optim_conf optim = s->optim;
	optim.lr = c->critic_lr;
	const char *name = arena_printf(r->arena, "%s/critic-%s", r->student->name, p->name);
	st = own_net_define(r, name, critic_layers, c, &vector, &p->critic, e);
	p->optim = run_optim(r, name, &optim);
	if (st == OK)
		optim_add_all(p->optim, r->arena, p->critic);
	return st;
}

static enum status define_places(struct stage_run *r, struct meal_lesson *ml, struct err *e)
{
	const struct meal_conf *c = ml->conf;
	const int B = r->student->B, places = c->similarity.n - 1 < B ? c->similarity.n : B + 1;
	enum status st = OK;
	if (B != r->teacher->B)
		return err_user(e, conf_where(r->stage->map, "train"), "'%s' has %d blocks but its teacher '%s' has %d: places are paired one to one",
		                r->student->model_name, B, r->teacher->model_name, r->teacher->B);
	for (int i = 0; i < places && st == OK; i++) {
		struct place *p = &ml->place[ml->n++];
		p->block = i < places - 1 ? B - (places - 2) + i : 0;
		p->similarity = c->similarity.v[c->similarity.n - places + i];
		p->name = p->block ? arena_printf(r->arena, "block%d", p->block) : "logits";
		p->mark = p->block ? arena_printf(r->arena, "critic%d", p->block) : "critic";
		st = define_place(r, c, p, e);
	}
	return st;
}

/* Epochs that follow each other with the same teacher are one lesson. */
static int draw(const struct stage_run *r, int epoch)
{
	struct rng g = rng_stream(r->stage->seed_init, (struct rng_name){.purpose = "teacher", .network = r->student->name, .epoch = (uint32_t)epoch});
	return (int)rng_below(&g, (uint32_t)r->stage->n_teacher);
}

static void add_lesson(struct stage_run *r, const struct meal_lesson *ml, struct optim *o, int from, int to)
{
	const struct stage *s = r->stage;
	const char *mark[MOST_PLACE];
	const int M = s->n_teacher, which = draw(r, from);
	struct lesson *l = run_add_lesson(r, M > 1 ? arena_printf(r->arena, "epoch %d teacher %d/%d", from + 1, which + 1, M) : "", to - from);
	lesson_moves(r, l, o, &s->schedule);
	for (int i = 0; i < ml->n; i++) {
		mark[i] = ml->place[i].mark;
		if (ml->place[i].critic)
			lesson_moves(r, l, ml->place[i].optim, &s->schedule);
	}
	for (int i = 0; i < l->n_optim; i++) {
		l->optim[i].from = from;
		l->optim[i].epochs = s->train.epochs;
	}
	if (l->n_optim > 1)
		critic_watch(r, l, ml->n, mark);
	l->teacher = which;
	l->selects = true;
	l->build = build;
	l->own = ml;
}

static enum status define(struct stage_run *r, struct err *e)
{
	const struct stage *s = r->stage;
	struct meal_lesson *ml = NEW(r->arena, struct meal_lesson);
	ml->conf = s->conf;
	const enum status st = define_places(r, ml, e);
	if (st != OK)
		return st;
	struct optim *o = run_optim(r, "student", &s->optim);
	optim_add_all(o, r->arena, r->student);
	for (int from = 0, to = 1; from < s->train.epochs; from = to++) {
		while (to < s->train.epochs && draw(r, to) == draw(r, from))
			to++;
		add_lesson(r, ml, o, from, to);
	}
	return OK;
}

const struct stage_kind stage_meal = {
	.name = "meal",
	.help = "an ensemble in one network: soft labels at several places, a critic at each",
	.formula = "v: a block's map, over channels, as a vector, or the logits; p = softmax(v)\n"
	           "student: sum over places of similarity * KL(p_t || p_s) - adversarial * L_D on v_s (released_code: + adversarial * L_D)\n"
	           "critics: L_D = BCE of two numbers, (1,0) for v_s and (0,1) for v_t; three layers to 1/2, 1/4 and 2 of the width, a ReLU after each",
	.paper = "Shen, He, Xue, MEAL, AAAI 2019",
	.differs = "the released code's gradient reversal is off, so that its student helps the critics: sign: released_code, with one update for all; proper moves the "
	           "critics first; KL in place of cross-entropy (the same gradient); maps aren't stretched to fixed lengths; teachers are of one network and "
	           "drawn by epoch, not by step",
	.revision = 1,
	.conf_size = sizeof(struct meal_conf),
	.opts = opts,
	.needs_teacher = true,
	.read = read_own,
	.define = define,
};
