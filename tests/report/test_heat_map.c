#include <math.h>

#include "report/colours.h"
#include "report/heat_map.h"
#include "tests/report/suites.h"

START_TEST(sums_to_one)
{
	double map[] = {0.5, 0, 2, 1.5}, zero[] = {0, 0, 0};
	ck_assert(map_to_one(map, 4));
	ck_assert_double_eq(map[0], 0.125);
	ck_assert_double_eq(map[2], 0.5);
	ck_assert_double_eq(map[0] + map[1] + map[2] + map[3], 1);
	ck_assert(!map_to_one(zero, 3));
	ck_assert_double_eq(zero[0], 0);
	ck_assert_double_eq(zero[2], 0);
}
END_TEST

START_TEST(inside_and_hit)
{
	static const double map[] = {1, 4, 2, 0, 3, 0}, tied[] = {3, 1, 3, 0, 3, 0}, zero[6];
	static const uint8_t object[] = {1, 0, 0, 0, 9, 0}, other[] = {0, 1, 0, 1, 0, 0};
	ck_assert_double_eq(map_inside(map, object, 6), 0.4);
	ck_assert_double_eq(map_hit(map, object, 6), 0);
	ck_assert_double_eq(map_hit(map, other, 6), 1);
	ck_assert_double_eq_tol(map_hit(tied, object, 6), 2.0 / 3, 1e-15);
	ck_assert_double_nan(map_inside(zero, object, 6));
	ck_assert_double_nan(map_hit(zero, object, 6));
}
END_TEST

/* 3 x 5 to 2 x 2: rows 1 and 1/2, columns 2 and 1/2; of 3 * 5 / 4 values in an area. */
START_TEST(averages_areas)
{
	static const double in[] = {1, 2, 3, 4, 5, 10, 20, 30, 40, 50, 7, 0, 2, 0, 9};
	double out[4], same[15], one[1];
	map_average(in, 3, 5, out, 2, 2);
	ck_assert_double_eq_tol(out[0], (1 + 2 + 1.5 + 5 + 10 + 7.5) / 3.75, 1e-14);
	ck_assert_double_eq_tol(out[1], (1.5 + 4 + 5 + 7.5 + 20 + 25) / 3.75, 1e-14);
	ck_assert_double_eq_tol(out[2], (5 + 10 + 7.5 + 7 + 0 + 1) / 3.75, 1e-14);
	ck_assert_double_eq_tol(out[3], (7.5 + 20 + 25 + 1 + 0 + 9) / 3.75, 1e-14);
	map_average(in, 3, 5, same, 3, 5);
	for (int i = 0; i < 15; i++)
		ck_assert_double_eq(same[i], in[i]);
	map_average(in, 3, 5, one, 1, 1);
	ck_assert_double_eq_tol(one[0], 183.0 / 15, 1e-13);
}
END_TEST

/* scipy.stats.spearmanr 1.x, with ties on both sides. */
START_TEST(ranks_as_scipy)
{
	static const double a[] = {3, 1, 4, 1, 5, 9, 2, 6}, b[] = {2, 7, 1, 8, 2, 8, 1, 8};
	static const double c[] = {0, 0, 0, 2, 5, 5}, d[] = {1, 0, 3, 3, 3, 7}, zero[6];
	double down[] = {-3, -1, -4, -1, -5, -9, -2, -6}, up[] = {27, 1, 64, 1, 125, 729, 8, 216};
	ck_assert_double_eq_tol(rank_correlation(a, b, 8), 0.19885368120992467, 1e-15);
	ck_assert_double_eq_tol(rank_correlation(c, d, 6), 0.754199711151546, 1e-15);
	ck_assert_double_eq_tol(rank_correlation(a, down, 8), -1, 1e-15);
	ck_assert_double_eq_tol(rank_correlation(a, up, 8), 1, 1e-15);
	ck_assert_double_nan(rank_correlation(zero, d, 6));
	ck_assert_double_nan(rank_correlation(d, zero, 6));
	ck_assert_double_nan(rank_correlation(a, b, 1));
}
END_TEST

/* 2 x 4 with 4 x 2: both to 2 x 2, means of pairs: (1, 6, 2.5, 0.5) and (4, 1, 0, 3), of ranks (1, 3, 2, 0) and (3, 1, 0, 2):
   products about the mean of 1.5 are -0.75, -0.75, -0.75, -0.75, over 5: -0.6. */
START_TEST(correlates_at_the_smaller_size)
{
	static const double a[] = {0, 2, 5, 7, 2, 3, 1, 0}, b[] = {3, 2, 5, 0, 0, 4, 0, 2};
	ck_assert_double_eq_tol(map_correlation(a, 2, 4, b, 4, 2), -0.6, 1e-15);
	ck_assert_double_eq_tol(map_correlation(b, 4, 2, a, 2, 4), -0.6, 1e-15);
	ck_assert_double_nan(map_correlation(a, 2, 4, b, 1, 1));
}
END_TEST

static int luma(const uint8_t *c)
{
	return 299 * c[0] + 587 * c[1] + 114 * c[2];
}

START_TEST(colours)
{
	uint8_t c[3], d[3];
	int last = -1;
	for (int i = 0; i <= 100; i++, last = luma(c)) {
		colour_heat(i / 100.0, c);
		ck_assert_int_ge(luma(c), last);
	}
	ck_assert_int_gt(luma(c), 240000);
	colour_signed(0, c);
	ck_assert(c[0] == 255 && c[1] == 255 && c[2] == 255);
	colour_signed(1, c);
	ck_assert(c[0] > 90 && c[2] < 40);
	colour_signed(-1, d);
	ck_assert(d[2] > 90 && d[0] < 40);
	colour_signed(-7, c);
	ck_assert(c[0] == d[0] && c[1] == d[1] && c[2] == d[2]);
}
END_TEST

Suite *heat_map_suite(void)
{
	Suite *s = suite_create("heat map");
	TCase *tc = life_case(s, "heat map");
	tcase_add_test(tc, sums_to_one);
	tcase_add_test(tc, inside_and_hit);
	tcase_add_test(tc, averages_areas);
	tcase_add_test(tc, ranks_as_scipy);
	tcase_add_test(tc, correlates_at_the_smaller_size);
	tcase_add_test(tc, colours);
	return s;
}
