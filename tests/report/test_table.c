/* The table of a sweep: its rows and columns, what stands in a cell that is empty or not whole, times, what it took to reach an accuracy. */
#include "tests/report/table_made.h"

#include <stdio.h>

#include "base/log.h"
#include "runs/failure.h"

START_TEST(one_seed)
{
	open_sweep(FILE_TOP CLAIMS, NULL);
	leave_seeds(1);
	const char *text = made(&(struct table_options){0});
	ck_assert_str_eq(line(text, "kd"), "kd 71.00 - - 71.00 71.00 1 +1.00 - 1 of 1");
	HAS(text, "One seed: no interval can be given");
	LACKS(text, "nan");
	HAS(printed(GRID_CSV), "kd,test_top1,test_top1,last,full,1,0,0,71,,,,labels,1,,,,,,,,-1:71,0,0,,shared,,,,");
}
END_TEST

START_TEST(nothing_yet)
{
	open_sweep(FILE_TOP SEEDS CLAIMS, NULL);
	const char *text = made(&(struct table_options){0});
	ck_assert_str_eq(line(text, "kd"), "kd not run 0");
	HAS(line(text, "helps"), "undecided (not run) no run yet");
	LACKS(text, "One seed");
	static const char *const there[] = {"test_top5_best", "train_top1_clean", "tau/kd", "loss/of_its_own", "critic2/real_mean", "alarm/critic_wins", "peer3/loss/ce", "memory/device_mib"};
	leave_seeds(2);
	for (size_t i = 0; i < sizeof there / sizeof *there; i++)
		ck_assert_str_eq(line(made(&(struct table_options){.metric = there[i]}), "kd"), "kd not measured 0");
}
END_TEST

/* What another version recorded is a metric, and so is none that no stage ever does. */
START_TEST(no_such_metric)
{
	static const struct { const char *given, *says; } it[] = {
		{"tset_top1", "--metric: there is no metric 'tset_top1'; did you mean 'test_top1'?"},
		{"test_top1,foo", "--metric: there is no metric 'foo'\n"},
		{"time/secnds", "there is no metric 'time/secnds'; did you mean 'time/seconds'?"},
		{"tau/", "there is no metric 'tau/'"},
		{"of_old_day", "there is no metric 'of_old_day'; did you mean 'of_old_days'?"},
	};
	open_sweep(FILE_TOP SEEDS, NULL);
	for (size_t i = 0; i + 1 < sizeof it / sizeof *it; i++) { /* before any run, too */
		ck_assert_int_eq(make(&(struct table_options){.metric = it[i].given}), E_USER);
		HAS(arena_printf(life, "%s\n", e.text), it[i].says);
	}
	ck_assert_int_eq(make(&(struct table_options){.metric = "of_old_days"}), E_USER);
	leave_seeds(1);
	by_epoch(KD, "of_old_days", 1, (const double[]){3});
	HAS(line(made(&(struct table_options){.metric = "of_old_days"}), "kd"), "kd 3 ");
	for (size_t i = 0; i < sizeof it / sizeof *it; i++) {
		ck_assert_int_eq(make(&(struct table_options){.metric = it[i].given}), E_USER);
		HAS(arena_printf(life, "%s\n", e.text), it[i].says);
	}
}
END_TEST

/* A record of a stage, a row or a point; who has none, while others have one, is named. */
START_TEST(tuning)
{
	open_sweep(FILE_TOP "  - {name: other, kind: supervise, train: small, epochs: 3}\n"
	           "vary: {list: [{name: a, stages.kd.epochs: 2}, {name: b, stages.kd.epochs: 3}]}\ntuning: {labels: none, a kd: 3 weights}\n", NULL);
	const char *text = made(&(struct table_options){0});
	HAS(text, "\nTuning of labels: none.\nTuning of a kd: 3 weights.\nWithout a record of tuning, while others have one: a other, b kd, b other.\n");
	HAS(made(&(struct table_options){.columns = "points"}), "\nWithout a record of tuning, while others have one: kd, other.\n");
}
END_TEST

START_TEST(tuning_of_all)
{
	static const char *const it[] = {"", "tuning:\n", "tuning: {kd: x, labels: y}\n", "tuning: {a: x, b: y}\n"};
	for (size_t i = 0; i < sizeof it / sizeof *it; i++) {
		open_sweep(arena_printf(life, FILE_TOP "vary: {list: [{name: a, stages.kd.epochs: 2}, {name: b, stages.kd.epochs: 3}]}\n%s", it[i]), NULL);
		LACKS(made(&(struct table_options){0}), "Without a record");
		LACKS(made(&(struct table_options){.columns = "points"}), "Without a record");
		sweep_close(s);
	}
	open_sweep(FILE_TOP "vary: {list: [{name: a, stages.kd.epochs: 2}, {name: b, stages.kd.epochs: 3}]}\ntuning: {a: x}\n", NULL);
	HAS(made(&(struct table_options){0}), "\nWithout a record of tuning, while others have one: b kd, b labels.\n");
	HAS(made(&(struct table_options){.columns = "points"}), "\nWithout a record of tuning, while others have one: kd, labels.\n");
}
END_TEST

START_TEST(failures)
{
	open_sweep(FILE_TOP SEEDS, NULL);
	leave_seeds(3);
	leave(STAGES * 3 + KD, &(struct made){.failed = true});
	const char *text = made(&(struct table_options){0});
	ck_assert(t->row[1].cell[0].failed == 1 && t->row[1].cell[0].missing == 5 && t->row[1].cell[0].n == 3);
	HAS(line(text, "kd"), " 3, 1 failed, 4 missing");
	HAS(text, "FAILED made-s4, kd: see ");
	HAS(printed(GRID_CSV), "kd,test_top1,test_top1,last,full,3,1,5,");
}
END_TEST

/* The log of its run says why: the last time that it failed, the first line, and of that what there is room for. */
START_TEST(why_it_failed)
{
	const int item = STAGES + KD;
	open_sweep(FILE_TOP SEEDS, NULL);
	leave(item, &(struct made){.failed = true});
	FILE *log = fopen(arena_printf(life, "%s/made-%d/log.txt", s->out, item), "w");
	ck_assert_ptr_nonnull(log);
	fputs("'labels' failed: of another stage\n'kd' failed: long ago\n 'kd' failed: no line of its own\n", log);
	failure_write(log, "kd", "loss is nan_{} & 5% off\n  and more of it");
	fputs("'kd-2' failed: another's\n", log);
	fclose(log);
	HAS(made(&(struct table_options){0}), "\nFAILED made-s2, kd: loss is nan_{} & 5% off\n");
	HAS(printed(GRID_MARKDOWN), "\n- FAILED made-s2, kd: loss is nan_{} & 5% off\n");
	HAS(printed(GRID_CSV), "\n# FAILED made-s2, kd: loss is nan_{} & 5% off\n");
	HAS(printed(GRID_LATEX), "FAILED made-s2, kd: loss is nan");
	log = fopen(arena_printf(life, "%s/made-%d/log.txt", s->out, item), "a");
	ck_assert_ptr_nonnull(log);
	failure_write(log, "kd", arena_printf(life, "%0199d\xc2\xb1%0900d", 0, 0));
	fclose(log);
	sweep_close(s);
	const struct sweep_options o = {.out = scratch_path("out"), .experiment = {.device = "cpu", .threads = 1}};
	ck_ok(sweep_open(life, scratch_path("made.yaml"), &o, &s, &e));
	const char *text = strstr(made(&(struct table_options){0}), "FAILED made-s2, kd: ");
	ck_assert_ptr_nonnull(text);
	ck_assert_uint_eq(strcspn(text, "\n"), strlen("FAILED made-s2, kd: ") + 199 + strlen(" ..."));
}
END_TEST

/* The teacher of all has failed: what learns from it is left out, and the rest is there. */
START_TEST(left_out)
{
	open_sweep(FILE_TOP SEEDS, NULL);
	leave(TEACH, &(struct made){.failed = true});
	leave(LABELS, &(struct made){.top1 = 50});
	const char *text = made(&(struct table_options){0});
	ck_assert_str_eq(line(text, "kd"), "kd failed 0, 8 failed");
	ck_assert_str_eq(line(text, "teach (teacher)"), "teach (teacher) failed 0, 1 failed"); /* it was one run for all eight */
	HAS(text, "FAILED made-s1, kd: a stage that it uses has failed");
	HAS(line(text, "labels"), "50.00");
}
END_TEST

/* What a student's own training goes on from is no teacher: a run of each seed, and the paper's teacher does not stand beside it. */
START_TEST(a_first_part)
{
	open_sweep(FILE_TOP "  - {name: begun, kind: supervise, train: small, epochs: 1}\n  - {name: whole, kind: supervise, train: small, from: begun.last, epochs: 2}\n"
		"vary: {seeds: 2}\n", NULL);
	const int n = STAGES + 2;
	leave(TEACH, &(struct made){.top1 = 80});
	for (int k = 0; k < 2; k++)
		for (int i = KD; i < n; i++)
			leave(n * k + i, &(struct made){.top1 = 70 + i + k});
	const char *text = made(&(struct table_options){
		.paper = file_of("paper.yaml", "title: T\nrule: last\nruns: 1\ncolumns: [{name: test_top1}]\nrows: [{name: teacher, values: [75]}]\n")});
	ck_assert_str_eq(line(text, "begun (first part)"), "begun (first part) 73.50 6.35 - 0.71 73.00 74.00 2");
	HAS(line(text, "teach (teacher)"), "80.00");
	HAS(line(strstr(text, "Beside: T"), "teach"), "teach test_top1 80.00 1 75.00");
	LACKS(strstr(text, "Beside: T"), "begun");
}
END_TEST

/* A point that drops a stage has no row of it, which could only be not run. */
START_TEST(a_dropped_stage)
{
	open_sweep(FILE_TOP "drop: [stages.labels]\n", NULL);
	made(&(struct table_options){.control = "labels"});
	ck_assert_int_eq(t->n_row, 2 * STAGES - 1);
	for (int i = 0; i < t->n_row; i++)
		ck_assert_str_ne(t->row[i].label, "no labels labels");
}
END_TEST

/* What --only left out is not said to be not run. */
START_TEST(only_some)
{
	const struct sweep_options o = {.out = scratch_path("out"), .only = "*epochs_3*", .experiment = {.device = "cpu", .threads = 1}};
	log_set_level(LOG_ERROR);
	ck_ok(sweep_open(life, file_of("made.yaml", FILE_TOP "vary: {grid: {stages.kd.epochs: [2, 3]}}\n"), &o, &s, &e));
	ck_ok(make(&(struct table_options){0}));
	ck_assert_int_eq(t->n_row, STAGES);
	ck_assert_str_eq(t->row[1].label, "epochs=3 kd");
	ck_ok(make(&(struct table_options){.columns = "points"}));
	ck_assert_int_eq(t->n_column, 1);
	ck_assert_str_eq(t->column[0].label, "epochs=3");
}
END_TEST

/* Notes are text below the table that they are of, with all that LaTeX would take for something else escaped. */
START_TEST(notes_in_latex)
{
	open_sweep(FILE_TOP SEEDS CLAIMS, NULL);
	leave_seeds(8);
	leave(STAGES * 7 + KD, &(struct made){.failed = true});
	made(&(struct table_options){.paper = file_of("paper.yaml", "title: T\nnote: 50% of x_1 & {y}\nrule: last\nruns: 1\ncolumns: [{name: test_top1}]\nrows: [{name: kd, values: [75]}]\n")});
	const char *text = printed(GRID_LATEX), *first = strstr(text, "\\end{table}"), *data = strstr(text, "\nData: synth"), *claim = strstr(text, "\nA claim needs 8 pairs and p \\textless{} .05");
	ck_assert_ptr_nonnull(data);
	ck_assert_ptr_nonnull(claim);
	ck_assert(strstr(text, "\\end{tabular}") < data && data < first && claim > first);
	ck_assert_ptr_nonnull(strstr(first, "50\\% of x\\_1 \\& \\{y\\}\\par\n"));
	HAS(text, "'seeds for 80 \\%'");
	HAS(text, "FAILED made-s8, kd: see ");
	for (const char *p = strchr(text, '%'); p; p = strchr(p + 1, '%')) /* what is a comment says how to use it */
		ck_assert_msg((p > text && p[-1] == '\\') || !strncmp(p, "% \\usepackage{booktabs}\n", 24), "%.60s", p);
}
END_TEST

START_TEST(times)
{
	open_sweep(FILE_TOP SEEDS, NULL);
	leave(KD, &(struct made){.seconds = 2, .alone = true});
	leave(STAGES + KD, &(struct made){.seconds = 4, .alone = true});
	leave(LABELS, &(struct made){.seconds = 1, .alone = true});
	leave(STAGES + LABELS, &(struct made){.seconds = 1});
	const char *text = made(&(struct table_options){.metric = "time_seconds"});
	HAS(line(text, "kd"), "kd 3 ");
	ck_assert_str_eq(line(text, "labels"), "labels not timed alone 0"); /* one of two was not */
	HAS(text, "Not timed alone:");
	ck_assert_int_eq(t->row[2].cell[0].n, 0);
	text = printed(GRID_CSV);
	HAS(text, "labels,time_seconds,time_seconds,last,full,0,0,6,");
	HAS(text, ",not timed alone,");
	ck_assert_str_eq(line(made(&(struct table_options){.metric = "time/total_seconds"}), "labels"), "labels not timed alone 0"); /* by its own name too */
}
END_TEST

/* 56 pictures an epoch. The first student is as good as its seed's labels after the second epoch, worse again after the third; the second never is. */
START_TEST(what_it_took_to_reach)
{
	open_sweep(FILE_TOP "vary: {seeds: 2}\ntable: {reach: labels, metrics: [pictures_to_reach, macs_to_reach]}\n", NULL);
	leave_seeds(2);
	for (int k = 0; k < 2; k++) {
		by_epoch(STAGES * k + LABELS, "valid_top1_last", 1, (const double[]){k ? 90 : 60.5});
		by_epoch(STAGES * k + KD, "valid_top1", 3, (const double[]){50, 60.5, 59});
		by_epoch(STAGES * k + KD, "macs_per_picture", 3, (const double[]){10, 25, 1000});
	}
	ck_ok(make(&(struct table_options){0}));
	const struct table_cell *cell = t->row[1].cell;
	ck_assert_str_eq(t->row[1].label, "kd");
	ck_assert_int_eq(cell[0].n, 1);
	ck_assert_int_eq(cell[0].missing, 1);
	ck_assert_double_eq(cell[0].value[0], 2 * 56);
	ck_assert_double_eq(cell[1].value[0], (10 + 25) * 56);
}
END_TEST

START_TEST(what_has_nothing_to_reach)
{
	open_sweep(FILE_TOP "vary: {seeds: 2}\ntable: {metrics: [macs_to_reach]}\n", NULL);
	ck_assert(make(&(struct table_options){0}) == E_USER);
	HAS(e.text, "'macs_to_reach' needs 'reach'");
	err_clear(&e);
	open_sweep(FILE_TOP "vary: {seeds: 2}\ntable: {reach: label}\n", NULL);
	ck_assert(make(&(struct table_options){0}) == E_USER);
	HAS(e.text, "'reach' names 'label', and no stage has that name");
}
END_TEST

START_TEST(rolled_back)
{
	open_sweep(FILE_TOP "vary: {seeds: 3}\n", NULL);
	leave_seeds(3);
	by_epoch(STAGES + KD, "rollbacks", 2, (const double[]){1, 1});
	const char *text = made(&(struct table_options){0});
	HAS(line(text, "kd"), " 3, 1 rolled back");
	LACKS(line(text, "labels"), "rolled back");
	ck_assert_int_eq(t->row[1].cell[0].rolled_back, 1);
}
END_TEST

static const struct { const char *file, *control, *rule, *columns, *says; } wrong[] = {
	{"table: {control: lables}\n", NULL, NULL, NULL, "made.yaml:9:18: the control 'lables' is no row of the table; did you mean 'labels'?"},
	{"", "nobody", NULL, NULL, "the control 'nobody' is no row of the table"},
	{"", NULL, "test", NULL, "--rule is 'test', allowed last, best, best_test"},
	{"", NULL, "best_test", NULL, "the rule 'best_test' needs 'watch_test: true' in the stages, and none has it"},
	{"table: {rule: best_test}\n", NULL, NULL, NULL, "made.yaml:9:15: the rule 'best_test' needs"},
	{"", NULL, NULL, "rows", "--columns is 'rows', allowed metrics, points"},
	{"table: {rows: [kd, kb]}\n", NULL, NULL, NULL, "'rows' names 'kb', and no stage has that name"},
	{"table: {metrics: [test_top1, tets_top5]}\n", NULL, NULL, NULL, "made.yaml:9:30: there is no metric 'tets_top5'; did you mean 'test_top5'?"},
	{"table: {metrics: foo}\n", NULL, NULL, NULL, "made.yaml:9:18: there is no metric 'foo'"},
	{"tuning: {labels: none, kdd: 3 weights}\n", NULL, NULL, NULL, "made.yaml:9:29: 'tuning' names 'kdd', which is no stage, row or point; did you mean 'kd'?"},
	{"tuning: [kd]\n", NULL, NULL, NULL, "'tuning' is {STAGE: how many settings"},
	{"table: {mertics: [x]}\n", NULL, NULL, NULL, "did you mean 'metrics'?"},
	{"claims: [{better: kb, than: labels}]\n", NULL, NULL, NULL, "made.yaml:9:19: a claim names 'kb', which is no row of the table; did you mean 'kd'?"},
	{"claims: [{better: kd}]\n", NULL, NULL, NULL, "which is no row of the table"},
	{"claims: [{better: kd, than: labels, metric: train_top1}]\n", NULL, NULL, NULL, "a claim's metric is 'train_top1', which is no column of the table"},
	{"claims: {better: kd}\n", NULL, NULL, NULL, "'claims' is a list"},
	{"table: {metrics: [[a]]}\n", NULL, NULL, NULL, "made.yaml:9:18: 'metrics' is a list of names"},
	{"table: {rows: {a: 1}}\n", NULL, NULL, NULL, "'rows' is a list of names"},
	{"table: {rows: [], teachers: false}\n", NULL, NULL, NULL, "the table has no row"},
	{"table: {paper: nothing.yaml}\n", NULL, NULL, NULL, "nothing.yaml"},
};

START_TEST(said)
{
	open_sweep(arena_printf(life, FILE_TOP "%s", wrong[_i].file), NULL);
	ck_assert_int_ne(make(&(struct table_options){.control = wrong[_i].control, .rule = wrong[_i].rule, .columns = wrong[_i].columns}), OK);
	HAS(e.text, wrong[_i].says);
}
END_TEST

/* Labels and titles from outside are escaped in each form. */
START_TEST(escapes)
{
	open_sweep(FILE_TOP "vary: {list: [{name: \"a|b & <c>, \\\"d\\\" 5%\", stages.kd.epochs: 2}]}\n", NULL);
	leave(KD, &(struct made){.top1 = 60});
	ck_ok(make(&(struct table_options){0}));
	HAS(printed(GRID_MARKDOWN), "| a\\|b &amp; &lt;c&gt;, \"d\" 5% kd | 60.00 |");
	HAS(printed(GRID_CSV), "\"a|b & <c>, \"\"d\"\" 5% kd\",test_top1,");
	HAS(printed(GRID_LATEX), "a\\textbar{}b \\& \\textless{}c\\textgreater{}, \"d\" 5\\% kd & 60.00");
	HAS(printed(GRID_LATEX), "\\footnotesize\\raggedright\nData: synth");
	HAS(printed(GRID_HTML), "a|b &amp; &lt;c&gt;, &quot;d&quot; 5% kd</th>");
}
END_TEST

void table_add_cells(TCase *tc)
{
	tcase_add_test(tc, one_seed);
	tcase_add_test(tc, nothing_yet);
	tcase_add_test(tc, no_such_metric);
	tcase_add_test(tc, tuning);
	tcase_add_test(tc, tuning_of_all);
	tcase_add_test(tc, failures);
	tcase_add_test(tc, why_it_failed);
	tcase_add_test(tc, left_out);
	tcase_add_test(tc, a_first_part);
	tcase_add_test(tc, a_dropped_stage);
	tcase_add_test(tc, only_some);
	tcase_add_test(tc, notes_in_latex);
	tcase_add_test(tc, times);
	tcase_add_test(tc, what_it_took_to_reach);
	tcase_add_test(tc, what_has_nothing_to_reach);
	tcase_add_test(tc, rolled_back);
	tcase_add_loop_test(tc, said, 0, sizeof wrong / sizeof *wrong);
	tcase_add_test(tc, escapes);
}
