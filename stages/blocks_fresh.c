/* At the end of a lesson of the main method: a critic that was at chance is matched if a fresh one fares no better, else dead. */
#include <math.h>

#include "base/log.h"
#include "gan/critic.h"
#include "stages/blocks.h"

enum { FRESH_STEPS = 200 };
static const double chance = 0.5, near_chance = 0.02, fresh_lr = 1e-3;

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

/* What the fresh critic's exams read. */
struct fresh {
	struct blocks_lesson lesson;
	double middle; /* of its scores; NaN while it is asked for */
};

/* Mean scores, and what is right by the middle. */
static enum status fresh_exam(const void *own, struct step *st, struct err *e)
{
	(void)e;
	const struct fresh *f = own;
	struct pair_nodes n = {0};
	if (fresh_sides(&f->lesson, st, MODE_FROZEN, &n) != OK)
		return graph_status(st->g);
	const struct critic_report rep = critic_report(st->g, f->middle, NULL, n.real_score, n.fake_score);
	step_metric(st, "real", isnan(f->middle) ? rep.real_mean : rep.real_accuracy);
	step_metric(st, "fake", isnan(f->middle) ? rep.fake_mean : rep.fake_accuracy);
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

/* Trained on the student as it stands; it moves in every step. Its scores are divided halfway between their two means on the training pictures: 200 steps
   are too few to bring them to where the loss would have the middle, and that they tell apart is all that is asked. Then the share of right answers on
   held-out pictures. */
static enum status fresh_accuracy(const struct lesson *l, struct aside *a, struct fresh *f, double *accuracy, struct err *e)
{
	static const char *const names[] = {"real", "fake"};
	double value[2] = {NAN, NAN};
	enum status st = fresh_place(aside_run(a), f->lesson.pair, e);
	if (st == OK)
		st = aside_train(a, FRESH_STEPS, l->teacher, fresh_step, &f->lesson, e);
	if (st == OK)
		st = aside_measure(a, PART_TRAIN, l->teacher, fresh_exam, f, 2, names, value, e);
	f->middle = (value[0] + value[1]) / 2;
	if (st == OK)
		st = aside_measure(a, PART_VALID, l->teacher, fresh_exam, f, 2, names, value, e);
	*accuracy = (value[0] + value[1]) / 2;
	fresh_release(f->lesson.pair);
	return st;
}

const char *fresh_verdict(struct arena *a, double accuracy, double steps)
{
	if (accuracy < chance - near_chance)
		return "that is worse than chance, so it learnt nothing that holds, and nothing is known of the features";
	if (accuracy <= chance + near_chance)
		return "the student's features match the teacher's as far as it can tell";
	if (steps < FRESH_STEPS)
		return arena_printf(a, "the features differ, and the critic was dead or its %.0f steps were too few", steps);
	return "the critic was dead, the features differ";
}

/* Of the critic of a pair, watch w of the lesson, which was at chance. */
static enum status try_fresh(const struct lesson *l, struct aside *a, const struct pair *old, int w, struct err *e)
{
	struct stage_run *r = aside_run(a);
	const struct blocks_lesson *bl = l->own;
	const char *label = l->watch[w].label;
	double accuracy = NAN, steps;
	const bool ended_so = aside_watched(a, w, &steps) == WATCH_CHANCE;
	const char *was = arena_printf(r->arena, "%s %s: %s %s near chance", r->stage->name, l->label, label, ended_so ? "ended" : "was for a time");
	if (!r->x->data->n_valid) {
		log_line(LOG_INFO, "%s; no picture is held out, so nothing can tell whether the features match or the critic is dead", was);
		return OK;
	}
	struct pair p = {.block = old->block, .adapter = old->adapter};
	struct blocks_conf conf = *bl->conf;
	struct fresh f = {.lesson = *bl, .middle = NAN};
	conf.critic_every = 1;
	f.lesson.conf = &conf;
	f.lesson.n_pair = f.lesson.n_student = 1;
	f.lesson.pair = &p;
	enum status st = critic_pair_define(r, r->teacher, arena_printf(r->arena, "%s/fresh", old->critic->name), &p, e);
	if (st != OK)
		return st;
	fresh_rate(p.critic_optim);
	fresh_rate(p.copy_optim);
	st = fresh_accuracy(l, a, &f, &accuracy, e);
	if (st == E_RUN) { /* an instrument's failure is not the stage's */
		log_line(LOG_INFO, "%s; a fresh one did not stay finite, so nothing is known of the features: %s", was, e->text);
		err_clear(e);
		return OK;
	}
	if (st != OK)
		return st;
	log_line(LOG_INFO, "%s; a fresh one of %d steps is right on %.1f %% of held-out features: %s", was, FRESH_STEPS, 100 * accuracy,
	         fresh_verdict(r->arena, accuracy, steps));
	return aside_metric(a, arena_printf(r->arena, "%s/fresh_accuracy", label), accuracy, e);
}

enum status blocks_end(const struct lesson *l, struct aside *a, struct err *e)
{
	const struct blocks_lesson *bl = l->own;
	enum status st = copies_measure(l, a, COPIES_AFTER, e);
	for (int i = 0, w = 0; i < bl->n_pair && st == OK; i++) {
		const struct pair *p = &bl->pair[i];
		if (!p->critic_optim && !p->copy_optim)
			continue;
		if (aside_alarmed(a, w, WATCH_CHANCE))
			st = try_fresh(l, a, p, w, e);
		w++;
	}
	return st;
}
