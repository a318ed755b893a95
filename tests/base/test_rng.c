#include "base/rng.h"

#include <math.h>
#include <stdlib.h>

#include "tests/base/suites.h"

/* Random123's kat_vectors, philox4x32 10. */
START_TEST(philox_gives_the_published_numbers)
{
	static const struct {
		uint32_t ctr[4], key[2], out[4];
	} rows[] = {
		{{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff},
		 {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
		{{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0},
		 {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
	};
	for (int i = 0; i < 3; i++) {
		uint32_t out[4];
		philox4x32_10(rows[i].ctr, rows[i].key, out);
		ck_assert_mem_eq(out, rows[i].out, sizeof out);
	}
}
END_TEST

static struct rng_name name(const char *purpose, const char *network, const char *application, uint32_t view,
                            uint32_t epoch, uint32_t sample)
{
	return (struct rng_name){purpose, network, application, view, epoch, sample};
}

START_TEST(a_stream_is_its_counters)
{
	const struct rng_name n = name("crop", NULL, NULL, 1, 7, 9);
	struct rng r = rng_stream(42, n);
	uint32_t key[2], out[4];
	rng_key(42, n, key);
	for (uint32_t block = 0; block < 5; block++) {
		philox4x32_10((uint32_t[]){block, 0, 9, 7}, key, out);
		for (int i = 0; i < 4; i++)
			ck_assert_uint_eq(rng_u32(&r), out[i]);
	}
	/* the position carries into its second word */
	r.ctr[0] = 0xffffffff;
	r.left = 0;
	rng_u32(&r);
	ck_assert_uint_eq(r.ctr[0], 0);
	ck_assert_uint_eq(r.ctr[1], 1);
	ck_assert_uint_eq(r.ctr[2], 9);
}
END_TEST

START_TEST(each_part_of_the_name_counts)
{
	const struct rng_name names[] = {
		name("crop", "s", "a", 0, 0, 0),   name("flip", "s", "a", 0, 0, 0),  name("crop", "t", "a", 0, 0, 0),
		name("crop", "s", "b", 0, 0, 0),   name("crop", "s", "a", 1, 0, 0),  name("crop", "s", "a", 0, 1, 0),
		name("crop", "s", "a", 0, 0, 1),   name("crop", NULL, "a", 0, 0, 0), name("crop", "s", NULL, 0, 0, 0),
		name("crops", NULL, "a", 0, 0, 0), name("crop", "sa", "", 0, 0, 0),  name("crop", "", "sa", 0, 0, 0),
		name("crop", "", NULL, 0, 0, 0),   name("crop", NULL, "", 0, 0, 0),  name(NULL, "crop", "", 0, 0, 0),
	};
	enum { N = sizeof names / sizeof *names };
	uint32_t first[2 * N];
	for (int i = 0; i < 2 * N; i++) {
		const uint64_t seed = i < N ? 5 : 6;
		struct rng r = rng_stream(seed, names[i % N]), again = rng_stream(seed, names[i % N]);
		first[i] = rng_u32(&r);
		ck_assert_uint_eq(first[i], rng_u32(&again));
		for (int k = 0; k < i; k++)
			ck_assert_uint_ne(first[i], first[k]);
	}
}
END_TEST

START_TEST(neighbouring_streams_are_not_correlated)
{
	double sum = 0;
	const int n = 20000;
	for (int i = 0; i < n; i++) {
		struct rng a = rng_stream(1, name("x", NULL, NULL, 0, 0, (uint32_t)i));
		struct rng b = rng_stream(1, name("x", NULL, NULL, 0, 0, (uint32_t)i + 1));
		sum += (rng_uniform_f64(&a) - 0.5) * (rng_uniform_f64(&b) - 0.5);
	}
	/* deviation 1/12 / sqrt(n) = 0.0006 */
	ck_assert_double_lt(fabs(sum / n), 5 * (1.0 / 12) / sqrt(n));
}
END_TEST

START_TEST(uniform_keeps_its_range)
{
	struct rng r = {.left = 1};
	r.out[3] = 0;
	ck_assert(rng_uniform(&r) == 0x1p-33f);
	r.left = 1;
	r.out[3] = 0xffffffff;
	ck_assert(rng_uniform(&r) == 1.0f);
	r.left = 2;
	r.out[2] = r.out[3] = 0xffffffff;
	ck_assert(rng_uniform_f64(&r) == 1 - 0x1p-53);
	r.left = 2;
	r.out[2] = r.out[3] = 0;
	ck_assert(rng_uniform_f64(&r) == 0);
	r = rng_stream(3, name("u", NULL, NULL, 0, 0, 0));
	double sum = 0, sum2 = 0;
	const int n = 100000;
	int outside = 0;
	for (int i = 0; i < n; i++) {
		const double u = i % 2 ? (double)rng_uniform(&r) : rng_uniform_f64(&r);
		outside += !(u >= 0 && u <= 1);
		sum += u;
		sum2 += u * u;
	}
	ck_assert_int_eq(outside, 0);
	ck_assert_double_eq_tol(sum / n, 0.5, 0.005);
	ck_assert_double_eq_tol(sum2 / n, 1.0 / 3, 0.005);
}
END_TEST

START_TEST(below_is_unbiased)
{
	struct rng r = rng_stream(4, name("b", NULL, NULL, 0, 0, 0));
	int hist[6] = {0};
	const int n = 60000;
	for (int i = 0; i < n; i++)
		hist[rng_below(&r, 6)]++;
	double chi2 = 0;
	for (int i = 0; i < 6; i++)
		chi2 += (hist[i] - n / 6.0) * (hist[i] - n / 6.0) / (n / 6.0);
	ck_assert_double_lt(chi2, 25); /* 5 degrees of freedom: p = 0.00014 */
	ck_assert_uint_eq(rng_below(&r, 1), 0);
	/* three quarters of 2^32: x mod n would give the lower third twice as often as the others */
	const uint32_t most = 0xC0000000u;
	int low = 0;
	for (int i = 0; i < n; i++)
		low += rng_below(&r, most) < most / 3;
	ck_assert_double_eq_tol((double)low / n, 1.0 / 3, 0.01);
}
END_TEST

START_TEST(below_refuses_the_words_that_would_bias)
{
	/* 2^32 mod 6 = 4. 6 x 715827883 = 2^32 + 2, below 4; 6 x 1431655766 = 2 2^32 + 4, not below */
	struct rng r = {.left = 2};
	r.out[2] = 715827883;
	r.out[3] = 1431655766;
	ck_assert_uint_eq(rng_below(&r, 6), 2);
	ck_assert_int_eq(r.left, 0);
}
END_TEST

START_TEST(normal_has_its_moments)
{
	struct rng r = rng_stream(5, name("n", NULL, NULL, 0, 0, 0));
	double m[5] = {0};
	const int n = 200000;
	for (int i = 0; i < n; i++) {
		const double x = rng_normal(&r);
		for (int k = 1; k < 5; k++)
			m[k] += pow(x, k) / n;
	}
	/* four deviations: 1/sqrt(n), sqrt(2/n), sqrt(15/n), sqrt(96/n) */
	ck_assert_double_eq_tol(m[1], 0, 0.009);
	ck_assert_double_eq_tol(m[2], 1, 0.013);
	ck_assert_double_eq_tol(m[3], 0, 0.035);
	ck_assert_double_eq_tol(m[4], 3, 0.088);
}
END_TEST

START_TEST(permutations)
{
	struct rng r = rng_stream(6, name("p", NULL, NULL, 0, 0, 0));
	int x[100], seen[100] = {0}, moved = 0;
	for (int i = 0; i < 100; i++)
		x[i] = i;
	rng_permute(&r, x, 100);
	for (int i = 0; i < 100; i++) {
		ck_assert(x[i] >= 0 && x[i] < 100 && !seen[x[i]]++);
		moved += x[i] != i;
	}
	ck_assert_int_gt(moved, 80);
	/* all six orders of three, equally often */
	int hist[6] = {0};
	for (int i = 0; i < 60000; i++) {
		int y[3] = {0, 1, 2};
		rng_permute(&r, y, 3);
		hist[2 * y[0] + (y[1] > y[2])]++;
	}
	for (int i = 0; i < 6; i++)
		ck_assert_int_lt(abs(hist[i] - 10000), 500);
	rng_permute(&r, x, 0);
	rng_permute(&r, x, 1);
}
END_TEST

START_TEST(hashes_spread)
{
	ck_assert_uint_eq(hash64("abc", 3, 1), hash64("abc", 3, 1));
	ck_assert_uint_ne(hash64("abc", 3, 1), hash64("abc", 3, 2));
	ck_assert_uint_ne(hash64("abc", 3, 1), hash64("abd", 3, 1));
	int bits = 0;
	for (int i = 0; i < 256; i++) {
		const unsigned char a = (unsigned char)i, b = (unsigned char)(i ^ 1);
		bits += __builtin_popcountll(hash64(&a, 1, 0) ^ hash64(&b, 1, 0));
	}
	ck_assert_int_lt(abs(bits / 256 - 32), 3);
}
END_TEST

Suite *rng_suite(void)
{
	Suite *s = suite_create("rng");
	TCase *tc = life_case(s, "rng");
	tcase_add_test(tc, philox_gives_the_published_numbers);
	tcase_add_test(tc, a_stream_is_its_counters);
	tcase_add_test(tc, each_part_of_the_name_counts);
	tcase_add_test(tc, neighbouring_streams_are_not_correlated);
	tcase_add_test(tc, uniform_keeps_its_range);
	tcase_add_test(tc, below_is_unbiased);
	tcase_add_test(tc, below_refuses_the_words_that_would_bias);
	tcase_add_test(tc, normal_has_its_moments);
	tcase_add_test(tc, permutations);
	tcase_add_test(tc, hashes_spread);
	return s;
}
