/* Softened probabilities: values and gradients worked by hand at tau = 3.5. */
#include "tests/losses/room.h"

#include <math.h>
#include <string.h>

/* Logits whose softmax at 3.5 has the given proportions; shift is of no effect. */
static struct leaf *soft(const char *name, const double parts[6], double shift)
{
	struct leaf *z = leaf_input(name, shape2(2, 3), CLASS_WIDE);
	for (int i = 0; i < 6; i++)
		z->value[i] = 3.5 * log(parts[i]) + shift;
	return z;
}

/* rows over 8, 6 and over 10, 4 */
static const double student[6] = {1, 2, 5, 2, 3, 1}, teacher[6] = {3, 6, 1, 1, 1, 2};
static const double sum_s[2] = {8, 6}, sum_t[2] = {10, 4};

static struct node *kd(const char *yaml, struct node *z_s, struct node *z_t)
{
	const struct term *t = term_of(yaml);
	const struct loss_site site = site_of(z_s, z_t, NULL);
	ck_assert_ptr_eq(t->loss, &loss_kd);
	return t->loss->build(t->conf, &site);
}

START_TEST(value_by_hand)
{
	struct leaf *s = soft("z_s", student, 0.9), *t = soft("z_t", teacher, -4.1);
	/* 3/10 log (3/10 8/1) + 6/10 log (6/10 8/2) + 1/10 log (1/10 8/5) = 0.9 log 2.4 + 0.1 log 0.16
	   1/4 log (1/4 6/2) + 1/4 log (1/4 6/3) + 2/4 log (2/4 6/1) = 0.25 log 0.375 + 0.5 log 3
	   mean over N = 2, times 3.5^2 = 12.25 */
	const double want = 12.25 * (0.9 * log(2.4) + 0.1 * log(0.16) + 0.25 * log(0.375) + 0.5 * log(3)) / 2;
	ck_assert_double_eq_tol(scalar_of(kd("{kind: kd, tau: 3.5}", s->node, t->node)), want, 1e-13);
	/* The same numbers at the default, 4: the logits are shared out anew. */
	double by_hand = 0;
	for (int n = 0; n < 2; n++) {
		double a = 0, b = 0;
		for (int k = 0; k < 3; k++) {
			a += pow(student[3 * n + k], 0.875); /* 3.5 / 4 */
			b += pow(teacher[3 * n + k], 0.875);
		}
		for (int k = 0; k < 3; k++) {
			const double q = pow(student[3 * n + k], 0.875) / a,
				     p = pow(teacher[3 * n + k], 0.875) / b;
			by_hand += 16 * p * log(p / q) / 2;
		}
	}
	ck_assert_double_eq_tol(scalar_of(kd("{kind: kd}", s->node, t->node)), by_hand, 1e-13);
}
END_TEST

START_TEST(nothing_between_equals)
{
	struct leaf *s = soft("z_s", student, 0.9), *t = soft("z_t", student, -4.1);
	ck_assert_double_eq_tol(scalar_of(kd("{kind: kd, tau: 3.5}", s->node, t->node)), 0, 1e-14);
}
END_TEST

/* d = tau (q - p) / N, q the student's. */
START_TEST(gradient_is_the_closed_form)
{
	struct leaf *s = soft("z_s", student, 0.9), *t = soft("z_t", teacher, -4.1);
	struct node *d, *loss = kd("{kind: kd, tau: 3.5}", s->node, t->node);
	graph_grad(g, loss, NULL, &s->node, 1, &d);
	const double *have = value_of(d);
	for (int i = 0; i < 6; i++)
		ck_assert_double_eq_tol(
			have[i], 3.5 * (student[i] / sum_s[i / 3] - teacher[i] / sum_t[i / 3]) / 2, 1e-14);
	ck_assert(gradient_absent(loss, t->node));
}
END_TEST

/* A teacher so sure that its other probabilities are 0 in double: 0 log 0 is 0. */
START_TEST(certain_teacher_stays_finite)
{
	struct leaf *s = soft("z_s", student, 0), *t = leaf_input("z_t", shape2(2, 3), CLASS_WIDE);
	leaf_set(t, (const double[]){0, 9000, 0, 0, 0, 9000});
	/* -log 2/8 and -log 1/6 */
	ck_assert_double_eq_tol(scalar_of(kd("{kind: kd, tau: 3.5}", s->node, t->node)), 12.25 * log(24) / 2,
	                        1e-11);
}
END_TEST

START_TEST(unlike_numbers_of_classes)
{
	struct leaf *s = leaf_input("z_s", shape2(2, 3), CLASS_WIDE),
		    *t = leaf_input("z_t", shape2(2, 5), CLASS_WIDE);
	ck_assert_ptr_null(kd("{kind: kd}", s->node, t->node));
	ck_assert_int_eq(err.status, E_USER);
	ck_assert_msg(strstr(err.text, "student logits are (2,3) but teacher logits are (2,5)"), "%s",
	              err.text);
}
END_TEST

/* The same through the term: the message has the place in the file. */
START_TEST(unlike_classes_of_two_networks)
{
	struct room *r = room_new(ROOM_N);
	struct term *term = term_of("{kind: kd}");
	r->t.logits = leaf_input("teacher/wide", shape2(ROOM_N, 9), CLASS_WIDE)->node;
	ck_assert_ptr_null(term_build(term, room_site(r, MODE_TRAIN)));
	ck_assert_int_eq(err.status, E_USER);
	ck_assert_msg(
		strstr(err.text, "test.yaml:1:10: kd: student logits are (4,7) but teacher logits are (4,9)"),
		"%s", err.text);
}
END_TEST

/* KL and the teacher's entropy; without tau^2; the mean over K = 3 classes too. */
START_TEST(other_forms)
{
	struct leaf *s = soft("z_s", student, 0.9), *t = soft("z_t", teacher, -4.1);
	const double plain = scalar_of(kd("{kind: kd, tau: 3.5}", s->node, t->node));
	/* 3/10, 6/10, 1/10 and 1/4, 1/4, 1/2 */
	const double entropy = -(0.3 * log(0.3) + 0.6 * log(0.6) + 0.1 * log(0.1) + 0.5 * log(0.25) + 0.5 * log(0.5)) / 2;
	ck_assert_double_eq_tol(scalar_of(kd("{kind: kd, tau: 3.5, tau_squared: false}", s->node, t->node)), plain / 12.25, 1e-13);
	ck_assert_double_eq_tol(scalar_of(kd("{kind: kd, tau: 3.5, kl_mean_over_classes: true}", s->node, t->node)), plain / 3, 1e-13);
	ck_assert_double_eq_tol(scalar_of(kd("{kind: kd, tau: 3.5, form: cross_entropy, tau_squared: false}", s->node, t->node)), plain / 12.25 + entropy, 1e-13);
	struct node *d, *loss = kd("{kind: kd, tau: 3.5, form: cross_entropy}", s->node, t->node);
	graph_grad(g, loss, NULL, &s->node, 1, &d);
	const double *have = value_of(d);
	for (int i = 0; i < 6; i++)
		ck_assert_double_eq_tol(have[i], 3.5 * (student[i] / sum_s[i / 3] - teacher[i] / sum_t[i / 3]) / 2, 1e-13);
	ck_assert(gradient_absent(loss, t->node));
}
END_TEST

/* A temperature that is a node gives what the number gives, and the loss its gradient. */
START_TEST(temperature_as_a_node)
{
	struct leaf *s = soft("z_s", student, 0.9), *t = soft("z_t", teacher, -4.1), *tau = leaf_input("tau", shape0(), CLASS_WIDE);
	const struct term *term = term_of("{kind: kd}");
	struct loss_site site = site_of(s->node, t->node, NULL);
	tau->value[0] = 3.5;
	site.tau = tau->node;
	struct node *loss = term->loss->build(term->conf, &site), *d;
	ck_assert_double_eq_tol(scalar_of(loss), scalar_of(kd("{kind: kd, tau: 3.5}", s->node, t->node)), 1e-13);
	graph_grad(g, loss, NULL, &s->node, 1, &d);
	ck_assert_double_eq_tol(value_of(d)[0], 3.5 * (1.0 / 8 - 3.0 / 10) / 2, 1e-13);
	struct leaf *const both[] = {s, tau};
	gradient_check("kd by tau", loss, both, 2);
}
END_TEST

TCase *tcase_kd(void)
{
	TCase *tc = tcase_create("kd");
	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, bench_open, bench_close);
	tcase_add_test(tc, value_by_hand);
	tcase_add_test(tc, nothing_between_equals);
	tcase_add_test(tc, gradient_is_the_closed_form);
	tcase_add_test(tc, certain_teacher_stays_finite);
	tcase_add_test(tc, other_forms);
	tcase_add_test(tc, temperature_as_a_node);
	tcase_add_test(tc, unlike_numbers_of_classes);
	tcase_add_test(tc, unlike_classes_of_two_networks);
	return tc;
}
