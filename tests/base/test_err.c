#include "base/err.h"

#include <signal.h>
#include <sys/stat.h>

#include "tests/base/suites.h"

static struct err e;

static void clear(void)
{
	e = (struct err){0};
}

START_TEST(the_source_line_and_a_caret_follow)
{
	const char *path = scratch_text("a.yaml", "# one\nloss:\n  p: 0.5\n");
	const struct where at = {path, 3, 6};
	clear();
	ck_assert_int_eq(err_user(&e, at, "'%s' is %g", "p", 0.5), E_USER);
	ck_assert_str_eq(e.text, arena_printf(life, "%s:3:6: 'p' is 0.5\n"
	                                            "    3 |   p: 0.5\n"
	                                            "      |      ^^^", path));
	ck_assert_int_eq(e.status, E_USER);
	ck_assert_int_eq(e.count, 1);
}
END_TEST

START_TEST(the_caret_counts_characters_and_keeps_tabs)
{
	const char *path = scratch_text("a.yaml", "\tn\xC3\xA4h: 'a b'\n");
	clear();
	err_user(&e, (struct where){path, 1, 2}, "key");
	ck_has(e.text, "\n      | \t^^^");
	clear();
	err_user(&e, (struct where){path, 1, 7}, "value");
	ck_has(e.text, "\n      | \t     ^^^^^");
	clear();
	err_user(&e, (struct where){path, 1, 0}, "line");
	ck_has_not(e.text, "^");
	clear();
	err_user(&e, (struct where){path, 1, 99}, "far");
	ck_has_not(e.text, "^");
}
END_TEST

START_TEST(no_terminal_codes_from_the_file)
{
	const char *path = scratch_text("a.yaml", "p: \x1b[31mred\r\n");
	clear();
	err_user(&e, (struct where){path, 1, 1}, "x");
	ck_assert_ptr_null(strchr(e.text, '\x1b'));
	ck_assert_ptr_null(strchr(e.text, '\r'));
}
END_TEST

START_TEST(without_a_readable_file_the_message_is_bare)
{
	clear();
	err_user(&e, (struct where){0}, "no place");
	ck_assert_str_eq(e.text, "no place");
	clear();
	err_user(&e, (struct where){"/nowhere/a.yaml", 3, 4}, "gone");
	ck_assert_str_eq(e.text, "/nowhere/a.yaml:3:4: gone");
	clear();
	err_user(&e, (struct where){"--set p=0.5", 0, 0}, "bad");
	ck_assert_str_eq(e.text, "--set p=0.5: bad");
	/* behind the last line */
	const char *path = scratch_text("a.yaml", "p: 1\n");
	clear();
	err_user(&e, (struct where){path, 7, 1}, "end");
	ck_assert_str_eq(e.text, arena_printf(life, "%s:7:1: end", path));
	/* a pipe with no writer would block */
	const char *fifo = scratch_path("fifo");
	ck_assert_int_eq(mkfifo(fifo, 0600), 0);
	clear();
	err_user(&e, (struct where){fifo, 1, 1}, "pipe");
	ck_assert_str_eq(e.text, arena_printf(life, "%s:1:1: pipe", fifo));
}
END_TEST

START_TEST(messages_collect_and_the_first_status_stays)
{
	clear();
	ck_assert_int_eq(err_env(&e, "one"), E_ENV);
	ck_assert_int_eq(err_run(&e, "two"), E_RUN);
	ck_assert_int_eq(err_nomem(&e, "three"), E_NOMEM);
	err_note(&e, "note");
	ck_assert_str_eq(e.text, "one\ntwo\nthree\nnote");
	ck_assert_int_eq(e.status, E_ENV);
	ck_assert_int_eq(e.count, 3);
	err_clear(&e);
	ck_assert_int_eq(e.status, OK);
	ck_assert_int_eq(e.count, 0);
	ck_assert_str_eq(e.text, "");
	ck_assert_int_eq(err_user(NULL, (struct where){0}, "dropped"), E_USER);
	err_note(NULL, "dropped");
	err_clear(NULL);
}
END_TEST

START_TEST(too_many_messages_are_counted)
{
	clear();
	for (int i = 0; i < 1000; i++)
		err_user(&e, (struct where){0}, "message number %d", i);
	ck_assert_int_eq(e.count, 1000);
	ck_assert_uint_lt(strlen(e.text), sizeof e.text);
	ck_has(e.text, "\nmessage number 300\n");
	const char *last = strrchr(e.text, '\n');
	ck_assert_str_eq(last, "\n(further messages do not fit here)");
	ck_assert_ptr_eq(strstr(e.text, last), last);
}
END_TEST

START_TEST(a_huge_message_is_cut)
{
	char *big = NEW_ARRAY(life, char, 20001);
	memset(big, 'x', 20000);
	clear();
	err_user(&e, (struct where){big, 1, 1}, "%s", big);
	ck_assert_uint_gt(strlen(e.text), 4000);
	ck_assert_uint_lt(strlen(e.text), sizeof e.text);
}
END_TEST

START_TEST(a_bug_aborts)
{
	BUG_IF(1 > 0, "planted");
}
END_TEST

Suite *err_suite(void)
{
	Suite *s = suite_create("err");
	TCase *tc = life_case(s, "err");
	tcase_add_test(tc, the_source_line_and_a_caret_follow);
	tcase_add_test(tc, the_caret_counts_characters_and_keeps_tabs);
	tcase_add_test(tc, no_terminal_codes_from_the_file);
	tcase_add_test(tc, without_a_readable_file_the_message_is_bare);
	tcase_add_test(tc, messages_collect_and_the_first_status_stays);
	tcase_add_test(tc, too_many_messages_are_counted);
	tcase_add_test(tc, a_huge_message_is_cut);
	TCase *bug = tcase_create("bug");
	tcase_set_timeout(bug, 30);
	tcase_add_test_raise_signal(bug, a_bug_aborts, SIGABRT);
	suite_add_tcase(s, bug);
	return s;
}
