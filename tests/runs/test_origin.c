#include "runs/origin.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "tests/runs/suites.h"

START_TEST(the_program_has_a_version)
{
	ck_assert(str_starts(origin_program(), "limbeck "));
	ck_assert(origin_program()[8] >= '0' && origin_program()[8] <= '9');
}
END_TEST

/* By the linker's hash of the program: what `readelf -n` says of it, or else the file's. */
START_TEST(a_build_has_a_hash)
{
	const char *build = arena_str(life, origin_build(NULL)), *head = arena_printf(life, "%s, build ", origin_program());
	ck_assert(str_starts(build, head));
	ck_assert_uint_eq(strspn(build + strlen(head), "0123456789abcdef"), 12);
	ck_assert_uint_eq(strlen(build), strlen(head) + 12);
	ck_assert_str_eq(origin_build(NULL), build);
	char line[256] = "", hex[65];
	FILE *f = popen(arena_printf(life, "readelf -n /proc/%d/exe 2>/dev/null | sed -n 's/.*Build ID: //p'", (int)getpid()), "r");
	ck_assert_ptr_nonnull(f);
	const bool told = fgets(line, sizeof line, f) != NULL;
	pclose(f);
	ck_ok(origin_file_hash("/proc/self/exe", hex, &e));
	ck_assert(strncmp(told ? line : hex, build + strlen(head), 12) == 0);
}
END_TEST

/* A back end of another object, which zlib stands for here, has its build beside the program's; one in the program has none. */
START_TEST(a_module_has_a_hash_of_its_own)
{
	static const int within = 1;
	const char *build = arena_str(life, origin_build(NULL)), *head = arena_printf(life, "%s, module ", build);
	void *library = dlopen("libz.so.1", RTLD_NOW);
	ck_assert_ptr_nonnull(library);
	const void *address = dlsym(library, "zlibVersion");
	struct link_map *map = NULL;
	ck_assert_ptr_nonnull(address);
	ck_assert_int_eq(dlinfo(library, RTLD_DI_LINKMAP, &map), 0);
	const char *whole = arena_str(life, origin_build(address));
	ck_assert_msg(str_starts(whole, head) && strspn(whole + strlen(head), "0123456789abcdef") == 12 && strlen(whole) == strlen(head) + 12, "%s", whole);
	ck_assert_str_eq(origin_build(&within), build);
	ck_assert_str_eq(origin_build(NULL), build);
	char line[256] = "", hex[65];
	FILE *f = popen(arena_printf(life, "readelf -n '%s' 2>/dev/null | sed -n 's/.*Build ID: //p'", map->l_name), "r");
	ck_assert_ptr_nonnull(f);
	const bool told = fgets(line, sizeof line, f) != NULL;
	pclose(f);
	ck_ok(origin_file_hash(map->l_name, hex, &e));
	ck_assert(strncmp(told ? line : hex, whole + strlen(head), 12) == 0);
	dlclose(library);
}
END_TEST

START_TEST(a_machine_is_one_line)
{
	struct str a = {0}, b = {0}, c = {0};
	str_add(&a, "x: ");
	origin_machine(&a, 4, "oneDNN 2.6, avx512");
	origin_machine(&b, 1, NULL);
	origin_machine(&c, 1, NULL);
	ck_assert(str_starts(str_text(&a), "x: "));
	ck_assert_ptr_nonnull(strstr(str_text(&a), "; oneDNN 2.6, avx512; glibc "));
	ck_assert(str_ends(str_text(&a), "; 4 threads"));
	ck_assert(str_ends(str_text(&b), "; 1 thread"));
	ck_assert_ptr_null(strchr(str_text(&a), '\n'));
	ck_assert_str_eq(str_text(&b), str_text(&c));
	str_release(&a);
	str_release(&b);
	str_release(&c);
}
END_TEST

START_TEST(files_have_a_hash)
{
	char hex[65];
	const size_t million = 1000000;
	char *text = memset(arena_alloc(life, million), 'a', million);
	ck_ok(origin_file_hash(scratch_file("abc", "abc", 3), hex, &e));
	ck_assert_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	ck_ok(origin_file_hash(scratch_file("empty", "", 0), hex, &e));
	ck_assert_str_eq(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	ck_ok(origin_file_hash(scratch_file("million", text, million), hex, &e));
	ck_assert_str_eq(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	ck_fails(origin_file_hash(scratch_path("none"), hex, &e), E_ENV, "none': No such file");
	ck_assert_str_eq(hex, "");
	ck_fails(origin_file_hash(scratch, hex, &e), E_ENV, "directory");
}
END_TEST

Suite *origin_suite(void)
{
	Suite *s = suite_create("origin");
	TCase *tc = life_case(s, "origin");
	tcase_add_test(tc, the_program_has_a_version);
	tcase_add_test(tc, a_build_has_a_hash);
	tcase_add_test(tc, a_module_has_a_hash_of_its_own);
	tcase_add_test(tc, a_machine_is_one_line);
	tcase_add_test(tc, files_have_a_hash);
	return s;
}
