#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "data/dataset.h"
#include "report/measured.h"
#include "report/page.h"
#include "tests/report/suites.h"

/* A run with a teacher, three seeds of a student and one of another, recorded in a store; the numbers are made up. */
static struct store *store;
static const char *folder;
static const char config[] =
	"# resolved from t.yaml\n"
	"name: t\n"
	"seed: {split: 1, data: 1, init: 1}\n"
	"data:\n  kind: synth\n  n_train: 24\n  n_test: 8\n  classes: 2\n  size: 8\n  held_out: 4   # t.yaml:3\n"
	"  # 20 training, 4 held-out, 8 test pictures, SHA-256 abcd\n"
	"networks:\n  big: {model: cnn}\n"
	"stages:\n"
	"  -\n    # identity 1111111111111111111111111111111111111111111111111111111111111111\n    name: teach   # t.yaml:8\n    kind: supervise\n    epochs: 3\n"
	"  -\n    # identity 2222222222222222222222222222222222222222222222222222222222222222\n    name: kd   # t.yaml:9\n    teacher: teach.last\n"
	"  # identity 3333333333333333333333333333333333333333333333333333333333333333 of 'kd-init2'\n"
	"  -\n    # identity 4444444444444444444444444444444444444444444444444444444444444444\n    name: plain<b>   # t.yaml:9\n";

static void put(int64_t stage, const char *name, int epoch, double value)
{
	ck_assert_int_eq(store_metric(store, stage, name, epoch, epoch * 10, value, &e), OK);
}

static void add_stage(int64_t run, const char *name, const char *identity, double test, double teacher)
{
	int64_t id = 0;
	ck_assert_int_eq(store_stage_begin(store, run, name, "distill", identity, &id, &e), OK);
	for (int k = 1; k <= 3; k++) {
		put(id, "loss", k, 3.0 / k);
		put(id, "valid_top1", k, k == 2 && test > 81 ? NAN : test - 10.0 / k);
		put(id, "lr", k, 0.1 / k);
		put(id, "critic/<real>", k, 0.5);
		put(id, "critic2/real", k, 0.5);
	}
	put(id, "test_top1", 3, test);
	put(id, "teacher_test_top1", 3, teacher);
	put(id, "images", 3, 60);
	put(id, "time/total_seconds", 3, 1.5);
	ck_assert_int_eq(store_stage_end(store, id, "done", 1.5, &e), OK);
}

static void begin(void)
{
	int64_t run = 0;
	log_set_level(LOG_ERROR);
	/* the store knows folders by their real names */
	char *real = realpath(scratch, NULL);
	folder = path_join(life, real, "t-1234");
	free(real);
	ck_assert_int_eq(dir_make(folder, &e), OK);
	ck_assert_int_eq(file_put(path_join(life, folder, "config.yaml"), config, strlen(config), &e), OK);
	ck_assert_int_eq(store_open(scratch_path("limbeck.db"), &store, &e), OK);
	const struct store_run row = {.name = "t", .folder = folder, .config = "t.yaml", .identity = "i", .program = "limbeck 9.9", .machine = "a <machine>",
	                              .device = "cpu", .precision = "f32", .threads = 3};
	ck_assert_int_eq(store_run_begin(store, &row, &run, &e), OK);
	add_stage(run, "teach", "1111111111111111111111111111111111111111111111111111111111111111", 90, NAN);
	add_stage(run, "kd", "2222222222222222222222222222222222222222222222222222222222222222", 80, 90);
	add_stage(run, "kd-init2", "3333333333333333333333333333333333333333333333333333333333333333", 81.5, 90);
	add_stage(run, "kd-init3", "5555555555555555555555555555555555555555555555555555555555555555", 84, 90);
	add_stage(run, "plain<b>", "4444444444444444444444444444444444444444444444444444444444444444", 79, NAN);
}

static void end(void)
{
	store_close(store);
}

static const struct page_item *items(const char *const *stage, int n)
{
	struct page_item *item = NEW_ARRAY(life, struct page_item, n);
	for (int i = 0; i < n; i++)
		item[i] = (struct page_item){folder, stage[i], (uint64_t)i + 1};
	return item;
}

static struct page three(void)
{
	static const char *const teach[] = {"teach"}, *const kd[] = {"kd", "kd-init2", "kd-init3"}, *const plain[] = {"plain<b>"};
	struct page_series *s = NEW_ARRAY(life, struct page_series, 3);
	s[0] = (struct page_series){"teach", 1, items(teach, 1), false};
	s[1] = (struct page_series){"kd & more", 3, items(kd, 3), false};
	s[2] = (struct page_series){"plain<b>", 1, items(plain, 1), false};
	return (struct page){.title = "A <title> & \"more\"", .n_series = 3, .series = s};
}

#define HAS(text, part) ck_assert_msg(strstr((text), (part)) != NULL, "no '%s'", (part))
#define LACKS(text, part) ck_assert_msg(strstr((text), (part)) == NULL, "there is '%s': %.200s", (part), strstr((text), (part)))

static const char *written(const struct page *p, struct store *s)
{
	size_t n = 0;
	ck_assert_int_eq(page_write(p, s, scratch_path("report.html"), &e), OK);
	const char *text = content(scratch_path("report.html"), &n);
	ck_assert_uint_eq(strlen(text), n);
	check_markup(text);
	LACKS(text, "nan");
	LACKS(text, "<script");
	LACKS(text, "src=\"h");
	LACKS(text, "url(");
	LACKS(text, "@import");
	return text;
}

START_TEST(what_was_measured_is_in_it)
{
	const struct page p = three();
	const char *text = written(&p, store);
	HAS(text, "<title>A &lt;title&gt; &amp; &quot;more&quot;</title>");
	HAS(text, "kd &amp; more</th><td>3</td><td>81.83</td><td>2.02</td>"); /* (80 + 81.5 + 84) / 3; sqrt(4.0833) */
	HAS(text, "<td>76.81 to 86.85</td>"); /* 81.8333 -+ 4.302653 * 2.0207 / sqrt(3) */
	HAS(text, "plain&lt;b&gt;</th><td>1</td><td>79.00</td><td>\xe2\x80\x93</td>");
	HAS(text, "<td>8.17</td>"); /* the gap */
	LACKS(text, "plain<b>");
	HAS(text, "id=\"curves\"");
	HAS(text, "loss in training");
	HAS(text, "critic/&lt;real&gt;");
	HAS(text, "critic2/real");
	LACKS(text, "Other metrics"); /* several critics are of the same balance */
	HAS(text, "kd &amp; more, 3 seeds");
	HAS(text, "limbeck 9.9");
	HAS(text, "a &lt;machine&gt;");
	HAS(text, "20 training, 4 held-out, 8 test pictures");
	HAS(text, "name: teach   # t.yaml:8");
	HAS(text, "5 of 5 results have no file of answers");
	LACKS(text, "id=\"differences\"");
	LACKS(text, "id=\"confusion\"");
	HAS(text, "prefers-color-scheme:dark");
	HAS(text, "@media print");
	HAS(text, "name=\"viewport\"");
}
END_TEST

static int count_of(const char *text, const char *part)
{
	int n = 0;
	for (const char *p = text; (p = strstr(p, part)); p++)
		n++;
	return n;
}

/* Two parts: each has its heading, its table and ids of its own. */
START_TEST(parts_of_a_page)
{
	struct page p[2] = {three(), three()};
	size_t n = 0;
	p[0].table_html = "<table><tr><td>first</td></tr></table>";
	p[1].title = "Data: <other>; budget: full";
	ck_assert_int_eq(pages_write("Both", p, 2, store, scratch_path("report.html"), &e), OK);
	const char *text = content(scratch_path("report.html"), &n);
	check_markup(text);
	HAS(text, "<title>Both</title>");
	HAS(text, "<h2 id=\"part1-h\">A &lt;title&gt; &amp; &quot;more&quot;</h2>");
	HAS(text, "<h2 id=\"part2-h\">Data: &lt;other&gt;; budget: full</h2>");
	HAS(text, "<a href=\"#part2-table\">Table</a>");
	HAS(text, "<h3 class=\"section\" id=\"part2-table-h\">Table</h3>");
	LACKS(text, "id=\"table\"");
	ck_assert_int_eq(count_of(text, "<h1>"), 1);
	ck_assert_int_eq(count_of(text, "<td>first</td>"), 1);
	ck_assert_ptr_nonnull(strstr(strstr(text, "id=\"part2\""), "kd &amp; more</th><td>3</td><td>81.83</td>"));
	for (const char *at = text; (at = strstr(at, " id=\"")); at++) {
		const char *id = arena_strn(life, at, strcspn(at + 5, "\"") + 6);
		ck_assert_msg(count_of(text, id) == 1, "twice:%s", id);
	}
	LACKS(written(&p[1], store), "id=\"part");
}
END_TEST

START_TEST(chosen_on_the_test_set)
{
	struct page p = three();
	LACKS(written(&p, store), "chosen on the test set");
	struct store_stage_row *rows = NULL;
	int n = 0;
	ck_assert_int_eq(store_stages(store, life, 0, &rows, &n, &e), OK);
	for (int i = 0; i < n; i++)
		put(rows[i].id, "test_top1_best_test", 3, 91.25);
	const char *text = written(&p, store);
	HAS(text, "best on test %: chosen on the test set</th>");
	HAS(text, "An exception is marked: what is best on test is chosen on the test set, so it is too high.");
	HAS(text, "<dd>81.83 %<small>kd &amp; more, 3 seeds; the highest of 2 on the test pictures, so chosen by them</small>");
	p.metric = "test_top1_best_test";
	text = written(&p, store);
	HAS(text, "<dd>91.25 %<small>kd &amp; more, 3 seeds, chosen on the test set; the highest of 2 on the test pictures, so chosen by them</small>");
	HAS(text, "accuracy on the test pictures, percent, chosen on the test set");
	p = three();
	p.n_series = 2; /* a teacher and one other, which nothing chose */
	text = written(&p, store);
	HAS(text, "<dd>81.83 %<small>kd &amp; more, 3 seeds</small>");
	HAS(text, "the test pictures chose no epoch.");
}
END_TEST

START_TEST(weights_of_a_file_have_no_best_rule)
{
	struct page p = three();
	struct page_series series[3];
	struct store_stage_row *rows = NULL;
	int n = 0;
	memcpy(series, p.series, sizeof series);
	p.series = series;
	ck_assert_int_eq(store_stages(store, life, 0, &rows, &n, &e), OK);
	for (int i = 0; i < n; i++)
		put(rows[i].id, "test_top1_best", 3, 66.25);
	HAS(written(&p, store), "<td>66.25</td>");
	series[0].imported = series[1].imported = true;
	const char *text = written(&p, store), *first = strstr(text, "<td>66.25</td>");
	ck_assert_ptr_nonnull(first); /* the third's */
	ck_assert_ptr_null(strstr(first + 1, "<td>66.25</td>"));
	series[2].imported = true;
	text = written(&p, store);
	LACKS(text, "66.25");
	LACKS(text, "best-rule %");
}
END_TEST

/* In one of two phases of one seed of three: that seed is marked, and no other row. */
START_TEST(ended_by_limit)
{
	const struct page p = three();
	LACKS(written(&p, store), "by limit");
	struct store_stage_row *rows = NULL;
	int n = 0;
	ck_assert_int_eq(store_stages(store, life, 0, &rows, &n, &e), OK);
	for (int i = 0; i < n; i++)
		if (!strncmp(rows[i].name, "kd", 2)) {
			put(rows[i].id, "phase_by_limit", 2, str_eq(rows[i].name, "kd-init2"));
			put(rows[i].id, "phase_by_limit", 3, 0);
		}
	const char *text = written(&p, store);
	HAS(text, "kd &amp; more</th><td>3, 1 by limit</td><td>81.83</td>");
	HAS(text, "plain&lt;b&gt;</th><td>1</td>");
	HAS(text, "phase was ended by its limit of epochs, before its temperature came to 1.");
}
END_TEST

START_TEST(a_sheet_of_heat_maps)
{
	const struct page p = three();
	LACKS(written(&p, store), "Where the networks look");
	ck_assert_int_eq(dir_make(path_join(life, folder, "gradcam"), &e), OK);
	ck_assert_int_eq(file_put(path_join(life, folder, "gradcam/block1.png"), "one", 3, &e), OK);
	ck_assert_int_eq(file_put(path_join(life, folder, "gradcam/block2.png"), "two", 3, &e), OK);
	HAS(written(&p, store), "src=\"data:image/png;base64,dHdv\"><figcaption>Grad-CAM");
	ck_assert_int_eq(file_put(path_join(life, folder, "gradcam/last.png"), "end", 3, &e), OK);
	HAS(written(&p, store), "base64,ZW5k");
}
END_TEST

START_TEST(one_seed_is_called_one_seed)
{
	struct page p = three();
	p.n_series = 1;
	const char *text = written(&p, store);
	HAS(text, "One seed proves nothing");
	LACKS(text, "95 % interval</th>");
}
END_TEST

START_TEST(differences_and_a_table_that_are_given)
{
	struct page p = three();
	const struct page_difference d[] = {{"kd - plain", 3, 2.25, 0.5, 4, 0.0125, "supported"}, {"one <pair>", 1, -1, NAN, NAN, NAN, NULL}};
	p.difference = d;
	p.n_difference = 2;
	p.table_html = "<table><tbody><tr><td>its own</td></tr></tbody></table>";
	p.notes = "a note <here>";
	p.rule = "By the <rule>.";
	const char *text = written(&p, store);
	HAS(text, "<td>+2.25</td><td>+0.50 to +4.00</td><td>0.0125</td><td class=\"text\">supported</td>");
	HAS(text, "one &lt;pair&gt;</td><td>1</td><td>-1.00</td><td>\xe2\x80\x93</td><td>\xe2\x80\x93</td>");
	HAS(text, "<td>its own</td>");
	HAS(text, "a note &lt;here&gt;");
	HAS(text, "By the &lt;rule&gt;.");
	LACKS(text, "Means over the seeds; accuracies");
}
END_TEST

/* kd has 80, 81.5, 84 with seeds 1 to 3; the other 79 with seed 3 and 81.5 with seed 1: differences 5 and -3/2, mean 7/4. */
START_TEST(equal_seeds_are_paired)
{
	const struct page_item two[] = {{folder, "plain<b>", 3}, {folder, "kd-init2", 1}};
	struct page p = three();
	struct page_series s[2] = {{"plain", 2, two, false}, p.series[1]};
	p.series = s;
	p.n_series = 2;
	const char *text = written(&p, store);
	HAS(text, "kd &amp; more minus plain</td><td>2</td><td>+1.75</td>");
	HAS(text, "no p is given");
	LACKS(text, "</td><td>0.6855</td>"); /* the p that a paired t would give */
}
END_TEST

/* Whoever looks at accuracy against seconds is told what those seconds are. */
START_TEST(times_that_were_shared)
{
	struct page p = three();
	HAS(written(&p, store), "Not all were timed alone");
}
END_TEST

START_TEST(the_best_rule_is_another_metric)
{
	struct page p = three();
	p.metric = "valid_top1"; /* of the last epoch: less by 10/3 */
	HAS(written(&p, store), "plain&lt;b&gt;</th><td>1</td><td>75.67</td>");
}
END_TEST

/* Curves of the ten best, wherever they stand; the others are named. */
START_TEST(more_than_can_be_drawn)
{
	enum { N = 13 };
	struct page p = three();
	struct page_series s[N];
	for (int i = 0; i < N; i++)
		s[i] = p.series[i == 12 ? 0 : 2]; /* the best comes last: 90, the others 79 */
	for (int i = 0; i < N; i++)
		s[i].label = arena_printf(life, "s%d<", i);
	p.series = s;
	p.n_series = 10;
	LACKS(written(&p, store), "left out");
	p.n_series = N;
	const char *text = written(&p, store), *curves = strstr(text, "id=\"curves\"");
	HAS(text, "Of 13 stages the 10 with the highest accuracy are drawn; the table has all.");
	HAS(text, "<summary>3 are left out</summary>\n<p>s9&lt;; s10&lt;; s11&lt;</p>");
	HAS(curves, "s8&lt; 3, 1"); /* the loss that is told of a curve */
	HAS(curves, "s12&lt; 3, 1");
	LACKS(curves, "s9&lt; 3, 1");
}
END_TEST

START_TEST(what_is_gone_is_left_out)
{
	struct page p = three();
	const struct page_item gone = {"/nowhere/at-all", "kd", 7};
	const struct page_series s[] = {p.series[0], {"gone", 1, &gone, false}, {"none", 0, NULL, false}};
	p.series = s;
	p.n_series = 3;
	const char *text = written(&p, store);
	HAS(text, "gone</th><td>0</td><td>\xe2\x80\x93</td>");
	HAS(text, "not recorded: no store knows the run");
}
END_TEST

START_TEST(nothing_at_all_is_a_page_too)
{
	const struct page p = {.title = "empty"};
	written(&p, NULL);
}
END_TEST

START_TEST(without_a_store_the_folder_is_read)
{
	static const char csv[] = "stage,lesson,epoch,step,metric,value\n"
	                          "kd,anchor 1/2 block 1/3,1,10,loss,2.5\nkd,anchor 1/2 block 1/3,1,10,time/lesson_seconds,3\n"
	                          "teach,,1,10,loss,9\n"
	                          "kd,anchor 2/2 block 1/3,2,20,loss,1.5\nkd,anchor 2/2 block 1/3,2,20,time/lesson_seconds,4\n"
	                          "kd,polish,3,30,time/lesson_seconds,0.25\nkd,polish,4,40,loss,1.25\nkd,polish,4,40,time/lesson_seconds,0.5\nkd,end,3,30,test_top1,77.125\n"
	                          "broken row\nkd,polish,3";
	const char *other = scratch_path("elsewhere/t-9");
	ck_assert_int_eq(dir_make(other, &e), OK);
	ck_assert_int_eq(file_put(path_join(life, other, "metrics.csv"), csv, strlen(csv), &e), OK);
	const struct page_item item = {other, "kd", 1};
	struct archive *r = archive_open(life, store);
	struct measured m;
	const double *x, *y;
	archive_measured(r, &item, &m);
	ck_assert_int_eq(measured_curve(life, &m, "loss", &x, &y), 3);
	ck_assert_double_eq(y[1], 1.5);
	ck_assert_double_eq(x[2], 4);
	ck_assert_double_eq(measured_last(&m, "test_top1"), 77.125);
	ck_assert(isnan(measured_last(&m, "test_top5")));
	ck_assert_int_eq(m.n_phase, 2);
	ck_assert_str_eq(m.phase[0].name, "block");
	ck_assert_double_eq(m.phase[0].seconds, 7);
	ck_assert_str_eq(m.phase[1].name, "polish");
	ck_assert_double_eq(m.phase[1].seconds, 0.5); /* the lesson's so far, not the epoch's */
	archive_close(r);
}
END_TEST

/* A run that trained nothing, because kd-init2 was there: its file's identity leads to it. */
START_TEST(a_stage_of_another_run_is_found)
{
	const char *again = scratch_path("t-5678");
	int64_t run = 0;
	ck_assert_int_eq(dir_make(again, &e), OK);
	ck_assert_int_eq(file_put(path_join(life, again, "config.yaml"), config, strlen(config), &e), OK);
	char *real = realpath(again, NULL);
	const struct store_run row = {.name = "t", .folder = real, .identity = "j", .program = "other", .machine = "m", .device = "cpu", .precision = "f32"};
	ck_assert_int_eq(store_run_begin(store, &row, &run, &e), OK);
	free(real);
	const struct page_item item = {again, "kd-init2", 2}, none = {again, "kd-init9", 2};
	struct archive *r = archive_open(life, store);
	struct measured m;
	archive_measured(r, &item, &m);
	ck_assert_double_eq(measured_last(&m, "test_top1"), 81.5);
	ck_assert_str_eq(m.home, path_join(life, folder, "stages/kd-init2"));
	ck_assert_str_eq(m.origin->program, "limbeck 9.9");
	archive_measured(r, &none, &m);
	ck_assert_int_eq(m.n, 0);
	archive_close(r);
}
END_TEST

/* 8 pictures of 2 classes, as the configuration's data set makes them: half of each. */
START_TEST(answers_give_confusion_and_mistakes)
{
	const struct page p = three();
	struct run_config c;
	struct data *d = NULL;
	int label[8], wrong[8];
	float z[16] = {0};
	ck_assert_int_eq(run_config_read(life, folder, &c, &e), OK);
	ck_assert_int_eq(data_open(life, conf_find(c.root, "data"), 1, &d, &e), OK);
	for (int i = 0; i < 8; i++) {
		label[i] = d->info.test.label[d->test[i]];
		wrong[i] = i < 3 ? 1 - label[i] : label[i];
		z[2 * i + wrong[i]] = (float)i + 1;
	}
	data_close(d);
	write_answers(path_join(life, folder, "stages/teach"), 8, 2, label, label, z);
	write_answers(path_join(life, folder, "stages/kd-init3"), 8, 2, label, wrong, z);
	const char *text = written(&p, store);
	HAS(text, "3 of 5 results have no file of answers");
	HAS(text, "Of kd &amp; more, seed 3:");
	HAS(text, "5 of 8 right");
	HAS(text, "3 of 8 test pictures, by kd &amp; more, seed 3");
	HAS(text, "alt=\"Test picture 2, labelled");
	HAS(text, "<br>95.3&#160;%"); /* 1 / (1 + exp(-3)) */
	LACKS(text, "alt=\"Test picture 3,");
	HAS(text, "<td>62.50</td>"); /* the same answers as the teacher's */
	HAS(text, "data:image/png;base64,iVBORw0KGgo");
	HAS(text, "Its answers are of its last epoch.");
	HAS(text, "Answers are of the last epoch.");
	/* by the rule 'best' they are that epoch's, of those who kept them: 1 of 8 right, the teacher's as they were */
	struct page best = p;
	int worse[8];
	for (int i = 0; i < 8; i++)
		worse[i] = i ? 1 - label[i] : label[i];
	struct store_stage_row *rows = NULL;
	int n = 0;
	ck_assert_int_eq(store_stages(store, life, 0, &rows, &n, &e), OK);
	for (int i = 0; i < n; i++)
		for (int k = 0; k < 2; k++)
			ck_assert_int_eq(store_metric(store, rows[i].id, k ? "test_top1_best_test" : "test_top1_best", 3, 3, 50 + i, &e), OK);
	best.metric = "test_top1_best";
	text = written(&best, store);
	HAS(text, "No answers of the epoch that did best on the held-out pictures were kept: here they are of the last epoch.");
	HAS(text, "<td>62.50</td>");
	write_answers_as(path_join(life, folder, "stages/kd-init3"), "test_best", 8, 2, label, worse, z);
	text = written(&best, store);
	HAS(text, "Answers are of the epoch that did best on the held-out pictures, a teacher&#39;s of its last one, by which it has taught. "
	          "Not all of the best were kept, so they are of the last epoch, by: teach.");
	HAS(text, "<td>12.50</td>");
	LACKS(text, "<td>62.50</td>");
	HAS(text, "1 of 8 right");
	HAS(text, "Its answers are of the epoch that did best on the held-out pictures.");
	HAS(written(&p, store), "5 of 8 right");
	best.metric = "test_top1_best_test";
	text = written(&best, store);
	HAS(text, "No answers are kept of the epoch that the test pictures chose: here they are of the last epoch.");
	HAS(text, "<td>62.50</td>");
	/* other labels: the data set is not what it was */
	for (int i = 0; i < 8; i++)
		label[i] = 1 - label[i];
	write_answers(path_join(life, folder, "stages/kd-init3"), 8, 2, label, wrong, z);
	HAS(written(&p, store), "the data set has other test pictures now");
}
END_TEST

START_TEST(a_place_that_cannot_be_written_is_an_error)
{
	const struct page p = three();
	ck_assert_int_eq(page_write(&p, store, "/nowhere/report.html", &e), E_ENV);
	HAS(e.text, "/nowhere/report.html");
}
END_TEST

START_TEST(a_configuration_tells_of_its_stages)
{
	static const char text[] =
		"seed: {split: 4, data: 5, init: 6}\nstages:\n"
		"  - {name: a, epochs: 6, anchors: [2, 6]}\n  - {name: b, epochs: 6, anchors: [2, 5]}\n  - {name: c, anchors: {count: 2, rule: equal}}\n"
		"  - {name: d, teacher: a.anchors}\n  - {name: f, teacher: b.anchors}\n  - {name: g, teacher: [a.last, c.anchors]}\n  - {name: h, teacher: a.best}\n"
		"  - {name: i, teacher: {file: x.safetensors}}\n  - {name: g-init2, teacher: a.last}\n"
		"  - {name: k, teacher: [b.last, {anchors: a.anchors, order: kept}]}\n  - {name: l, teacher: {anchors: a.anchors, order: reversed}}\n"
		"  - {name: m, teacher: {anchors: [a.best, c.anchors]}}\n  - {name: n, teacher: [a.last, i.best]}\n  - {name: o, from: {file: y.safetensors}}\n"
		"  - {name: p, from: o.last, teacher: a.last}\n";
	static const struct { const char *stage, *teacher; } want[] = {
		{"a", NULL}, {"d", "a"}, {"f", NULL}, {"g", "c"}, {"h", NULL}, {"i", NULL}, {"d-init7", "a"}, {"g-init2", "a"}, {"k", "a"}, {"l", NULL}, {"m", "c"},
		{"nobody", NULL},
	};
	struct run_config c;
	ck_assert_int_eq(dir_make(scratch_path("c"), &e), OK);
	ck_assert_int_eq(file_put(scratch_path("c/config.yaml"), text, strlen(text), &e), OK);
	ck_assert_int_eq(run_config_read(life, scratch_path("c"), &c, &e), OK);
	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		const char *teacher = run_config_teacher(life, &c, want[i].stage);
		ck_assert_msg(str_eq(teacher, want[i].teacher), "%s: %s", want[i].stage, teacher ? teacher : "none");
	}
	static const char *const given[] = {"i", "n", "o", "p", "p-init3"}, *const own[] = {"a", "d", "g", "g-init2", "m", "nobody"};
	for (size_t i = 0; i < sizeof given / sizeof *given; i++)
		ck_assert_msg(run_config_imports(&c, given[i]), "%s", given[i]);
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		ck_assert_msg(!run_config_imports(&c, own[i]), "%s", own[i]);
	const struct run_seeds s = run_config_seeds(&c);
	ck_assert(s.split == 4 && s.data == 5 && s.init == 6);
	ck_assert_ptr_null(run_config_identity(life, &c, "a"));
	ck_assert_int_eq(run_config_read(life, scratch_path("nowhere"), &c, &e), E_USER);
	HAS(e.text, "is no run");
}
END_TEST

Suite *page_suite(void)
{
	Suite *s = suite_create("page");
	TCase *tc = life_case(s, "page");
	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_test(tc, what_was_measured_is_in_it);
	tcase_add_test(tc, parts_of_a_page);
	tcase_add_test(tc, chosen_on_the_test_set);
	tcase_add_test(tc, weights_of_a_file_have_no_best_rule);
	tcase_add_test(tc, ended_by_limit);
	tcase_add_test(tc, a_sheet_of_heat_maps);
	tcase_add_test(tc, one_seed_is_called_one_seed);
	tcase_add_test(tc, differences_and_a_table_that_are_given);
	tcase_add_test(tc, equal_seeds_are_paired);
	tcase_add_test(tc, times_that_were_shared);
	tcase_add_test(tc, the_best_rule_is_another_metric);
	tcase_add_test(tc, more_than_can_be_drawn);
	tcase_add_test(tc, what_is_gone_is_left_out);
	tcase_add_test(tc, nothing_at_all_is_a_page_too);
	tcase_add_test(tc, without_a_store_the_folder_is_read);
	tcase_add_test(tc, a_stage_of_another_run_is_found);
	tcase_add_test(tc, answers_give_confusion_and_mistakes);
	tcase_add_test(tc, a_place_that_cannot_be_written_is_an_error);
	tcase_add_test(tc, a_configuration_tells_of_its_stages);
	return s;
}
