/* Beside the steps of the main method: what is measured on held-out pictures, which anchor comes next, and whether a critic that can't tell is
   matched or dead. */
#include <math.h>

#include "base/log.h"
#include "engine/build.h"
#include "stages/blocks.h"

enum { FRESH_STEPS = 200 };
static const double chance = 0.5, near_chance = 0.02, fresh_lr = 1e-3;

/* ---- at the beginning, and on the held-out pictures ---- */

enum status blocks_begin(const struct lesson *l, struct aside *a, struct err *e)
{
	const struct blocks_lesson *bl = l->own;
	struct stage_run *r = aside_run(a);
	bool copied = false;
	for (int i = 0; i < bl->n_pair; i++)
		copied |= bl->pair[i].copy != NULL;
	if (copied && l == r->lesson)
		log_line(LOG_INFO, "%s: its critics move copies of the teacher's parts; the teacher, which others may share, stays as it is", r->stage->name);
	const enum status st = copies_start(bl, r, e);
	return st == OK ? copies_measure(l, a, COPIES_BEFORE, e) : st;
}

enum status blocks_exam(const struct lesson *l, struct step *st, struct err *e)
{
	(void)e;
	const struct blocks_lesson *bl = l->own;
	struct taps s = {0};
	struct pair_nodes *n = NEW_ARRAY(st->arena, struct pair_nodes, bl->n_pair);
	blocks_features(st, bl, 0, MODE_FROZEN, &s, n);
	for (int i = 0; i < bl->n_pair && graph_status(st->g) == OK && !l->selects; i++)
		step_hits(st, "graft", tail_logits(st, st->run->teacher, bl->pair[i].block, n[i].fake, arena_printf(st->arena, "graft%d", bl->pair[i].block)));
	copies_exam(st, bl);
	return graph_status(st->g);
}

/* ---- at the end: a critic at chance is matched if a fresh one fares no better, else dead ---- */

static enum status fresh_sides(const void *own, struct step *st, enum mode mode, struct pair_nodes *n)
{
	const struct blocks_lesson *bl = own;
	struct taps s = {0};
	blocks_features(st, bl, 0, MODE_FROZEN, &s, n);
	blocks_scores(st, bl, &bl->pair[0], mode, "fresh", n);
	return graph_status(st->g);
}

static enum status fresh_step(const void *own, struct step *st, struct err *e)
{
	(void)e;
	struct pair_nodes n = {0}, *sides = &n;
	if (fresh_sides(own, st, MODE_TRAIN, &n) == OK)
		blocks_critic(st, own, 0, "fresh", &sides, 1);
	return graph_status(st->g);
}

static enum status fresh_exam(const void *own, struct step *st, struct err *e)
{
	(void)e;
	const struct blocks_lesson *bl = own;
	struct pair_nodes n = {0};
	if (fresh_sides(own, st, MODE_FROZEN, &n) != OK)
		return graph_status(st->g);
	const struct critic_report rep = critic_report(st->g, bl->own->adversary, NULL, n.real_score, n.fake_score);
	step_metric(st, "real", rep.real_accuracy);
	step_metric(st, "fake", rep.fake_accuracy);
	return graph_status(st->g);
}

static enum status fresh_place(struct stage_run *r, const struct pair *p, struct err *e)
{
	enum status st = params_place(p->critic->params, r->dev, e);
	if (st == OK)
		st = net_init(p->critic, r->stage->seed_init, NULL, e);
	if (st == OK && p->critic_optim)
		st = optim_place(p->critic_optim, r->dev, e);
	if (st == OK && p->copy)
		st = params_place(p->copy->params, r->dev, e);
	if (st == OK && p->copy)
		st = params_copy(p->copy->params, r->teacher->params, e);
	if (st == OK && p->copy_optim)
		st = optim_place(p->copy_optim, r->dev, e);
	if (st == OK && p->critic_optim)
		optim_set_lr(p->critic_optim, p->critic_optim->conf.lr);
	if (st == OK && p->copy_optim)
		optim_set_lr(p->copy_optim, p->copy_optim->conf.lr);
	return st;
}

static void fresh_release(const struct pair *p)
{
	params_release(p->critic->params);
	if (p->critic_optim)
		optim_release(p->critic_optim);
	if (p->copy)
		params_release(p->copy->params);
	if (p->copy_optim)
		optim_release(p->copy_optim);
}

/* A critic may be dead for want of a rate: the fresh one has at least the default. */
static void fresh_rate(struct optim *o)
{
	if (o)
		o->conf.lr = fmax(o->conf.lr, fresh_lr);
}

/* Accuracy of a new critic, trained on the student as it stands, on held-out pictures. It moves in every step. steps: that the old one had. */
static enum status try_fresh(const struct lesson *l, struct aside *a, const struct pair *old, const char *label, double steps, struct err *e)
{
	struct stage_run *r = aside_run(a);
	const struct blocks_lesson *bl = l->own;
	static const char *const names[] = {"real", "fake"};
	double value[2] = {NAN, NAN};
	struct pair p = {.block = old->block, .adapter = old->adapter};
	struct blocks_conf conf = *bl->conf;
	struct blocks_lesson fresh = *bl;
	conf.critic_every = 1;
	fresh.conf = &conf;
	fresh.n_pair = fresh.n_student = 1;
	fresh.pair = &p;
	enum status st = critic_pair_define(r, r->teacher, arena_printf(r->arena, "%s/fresh", old->critic->name), &p, e);
	if (st != OK)
		return st;
	fresh_rate(p.critic_optim);
	fresh_rate(p.copy_optim);
	st = fresh_place(r, &p, e);
	if (st == OK)
		st = aside_train(a, FRESH_STEPS, l->teacher, fresh_step, &fresh, e);
	if (st == OK)
		st = aside_measure(a, PART_VALID, l->teacher, fresh_exam, &fresh, 2, names, value, e);
	fresh_release(&p);
	const double accuracy = (value[0] + value[1]) / 2;
	if (st != OK || isnan(accuracy))
		return st;
	const char *differ = steps < FRESH_STEPS ? arena_printf(r->arena, "the features differ, and the critic was dead or its %.0f steps were too few", steps)
	                                         : "the critic was dead, the features differ";
	log_line(LOG_INFO, "%s %s: %s ended near chance; a fresh one of %d steps is right on %.1f %% of held-out features: %s", r->stage->name, l->label, label,
	         FRESH_STEPS, 100 * accuracy, accuracy <= chance + near_chance ? "the student's features match the teacher's as far as it can tell" : differ);
	return aside_metric(a, arena_printf(r->arena, "%s/fresh_accuracy", label), accuracy, e);
}

enum status blocks_end(const struct lesson *l, struct aside *a, struct err *e)
{
	const struct blocks_lesson *bl = l->own;
	enum status st = copies_measure(l, a, COPIES_AFTER, e);
	for (int i = 0, w = 0; i < bl->n_pair && st == OK; i++) {
		const struct pair *p = &bl->pair[i];
		double steps;
		if (!p->critic_optim && !p->copy_optim)
			continue;
		if (aside_watched(a, w, &steps) == WATCH_CHANCE)
			st = try_fresh(l, a, p, l->watch[w].label, steps, e);
		w++;
	}
	return st;
}

/* ---- anchors that follow the student ---- */

/* KL of a candidate's answers to those of the student's features through its tail. */
static enum status distance_build(const void *own, struct step *st, struct err *e)
{
	(void)e;
	const struct blocks_lesson *bl = own;
	struct taps s = {0};
	struct pair_nodes *n = NEW_ARRAY(st->arena, struct pair_nodes, bl->n_pair);
	blocks_features(st, bl, 0, MODE_FROZEN, &s, n);
	const int last = bl->n_pair - 1;
	struct node *z = tail_logits(st, st->run->teacher, bl->pair[last].block, n[last].fake, "distance");
	if (z)
		step_metric(st, "kl", graph_kl_divergence(st->g, z, step_teacher(st)->logits, 1));
	return graph_status(st->g);
}

/* Of the meeting before: the lesson that went deepest. */
static const struct blocks_lesson *deepest(const struct stage_run *r, int meeting)
{
	const struct blocks_lesson *most = NULL;
	for (int k = 0; k < r->n_lesson; k++) {
		const struct blocks_lesson *bl = r->lesson[k].own;
		if (bl->meeting == meeting && (!most || bl->to > most->to))
			most = bl;
	}
	return most;
}

enum status blocks_choose(const struct lesson *l, struct aside *a, int *teacher, struct err *e)
{
	struct stage_run *r = aside_run(a);
	const struct blocks_lesson *bl = l->own;
	const int n = r->stage->n_teacher, at = (int)(l - r->lesson);
	static const char *const name[] = {"kl"};
	const struct blocks_lesson *before = at ? r->lesson[at - 1].own : NULL;
	if (before && before->meeting == bl->meeting) {
		*teacher = r->lesson[at - 1].teacher;
		return OK;
	}
	const int next = before ? r->lesson[at - 1].teacher + 1 : 0;
	*teacher = next < n ? next : n - 1;
	if (!before)
		return OK; /* the student knows nothing: the first */
	if (bl->meeting == bl->conf->meetings - 1)
		*teacher = n - 1;
	enum status st = OK;
	for (int k = *teacher + 1; k < n && st == OK; k++) {
		double kl = NAN;
		st = aside_measure(a, PART_VALID, k, distance_build, deepest(r, bl->meeting - 1), 1, name, &kl, e);
		if (st == OK && kl < bl->conf->follow)
			*teacher = k;
	}
	log_line(LOG_INFO, "%s: meeting %d of %d is with anchor %d of %d", r->stage->name, bl->meeting + 1, bl->conf->meetings, *teacher + 1, n);
	return st;
}
