#include "tests/report/suites.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

struct arena *life;
struct err e;
char scratch[256];

static void life_begin(void)
{
	const char *tmp = getenv("TMPDIR");
	life = arena_open("test");
	err_clear(&e);
	snprintf(scratch, sizeof scratch, "%s/limbeck-report-XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(scratch));
}

static void life_end(void)
{
	DIR *d = opendir(scratch);
	for (struct dirent *x; d && (x = readdir(d));)
		if (x->d_name[0] != '.')
			unlink(path_join(life, scratch, x->d_name));
	if (d)
		closedir(d);
	rmdir(scratch);
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

const char *content(const char *path, size_t *n)
{
	char *data = NULL;
	ck_assert_int_eq(file_read(life, path, false, &data, n, &e), OK);
	return data;
}

int main(void)
{
	SRunner *r = srunner_create(results_suite());
	srunner_add_suite(r, confusion_suite());
	srunner_add_suite(r, distributions_suite());
	srunner_add_suite(r, stats_suite());
	srunner_run_all(r, CK_ENV);
	const int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
