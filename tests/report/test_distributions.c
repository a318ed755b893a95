#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "report/distributions.h"
#include "report/incomplete.h"
#include "tests/report/suites.h"

/* Relative; the expected 0 is met exactly. */
static void check(const char *what, double got, double want, double tolerance)
{
	ck_assert_msg(fabs(got - want) <= tolerance * fabs(want), "%s: %.17g, expected %.17g", what, got, want);
}

/* The value of one row: its function at x[0..n). *tolerance is what the header promises. */
static double value(const char *function, const double *x, int n, double *tolerance)
{
	*tolerance = strcmp(function, "noncentral_t_cdf") == 0 ? 1e-8 : 1e-10;
	if (strcmp(function, "normal_cdf") == 0 && n == 1)
		return normal_cdf(x[0]);
	if (strcmp(function, "normal_quantile") == 0 && n == 1)
		return normal_quantile(x[0]);
	if (strcmp(function, "t_cdf") == 0 && n == 2)
		return t_cdf(x[0], x[1]);
	if (strcmp(function, "t_quantile") == 0 && n == 2)
		return t_quantile(x[0], x[1]);
	if (strcmp(function, "chi_square_quantile") == 0 && n == 2)
		return chi_square_quantile(x[0], x[1]);
	if (strcmp(function, "noncentral_t_cdf") == 0 && n == 3)
		return noncentral_t_cdf(x[0], x[1], x[2]);
	ck_abort_msg("no function '%s' of %d numbers", function, n);
}

START_TEST(as_scipy_computes)
{
	FILE *f = fopen(TEST_SRCDIR "/tests/report/distributions.csv", "r");
	ck_assert_ptr_nonnull(f);
	char line[256], function[64];
	int rows = 0;
	while (fgets(line, sizeof line, f)) {
		double x[4], tolerance;
		if (line[0] == '#')
			continue;
		const int n = sscanf(line, "%63[^,],%lf,%lf,%lf,%lf", function, &x[0], &x[1], &x[2], &x[3]) - 2;
		ck_assert_int_ge(n, 1);
		const double got = value(function, x, n, &tolerance);
		check(line, got, x[n], tolerance);
		rows++;
	}
	fclose(f);
	ck_assert_int_eq(rows, 438);
}
END_TEST

/* Where a closed form exists. */
START_TEST(worked_by_hand)
{
	/* two degrees of freedom: t = (2p - 1) / sqrt(2p (1 - p)) */
	check("t .975, 2", t_quantile(0.975, 2), 0.95 / sqrt(2 * 0.975 * 0.025), 1e-13);
	/* one: Cauchy's distribution */
	check("t .3, 1", t_quantile(0.3, 1), tan(M_PI * (0.3 - 0.5)), 1e-13);
	check("t far out, 1", t_cdf(-1e200, 1), 1e-200 / M_PI, 1e-12);
	check("t next to 0, 4", t_quantile(0.5 + 0x1p-40, 4), 0x1p-40 / 0.375, 1e-12);
	/* three: 1/2 + (theta + sin theta cos theta) / pi with theta = atan(t / sqrt 3), here 60 degrees at t = 3 */
	check("t cdf 3, 3", t_cdf(3, 3), 0.5 + (M_PI / 3 + sqrt(3) / 4) / M_PI, 1e-14);
	/* chi-square of two: -2 log(1 - p) */
	check("chi-square .7, 2", chi_square_quantile(0.7, 2), -2 * log(0.3), 1e-13);
	/* a denominator that is always 1, and a mean of 0 */
	check("noncentral, many", noncentral_t_cdf(1.5, 1e9, 3.5), normal_cdf(-2), 1e-7);
	check("noncentral, 0", noncentral_t_cdf(-2.2, 7, 0), t_cdf(-2.2, 7), 1e-13);
	check("noncentral at 0", noncentral_t_cdf(0, 3, 1.25), normal_cdf(-1.25), 1e-13);
	/* both tails make 1, and the small one keeps its digits: SciPy's quadrature in 30 digits (mpmath 1.3) gives it */
	check("noncentral tails", noncentral_t_cdf(3, 9, 1.7) + noncentral_t_cdf(-3, 9, -1.7), 1, 1e-13);
	check("noncentral far", noncentral_t_cdf(-5, 200, 8), 7.6772286304826556e-37, 1e-12);
}
END_TEST

START_TEST(ends_of_the_range)
{
	ck_assert(normal_quantile(0) == -INFINITY && normal_quantile(1) == INFINITY && normal_quantile(0.5) == 0);
	ck_assert(t_quantile(0, 3) == -INFINITY && t_quantile(1, 3) == INFINITY && t_quantile(0.5, 3) == 0);
	ck_assert(t_quantile(1e-8, 0.01) == -INFINITY);
	ck_assert(chi_square_quantile(0, 3) == 0 && chi_square_quantile(1, 3) == INFINITY);
	ck_assert(t_cdf(-INFINITY, 3) == 0 && t_cdf(INFINITY, 3) == 1 && t_cdf(0, 3) == 0.5);
	ck_assert(normal_cdf(-INFINITY) == 0 && normal_cdf(INFINITY) == 1);
}
END_TEST

START_TEST(both_masses)
{
	double below, above;
	/* I_x(2, 3) = 6 x^2 - 8 x^3 + 3 x^4, below and above the switch of formulas at 3/7 */
	beta_masses(2, 3, 0.25, 0.75, &below, &above);
	check("beta .25", below, 67.0 / 256, 1e-14);
	check("beta .25 above", above, 189.0 / 256, 1e-14);
	beta_masses(2, 3, 0.75, 0.25, &below, &above);
	check("beta .75", below, 243.0 / 256, 1e-14);
	check("beta .75 above", above, 13.0 / 256, 1e-14);
	/* P(2, x) = 1 - (1 + x) exp(-x) */
	gamma_masses(2, 1.2, &below, &above);
	check("gamma 1.2 above", above, 2.2 * exp(-1.2), 1e-14);
	gamma_masses(2, 60, &below, &above);
	check("gamma 60 above", above, 61 * exp(-60), 1e-13);
}
END_TEST

START_TEST(a_wrong_argument_is_a_bug)
{
	switch (_i) {
	case 0: t_cdf(NAN, 3); break;
	case 1: t_cdf(1, 0); break;
	case 2: t_quantile(1.01, 3); break;
	case 3: t_quantile(NAN, 3); break;
	case 4: t_quantile(0.3, -1); break;
	case 5: chi_square_quantile(-0.01, 3); break;
	case 6: chi_square_quantile(0.5, NAN); break;
	case 7: noncentral_t_cdf(1, 3, INFINITY); break;
	case 8: normal_quantile(-0.1); break;
	case 9: normal_cdf(NAN); break;
	}
}
END_TEST

Suite *distributions_suite(void)
{
	Suite *s = suite_create("distributions");
	TCase *tc = life_case(s, "values");
	tcase_add_test(tc, as_scipy_computes);
	tcase_add_test(tc, worked_by_hand);
	tcase_add_test(tc, ends_of_the_range);
	tcase_add_test(tc, both_masses);
	tcase_add_loop_test_raise_signal(life_case(s, "wrong arguments"), a_wrong_argument_is_a_bug, SIGABRT, 0, 10);
	return s;
}
