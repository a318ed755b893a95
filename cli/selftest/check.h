/*
 * Stands where Check's header does when the engine's tests are built into the program, for `limbeck selftest`: the same tests on a user's device, one after
 * another in one process. A failure leaves its test by a jump; devices that it had open are closed behind it, the rest that it had stays.
 */
#ifndef CLI_SELFTEST_CHECK_H
#define CLI_SELFTEST_CHECK_H

#include <math.h>
#include <stdint.h>

typedef struct TCase TCase;

/* Not Check's own name: a program that is tested by Check has both. */
#define tcase_create selftest_tcase
TCase *tcase_create(const char *name);
void selftest_add(TCase *tc, const char *name, void (*test)(int), int from, int to);
_Noreturn void selftest_fail(const char *file, int line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#define START_TEST(name) static void name(int _i __attribute__((unused)))
#define END_TEST
#define tcase_set_timeout(tc, seconds) ((void)(tc))
#define tcase_add_test(tc, test) selftest_add(tc, #test, test, 0, 1)
#define tcase_add_loop_test(tc, test, from, to) selftest_add(tc, #test, test, from, to)

#define ck_assert_msg(expression, ...) \
	do { \
		if (!(expression)) \
			selftest_fail(__FILE__, __LINE__, __VA_ARGS__); \
	} while (0)
#define ck_assert(expression) ck_assert_msg(expression, "%s", #expression)
#define SELFTEST_INT(a, sign, b) \
	ck_assert_msg((intmax_t)(a) sign (intmax_t)(b), "%s is %jd, not %s %jd", #a, (intmax_t)(a), #sign, (intmax_t)(b))
#define ck_assert_int_eq(a, b) SELFTEST_INT(a, ==, b)
#define ck_assert_int_lt(a, b) SELFTEST_INT(a, <, b)
#define ck_assert_int_le(a, b) SELFTEST_INT(a, <=, b)
#define ck_assert_ptr_null(p) ck_assert_msg((p) == NULL, "%s is not NULL", #p)
#define ck_assert_ptr_nonnull(p) ck_assert_msg((p) != NULL, "%s is NULL", #p)
#define ck_assert_double_eq(a, b) ck_assert_msg((a) == (b), "%s is %.17g, not %.17g", #a, (double)(a), (double)(b))
#define ck_assert_double_eq_tol(a, b, tol) \
	ck_assert_msg(fabs((a) - (b)) <= (tol), "%s is %.17g, not within %g of %.17g", #a, (double)(a), (double)(tol), (double)(b))

#endif
