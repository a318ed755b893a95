#include "base/names.h"

#include "tests/base/suites.h"

START_TEST(names_keep_their_first_number)
{
	enum { N = 5000 };
	struct arena *a = arena_open("names");
	struct names *t = names_new(a, N);
	ck_assert_int_eq(names_find(t, "0"), -1);
	for (int i = 0; i < N; i++)
		ck_assert_int_eq(names_put(t, arena_printf(a, "%d", i), 3 * i), 3 * i);
	for (int i = 0; i < N; i++) {
		ck_assert_int_eq(names_find(t, arena_printf(a, "%d", i)), 3 * i);
		ck_assert_int_eq(names_put(t, arena_printf(a, "%d", i), 1), 3 * i); /* an equal text, at another place */
	}
	ck_assert_int_eq(names_find(t, ""), -1);
	ck_assert_int_eq(names_find(t, "5000"), -1);
	ck_assert_int_eq(names_find(names_new(a, 0), "x"), -1);
	arena_close(a);
}
END_TEST

Suite *names_suite(void)
{
	Suite *s = suite_create("names");
	TCase *tc = tcase_create("names");
	tcase_add_test(tc, names_keep_their_first_number);
	suite_add_tcase(s, tc);
	return s;
}
