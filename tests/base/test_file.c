#include "base/file.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/base/suites.h"

static struct err e;

static const char *content(const char *path)
{
	char *data;
	size_t size;
	struct err why = {0};
	ck_assert_msg(file_read(life, path, false, &data, &size, &why) == OK, "%s", why.text);
	ck_assert_uint_eq(strlen(data), size);
	return data;
}

static int entries(void)
{
	DIR *d = opendir(scratch);
	int n = 0;
	for (struct dirent *x; (x = readdir(d));)
		n += x->d_name[0] != '.';
	closedir(d);
	return n;
}

static struct file *create(const char *path)
{
	struct file *f;
	e = (struct err){0};
	ck_assert_msg(file_create(&f, path, &e) == OK, "%s", e.text);
	return f;
}

START_TEST(nothing_is_there_until_the_commit)
{
	const char *path = scratch_path("a");
	struct file *f = create(path);
	file_write(f, "one ", 4);
	fprintf(file_stream(f), "%d", 2);
	ck_assert(!file_exists(path));
	ck_assert_int_eq(file_commit(f, &e), OK);
	ck_assert_str_eq(content(path), "one 2");
	ck_assert_int_eq(entries(), 1);
}
END_TEST

START_TEST(abandoning_leaves_the_old_file)
{
	const char *path = scratch_text("a", "old");
	struct file *f = create(path);
	file_write(f, "new", 3);
	file_abandon(f);
	file_abandon(NULL);
	ck_assert_str_eq(content(path), "old");
	ck_assert_int_eq(entries(), 1);
}
END_TEST

START_TEST(a_failed_write_leaves_the_old_file)
{
	const char *path = scratch_text("a", "old");
	const struct rlimit small = {8192, 8192};
	char piece[4096];
	memset(piece, 'x', sizeof piece);
	signal(SIGXFSZ, SIG_IGN);
	struct file *f = create(path), *g = create(scratch_path("b"));
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (int i = 0; i < 10; i++)
		file_write(f, piece, sizeof piece);
	ck_assert_int_eq(file_commit(f, &e), E_ENV);
	ck_assert_str_eq(e.text, arena_printf(life, "write '%s': File too large", path));
	for (int i = 0; i < 5000; i++)
		fprintf(file_stream(g), "line %d\n", i);
	ck_assert_int_eq(file_commit(g, &e), E_ENV);
	ck_assert_str_eq(content(path), "old");
	ck_assert(!file_exists(scratch_path("b")));
	ck_assert_int_eq(entries(), 1);
}
END_TEST

START_TEST(a_place_that_cannot_be_written)
{
	struct file *f;
	e = (struct err){0};
	ck_assert_int_eq(file_create(&f, scratch_path("no/such/folder/a"), &e), E_ENV);
	ck_assert_ptr_null(f);
	ck_has(e.text, "/no/such/folder/a': No such file or directory");
	/* there is a folder of this name */
	e = (struct err){0};
	ck_assert_int_eq(dir_make(scratch_path("dir/sub"), &e), OK);
	ck_assert_int_eq(file_create(&f, scratch_path("dir"), &e), E_ENV);
	ck_has(e.text, "/dir': there is a folder of this name");
	ck_assert_int_eq(entries(), 1);
}
END_TEST

START_TEST(what_is_no_file_is_not_replaced)
{
	struct file *f;
	struct stat info;
	const char *path = scratch_path("pipe"), *link = scratch_path("link");
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(symlink("pipe", link), 0);
	for (int i = 0; i < 2; i++) {
		e = (struct err){0};
		ck_assert_int_eq(file_create(&f, i ? link : path, &e), E_ENV);
		ck_assert_ptr_null(f);
		ck_has(e.text, i ? "/link': there is a pipe" : "/pipe': there is a pipe");
	}
	ck_assert(lstat(path, &info) == 0 && S_ISFIFO(info.st_mode));
	ck_assert_int_eq(entries(), 2);
	e = (struct err){0};
	ck_assert_int_eq(symlink("nothing", scratch_path("loose")), 0);
	ck_assert_int_eq(file_create(&f, scratch_path("loose"), &e), E_ENV);
	ck_has(e.text, "/loose': a link that can't be followed: No such file");
}
END_TEST

START_TEST(a_link_survives)
{
	const char *there = scratch_text("there", "old"), *link = scratch_path("link");
	struct stat info;
	ck_assert_int_eq(symlink("there", link), 0);
	struct file *f = create(link);
	file_write(f, "new", 3);
	ck_assert_int_eq(file_commit(f, &e), OK);
	ck_assert(lstat(link, &info) == 0 && S_ISLNK(info.st_mode));
	ck_assert_str_eq(content(there), "new");
}
END_TEST

START_TEST(a_left_over_link_is_not_followed)
{
	const char *victim = scratch_text("victim", "kept"), *path = scratch_path("a");
	ck_assert_int_eq(symlink(victim, arena_printf(life, "%s.tmp-%ld", path, (long)getpid())), 0);
	struct file *f = create(path);
	file_write(f, "new", 3);
	ck_assert_int_eq(file_commit(f, &e), OK);
	ck_assert_str_eq(content(victim), "kept");
	ck_assert_str_eq(content(path), "new");
}
END_TEST

START_TEST(reading)
{
	char *data;
	size_t size;
	e = (struct err){0};
	ck_assert_int_eq(file_read(life, scratch_text("empty", ""), false, &data, &size, &e), OK);
	ck_assert_uint_eq(size, 0);
	ck_assert_str_eq(data, "");
	ck_assert_int_eq(file_read(life, scratch_file("nul", "a\0b", 3), false, &data, &size, &e), OK);
	ck_assert_uint_eq(size, 3);
	ck_assert_mem_eq(data, "a\0b", 4);
	ck_assert_int_eq(file_read(life, "/proc/self/status", false, &data, &size, &e), OK); /* says that it has no bytes */
	ck_has(data, "VmRSS");
	ck_assert_int_eq(file_read(life, scratch_path("missing"), false, &data, &size, &e), E_ENV);
	ck_assert_ptr_null(data);
	ck_has(e.text, "/missing': No such file or directory");
	e = (struct err){0};
	ck_assert_int_eq(file_read(life, scratch, false, &data, &size, &e), E_ENV);
	ck_has(e.text, "Is a directory");
}
END_TEST

/* printf 'hello hello hello\n' | gzip -n9 */
static const unsigned char hello_gz[] = {
	0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x57,
	0xc8, 0x40, 0x90, 0x5c, 0x00, 0x3b, 0x7c, 0x8a, 0xdf, 0x12, 0x00, 0x00, 0x00,
};

static enum status gunzip(const unsigned char *bytes, size_t n, char **data, size_t *size)
{
	e = (struct err){0};
	return file_read(life, scratch_file("x.gz", bytes, n), true, data, size, &e);
}

START_TEST(gz_is_read)
{
	char *data;
	size_t size;
	unsigned char two[2 * sizeof hello_gz + 600] = {0};
	ck_assert_int_eq(gunzip(hello_gz, sizeof hello_gz, &data, &size), OK);
	ck_assert_str_eq(data, "hello hello hello\n");
	ck_assert_uint_eq(size, 18);
	/* two members, and zeros behind them */
	memcpy(two, hello_gz, sizeof hello_gz);
	memcpy(two + sizeof hello_gz, hello_gz, sizeof hello_gz);
	ck_assert_int_eq(gunzip(two, 2 * sizeof hello_gz, &data, &size), OK);
	ck_assert_str_eq(data, "hello hello hello\nhello hello hello\n");
	ck_assert_int_eq(gunzip(two, sizeof two, &data, &size), OK);
	ck_assert_uint_eq(size, 36);
}
END_TEST

START_TEST(a_truncated_gz_names_the_offset)
{
	char *data;
	size_t size;
	for (size_t n = 0; n < sizeof hello_gz; n++) {
		ck_assert_int_eq(gunzip(hello_gz, n, &data, &size), E_ENV);
		ck_assert_ptr_null(data);
		ck_has(e.text, arena_printf(life, "/x.gz': the file ends at byte %zu,", n));
	}
}
END_TEST

START_TEST(a_damaged_gz_is_refused)
{
	char *data;
	size_t size;
	unsigned char bad[sizeof hello_gz + 3];
	memcpy(bad, hello_gz, sizeof hello_gz);
	bad[24] ^= 1; /* the checksum */
	ck_assert_int_eq(gunzip(bad, sizeof hello_gz, &data, &size), E_ENV);
	ck_has(e.text, "damaged at byte ");
	ck_assert_int_eq(gunzip((const unsigned char *)"plain text", 10, &data, &size), E_ENV);
	ck_has(e.text, "damaged at byte ");
	memcpy(bad, hello_gz, sizeof hello_gz);
	memcpy(bad + sizeof hello_gz, "\0x\0", 3);
	ck_assert_int_eq(gunzip(bad, sizeof bad, &data, &size), E_ENV);
	ck_has(e.text, "damaged at byte ");
}
END_TEST

START_TEST(folders)
{
	e = (struct err){0};
	const char *deep = scratch_path("a/b//c/");
	ck_assert_int_eq(dir_make(deep, &e), OK);
	ck_assert_int_eq(dir_make(deep, &e), OK);
	ck_assert(file_exists(deep));
	scratch_text("file", "x");
	ck_assert_int_eq(dir_make(scratch_path("file/sub"), &e), E_ENV);
	ck_has(e.text, "Not a directory");
	ck_assert_int_eq(dir_make(scratch_path("file"), NULL), E_ENV);
	ck_assert_int_eq(dir_make("", NULL), E_ENV);
	e = (struct err){0};
	ck_assert_int_eq(dir_make("/proc/limbeck", &e), E_ENV);
	ck_has(e.text, "make folder '/proc/limbeck'");
	ck_assert_str_eq(path_join(life, "a", "b"), "a/b");
	ck_assert_str_eq(path_join(life, "a/", "b"), "a/b");
	ck_assert_str_eq(path_join(life, "a", "/b"), "/b");
	ck_assert_str_eq(path_join(life, "", "b"), "b");
}
END_TEST

START_TEST(removing)
{
	const char *path = scratch_text("a", "x");
	e = (struct err){0};
	ck_assert_int_eq(file_remove(path, &e), OK);
	ck_assert(!file_exists(path));
	ck_assert_int_eq(file_remove(path, &e), OK);
	ck_assert_int_eq(dir_make(scratch_path("d"), &e), OK);
	ck_assert_int_eq(file_remove(scratch_path("d"), &e), E_ENV);
}
END_TEST

Suite *file_suite(void)
{
	Suite *s = suite_create("file");
	TCase *tc = life_case(s, "file");
	tcase_add_test(tc, nothing_is_there_until_the_commit);
	tcase_add_test(tc, abandoning_leaves_the_old_file);
	tcase_add_test(tc, a_failed_write_leaves_the_old_file);
	tcase_add_test(tc, a_place_that_cannot_be_written);
	tcase_add_test(tc, what_is_no_file_is_not_replaced);
	tcase_add_test(tc, a_link_survives);
	tcase_add_test(tc, a_left_over_link_is_not_followed);
	tcase_add_test(tc, reading);
	tcase_add_test(tc, gz_is_read);
	tcase_add_test(tc, a_truncated_gz_names_the_offset);
	tcase_add_test(tc, a_damaged_gz_is_refused);
	tcase_add_test(tc, folders);
	tcase_add_test(tc, removing);
	return s;
}
