#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/results.h"
#include "stages/blocks.h"
#include "tests/report/suites.h"

enum { TEACH, KD, STEPS, STAGES };

/* An experiment as the table sees it. */
static struct experiment x;
static struct stage stage[STAGES];
static struct stage_result result[STAGES];
static struct data data;
static struct blocks_conf blocks;
static struct dataset kind = {.name = "synth"};

static void set(int i, const struct stage_kind *k, const char *name, const char *network, int epochs,
                double test)
{
	stage[i] = (struct stage){.kind = k, .name = name,
	                          .train = {.name = name, .train = network, .epochs = epochs}};
	result[i] = (struct stage_result){
		.stage = &stage[i], .test_last = test, .test_best = test + 0.25, .best_on_test = test + 1,
		.teacher_test = i == TEACH ? NAN : 90,
		.trained_max = i == STEPS ? 250 : 1000, .whole = 1000, .seconds = 75, .images = 123456,
		.epochs = epochs,
	};
}

static void begin(void)
{
	blocks = (struct blocks_conf){.polish_epochs = 10};
	data = (struct data){.kind = &kind, .n_train = 54000, .n_valid = 6000, .n_test = 10000};
	set(TEACH, &stage_supervise, "teach", "big", 20, 90);
	set(KD, &stage_distill, "kd", "small", 10, 85);
	set(STEPS, &stage_blocks, "steps", "small", 4, 87.5);
	stage[STEPS].conf = &blocks;
	x = (struct experiment){.arena = life, .name = "t", .data = &data, .n_stage = STAGES, .stage = stage};
}

static const char *printed(void)
{
	const char *path = scratch_path("table.txt");
	size_t n = 0;
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	results_print(f, &x, result);
	ck_assert_int_eq(fclose(f), 0);
	return content(path, &n);
}

/* The line that begins with this word. */
static const char *line(const char *text, const char *word)
{
	for (const char *p = text; p && *p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL)
		if (!strncmp(p, word, strlen(word)) && p[strlen(word)] == ' ')
			return arena_strn(life, p, strcspn(p, "\n"));
	ck_abort_msg("no line '%s' in\n%s", word, text);
}

#define HAS(text, part) ck_assert_msg(strstr((text), (part)) != NULL, "no '%s' in\n%s", (part), (text))
#define LACKS(text, part) ck_assert_msg(strstr((text), (part)) == NULL, "'%s' in\n%s", (part), (text))

START_TEST(a_row_for_each_stage)
{
	begin();
	const char *text = printed(), *row = line(text, "steps");
	HAS(row, "blocks");
	HAS(row, "small");
	HAS(row, "87.50");
	HAS(row, "87.75");
	HAS(row, " 2.50");
	HAS(row, "250 (25 %)");
	HAS(row, "123,456");
	HAS(line(text, "teach"), " - ");
	LACKS(text, "trained before");
	LACKS(text, "nan");
	LACKS(text, "MARKED");
	stage[KD].train.watch_test = true;
	HAS(printed(), "\nMARKED: 'kd' had 86.00 % at the epoch that did best on the test pictures: chosen on the test set");
	HAS(text, "54,000 training, 6,000 held-out and 10,000 test pictures");
	HAS(text, "One seed proves nothing:");
	HAS(text, "use several seeds\nbefore believing");
	struct reference given = {.stage = -1};
	stage[KD].n_teacher = 1;
	stage[KD].teacher = &given;
	HAS(line(text = printed(), "kd"), " 85.00            -  ");
	HAS(line(text, "steps"), "87.75");
	HAS(text, "\nMARKED: weights that 'kd' begins or learns from come from a file and may have seen the held-out pictures: it has no 'best-rule'");
	x.any_order = true;
	HAS(printed(), "\nMARKED: 'deterministic: false': steps may have summed in another order each time");
}
END_TEST

/* Where a word begins in a row. */
static long column(const char *text, const char *row, const char *word)
{
	const char *r = line(text, row);
	HAS(r, word);
	return strstr(r, word) - r;
}

START_TEST(columns_are_aligned)
{
	begin();
	const char *text = printed();
	const long at = column(text, "stage", "kind");
	ck_assert_int_eq(at, column(text, "teach", "supervise"));
	ck_assert_int_eq(at, column(text, "kd", "distill"));
	ck_assert_int_eq(at, column(text, "steps", "blocks"));
}
END_TEST

START_TEST(reused_stages_say_so)
{
	begin();
	result[KD].reused = true;
	HAS(line(printed(), "kd"), "(trained before)");
}
END_TEST

START_TEST(a_better_plain_arm_is_told)
{
	begin();
	LACKS(printed(), "did better than");
	result[KD].test_last = 88;
	const char *text = printed();
	HAS(text,
	    "'kd', 10 epochs of distillation end to end, did better than 'steps', whose polish alone\ntakes 10");
	HAS(text, "gained nothing");
	stage[KD].train.epochs = 11; /* it saw more than the polish */
	LACKS(printed(), "did better than");
	stage[KD].train.epochs = 10;
	stage[KD].train.train = "other";
	LACKS(printed(), "did better than");
}
END_TEST

START_TEST(what_is_not_known_is_a_dash)
{
	begin();
	data.n_valid = 0;
	result[KD].test_best = result[KD].teacher_test = result[KD].images = result[KD].seconds = NAN;
	const char *text = printed();
	LACKS(text, "nan");
	HAS(text, "nothing was held out");
}
END_TEST

START_TEST(the_title_stands_first)
{
	begin();
	struct conf *report = NULL;
	ck_assert_int_eq(conf_parse(life, "title: Three arms", "report", &report, &e), OK);
	x.report = report;
	const char *text = printed();
	ck_assert_int_eq(strncmp(text, "Three arms\n\nstage", 17), 0);
}
END_TEST

Suite *results_suite(void)
{
	Suite *s = suite_create("results");
	TCase *tc = life_case(s, "results");
	tcase_add_test(tc, a_row_for_each_stage);
	tcase_add_test(tc, columns_are_aligned);
	tcase_add_test(tc, reused_stages_say_so);
	tcase_add_test(tc, a_better_plain_arm_is_told);
	tcase_add_test(tc, what_is_not_known_is_a_dash);
	tcase_add_test(tc, the_title_stands_first);
	return s;
}
