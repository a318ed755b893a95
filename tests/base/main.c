#include "tests/base/suites.h"

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"

struct arena *life;
char scratch[256];

void life_begin(void)
{
	const char *tmp = getenv("TMPDIR");
	life = arena_open("test");
	snprintf(scratch, sizeof scratch, "%s/limbeck-base-XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(scratch));
}

static void remove_tree(const char *path)
{
	DIR *d = opendir(path);
	if (!d) {
		unlink(path);
		return;
	}
	for (struct dirent *x; (x = readdir(d));)
		if (strcmp(x->d_name, ".") && strcmp(x->d_name, "..")) {
			char sub[1024];
			snprintf(sub, sizeof sub, "%s/%s", path, x->d_name);
			if (x->d_type == DT_LNK || unlink(sub))
				remove_tree(sub);
		}
	closedir(d);
	rmdir(path);
}

void life_end(void)
{
	fault_alloc_after(-1);
	remove_tree(scratch);
	arena_close(life);
	life = NULL;
}

TCase *life_case(Suite *s, const char *name)
{
	TCase *tc = tcase_create(name);
	tcase_add_checked_fixture(tc, life_begin, life_end);
	tcase_set_timeout(tc, 30);
	suite_add_tcase(s, tc);
	return tc;
}

const char *scratch_path(const char *name)
{
	return path_join(life, scratch, name);
}

const char *scratch_file(const char *name, const void *data, size_t n)
{
	const char *path = scratch_path(name);
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(data, 1, n, f), n);
	ck_assert_int_eq(fclose(f), 0);
	return path;
}

const char *scratch_text(const char *name, const char *text)
{
	return scratch_file(name, text, strlen(text));
}

const char *printed(void (*print)(FILE *f, const void *ctx), const void *ctx)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	ck_assert_ptr_nonnull(f);
	print(f, ctx);
	fclose(f);
	const char *copy = arena_str(life, text);
	free(text);
	return copy;
}

int main(void)
{
	SRunner *sr = srunner_create(err_suite());
	srunner_add_suite(sr, arena_suite());
	srunner_add_suite(sr, str_suite());
	srunner_add_suite(sr, rng_suite());
	srunner_add_suite(sr, sha256_suite());
	srunner_add_suite(sr, file_suite());
	srunner_add_suite(sr, conf_suite());
	srunner_add_suite(sr, conf_set_suite());
	srunner_add_suite(sr, opt_suite());
	srunner_add_suite(sr, log_suite());
	srunner_add_suite(sr, json_suite());
	srunner_add_suite(sr, tree_suite());
	srunner_add_suite(sr, names_suite());
	srunner_run_all(sr, CK_ENV);
	const int failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
