/* The step of a blocks lesson: METHODS A.3 as a graph. Critics first, then the students against the moved critics. */
#include <math.h>

#include "base/rng.h"
#include "engine/build.h"
#include "gan/penalty.h"
#include "stages/adversary_step.h"
#include "stages/blocks.h"

struct node *tail_logits(struct step *st, struct net *teacher, int block, struct node *h, const char *name)
{
	struct taps taps = {0};
	model_apply(st->g, teacher, block + 1, net_part_all(teacher), h, MODE_FROZEN, name, &taps);
	return taps.logits;
}

/* ---- features ---- */

/* The adapter ends as the tap that it imitates: else real features could be told from fake ones by their sign. */
static struct node *apply_adapter(struct step *st, const struct pair *pair, int g, enum mode mode, struct node *u, const struct taps *t, int kind)
{
	struct builder b = {.g = st->g, .net = pair->adapter[g], .mode = mode};
	const bool relu = tap_has_relu(t, st->run->teacher, arena_printf(st->arena, "block%d", pair->block));
	return adapt(&b, u, &t->block[pair->block]->type, relu, (enum adapter)kind, "adapt");
}

void blocks_features(struct step *st, const struct blocks_lesson *bl, int g, enum mode mode, struct taps *s, struct pair_nodes *n)
{
	struct net *student = bl->student[g];
	const struct taps *t = step_teacher(st);
	const char *name = g ? arena_printf(st->arena, "student%d", g + 1) : "student";
	const enum mode before = mode == MODE_TRAIN && bl->conf->statistics == STATISTICS_MOVING ? MODE_TRAIN : MODE_FROZEN;
	struct node *x = st->x;
	if (bl->from > 0)
		x = model_apply(st->g, student, 0, bl->from - 1, x, before, arena_printf(st->arena, "%s/frozen", name), NULL);
	model_apply(st->g, student, bl->from, bl->to, x, mode, name, s);
	for (int i = 0; i < bl->n_pair && graph_status(st->g) == OK; i++) {
		const int block = bl->pair[i].block;
		n[i] = (struct pair_nodes){.block = s->block[block], .real = t->block[block]};
		n[i].fake = apply_adapter(st, &bl->pair[i], g, mode, n[i].block, t, bl->conf->adapter);
	}
	/* Whatever is read at the output goes through blocks that do not move: their statistics do, or they would be those of no pictures. */
	if (bl->through_output && mode == MODE_TRAIN)
		model_apply(st->g, student, bl->to + 1, net_part_all(student), s->block[bl->to], mode, arena_printf(st->arena, "%s/output", name), s);
}

/* ---- critics ---- */

static bool own_scale(const struct blocks_lesson *bl, const struct pair *p)
{
	return bl->conf->normalise && !p->copy && !bl->own->critic->has_tail;
}

/* (h - mean) / deviation of each channel of the teacher's features in this batch; no gradient through these. */
static struct node *per_channel(struct graph *g, struct node *h, struct node *real)
{
	if (!h || !real)
		return NULL;
	const unsigned axes = 1u << 0 | 1u << 2 | 1u << 3;
	struct node *r = graph_cast(g, graph_stop_gradient(g, real), CLASS_WIDE);
	struct node *mean = graph_mean(g, r, axes, true), *gap = graph_sub(g, r, mean);
	struct node *inverse = graph_pow(g, graph_scale(g, graph_mean(g, graph_mul(g, gap, gap), axes, true), 1, 1e-5), -0.5);
	return graph_mul(g, graph_sub(g, graph_cast(g, h, CLASS_WIDE), mean), inverse);
}

struct node *blocks_scaled(struct step *st, const struct blocks_lesson *bl, struct node *h, struct node *real)
{
	return bl->conf->normalise ? per_channel(st->g, h, real) : h;
}

static struct node *score(struct step *st, const struct blocks_lesson *bl, const struct pair *p, enum mode mode, struct node *h, struct node *real,
                          const char *name, struct taps *taps)
{
	const struct critic_site site = {.g = st->g, .own = p->critic, .teacher = p->copy ? p->copy : st->run->teacher, .block = p->block, .mode = mode,
	                                 .name = name, .taps = taps, .label = st->label};
	if (own_scale(bl, p))
		h = graph_cast(st->g, per_channel(st->g, h, real), CLASS_ACT);
	return bl->own->critic->score(bl->own->critic_conf, &site, h);
}

void blocks_scores(struct step *st, const struct blocks_lesson *bl, const struct pair *p, enum mode mode, const char *name, struct pair_nodes *n)
{
	const bool tail = bl->own->critic->has_tail;
	struct taps real = {0}, fake = {0};
	if (!n->real_score)
		n->real_score = score(st, bl, p, mode, n->real, n->real, arena_printf(st->arena, "%s/real", name), &real);
	n->fake_score = score(st, bl, p, mode, n->fake, n->real, arena_printf(st->arena, "%s/fake", name), &fake);
	if (tail && p->copy) {
		n->copy_real = n->copy_real ? n->copy_real : real.logits;
		n->copy_fake = fake.logits;
	} else if (tail)
		n->fake_logits = fake.logits;
}

static struct node *add(struct graph *g, struct node *sum, struct node *value, double weight)
{
	if (!value || weight == 0)
		return sum;
	value = weight == 1 ? value : graph_scale(g, value, weight, 0);
	return sum ? graph_add(g, sum, value) : value;
}

static double penalty_weight(const struct blocks_lesson *bl)
{
	return bl->conf->gradient_penalty < 0 ? bl->own->adversary->penalty : bl->conf->gradient_penalty;
}

/* What is said of each generator is a mean over them, as the scores of their features are. */
static struct node *mean_over(struct graph *g, struct node *const value[], int n)
{
	struct node *sum = value[0];
	for (int k = 1; k < n; k++)
		sum = graph_add(g, sum, value[k]);
	return n > 1 ? graph_scale(g, sum, 1.0 / n, 0) : sum;
}

/* Each generator has mixtures of its own. */
static struct node *mixed_penalty(struct step *st, const struct blocks_lesson *bl, const struct pair *p, const char *mark, int k, const struct pair_nodes *n)
{
	unsigned key[2];
	const char *student = k ? arena_printf(st->arena, "/student%d", k + 1) : "";
	rng_key(st->run->stage->seed_init, (struct rng_name){.purpose = "penalty", .network = p->critic->name, .application = k ? student : NULL}, key);
	struct node *mix = penalty_mix(st->g, n->real, n->fake, key);
	return penalty_gradient(st->g, score(st, bl, p, MODE_FROZEN, mix, n->real, arena_printf(st->arena, "%s/mix%s", mark, student), NULL), mix, 1);
}

/* Both penalties read the critic on features of their own: without a gradient to any student. */
static struct node *add_penalties(struct step *st, const struct blocks_lesson *bl, int i, const char *mark, struct pair_nodes *const n[], int n_student,
                                  struct node *loss)
{
	struct graph *g = st->g;
	if (penalty_weight(bl) > 0) {
		struct node **each = NEW_ARRAY(st->arena, struct node *, n_student);
		for (int k = 0; k < n_student; k++)
			each[k] = mixed_penalty(st, bl, &bl->pair[i], mark, k, &n[k][i]);
		struct node *value = mean_over(g, each, n_student);
		step_metric(st, arena_printf(st->arena, "%s/penalty", mark), value);
		loss = add(g, loss, value, penalty_weight(bl));
	}
	if (bl->conf->r1 > 0) {
		struct node *value = penalty_r1(g, n[0][i].real_score, n[0][i].real);
		step_metric(st, arena_printf(st->arena, "%s/r1", mark), value);
		loss = add(g, loss, value, bl->conf->r1);
	}
	return loss;
}

/* What keeps the copy a teacher, and what lets it learn from the students. */
static struct node *add_mutual(struct step *st, const struct blocks_lesson *bl, int i, const char *mark, struct pair_nodes *const n[], int n_student,
                               struct node *loss)
{
	const struct blocks_conf *c = bl->conf;
	struct graph *g = st->g;
	struct node *real = n[0][i].copy_real;
	if (!real)
		return loss;
	if (c->copy_ce > 0) {
		struct node *value = graph_cross_entropy(g, real, st->label, 0);
		step_metric(st, arena_printf(st->arena, "%s/copy_ce", mark), value);
		loss = add(g, loss, value, c->copy_ce);
	}
	if (c->copy_kd > 0) {
		/* Both pass through the same tail: without the stop it would learn to hide the difference. */
		struct node **each = NEW_ARRAY(st->arena, struct node *, n_student);
		for (int k = 0; k < n_student; k++)
			each[k] = kd_divergence(g, real, n[k][i].copy_fake, c->tau);
		struct node *value = mean_over(g, each, n_student);
		step_metric(st, arena_printf(st->arena, "%s/copy_kd", mark), value);
		loss = add(g, loss, value, c->copy_kd);
	}
	return loss;
}

/* Which side of it a score lies on is the critic's answer; NaN: the midpoint of the batch's mean scores. */
static double middle_of(const struct blocks_own *own, double smoothing)
{
	const bool has_zero = !own->critic->has_zero || own->critic->has_zero(own->critic_conf);
	return has_zero ? adversary_middle(own->adversary, smoothing) : (double)NAN;
}

void blocks_critic(struct step *st, const struct blocks_lesson *bl, int i, const char *mark, struct pair_nodes *const n[], int n_student)
{
	const struct pair *p = &bl->pair[i];
	const struct adversary *adv = bl->own->adversary;
	struct graph *g = st->g;
	struct optim *o[2];
	int n_optim = 0;
	struct node **fakes = NEW_ARRAY(st->arena, struct node *, n_student);
	for (int k = 0; k < n_student; k++)
		fakes[k] = n[k][i].fake_score;
	if (graph_status(g) != OK)
		return;
	struct node *fake = n_student > 1 ? graph_concat(g, fakes, n_student, 0) : fakes[0];
	struct node *loss = adv->critic(g, n[0][i].real_score, fake, bl->conf->smoothing);
	critic_metrics(st, mark, middle_of(bl->own, bl->conf->smoothing), loss, n[0][i].real_score, fake);
	if (p->critic_optim)
		o[n_optim++] = p->critic_optim;
	if (p->copy_optim)
		o[n_optim++] = p->copy_optim;
	if (!n_optim)
		return; /* no adversary: a fixed score, which the students raise */
	loss = add_penalties(st, bl, i, mark, n, n_student, loss);
	loss = add_mutual(st, bl, i, mark, n, n_student, loss);
	/* The critic's parameters alone are its wrt: nothing reaches the students, whose features need no second pass. */
	step_minimise_all(st, mark, bl->conf->critic_every, loss, o, n_optim);
}

/* ---- the step ---- */

static void build_pairs(struct step *st, const struct blocks_lesson *bl, struct pair_nodes *const n[])
{
	for (int i = 0; i < bl->n_pair && graph_status(st->g) == OK; i++) {
		const struct pair *p = &bl->pair[i];
		if (!p->critic)
			continue;
		const char *mark = bl->n_pair > 1 ? arena_printf(st->arena, "critic%d", p->block) : "critic";
		for (int g = 0; g < bl->n_student; g++) {
			n[g][i].real_score = n[0][i].real_score;
			n[g][i].copy_real = n[0][i].copy_real;
			blocks_scores(st, bl, p, MODE_TRAIN, arena_printf(st->arena, g ? "critic%d/student%d" : "critic%d", p->block, g + 1), &n[g][i]);
		}
		blocks_critic(st, bl, i, mark, n, bl->n_student);
	}
}

enum status blocks_build(const struct lesson *l, struct step *st, struct err *e)
{
	(void)e;
	const struct blocks_lesson *bl = l->own;
	struct graph *g = st->g;
	struct taps *s = NEW_ARRAY(st->arena, struct taps, bl->n_student);
	struct pair_nodes **n = NEW_ARRAY(st->arena, struct pair_nodes *, bl->n_student);
	for (int k = 0; k < bl->n_student; k++) {
		n[k] = NEW_ARRAY(st->arena, struct pair_nodes, bl->n_pair);
		blocks_features(st, bl, k, MODE_TRAIN, &s[k], n[k]);
	}
	build_pairs(st, bl, n);
	struct node *loss = blocks_losses(st, bl, s, n);
	if (graph_status(g) != OK)
		return graph_status(g);
	if (!loss)
		return graph_fail(g, "every loss of '%s' has weight 0: nothing to learn from", l->label), graph_status(g);
	step_metric(st, "loss", loss);
	if (s[0].logits && l->selects)
		step_hits(st, "train_top1_running", s[0].logits);
	else if (n[0][bl->n_pair - 1].fake_logits)
		step_hits(st, "train_graft", n[0][bl->n_pair - 1].fake_logits);
	step_minimise(st, "student", bl->conf->critic_steps, loss, l->optim[0].optim);
	return graph_status(g);
}
