/* Lists of pictures and files of class names, without pictures. */
#include "tests/data/trial.h"

#include <string.h>

#include "data/list_file.h"

static struct list_file list;
static struct class_list classes;

static const char *put(const char *name, const char *text)
{
	const char *path = trial_path("%s", name);
	trial_write(path, text, strlen(text));
	return path;
}

static void read_text(const char *text)
{
	const enum status st = list_read(trial_arena, put("l.txt", text), &list, &trial_err);
	ck_assert_msg(st == OK, "%s", trial_err.text);
}

static void expect(int i, const char *path, const char *label, int line, int col)
{
	ck_assert_int_lt(i, list.n);
	ck_assert_str_eq(list.entry[i].path, path);
	ck_assert_str_eq(list.entry[i].label, label);
	ck_assert_int_eq(list.entry[i].line, line);
	ck_assert_int_eq(list.entry[i].col, col);
}

START_TEST(lines)
{
	read_text("\xEF\xBB\xBF# made by hand\r\na.png  7\r\n\r\n  a b.png 8\t\r\nc d.png\t two words \r\n"
	          "\xC3\xA4.jpg\t\t\xE8\x88\xB9\n./#1.png x\ne\tf.png\ty");
	ck_assert_int_eq(list.n, 6);
	expect(0, "a.png", "7", 2, 8);
	expect(1, "a b.png", "8", 4, 11);
	expect(2, "c d.png", "two words", 5, 10);
	expect(3, "\xC3\xA4.jpg", "\xE8\x88\xB9", 6, 8);
	expect(4, "./#1.png", "x", 7, 10);
	expect(5, "e\tf.png", "y", 8, 9);
}
END_TEST

static void refused(const char *text, size_t n, const char *a, const char *b)
{
	const char *path = trial_path("l.txt");
	trial_write(path, text, n);
	trial_message(list_read(trial_arena, path, &list, &trial_err), E_USER, "l.txt", a, b, NULL);
}

START_TEST(lines_that_say_nothing)
{
	refused("", 0, "l.txt: the list names no picture", "");
	refused("# nothing\n\n", 11, "names no picture", "");
	refused("a.png 1\nb.png\nc.png 1\n", 22, "l.txt:2:1: no label", "2 | b.png");
	refused("a.png,1\n", 8, "l.txt:1:1: no label", "");
	refused("a.png 1\nmy ship.png\n", 20, "l.txt:2:1: no label", "");
	refused("a\0.png 1\n", 9, "line 1 has a byte of value 0", "UTF-8");
	refused("\xFF\xFE" "a\0 \0001\0\n", 9, "line 1 has a byte of value 0", "");
	trial_message(list_read(trial_arena, trial_path("none.txt"), &list, &trial_err), E_ENV, "none.txt", NULL);
	trial_message(list_read(trial_arena, trial_dir, &list, &trial_err), E_ENV, trial_dir, NULL);
}
END_TEST

START_TEST(several_errors_are_told_not_thousands)
{
	struct str s = {0};
	for (int i = 0; i < 1000; i++)
		str_printf(&s, "%d.png\n", i);
	const char *path = put("l.txt", str_text(&s));
	str_release(&s);
	ck_assert_int_eq(list_read(trial_arena, path, &list, &trial_err), E_USER);
	ck_assert_int_eq(trial_err.count, LIST_ERRORS);
	trial_message(E_USER, E_USER, "l.txt:1:1:", "l.txt:10:1:", NULL);
}
END_TEST

START_TEST(classes_of_numbers_and_of_words)
{
	read_text("a 10\nb 9\nc 0\nd 9\n");
	list_classes(trial_arena, &list, &classes);
	ck_assert_int_eq(classes.n, 3);
	ck_assert_str_eq(classes.name[0], "0");
	ck_assert_str_eq(classes.name[1], "9");
	ck_assert_str_eq(classes.name[2], "10");
	read_text("a 10\nb 9\nc 09\n"); /* 09 is no number: all are words */
	list_classes(trial_arena, &list, &classes);
	ck_assert_str_eq(classes.name[0], "09");
	ck_assert_str_eq(classes.name[1], "10");
	ck_assert_str_eq(classes.name[2], "9");
}
END_TEST

START_TEST(labels_by_name_and_by_number)
{
	int label[4];
	read_text("a ship\nb 0\nc 2\nd 1\n");
	ck_assert_int_eq(list_class_names(trial_arena, put("c.txt", "tug\r\nship\n# none\n\n0\n"), &classes, &trial_err), OK);
	ck_assert_int_eq(classes.n, 3);
	ck_assert_int_eq(list_labels(trial_arena, &list, &classes, true, "c.txt", label, &trial_err), OK);
	ck_assert_int_eq(label[0], 1);
	ck_assert_int_eq(label[1], 2); /* a class is called 0: a name goes before a number */
	ck_assert_int_eq(label[2], 2);
	ck_assert_int_eq(label[3], 1);
	read_text("a ship\nb shp\nc 3\nd 99999999999999999999999\n");
	trial_message(list_labels(trial_arena, &list, &classes, true, "c.txt", label, &trial_err), E_USER,
	              "l.txt:2:3: 'shp' is no class of 'c.txt' and no number of one; did you mean 'ship'?", "l.txt:3:3: '3'", "l.txt:4:3:", NULL);
	read_text("a ship\nb 1\n");
	trial_message(list_labels(trial_arena, &list, &classes, false, "t.txt", label, &trial_err), E_USER,
	              "l.txt:2:3: '1' is no class of 't.txt'", NULL);
}
END_TEST

START_TEST(class_names_refused)
{
	const char *path = put("c.txt", "a\nb\na\n");
	trial_message(list_class_names(trial_arena, path, &classes, &trial_err), E_USER, "c.txt: class 'a' is there twice", NULL);
	put("c.txt", "# a\n");
	trial_message(list_class_names(trial_arena, path, &classes, &trial_err), E_USER, "c.txt: the file names no class", NULL);
	trial_write(trial_path("c.txt"), "a\0b\n", 4);
	trial_message(list_class_names(trial_arena, path, &classes, &trial_err), E_USER, "line 1 has a byte of value 0", NULL);
}
END_TEST

START_TEST(once)
{
	struct list_file two[2];
	ck_assert_int_eq(list_read(trial_arena, put("1.txt", "x/a.png 1\nb.png 1\n"), &two[0], &trial_err), OK);
	ck_assert_int_eq(list_read(trial_arena, put("2.txt", "c.png 1\nd.png 1\n"), &two[1], &trial_err), OK);
	ck_assert_int_eq(list_once(trial_arena, two, 2, &trial_err), OK);
	ck_assert_int_eq(list_read(trial_arena, put("2.txt", "c.png 1\n.//x//a.png 1\nc.png 2\n"), &two[1], &trial_err), OK);
	trial_message(list_once(trial_arena, two, 2, &trial_err), E_USER, "2.txt:2:1: 'x/a.png' is a second time here: it is in line 1 of '", "1.txt'",
	              "2.txt:3:1: 'c.png' is a second time here: it is in line 1 of '", NULL);
}
END_TEST

/* Bytes at random: an answer or an error, and never more. */
START_TEST(noise)
{
	uint32_t x = 1;
	static const char letters[] = "ab \t\n\r#.png\xC3\xA4" "1";
	for (int round = 0; round < 500; round++) {
		char text[64];
		for (size_t i = 0; i < sizeof text; i++) {
			x = x * 1664525u + 1013904223u;
			text[i] = letters[(x >> 16) % sizeof letters]; /* the 0 at its end too */
		}
		trial_write(trial_path("l.txt"), text, x >> 26);
		if (list_read(trial_arena, trial_path("l.txt"), &list, &trial_err) == OK) {
			int label[64];
			list_classes(trial_arena, &list, &classes);
			ck_assert_int_eq(list_labels(trial_arena, &list, &classes, false, "l.txt", label, &trial_err), OK);
			for (int i = 0; i < list.n; i++)
				ck_assert_str_eq(classes.name[label[i]], list.entry[i].label);
			list_once(trial_arena, &list, 1, &trial_err);
		} else {
			ck_assert_int_gt(trial_err.count, 0);
		}
		err_clear(&trial_err);
	}
}
END_TEST

Suite *list_suite(void)
{
	Suite *s = suite_create("list");
	TCase *tc = tcase_create("list");
	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, trial_setup, trial_teardown);
	tcase_add_test(tc, lines);
	tcase_add_test(tc, lines_that_say_nothing);
	tcase_add_test(tc, several_errors_are_told_not_thousands);
	tcase_add_test(tc, classes_of_numbers_and_of_words);
	tcase_add_test(tc, labels_by_name_and_by_number);
	tcase_add_test(tc, class_names_refused);
	tcase_add_test(tc, once);
	tcase_add_test(tc, noise);
	suite_add_tcase(s, tc);
	return s;
}
