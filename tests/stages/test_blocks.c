/* The main method step by step: who moves, by which losses, what is measured, what is undone. Which way: test_blocks_signs.c, whole stages:
   test_blocks_run.c, critics: test_blocks_critic.c. */
#include "tests/stages/blocks.h"

#include <math.h>

#include "engine/build.h"
#include "stages/blocks.h"

static void all_rates(struct duel *d, double lr)
{
	for (int i = 0; i < d->lesson.n_optim; i++)
		duel_rate(d, i, lr);
}

static struct bytes all_of(struct net *net, bool states)
{
	return duel_bytes(net, states, 0, MAX_BLOCK + 1);
}

/* ---- who moves ---- */

#define B(n) (1u << (n))

/* Of parts 1 to 4 (4: the head): whose weights and whose statistics; of blocks 1 to 3: whose adapters. */
static const struct { const char *options; int lesson; unsigned weights, statistics, adapters; } moves[] = {
	{LAST, 0, B(1), B(1), B(1)},
	{LAST, 1, B(2), B(2), B(2)},
	{LAST, 3, B(4), 0, 0},
	{LAST, 4, B(1) | B(2) | B(3) | B(4), B(1) | B(2) | B(3), 0},
	{LAST "signal: output, ", 0, B(1) | B(4), B(1) | B(2) | B(3), B(1)},
	{LAST "signal: output, ", 1, B(2) | B(4), B(2) | B(3), B(2)},
	{LAST "signal: both, ", 1, B(2) | B(4), B(2) | B(3), B(2)},
	{LAST "cumulative: true, ", 1, B(1) | B(2), B(1) | B(2), B(2)},
	{LAST "cumulative: true, ", 2, B(1) | B(2) | B(3), B(1) | B(2) | B(3), B(3)},
	{LAST "order: backward, ", 0, B(3), B(3), B(3)},
	{LAST "order: backward, ", 2, B(1), B(1), B(1)},
	{LAST "order: backward, signal: output, ", 1, B(2) | B(4), B(2) | B(3), B(2)},
	{LAST "order: backward, cumulative: true, ", 0, B(1) | B(2) | B(3), B(1) | B(2) | B(3), B(3)},
	{LAST "statistics: moving, ", 2, B(3), B(1) | B(2) | B(3), B(3)},
	{LAST "statistics: moving, ", 3, B(4), B(1) | B(2) | B(3), 0},
	{LAST "statistics: moving, signal: output, ", 1, B(2) | B(4), B(1) | B(2) | B(3), B(2)},
	{LAST "blocks: [2], ", 0, B(1) | B(2), B(1) | B(2), B(2)},
	{LAST "blocks: [2], ", 1, B(3) | B(4), B(3), 0},
	{LAST "greedy: false, ", 0, B(1) | B(2) | B(3) | B(4), B(1) | B(2) | B(3), B(1) | B(2) | B(3)},
};

START_TEST(who_moves)
{
	struct duel d = duel_open_on("cpu", arena_printf(life, NETS3 STAGES TEACH3 BLOCKS "%sweight_decay: 0, " SMALL "}\n", moves[_i].options), moves[_i].lesson);
	struct bytes before[2][5], adapter[4];
	const struct bytes teacher[] = {all_of(d.r->teacher, false), all_of(d.r->teacher, true)};
	duel_build(&d);
	all_rates(&d, 0.05);
	for (int s = 0; s < 2; s++)
		for (int part = 1; part <= 4; part++)
			before[s][part] = duel_bytes(d.r->student, s, part, part);
	for (int k = 1; k <= 3; k++)
		if (!strstr(moves[_i].options, "blocks:") || k == 2)
			adapter[k] = all_of(duel_net(&d, arena_printf(life, "small/adapter%d", k)), false);
	duel_step(&d);
	for (int part = 1; part <= 4; part++) {
		ck_assert_msg(bytes_same(before[0][part], duel_bytes(d.r->student, false, part, part)) == !(moves[_i].weights & B(part)),
		              "weights of part %d in '%s' with '%s'", part, d.lesson.label, moves[_i].options);
		ck_assert_msg(bytes_same(before[1][part], duel_bytes(d.r->student, true, part, part)) == !(moves[_i].statistics & B(part)),
		              "statistics of part %d in '%s' with '%s'", part, d.lesson.label, moves[_i].options);
	}
	for (int k = 1; k <= 3; k++)
		if (!strstr(moves[_i].options, "blocks:") || k == 2)
			ck_assert_msg(bytes_same(adapter[k], all_of(duel_net(&d, arena_printf(life, "small/adapter%d", k)), false)) == !(moves[_i].adapters & B(k)),
			              "adapter of block %d in '%s' with '%s'", k, d.lesson.label, moves[_i].options);
	ck_assert(bytes_same(teacher[0], all_of(d.r->teacher, false)) && bytes_same(teacher[1], all_of(d.r->teacher, true)));
	duel_close(&d);
}
END_TEST

/* Each critic moves on every step, the student on every third; neither on the other's account. */
START_TEST(critic_steps)
{
	struct duel d = duel_open(M3(LAST "critic_steps: 3, critic: {kind: teacher_tail, mutual: true}"), 1);
	struct net *critic = duel_net(&d, "small/critic1.2"), *copy = duel_net(&d, "small/critic1.2/copy"), *adapter = duel_net(&d, "small/adapter2");
	duel_build(&d);
	all_rates(&d, 0.01);
	for (d.number = 0; d.number < 7; d.number++) {
		const struct bytes c = all_of(critic, false), k = all_of(copy, false), s = all_of(d.r->student, false), a = all_of(adapter, false);
		duel_step(&d);
		ck_assert(!bytes_same(c, all_of(critic, false)) && !bytes_same(k, all_of(copy, false)));
		ck_assert_int_eq(!bytes_same(s, all_of(d.r->student, false)), d.number % 3 == 0);
		ck_assert_int_eq(!bytes_same(a, all_of(adapter, false)), d.number % 3 == 0);
	}
	ck_assert_int_eq(d.lesson.optim[0].optim->steps, 3);
	ck_assert_int_eq(d.lesson.optim[1].optim->steps, 7);
	ck_assert_int_eq(d.lesson.optim[2].optim->steps, 7);
	duel_close(&d);
}
END_TEST

/* ---- warm-up ---- */

/* leaves: the first step whose students go another way; with critic_steps: 2 they move in every other one. */
static const struct { const char *options; int leaves; } warm[] = {
	{SMALL, 3}, {SMALL ", critic_every: 2", 3}, {SMALL ", critic_steps: 2", 4}, {SMALL ", signal: output", 3}, {SMALL ", greedy: false", 3},
	{"critic: {kind: teacher_tail, mutual: true}, generators: 2, instruments: 1", 3}, {"critic: {kind: teacher_tail, head: none}", 3},
};

static struct duel warm_open(const char *weights, const char *options)
{
	struct duel d = duel_open(arena_printf(life, NETS3 STAGES TEACH3 BLOCKS LAST "head_epochs: 0, %s, %s}\n", weights, options), strstr(options, "greedy: false") ? 0 : 1);
	duel_build(&d);
	all_rates(&d, 0.05);
	return d;
}

static bool same_students(const struct duel *a, const struct duel *b)
{
	bool same = true;
	for (int i = 0; i < b->r->n_net; i++)
		same &= bytes_same(all_of(b->r->net[i], false), all_of(duel_net(a, b->r->net[i]->params->name), false));
	return same;
}

/* For three steps of the lesson the student goes where the feature term alone would lead it, the critic from the first on; then it leaves that way. */
START_TEST(warm_up)
{
	const char *peer = strstr(warm[_i].options, "generators") ? ", peer: 0.4" : "";
	struct duel d = warm_open(arena_printf(life, "warm_up: 3, adversarial: 0.3, kd: 0.7, ce: 0.2%s, head_ce: 1, head_kd: 1", peer), warm[_i].options);
	struct duel alone = warm_open("adversarial: 0, kd: 0, ce: 0, peer: 0, head_ce: 0, head_kd: 0", warm[_i].options);
	const bool adversary = d.lesson.n_optim > 1;
	const struct bytes critic = all_of(duel_net(&d, "small/critic1.2"), false);
	for (int step = 0; step <= warm[_i].leaves; step++) {
		const struct bytes before = all_of(d.r->student, false);
		d.number = alone.number = step;
		duel_step(&d);
		duel_step(&alone);
		ck_assert_msg(same_students(&d, &alone) == (step < warm[_i].leaves), "after step %d with '%s'", step, warm[_i].options);
		ck_assert_int_eq(bytes_same(before, all_of(d.r->student, false)), strstr(warm[_i].options, "critic_steps: 2") && step % 2);
		ck_assert(!adversary || !bytes_same(critic, all_of(duel_net(&d, "small/critic1.2"), false)));
	}
	duel_close(&alone);
	duel_close(&d);
}
END_TEST

/* ---- several generators ---- */

START_TEST(both_learn)
{
	struct duel d = duel_open_on(_i ? "cpu" : "ref", M3(LAST "generators: 2, weight_decay: 0, " SMALL), 1);
	static const char *const names[] = {"small", "small/2", "small/adapter2", "small/2/adapter2", "small/critic1.2"};
	struct bytes before[5];
	duel_build(&d);
	all_rates(&d, 0.05);
	ck_assert(!bytes_same(all_of(d.r->student, false), all_of(duel_net(&d, "small/2"), false)));
	for (int i = 0; i < 5; i++)
		before[i] = all_of(duel_net(&d, names[i]), false);
	duel_step(&d);
	for (int i = 0; i < 5; i++)
		ck_assert_msg(!bytes_same(before[i], all_of(duel_net(&d, names[i]), false)), "'%s' does not move", names[i]);
	ck_assert(isfinite(duel_metric(&d, "loss/peer")) && duel_metric(&d, "loss/peer") > 0);
	duel_close(&d);
}
END_TEST

enum { PEER_CODE, PEER_DETACHED, PEER_ATTACHED };
static int peer_graph;

static struct node *probabilities(struct graph *g, struct node *z, double tau, bool logarithm)
{
	struct node *scaled = graph_scale(g, z, 1 / tau, 0);
	return logarithm ? graph_log_softmax(g, scaled) : graph_softmax(g, scaled);
}

/* tau^2 / N sum p(other) (log p(other) - log p(own)), of plain parts: .7 times it for each of two, at tau 3. */
static struct node *from_other(struct graph *g, struct node *own, struct node *other, int N)
{
	const double tau = 3;
	if (peer_graph == PEER_DETACHED)
		other = graph_stop_gradient(g, other);
	struct node *gap = graph_sub(g, probabilities(g, other, tau, true), probabilities(g, own, tau, true));
	return graph_scale(g, graph_sum_all(g, graph_mul(g, probabilities(g, other, tau, false), gap)), 0.7 * tau * tau / N, 0);
}

static enum status by_hand(const struct lesson *l, struct step *st, struct err *err)
{
	(void)err;
	const struct blocks_lesson *bl = l->own;
	struct node *z[2];
	for (int k = 0; k < 2; k++)
		z[k] = model_apply(st->g, bl->student[k], 0, net_part_all(bl->student[k]), st->x, MODE_TRAIN, k ? "two" : "one", NULL);
	step_minimise(st, "student", 1, graph_add(st->g, from_other(st->g, z[0], z[1], st->n), from_other(st->g, z[1], z[0], st->n)), l->optim[0].optim);
	return graph_status(st->g);
}

/* How the first student's weights move in one plain step of rate 1. */
static double *peer_step(int which, int64_t *n)
{
	struct duel d = duel_open(M3(LAST "generators: 2, peer: 0.7, tau: 3, polish_ce: 0, polish_kd: 0, head_epochs: 0, momentum: 0, nesterov: false, weight_decay: 0, "
		SMALL), 3);
	ck_assert_str_eq(d.lesson.label, "polish");
	peer_graph = which;
	if (which != PEER_CODE)
		d.lesson.build = by_hand;
	duel_build(&d);
	all_rates(&d, 1);
	const struct bytes before = all_of(d.r->student, false);
	duel_step(&d);
	const struct bytes after = all_of(d.r->student, false);
	*n = (int64_t)(before.n / sizeof(double));
	double *moved = NEW_ARRAY(life, double, *n);
	for (int64_t i = 0; i < *n; i++)
		moved[i] = ((const double *)(const void *)after.data)[i] - ((const double *)(const void *)before.data)[i];
	duel_close(&d);
	return moved;
}

/* Neither learns from how the other is to be taught by it; a graph without the stop is told apart. */
START_TEST(peers_are_detached)
{
	int64_t n, m;
	const double *code = peer_step(PEER_CODE, &n), *detached = peer_step(PEER_DETACHED, &m), *attached = peer_step(PEER_ATTACHED, &m);
	double most = 0;
	for (int64_t i = 0; i < n; i++)
		most = fmax(most, fabs(code[i]));
	ck_assert(n == m && most > 1e-3);
	ck_assert_double_lt(duel_distance(code, detached, n), 1e-12 * most);
	ck_assert_double_gt(duel_distance(code, attached, n), 1e-2 * most);
}
END_TEST

static const struct { const char *options, *metric; } means[] = {
	{"critic: {kind: teacher_tail, mutual: true}, copy_kd: 0.3", "critic/copy_kd"}, {"gradient_penalty: 3, " SMALL, "critic/penalty"},
};

/* A metric of the critic's step with the first student's block from network `one` and the second's from `two`, as they were initialised. */
static double of_students(int i, const char *one, const char *two)
{
	struct duel d = duel_open(arena_printf(life, M3("%s"), arena_printf(life, LAST "generators: 2, %s", means[i].options)), 0);
	duel_build(&d);
	const char *const from[] = {one, two}, *const to[] = {"small", "small/2"};
	struct net *keep[2][2];
	for (int k = 0; k < 2; k++)
		for (int part = 0; part < 2; part++) {
			struct net *net = duel_net(&d, part ? arena_printf(life, "%s/adapter1", from[k]) : from[k]);
			keep[k][part] = net_twin(life, net, "kept");
			ck_ok(params_place(keep[k][part]->params, d.x->dev, &e));
			ck_ok(params_copy(keep[k][part]->params, net->params, &e));
		}
	for (int k = 0; k < 2; k++)
		for (int part = 0; part < 2; part++) {
			ck_ok(params_copy(duel_net(&d, part ? arena_printf(life, "%s/adapter1", to[k]) : to[k])->params, keep[k][part]->params, &e));
			params_release(keep[k][part]->params);
		}
	duel_step(&d);
	const double value = duel_metric(&d, means[i].metric);
	duel_close(&d);
	return value;
}

/* (f1(A) + f2(B)) / 2 + (f1(B) + f2(A)) / 2 is (f1(A) + f2(A)) / 2 + (f1(B) + f2(B)) / 2: every student has its half. */
START_TEST(critic_sees_every_student)
{
	const char *A = "small", *B = "small/2";
	const double ab = of_students(_i, A, B), ba = of_students(_i, B, A), aa = of_students(_i, A, A), bb = of_students(_i, B, B);
	ck_assert_double_gt(fabs(ab - aa), 1e-4 * fabs(aa));
	ck_assert_double_gt(fabs(ab - bb), 1e-4 * fabs(bb));
	ck_assert_double_eq_tol(ab + ba, aa + bb, 1e-12 * fabs(aa + bb));
}
END_TEST

/* ---- instruments ---- */

/* feature * mean (u - v)^2 over n elements has the gradient 2 feature (u - v) / n, of norm 2 feature sqrt(mean / n). */
START_TEST(gradient_by_hand)
{
	struct duel d = duel_open(M3("train: twin, teacher: teach.last, feature: 3.7, adversarial: 0, kd: 0, ce: 0, instruments: 1"), _i);
	struct type type;
	ck_ok(block_type(life, d.r->student, _i + 1, d.batch->n, &type, &e));
	duel_build(&d);
	duel_step(&d);
	const double loss = duel_metric(&d, "loss/feature"), norm = 2 * 3.7 * sqrt(loss / (double)shape_count(&type.shape));
	ck_assert_double_gt(loss, 1e-3);
	ck_assert_double_eq_tol(duel_metric(&d, "gradient/feature"), norm, 1e-12 * norm);
	ck_assert(!duel_has(&d, "gradient/cosine") && !duel_has(&d, "gradient/adversarial"));
	duel_close(&d);
}
END_TEST

/* In the other steps they are no numbers and no work. */
START_TEST(measured_when_due)
{
	static const char *const names[] = {"gradient/feature", "gradient/adversarial", "gradient/kd", "gradient/ce", "gradient/cosine",
	                                    "gradient/adversarial_to_feature"};
	struct duel d = duel_open(M3(LAST "instruments: 4, adversarial: 0.3, " SMALL), 1), none = duel_open(M3(LAST "instruments: 0, adversarial: 0.3, " SMALL), 1);
	duel_build(&d);
	duel_build(&none);
	all_rates(&d, 0.05);
	for (d.number = 0; d.number < 9; d.number++) {
		duel_step(&d);
		for (size_t i = 0; i < sizeof names / sizeof *names; i++)
			ck_assert_msg(isfinite(duel_metric(&d, names[i])) == (d.number % 4 == 0), "%s in step %ld", names[i], d.number);
		if (d.number % 4)
			continue;
		const double f = duel_metric(&d, "gradient/feature"), a = duel_metric(&d, "gradient/adversarial"), c = duel_metric(&d, "gradient/cosine");
		ck_assert(f > 0 && a > 0 && fabs(c) <= 1 && fabs(c) > 1e-9);
		ck_assert_double_eq_tol(duel_metric(&d, "gradient/adversarial_to_feature"), a / f, 1e-12 * a / f);
	}
	ck_assert(!duel_has(&none, "gradient/feature"));
	ck_assert_double_eq(plan_macs(step_plan(d.step, 1)), plan_macs(step_plan(none.step, 1)));
	ck_assert_double_gt(plan_macs(step_plan(d.step, 0)), plan_macs(step_plan(none.step, 0)));
	ck_assert_double_eq(step_macs(d.step), step_macs(none.step));
	duel_close(&none);
	duel_close(&d);
}
END_TEST

/* ---- what is not finite ---- */

static int bad_picture;

/* One more root of the critic's segment: infinite in the batch that has the picture, 0 in all others. */
static enum status planted(const struct lesson *l, struct step *st, struct err *err)
{
	const enum status status = blocks_build(l, st, err);
	if (status != OK)
		return status;
	struct graph *g = st->g;
	struct segment *critic = &st->segment[0];
	struct node *here = graph_equal(g, graph_cast(g, st->sample, CLASS_WIDE), graph_const(g, bad_picture, shape1(st->n)));
	struct node *bad = graph_mean_all(g, here);
	for (int k = 0; k < 9; k++) { /* beyond double */
		bad = graph_scale(g, bad, 1e37, 0);
		graph_name(bad, "planted");
	}
	struct node **root = NEW_ARRAY(st->arena, struct node *, 2);
	root[0] = critic->root[0];
	root[1] = bad;
	critic->root = root;
	critic->n_root = 2;
	return graph_status(g);
}

/* Networks with their states (the warm-up's counter is one), the teacher, optimisers with their numbers of steps. */
static struct bytes everything(struct duel *d)
{
	struct str s = {0};
	for (int i = 0; i <= d->r->n_net; i++)
		for (int state = 0; state < 2; state++) {
			const struct bytes b = all_of(i < d->r->n_net ? d->r->net[i] : d->r->teacher, state);
			str_addn(&s, b.data, b.n);
		}
	for (int i = 0; i < d->lesson.n_optim; i++) {
		struct optim *o = d->lesson.optim[i].optim;
		char *raw = arena_alloc(life, optim_bytes(o) + 1);
		ck_ok(optim_read(o, raw, &e));
		str_addn(&s, raw, optim_bytes(o));
		str_addn(&s, (const char *)&o->steps, sizeof o->steps);
	}
	const struct bytes all = {s.len, memcpy(arena_alloc(life, s.len), str_text(&s), s.len)};
	str_release(&s);
	return all;
}

/* In the step of both, and in one of the critic alone. */
START_TEST(not_finite)
{
	struct duel d = duel_open_on(_i < 2 ? "cpu" : "ref", M3(LAST "warm_up: 2, generators: 2, critic_steps: 2, critic: {kind: teacher_tail, mutual: true}"), 0);
	ck_assert_ptr_eq(d.lesson.build, blocks_build);
	d.lesson.build = planted;
	bad_picture = d.batch->sample[3];
	duel_build(&d);
	ck_assert_str_eq(d.step->segment[0].name, "critic");
	all_rates(&d, 0.05);
	d.number = _i % 2;
	const struct bytes before = everything(&d);
	ck_assert_int_eq(duel_try(&d), E_RUN);
	ck_has(e.text, "planted");
	ck_assert(bytes_same(before, everything(&d)));
	duel_next(&d);
	duel_step(&d);
	ck_assert(!bytes_same(before, everything(&d)));
	duel_close(&d);
}
END_TEST

Suite *blocks_suite(void)
{
	Suite *s = suite_create("blocks");
	TCase *tc = life_case(s, "steps");
	tcase_add_loop_test(tc, who_moves, 0, sizeof moves / sizeof *moves);
	tcase_add_test(tc, critic_steps);
	tcase_add_loop_test(tc, warm_up, 0, sizeof warm / sizeof *warm);
	tcase_add_loop_test(tc, both_learn, 0, 2);
	tcase_add_test(tc, peers_are_detached);
	tcase_add_loop_test(tc, critic_sees_every_student, 0, sizeof means / sizeof *means);
	tcase_add_loop_test(tc, gradient_by_hand, 0, 3);
	tcase_add_test(tc, measured_when_due);
	tcase_add_loop_test(tc, not_finite, 0, 4);
	blocks_run_cases(s);
	blocks_critic_cases(s);
	blocks_signs_cases(s);
	return s;
}
