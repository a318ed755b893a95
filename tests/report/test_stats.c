#include <math.h>
#include <signal.h>

#include "report/distributions.h"
#include "report/stats.h"
#include "tests/report/suites.h"

/* ck_assert_double_eq_tol prints too few digits. */
static void near(double got, double want)
{
	ck_assert_msg(fabs(got - want) <= 1e-9 * fabs(want), "%.17g, expected %.17g", got, want);
}

START_TEST(summary_by_hand)
{
	/* around 70.5: -.4, -.1, .5, squares .42; deviation sqrt(.42 / 2); t(.975, 2) = .95 / sqrt(.04875) */
	static const double values[] = {70.1, 70.4, 71.0};
	const struct summary s = stats_summary(values, 3);
	const double half = 0.95 / sqrt(0.04875) * sqrt(0.21) / sqrt(3);
	ck_assert_int_eq(s.n, 3);
	near(s.mean, 70.5);
	near(s.deviation, sqrt(0.21));
	near(s.half, half);
	near(s.low, 70.5 - half);
	near(s.high, 70.5 + half);
}
END_TEST

START_TEST(summary_of_few_or_equal_values)
{
	static const double values[] = {0.1, 0.1, 0.1};
	const struct summary one = stats_summary(values, 1), equal = stats_summary(values, 3);
	ck_assert(one.n == 1 && one.mean == 0.1 && isnan(one.deviation) && isnan(one.half) && isnan(one.low) && isnan(one.high));
	ck_assert(equal.mean == 0.1 && equal.deviation == 0 && equal.low == 0.1 && equal.high == 0.1);
}
END_TEST

START_TEST(paired_by_hand)
{
	/* {1, 2, 3}: mean 2, deviation 1, t = 2 sqrt 3; with two degrees of freedom p = 1 - t / sqrt(2 + t^2).
	   Of the 8 choices of signs +++ and --- are as far out. */
	static const double differences[] = {1, 2, 3};
	const struct paired p = stats_paired(differences, 3);
	near(p.mean, 2);
	near(p.deviation, 1);
	near(p.t, 2 * sqrt(3));
	near(p.p_t, 1 - 2 * sqrt(3) / sqrt(14));
	near(p.high, 2 + 0.95 / sqrt(0.04875) / sqrt(3));
	near(p.low, 2 - 0.95 / sqrt(0.04875) / sqrt(3));
	ck_assert(p.n == 3 && p.p_flip == 0.25 && p.p_flip_floor == 0.25 && p.wins == 3 && p.losses == 0 && p.ties == 0);
}
END_TEST

START_TEST(paired_with_all_signs)
{
	/* {3, -1, 2, 0}: mean 1, squares around it 4 + 4 + 1 + 1; t = 2 / sqrt(10 / 3). The sums of +-3 +-1 +-2 are 6, 4, 2, 0, and
	   their opposites, each twice; 4 or more in size are half of them. */
	static const double differences[] = {3, -1, 2, 0}, negative[] = {-3, 1, -2, 0};
	const struct paired p = stats_paired(differences, 4), q = stats_paired(negative, 4);
	const double theta = atan(sqrt(1.2) / sqrt(3));
	near(p.t, sqrt(1.2));
	near(p.p_t, 1 - 2 / M_PI * (theta + sin(theta) * cos(theta)));
	ck_assert(p.p_flip == 0.5 && p.p_flip_floor == 0.125 && p.wins == 2 && p.losses == 1 && p.ties == 1);
	near(q.t, -sqrt(1.2));
	near(q.p_t, p.p_t);
	ck_assert(q.p_flip == 0.5 && q.wins == 1 && q.losses == 2 && q.ties == 1);
}
END_TEST

START_TEST(paired_as_scipy_computes)
{
	/* SciPy 1.17.1: stats.ttest_1samp with its interval, stats.permutation_test(permutation_type='samples') of |mean| */
	static const double differences[] = {0.42, -0.13, 0.88, 0.3, 0.51, -0.02, 0.64, 0.27, 0.95};
	const struct paired p = stats_paired(differences, 9);
	near(p.t, 3.462654438586326);
	near(p.p_t, 0.00853440534405074);
	near(p.low, 0.14177960987524046);
	near(p.high, 0.7071092790136484);
	ck_assert(p.p_flip == 0.015625);
}
END_TEST

/* .1 + .2 is not .3 in binary: sums that are equal on paper count as equal. Of the subsets of {1, 2, 3, 4}, 10 have a sum of
   at most 3 or at least 7, which is |10 - 2 sum| >= 4. */
START_TEST(flips_that_are_equal_on_paper)
{
	static const double differences[] = {0.1, 0.2, -0.3, 0.4}, even[] = {0.1, 0.2, -0.3};
	ck_assert(stats_paired(differences, 4).p_flip == 0.625);
	ck_assert(stats_paired(even, 3).p_flip == 1);
}
END_TEST

/* n ones, 6 of them negative: p = 2 P(at most 6 of n coins). */
START_TEST(flips_of_many)
{
	double differences[25];
	for (int i = 0; i < 25; i++)
		differences[i] = i % 4 == 1 && i < 24 ? -1.3 : 1.3;
	/* 1 + 24 + 276 + 2024 + 10626 + 42504 + 134596 */
	const struct paired even = stats_paired(differences, 24);
	ck_assert_int_eq(even.losses, 6);
	ck_assert(even.p_flip == 190051 * 0x1p-23 && even.p_flip_floor == 0x1p-23);
	/* 1 + 23 + 253 + 1771 + 8855 + 33649 + 100947 */
	const struct paired odd = stats_paired(differences, 23);
	ck_assert_int_eq(odd.losses, 6);
	ck_assert(odd.p_flip == 145499 * 0x1p-22);
	const struct paired many = stats_paired(differences, 25);
	ck_assert(isnan(many.p_flip) && many.p_t < 0.05 && many.p_flip_floor == 0x1p-24);
}
END_TEST

START_TEST(paired_without_spread)
{
	static const double zeros[25] = {0}, equal[] = {0.1, 0.1, 0.1}, below[] = {-0.7};
	for (int n = 1; n <= 25; n += 8) {
		const struct paired p = stats_paired(zeros, n);
		ck_assert(p.p_t == 1 && p.p_flip == 1 && isnan(p.t) && p.ties == n && p.mean == 0);
	}
	const struct paired p = stats_paired(equal, 3), one = stats_paired(below, 1);
	ck_assert(p.t == INFINITY && p.p_t == 0 && p.p_flip == 0.25);
	ck_assert(isnan(one.t) && isnan(one.p_t) && one.p_flip == 1 && one.p_flip_floor == 1 && one.losses == 1);
}
END_TEST

/* .005 x 4, .01 x 3, .03 x 2, and .04 x 1 is raised to the .06 before it. */
START_TEST(holm_by_hand)
{
	double p[] = {0.01, 0.04, 0.03, 0.005}, gaps[] = {NAN, 0.5, 0.25, NAN, 0.9, 0.5}, none[] = {NAN};
	stats_holm(p, 4, life);
	near(p[0], 0.03);
	near(p[1], 0.06);
	near(p[2], 0.06);
	near(p[3], 0.02);
	/* a family of four: .25 x 4 = 1, and nothing is above 1 */
	stats_holm(gaps, 6, life);
	ck_assert(isnan(gaps[0]) && isnan(gaps[3]) && gaps[1] == 1 && gaps[2] == 1 && gaps[4] == 1 && gaps[5] == 1);
	stats_holm(none, 1, life);
	stats_holm(none, 0, life);
	ck_assert(isnan(none[0]));
	double pair[] = {NAN, 0.02, 0.3};
	stats_holm(pair, 3, life);
	near(pair[1], 0.04);
	near(pair[2], 0.3);
}
END_TEST

START_TEST(mcnemar_by_hand)
{
	/* (1 + 12 + 66) / 4096 of 12 coins show at most 2 heads, 13 / 4096 fewer */
	const struct mcnemar a = stats_mcnemar(10, 2), b = stats_mcnemar(2, 10), none = stats_mcnemar(0, 5);
	near(a.exact, 158.0 / 4096);
	near(a.middle, 92.0 / 4096);
	ck_assert(b.exact == a.exact && b.middle == a.middle);
	near(none.exact, 2.0 / 32);
	near(none.middle, 1.0 / 32);
	/* of 6 coins: 7 / 64 at most one head, 1 / 64 none */
	near(stats_mcnemar(5, 1).exact, 14.0 / 64);
	near(stats_mcnemar(5, 1).middle, 8.0 / 64);
	for (long n = 0; n < 1000; n += 37) {
		ck_assert(stats_mcnemar(n, n).exact == 1);
		near(stats_mcnemar(n, n).middle, 1);
	}
	/* SciPy 1.17.1: stats.binomtest, minus stats.binom.pmf */
	near(stats_mcnemar(1200, 1100).exact, 0.03896685268382023);
	near(stats_mcnemar(1200, 1100).middle, 0.037074406338548235);
}
END_TEST

START_TEST(seeds_as_scipy_computes)
{
	/* SciPy 1.17.1: the smallest n with stats.nct.sf(c, n - 1, d sqrt(n)) + cdf(-c, ...) >= power, c = t.ppf(1 - alpha / 2, n - 1) */
	ck_assert_int_eq(stats_seeds_needed(0.5, 1, 0.05, 0.8), 34);
	ck_assert_int_eq(stats_seeds_needed(-0.5, 1, 0.05, 0.8), 34);
	ck_assert_int_eq(stats_seeds_needed(0.3, 0.3, 0.05, 0.8), 10);
	ck_assert_int_eq(stats_seeds_needed(0.2, 1, 0.05, 0.8), 199);
	ck_assert_int_eq(stats_seeds_needed(1.6, 1, 0.05, 0.9), 7);
	ck_assert_int_eq(stats_seeds_needed(0.8, 1, 0.01, 0.9), 27);
	ck_assert_int_eq(stats_seeds_needed(2, 1, 0.05, 0.95), 6);
	ck_assert_int_eq(stats_seeds_needed(4, 1, 0.05, 0.8), 3);
	/* here the wrong tail has a share in the power */
	ck_assert_int_eq(stats_seeds_needed(0.05, 1, 0.4, 0.45), 89);
	ck_assert_int_eq(stats_seeds_needed(0.3, 1, 0.6, 0.7), 8);
}
END_TEST

START_TEST(seeds_by_hand)
{
	/* n = 2: |Z| below 30 sqrt 2 / 12.7 = 3.3 is enough, so two do */
	ck_assert_int_eq(stats_seeds_needed(30, 1, 0.05, 0.8), 2);
	/* many: (z(.975) + z(.8))^2 / ratio^2 + z(.975)^2 / 2 = 78488.6 + 1.9 */
	ck_assert_int_eq(stats_seeds_needed(0.01, 1, 0.05, 0.8), 78491);
	ck_assert_int_eq(stats_seeds_needed(0.005, 1, 0.05, 0.8), SEEDS_MOST);
	ck_assert_int_eq(stats_seeds_needed(0, 1, 0.05, 0.8), SEEDS_MOST);
	ck_assert_int_eq(stats_seeds_needed(0, 0, 0.05, 0.8), SEEDS_MOST);
	ck_assert_int_eq(stats_seeds_needed(0.1, 0, 0.05, 0.8), 2);
	/* n = 3, so chi-square has two degrees of freedom and a closed form: deviation sqrt(2 / (-2 log(1 - p))) */
	const struct seeds_range r = stats_seeds_range(0.1, 0.7, 3, 0.05, 0.8);
	ck_assert_int_eq(r.low, stats_seeds_needed(0.1, 0.7 * sqrt(1 / -log(0.025)), 0.05, 0.8));
	ck_assert_int_eq(r.high, stats_seeds_needed(0.1, 0.7 * sqrt(1 / -log(0.975)), 0.05, 0.8));
	ck_assert_int_lt(r.low, stats_seeds_needed(0.1, 0.7, 0.05, 0.8));
	ck_assert_int_gt(r.high, stats_seeds_needed(0.1, 0.7, 0.05, 0.8));
}
END_TEST

static enum verdict verdict_at(double difference, double deviation, int n, int n_paper)
{
	const struct summary ours = {.n = n, .mean = 70 + difference, .deviation = deviation};
	return stats_verdict(&ours, 70, n_paper).verdict;
}

START_TEST(verdict_by_hand)
{
	/* t(.975, 2) = .95 / sqrt(.04875) */
	const struct summary ours = {.n = 3, .mean = 71.5, .deviation = 0.25};
	const struct beside b = stats_verdict(&ours, 70.25, 2);
	near(b.difference, 1.25);
	near(b.half, 0.95 / sqrt(0.04875) * 0.25 * sqrt(1.0 / 3 + 1.0 / 2));
	ck_assert_int_eq(b.verdict, VERDICT_ABOVE);
	/* n 5, deviation .3, one run of the paper: half = 2.776 x .3 x sqrt(1.2) = .912; five runs: .527 */
	ck_assert_int_eq(verdict_at(0.45, 0.3, 5, 1), VERDICT_AGREES);
	ck_assert_int_eq(verdict_at(-0.45, 0.3, 5, 0), VERDICT_AGREES);
	ck_assert_int_eq(verdict_at(0.6, 0.3, 5, 1), VERDICT_CANNOT_TELL);
	ck_assert_int_eq(verdict_at(0.6, 0.3, 5, 5), VERDICT_ABOVE);
	ck_assert_int_eq(verdict_at(-0.6, 0.3, 5, 5), VERDICT_BELOW);
	ck_assert_int_eq(verdict_at(0.95, 0.3, 5, -1), VERDICT_ABOVE);
	ck_assert_int_eq(verdict_at(-0.95, 0.3, 5, 1), VERDICT_BELOW);
	/* half = 1.22 says nothing of a difference of .1 */
	ck_assert_int_eq(verdict_at(0.1, 0.4, 5, 1), VERDICT_CANNOT_TELL);
	ck_assert_int_eq(verdict_at(5, 0.3, 2, 1), VERDICT_NONE);
	ck_assert_int_eq(verdict_at(5, NAN, 1, 1), VERDICT_NONE);
}
END_TEST

START_TEST(claim_by_hand)
{
	const struct paired better = {.n = 8, .mean = 0.4}, worse = {.n = 8, .mean = -0.4}, few = {.n = 7, .mean = 3};
	ck_assert_int_eq(stats_claim(&better, 0.049), CLAIM_SUPPORTED);
	ck_assert_int_eq(stats_claim(&worse, 0.049), CLAIM_CONTRADICTED);
	ck_assert_int_eq(stats_claim(&better, 0.05), CLAIM_UNDECIDED);
	ck_assert_int_eq(stats_claim(&worse, 0.7), CLAIM_UNDECIDED);
	ck_assert_int_eq(stats_claim(&few, 0.001), CLAIM_UNDECIDED);
	ck_assert_int_eq(stats_claim(&better, NAN), CLAIM_UNDECIDED);
}
END_TEST

START_TEST(a_wrong_value_is_a_bug)
{
	double values[] = {1, NAN, 3}, large[] = {0.3, 1.2};
	const struct summary ours = {.n = 3, .mean = 70, .deviation = 1};
	switch (_i) {
	case 0: stats_summary(values, 3); break;
	case 1: stats_paired(values, 3); break;
	case 2: stats_summary(values, 0); break;
	case 3: stats_holm(large, 2, life); break;
	case 4: stats_mcnemar(-1, 3); break;
	case 5: stats_seeds_needed(NAN, 1, 0.05, 0.8); break;
	case 6: stats_seeds_needed(1, 1, 0, 0.8); break;
	case 7: stats_seeds_range(1, 1, 1, 0.05, 0.8); break;
	case 8: stats_verdict(&ours, NAN, 1); break;
	}
}
END_TEST

Suite *stats_suite(void)
{
	Suite *s = suite_create("stats");
	TCase *tc = life_case(s, "stats");
	tcase_add_test(tc, summary_by_hand);
	tcase_add_test(tc, summary_of_few_or_equal_values);
	tcase_add_test(tc, paired_by_hand);
	tcase_add_test(tc, paired_with_all_signs);
	tcase_add_test(tc, paired_as_scipy_computes);
	tcase_add_test(tc, flips_that_are_equal_on_paper);
	tcase_add_test(tc, flips_of_many);
	tcase_add_test(tc, paired_without_spread);
	tcase_add_test(tc, holm_by_hand);
	tcase_add_test(tc, mcnemar_by_hand);
	tcase_add_test(tc, seeds_as_scipy_computes);
	tcase_add_test(tc, seeds_by_hand);
	tcase_add_test(tc, verdict_by_hand);
	tcase_add_test(tc, claim_by_hand);
	tcase_add_loop_test_raise_signal(life_case(s, "wrong values"), a_wrong_value_is_a_bug, SIGABRT, 0, 9);
	return s;
}
