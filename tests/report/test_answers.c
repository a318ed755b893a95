#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "report/answers.h"
#include "runs/safetensors.h"
#include "tests/report/suites.h"

void write_answers(const char *home, int n, int K, const int *label, const int *answer, const float *logits)
{
	write_answers_as(home, "test", n, K, label, answer, logits);
}

void write_answers_as(const char *home, const char *name, int n, int K, const int *label, const int *answer, const float *logits)
{
	const struct st_tensor t[] = {
		{.name = "label", .dtype = I32, .shape = shape1(n), .data = label, .bytes = (size_t)n * 4},
		{.name = "answer", .dtype = I32, .shape = shape1(n), .data = answer, .bytes = (size_t)n * 4},
		{.name = "logits", .dtype = F32, .shape = shape2(n, K), .data = logits, .bytes = (size_t)n * (size_t)K * 4},
	};
	ck_assert_int_eq(dir_make(home, &e), OK);
	ck_assert_int_eq(st_write(path_join(life, home, arena_printf(life, "%s.safetensors", name)), t, logits ? 3 : 2, NULL, 0, &e), OK);
}

static struct answers read_back(const char *home)
{
	struct answers a;
	ck_assert(answers_read(life, home, false, &a));
	return a;
}

START_TEST(answers_are_compared_picture_by_picture)
{
	static const int label[] = {0, 1, 2, 1}, s[] = {0, 1, 1, 1}, t[] = {0, 2, 1, 1}, other[] = {0, 1, 2, 2};
	write_answers(scratch_path("s"), 4, 0, label, s, NULL);
	write_answers(scratch_path("t"), 4, 0, label, t, NULL);
	write_answers(scratch_path("o"), 4, 0, other, t, NULL);
	const struct answers a = read_back(scratch_path("s")), b = read_back(scratch_path("t")), c = read_back(scratch_path("o"));
	ck_assert_int_eq(a.classes, 3);
	ck_assert_double_eq_tol(answers_agreement(&a, &b), 75, 1e-12);
	ck_assert(isnan(answers_agreement(&a, &c))); /* other pictures */
	ck_assert(isnan(answers_divergence(&a, &b)) && isnan(answers_calibration(&a)) && isnan(answers_confidence(&a, 0)));
}
END_TEST

/* p_t = (3/4, 1/4) and p_s = (1/2, 1/2): 3/4 ln 3/2 + 1/4 ln 1/2; the other picture is the same for both, shifted by 1000. */
START_TEST(divergence_by_hand)
{
	static const int label[] = {0, 1}, answer[] = {0, 1};
	const float s[] = {0, 0, 1000, 1001}, t[] = {logf(3), 0, -1, 0};
	write_answers(scratch_path("s"), 2, 2, label, answer, s);
	write_answers(scratch_path("t"), 2, 2, label, answer, t);
	const struct answers a = read_back(scratch_path("s")), b = read_back(scratch_path("t"));
	ck_assert_double_eq_tol(answers_divergence(&a, &b), (0.75 * log(1.5) + 0.25 * log(0.5)) / 2, 1e-6);
	ck_assert_double_eq_tol(answers_divergence(&b, &a), (0.5 * log(2.0 / 3) + 0.5 * log(2)) / 2, 1e-6); /* it has a direction */
	ck_assert_double_eq_tol(answers_confidence(&b, 0), 0.75, 1e-6);
}
END_TEST

/* Confidences 3/4 right and 3/4 wrong in one bin, 9/10 right in another: (|1 - 1.5| + |1 - 0.9|) / 3. */
START_TEST(calibration_by_hand)
{
	static const int label[] = {0, 1, 1}, answer[] = {0, 0, 1};
	const float z[] = {logf(3), 0, logf(3), 0, 0, logf(9)};
	write_answers(scratch_path("s"), 3, 2, label, answer, z);
	const struct answers a = read_back(scratch_path("s"));
	ck_assert_double_eq_tol(answers_calibration(&a), 20, 1e-4);
}
END_TEST

/* 9/10 wrong and 24/25 right are of two bins: (9/10 + 1/25) / 2, and not |1 - 1.86| / 2. */
START_TEST(bins_are_told_apart)
{
	static const int label[] = {1, 1}, answer[] = {0, 1};
	const float z[] = {logf(9), 0, 0, logf(24)};
	write_answers(scratch_path("s"), 2, 2, label, answer, z);
	const struct answers a = read_back(scratch_path("s"));
	ck_assert_double_eq_tol(answers_calibration(&a), 47, 1e-4);
}
END_TEST

START_TEST(files_that_are_no_answers_are_refused)
{
	static const int label[] = {0, 1, 2}, wrong[] = {0, 1, 7};
	const float z[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
	struct answers a;
	log_set_level(LOG_ERROR);
	ck_assert(!answers_read(life, scratch_path("nowhere"), false, &a));
	write_answers(scratch_path("s"), 3, 3, label, wrong, z); /* a class that the logits do not have */
	ck_assert(!answers_read(life, scratch_path("s"), false, &a));
	ck_assert_int_eq(a.n, 0);
	write_answers(scratch_path("s"), 3, 3, label, label, z);
	ck_assert(answers_read(life, scratch_path("s"), false, &a));
	size_t n = 0;
	const char *whole = content(scratch_path("s/test.safetensors"), &n);
	ck_assert_int_eq(file_put(scratch_path("s/test.safetensors"), whole, n - 5, &e), OK);
	ck_assert(!answers_read(life, scratch_path("s"), false, &a));
	ck_assert_int_eq(file_put(scratch_path("s/test.safetensors"), "text", 4, &e), OK);
	ck_assert(!answers_read(life, scratch_path("s"), false, &a));
}
END_TEST

Suite *answers_suite(void)
{
	Suite *s = suite_create("answers");
	TCase *tc = life_case(s, "answers");
	tcase_add_test(tc, answers_are_compared_picture_by_picture);
	tcase_add_test(tc, divergence_by_hand);
	tcase_add_test(tc, calibration_by_hand);
	tcase_add_test(tc, bins_are_told_apart);
	tcase_add_test(tc, files_that_are_no_answers_are_refused);
	return s;
}
