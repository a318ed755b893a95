/* The points of a sweep as columns of its table, and the seeds of which teachers its intervals are of. */
#include "tests/report/table_made.h"

START_TEST(points_as_columns)
{
	open_sweep(FILE_TOP "vary: {grid: {stages.kd.epochs: [2, 3], data.n_train: [80]}, seeds: 2}\ntable: {columns: points}\n", NULL);
	leave(KD, &(struct made){.top1 = 60});
	leave(STAGES + KD, &(struct made){.top1 = 62});
	leave(2 * STAGES + KD, &(struct made){.top1 = 64});
	const char *text = made(&(struct table_options){0});
	ck_assert_int_eq(t->n_column, 2);
	ck_assert_str_eq(line(text, "test_top1"), "test_top1 teachers epochs=2,n_train=80 epochs=3,n_train=80");
	ck_assert_str_eq(line(text, "kd"), "kd shared 61.00 ± 12.71 (2) 64.00 (1, 1 missing)");
	LACKS(text, "those of others differ");
}
END_TEST

/* What failed, is missing or was rolled back is told in each cell as it is where metrics are columns. */
START_TEST(points_have_counts)
{
	open_sweep(FILE_TOP "vary: {list: [{name: a, stages.kd.epochs: 2}, {name: b, stages.kd.epochs: 3}], seeds: 3}\ntable: {columns: points, control: labels}\n", NULL);
	leave(KD, &(struct made){.top1 = 60});
	leave(STAGES + KD, &(struct made){.top1 = 62});
	leave(2 * STAGES + KD, &(struct made){.failed = true});
	by_epoch(KD, "rollbacks", 2, (const double[]){1, 1});
	for (int k = 3; k < 5; k++)
		leave(STAGES * k + KD, &(struct made){.failed = true});
	const char *text = made(&(struct table_options){0});
	ck_assert_str_eq(line(text, "kd"), "kd shared 61.00 ± 12.71 (2, 1 failed, 1 rolled back) failed (0, 2 failed, 1 missing)");
	ck_assert_str_eq(line(text, "labels (control)"), "labels (control) - not run not run");
	HAS(text, "In brackets: the seeds that a mean is of, then those that failed");
	LACKS(text, "minus control");
	HAS(printed(GRID_MARKDOWN), "| shared | 61.00 ± 12.71 (2, 1 failed, 1 rolled back) | failed (0, 2 failed, 1 missing) |");
	HAS(made(&(struct table_options){.columns = "metrics"}), "'minus control': on equal seeds");
	LACKS(printed(GRID_TEXT), "In brackets");
}
END_TEST

/* Points in columns have the differences too, in a table of the same columns; that of labels from themselves is none. */
START_TEST(points_have_differences)
{
	open_sweep(FILE_TOP "vary: {list: [{name: a, stages.kd.epochs: 2}, {name: b, stages.kd.epochs: 3}], seeds: 3}\n"
	           "table: {columns: points, control: labels, metrics: [test_top1, test_error]}\n", NULL);
	for (int k = 0; k < 3; k++) {
		leave(STAGES * k + KD, &(struct made){.top1 = 62 + k}); /* by 1, 2, 3 */
		leave(STAGES * k + LABELS, &(struct made){.top1 = 61});
	}
	leave(3 * STAGES + KD, &(struct made){.top1 = 60});
	const char *text = made(&(struct table_options){0}), *second = strstr(text, "\ntest_top1, minus control");
	ck_assert_ptr_nonnull(second);
	second++;
	ck_assert_str_eq(line(second, "test_top1, minus control"), "test_top1, minus control a b");
	ck_assert_str_eq(line(second, "kd"), "kd +2.00 (-0.48 to +4.48, better in 3 of 3) -1.00 (better in 0 of 1)");
	ck_assert_str_eq(line(strstr(second, "test_error, minus"), "kd"), "kd -2.00 (-4.48 to +0.48, better in 3 of 3) +1.00 (better in 0 of 1)");
	ck_assert_ptr_null(strstr(second, "\nlabels (control)  +"));
	HAS(text, "\n'minus control': at the same point, on equal seeds, of split, pictures, weights");
	HAS(printed(GRID_MARKDOWN), "| kd | +2.00 (-0.48 to +4.48, better in 3 of 3) | -1.00 (better in 0 of 1) |");
	HAS(printed(GRID_LATEX), "kd & +2.00 (-0.48 to +4.48, better in 3 of 3) & -1.00 (better in 0 of 1)");
	HAS(printed(GRID_HTML), "test_top1, minus control</th>");
	HAS(printed(GRID_CSV), ",labels,2,-0.4841");
}
END_TEST

/* A table for each metric; a claim is of one metric, and beside a paper it is said of which. */
START_TEST(points_and_metrics)
{
	open_sweep(FILE_TOP "vary: {list: [{name: a, stages.kd.epochs: 2}, {name: b, stages.kd.epochs: 3}], seeds: 2}\ntable: {columns: points, metrics: [test_top1, test_top5]}\n"
	           "claims: [{better: kd, than: labels, metric: test_top5}]\n", NULL);
	leave(KD, &(struct made){.top1 = 60, .top5 = 91});
	leave(STAGES + KD, &(struct made){.top1 = 62, .top5 = 93});
	leave(LABELS, &(struct made){.top1 = 50, .top5 = 81});
	leave(2 * STAGES + KD, &(struct made){.top1 = 64, .top5 = 97});
	const char *text = made(&(struct table_options){.paper = file_of("paper.yaml", "title: T\ndata: synth\nrule: last\ncolumns: [{name: a}, {name: b, metric: test_top5}]\n"
	                                                                               "rows: [{name: kd, values: [71, 98]}]\n")});
	const char *second = strstr(text, "test_top5");
	ck_assert_int_eq(t->n_column, 4);
	ck_assert_str_eq(line(text, "test_top1"), "test_top1 teachers a b");
	ck_assert_str_eq(line(text, "kd"), "kd shared 61.00 ± 12.71 (2) 64.00 (1, 1 missing) [a]");
	ck_assert_str_eq(line(second, "test_top5"), "test_top5 teachers a b");
	ck_assert_str_eq(line(second, "kd"), "kd shared 92.00 ± 12.71 (2) 97.00 (1, 1 missing) [a]");
	ck_assert_int_eq(t->n_claim, 2);
	ck_assert_double_eq(t->claim[0].paired.mean, 10);
	HAS(line(strstr(text, "Beside:"), "kd"), "kd a, test_top1 61.00 ± 12.71 2 71.00 1, found");
	HAS(line(strchr(strstr(strstr(text, "Beside:"), "kd"), '\n'), "kd"), "kd b, test_top5 97.00 [a] 1 98.00 1, found");
	LACKS(text, "other metric"); /* of what the paper does not have, nothing stands beside */
}
END_TEST

/* What every interval is a condition of stands beside it, and in CSV. */
START_TEST(shared_teachers)
{
	static const char *const how[] = {"shared", "per_seed"};
	open_sweep(arena_printf(life, FILE_TOP "  - {name: after, kind: supervise, train: small, from: kd.last, epochs: 2}\nvary: {seeds: {n: 2, teachers: %s}}\n", how[_i]), NULL);
	for (int i = 0; i < 2 * (STAGES + 1); i++)
		leave(i, &(struct made){.top1 = 70 + i});
	const char *text = made(&(struct table_options){0}), *said = _i ? "per seed" : "shared";
	HAS(text, "±  teachers");
	HAS(line(text, "kd"), arena_printf(life, "25.41 %s 2.83", said)); /* 71 and 75 */
	HAS(line(text, "after"), arena_printf(life, "25.41 %s 2.83", said)); /* from its first part */
	HAS(line(text, "labels"), "25.41 - 2.83");
	text = printed(GRID_CSV);
	HAS(text, ",by_limit,recipe,teachers,");
	HAS(text, arena_printf(life, " 2:75,0,0,,%s,,,,", how[_i]));
	HAS(text, " 2:76,0,0,,,,,,");
	HAS(printed(GRID_LATEX), arena_printf(life, "25.41 & %s & 2.83", said));
}
END_TEST

/* Teachers of seeds of their own: what learns from them has as many runs, what does not has one and makes one pair. */
START_TEST(seeds_of_teachers)
{
	open_sweep(FILE_TOP "vary: {seeds: {n: 3, of: [teacher]}}\ntable: {control: labels}\n", NULL);
	for (int k = 0; k < 3; k++) {
		leave(STAGES * k + TEACH, &(struct made){.top1 = 80 + k});
		leave(STAGES * k + KD, &(struct made){.top1 = 70 + 2 * k});
	}
	leave(LABELS, &(struct made){.top1 = 65});
	const char *text = made(&(struct table_options){0});
	ck_assert_str_eq(line(text, "teach (teacher)"), "teach (teacher) 81.00 2.48 - 1.00 80.00 82.00 3");
	ck_assert_str_eq(line(text, "kd"), "kd 72.00 4.97 per seed 2.00 70.00 74.00 3 +5.00 - 1 of 1");
	ck_assert_str_eq(line(text, "labels (control)"), "labels (control) 65.00 - - 65.00 65.00 1");
	HAS(text, "Seeds move the teachers; each has its own teacher.");
}
END_TEST

/* Rows that differ in their teacher's seed are no pairs; beside what has no teacher each is one, on equal seeds of its own. */
START_TEST(pairs_have_equal_teachers)
{
	open_sweep(FILE_TOP "vary: {grid: {seed.teacher: [5, 6]}, seeds: 2}\ntable: {control: labels}\n", NULL);
	for (int k = 0; k < 4; k++)
		leave(STAGES * k + KD, &(struct made){.top1 = 70 + k});
	leave(LABELS, &(struct made){.top1 = 60});
	leave(STAGES + LABELS, &(struct made){.top1 = 62});
	const char *text = made(&(struct table_options){0});
	ck_assert_str_eq(line(text, "teacher=6 kd"), "teacher=6 kd 72.50 6.35 shared 0.71 72.00 73.00 2 +11.50 +5.15 to +17.85 2 of 2");
	text = made(&(struct table_options){.control = "teacher=5 labels"});
	ck_assert_str_eq(line(text, "teacher=6 kd"), "teacher=6 kd 72.50 6.35 shared 0.71 72.00 73.00 2 +11.50 +5.15 to +17.85 2 of 2");
	text = made(&(struct table_options){.control = "teacher=5 kd"});
	ck_assert_str_eq(line(text, "teacher=6 kd"), "teacher=6 kd 72.50 6.35 shared 0.71 72.00 73.00 2");
	HAS(text, "on equal seeds, of split, pictures, weights and, where both have any, teachers");
}
END_TEST

void table_add_points(TCase *tc)
{
	tcase_add_test(tc, points_as_columns);
	tcase_add_test(tc, points_have_counts);
	tcase_add_test(tc, points_have_differences);
	tcase_add_test(tc, points_and_metrics);
	tcase_add_loop_test(tc, shared_teachers, 0, 2);
	tcase_add_test(tc, seeds_of_teachers);
	tcase_add_test(tc, pairs_have_equal_teachers);
}
