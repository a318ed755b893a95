#include "tests/report/suites.h"

#include <ftw.h>
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

static int drop(const char *path, const struct stat *info, int type, struct FTW *at)
{
	(void)info;
	(void)type;
	(void)at;
	return remove(path);
}

static void life_end(void)
{
	nftw(scratch, drop, 8, FTW_DEPTH | FTW_PHYS);
	arena_close(life);
	life = NULL;
}

TCase *life_case(Suite *s, const char *name)
{
	TCase *tc = tcase_create(name);
	tcase_add_checked_fixture(tc, life_begin, life_end);
	tcase_set_timeout(tc, 120);
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

static const char *const empty_elements[] = {"meta", "br", "img", "link", "col", "hr", "!DOCTYPE", "!doctype"};

void check_markup(const char *text)
{
	const char *open[64];
	size_t length[64];
	int n = 0;
	for (const char *p = text; (p = strchr(p, '<')); ) {
		const bool close = p[1] == '/';
		const char *name = p + 1 + close;
		const size_t len = strcspn(name, " \t\n/>");
		bool quoted = false, empty = false;
		ck_assert_msg(len > 0, "a bare < in: %.60s", p);
		for (p = name + len; *p && (quoted || *p != '>'); p++) {
			ck_assert_msg(quoted || *p != '=' || p[1] == '"', "no quotes in: %.60s", name);
			ck_assert_msg(*p != '<', "< within: %.60s", name);
			quoted ^= *p == '"';
			empty = !quoted && *p == '/';
		}
		ck_assert_msg(*p == '>', "no end of: %.60s", name);
		for (size_t i = 0; i < sizeof empty_elements / sizeof *empty_elements; i++)
			empty |= strlen(empty_elements[i]) == len && !strncmp(name, empty_elements[i], len);
		if (close) {
			ck_assert_msg(n > 0 && length[n - 1] == len && !strncmp(open[n - 1], name, len), "</%.*s> closes <%.*s>", (int)len, name,
			              n ? (int)length[n - 1] : 0, n ? open[n - 1] : "");
			n--;
		} else if (!empty) {
			ck_assert_int_lt(n, 64);
			open[n] = name;
			length[n++] = len;
		}
	}
	ck_assert_msg(n == 0, "<%.20s is never closed", n ? open[n - 1] : "");
}

int main(void)
{
	SRunner *r = srunner_create(results_suite());
	srunner_add_suite(r, confusion_suite());
	srunner_add_suite(r, chart_suite());
	srunner_add_suite(r, answers_suite());
	srunner_add_suite(r, page_suite());
	srunner_add_suite(r, heat_map_suite());
	srunner_add_suite(r, gradcam_suite());
	srunner_add_suite(r, gradcam_sheet_suite());
	srunner_add_suite(r, distributions_suite());
	srunner_add_suite(r, stats_suite());
	srunner_add_suite(r, grid_suite());
	srunner_add_suite(r, paper_suite());
	srunner_add_suite(r, table_suite());
	srunner_run_all(r, CK_ENV);
	const int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
