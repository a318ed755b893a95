/* Claims: how one is tested and with which others, since when it is written down, what it says of the test pictures, at which points it is made. */
#include "tests/report/table_made.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "base/file.h"
#include "base/log.h"
#include "report/claim_dates.h"

/* Differences 1 to 8: mean 4.5, deviation 2.44949, t 5.19615 with 7 degrees of freedom, p .00125832; two claims of it: Holm doubles it. */
START_TEST(a_claim)
{
	open_sweep(FILE_TOP SEEDS CLAIMS, NULL);
	leave_seeds(8);
	const char *text = made(&(struct table_options){0});
	ck_assert(t->n_row == 3 && t->n_column == 1 && t->n_claim == 2);
	const struct table_claim *c = &t->claim[0];
	ck_assert(!c->untested && c->paired.n == 8 && c->verdict == CLAIM_SUPPORTED && t->claim[1].verdict == CLAIM_CONTRADICTED);
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
	HAS(line(text, "helps"), "helps supported after runs existed (no date yet) +4.50 +2.45 to +6.55 shared 8 (8 better) 0.00252 0.00781 0.00781");
	HAS(line(text, "turned"), "contradicted after runs existed (no date yet) -4.50");
	HAS(text, "all have one teacher");
	LACKS(text, "MARKED");
	HAS(text, "\nTrained by limbeck 1.\n");
	const char *csv = printed(GRID_CSV);
	LACKS(csv, "supported"); /* what has other columns is another file */
	HAS(csv, "\n# The file's claims are a CSV of their own");
	HAS(csv, "\n# Trained by limbeck 1.\n");
	HAS(csv, "\n# Data: synth");
	for (const char *p = strstr(csv, "\n# "); p && p[1]; p = strchr(p + 1, '\n')) /* to the end of the file */
		ck_assert_msg(p[1] == '#', "%.60s", p);
	HAS(text, "\nClaims\n");
	HAS(made(&(struct table_options){.rule = "last", .columns = "metrics"}), "\nClaims\n"); /* as the file has it */
	HAS(made(&(struct table_options){.metric = "test_top1"}), "\nClaims\n"); /* which is theirs, though it is asked for */
	HAS(made(&(struct table_options){.metric = "test_top1,test_top5"}), "\nClaims\n");
	HAS(made(&(struct table_options){.metric = "test_top5,test_top1"}), "Claims, but by another metric, rule or columns");
	HAS(made(&(struct table_options){.rule = "best"}), "Claims, but by another metric, rule or columns");
	HAS(made(&(struct table_options){.metric = "time_seconds"}), "Claims, but by another metric, rule or columns");
	HAS(made(&(struct table_options){.columns = "points"}), "Claims, but by another metric, rule or columns");
}
END_TEST

#define TOP5_CLAIM "metrics: [test_top1, test_top5]}\nclaims: [{name: c, better: kd, than: labels, metric: test_top5}]\n"

/* A claim keeps its own metric where --metric leaves out its column. */
START_TEST(a_metric_of_claims_alone)
{
	static const char *const columns[] = {"metrics", "points"};
	open_sweep(arena_printf(life, FILE_TOP "vary: {list: [{name: a, stages.kd.epochs: 2}, {name: b, stages.kd.epochs: 3}], seeds: 3}\ntable: {columns: %s, control: labels, " TOP5_CLAIM, columns[_i]), NULL);
	for (int run = 0; run < 6; run++) {
		leave(STAGES * run + KD, &(struct made){.top1 = 60, .top5 = 85 + run});
		if (run < 3)
			leave(STAGES * run + LABELS, &(struct made){.top1 = 70, .top5 = 80});
	}
	for (int i = 0; i < 2; i++) {
		const char *text = made(&(struct table_options){.metric = i ? NULL : "test_top1"}), *claims = strstr(text, "\nClaims\n");
		ck_assert_int_eq(t->n_claim, 2);
		ck_assert_double_eq(t->claim[0].paired.mean, 6);
		ck_assert_double_eq(t->claim[1].paired.mean, 9);
		ck_assert_ptr_nonnull(claims); /* not by another metric */
		HAS(line(claims, "c, at b"), i ? "c, at b [" : "c, at b, by test_top5 [");
		ck_assert(i == (strstr(text, "\ntest_top5") != NULL));
	}
	ck_assert_int_eq(make(&(struct table_options){.metric = "tset_top1"}), E_USER);
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
	ck_ok(claim_dates_put(s->root, s->name, s->out, false, &e));
	ck_assert_str_eq((made(&(struct table_options){0}), t->claim[0].written), "before the first run"); /* there is none */
	leave_seeds(8);
	begun_long_ago("labels"); /* a control that was there for other reasons tells nothing */
	HAS(line(made(&(struct table_options){0}), "helps"), "helps supported before the first run +4.50");
	ck_ok(claim_dates_put(s->root, s->name, s->out, false, &e)); /* the first date stays */
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

static const char *printed_claims(enum grid_form form)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	ck_ok(table_print_claims(t, f, form));
	fclose(f);
	const char *copy = arena_str(life, text);
	free(text);
	return copy;
}

/* A CSV of claims: all of a claim in its line, and nothing else; t 5.19615, p .0012583202, the deviation 2.4494897. */
START_TEST(claims_alone)
{
	open_sweep(FILE_TOP SEEDS CLAIMS, NULL);
	made(&(struct table_options){0});
	ck_assert_str_eq(strchr(printed_claims(GRID_CSV), '\n') + 1,
	                 "helps,undecided (not run),no run yet,test_top1,last,full,kd,labels,shared,0,16,0,,,,,,,,,,,,,\n"
	                 "turned,undecided (not run),no run yet,test_top1,last,full,labels,kd,shared,0,16,0,,,,,,,,,,,,,\n");
	leave_seeds(8);
	made(&(struct table_options){0});
	const char *csv = printed_claims(GRID_CSV);
	const struct table_claim *c = &t->claim[0];
	HAS(csv, "claim,verdict,written,metric,rule,budget,better_row,than_row,teachers,failed,missing,n,better,estimate,low,high,deviation,p,p_holm,p_flips,p_flips_floor,"
	         "seeds_needed,seeds_needed_low,seeds_needed_high,marked\nhelps,supported,after runs existed (no date yet),test_top1,last,full,kd,labels,shared,0,0,8,8,4.5,2.4521");
	HAS(csv, ",2.4494897");
	HAS(csv, ",0.00125832");
	HAS(csv, arena_printf(life, ",%.17g,%.17g,0.0078125,0.0078125,%d,%d,%d,\nturned,contradicted,", c->paired.p_t, c->p, c->seeds_needed, c->seeds_range.low, c->seeds_range.high));
	ck_assert(c->seeds_range.low <= c->seeds_needed && c->seeds_needed < c->seeds_range.high);
	ck_assert_ptr_null(strchr(csv, '#'));
	const char *text = printed_claims(GRID_TEXT);
	ck_assert(!strncmp(text, "Claims\n", 7));
	HAS(text, "\nA claim needs 8 pairs");
	LACKS(text, "Data:");
	HAS(printed_claims(GRID_LATEX), "\nA claim needs 8 pairs");
	made(&(struct table_options){.rule = "best"});
	HAS(printed_claims(GRID_CSV), ",\"by another metric, rule or columns than it was written for\"\n");
	sweep_close(s);
	open_sweep(FILE_TOP SEEDS, NULL);
	made(&(struct table_options){0});
	ck_assert_str_eq(printed_claims(GRID_TEXT), "No claims were written down, so nothing is tested; intervals are of one row at a time.\n");
	csv = printed_claims(GRID_CSV);
	ck_assert_uint_eq(strcspn(csv, "\n") + 1, strlen(csv)); /* its head */
}
END_TEST

/* Nothing to test, and why; pairs that failed are counted beside those that did not. */
START_TEST(claims_of_failed_runs)
{
	open_sweep(FILE_TOP SEEDS CLAIMS, NULL);
	for (int k = 0; k < 8; k++)
		leave(STAGES * k + KD, &(struct made){.failed = true});
	for (int k = 0; k < 8; k++)
		leave(STAGES * k + LABELS, &(struct made){.top1 = 70});
	HAS(line(made(&(struct table_options){0}), "helps"), "helps undecided (8 runs failed) ");
	HAS(printed_claims(GRID_CSV), "\nhelps,undecided (8 runs failed),");
	HAS(printed_claims(GRID_CSV), ",shared,8,8,0,,");
	sweep_close(s);
	open_sweep(FILE_TOP "vary: {seeds: 9}\n" CLAIMS, NULL); /* another store: those before are there, and one more is not */
	HAS(line(made(&(struct table_options){0}), "helps"), "helps undecided (8 runs failed, 2 missing) ");
	leave(STAGES * 2 + KD, &(struct made){.top1 = 72});
	leave(STAGES * 3 + KD, &(struct made){.top1 = 71});
	sweep_close(s);
	open_sweep(FILE_TOP SEEDS CLAIMS, NULL);
	HAS(line(made(&(struct table_options){0}), "helps"), " shared 2 (2 better), 6 failed ");
	HAS(line(made(&(struct table_options){.metric = "time_seconds"}), "helps"), "undecided (6 runs failed");
}
END_TEST

START_TEST(nothing_in_common)
{
	open_sweep(FILE_TOP "vary: {seeds: 2}\n" CLAIMS, NULL);
	leave(KD, &(struct made){.top1 = 70});
	leave(STAGES + LABELS, &(struct made){.top1 = 70});
	HAS(line(made(&(struct table_options){0}), "helps"), "helps undecided (no seed in common) ");
	HAS(line(made(&(struct table_options){.metric = "time_seconds"}), "helps"), "helps undecided (not timed alone) ");
	HAS(line(made(&(struct table_options){.metric = "test_top5_best"}), "helps"), "helps undecided (not measured) ");
}
END_TEST

/* What a claim's interval is given: the teacher of its rows, or of the one that has any. */
START_TEST(teachers_of_claims)
{
	static const char *const said[] = {"shared", "per seed"}, *const word[] = {"shared", "per_seed"};
	open_sweep(arena_printf(life, FILE_TOP "  - {name: other, kind: supervise, train: small, epochs: 3}\nvary: {seeds: {n: 2, teachers: %s}}\n"
	           "claims: [{name: one, better: kd, than: labels}, {name: none, better: other, than: labels}]\n", word[_i]), NULL);
	for (int i = 0; i < 2 * (STAGES + 1); i++)
		leave(i, &(struct made){.top1 = 70 + i % 3 + i});
	const char *text = made(&(struct table_options){0});
	HAS(line(text, "one"), arena_printf(life, " %s 2 (", said[_i]));
	HAS(line(text, "none"), " - 2 (");
	HAS(line(text, "claim"), " interval teachers pairs ");
	HAS(printed_claims(GRID_CSV), arena_printf(life, ",kd,labels,%s,0,0,2,", word[_i]));
	HAS(printed_claims(GRID_CSV), ",other,labels,,0,0,2,");
}
END_TEST

/* Within one second. */
START_TEST(which_was_first)
{
	const struct timespec moment = {.tv_nsec = 3000000};
	open_sweep(FILE_TOP SEEDS ONE "]\n", NULL);
	leave_seeds(1);
	nanosleep(&moment, NULL);
	ck_ok(claim_dates_put(s->root, s->name, s->out, false, &e));
	HAS(line(made(&(struct table_options){0}), "helps"), "after runs existed (2");
	ck_assert(t->claim[0].late);
	ck_assert_uint_eq(strlen(t->claim[0].written), strlen("after runs existed (2026-01-31 12:00:00.000)"));
	sweep_close(s);
	open_sweep(FILE_TOP SEEDS ONE "]\nbudget: {half: {epochs: 0.5}}\n", "half"); /* other runs */
	ck_ok(claim_dates_put(s->root, s->name, s->out, false, &e));
	nanosleep(&moment, NULL);
	for (int i = KD; i <= LABELS; i++)
		leave(STAGES + i, &(struct made){.top1 = 70});
	HAS(line(made(&(struct table_options){0}), "helps"), "before the first run");
	sweep_close(s);
	/* dates of older versions have no milliseconds */
	open_sweep(FILE_TOP SEEDS ONE "]\n" "budget: {one: {epochs: 0.5, data: 0.9}}\n", "one");
	ck_ok(store_claim_put(s->store, s->name, "kd better than labels by test_top1, rule last, columns metrics", "2020-02-03 04:05:06", &e));
	for (int i = KD; i <= LABELS; i++)
		leave(2 * STAGES + i, &(struct made){.top1 = 70});
	HAS(line(made(&(struct table_options){0}), "helps"), "before the first run");
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

/* Right with kd alone: 6 pictures, with labels alone: 1; exact two-sided binomial 2 (1 + 7) / 128. */
START_TEST(pictures)
{
	open_sweep(FILE_TOP CLAIMS, NULL);
	leave(TEACH, &(struct made){.top1 = 80});
	leave(KD, &(struct made){.top1 = 70, .right = "xxxxx.xx"});
	leave(LABELS, &(struct made){.top1 = 30, .right = ".....xx."});
	const char *text = made(&(struct table_options){0});
	HAS(text, "helps: of the two networks (last epoch), 6 test pictures are right with the first alone and 1 with the second alone; McNemar p 0.125");
	LACKS(made(&(struct table_options){.metric = "time_seconds"}), "McNemar"); /* no claim of pictures */
}
END_TEST

/* By the rule 'best' the answers of that epoch are compared: 1 alone with kd, 7 with labels, 2 (1 + 8) / 256. No other epoch's stand for them. */
START_TEST(pictures_of_the_best_epoch)
{
	open_sweep(FILE_TOP CLAIMS, NULL);
	leave(TEACH, &(struct made){.top1 = 80});
	leave(KD, &(struct made){.top1 = 70, .right = "xxxxx.xx", .right_best = "x......."});
	leave(LABELS, &(struct made){.top1 = 30, .right = ".....xx.", .right_best = ".xxxxxxx"});
	const char *text = made(&(struct table_options){.rule = "best"});
	HAS(text, "helps: of the two networks (best on the held-out pictures), 1 test pictures are right with the first alone and 7 with the second alone; McNemar p 0.0703 ");
	HAS(made(&(struct table_options){.rule = "last"}), "helps: of the two networks (last epoch), 6 test");
	HAS(made(&(struct table_options){.metric = "test_error", .rule = "best"}), "1 test pictures are right with the first alone");
	sweep_close(s);
	open_sweep(FILE_TOP "  - {name: watched, kind: supervise, train: small, epochs: 2, watch_test: true}\n  - {name: other, kind: supervise, train: small, epochs: 3, watch_test: true}\n"
	           "claims: [{better: watched, than: other}]\n", NULL);
	leave(STAGES, &(struct made){.top1 = 70, .right = "x", .right_best = "x"});
	leave(STAGES + 1, &(struct made){.top1 = 60, .right = ".", .right_best = "."});
	text = made(&(struct table_options){.rule = "best_test"});
	HAS(text, "watched better than other: no McNemar test: no answers are kept of an epoch that the test pictures chose.\n");
	LACKS(text, "McNemar p");
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

/* What --only leaves out was claimed too: two points are a family of two, of which one is looked at. */
START_TEST(the_whole_family_of_some)
{
	const struct sweep_options o = {.out = scratch_path("out"), .only = "*epochs_3*", .experiment = {.device = "cpu", .threads = 1}};
	ck_ok(sweep_open(life, file_of("made.yaml", FILE_TOP "vary: {seeds: 8, grid: {stages.kd.epochs: [2, 3]}}\nclaims: [{better: kd, than: labels}]\n"), &o, &s, &e));
	ck_ok(dir_make(o.out, &e));
	ck_ok(store_open(path_join(life, o.out, "limbeck.db"), &s->store, &e));
	for (int k = 0; k < 8; k++) {
		leave(STAGES * k + KD, &(struct made){.top1 = 71 + k});
		leave(STAGES * k + LABELS, &(struct made){.top1 = 70});
	}
	made(&(struct table_options){0});
	ck_assert(t->n_claim == 1 && t->claim[0].paired.n == 8);
	ck_assert_double_eq_tol(t->claim[0].p, 2 * 0.0012583202, 1e-9);
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

void table_add_claims(TCase *tc)
{
	tcase_add_loop_test(tc, a_metric_of_claims_alone, 0, 2);
	tcase_add_test(tc, a_claim);
	tcase_add_test(tc, when_claims_were_written);
	tcase_add_test(tc, claims_alone);
	tcase_add_test(tc, claims_of_failed_runs);
	tcase_add_test(tc, nothing_in_common);
	tcase_add_loop_test(tc, teachers_of_claims, 0, 2);
	tcase_add_test(tc, which_was_first);
	tcase_add_test(tc, too_few_for_a_claim);
	tcase_add_test(tc, pictures);
	tcase_add_test(tc, pictures_of_the_best_epoch);
	tcase_add_test(tc, the_whole_family);
	tcase_add_test(tc, the_whole_family_of_some);
	tcase_add_test(tc, losses);
	tcase_add_test(tc, no_pair_twice);
	tcase_add_loop_test(tc, claims_at_points, 0, 2);
	tcase_add_loop_test(tc, what_a_claim_names, 0, sizeof named / sizeof *named);
	tcase_add_loop_test(tc, a_claim_of_a_dropped_stage, 0, 2);
	tcase_add_loop_test(tc, said_of_claims, 0, sizeof wrong_claims / sizeof *wrong_claims);
}
