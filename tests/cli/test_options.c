#include <check.h>
#include <string.h>

#include "cli/options.h"

Suite *options_suite(void);

static const char *out;
static int threads;
static bool quiet, help;
static struct many set;
static struct positional p;
static struct err e;

static const struct flag flags[] = {
	{.name = "--out", .value = "DIR", .text = &out, .help = "folder"},
	{.name = "--threads", .value = "N", .number = &threads, .lo = 1, .hi = 64, .help = "number"},
	{.name = "--quiet", .on = &quiet, .help = "switch"},
	{.name = "--set", .value = "KEY=VALUE", .many = &set, .help = "several"},
	{0},
};

static void begin(void)
{
	out = NULL;
	threads = 0;
	quiet = help = false;
	set.n = p.n = 0;
	err_clear(&e);
}

enum { MOST = 12 };

/* Reads the words up to NULL; one or two positional ones are allowed. */
static enum status read_words(char **words)
{
	char *argv[MOST + 2] = {"command"};
	int argc = 1;
	for (char **w = words; *w; w++)
		argv[argc++] = *w;
	return options_read(argc, argv, flags, 1, 2, &p, &help, &e);
}
#define READ(...) read_words((char *[]){__VA_ARGS__, NULL})
#define LACKS(part) ck_assert_msg(strstr(e.text, part) == NULL, "'%s' in '%s'", part, e.text)
#define SAYS(part) ck_assert_msg(strstr(e.text, part) != NULL, "no '%s' in '%s'", part, e.text)

START_TEST(both_forms_of_a_value)
{
	ck_assert_int_eq(READ("--out", "a", "file", "--threads=8", "--quiet"), OK);
	ck_assert_str_eq(out, "a");
	ck_assert_int_eq(threads, 8);
	ck_assert(quiet);
	ck_assert_int_eq(p.n, 1);
	ck_assert_str_eq(p.word[0], "file");
	ck_assert_int_eq(READ("--out=", "file"), OK);
	ck_assert_str_eq(out, "");
}
END_TEST

START_TEST(a_value_may_hold_anything)
{
	ck_assert_int_eq(READ("f", "--set", "a=b=c", "--set=x.y=-1", "--set", "--quiet"), OK);
	ck_assert_int_eq(set.n, 3);
	ck_assert_str_eq(set.word[0], "a=b=c");
	ck_assert_str_eq(set.word[1], "x.y=-1");
	ck_assert_str_eq(set.word[2], "--quiet");
	ck_assert(!quiet);
}
END_TEST

START_TEST(two_dashes_end_flags)
{
	ck_assert_int_eq(READ("--", "--out", "-"), OK);
	ck_assert_int_eq(p.n, 2);
	ck_assert_str_eq(p.word[0], "--out");
	ck_assert_ptr_null(out);
}
END_TEST

START_TEST(unknown_flags_name_the_nearest)
{
	ck_assert_int_eq(READ("f", "--thread=3"), E_USER);
	SAYS("unknown option '--thread'; did you mean '--threads'?");
	err_clear(&e);
	ck_assert_int_eq(READ("f", "-x"), E_USER);
	SAYS("unknown option '-x'");
	LACKS("did you mean");
	err_clear(&e);
	ck_assert_int_eq(READ("f", "--bogus"), E_USER); /* three letters of five are others than those of --out */
	SAYS("unknown option '--bogus'");
	LACKS("did you mean");
	err_clear(&e);
	ck_assert_int_eq(READ("f", "--ot=x"), E_USER);
	SAYS("did you mean '--out'?");
}
END_TEST

START_TEST(every_error_is_told)
{
	ck_assert_int_eq(READ("--threads=0", "--quite", "--quiet=yes", "--threads", "2x", "a"), E_USER);
	ck_assert_int_eq(e.count, 4);
	SAYS("--threads is '0', allowed are whole numbers from 1 to 64");
	SAYS("did you mean '--quiet'?");
	SAYS("--quiet takes no value");
	SAYS("--threads is '2x'");
}
END_TEST

START_TEST(a_missing_value)
{
	ck_assert_int_eq(READ("f", "--out"), E_USER);
	SAYS("--out wants a value: --out DIR");
}
END_TEST

START_TEST(too_few_and_too_many)
{
	ck_assert_int_eq(READ("--quiet"), E_USER);
	SAYS("an argument is missing");
	err_clear(&e);
	p.n = 0;
	ck_assert_int_eq(READ("a", "b", "c"), E_USER);
	SAYS("one argument too many: 'c'");
}
END_TEST

START_TEST(help_wins)
{
	ck_assert_int_eq(READ("--help"), OK);
	ck_assert(help);
	help = false;
	ck_assert_int_eq(READ("-h", "--nonsense"), OK);
	ck_assert(help);
}
END_TEST

START_TEST(numbers_out_of_any_range)
{
	ck_assert_int_eq(READ("f", "--threads=99999999999999999999"), E_USER);
	ck_assert_int_eq(READ("f", "--threads="), E_USER);
	ck_assert_int_eq(threads, 0);
}
END_TEST

START_TEST(a_flag_too_often)
{
	char *argv[2 * MAX_SET + 8] = {"command", "f"};
	int argc = 2;
	for (int i = 0; i <= MAX_SET; i++) {
		argv[argc++] = "--set=a=1";
	}
	ck_assert_int_eq(options_read(argc, argv, flags, 1, 1, &p, &help, &e), E_USER);
	SAYS("--set is given more than 256 times");
}
END_TEST

Suite *options_suite(void)
{
	Suite *s = suite_create("options");
	TCase *tc = tcase_create("options");
	tcase_add_checked_fixture(tc, begin, NULL);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, both_forms_of_a_value);
	tcase_add_test(tc, a_value_may_hold_anything);
	tcase_add_test(tc, two_dashes_end_flags);
	tcase_add_test(tc, unknown_flags_name_the_nearest);
	tcase_add_test(tc, every_error_is_told);
	tcase_add_test(tc, a_missing_value);
	tcase_add_test(tc, too_few_and_too_many);
	tcase_add_test(tc, help_wins);
	tcase_add_test(tc, numbers_out_of_any_range);
	tcase_add_test(tc, a_flag_too_often);
	suite_add_tcase(s, tc);
	return s;
}
