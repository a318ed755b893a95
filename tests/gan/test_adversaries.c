/* Adversarial losses and the critic's report, worked by hand at two scores each. */
#include "tests/gan/fight.h"

#include <math.h>

static struct leaf *score(const char *name, double a, double b)
{
	struct leaf *s = leaf_input(name, shape1(2), CLASS_WIDE);
	leaf_set(s, (const double[]){a, b});
	return s;
}

static void by_hand(const struct adversary *adv, struct leaf *real, struct leaf *fake, double critic,
                    double student)
{
	ck_assert_double_eq_tol(scalar_of(adv->critic(g, real->node, fake->node, 0)), critic, 1e-14);
	ck_assert_double_eq_tol(scalar_of(adv->student(g, fake->node)), student, 1e-14);
}

/* s(real) = 3/4, 1/5: -log 3/4 - log 1/5 = log 20/3; s(fake) = 9/10, 1/3: -log 1/10 - log 2/3 = log 15;
   the student's -log 9/10 - log 1/3 = log 10/3. Each / 2. */
START_TEST(non_saturating)
{
	by_hand(&adversary_non_saturating, score("real", log(3), -log(4)), score("fake", log(9), -log(2)),
	        (log(20 / 3.0) + log(15)) / 2, log(10 / 3.0) / 2);
}
END_TEST

/* (0.5^2 + 1.5^2) / 2 + (0.25^2 + 2^2) / 2 = 1.25 + 2.03125; (0.75^2 + 1^2) / 2 = 0.78125. */
START_TEST(least_squares)
{
	by_hand(&adversary_least_squares, score("real", 1.5, -0.5), score("fake", 0.25, 2), 3.28125, 0.78125);
}
END_TEST

/* relu(1 - 0.25) + relu(1 + 1.5) = 3.25; relu(1 + 0.5) + relu(1 - 3) = 1.5; student -(0.5 - 3). Each / 2. */
START_TEST(hinge)
{
	by_hand(&adversary_hinge, score("real", 0.25, -1.5), score("fake", 0.5, -3), (3.25 + 1.5) / 2, 1.25);
}
END_TEST

/* (0.5 - 3) / 2 - (0.25 - 1.5) / 2; student -(0.5 - 3) / 2. */
START_TEST(wasserstein)
{
	by_hand(&adversary_wasserstein, score("real", 0.25, -1.5), score("fake", 0.5, -3), -0.625, 1.25);
	ck_assert_double_eq(adversary_wasserstein.penalty, 10);
}
END_TEST

/* Real features are called 0.8. Cross-entropy: -0.8 log 3/4 - 0.2 log 1/4 - 0.8 log 1/5 - 0.2 log 4/5, fake as
   without. Squares: 0.7^2 and 1.3^2. */
START_TEST(smoothing_by_hand)
{
	struct leaf *r = score("real", log(3), -log(4)), *f = score("fake", log(9), -log(2));
	ck_assert_double_eq_tol(scalar_of(adversary_non_saturating.critic(g, r->node, f->node, 0.2)),
	                        (-0.8 * log(0.75) - 0.2 * log(0.25) - 0.8 * log(0.2) - 0.2 * log(0.8) + log(15)) / 2, 1e-14);
	r = score("real2", 1.5, -0.5);
	f = score("fake2", 0.25, 2);
	ck_assert_double_eq_tol(scalar_of(adversary_least_squares.critic(g, r->node, f->node, 0.2)),
	                        (0.49 + 1.69) / 2 + 2.03125, 1e-14);
}
END_TEST

/* Who says that smoothing means something does something with it. */
START_TEST(smoothing_is_known_where_it_is_said)
{
	const struct adversary *adv = adversary_all[_i];
	struct leaf *r = score("real", 0.3, -0.7), *f = score("fake", 0.4, -0.2);
	const double plain = scalar_of(adv->critic(g, r->node, f->node, 0)), smooth = scalar_of(adv->critic(g, r->node, f->node, 0.15));
	ck_assert_int_eq(plain != smooth, adv->smooths);
}
END_TEST

/* Where scores are wrong by far neither loss overflows. */
START_TEST(large_scores_stay_finite)
{
	by_hand(&adversary_non_saturating, score("real", -2000, 3000), score("fake", 1500, -4000),
	        (2000 + 1500) / 2.0, 4000 / 2.0);
}
END_TEST

/* d[i] by the formula: non-saturating -(1 - s), s; student's -(1 - s). Least squares 2 (x - 1), 2 x;
 * student's 2 (x - 1). All / N. */
START_TEST(gradients_are_the_closed_forms)
{
	struct leaf *r = score("real", log(3), -log(4)), *f = score("fake", log(9), -log(2));
	const struct {
		const struct adversary *adv;
		double real[2], fake[2], student[2];
	} cases[] = {
		{&adversary_non_saturating,
	         {-1 / 8.0, -4 / 10.0},
	         {9 / 20.0, 1 / 6.0},
	         {-1 / 20.0, -2 / 6.0}},
		{&adversary_least_squares,
	         {log(3) - 1, -log(4) - 1},
	         {log(9), -log(2)},
	         {log(9) - 1, -log(2) - 1}},
	};
	for (int i = 0; i < 2; i++) {
		struct node *d[3];
		graph_grad(g, cases[i].adv->critic(g, r->node, f->node, 0), NULL,
		           (struct node *const[]){r->node, f->node}, 2, d);
		graph_grad(g, cases[i].adv->student(g, f->node), NULL, &f->node, 1, &d[2]);
		const double *const want[] = {cases[i].real, cases[i].fake, cases[i].student};
		for (int k = 0; k < 3; k++) {
			const double *have = value_of(d[k]);
			for (int n = 0; n < 2; n++)
				ck_assert_double_eq_tol(have[n], want[k][n], 1e-14);
		}
	}
}
END_TEST

/* What holds for every adversary: each minimum lies in its player's direction. */
START_TEST(directions)
{
	const struct adversary *adv = adversary_all[_i];
	const double m = adv->middle ? adv->middle(0) : -0.7;
	struct leaf *r = score("real", m - 0.2, m + 0.1), *f = score("fake", m + 0.15, m - 0.1);
	struct node *d[3];
	graph_grad(g, adv->critic(g, r->node, f->node, 0), NULL, (struct node *const[]){r->node, f->node}, 2, d);
	graph_grad(g, adv->student(g, f->node), NULL, &f->node, 1, &d[2]);
	for (int k = 0; k < 3; k++) {
		const double *have = value_of(d[k]);
		for (int n = 0; n < 2; n++)
			ck_assert_msg(k == 1 ? have[n] > 0 : have[n] < 0, "%s: derivative %d is %g",
			              adv->name, k, have[n]);
	}
	ck_assert_ptr_eq(adversary_find(adv->name), adv);
	ck_assert(adv->help && *adv->help && adv->formula && *adv->formula && adv->paper && adv->differs);
	ck_assert_int_ge(adv->revision, 1);
}
END_TEST

/* Scores above the middle are called real, the middle itself is not. */
START_TEST(report_by_hand)
{
	const struct adversary *adv = adversary_all[_i];
	if (!adv->middle)
		return;
	const double m = adversary_middle(adv, 0);
	struct leaf *r = leaf_input("real", shape1(5), CLASS_WIDE),
		    *f = leaf_input("fake", shape1(5), CLASS_WIDE);
	leaf_set(r, (const double[]){m + 0.3, m + 2, m - 0.7, m, m + 0.1}); /* 3 of 5 */
	leaf_set(f, (const double[]){m - 1, m, m - 0.2, m - 3, m + 0.4});   /* 4 of 5 */
	struct node *loss = adv->critic(g, r->node, f->node, 0);
	const struct critic_report rep = critic_report(g, m, loss, r->node, f->node);
	ck_assert_ptr_eq(rep.loss, loss);
	ck_assert_double_eq_tol(scalar_of(rep.real_accuracy), 0.6, 1e-15);
	ck_assert_double_eq_tol(scalar_of(rep.fake_accuracy), 0.8, 1e-15);
	ck_assert_double_eq_tol(scalar_of(rep.real_mean), m + 0.34, 1e-15);
	ck_assert_double_eq_tol(scalar_of(rep.fake_mean), m - 0.76, 1e-15);
}
END_TEST

/* Of the targets that smoothing leaves: .7 and 0 of least squares; probabilities of .7 and 0, so .35, whose log odds are log(.35 / .65). A critic that is
   as its loss would have it is then right always. */
START_TEST(middle_by_hand)
{
	ck_assert_double_eq_tol(adversary_middle(&adversary_least_squares, 0.3), 0.35, 1e-15);
	ck_assert_double_eq_tol(adversary_middle(&adversary_non_saturating, 0.3), log(0.35 / 0.65), 1e-15);
	ck_assert_double_eq(adversary_middle(&adversary_least_squares, 0), 0.5);
	ck_assert_double_eq(adversary_middle(&adversary_non_saturating, 0), 0);
	ck_assert_double_eq(adversary_middle(&adversary_hinge, 0), 0);
	ck_assert(isnan(adversary_middle(&adversary_wasserstein, 0)));
	struct leaf *r = leaf_input("real", shape1(2), CLASS_WIDE), *f = leaf_input("fake", shape1(2), CLASS_WIDE);
	leaf_set(r, (const double[]){0.48, 0.52}); /* half of them below .5 */
	leaf_set(f, (const double[]){0.01, -0.02});
	const struct critic_report rep = critic_report(g, adversary_middle(&adversary_least_squares, 0.5), NULL, r->node, f->node);
	ck_assert_double_eq(scalar_of(rep.real_accuracy), 1);
	ck_assert_double_eq(scalar_of(rep.fake_accuracy), 1);
}
END_TEST

/* Without a middle: means 2.8 and 0.3, so 1.55 is between. */
START_TEST(report_by_midpoint)
{
	struct leaf *r = leaf_input("real", shape1(5), CLASS_WIDE), *f = leaf_input("fake", shape1(2), CLASS_WIDE);
	leaf_set(r, (const double[]){1.5, 9, 1.6, 1.4, 0.5});
	leaf_set(f, (const double[]){-1.5, 2.1});
	struct node *loss = adversary_wasserstein.critic(g, r->node, f->node, 0);
	const struct critic_report rep = critic_report(g, adversary_middle(&adversary_wasserstein, 0), loss, r->node, f->node);
	ck_assert_double_eq_tol(scalar_of(rep.real_accuracy), 0.4, 1e-15);
	ck_assert_double_eq_tol(scalar_of(rep.fake_accuracy), 0.5, 1e-15);
	ck_assert_double_eq_tol(scalar_of(rep.real_mean), 2.8, 1e-15);
	ck_assert_double_eq_tol(scalar_of(rep.fake_mean), 0.3, 1e-15);
}
END_TEST

TCase *tcase_adversaries(void)
{
	TCase *tc = tcase_create("adversaries");
	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, bench_open, bench_close);
	tcase_add_test(tc, non_saturating);
	tcase_add_test(tc, least_squares);
	tcase_add_test(tc, hinge);
	tcase_add_test(tc, wasserstein);
	tcase_add_test(tc, smoothing_by_hand);
	tcase_add_loop_test(tc, smoothing_is_known_where_it_is_said, 0, adversary_count);
	tcase_add_test(tc, middle_by_hand);
	tcase_add_test(tc, report_by_midpoint);
	tcase_add_test(tc, large_scores_stay_finite);
	tcase_add_test(tc, gradients_are_the_closed_forms);
	tcase_add_loop_test(tc, directions, 0, adversary_count);
	tcase_add_loop_test(tc, report_by_hand, 0, adversary_count);
	return tc;
}
