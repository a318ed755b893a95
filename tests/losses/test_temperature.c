/* Temperatures: the derivative by differences and in closed form, the number of steps from 20 to 1, the course of those that follow the clock. */
#include "tests/losses/room.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

enum { MAX_K = 100, MAX_N = 32 };

/* A temperature between logits that a test chooses, planned as a step that moves nothing else. */
struct heat {
	struct temperature_use use;
	struct leaf *z_s, *z_t, *label, *given;
	struct params *own;
	struct node *tau;
	struct segment segment;
	struct node *root;
	struct run *run;
};

static struct temperature_use use_of(const char *yaml)
{
	struct conf *root = NULL;
	struct temperature_use use = {0};
	ASSERT_OK(conf_parse(arena, arena_printf(arena, "t: %s", yaml), "test.yaml", &root, &err));
	ASSERT_OK(temperature_read(arena, conf_find(root, "t"), "stage 'kd'", &use, &err));
	return use;
}

static void refused(const char *yaml, const char *words)
{
	struct conf *root = NULL;
	struct temperature_use use = {0};
	ASSERT_OK(conf_parse(arena, arena_printf(arena, "t: %s", yaml), "test.yaml", &root, &err));
	ck_assert_int_eq(temperature_read(arena, conf_find(root, "t"), "stage 'kd'", &use, &err), E_USER);
	ck_assert_msg(strstr(err.text, words), "'%s' is not in: %s", words, err.text);
	err_clear(&err);
}

/* N rows of K; the loss that learned_adversarial climbs is tau^2 KL. */
static struct heat *heat_new(const char *yaml, int N, int K)
{
	struct heat *h = NEW(arena, struct heat);
	h->use = use_of(yaml);
	h->z_s = leaf_input("z_s", shape2(N, K), CLASS_WIDE);
	h->z_t = leaf_input("z_t", shape2(N, K), CLASS_WIDE);
	h->label = leaf_input("label", shape1(N), CLASS_I32);
	h->given = leaf_input("given", shape0(), CLASS_WIDE);
	h->given->value[0] = 1;
	h->own = temperature_define(arena, &h->use, "own");
	bench_place(h->own);
	const struct temperature_site s = {.g = g, .z_s = h->z_s->node, .z_t = h->z_t->node, .label = h->label->node, .given = h->given->node,
	                                   .own = h->own, .weight = 1};
	h->tau = h->use.kind->build(h->use.conf, &s);
	h->root = graph_mul(g, graph_mul(g, h->tau, h->tau),
	                    graph_kl_divergence(g, graph_div(g, h->z_s->node, h->tau), graph_div(g, h->z_t->node, h->tau), 1));
	h->use.kind->move(h->use.conf, &s, h->tau, h->root);
	ASSERT_BUILT();
	h->segment = (struct segment){.name = "student", .every = 1, .n_root = 1, .root = &h->root};
	return h;
}

static double step(struct heat *h)
{
	if (!h->run)
		h->run = run_open_step(&h->segment, 1, 1, &h->tau, 1);
	run_go(h->run);
	return run_scalar(h->run, h->tau);
}

static double state(struct heat *h, int i)
{
	double v = NAN;
	ASSERT_OK(params_get(h->own, i, true, &v, &err));
	return v;
}

static double next_tau(struct heat *h)
{
	double all[8];
	for (int i = 0; i < h->own->n_state; i++)
		all[i] = state(h, i);
	return h->use.kind->now(h->use.conf, all);
}

/* ---- derivatives ---- */

static const double lopsided_s[2 * 5] = {1.5, -2, 0.25, 3, -0.5, -4, 2.5, 0.75, -1, 6}, lopsided_t[2 * 5] = {2, -1, -3.5, 4.5, 0, 1, 5, -2, -0.25, 2.75};
static const int lopsided_label[2] = {1, 3};

static void soften(const double *z, int K, double tau, double *p)
{
	double sum = 0;
	for (int k = 0; k < K; k++)
		sum += p[k] = exp(z[k] / tau);
	for (int k = 0; k < K; k++)
		p[k] /= sum;
}

enum signal { SOFT, KL, LABELS };
static const char *const signal_name[] = {"soft_cross_entropy", "kl", "labels"};

static double loss_at(enum signal signal, const double *z_s, const double *z_t, const int *label, int N, int K, double tau)
{
	double sum = 0, p[MAX_K], q[MAX_K];
	for (int n = 0; n < N; n++) {
		soften(z_t + n * K, K, tau, p);
		soften(z_s + n * K, K, tau, q);
		for (int k = 0; k < K; k++)
			sum -= signal == LABELS ? (k == label[n]) * log(q[k]) : p[k] * (log(q[k]) - (signal == KL ? log(p[k]) : 0));
	}
	return sum / N;
}

/* Section B.3: 1/t^2 [(Cov_P(z_t,z_s) - Var_P z_t for KL)/t + E_P z_s - E_Q z_s]; labels: (z_y - E_Q z_s)/t^2. */
static double closed_form(enum signal signal, const double *z_s, const double *z_t, const int *label, int N, int K, double t)
{
	double sum = 0, p[MAX_K], q[MAX_K];
	for (int n = 0; n < N; n++, z_s += K, z_t += K) {
		double Ps = 0, Pt = 0, Qs = 0, Pts = 0, Ptt = 0;
		soften(z_t, K, t, p);
		soften(z_s, K, t, q);
		for (int k = 0; k < K; k++) {
			Ps += p[k] * z_s[k], Pt += p[k] * z_t[k], Qs += q[k] * z_s[k];
			Pts += p[k] * z_t[k] * z_s[k], Ptt += p[k] * z_t[k] * z_t[k];
		}
		sum += signal == LABELS ? (z_s[label[n]] - Qs) / (t * t) : ((Pts - Pt * Ps - (signal == KL ? Ptt - Pt * Pt : 0)) / t + Ps - Qs) / (t * t);
	}
	return sum / N;
}

/* With rate 1 and no momentum the descent is the derivative. */
static double derivative(enum signal signal, const double *z_s, const double *z_t, double tau)
{
	struct heat *h = heat_new(arena_printf(arena, "{kind: adaptive, lr: 1, momentum: 0, floor: off, signal: %s, from: 40}", signal_name[signal]), 2, 5);
	leaf_set(h->z_s, z_s);
	leaf_set(h->z_t, z_t);
	leaf_set(h->label, (const double[]){lopsided_label[0], lopsided_label[1]});
	const double before = 40 - tau;
	ASSERT_OK(params_put(h->own, 0, true, &before, &err));
	ck_assert_double_eq_tol(step(h), tau, 1e-12);
	return state(h, 0) - before;
}

START_TEST(derivative_by_differences)
{
	const double tau[] = {1.75, 3.5, 19}, d = 1e-5;
	for (int i = 0; i < 3; i++) {
		const double have = derivative(_i, lopsided_s, lopsided_t, tau[i]);
		const double by = (loss_at(_i, lopsided_s, lopsided_t, lopsided_label, 2, 5, tau[i] + d) -
		                   loss_at(_i, lopsided_s, lopsided_t, lopsided_label, 2, 5, tau[i] - d)) / (2 * d);
		ck_assert_double_eq_tol(have, by, 1e-9);
		ck_assert_double_eq_tol(have, closed_form(_i, lopsided_s, lopsided_t, lopsided_label, 2, 5, tau[i]), 1e-13);
		ck_assert(fabs(have) > 1e-6);
		bench_close();
		bench_open();
	}
}
END_TEST

/* The student is f times the teacher: 2 Cov - Var(z_s) = (2 f - f^2) Var, so soft cross-entropy lowers a high t for 0 < f < 2 and raises it beyond;
   KL raises it everywhere but at f = 1, where it rests. */
START_TEST(signs)
{
	static const struct { double f; int soft, kl; } row[] = {{0.3, 1, -1}, {1, 1, 0}, {1.9, 1, -1}, {2.1, -1, -1}, {-0.5, -1, -1}};
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		double z_s[10];
		for (int k = 0; k < 10; k++)
			z_s[k] = row[i].f * lopsided_t[k];
		const double soft = derivative(SOFT, z_s, lopsided_t, 39.9), kl = derivative(KL, z_s, lopsided_t, 39.9);
		ck_assert_msg(soft * row[i].soft > 1e-7, "f = %g: %g", row[i].f, soft);
		ck_assert_msg(row[i].kl ? kl * row[i].kl > 1e-7 : fabs(kl) < 1e-12, "f = %g: %g", row[i].f, kl);
		bench_close();
		bench_open();
	}
}
END_TEST

/* ---- steps from 20 to 1 ---- */

/* Gaussian logits of 100 classes, the student's equal to the teacher's; V: their mean variance. */
static double matched(struct heat *h, double deviation)
{
	double V = 0;
	struct rng r = rng_stream(7, (struct rng_name){.purpose = "logits"});
	for (int n = 0; n < MAX_N; n++) {
		double mean = 0, square = 0;
		for (int k = 0; k < MAX_K; k++) {
			const double z = deviation * rng_normal(&r);
			h->z_s->value[n * MAX_K + k] = h->z_t->value[n * MAX_K + k] = z;
			mean += z / MAX_K;
			square += z * z / MAX_K;
		}
		V += (square - mean * mean) / MAX_N;
	}
	return V;
}

static long steps_to_one(struct heat *h)
{
	long n = 0;
	while (next_tau(h) > TAU_OVER && n < 20000) {
		step(h);
		n++;
	}
	return n;
}

START_TEST(steps_of_a_matched_student)
{
	const bool floored = _i;
	struct heat *h = heat_new(arena_printf(arena, "{kind: adaptive, lr: 0.1, momentum: 0.9, floor: %s}", floored ? "straight_through" : "off"), MAX_N, MAX_K);
	const double V = matched(h, 4);
	double law = (pow(20, 4) - 1) / 4;
	if (floored) {
		law = 0;
		for (int k = 2; k < 20; k++)
			law += pow(k, 3);
	}
	law *= (1 - 0.9) / (0.1 * V);
	const long n = steps_to_one(h);
	ck_assert_msg(fabs((double)n / law - 1) < 0.05, "%ld steps, the law says %.1f", n, law);
	/* Come to 1, it stays. */
	step(h);
	ck_assert_double_eq(step(h), 1);
}
END_TEST

static void begin(struct heat *h, double V, double steps, double epochs)
{
	double all[8];
	h->use.kind->begin(h->use.conf, V, steps, epochs, all);
	for (int i = 0; i < h->own->n_state; i++)
		ASSERT_OK(params_put(h->own, i, true, &all[i], &err));
}

/* The rate that follows from a number of steps takes that number. */
START_TEST(matched_rate)
{
	struct heat *h = heat_new("{kind: adaptive}", MAX_N, MAX_K);
	begin(h, matched(h, 5), 2000, 7);
	const long n = steps_to_one(h);
	ck_assert_msg(labs(n - 2000) <= 100, "%ld steps in place of 2000", n);
}
END_TEST

/* Once an epoch: as many epochs as are meant, though the momentum has hardly come up in them. One step is an epoch here. The law is that of high
   temperatures, so logits are small where K is. */
static const struct { const char *more; int epochs; double deviation; } by_epoch[] = {
	{"", 1, 4}, {"", 3, 4}, {"", 20, 4}, {"", 30, 4}, {"", 50, 4}, {"", 75, 4}, {", momentum: 0", 20, 4}, {", momentum: 0.99", 20, 4}, {", floor: off", 20, 4},
	{", from: 5, momentum: 0.5", 12, 0.5}, {", from: 2.5", 10, 0.2}, {", from: 2", 1, 0.2}, {", from: 2", 7, 0.2}, {", from: 2", 40, 0.2},
};

START_TEST(matched_rate_by_epoch)
{
	struct heat *h = heat_new(arena_printf(arena, "{kind: adaptive, update: epoch%s}", by_epoch[_i].more), MAX_N, MAX_K);
	const int meant = by_epoch[_i].epochs;
	begin(h, matched(h, by_epoch[_i].deviation), 100 * meant, meant + 0.3);
	ck_assert_double_gt(next_tau(h), 1);
	const long n = steps_to_one(h);
	ck_assert_msg(labs(n - meant) <= 1 && fabs((double)n / meant - 1) <= (meant < 20 ? 0.34 : 0.05), "%s: %ld epochs in place of %d", by_epoch[_i].more, n, meant);
}
END_TEST

/* From 2 there is one degree to fall, and it takes its time too; below 3 the law has no other term. */
START_TEST(from_2)
{
	struct heat *h = heat_new("{kind: adaptive, from: 2}", MAX_N, MAX_K);
	begin(h, matched(h, 0.2), 800, 7);
	ck_assert_double_gt(state(h, 2), 0);
	const long n = steps_to_one(h);
	ck_assert_msg(labs(n - 800) <= 40, "%ld steps in place of 800", n);
}
END_TEST

static bool is_counted(const char *yaml)
{
	const struct temperature_use use = use_of(yaml);
	struct str s = {0};
	temperature_canonical(&use, &s);
	const bool is = strstr(str_text(&s), "rate=counted\n") != NULL;
	str_release(&s);
	return is;
}

/* The identity tells the rates that were others once; the default's was not. */
START_TEST(rates_that_changed)
{
	ck_assert(!is_counted("{kind: adaptive}") && !is_counted("{kind: adaptive, from: 3}") && !is_counted("{kind: adaptive, from: 2, floor: off}"));
	ck_assert(is_counted("{kind: adaptive, update: epoch}") && is_counted("{kind: adaptive, from: 2}"));
	ck_assert(!is_counted("{kind: adaptive, update: epoch, lr: 0.5}"));
}
END_TEST

START_TEST(waits_while_the_student_knows_nothing)
{
	struct heat *h = heat_new("{kind: adaptive, lr: 100}", 2, 5);
	leaf_set(h->z_t, lopsided_t);
	for (int i = 0; i < 20; i++)
		ck_assert_double_eq(step(h), 20);
	ck_assert_double_eq_tol(state(h, 0), 0, 1e-12); /* rounding alone, which costs no degree of a temperature that is rounded down */
}
END_TEST

/* A student of the opposite mind: t would rise. It is never above K, and with `monotone` never rises below it. */
START_TEST(clipped_and_monotone)
{
	double z[10];
	for (int k = 0; k < 10; k++)
		z[k] = -lopsided_t[k];
	for (int monotone = 0; monotone < 2; monotone++) {
		struct heat *h = heat_new(arena_printf(arena, "{kind: adaptive, lr: 50, momentum: 0, floor: off, from: 8, monotone: %s}", monotone ? "true" : "false"), 2, 5);
		const double at_5 = 3;
		leaf_set(h->z_s, z);
		leaf_set(h->z_t, lopsided_t);
		ASSERT_OK(params_put(h->own, 0, true, &at_5, &err));
		step(h);
		const double tau = step(h);
		ck_assert_double_eq(tau, monotone ? 5 : 8);
		bench_close();
		bench_open();
	}
}
END_TEST

/* Three batches of an epoch, then one update by their mean. */
START_TEST(once_an_epoch)
{
	struct heat *h = heat_new("{kind: adaptive, lr: 1, momentum: 0.5, floor: off, update: epoch}", 2, 5);
	double sum = 0;
	leaf_set(h->z_t, lopsided_t);
	for (int i = 1; i <= 3; i++) {
		for (int k = 0; k < 10; k++)
			h->z_s->value[k] = lopsided_t[k] * 0.3 * i + 0.1 * lopsided_s[k];
		sum += closed_form(SOFT, h->z_s->value, lopsided_t, lopsided_label, 2, 5, 20);
		h->given->value[0] = i == 3;
		ck_assert_double_eq(step(h), 20);
	}
	ck_assert_double_eq_tol(state(h, 0), sum / 3, 1e-13);
	ck_assert_double_eq(state(h, 4), 0);
	h->given->value[0] = 0;
	ck_assert_double_eq_tol(step(h), 20 - sum / 3, 1e-13);
}
END_TEST

/* ---- the adversary ---- */

static double climbed_loss(double theta)
{
	const double tau = 1 + 20 / (1 + exp(-theta));
	return tau * tau * loss_at(KL, lopsided_s, lopsided_t, lopsided_label, 2, 5, tau);
}

START_TEST(adversary_climbs)
{
	struct heat *h = heat_new("{kind: learned_adversarial, lr: 0.25}", 2, 5);
	const double d = 1e-5, slope = (climbed_loss(1 + d) - climbed_loss(1 - d)) / (2 * d);
	leaf_set(h->z_s, lopsided_s);
	leaf_set(h->z_t, lopsided_t);
	h->given->value[0] = 0; /* lambda */
	ck_assert_double_eq_tol(step(h), 1 + 20 / (1 + exp(-1)), 1e-12);
	ck_assert_double_eq(state(h, 0), 1);
	h->given->value[0] = 0.5;
	step(h);
	ck_assert_double_eq_tol(state(h, 0), 1 + 0.25 * 0.5 * slope, 1e-8);
	ck_assert(climbed_loss(state(h, 0)) > climbed_loss(1));
	/* half of the ramp of 10 epochs is half a wave: 1/2; a fifth: (1 - cos 36 degrees) / 2 */
	const struct temperature_place half = {.progress = 0.25, .epochs = 20}, fifth = {.progress = 0.1, .epochs = 20}, late = {.progress = 0.9, .epochs = 20};
	ck_assert_double_eq_tol(h->use.kind->at(h->use.conf, &half), 0.5, 1e-12);
	ck_assert_double_eq_tol(h->use.kind->at(h->use.conf, &fifth), 0.0954915028125263, 1e-12);
	ck_assert_double_eq(h->use.kind->at(h->use.conf, &late), 1);
}
END_TEST

/* ---- by the clock ---- */

static double at(const char *yaml, double progress)
{
	const struct temperature_use use = use_of(yaml);
	static const double course[] = {20, 17.5, 3};
	const struct temperature_place p = {.progress = progress, .epochs = 10, .step = (long)(progress * 10), .course = course, .n_course = 3};
	return use.kind->at(use.conf, &p);
}

START_TEST(courses_by_hand)
{
	ck_assert_double_eq_tol(at("{kind: linear, from: 18, to: 2}", 0.25), 14, 1e-12);
	ck_assert_double_eq_tol(at("{kind: linear, from: 18, to: 2, share: 0.5}", 0.25), 10, 1e-12);
	ck_assert_double_eq_tol(at("{kind: linear, from: 18, to: 2, share: 0.5}", 0.75), 2, 1e-12);
	ck_assert_double_eq_tol(at("{kind: linear, from: 3.9, to: 0.5, whole: true}", 0), 3, 1e-12);
	ck_assert_double_eq_tol(at("{kind: linear, from: 3.9, to: 0.5, whole: true}", 1), 1, 1e-12);
	ck_assert_double_eq_tol(at("{kind: cosine, from: 11, to: 1}", 1.0 / 3), 8.5, 1e-12); /* (1 - cos 60) / 2 = 1/4 */
	ck_assert_double_eq(at("{kind: steps, values: [9, 5, 2]}", 0.33), 9);
	ck_assert_double_eq(at("{kind: steps, values: [9, 5, 2]}", 0.34), 5);
	ck_assert_double_eq(at("{kind: steps, values: [9, 5, 2], drops: [0.5, 0.9]}", 0.89), 5);
	ck_assert_double_eq(at("{kind: steps, values: [9, 5, 2], drops: [0.5, 0.9]}", 0.9), 2);
	ck_assert_double_eq(at("{kind: replay, of: a.temperature}", 0.11), 17.5);
	ck_assert_double_eq(at("{kind: replay, of: a.temperature}", 0.95), 3);
}
END_TEST

START_TEST(what_is_refused)
{
	refused("{kind: adaptive, from: 0.5}", "from");
	refused("{kind: adaptive, from: .inf}", "from");
	refused("{kind: adaptive, from: 1.5}", "at least 2 with 'floor: straight_through'");
	refused("{kind: adaptiv}", "unknown temperature 'adaptiv'; did you mean 'adaptive'?");
	refused("4", "a number is written {kind: fixed, tau: 4}");
	refused("{kind: steps, values: []}", "values");
	refused("{kind: steps, values: [3, 2, 1], drops: [0.5]}", "3 values have 2 drops");
	refused("{kind: steps, values: [3, 2, 1], drops: [0.5, 0.25]}", "'drops' rise");
	refused("{kind: replay}", "of");
	ck_assert_double_eq(((const double *)use_of("{kind: adaptive, from: 1.5, floor: off}").conf)[0], 1.5);
}
END_TEST

static void term_refused(const char *yaml, const char *words)
{
	struct conf *root = NULL;
	struct term *t;
	int n;
	ASSERT_OK(conf_parse(arena, arena_printf(arena, "losses: [%s]", yaml), "test.yaml", &root, &err));
	ck_assert_int_eq(terms_read(arena, conf_find(root, "losses"), "stage 'kd'", &t, &n, &err), E_USER);
	ck_assert_msg(strstr(err.text, words), "'%s' is not in: %s", words, err.text);
	err_clear(&err);
}

START_TEST(terms_that_are_refused)
{
	term_refused("{kind: kd, tau: 4, temperature: {kind: linear}}", "both 'tau' and 'temperature'");
	term_refused("{kind: hint, student: block1, teacher: block1, temperature: {kind: linear}}", "loss 'hint' has no temperature");
	term_refused("{kind: kd, temperature: {kind: adaptive, fro: 3}}", "fro");
}
END_TEST

TCase *tcase_temperature(void)
{
	TCase *tc = tcase_create("temperature");
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, bench_open, bench_close);
	tcase_add_loop_test(tc, derivative_by_differences, 0, 3);
	tcase_add_test(tc, signs);
	tcase_add_loop_test(tc, steps_of_a_matched_student, 0, 2);
	tcase_add_test(tc, matched_rate);
	tcase_add_loop_test(tc, matched_rate_by_epoch, 0, sizeof by_epoch / sizeof *by_epoch);
	tcase_add_test(tc, from_2);
	tcase_add_test(tc, rates_that_changed);
	tcase_add_test(tc, waits_while_the_student_knows_nothing);
	tcase_add_test(tc, clipped_and_monotone);
	tcase_add_test(tc, once_an_epoch);
	tcase_add_test(tc, adversary_climbs);
	tcase_add_test(tc, courses_by_hand);
	tcase_add_test(tc, what_is_refused);
	tcase_add_test(tc, terms_that_are_refused);
	return tc;
}
