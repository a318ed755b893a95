#include "tests/data/trial.h"

#include <string.h>

#include "data/split.h"

enum { N = 120 };
static int32_t label[N];

static int per_class(const int *list, int n, int k)
{
	int found = 0;
	for (int i = 0; i < n; i++)
		found += label[list[i]] == k;
	return found;
}

static bool ascending_and_apart(const struct split_lists *s)
{
	int seen[N] = {0};
	for (int i = 0; i < s->n_train; i++)
		if ((i && s->train[i] <= s->train[i - 1]) || seen[s->train[i]]++)
			return false;
	for (int i = 0; i < s->n_valid; i++)
		if ((i && s->valid[i] <= s->valid[i - 1]) || seen[s->valid[i]]++)
			return false;
	return true;
}

static void four_equal(void)
{
	trial_setup();
	for (int i = 0; i < N; i++)
		label[i] = i % 4;
}

START_TEST(balanced)
{
	const struct split_lists s = split_draw(trial_arena, label, N, 4, 20, 41, 7);
	int ten = 0;
	ck_assert_int_eq(s.n_valid, 20);
	ck_assert_int_eq(s.n_train, 41);
	ck_assert(ascending_and_apart(&s));
	for (int k = 0; k < 4; k++) {
		ck_assert_int_eq(per_class(s.valid, 20, k), 5);
		ten += per_class(s.train, 41, k) == 10;
	}
	ck_assert_int_eq(ten, 3);
}
END_TEST

START_TEST(all_that_is_left)
{
	struct split_lists s = split_draw(trial_arena, label, N, 4, 0, 0, 7);
	ck_assert_int_eq(s.n_train, N);
	ck_assert_int_eq(s.n_valid, 0);
	s = split_draw(trial_arena, label, N, 4, 33, 0, 7);
	ck_assert_int_eq(s.n_train, N - 33);
	ck_assert(ascending_and_apart(&s));
	s = split_draw(trial_arena, label, N, 4, 33, N - 33, 7);
	ck_assert_int_eq(s.n_train, N - 33);
	ck_assert(ascending_and_apart(&s));
}
END_TEST

START_TEST(limit_does_not_depend_on_held_out)
{
	const struct split_lists a = split_draw(trial_arena, label, N, 4, 0, 30, 7);
	const struct split_lists b = split_draw(trial_arena, label, N, 4, 40, 30, 7);
	const struct split_lists c = split_draw(trial_arena, label, N, 4, 40, 30, 8);
	ck_assert_mem_eq(a.train, b.train, 30 * sizeof *a.train);
	ck_assert_mem_ne(c.train, b.train, 30 * sizeof *a.train);
	ck_assert_mem_ne(c.valid, b.valid, 40 * sizeof *a.train);
}
END_TEST

START_TEST(unequal_classes_give_their_share)
{
	for (int i = 0; i < N; i++)
		label[i] = i < 90 ? 0 : i < 119 ? 1 : 2; /* 90, 29, 1 */
	const struct split_lists s = split_draw(trial_arena, label, N, 3, 12, 100, 3);
	ck_assert_int_eq(s.n_valid, 12);
	ck_assert_int_eq(s.n_train, 100);
	ck_assert(ascending_and_apart(&s));
	ck_assert_int_eq(per_class(s.valid, 12, 0), 9);
	ck_assert_int_eq(per_class(s.valid, 12, 1), 3);
	ck_assert_int_eq(per_class(s.train, 100, 0), 75);
}
END_TEST

START_TEST(fixed_draws_are_nested)
{
	const int *a = split_fixed(trial_arena, 50, 10), *b = split_fixed(trial_arena, 50, 20);
	int shared = 0;
	for (int i = 0; i < 10; i++)
		for (int j = 0; j < 20; j++)
			shared += a[i] == b[j];
	ck_assert_int_eq(shared, 10);
	const int *all = split_fixed(trial_arena, 50, 50);
	for (int i = 0; i < 50; i++)
		ck_assert_int_eq(all[i], i);
}
END_TEST

Suite *split_suite(void)
{
	Suite *s = suite_create("split");
	TCase *tc = tcase_create("split");
	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, four_equal, trial_teardown);
	tcase_add_test(tc, balanced);
	tcase_add_test(tc, all_that_is_left);
	tcase_add_test(tc, limit_does_not_depend_on_held_out);
	tcase_add_test(tc, unequal_classes_give_their_share);
	tcase_add_test(tc, fixed_draws_are_nested);
	suite_add_tcase(s, tc);
	return s;
}
