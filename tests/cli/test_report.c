#include <check.h>
#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cli/report_target.h"

Suite *report_suite(void);

static struct arena *life;
static struct err e;
static struct report r;
static struct page p; /* its first */
static char scratch[256];

static void begin(void)
{
	const char *tmp = getenv("TMPDIR");
	life = arena_open("test");
	err_clear(&e);
	snprintf(scratch, sizeof scratch, "%s/limbeck-cli-XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(scratch));
}

static int drop(const char *path, const struct stat *info, int type, struct FTW *at)
{
	(void)info;
	(void)type;
	(void)at;
	return remove(path);
}

static void end(void)
{
	nftw(scratch, drop, 8, FTW_DEPTH | FTW_PHYS);
	arena_close(life);
}

static const char *folder_with(const char *name, const char *file, const char *text)
{
	const char *folder = path_join(life, scratch, name);
	ck_assert_int_eq(dir_make(folder, &e), OK);
	ck_assert_int_eq(file_put(path_join(life, folder, file), text, strlen(text), &e), OK);
	return folder;
}

static enum status target(const char *const *word, int n)
{
	const enum status st = report_target(life, word, n, &r, &e);
	p = st == OK ? r.page[0] : (struct page){0};
	return st;
}

#define SAYS(part) ck_assert_msg(strstr(e.text, part) != NULL, "no '%s' in '%s'", part, e.text)

/* A run of seed S whose kd has so many epochs. */
static const char *run_of(const char *name, const char *seed, int teacher_epochs, int epochs, const char *arms)
{
	return folder_with(name, "config.yaml",
		arena_printf(life, "name: t\nseed: %s\ndata:\n  kind: synth\n  # 20 training, 1200 held-out, 8 test pictures, SHA-256 ab\nnetworks:\n  n: {model: cnn}\n"
		             "stages:\n  - {name: teach, epochs: %d}\n  - {name: kd, teacher: teach.last, epochs: %d}\n%s", seed, teacher_epochs, epochs, arms));
}

/* ---- sweeps ---- */

START_TEST(a_sweep_is_read)
{
	const char *folder = folder_with("s", "sweep.json",
		"{\"title\": \"T\", \"rule\": \"last epoch\", \"budget\": \"x\", \"series\": [{\"label\": \"a\", \"items\": ["
		"{\"folder\": \"../r-1\", \"stage\": \"kd\", \"seed\": 3}, {\"folder\": \"/abs\", \"stage\": \"kd\", \"seed\": 4}]}],"
		"\"differences\": [{\"what\": \"a - b\", \"n\": 2, \"mean\": 1.5, \"low\": -1, \"high\": 4, \"p\": null, \"verdict\": \"undecided\"}],"
		"\"table_html\": \"<table></table>\", \"notes\": \"n\"}");
	ck_assert_int_eq(target(&folder, 1), OK);
	ck_assert_str_eq(p.title, "T, budget 'x'");
	ck_assert_int_eq(p.n_series, 1);
	ck_assert_int_eq(p.series[0].n, 2);
	ck_assert_str_eq(p.series[0].item[0].folder, path_join(life, folder, "../r-1"));
	ck_assert_str_eq(p.series[0].item[1].folder, "/abs");
	ck_assert_uint_eq(p.series[0].item[1].seed, 4);
	ck_assert_int_eq(p.n_difference, 1);
	ck_assert_double_eq(p.difference[0].mean, 1.5);
	ck_assert(isnan(p.difference[0].p));
	ck_assert_str_eq(p.table_html, "<table></table>");
	ck_assert_str_eq(p.notes, "n");
	ck_assert_ptr_null(p.metric);
	ck_assert_ptr_nonnull(strstr(p.rule, "last epoch"));
}
END_TEST

START_TEST(the_best_rule_reads_the_best_metric)
{
	const char *folder = folder_with("s", "sweep.json", "{\"rule\": \"best on the held-out pictures\", \"series\": [{\"label\": \"a\", \"items\": ["
	                                 "{\"folder\": \"x\", \"stage\": \"kd\", \"seed\": 3}]}]}");
	ck_assert_int_eq(target(&folder, 1), OK);
	ck_assert_str_eq(p.metric, "test_top1_best");
	ck_assert_ptr_null(p.table_html);
	ck_assert_ptr_nonnull(strstr(p.rule, "The test pictures chose no epoch."));
}
END_TEST

START_TEST(what_the_test_set_chose_says_so)
{
	const char *folder = folder_with("s", "sweep.json", "{\"rule\": \"best on the test pictures, which is chosen on the test set\", \"series\": [{\"label\": \"a\", "
	                                 "\"items\": [{\"folder\": \"x\", \"stage\": \"kd\", \"seed\": 3}]}]}");
	ck_assert_int_eq(target(&folder, 1), OK);
	ck_assert_str_eq(p.metric, "test_top1_best_test");
	ck_assert_ptr_nonnull(strstr(p.rule, "chosen on the test set. They are too high by that choice."));
}
END_TEST

static const struct { const char *text, *says; } damaged[] = {
	{"", "is damaged at byte"},
	{"{\"series\": [", "is damaged at byte"},
	{"[1, 2]", "'series' is missing or empty"},
	{"{\"series\": {}}", "'series' is missing or empty"},
	{"{\"series\": []}", "'series' is missing or empty"},
	{"{\"series\": [3]}", "series 0 has no label, or no items"},
	{"{\"series\": [{\"label\": \"a\", \"items\": []}]}", "series 0 has no label, or no items"},
	{"{\"series\": [{\"label\": \"a\", \"items\": [{\"folder\": \"f\", \"stage\": \"s\"}]}]}", "item 0 of series 0 has no folder, stage and seed"},
	{"{\"series\": [{\"label\": \"a\", \"items\": [{\"folder\": \"f\", \"stage\": 5, \"seed\": 1}]}]}", "item 0 of series 0"},
	{"{\"series\": [{\"label\": \"a\", \"items\": [{\"folder\": \"f\", \"stage\": \"s\", \"seed\": -1}]}]}", "item 0 of series 0"},
	{"{\"series\": [{\"label\": \"a\", \"items\": [{\"folder\": \"f\", \"stage\": \"s\", \"seed\": 1}]}], \"differences\": [{}]}", "difference 0"},
};

START_TEST(a_damaged_sweep_is_refused)
{
	const char *folder = folder_with("s", "sweep.json", damaged[_i].text);
	ck_assert_int_eq(target(&folder, 1), E_ENV);
	SAYS("s/sweep.json");
	SAYS(damaged[_i].says);
}
END_TEST

#define SERIES "\"series\": [{\"label\": \"a\", \"items\": [{\"folder\": \"x\", \"stage\": \"kd\", \"seed\": 3}]}]"

/* Each has its own table; a budget is said, and what would have the same heading is told apart by its folder. */
START_TEST(several_sweeps_are_parts_of_a_page)
{
	const char *word[] = {folder_with("s", "sweep.json", "{\"title\": \"T\", \"budget\": \"full\", \"table_html\": \"one\", " SERIES "}"),
	                      folder_with("q", "sweep.json", "{\"title\": \"T\", \"budget\": \"quick\", \"table_html\": \"two\", " SERIES "}"),
	                      folder_with("t", "sweep.json", "{\"title\": \"T\", \"table_html\": \"three\", " SERIES "}"),
	                      run_of("r", "1", 3, 4, "")};
	ck_assert_int_eq(target(word, 4), OK);
	ck_assert_int_eq(r.n, 4);
	ck_assert_str_eq(r.folder, word[0]);
	ck_assert_str_eq(r.page[0].title, "T (s)");
	ck_assert_str_eq(r.page[1].title, "T, budget 'quick'");
	ck_assert_str_eq(r.page[2].title, "T (t)");
	ck_assert_str_eq(r.page[3].title, "Data: synth, 20 training, 1200 held-out, 8 test pictures; budget: full");
	ck_assert_str_eq(r.page[2].table_html, "three");
	ck_assert_int_eq(r.page[3].n_series, 2);
	ck_assert_int_eq(target(&word[1], 1), OK);
	ck_assert_str_eq(r.title, "T, budget 'quick'");
}
END_TEST

/* ---- runs ---- */

START_TEST(arms_are_seeds_of_their_stage)
{
	const char *word[] = {run_of("a", "{split: 1, data: 1, init: 2}", 3, 4, "arms:\n  - {stages: [kd], seeds: [1, 2, 5]}\nreport: {title: Of arms}\n")};
	ck_assert_int_eq(target(word, 1), OK);
	ck_assert_str_eq(p.title, "Of arms");
	ck_assert_ptr_nonnull(strstr(p.rule, "1,200 held-out"));
	ck_assert_int_eq(p.n_series, 2);
	ck_assert_int_eq(p.series[0].n, 1);
	ck_assert_str_eq(p.series[1].label, "kd");
	ck_assert_int_eq(p.series[1].n, 3); /* 2 is its own */
	ck_assert_str_eq(p.series[1].item[0].stage, "kd");
	ck_assert_uint_eq(p.series[1].item[0].seed, 2);
	ck_assert_str_eq(p.series[1].item[2].stage, "kd-init5");
	ck_assert_uint_eq(p.series[1].item[2].seed, 5);
}
END_TEST

START_TEST(runs_of_other_seeds_are_one_series)
{
	const char *word[] = {run_of("a", "1", 3, 4, ""), run_of("b", "7", 3, 4, ""), run_of("c", "7", 3, 4, "report: {title: x}\n")};
	ck_assert_int_eq(target(word, 3), OK);
	ck_assert_int_eq(p.n_series, 2);
	ck_assert_int_eq(p.series[1].n, 2); /* c is b again */
	ck_assert_uint_eq(p.series[1].item[1].seed, 7);
	ck_assert_str_eq(p.series[1].item[1].folder, word[1]);
}
END_TEST

START_TEST(runs_of_other_teachers_are_one_series)
{
	const char *word[] = {run_of("a", "{split: 1, data: 1, init: 1, teacher: 1}", 3, 4, ""), run_of("b", "{split: 1, data: 1, init: 1, teacher: 2}", 3, 4, "")};
	ck_assert_int_eq(target(word, 2), OK);
	ck_assert_int_eq(p.n_series, 2);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(p.series[i].n, 2);
		ck_assert_uint_eq(p.series[i].item[1].seed, 2);
	}
}
END_TEST

START_TEST(stages_that_differ_are_told_apart)
{
	const char *word[] = {run_of("a", "1", 3, 4, ""), run_of("b", "2", 3, 5, ""), run_of("c", "3", 6, 4, "")};
	ck_assert_int_eq(target(word, 3), OK);
	/* teach of a and b; kd of a, of b (other epochs) and of c (another teacher); teach of c */
	ck_assert_int_eq(p.n_series, 5);
	ck_assert_str_eq(p.series[0].label, "teach (a)");
	ck_assert_int_eq(p.series[0].n, 2);
	ck_assert_str_eq(p.series[1].label, "kd (a)");
	ck_assert_str_eq(p.series[2].label, "kd (b)");
	ck_assert_str_eq(p.series[4].label, "kd (c)");
}
END_TEST

/* A run of what `data:` says, as many pictures and, of a smaller budget, the line that its configuration has of it. */
static const char *pictures_of(const char *name, const char *budget, const char *data, const char *pictures, int epochs)
{
	return folder_with(name, "config.yaml", arena_printf(life, "# resolved from t.yaml\n%sname: t\nseed: 1\ndata:\n  kind: synth\n%s  # %s, SHA-256 ab\n"
	                   "networks: {}\nstages:\n  - {name: kd, epochs: %d}\n", budget, data, pictures, epochs));
}

/* Runs of other pictures or another budget share no table; how the batches are made is no such thing. */
START_TEST(runs_that_are_unlike_share_no_table)
{
	static const char all[] = "20 training, 4 held-out, 8 test pictures", half[] = "# budget: 0.5 of the epochs (rounded up)\n";
	const char *word[] = {pictures_of("a", "", "  batch: 8\n", all, 4), pictures_of("b", half, "", all, 2), pictures_of("c", "", "", "10 training, 4 held-out, 8 test pictures", 4),
	                      pictures_of("d", "", "  batch: 16\n  workers: 3\n", all, 5), pictures_of("e", half, "", all, 3), pictures_of("f", "", "  crop: 2\n", all, 4)};
	ck_assert_int_eq(target(word, 6), OK);
	ck_assert_int_eq(r.n, 4);
	ck_assert_str_eq(r.title, "t, and 5 runs more");
	ck_assert_str_eq(r.page[0].title, "Data: synth, 20 training, 4 held-out, 8 test pictures; budget: full (a)");
	ck_assert_str_eq(r.page[1].title, "Data: synth, 20 training, 4 held-out, 8 test pictures; budget: 0.5 of the epochs (rounded up)");
	ck_assert_str_eq(r.page[2].title, "Data: synth, 10 training, 4 held-out, 8 test pictures; budget: full");
	ck_assert_str_eq(r.page[3].title, "Data: synth, 20 training, 4 held-out, 8 test pictures; budget: full (f)");
	ck_assert_int_eq(r.page[0].n_series, 2);
	ck_assert_str_eq(r.page[0].series[1].label, "kd (d)");
	ck_assert_int_eq(r.page[1].n_series, 2);
	const char *alike[] = {word[0], word[3]};
	ck_assert_int_eq(target(alike, 2), OK);
	ck_assert_int_eq(r.n, 1);
	ck_assert_str_eq(p.title, "t, and 1 run more");
}
END_TEST

START_TEST(other_splits_are_marked)
{
	const char *word[] = {run_of("a", "{split: 1, data: 1, init: 1}", 3, 4, ""), run_of("b", "{split: 1, data: 2, init: 2}", 3, 4, ""),
	                      run_of("c", "{split: 2, data: 3, init: 3}", 3, 4, "")};
	ck_assert_int_eq(target(word, 2), OK);
	ck_assert_ptr_null(strstr(p.rule, "MARKED"));
	ck_assert_int_eq(target(word, 3), OK);
	ck_assert_ptr_nonnull(strstr(p.rule, "MARKED: seed.split differs"));
}
END_TEST

START_TEST(what_is_no_run_is_refused)
{
	const char *word[] = {path_join(life, scratch, "nowhere")}, *empty[] = {folder_with("x", "y", "")};
	ck_assert_int_eq(target(word, 1), E_USER);
	SAYS("there is no");
	err_clear(&e);
	ck_assert_int_eq(target(empty, 1), E_USER);
	SAYS("it has no config.yaml");
}
END_TEST

Suite *report_suite(void)
{
	Suite *s = suite_create("report");
	TCase *tc = tcase_create("report");
	tcase_add_checked_fixture(tc, begin, end);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, a_sweep_is_read);
	tcase_add_test(tc, the_best_rule_reads_the_best_metric);
	tcase_add_test(tc, what_the_test_set_chose_says_so);
	tcase_add_loop_test(tc, a_damaged_sweep_is_refused, 0, sizeof damaged / sizeof *damaged);
	tcase_add_test(tc, several_sweeps_are_parts_of_a_page);
	tcase_add_test(tc, arms_are_seeds_of_their_stage);
	tcase_add_test(tc, runs_of_other_seeds_are_one_series);
	tcase_add_test(tc, runs_of_other_teachers_are_one_series);
	tcase_add_test(tc, stages_that_differ_are_told_apart);
	tcase_add_test(tc, runs_that_are_unlike_share_no_table);
	tcase_add_test(tc, other_splits_are_marked);
	tcase_add_test(tc, what_is_no_run_is_refused);
	suite_add_tcase(s, tc);
	return s;
}
