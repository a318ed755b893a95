#include "base/tree.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "tests/base/suites.h"

static struct err e;

static void put(const char *name, size_t n)
{
	char *x = arena_alloc(life, n);
	scratch_file(name, x, n);
}

START_TEST(a_tree_goes_whole_and_what_links_lead_to_stays)
{
	struct tree t;
	ck_assert_int_eq(dir_make(scratch_path("run/stages/kd"), &e), OK);
	ck_assert_int_eq(dir_make(scratch_path("other"), &e), OK);
	put("run/a", 5000);
	put("run/stages/kd/b", 1);
	put("run/.hidden", 1);
	put("other/weights", 100000);
	ck_assert_int_eq(symlink(scratch_path("other"), scratch_path("run/folder")), 0);
	ck_assert_int_eq(symlink(scratch_path("other/weights"), scratch_path("run/file")), 0);
	ck_assert_int_eq(symlink("nowhere", scratch_path("run/broken")), 0);
	ck_assert_int_eq(tree_measure(scratch_path("run"), &t, &e), OK);
	ck_assert_int_eq(t.files, 6);
	ck_assert_uint_lt(t.bytes, 100000);
	ck_assert(file_exists(scratch_path("run/a")));
	ck_assert_int_eq(tree_remove(scratch_path("run"), &e), OK);
	ck_assert(!file_exists(scratch_path("run")));
	ck_assert(file_exists(scratch_path("other/weights")));
}
END_TEST

START_TEST(a_link_in_place_of_the_folder_goes_alone)
{
	ck_assert_int_eq(dir_make(scratch_path("other"), &e), OK);
	put("other/weights", 10);
	ck_assert_int_eq(symlink("other", scratch_path("run")), 0);
	ck_assert_int_eq(tree_remove(scratch_path("run"), &e), OK);
	ck_assert(file_exists(scratch_path("other/weights")) && access(scratch_path("run"), F_OK) != 0);
}
END_TEST

START_TEST(what_can_not_be_removed_is_named)
{
	struct tree t;
	ck_assert_int_eq(tree_measure(scratch_path("nowhere"), &t, &e), E_ENV);
	ck_assert_ptr_nonnull(strstr(e.text, "nowhere"));
	err_clear(&e);
	ck_assert_int_eq(dir_make(scratch_path("run/closed"), &e), OK);
	put("run/closed/a", 1);
	put("run/b", 1);
	if (geteuid() == 0)
		return; /* nothing is closed to root */
	ck_assert_int_eq(chmod(scratch_path("run/closed"), 0500), 0);
	ck_assert_int_eq(tree_remove(scratch_path("run"), &e), E_ENV);
	ck_assert_ptr_nonnull(strstr(e.text, "run/closed/a"));
	ck_assert(!file_exists(scratch_path("run/b")));
	ck_assert_int_eq(chmod(scratch_path("run/closed"), 0700), 0);
}
END_TEST

Suite *tree_suite(void)
{
	Suite *s = suite_create("tree");
	TCase *tc = life_case(s, "tree");
	tcase_add_test(tc, a_tree_goes_whole_and_what_links_lead_to_stays);
	tcase_add_test(tc, a_link_in_place_of_the_folder_goes_alone);
	tcase_add_test(tc, what_can_not_be_removed_is_named);
	return s;
}
