/* The table of a sweep, over a store whose numbers were written by hand. */
#include "tests/report/suites.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/log.h"
#include "report/claim_dates.h"
#include "report/table.h"
#include "runs/predictions.h"
#include "runs/safetensors.h"

#define FILE_TOP \
	"name: made\nprecision: f32\n" \
	"data: {kind: synth, batch: 16, n_train: 80, n_test: 40, held_out: 24, classes: 4, size: 8}\n" \
	"networks: {big: {model: cnn, widths: [4, 8], convs: 1}, small: {model: cnn, widths: [2, 4], convs: 1}}\n" \
	"stages:\n" \
	"  - {name: teach, kind: supervise, train: big, epochs: 2}\n" \
	"  - {name: kd, kind: distill, train: small, teacher: teach.last, epochs: 2}\n" \
	"  - {name: labels, kind: supervise, train: small, epochs: 2}\n"
#define SEEDS "vary: {seeds: 8}\n"
enum { TEACH, KD, LABELS, STAGES };

#define ck_ok(call) do { const enum status st_ = (call); ck_assert_msg(st_ == OK, "%s", e.text); } while (0)
#define HAS(text, part) ck_assert_msg(strstr((text), (part)) != NULL, "no '%s' in\n%s", (part), (text))
#define LACKS(text, part) ck_assert_msg(strstr((text), (part)) == NULL, "'%s' in\n%s", (part), (text))

static struct sweep *s;
static struct table *t;
static const char *program;

static const char *file_of(const char *name, const char *text)
{
	const char *path = scratch_path(name);
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	ck_assert_int_eq(fclose(f), 0);
	return path;
}

static void open_sweep(const char *text, const char *budget)
{
	const struct sweep_options o = {.out = scratch_path("out"), .budget = budget, .experiment = {.device = "cpu", .threads = 1}};
	log_set_level(LOG_ERROR);
	program = "limbeck 1";
	ck_ok(sweep_open(life, file_of("made.yaml", text), &o, &s, &e));
	ck_ok(dir_make(o.out, &e));
	ck_ok(store_open(path_join(life, o.out, "limbeck.db"), &s->store, &e));
}

struct made {
	double top1, top5, seconds;
	bool alone, failed;
	const char *right; /* of the test pictures, a letter each: x right, anything else wrong; NULL: no file */
};

static void predict(const char *path, const char *right)
{
	const int n = (int)strlen(right);
	int32_t *label = NEW_ARRAY(life, int32_t, n), *answer = NEW_ARRAY(life, int32_t, n);
	for (int i = 0; i < n; i++)
		answer[i] = right[i] != 'x';
	ck_ok(predictions_save(&(struct predictions){.n = n, .label = label, .answer = answer, .sample = label}, path, &e));
}

/* As if the item had been trained. */
static void leave(int item, const struct made *m)
{
	const struct stage *stage = s->item[item].stage;
	const char *folder = arena_printf(life, "%s/made-%d", s->out, item), *own = arena_printf(life, "%s/stages/%s", folder, stage->name);
	int64_t run, id;
	const struct store_run row = {.name = "made", .folder = folder, .config = "", .identity = folder, .program = program, .machine = "", .device = "cpu",
	                              .precision = "f32", .threads = 1};
	ck_ok(dir_make(own, &e));
	ck_ok(store_run_begin(s->store, &row, &run, &e));
	ck_ok(store_stage_begin(s->store, run, stage->name, stage->kind->name, stage->identity, &id, &e));
	const struct { const char *name; double value; } values[] = {{"test_top1", m->top1}, {"test_top1_best", m->top1 + 0.25}, {"time/total_seconds", m->seconds},
	                                                              {"time/alone", m->alone}, {"test_top5", m->top5}, {"train_top5_clean", 90}, {"test_top1_best_test", m->top1 + 1.5}};
	for (int i = 0; i < 6 + stage->train.watch_test; i++)
		ck_ok(store_metric(s->store, id, values[i].name, 1, 1, values[i].value, &e));
	for (int i = 0; i < 2 && !m->failed; i++) {
		const char *name = i ? "best" : "last", *path = arena_printf(life, "%s/%s.safetensors", own, name);
		FILE *f = fopen(path, "w");
		ck_assert_ptr_nonnull(f);
		fprintf(f, "weights of %d", item);
		ck_assert_int_eq(fclose(f), 0);
		ck_ok(store_artefact_put(s->store, id, stage->identity, name, path, &e));
	}
	if (m->right)
		predict(path_join(life, own, "test.safetensors"), m->right);
	ck_ok(store_stage_end(s->store, id, m->failed ? "failed" : "done", m->seconds, &e));
}

/* The teacher once; kd and labels for so many seeds, kd better by its seed's number. */
static void leave_seeds(int n)
{
	leave(TEACH, &(struct made){.top1 = 80, .seconds = 9});
	for (int k = 0; k < n; k++) {
		leave(STAGES * k + KD, &(struct made){.top1 = 70 + k % 3 + (k + 1), .seconds = 2});
		leave(STAGES * k + LABELS, &(struct made){.top1 = 70 + k % 3, .seconds = 1});
	}
}

static enum status make(const struct table_options *o)
{
	err_clear(&e);
	ck_ok(sweep_refresh(s, &e));
	ck_ok(sweep_failures(s, &e));
	return table_make(life, s, o, &t, &e);
}

static const char *printed(enum grid_form form)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	ck_ok(table_print(t, f, form));
	fclose(f);
	const char *copy = arena_str(life, text);
	free(text);
	return copy;
}

static const char *made(const struct table_options *o)
{
	ck_ok(make(o));
	return printed(GRID_TEXT);
}

/* The line that begins with these words, its blanks made one. */
static const char *line(const char *text, const char *words)
{
	for (const char *p = text; p && *p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL)
		if (!strncmp(p, words, strlen(words))) {
			char *copy = arena_strn(life, p, strcspn(p, "\n")), *to = copy;
			for (const char *c = copy; *c; c++)
				if (*c != ' ' || (to > copy && to[-1] != ' '))
					*to++ = *c;
			while (to > copy && to[-1] == ' ')
				to--;
			*to = 0;
			return copy;
		}
	ck_abort_msg("no line '%s' in\n%s", words, text);
}

#define CLAIMS "table: {control: labels}\nclaims: [{name: helps, better: kd, than: labels}, {name: turned, better: labels, than: kd}]\n"

/* Differences 1 to 8: mean 4.5, deviation 2.44949, t 5.19615 with 7 degrees of freedom, p .00125832; two claims of it: Holm doubles it. */
START_TEST(a_claim)
{
	open_sweep(FILE_TOP SEEDS CLAIMS, NULL);
	leave_seeds(8);
	const char *text = made(&(struct table_options){0});
	ck_assert(t->n_row == 3 && t->n_column == 1 && t->n_claim == 2);
	const struct table_claim *c = &t->claim[0];
	ck_assert(c->tested && c->paired.n == 8 && c->verdict == CLAIM_SUPPORTED && t->claim[1].verdict == CLAIM_CONTRADICTED);
	ck_assert_double_eq_tol(c->paired.mean, 4.5, 1e-12);
	ck_assert_double_eq_tol(c->paired.low, 4.5 - 2.0478251, 1e-6);
	ck_assert_double_eq_tol(c->p, 2 * 0.0012583202, 1e-9);
	ck_assert_double_eq_tol(c->paired.p_flip, 2.0 / 256, 1e-12);
	const struct table_cell *kd = &t->row[1].cell[0];
	ck_assert(kd->n == 8 && !kd->missing && kd->seed[7] == 8 && kd->value[2] == 75);
	ck_assert_double_eq_tol(kd->control.mean, 4.5, 1e-12);
	ck_assert_str_eq(line(text, "teach (teacher)"), "teach (teacher) 80.00 - - 80.00 80.00 1");
	HAS(line(text, "kd"), " 8 +4.50 +2.45 to +6.55 8 of 8");
	HAS(line(text, "labels (control)"), "70.88");
	HAS(line(text, "helps"), "helps supported after runs existed (no date yet) +4.50 +2.45 to +6.55 8 (8 better) 0.00252 0.00781 0.00781");
	HAS(line(text, "turned"), "contradicted after runs existed (no date yet) -4.50");
	HAS(text, "all have one teacher");
	LACKS(text, "MARKED");
	HAS(text, "\nTrained by limbeck 1.\n");
	const char *csv = printed(GRID_CSV);
	HAS(csv, "\n# claim,verdict,written,metric,rule,pairs,better,difference,low,high,p_t_holm,p_flips,p_flips_floor,seeds_needed\n"
	         "# helps,supported,after runs existed (no date yet),test_top1,last,8,8,4.5,2.4521");
	HAS(csv, "\n# turned,contradicted,after runs existed (no date yet),test_top1,last,8,0,-4.5,");
	HAS(csv, "\n# Trained by limbeck 1.\n");
	HAS(csv, "\n# Data: synth");
	for (const char *p = strstr(csv, "\n# "); p && p[1]; p = strchr(p + 1, '\n')) /* to the end of the file */
		ck_assert_msg(p[1] == '#', "%.60s", p);
	HAS(text, "\nClaims\n");
	HAS(made(&(struct table_options){.rule = "last", .columns = "metrics"}), "\nClaims\n"); /* as the file has it */
	HAS(made(&(struct table_options){.rule = "best"}), "Claims, but by another metric, rule or columns");
	HAS(made(&(struct table_options){.metric = "time_seconds"}), "Claims, but by another metric, rule or columns");
	HAS(made(&(struct table_options){.columns = "points"}), "Claims, but by another metric, rule or columns");
}
END_TEST

/* As if the stages of this name had been begun long ago. */
static void begun_long_ago(const char *name)
{
	struct store_stage_row *rows = NULL;
	int n = 0;
	ck_ok(store_stages(s->store, life, 0, &rows, &n, &e));
	for (int i = 0; i < n; i++)
		if (!strcmp(rows[i].name, name))
			ck_ok(store_stage_restore(s->store, rows[i].id, rows[i].state, "2020-02-03 04:05:06", 1, &e));
}

#define ONE "table: {control: labels}\nclaims: [{name: helps, better: kd, than: labels}"

/* A claim is in time if its result could not be known when it was first seen; what it says is what it is. */
START_TEST(when_claims_were_written)
{
	open_sweep(FILE_TOP SEEDS ONE "]\n", NULL);
	ck_ok(claim_dates_put(s->root, s->name, s->out, &e));
	ck_assert_str_eq((made(&(struct table_options){0}), t->claim[0].written), "before the first run"); /* there is none */
	leave_seeds(8);
	begun_long_ago("labels"); /* a control that was there for other reasons tells nothing */
	HAS(line(made(&(struct table_options){0}), "helps"), "helps supported before the first run +4.50");
	ck_ok(claim_dates_put(s->root, s->name, s->out, &e)); /* the first date stays */
	begun_long_ago("kd");
	char day[32];
	const time_t now = time(NULL);
	strftime(day, sizeof day, "(%Y-%m-", gmtime(&now)); /* it may be another day by then */
	HAS(line(made(&(struct table_options){0}), "helps"), arena_printf(life, "helps supported after runs existed %s", day));
	ck_assert(t->claim[0].late);
	HAS(printed(GRID_MARKDOWN), "after runs existed (2");
	HAS(printed(GRID_LATEX), "after runs existed (2");
	HAS(printed(GRID_HTML), "after runs existed (2");
	sweep_close(s);
	/* another name of it is no other claim; the other way round is */
	open_sweep(FILE_TOP SEEDS "table: {control: labels}\nclaims: [{name: renamed, better: kd, than: labels}, {name: turned, better: labels, than: kd}]\n", NULL);
	const char *text = made(&(struct table_options){0});
	HAS(line(text, "renamed"), day);
	HAS(line(text, "turned"), "after runs existed (no date yet)");
	LACKS(text, "in the file no more");
	sweep_close(s);
	open_sweep(FILE_TOP SEEDS "table: {control: labels, rule: best}\nclaims: [{name: helps, better: kd, than: labels}]\n", NULL);
	text = made(&(struct table_options){0});
	HAS(line(text, "helps"), "(no date yet)");
	HAS(text, "MARKED: a claim that was written down on 2");
	HAS(text, " is in the file no more: kd better than labels by test_top1, rule last, columns metrics.\n");
	sweep_close(s);
	open_sweep(FILE_TOP SEEDS, NULL);
	HAS(made(&(struct table_options){0}), " is in the file no more: kd better");
	sweep_close(s);
	open_sweep(FILE_TOP SEEDS ONE "]\nbudget: {half: {epochs: 0.5}}\n", "half"); /* other runs, another sweep */
	ck_assert_str_eq((made(&(struct table_options){0}), t->claim[0].written), "no run yet");
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
	ck_assert_str_eq(line(text, "begun (first part)"), "begun (first part) 73.50 6.35 0.71 73.00 74.00 2");
	HAS(line(text, "teach (teacher)"), "80.00");
	HAS(line(strstr(text, "Beside: T"), "teach"), "teach test_top1 80.00 1 75.00");
	LACKS(strstr(text, "Beside: T"), "begun");
}
END_TEST

START_TEST(too_few_for_a_claim)
{
	open_sweep(FILE_TOP SEEDS CLAIMS, NULL);
	leave_seeds(7);
	const char *text = made(&(struct table_options){0});
	HAS(line(text, "helps"), "undecided");
	HAS(line(text, "kd"), " 7, 1 missing ");
	ck_assert_int_eq(t->row[1].cell[0].missing, 1);
}
END_TEST

START_TEST(one_seed)
{
	open_sweep(FILE_TOP CLAIMS, NULL);
	leave_seeds(1);
	const char *text = made(&(struct table_options){0});
	ck_assert_str_eq(line(text, "kd"), "kd 71.00 - - 71.00 71.00 1 +1.00 - 1 of 1");
	HAS(text, "One seed: no interval can be given");
	LACKS(text, "nan");
	HAS(printed(GRID_CSV), "kd,test_top1,test_top1,last,full,1,0,0,71,,,,labels,1,,,,,,,,-1:71,0,0\n");
}
END_TEST

START_TEST(nothing_yet)
{
	open_sweep(FILE_TOP SEEDS CLAIMS, NULL);
	const char *text = made(&(struct table_options){0});
	ck_assert_str_eq(line(text, "kd"), "kd not run 0");
	HAS(line(text, "helps"), "undecided (not run) no run yet");
	LACKS(text, "One seed");
	leave_seeds(2);
	ck_assert_str_eq(line(made(&(struct table_options){.metric = "tset_top1"}), "kd"), "kd not measured 0");
}
END_TEST

/* Right with kd alone: 6 pictures, with labels alone: 1; exact two-sided binomial 2 (1 + 7) / 128. */
START_TEST(pictures)
{
	open_sweep(FILE_TOP CLAIMS, NULL);
	leave(TEACH, &(struct made){.top1 = 80});
	leave(KD, &(struct made){.top1 = 70, .right = "xxxxx.xx"});
	leave(LABELS, &(struct made){.top1 = 30, .right = ".....xx."});
	const char *text = made(&(struct table_options){0});
	HAS(text, "helps: of the two networks, 6 test pictures are right with the first alone and 1 with the second alone; McNemar p 0.125");
	LACKS(made(&(struct table_options){.metric = "time_seconds"}), "McNemar"); /* no claim of pictures */
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

static void by_epoch(int item, const char *name, int n, const double value[])
{
	int64_t id = 0;
	bool found = false;
	ck_ok(store_stage_done(s->store, s->item[item].stage->identity, &id, &found, &e));
	ck_assert(found);
	for (int i = 0; i < n; i++)
		ck_ok(store_metric(s->store, id, name, i + 1, i + 1, value[i], &e));
}

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

START_TEST(ended_by_limit)
{
	open_sweep(FILE_TOP "vary: {seeds: 3}\n", NULL);
	leave_seeds(3);
	by_epoch(STAGES + KD, "phase_by_limit", 2, (const double[]){1, 0});
	by_epoch(2 * STAGES + KD, "phase_by_limit", 2, (const double[]){0, 0});
	const char *text = made(&(struct table_options){0});
	HAS(line(text, "kd"), " 3, 1 by limit");
	LACKS(line(text, "labels"), "by limit");
	HAS(text, "a teacher's phase was ended by its limit of epochs");
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
		HAS(line(strstr(made(&o), "Beside:"), "kd"), "other rule");
	}
}
END_TEST

START_TEST(versions)
{
	open_sweep(FILE_TOP SEEDS, NULL);
	leave_seeds(1);
	program = "limbeck 2";
	leave(STAGES + KD, &(struct made){.top1 = 1});
	HAS(made(&(struct table_options){0}), "MARKED: these runs are of 2 versions of the program, limbeck 1, limbeck 2; results");
}
END_TEST

START_TEST(points_as_columns)
{
	open_sweep(FILE_TOP "vary: {grid: {stages.kd.epochs: [2, 3], data.n_train: [80]}, seeds: 2}\ntable: {columns: points}\n", NULL);
	leave(KD, &(struct made){.top1 = 60});
	leave(STAGES + KD, &(struct made){.top1 = 62});
	leave(2 * STAGES + KD, &(struct made){.top1 = 64});
	const char *text = made(&(struct table_options){0});
	ck_assert_int_eq(t->n_column, 2);
	ck_assert_str_eq(line(text, "test_top1"), "test_top1 epochs=2,n_train=80 epochs=3,n_train=80");
	ck_assert_str_eq(line(text, "kd"), "kd 61.00 ± 12.71 (2) 64.00 (1) (!)");
	LACKS(text, "those of others differ");
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
	ck_assert_str_eq(line(text, "test_top1"), "test_top1 a b");
	ck_assert_str_eq(line(text, "kd"), "kd 61.00 ± 12.71 (2) 64.00 (1) (!)");
	ck_assert_str_eq(line(second, "test_top5"), "test_top5 a b");
	ck_assert_str_eq(line(second, "kd"), "kd 92.00 ± 12.71 (2) 97.00 (1) (!)");
	ck_assert_int_eq(t->n_claim, 2);
	ck_assert_double_eq(t->claim[0].paired.mean, 10);
	HAS(line(strstr(text, "Beside:"), "kd"), "kd a, test_top1 61.00 ± 12.71 2 71.00 1, found");
	HAS(line(strchr(strstr(strstr(text, "Beside:"), "kd"), '\n'), "kd"), "kd b, test_top5 97.00 1 98.00 1, found");
	LACKS(text, "other metric"); /* of what the paper does not have, nothing stands beside */
}
END_TEST

/* What varies here changes neither network of the claim: 4 seeds are 4 pairs, in however many columns they stand. */
START_TEST(no_pair_twice)
{
	open_sweep(FILE_TOP "  - {name: other, kind: supervise, train: small, epochs: 2}\n"
	           "vary: {grid: {stages.other.epochs: [2, 3]}, seeds: 4}\ntable: {columns: points}\nclaims: [{better: kd, than: labels}]\n", NULL);
	for (int k = 0; k < 4; k++) {
		leave((STAGES + 1) * k + KD, &(struct made){.top1 = 71 + k});
		leave((STAGES + 1) * k + LABELS, &(struct made){.top1 = 70});
	}
	ck_ok(make(&(struct table_options){0}));
	ck_assert(t->row[1].cell[0].n == 4 && t->row[1].cell[1].n == 4);
	ck_assert_int_eq(t->n_claim, 1);
	ck_assert_int_eq(t->claim[0].paired.n, 4);
	ck_assert_int_eq(t->claim[0].verdict, CLAIM_UNDECIDED);
}
END_TEST

#define POINTS "vary: {grid: {stages.kd.epochs: [2, 3]}, seeds: 4}\n"

/* kd is better by 1, 2, 3, 4 at the first point and by 3, 4, 5, 6 at the second; labels are the same networks at both. */
static void leave_points(void)
{
	for (int k = 0; k < 4; k++) {
		leave(STAGES * k + KD, &(struct made){.top1 = 71 + k});
		leave(STAGES * (4 + k) + KD, &(struct made){.top1 = 73 + k});
		leave(STAGES * k + LABELS, &(struct made){.top1 = 70});
	}
}

static void ck_claim(int i, const char *name, double mean)
{
	ck_assert_str_eq(t->claim[i].name, name);
	ck_assert_int_eq(t->claim[i].paired.n, 4);
	ck_assert_double_eq_tol(t->claim[i].paired.mean, mean, 1e-12);
	ck_assert_double_eq_tol(t->claim[i].paired.deviation, 1.2909944487358056, 1e-12);
}

/* By seed at each point, wherever points stand; both points are in Holm's family: t 2.5 and 4.5 over .6454972 with 3 degrees of freedom. */
START_TEST(claims_at_points)
{
	static const char *const at[] = {"", "table: {columns: points}\n"};
	open_sweep(arena_printf(life, FILE_TOP POINTS "%sclaims: [{name: helps, better: kd, than: labels}]\n", at[_i]), NULL);
	leave_points();
	const char *text = made(&(struct table_options){0});
	ck_assert_int_eq(t->n_claim, 2);
	ck_claim(0, "helps, at epochs=2", 2.5);
	ck_claim(1, "helps, at epochs=3", 4.5);
	ck_assert_double_eq_tol(t->claim[0].p, 0.030466291662, 1e-9);
	ck_assert_double_eq_tol(t->claim[1].p, 2 * 0.0060568487959, 1e-9);
	HAS(text, "A claim of stages is one at each point");
}
END_TEST

/* What a claim names: claims, in order, with their means. */
static const struct { const char *table, *claim; int n; const char *name[2]; double mean[2]; } named[] = {
	{"", "{better: kd, than: labels}", 2, {"epochs=2 kd better than epochs=2 labels", "epochs=3 kd better than epochs=3 labels"}, {2.5, 4.5}},
	{"", "{better: kd, than: labels, at: epochs=3}", 1, {"epochs=3 kd better than epochs=3 labels"}, {4.5}},
	{"", "{name: n, better: kd, than: labels, at: epochs=3}", 1, {"n, at epochs=3"}, {4.5}},
	{"", "{better: epochs=3 kd, than: labels}", 1, {"epochs=3 kd better than epochs=3 labels"}, {4.5}},
	{"", "{better: kd, than: epochs=3 labels}", 1, {"epochs=3 kd better than epochs=3 labels"}, {4.5}},
	{"", "{better: epochs=3 kd, than: epochs=2 labels}", 1, {"epochs=3 kd better than epochs=2 labels"}, {4.5}},
	{"table: {columns: points}\n", "{better: kd, than: labels, at: epochs=3}", 1, {"kd better than labels, at epochs=3"}, {4.5}},
	{"table: {columns: points}\n", "{better: kd, than: labels}", 2, {"kd better than labels, at epochs=2", "kd better than labels, at epochs=3"}, {2.5, 4.5}},
};

START_TEST(what_a_claim_names)
{
	open_sweep(arena_printf(life, FILE_TOP POINTS "%sclaims: [%s]\n", named[_i].table, named[_i].claim), NULL);
	leave_points();
	ck_ok(make(&(struct table_options){0}));
	ck_assert_int_eq(t->n_claim, named[_i].n);
	for (int i = 0; i < t->n_claim; i++)
		ck_claim(i, named[_i].name[i], named[_i].mean[i]);
}
END_TEST

/* A point without one of the stages has no such claim. */
START_TEST(a_claim_of_a_dropped_stage)
{
	static const char *const at[] = {"", "table: {columns: points}\n"};
	open_sweep(arena_printf(life, FILE_TOP "  - {name: other, kind: supervise, train: small, epochs: 3}\ndrop: [stages.labels, stages.other]\n%s"
	           "claims: [{name: c, better: kd, than: labels}]\n", at[_i]), NULL);
	ck_ok(make(&(struct table_options){0}));
	ck_assert_int_eq(t->n_claim, 1); /* all but labels; without 'other' the two are the same networks again */
	ck_assert_ptr_null(strstr(t->claim[0].name, "no labels"));
}
END_TEST

static const struct { const char *more, *says; } wrong_claims[] = {
	{"claims: [{better: kd, than: labels, at: epochs=4}]\n", "made.yaml:10:41: a claim is made at 'epochs=4', which is no point; did you mean 'epochs="},
	{"claims: [{better: epochs=2 kd, than: labels, at: epochs=3}]\n", "made.yaml:10:50: a claim is made 'at' a point, and 'epochs=2 kd' is a row of one"},
	{"claims: [{better: kd, than: kd}]\n", "made.yaml:10:10: a claim compares 'epochs=2 kd' with itself"},
	{"claims: [{better: epochs=3 kd, than: kd}]\n", "a claim compares 'epochs=3 kd' with itself"},
	{"table: {columns: points}\nclaims: [{better: kd, than: kd}]\n", "a claim compares 'kd' with itself"},
	{"table: {columns: points}\nclaims: [{better: epochs=2 kd, than: labels}]\n", "a claim names 'epochs=2 kd', which is no row"},
	{"claims: [{better: kd, than: labels, metric: test_top5}]\n", "which is no column of the table"},
};

START_TEST(said_of_claims)
{
	open_sweep(arena_printf(life, FILE_TOP POINTS "%s", wrong_claims[_i].more), NULL);
	ck_assert_int_eq(make(&(struct table_options){0}), E_USER);
	HAS(e.text, wrong_claims[_i].says);
}
END_TEST

/* Two claims were made: that one has no runs yet is no reason to test the other as if it were alone. */
START_TEST(the_whole_family)
{
	open_sweep(FILE_TOP "  - {name: other, kind: supervise, train: small, epochs: 3}\n"
	           SEEDS "claims: [{better: kd, than: labels}, {better: other, than: labels}]\n", NULL);
	for (int k = 0; k < 8; k++) {
		leave((STAGES + 1) * k + KD, &(struct made){.top1 = 71 + k});
		leave((STAGES + 1) * k + LABELS, &(struct made){.top1 = 70});
	}
	const char *text = made(&(struct table_options){0});
	ck_assert_double_eq_tol(t->claim[0].p, 2 * 0.0012583202, 1e-9);
	ck_assert(isnan(t->claim[1].p));
	HAS(line(text, "other better than labels"), "undecided (not run)");
}
END_TEST

/* The loss that is smaller is better. */
START_TEST(losses)
{
	open_sweep(FILE_TOP SEEDS "table: {metrics: [valid_loss]}\nclaims: [{better: kd, than: labels}]\n", NULL);
	for (int k = 0; k < 8; k++)
		for (int i = KD; i <= LABELS; i++) {
			leave(STAGES * k + i, &(struct made){.top1 = 70});
			int64_t id = 0;
			struct store_stage_row *rows = NULL;
			int n = 0;
			ck_ok(store_stages(s->store, life, 0, &rows, &n, &e));
			for (int r = 0; r < n; r++)
				id = rows[r].id > id ? rows[r].id : id;
			ck_ok(store_metric(s->store, id, "valid_loss", 1, 1, i == KD ? 1 - 0.1 * (k + 1) : 1, &e));
		}
	ck_ok(make(&(struct table_options){0}));
	ck_assert_double_eq_tol(t->claim[0].paired.mean, 0.45, 1e-9);
	ck_assert_int_eq(t->claim[0].verdict, CLAIM_SUPPORTED);
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
	           "vary: {list: [{name: own, stages.kd.epochs: 1}, {name: given, stages.middle.teacher: {file: %s}, stages.middle.teacher_network: big}]}\n", file), NULL);
	const char *text = made(&(struct table_options){.rule = "best"});
	HAS(text, "'best' was asked for");
	HAS(text, "Rule: last epoch");
	HAS(text, "MARKED: weights that 'given kd' begins or learns from come from a file");
	LACKS(text, "MARKED: weights that 'own kd'");
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

static const struct { const char *file, *control, *rule, *columns, *says; } wrong[] = {
	{"table: {control: lables}\n", NULL, NULL, NULL, "made.yaml:9:18: the control 'lables' is no row of the table; did you mean 'labels'?"},
	{"", "nobody", NULL, NULL, "the control 'nobody' is no row of the table"},
	{"", NULL, "test", NULL, "--rule is 'test', allowed last, best, best_test"},
	{"", NULL, "best_test", NULL, "the rule 'best_test' needs 'watch_test: true' in the stages, and none has it"},
	{"table: {rule: best_test}\n", NULL, NULL, NULL, "made.yaml:9:15: the rule 'best_test' needs"},
	{"", NULL, NULL, "rows", "--columns is 'rows', allowed metrics, points"},
	{"table: {rows: [kd, kb]}\n", NULL, NULL, NULL, "'rows' names 'kb', and no stage has that name"},
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

/* ---- beside a paper ---- */

#define PAPER(more, kd) "title: Table 9\nsource: a page\ndata: synth\nrule: last\nruns: 5\n" more \
	"columns: [{name: test_top1}]\nrows:\n  - {name: kd, values: [" kd "]}\n  - {name: labels, values: [~]}\n" \
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
	HAS(made(&(struct table_options){.paper = file_of("paper.yaml", PAPER("", "75"))}), "KD beats labels. Here in 1 of 1 columns: undecided, too few, by other budget.");
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
	file_of("paper.yaml", "title: T\ndata: cifar100\ncolumns: [{name: test_top1, data: synth}]\nrows: [{name: kd, values: [70]}]\n");
	HAS(line(strstr(made(&o), "Beside:"), "kd"), "agrees");
	file_of("paper.yaml", "title: T\nrule: best_test\ncolumns: [{name: test_top1}]\nrows: [{name: kd, values: [70]}]\n");
	HAS(line(strstr(made(&o), "Beside:"), "kd"), "best on test");
	file_of("paper.yaml", PAPER("", "70"));
	HAS(line(strstr(made(&(struct table_options){.paper = o.paper, .rule = "best"}), "Beside:"), "kd"), "other rule");
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
		const struct table_options o = {.metric = it[i].metric, .paper = file_of("paper.yaml", arena_printf(life, "title: T\ndata: synth\n%s", it[i].paper))};
		const char *kd = line(strstr(made(&o), "Beside:"), "kd");
		HAS(kd, it[i].verdict);
		HAS(kd, i < 4 ? " 75.00 1, found" : " 16344 1, found");
	}
}
END_TEST

/* Labels and titles from outside are escaped in each form. */
START_TEST(escapes)
{
	open_sweep(FILE_TOP "vary: {list: [{name: \"a|b & <c>, \\\"d\\\" 5%\", stages.kd.epochs: 2}]}\n", NULL);
	leave(KD, &(struct made){.top1 = 60});
	ck_ok(make(&(struct table_options){0}));
	HAS(printed(GRID_MARKDOWN), "| a\\|b & <c>, \"d\" 5% kd | 60.00 |");
	HAS(printed(GRID_CSV), "\"a|b & <c>, \"\"d\"\" 5% kd\",test_top1,");
	HAS(printed(GRID_LATEX), "a\\textbar{}b \\& \\textless{}c\\textgreater{}, \"d\" 5\\% kd & 60.00");
	HAS(printed(GRID_LATEX), "\n% Data: synth");
	HAS(printed(GRID_HTML), "a|b &amp; &lt;c&gt;, &quot;d&quot; 5% kd</th>");
}
END_TEST

static void end(void)
{
	sweep_close(s);
	s = NULL;
}

Suite *table_suite(void)
{
	Suite *suite = suite_create("table");
	TCase *tc = life_case(suite, "table");
	tcase_add_checked_fixture(tc, NULL, end);
	tcase_add_test(tc, a_claim);
	tcase_add_test(tc, when_claims_were_written);
	tcase_add_test(tc, a_first_part);
	tcase_add_test(tc, too_few_for_a_claim);
	tcase_add_test(tc, one_seed);
	tcase_add_test(tc, nothing_yet);
	tcase_add_test(tc, pictures);
	tcase_add_test(tc, failures);
	tcase_add_test(tc, left_out);
	tcase_add_test(tc, times);
	tcase_add_test(tc, what_it_took_to_reach);
	tcase_add_test(tc, rolled_back);
	tcase_add_test(tc, ended_by_limit);
	tcase_add_test(tc, what_has_nothing_to_reach);
	tcase_add_test(tc, rules);
	tcase_add_loop_test(tc, chosen_on_the_test_set, 0, 2);
	tcase_add_test(tc, versions);
	tcase_add_test(tc, points_as_columns);
	tcase_add_test(tc, points_and_metrics);
	tcase_add_test(tc, no_pair_twice);
	tcase_add_loop_test(tc, claims_at_points, 0, 2);
	tcase_add_loop_test(tc, what_a_claim_names, 0, sizeof named / sizeof *named);
	tcase_add_loop_test(tc, a_claim_of_a_dropped_stage, 0, 2);
	tcase_add_loop_test(tc, said_of_claims, 0, sizeof wrong_claims / sizeof *wrong_claims);
	tcase_add_test(tc, the_whole_family);
	tcase_add_test(tc, losses);
	tcase_add_test(tc, nothing_held_out);
	tcase_add_test(tc, imported);
	tcase_add_test(tc, a_dropped_stage);
	tcase_add_test(tc, only_some);
	tcase_add_loop_test(tc, said, 0, sizeof wrong / sizeof *wrong);
	tcase_add_loop_test(tc, verdicts, 0, sizeof beside / sizeof *beside);
	tcase_add_test(tc, a_papers_claim);
	tcase_add_test(tc, other_verdicts);
	tcase_add_test(tc, what_stands_beside);
	tcase_add_test(tc, escapes);
	return suite;
}
