/*
 * Kinds of stage with a critic: who moves and which way. A small step of the student raises the critic's score of its features, a small step of
 * the critic raises real over fake; neither changes a weight of the other. The same checks see a flipped sign and a missing detach.
 */
#include <math.h>

#include "base/file.h"
#include "engine/params.h"
#include "tests/stages/duel.h"

#define HEAD TOP STAGES TEACH "  - {name: m, epochs: 1, train: student, momentum: 0, nesterov: false, weight_decay: 0, "
#define TAUGHT "teacher: teach.last, "
#define SMALL "critic: {width: 4, depth: 2}"

static const struct fight {
	const char *options;
	int lesson, student, critic; /* optimisers that fight */
	const char *mark, *net;      /* the critic's metrics, and its network */
	const char *bias;            /* whose value brings scores to the middle; NULL: they are there */
} fights[] = {
	{"kind: anc, " TAUGHT "logits: 0, widths: 6, regulariser: none", 0, 0, 1, "critic", "student/critic", NULL},
	{"kind: anc, " TAUGHT "logits: 0, widths: 6, dropout: 0, regulariser: l2, regulariser_weight: 1e-6", 0, 0, 1, "critic", "student/critic", NULL},
	{"kind: anc, " TAUGHT "logits: 0, widths: 6, student_loss: minimax, regulariser: l1, regulariser_weight: 1e-6", 0, 0, 1, "critic", "student/critic", NULL},
	{"kind: meal, " TAUGHT "similarity: [0, 0], relu_last: false", 0, 0, 1, "critic2", "student/critic-block2", NULL},
	{"kind: meal, " TAUGHT "similarity: [0, 0], relu_last: false, pool: max", 0, 0, 1, "critic2", "student/critic-block2", NULL},
	{"kind: afd, " SMALL, 0, 3, 2, "critic1", "student/critic1", "head.bias"},
	{"kind: afd, peers: [teacher, deep], " SMALL ", block: 1", 0, 8, 7, "critic3", "student/critic3", "head.bias"},
	{"kind: afd, peers: [teacher], adapter: always, " SMALL, 0, 3, 2, "critic1", "student/critic1", "head.bias"},
	{"kind: ktan, " TAUGHT "ce: 0, kd: 0, feature: 0, " SMALL, 1, 0, 1, "critic", "student/critic", NULL},
	{"kind: ktan, " TAUGHT "ce: 0, kd: 0, feature: 0, adversary: least_squares, " SMALL, 1, 0, 1, "critic", "student/critic", "head.bias"},
};
enum { FIGHTS = sizeof fights / sizeof *fights };

static double metric_of(const struct duel *d, const struct fight *f, const char *what)
{
	return duel_metric(d, arena_printf(life, "%s/%s", f->mark, what));
}

static struct duel begin(const struct fight *f, bool attached)
{
	struct duel d = duel_open(arena_printf(life, HEAD "%s}\n", f->options), f->lesson);
	if (f->bias)
		duel_set(duel_net(&d, f->net), f->bias, 0.5);
	const struct optim *student = d.lesson.optim[f->student].optim;
	for (int i = 0; attached && i < student->n; i++) /* the student's weights in the critic's optimiser */
		optim_add(d.lesson.optim[f->critic].optim, life, student->item[i].set, student->item[i].index);
	duel_build(&d);
	return d;
}

/* One optimiser's step, between two at rest that tell the scores before and after. */
static void one_step(struct duel *d, const struct fight *f, int optim, double lr, double real[2], double fake[2])
{
	for (int i = 0; i < 2; i++) {
		duel_rate(d, optim, 0);
		duel_step(d);
		real[i] = metric_of(d, f, "real_mean");
		fake[i] = metric_of(d, f, "fake_mean");
		duel_rate(d, optim, lr);
		if (i == 0)
			duel_step(d);
	}
	duel_rate(d, optim, 0);
}

static bool others_stay(const struct duel *d, const struct optim *o, const struct bytes *before)
{
	bool same = true;
	for (int i = 0; i < d->r->n_net; i++)
		if (!optim_count_of(o, d->r->net[i]->params))
			same &= bytes_same(before[i], duel_bytes(d->r->net[i], false, 0, MAX_BLOCK + 1));
	return same;
}

static struct bytes *look(const struct duel *d)
{
	struct bytes *b = NEW_ARRAY(life, struct bytes, d->r->n_net);
	for (int i = 0; i < d->r->n_net; i++)
		b[i] = duel_bytes(d->r->net[i], false, 0, MAX_BLOCK + 1);
	return b;
}

static bool student_step_is_right(const struct fight *f, double lr)
{
	double real[2], fake[2];
	struct duel d = begin(f, false);
	const struct optim *o = d.lesson.optim[f->student].optim;
	const struct bytes *before = look(&d), teacher = d.teacher ? duel_bytes(d.r->teacher, false, 0, 9) : (struct bytes){0};
	one_step(&d, f, f->student, lr, real, fake);
	bool right = fake[1] > fake[0] && others_stay(&d, o, before) && !optim_count_of(o, duel_net(&d, f->net)->params);
	right &= !d.teacher || bytes_same(teacher, duel_bytes(d.r->teacher, false, 0, 9));
	duel_close(&d);
	return right;
}

static bool critic_step_is_right(const struct fight *f, double lr, bool attached)
{
	double real[2], fake[2];
	struct duel d = begin(f, attached);
	const struct bytes *before = look(&d);
	one_step(&d, f, f->critic, lr, real, fake);
	bool right = real[1] - fake[1] > real[0] - fake[0];
	for (int i = 0; i < d.r->n_net; i++)
		right &= (d.r->net[i] == duel_net(&d, f->net)) != bytes_same(before[i], duel_bytes(d.r->net[i], false, 0, MAX_BLOCK + 1));
	duel_close(&d);
	return right;
}

START_TEST(student_answers)
{
	ck_assert(student_step_is_right(&fights[_i], 1e-4));
	ck_assert_msg(!student_step_is_right(&fights[_i], -1e-4), "a flipped sign is not seen");
}
END_TEST

START_TEST(critic_tells)
{
	ck_assert(critic_step_is_right(&fights[_i], 1e-4, false));
	ck_assert_msg(!critic_step_is_right(&fights[_i], -1e-4, false), "a flipped sign is not seen");
	ck_assert_msg(!critic_step_is_right(&fights[_i], 1e-4, true), "a missing detach is not seen");
}
END_TEST

/* MEAL's released code: the student helps, and one update moves both. */
START_TEST(released_sign_helps_the_critic)
{
	struct fight f = fights[3];
	double real[2], fake[2];
	f.options = "kind: meal, " TAUGHT "similarity: [0, 0], relu_last: false, sign: released_code";
	ck_assert(!student_step_is_right(&f, 1e-4));
	struct duel d = begin(&f, false);
	one_step(&d, &f, f.student, 1e-4, real, fake);
	ck_assert_double_lt(fake[1], fake[0]);
	ck_assert_double_eq(real[1], real[0]);
	ck_assert_int_eq(d.step->desc.n_segment, 1);
	ck_assert_int_eq(d.step->segment[0].n_optim, 3);
	one_step(&d, &f, f.critic, 1e-4, real, fake);
	ck_assert_double_gt(real[1] - fake[1], real[0] - fake[0]);
	duel_close(&d);
}
END_TEST

/* ---- losses by hand: critics whose last weights are 0 give their bias ---- */

static double softplus(double x)
{
	return log1p(exp(x));
}

static const struct hand {
	const char *options;
	double critic, student;
} anc_hands[] = {
	{"regulariser: none, adversarial: 3", 0, 0},
	{"regulariser: adversarial, regulariser_weight: 0.3", 0.3, 0},
	{"regulariser: none, student_loss: minimax", 0, 1},
};

START_TEST(anc_by_hand)
{
	const struct hand *h = &anc_hands[_i];
	struct duel d = duel_open(arena_printf(life, HEAD "kind: anc, " TAUGHT "logits: 7, widths: [5, 3], %s}\n", h->options), 0);
	struct net *critic = duel_net(&d, "student/critic");
	duel_set(critic, "head.weight", 0);
	duel_set(critic, "head.bias", 0.7);
	duel_set(d.r->student, "fc.weight", 0);
	duel_set(d.r->student, "fc.bias", 1.5);
	duel_set(d.r->teacher, "fc.weight", 0);
	duel_set(d.r->teacher, "fc.bias", -0.5);
	duel_build(&d);
	duel_step(&d);
	const double want = h->student ? -softplus(0.7) : softplus(-0.7);
	ck_assert_double_eq_tol(duel_metric(&d, "critic/loss"), softplus(-0.7) + softplus(0.7) + h->critic * softplus(-0.7), 1e-12);
	ck_assert_double_eq_tol(duel_metric(&d, "loss/adversarial"), want, 1e-12);
	ck_assert_double_eq_tol(duel_metric(&d, "loss/logits"), 4, 1e-12);
	ck_assert_double_eq_tol(duel_metric(&d, "loss"), 7 * 4 + (_i ? 1 : 3) * want, 1e-12);
	ck_assert_double_eq(duel_metric(&d, "critic/real_accuracy"), 1);
	ck_assert_double_eq(duel_metric(&d, "critic/fake_accuracy"), 0);
	duel_close(&d);
}
END_TEST

/* 8 features to 2 to 1: 16 weights of 0.5, 2 of -3; biases do not count. */
START_TEST(anc_size_of_weights)
{
	static const char *const kinds[] = {"l1", "l2"};
	struct duel d = duel_open(arena_printf(life, HEAD "kind: anc, " TAUGHT "widths: 2, regulariser_weight: 0.01, regulariser: %s}\n", kinds[_i]), 0);
	struct net *critic = duel_net(&d, "student/critic");
	duel_set(critic, "fc1.weight", 0.5);
	duel_set(critic, "fc1.bias", 100);
	duel_set(critic, "head.weight", -3);
	duel_build(&d);
	duel_step(&d);
	ck_assert_double_eq_tol(duel_metric(&d, "critic/regulariser"), _i ? 16 * 0.25 + 2 * 9 : 8 + 6, 1e-12);
	duel_close(&d);
}
END_TEST

/* Two numbers, z for the student's and w for the teacher's: both are given a bias. */
START_TEST(meal_by_hand)
{
	static const char *const signs[] = {"proper", "released_code"};
	struct duel d = duel_open(arena_printf(life, HEAD "kind: meal, " TAUGHT "similarity: [0, 5], adversarial: 3, sign: %s}\n", signs[_i]), 0);
	const double z = 0.3, w = 1.1, fake = (softplus(-z) + softplus(w)) / 4, real = (softplus(z) + softplus(-w)) / 4;
	struct net *one = duel_net(&d, "student/critic-block2"), *two = duel_net(&d, "student/critic-logits");
	bool state;
	for (int i = 0; i < 2; i++) {
		struct net *critic = i ? two : one;
		duel_set(critic, "conv3.weight", 0);
		ck_ok(params_put(critic->params, params_find(critic->params, "conv3.bias", &state), false, i ? (const double[]){z, w} : (const double[]){-4, -2}, &e));
	}
	duel_set(d.r->student, "fc.weight", 0);
	duel_set(d.r->teacher, "fc.weight", 0);
	ck_ok(params_put(d.r->student->params, params_find(d.r->student->params, "fc.bias", &state), false, (const double[]){0, log(3), 0, log(5)}, &e));
	ck_ok(params_put(d.r->teacher->params, params_find(d.r->teacher->params, "fc.bias", &state), false, (const double[]){log(2), 0, log(6), 0}, &e));
	duel_build(&d);
	duel_step(&d);
	ck_assert_double_eq_tol(duel_metric(&d, "critic/loss"), fake + real, 1e-12);
	ck_assert_double_eq_tol(duel_metric(&d, "critic/fake_mean"), w - z, 1e-12);
	ck_assert_double_eq_tol(duel_metric(&d, "critic2/loss"), log(2), 1e-12); /* the last ReLU makes both numbers 0 */
	/* p_t 2/10, 1/10, 6/10, 1/10; p_s 1/10, 3/10, 1/10, 5/10 */
	const double kl = 0.2 * log(2) + 0.1 * log(1 / 3.0) + 0.6 * log(6) + 0.1 * log(1 / 5.0);
	ck_assert_double_eq_tol(duel_metric(&d, "loss/similarity-logits"), kl, 1e-12);
	const double adversarial = _i ? fake + real + log(2) : -fake - log(2) / 2;
	ck_assert_double_eq_tol(duel_metric(&d, "loss"), 5 * kl + 3 * adversarial, 1e-12);
	duel_close(&d);
}
END_TEST

/* Two blocks and the logits take the last three of five weights. */
START_TEST(meal_places)
{
	struct duel d = duel_open(HEAD "kind: meal, " TAUGHT "adversarial: 0}\n", 0);
	duel_build(&d);
	duel_step(&d);
	ck_assert(duel_has(&d, "loss/similarity-block1") && duel_has(&d, "loss/similarity-block2") && duel_has(&d, "loss/similarity-logits"));
	ck_assert_double_eq_tol(duel_metric(&d, "loss"),
	                        0.05 * duel_metric(&d, "loss/similarity-block1") + 0.1 * duel_metric(&d, "loss/similarity-block2") +
	                                duel_metric(&d, "loss/similarity-logits"), 1e-12);
	ck_assert_int_eq(d.r->n_net, 1);
	duel_close(&d);
}
END_TEST

/* Scores 0.7 everywhere. The peer's logits give p 3/4, 1/12...; each peer learns from the one before it. */
START_TEST(afd_by_hand)
{
	struct duel d = duel_open(HEAD "kind: afd, peers: [student, student], kd: 5, tau: 2, " SMALL "}\n", 0);
	static const double logits[3][4] = {{3, 1, 1, 1}, {1, 2, 1, 4}, {1, 1, 5, 1}}; /* softened: their shares */
	static const char *const nets[] = {"student", "student/peer2", "student/peer3"}, *const names[] = {"", "peer2/", "peer3/"};
	bool state;
	for (int k = 0; k < 3; k++) {
		struct net *net = duel_net(&d, nets[k]), *critic = duel_net(&d, arena_printf(life, "student/critic%d", k + 1));
		double bias[4];
		for (int i = 0; i < 4; i++)
			bias[i] = 2 * log(logits[k][i]);
		duel_set(net, "fc.weight", 0);
		ck_ok(params_put(net->params, params_find(net->params, "fc.bias", &state), false, bias, &e));
		duel_set(critic, "head.weight", 0);
		duel_set(critic, "head.bias", 0.7);
	}
	duel_build(&d);
	duel_step(&d);
	for (int k = 0; k < 3; k++) {
		const double *q = logits[k], *p = logits[(k + 2) % 3];
		double kl = 0, all_q = 0, all_p = 0;
		for (int i = 0; i < 4; i++) {
			all_q += q[i];
			all_p += p[i];
		}
		for (int i = 0; i < 4; i++)
			kl += p[i] / all_p * log(p[i] / all_p / (q[i] / all_q));
		ck_assert_double_eq_tol(duel_metric(&d, arena_printf(life, "%sloss/kd", names[k])), 4 * kl, 1e-12);
		ck_assert_double_eq_tol(duel_metric(&d, arena_printf(life, "%sloss", names[k])),
		                        duel_metric(&d, arena_printf(life, "%sloss/ce", names[k])) + 5 * 4 * kl, 1e-12);
		ck_assert_double_eq_tol(duel_metric(&d, arena_printf(life, "critic%d/loss", k + 1)), 0.09 + 0.49, 1e-12);
		ck_assert_double_eq_tol(duel_metric(&d, arena_printf(life, "%sloss/adversarial", names[k])), 0.09, 1e-12);
	}
	duel_close(&d);
}
END_TEST

/* The first update moves each peer by its own losses: the others' logits are constants to it. */
START_TEST(afd_peers_are_detached)
{
	struct duel d = duel_open(HEAD "kind: afd, peers: [teacher], adversarial: false}\n", 0);
	ck_assert_int_eq(d.r->n_net, 2);
	ck_assert_int_eq(d.lesson.n_optim, 2);
	duel_build(&d);
	for (int k = 0; k < 2; k++) {
		const struct bytes *before = look(&d);
		duel_step(&d);
		const double own = duel_metric(&d, k ? "peer2/loss" : "loss");
		duel_rate(&d, k, 1e-3);
		duel_step(&d);
		duel_rate(&d, k, 0);
		duel_step(&d);
		ck_assert_double_lt(duel_metric(&d, k ? "peer2/loss" : "loss"), own);
		ck_assert(!bytes_same(before[k], duel_bytes(d.r->net[k], false, 0, 9)));
		ck_assert(bytes_same(before[1 - k], duel_bytes(d.r->net[1 - k], false, 0, 9)));
	}
	duel_close(&d);
}
END_TEST

/* Twins by name, not by weights; the second's accuracy is looked at on held-out pictures. */
START_TEST(afd_twins_and_exam)
{
	struct duel d = duel_open(HEAD "kind: afd, adversarial: false}\n", 0);
	ck_assert(!bytes_same(duel_bytes(d.r->net[0], false, 0, 9), duel_bytes(d.r->net[1], false, 0, 9)));
	d.lesson.build = d.lesson.exam;
	struct step *st = NULL;
	ck_ok(step_new(d.r, &d.lesson, 20, NULL, life, &st, &e));
	ck_assert_int_eq(st->desc.n_metric, 1);
	ck_assert_str_eq(st->metric_name[0], "peer2/top1");
	ck_assert(st->desc.n_segment == 1 && !st->segment[0].n_optim);
	d.lesson.build = d.r->lesson[0].build;
	duel_build(&d);
	duel_close(&d);
}
END_TEST

/* The map's lesson moves the map alone; the student's leaves it, and its statistics, as they are. The target by hand: 1.5 where the student's is 0.25. */
START_TEST(ktan_map_then_student)
{
	struct duel d = duel_open(HEAD "kind: ktan, " TAUGHT "feature: 2, adversarial: 0, ce: 0, kd: 0}\n", _i);
	struct net *map = duel_net(&d, "student/map"), *back = duel_net(&d, "student/back");
	duel_set(map, "map.norm.weight", 0);
	duel_set(map, "map.norm.bias", 1.5);
	duel_set(back, "map.norm.weight", 0);
	duel_set(back, "map.norm.bias", 0.5);
	duel_set(d.r->teacher, "block2.0.norm.weight", 0);
	duel_set(d.r->teacher, "block2.0.norm.bias", 3);
	duel_set(d.r->student, "block2.0.norm.weight", 0);
	duel_set(d.r->student, "block2.0.norm.bias", 0.25);
	const struct bytes *before = look(&d), map_before = duel_bytes(map, false, 0, 9), statistics = duel_bytes(map, true, 0, 9);
	duel_build(&d);
	duel_rate(&d, 0, 0.1);
	duel_step(&d);
	ck_assert_double_eq_tol(duel_metric(&d, _i ? "loss/feature" : "loss"), _i ? 1.5625 : 6.25, 1e-12);
	if (_i)
		ck_assert_double_eq_tol(duel_metric(&d, "loss"), 3.125, 1e-12);
	duel_set(back, "map.norm.weight", 1); /* else nothing reaches the map */
	duel_step(&d);
	ck_assert_int_eq(bytes_same(statistics, duel_bytes(map, true, 0, 9)), _i);
	ck_assert_int_eq(bytes_same(before[0], duel_bytes(d.r->student, false, 0, 9)), !_i);
	ck_assert_int_eq(bytes_same(map_before, duel_bytes(map, false, 0, 9)), _i);
	duel_close(&d);
}
END_TEST

/* By a temperature that changes over the student's two epochs of 16, 16, 16 and 8 pictures; the map's two have none. One that is always 4 is the number. */
START_TEST(ktan_temperature)
{
#define KTAN(more) "  - {name: m, train: student, kind: ktan, " TAUGHT "epochs: 2, " more "}\n"
	const struct trained line = train_ok("line", TOP STAGES TEACH KTAN("temperature: {kind: linear, from: 8, to: 2}"));
	ck_assert_int_eq(rows(line.folder, "m", -1, "tau/kd"), 2);
	ck_assert_double_eq_tol(metric(line.folder, "m", 3, "tau/kd"), 8 - 6.0 / 2 * ((0 + 0.25 + 0.5) * 16 + 0.75 * 8) / 56, 1e-5);
	ck_assert(file_exists(arena_printf(life, "%s/stages/m/temperature.csv", line.folder)));
	const struct trained number = train_ok("number", TOP STAGES TEACH KTAN("tau: 4")), fixed = train_ok("fixed", TOP STAGES TEACH KTAN("temperature: {kind: fixed, tau: 4}"));
	ck_assert_double_eq_tol(metric(number.folder, "m", 3, "loss/kd"), metric(fixed.folder, "m", 3, "loss/kd"), 1e-4);
	ck_assert(fabs(metric(number.folder, "m", 3, "loss/kd") - metric(line.folder, "m", 3, "loss/kd")) > 1e-4);
	const struct trained adaptive = train_ok("adaptive", TOP STAGES TEACH KTAN("temperature: {kind: adaptive}"));
	ck_assert_double_gt(metric(adaptive.folder, "m", -1, "tau_rate"), 0);
	ck_assert_int_eq(rows(adaptive.folder, "m", -1, "alignment/kd"), 2);
}
END_TEST

/* ---- whole stages ---- */

static const struct { const char *options; int epochs; } whole[] = {
	{"kind: anc, " TAUGHT, 2}, {"kind: anc, " TAUGHT "adversarial: 0, ", 2}, {"kind: anc, " TAUGHT "critic_every: 2, regulariser: l2, widths: [], ", 2},
	{"kind: meal, " TAUGHT, 2}, {"kind: meal, " TAUGHT "sign: released_code, ", 2}, {"kind: meal, " TAUGHT "similarity: 1, ", 2},
	{"kind: meal, teacher: teach.anchors, similarity: [1, 1], ", 2}, {"kind: meal, " TAUGHT "similarity: [0, 0], ", 2},
	{"kind: afd, ", 2}, {"kind: afd, peers: [teacher, deep], critic_every: 2, ", 2}, {"kind: afd, adversarial: false, kd: 0, ", 2},
	{"kind: ktan, " TAUGHT, 4}, {"kind: ktan, " TAUGHT "adversarial: 0, feature: 0, ", 2},
	{"kind: ktan, " TAUGHT "kd: 0, temperature: {kind: adaptive}, ", 4},
	{"kind: ktan, " TAUGHT "student_tap: block1.pre, teacher_tap: block2, adversary: least_squares, critic_every: 3, map_epochs: 1, ", 3},
};

START_TEST(whole_stages)
{
	const struct trained t = train_ok("out", arena_printf(life, TOP STAGES TEACH "  - {name: m, train: student, %sepochs: 2}\n", whole[_i].options));
	ck_assert_int_eq(t.result[1].epochs, whole[_i].epochs);
	ck_assert_int_eq(rows(t.folder, "m", -1, "loss"), whole[_i].epochs);
	ck_assert_int_eq(rows(t.folder, "m", -1, "valid_top1"), 2);
	for (int i = 1; i <= whole[_i].epochs; i++)
		ck_assert(isfinite(metric(t.folder, "m", i, "loss")));
	ck_assert(isfinite(t.result[1].test_best));
}
END_TEST

/* Stopped every few steps: peers, critics and all optimisers go on from where they were. */
START_TEST(stopped)
{
	static const char *const kinds[] = {"kind: afd, peers: [teacher], ", "kind: ktan, temperature: {kind: adaptive}, " TAUGHT, "kind: meal, teacher: teach.anchors, ", "kind: anc, " TAUGHT};
	const char *text = arena_printf(life, TOP STAGES TEACH "  - {name: m, train: student, %sepochs: 2}\n", kinds[_i]);
	const struct trained one = train_ok("one", text);
	struct trained two;
	enum status st = E_STOP;
	int stops = 0;
	for (; st == E_STOP && stops < 60; stops++) {
		struct experiment *x = open_ok(text);
		stop_after(x, 7 + 16 * (stops % 4));
		st = train(x, "two", &two);
		experiment_close(x);
	}
	ck_assert_msg(st == OK, "%s", e.text);
	ck_assert_int_ge(stops, 3);
	const struct st_file a = weights_of(one.folder, "m", "last"), b = weights_of(two.folder, "m", "last");
	ck_assert(same_tensors(&a, &b));
	ck_assert_double_eq(metric(one.folder, "m", 2, "loss"), metric(two.folder, "m", 2, "loss"));
}
END_TEST

/* Which peers learn is part of what the stage is. */
START_TEST(identities)
{
	static const char *const options[] = {"kind: afd", "kind: afd, peers: [teacher]", "kind: afd, peers: [student, student]", "kind: afd, critic: {width: 8}",
	                                      "kind: afd, adversarial: false", "kind: afd, adversarial: false, critic: {width: 8}", "kind: afd, peers: [student]"};
	char id[7][65];
	for (int i = 0; i < 7; i++) {
		struct experiment *x = open_ok(arena_printf(life, TOP STAGES "  - {name: m, train: student, %s}\n", options[i]));
		memcpy(id[i], x->stage[0].identity, sizeof id[i]);
		experiment_close(x);
	}
	for (int i = 0; i < 7; i++)
		for (int k = 0; k < i; k++)
			ck_assert_msg(!strcmp(id[i], id[k]) == ((i == 5 && k == 4) || (i == 6 && k == 0)), "'%s' and '%s'", options[i], options[k]);
}
END_TEST

static const struct { const char *options, *told; } bad[] = {
	{"kind: afd, peers: []", "is a list of networks that is not empty"},
	{"kind: afd, peers: [techer]", "no network is named 'techer'; did you mean 'teacher'?"},
	{"kind: afd, peers: [{model: cnn}]", "a peer of stage 'm' is the name of a network"},
	{"kind: afd, peers: [deep], block: 3", "block 3 does not exist: 'cnn' has blocks 1 to 2"},
	{"kind: afd, critic: {widht: 4}", "did you mean 'width'?"},
	{"kind: afd, critic: small", "is a map of the options"},
	{"kind: afd, peers: [deep, deep, deep, deep, deep, deep, deep, deep]", "more than 8 peers"},
	{"kind: anc, teacher: teach.last, logits: 0, adversarial: 0", "nothing to learn from"},
	{"kind: meal, teacher: teach.last, similarity: []", "'similarity' is empty"},
	{"kind: meal, teacher: teach.last, similarity: [0, 0], adversarial: 0", "nothing to learn from"},
	{"kind: ktan, teacher: teach.last, student_tap: block7", "no tap 'block7'"},
	{"kind: ktan, teacher: teach.last, teacher_tap: pooled", "maps (N,C,H,W) are wanted"},
	{"kind: ktan", "needs 'teacher'"},
	{"kind: ktan, teacher: teach.last, tau: 4, temperature: {kind: linear}", "both 'tau' and 'temperature'"},
	{"kind: ktan, teacher: teach.last, temperature: {kind: linea}", "unknown temperature 'linea'; did you mean 'linear'?"},
};

START_TEST(refused)
{
	struct experiment *x = NULL;
	ck_assert_int_eq(open_text(&x, "cpu", arena_printf(life, TOP STAGES TEACH "  - {name: m, train: student, %s}\n", bad[_i].options), NULL), E_USER);
	ck_has(e.text, bad[_i].told);
	experiment_close(x);
}
END_TEST

Suite *peers_suite(void)
{
	Suite *s = suite_create("peers");
	TCase *tc = life_case(s, "peers");
	tcase_add_loop_test(tc, student_answers, 0, FIGHTS);
	tcase_add_loop_test(tc, critic_tells, 0, FIGHTS);
	tcase_add_test(tc, released_sign_helps_the_critic);
	tcase_add_loop_test(tc, anc_by_hand, 0, 3);
	tcase_add_loop_test(tc, anc_size_of_weights, 0, 2);
	tcase_add_loop_test(tc, meal_by_hand, 0, 2);
	tcase_add_test(tc, meal_places);
	tcase_add_test(tc, afd_by_hand);
	tcase_add_test(tc, ktan_temperature);
	tcase_add_test(tc, afd_peers_are_detached);
	tcase_add_test(tc, afd_twins_and_exam);
	tcase_add_loop_test(tc, ktan_map_then_student, 0, 2);
	tcase_add_loop_test(tc, whole_stages, 0, sizeof whole / sizeof *whole);
	tcase_add_loop_test(tc, stopped, 0, 4);
	tcase_add_test(tc, identities);
	tcase_add_loop_test(tc, refused, 0, sizeof bad / sizeof *bad);
	return s;
}
