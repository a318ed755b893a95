/* Whose a number is (the rule that chose its epoch, the version that trained it, weights of a file), and a paper beside it. */
#include "tests/report/table_made.h"

#include "runs/safetensors.h"

START_TEST(rules)
{
	open_sweep(FILE_TOP, NULL);
	leave_seeds(1);
	const char *text = made(&(struct table_options){.rule = "best"});
	HAS(line(text, "kd"), "71.25");
	HAS(text, "Rule: the epoch that did best on the held-out pictures");
	text = made(&(struct table_options){.metric = "test_error,test_top1", .control = "labels"});
	ck_assert_str_eq(line(text, "kd"), "kd 29.00 - - 29.00 29.00 1 -1.00 - 1 of 1"); /* an error is better where it is smaller */
	HAS(text, "Rule: last epoch");
}
END_TEST

#define WATCHED "name: made\nprecision: f32\n" \
	"data: {kind: synth, batch: 16, n_train: 80, n_test: 40, held_out: 24, classes: 4, size: 8}\n" \
	"networks: {small: {model: cnn, widths: [2, 4], convs: 1}}\n" \
	"stages: [{name: kd, kind: supervise, train: small, epochs: 2, watch_test: true}, {name: labels, kind: supervise, train: small, epochs: 2}]\n"

/* What the test pictures chose says so in every form. */
START_TEST(chosen_on_the_test_set)
{
	static const char *const sets[] = {"table: {rule: best_test, metrics: [test_top1, test_error, train_top1_running]}\nclaims: [{name: c, better: kd, than: labels}]\n",
	                                   "table: {rule: best_test, columns: points}\nvary: {grid: {data.batch: [16, 8]}}\n"};
	open_sweep(arena_printf(life, WATCHED "%s", sets[_i]), NULL);
	leave(0, &(struct made){.top1 = 70, .right = "xx"});
	leave(1, &(struct made){.top1 = 60, .right = "x."});
	const char *text = made(&(struct table_options){0});
	HAS(text, "test_top1 (chosen on the test set)");
	HAS(line(text, "kd"), " 71.50 ");
	HAS(text, "Rule: the epoch that did best on the test pictures, which is chosen on the test set.");
	HAS(text, "MARKED: the epoch is chosen on the test set itself, so these numbers are too high");
	HAS(text, "Without 'watch_test: true', and so without a number: labels.");
	HAS(printed(GRID_MARKDOWN), "(chosen on the test set)");
	HAS(printed(GRID_LATEX), "test\\_top1 (chosen on the test set)");
	HAS(printed(GRID_HTML), "test_top1 (chosen on the test set)");
	HAS(printed(GRID_CSV), ",test_top1,best_test (chosen on the test set),full,1,0,0,71.5,");
	HAS(line(made(&(struct table_options){.rule = "last", .columns = "metrics"}), _i ? "batch=16 kd" : "kd"), " 70.00 ");
	LACKS(printed(GRID_TEXT), "chosen");
	HAS(made(&(struct table_options){.rule = "last", .metric = "test_top1_best_test"}), "MARKED: the epoch is chosen on the test set itself");
	HAS(printed(GRID_CSV), ",best_test (chosen on the test set),");
	if (_i)
		return;
	text = made(&(struct table_options){0});
	HAS(text, "test_error (chosen on the test set)");
	HAS(line(strstr(text, "test_error"), "kd"), " 28.50 ");
	HAS(text, "\ntrain_top1_running\n");
	HAS(text, "Of the last epoch all the same: train_top1_running.\n");
	HAS(line(text, "c "), "c (chosen on the test set) undecided");
	LACKS(text, "McNemar"); /* its answers are of the last epoch */
	HAS(printed(GRID_CSV), "kd,train_top1_running,train_top1_running,last,");
	file_of("paper.yaml", "title: T\nrule: best_test\nruns: 5\ncolumns: [{name: test_top1}]\nrows: [{name: kd, values: [71]}]\n");
	const struct table_options o = {.paper = scratch_path("paper.yaml")};
	HAS(line(strstr(made(&o), "Beside:"), "kd"), "kd test_top1 (chosen on the test set) 71.50 1 71.00");
	HAS(line(strstr(made(&o), "Beside:"), "kd"), "too few runs"); /* that is: compared */
	static const char *const theirs[] = {"last", "unsaid"};
	for (int i = 0; i < 2; i++) {
		file_of("paper.yaml", arena_printf(life, "title: T\nrule: %s\nruns: 5\ncolumns: [{name: test_top1}]\nrows: [{name: kd, values: [71]}]\n", theirs[i]));
		HAS(line(strstr(made(&o), "Beside:"), "kd"), i ? "rule unsaid" : "other rule");
	}
}
END_TEST

START_TEST(nothing_held_out)
{
	open_sweep("name: made\ndata: {kind: synth, batch: 16, n_train: 80, n_test: 40, held_out: 0, classes: 4, size: 8}\n"
	           "networks: {small: {model: cnn, widths: [2, 4], convs: 1}}\nstages: [{name: labels, kind: supervise, train: small, epochs: 2}]\n", NULL);
	HAS(made(&(struct table_options){.rule = "best"}), "no pictures are held out that could choose an epoch");
	LACKS(made(&(struct table_options){0}), "'best' was asked for");
}
END_TEST

/* Weights of a file in the teacher's own teacher, in one point alone. */
START_TEST(imported)
{
	const char *file = scratch_path("given.safetensors");
	open_sweep(FILE_TOP, NULL);
	struct net *net = NULL;
	struct experiment *x = s->run[0].x;
	ck_ok(experiment_net(x, life, "big", "big", &net, &e));
	ck_ok(params_place(net->params, x->dev, &e));
	ck_ok(net_init(net, 1, NULL, &e));
	ck_ok(weights_save(net->params, file, NULL, 0, &e));
	params_release(net->params);
	sweep_close(s);
	open_sweep(arena_printf(life, "name: made\nprecision: f32\n"
	           "data: {kind: synth, batch: 16, n_train: 80, n_test: 40, held_out: 24, classes: 4, size: 8}\n"
	           "networks: {big: {model: cnn, widths: [4, 8], convs: 1}, small: {model: cnn, widths: [2, 4], convs: 1}}\n"
	           "stages:\n  - {name: teach, kind: supervise, train: big, epochs: 2}\n"
	           "  - {name: middle, kind: distill, train: big, teacher: teach.last, epochs: 2}\n"
	           "  - {name: kd, kind: distill, train: small, teacher: middle.last, epochs: 2}\n"
	           "vary: {list: [{name: own, stages.kd.epochs: 1}, {name: given, stages.middle.teacher: {file: %s}, stages.middle.teacher_network: big}]}\n"
	           "table: {metrics: [test_top1, test_top1_best]}\nclaims: [{name: c, better: own kd, than: given kd, metric: test_top1_best}]\n", file), NULL);
	const char *text = made(&(struct table_options){.rule = "best"});
	HAS(text, "'best' was asked for");
	HAS(text, "Rule: last epoch");
	HAS(text, "MARKED: weights that 'given kd' begins or learns from come from a file");
	LACKS(text, "MARKED: weights that 'own kd'");
	/* By the name of a chosen epoch's metric: those without a file have it, and no claim is judged on the others. */
	for (int i = 0; i < 6; i++)
		if (i != 3) /* one teacher for both points */
			leave(i, &(struct made){.top1 = 60 + i});
	text = made(&(struct table_options){0});
	HAS(text, "Of the epoch that did best on the held-out pictures: test_top1_best.\n");
	LACKS(text, "all the same");
	HAS(line(text, "given kd"), " 65.00 ");
	const char *best = strstr(text, "test_top1_best");
	HAS(line(best, "own kd"), " 62.25 ");
	HAS(line(best, "given kd"), "the last epoch is the rule: weights come from a file");
	LACKS(text, "65.25");
	LACKS(printed(GRID_CSV), "65.25");
	HAS(line(text, "c "), "c undecided (the last epoch is the rule: weights come from a file)");
	HAS(text, "these may have seen the pictures that chose it, so the last epoch is their rule.");
	LACKS(text, "Not timed alone");
}
END_TEST

START_TEST(versions)
{
	open_sweep(FILE_TOP SEEDS, NULL);
	leave_seeds(1);
	program = "limbeck 2";
	leave(STAGES + KD, &(struct made){.top1 = 1});
	HAS(made(&(struct table_options){0}), "MARKED: these runs are of 2 versions or builds of the program: limbeck 1; limbeck 2; their results");
}
END_TEST

/* ---- beside a paper ---- */

#define PAPER(more, kd) "title: Table 9\nsource: a page\ndata: synth\nrule: last\nruns: 5\n" more \
	"columns: [{name: test_top1}]\nrows:\n  - {name: kd, values: [" kd "]}\n  - {name: labels, values: [60]}\n" \
	"  - {name: crd, title: CRD, needs: crd_memory, values: [77]}\n  - {name: at, title: AT, needs: kd, values: [76]}\n" \
	"claims: [{name: c, says: KD beats labels, better: kd, than: labels}]\n"

/* ours 70, 71, 72 (mean 71): half of the interval 4.30265 sqrt(1/3 + 1/5) = 3.14. */
static const struct { const char *paper, *budget, *verdict; bool compared; } beside[] = {
	{PAPER("", "75"), NULL, "below", true},
	{PAPER("", "67"), NULL, "above", true},
	{PAPER("", "71"), NULL, "cannot tell", true}, /* near, and the interval is too wide */
	{PAPER("", "{value: 71, trust: recalled}"), NULL, "recalled", false},
	{PAPER("trust: recalled\n", "71"), NULL, "recalled", false},
	{PAPER("", "{value: 71, metric: test_top5}"), NULL, "other metric", false},
	{PAPER("split: unsaid\n", "75"), NULL, "split unsaid", false},
	{PAPER("split: valid\n", "75"), NULL, "other split", false},
	{PAPER("train_pictures: 50000\n", "71"), NULL, "other budget", false},
	{PAPER("train_pictures: 56\n", "75"), NULL, "below", true},
	{PAPER("", "71"), "half", "other budget", false},
	{PAPER("split: unsaid\n", "{value: 75, metric: train_top1}"), NULL, "other metric", false},
	{PAPER("", "{value: 75, split: train}"), NULL, "other split", false},
	{PAPER("", "{value: 75, split: unsaid}"), NULL, "split unsaid", false},
	{PAPER("split: unsaid\n", "{value: 75, split: test}"), NULL, "below", true},
	{PAPER("", "{value: 75, rule: unsaid}"), NULL, "rule unsaid", false},
	{PAPER("", "{value: 75, rule: best}"), NULL, "other rule", false},
};

START_TEST(verdicts)
{
	open_sweep(FILE_TOP SEEDS "budget: {half: {epochs: 0.5}}\n", beside[_i].budget);
	for (int k = 0; k < 3; k++)
		leave(STAGES * k + KD, &(struct made){.top1 = 70 + k});
	const char *text = made(&(struct table_options){.paper = file_of("paper.yaml", beside[_i].paper)}), *kd = line(strstr(text, "Beside: Table 9 (a page)"), "kd");
	ck_assert_msg(!strcmp(kd + strlen(kd) - strlen(beside[_i].verdict), beside[_i].verdict), "%s: %s", beside[_i].verdict, kd);
	if (beside[_i].compared)
		HAS(kd, " 3.14 ");
	else
		HAS(kd, " - - "); /* no difference where there is nothing to compare */
	HAS(line(text, "CRD"), " 77.00 5, ");
	HAS(line(text, "CRD"), " needs crd_memory");
	HAS(line(text, "AT"), " not run");
	HAS(text, "The paper says: KD beats labels. Undecided: not run.");
}
END_TEST

START_TEST(a_papers_claim)
{
	open_sweep(FILE_TOP SEEDS "budget: {half: {epochs: 0.5}}\n", "half");
	leave(KD, &(struct made){.top1 = 71});
	leave(LABELS, &(struct made){.top1 = 70});
	HAS(made(&(struct table_options){.paper = file_of("paper.yaml", PAPER("", "75"))}), "KD beats labels. Undecided: nothing here is comparable (other budget).");
}
END_TEST

START_TEST(other_verdicts)
{
	open_sweep(FILE_TOP SEEDS, NULL);
	const struct table_options o = {.paper = file_of("paper.yaml", PAPER("", "70"))};
	HAS(line(strstr(made(&o), "Beside:"), "kd"), "not run");
	leave(KD, &(struct made){.top1 = 70});
	leave(STAGES + KD, &(struct made){.top1 = 70.1});
	HAS(line(strstr(made(&o), "Beside:"), "kd"), "too few runs");
	leave(2 * STAGES + KD, &(struct made){.top1 = 70.2});
	HAS(line(strstr(made(&o), "Beside:"), "kd"), "agrees");
	file_of("paper.yaml", "title: T\ndata: cifar100\ncolumns: [{name: test_top1}]\nrows: [{name: kd, values: [70]}]\n");
	HAS(line(strstr(made(&o), "Beside:"), "kd"), "other data");
	file_of("paper.yaml", "title: T\nrule: last\ndata: cifar100\ncolumns: [{name: test_top1, data: synth}]\nrows: [{name: kd, values: [70]}]\n");
	HAS(line(strstr(made(&o), "Beside:"), "kd"), "agrees");
	file_of("paper.yaml", "title: T\nrule: best_test\ncolumns: [{name: test_top1}]\nrows: [{name: kd, values: [70]}]\n");
	HAS(line(strstr(made(&o), "Beside:"), "kd"), "best on test");
	file_of("paper.yaml", PAPER("", "70"));
	HAS(line(strstr(made(&(struct table_options){.paper = o.paper, .rule = "best"}), "Beside:"), "kd"), "other rule");
}
END_TEST

#define SENTENCE(better, than, more) "title: T\nrule: last\ncolumns: [{name: test_top1}]\nrows: [{name: kd, values: [75]}, {name: labels, values: [60]}]\n" \
	"claims: [{says: S, better: " better ", than: " than more "}]\n"

/* In one column its seeds are the pairs. labels has 70 in each. */
static const struct { const char *paper; int n; double kd[8]; const char *said; } by_seed[] = {
	{SENTENCE("kd", "labels", ""), 1, {75}, "Here in 1 of 1 seeds: undecided, one seed."},
	{SENTENCE("kd", "labels", ""), 2, {75, 76}, "Here in 2 of 2 seeds: undecided, too few."},
	{SENTENCE("kd", "labels", ""), 3, {75, 76, 71}, "Here in 3 of 3 seeds: supported."},
	{SENTENCE("labels", "kd", ""), 3, {75, 76, 71}, "Here in 0 of 3 seeds: contradicted."},
	{SENTENCE("kd", "labels", ""), 4, {75, 76, 71, 69}, "Here in 3 of 4 seeds: undecided."},
	{SENTENCE("kd", "labels", ""), 4, {75, 76, 71, 70}, "Here in 3 of 4 seeds, equal in 1: supported."},
	{SENTENCE("kd", "labels", ""), 3, {75, 70, 70}, "Here in 1 of 3 seeds, equal in 2: undecided, too few."},
	{SENTENCE("kd", "labels", ", amount: true"), 3, {75, 76, 71}, "Here in 3 of 3 seeds: supported, its sign alone."},
	{SENTENCE("kd", "labels", ", pairs: 8, better_in: 8"), 8, {71, 71, 71, 71, 71, 71, 71, 71}, "Here in 8 of 8 seeds: undecided, 1 of its 8 pairs."},
	{SENTENCE("kd", "labels", ", metric: test_top5"), 3, {75, 76, 71}, "Undecided: nothing here is comparable (other metric)."},
};

START_TEST(a_papers_claim_by_seed)
{
	open_sweep(FILE_TOP SEEDS, NULL);
	for (int k = 0; k < by_seed[_i].n; k++) {
		leave(STAGES * k + KD, &(struct made){.top1 = by_seed[_i].kd[k]});
		leave(STAGES * k + LABELS, &(struct made){.top1 = 70});
	}
	HAS(made(&(struct table_options){.paper = file_of("paper.yaml", by_seed[_i].paper)}), arena_printf(life, "The paper says: S. %s\n", by_seed[_i].said));
}
END_TEST

/* Only what may be compared counts; all reasons are told, each once. A claim without a metric takes the paper's, which is not ours here. */
START_TEST(a_papers_claim_of_unlike_data)
{
	static const struct { const char *top, *values, *why; } it[] = {
		{"rule: last\ndata: cifar10\n", "75], [60", "other data"},
		{"rule: last\nmetric: test_top5\n", "75], [60", "other metric"},
		{"rule: last\ntrust: recalled\n", "75], [60", "recalled"},
		{"rule: last\n", "75], [{value: 60, trust: recalled}", "recalled"},
		{"rule: last\n", "75], [~", "the paper has no number"},
		{"split: unsaid\n", "75], [60", "split unsaid"},
		{"rule: unsaid\n", "75], [60", "rule unsaid"},
		{"rule: last\ntrain_pictures: 50000\n", "75], [60", "other budget"},
	};
	open_sweep(FILE_TOP SEEDS, NULL);
	leave_seeds(8);
	for (size_t i = 0; i < sizeof it / sizeof *it; i++) {
		const char *split = strstr(it[i].values, "], [");
		const char *text = arena_printf(life, "title: T\n%scolumns: [{name: test_top1}]\nrows: [{name: kd, values: [%.*s]}, {name: labels, values: [%s]}]\n"
		                                "claims: [{says: S, better: kd, than: labels}]\n", it[i].top, (int)(split - it[i].values), it[i].values, split + 4);
		HAS(made(&(struct table_options){.paper = file_of("paper.yaml", text)}), arena_printf(life, "S. Undecided: nothing here is comparable (%s).\n", it[i].why));
	}
}
END_TEST

/* Another machine's time says which is faster; it has no split and no rule. */
START_TEST(a_papers_claim_of_times)
{
	open_sweep(FILE_TOP SEEDS "table: {metrics: [test_top1, time_seconds]}\n", NULL);
	for (int k = 0; k < 3; k++) {
		leave(STAGES * k + KD, &(struct made){.top1 = 60, .seconds = 2 + k, .alone = true});
		leave(STAGES * k + LABELS, &(struct made){.top1 = 70, .seconds = 9, .alone = true});
	}
	const char *text = made(&(struct table_options){.paper = file_of("paper.yaml", "title: T\nsplit: unsaid\ncolumns: [{name: test_top1}, {name: time_seconds, metric: time_seconds}]\n"
		"rows: [{name: kd, values: [1, 2]}, {name: labels, values: [3, 4]}]\n"
		"claims: [{says: S, better: kd, than: labels, metric: time_seconds, amount: true}, {says: A, better: kd, than: labels, metric: test_top1}]\n")});
	HAS(text, "The paper says: S. Here in 3 of 3 seeds: supported, its sign alone.\n");
	HAS(text, "The paper says: A. Undecided: nothing here is comparable (split unsaid).\n");
	HAS(line(strstr(text, "Beside:"), "kd      time_seconds"), "other machine");
}
END_TEST

#define POINTS "  - {name: other, kind: supervise, train: small, epochs: 2}\n" \
	"vary: {seeds: 2, list: [{name: a, stages.kd.epochs: 2}, {name: b, stages.kd.epochs: 1}, {name: c, stages.kd.epochs: 3}, {name: d, stages.other.epochs: 1}, {name: e, stages.kd.epochs: 4}]}\n"

/* Columns, or points where these are rows, count by the mean over their seeds; d's networks are a's. In the paper e is recalled. */
static const struct { const char *columns, *more; double kd[3]; const char *said; } by_place[] = {
	{"points", "", {74, 73, 72}, "Here in 3 of 3 columns: supported. Not counted: recalled."},
	{"points", "", {74, 73, 69}, "Here in 2 of 3 columns: undecided. Not counted: recalled."},
	{"points", "", {68, 68, 69}, "Here in 0 of 3 columns: contradicted. Not counted: recalled."},
	{"points", "", {70, 73, 72}, "Here in 2 of 3 columns, equal in 1: undecided, too few. Not counted: recalled."},
	{"points", ", pairs: 3, better_in: 2, equal_in: 1", {70, 73, 72}, "Here in 2 of 3 columns, equal in 1: supported. Not counted: recalled."},
	{"points", ", pairs: 3, better_in: 2, equal_in: 1", {69, 73, 72}, "Here in 2 of 3 columns: undecided. Not counted: recalled."},
	{"points", ", pairs: 3, better_in: 3", {70, 73, 72}, "Here in 2 of 3 columns, equal in 1: undecided. Not counted: recalled."},
	{"points", ", pairs: 4, better_in: 3", {74, 73, 72}, "Here in 3 of 3 columns: undecided, 3 of its 4 pairs. Not counted: recalled."},
	{"points", ", columns: e", {74, 73, 72}, "Undecided: nothing here is comparable (recalled)."},
	{"metrics", "", {74, 73, 72}, "Here in 4 of 4 points: supported."}, /* one column of the paper stands beside all */
};

START_TEST(a_papers_claim_by_place)
{
	const bool points = str_eq(by_place[_i].columns, "points");
	open_sweep(FILE_TOP POINTS, NULL);
	for (int run = 0; run < 10; run++) {
		const int place = run / 2, first = run * 4;
		if (place == 3)
			continue;
		/* the first seed alone would say the contrary of c */
		leave(first + KD, &(struct made){.top1 = (place < 3 ? by_place[_i].kd[place] : 80) + (place == 2 ? run % 2 ? 9 : -9 : 0)});
		if (place == 0)
			leave(first + LABELS, &(struct made){.top1 = 70});
	}
	const char *columns = points ? "[{name: a}, {name: b}, {name: c}, {name: d}, {name: e}]" : "[{name: test_top1}]", *kd = points ? "[1, 1, 1, 1, {value: 1, trust: recalled}]" : "[1]";
	const char *text = arena_printf(life, "title: T\nrule: last\ncolumns: %s\nrows: [{name: kd, values: %s}, {name: labels, values: %s}]\nclaims: [{says: S, better: kd, than: labels%s}]\n",
	                                columns, kd, points ? "[2, 2, 2, 2, 2]" : "[2]", by_place[_i].more);
	HAS(made(&(struct table_options){.columns = by_place[_i].columns, .paper = file_of("paper.yaml", text)}), arena_printf(life, "The paper says: S. %s\n", by_place[_i].said));
}
END_TEST

/* What a paper measured on held-out pictures is not compared as if it were of the test; nor is a metric of these where the table says no other split. */
START_TEST(held_out_beside_a_paper)
{
	static const struct { const char *column, *verdict; } it[] = {{"", "other split"}, {", split: valid", "above"}, {", split: unsaid", "split unsaid"}, {", split: valid, rule: best", "other rule"}};
	open_sweep(FILE_TOP SEEDS, NULL);
	for (int k = 0; k < 3; k++) {
		leave(STAGES * k + KD, &(struct made){.top1 = 60});
		by_epoch(STAGES * k + KD, "valid_top1_last", 1, (const double[]){70});
	}
	for (size_t i = 0; i < sizeof it / sizeof *it; i++) {
		const struct table_options o = {.metric = "valid_top1", .paper = file_of("paper.yaml", arena_printf(life,
			"title: T\nrule: last\ncolumns: [{name: valid_top1, metric: valid_top1%s}]\nrows: [{name: kd, values: [65]}]\n", it[i].column))};
		HAS(line(strstr(made(&o), "Beside:"), "kd"), it[i].verdict);
	}
}
END_TEST

/* Of what the paper's numbers are: a line for columns that are alike, and a word beside each number that is of something else; all of it in CSV. */
START_TEST(of_what_a_papers_numbers_are)
{
	open_sweep(FILE_TOP "vary: {list: [{name: a, stages.kd.epochs: 2}, {name: b, stages.kd.epochs: 1}, {name: c, stages.kd.epochs: 3}]}\ntable: {columns: points}\n", NULL);
	for (int k = 0; k < 3; k++)
		leave(STAGES * k + KD, &(struct made){.top1 = 70});
	const char *text = made(&(struct table_options){.paper = file_of("paper.yaml", "title: T\nrule: last\nruns: 4\ncolumns: [{name: a}, {name: b, rule: best}, {name: c}]\nrows:\n"
		"  - {name: kd, values: [75, {value: 76, split: valid, rule: unsaid}, {value: 77, runs: 2, metric: test_top5}]}\n  - {name: crd, needs: crd, values: [78, 79, {value: 80, rule: best_test}]}\n")});
	HAS(text, "\nThe paper's numbers beside a, c: metric test_top1, split test, rule last, runs 4; one that is of something else says so beside its runs.\n");
	HAS(text, "\nThe paper's numbers beside b: metric test_top1, split test, rule best, runs 4; one");
	text = strstr(text, "Beside:");
	ck_assert_str_eq(line(text, "kd   a"), "kd a 70.00 1 75.00 4, found -5.00 - too few runs");
	HAS(line(text, "kd   b"), "76.00 4, found; split valid; rule unsaid - - other split");
	HAS(line(text, "kd   c"), "77.00 2, found; test_top5 - - other metric");
	HAS(line(text, "crd  b"), " 79.00 4, found needs crd");
	HAS(line(text, "crd  c"), " 80.00 4, found; rule best_test needs crd");
	HAS(printed(GRID_MARKDOWN), "- The paper's numbers beside a, c: metric test_top1, split test, rule last, runs 4");
	HAS(printed(GRID_LATEX), "4, found; split valid; rule unsaid");
	HAS(printed(GRID_LATEX), "The paper's numbers beside a, c: metric test\\_top1, split test, rule last, runs 4");
	text = printed(GRID_CSV);
	HAS(text, ",teachers,paper_metric,paper_split,paper_rule,");
	HAS(text, ",shared,test_top1,test,last,");
	HAS(text, ",shared,test_top1,valid,unsaid,");
	HAS(text, ",shared,test_top5,test,last,");
}
END_TEST

/* Fewer pictures than the data set has, to train on or to test with, are another budget than a paper's, which says nothing of either. */
START_TEST(a_part_of_the_pictures)
{
	open_sweep(FILE_TOP "vary: {list: [{name: a, data.limit: 40}, {name: b, data.limit_test: 20}]}\ntable: {columns: points}\n", NULL);
	leave(KD, &(struct made){.top1 = 60});
	leave(STAGES + KD, &(struct made){.top1 = 60});
	const struct table_options o = {.paper = file_of("paper.yaml", "title: T\nrule: last\ncolumns: [{name: a}, {name: b}]\nrows: [{name: kd, values: [75, 76]}]\n")};
	const char *text = strstr(made(&o), "Beside:");
	HAS(text, "other budget\nkd   b");
	HAS(text, "part of the test\n");
}
END_TEST

/* A paper's training pictures are ours of a clean pass; a folder's pictures have the paper's name; times are of another machine. */
START_TEST(what_stands_beside)
{
	static const struct { const char *metric, *paper, *verdict; } it[] = {
		{"train_top5_clean", "split: train\ncolumns: [{name: a, data: synth}, {name: a, data: ships, metric: train_top5}]\nrows: [{name: kd, values: [1, 75]}]\n", "too few runs"},
		{"train_top5_clean", "split: unsaid\ncolumns: [{name: a, data: synth}, {name: a, data: ships, metric: train_top5}]\nrows: [{name: kd, values: [1, 75]}]\n", "split unsaid"},
		{"train_top5_clean", "split: train\ncolumns: [{name: a, data: ships, metric: train_top}]\nrows: [{name: kd, values: [75]}]\n", "other metric"},
		{"train_top5_clean", "split: train\ncolumns: [{name: a, metric: train_top5}]\nrows: [{name: kd, values: [75]}]\n", "other data"},
		{"time_seconds", "split: train\ncolumns: [{name: a, data: ships, metric: time_seconds}]\nrows: [{name: kd, values: [16344]}]\n", "other machine"},
	};
	open_sweep(FILE_TOP "vary: {list: [{name: a, stages.kd.epochs: 2}]}\ntable: {columns: points, data: ships}\n", NULL);
	leave(KD, &(struct made){.top1 = 60, .seconds = 9, .alone = true});
	for (size_t i = 0; i < sizeof it / sizeof *it; i++) {
		const struct table_options o = {.metric = it[i].metric, .paper = file_of("paper.yaml", arena_printf(life, "title: T\nrule: last\ndata: synth\n%s", it[i].paper))};
		const char *kd = line(strstr(made(&o), "Beside:"), "kd");
		HAS(kd, it[i].verdict);
		HAS(kd, i < 4 ? " 75.00 1, found" : " 16344 1, found");
	}
}
END_TEST

void table_add_paper(TCase *tc)
{
	tcase_add_test(tc, rules);
	tcase_add_loop_test(tc, chosen_on_the_test_set, 0, 2);
	tcase_add_test(tc, nothing_held_out);
	tcase_add_test(tc, imported);
	tcase_add_test(tc, versions);
	tcase_add_loop_test(tc, verdicts, 0, sizeof beside / sizeof *beside);
	tcase_add_test(tc, a_papers_claim);
	tcase_add_test(tc, other_verdicts);
	tcase_add_loop_test(tc, a_papers_claim_by_seed, 0, sizeof by_seed / sizeof *by_seed);
	tcase_add_test(tc, a_papers_claim_of_unlike_data);
	tcase_add_test(tc, a_papers_claim_of_times);
	tcase_add_loop_test(tc, a_papers_claim_by_place, 0, sizeof by_place / sizeof *by_place);
	tcase_add_test(tc, held_out_beside_a_paper);
	tcase_add_test(tc, of_what_a_papers_numbers_are);
	tcase_add_test(tc, a_part_of_the_pictures);
	tcase_add_test(tc, what_stands_beside);
}
