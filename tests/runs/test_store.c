/* The store: rows that go in and come back. */
#include <math.h>
#include <string.h>

#include "tests/runs/store_made.h"

START_TEST(a_folder_keeps_its_run)
{
	struct store_run other = run;
	int64_t a = 0, b = 0, c = 0, again_id = 0;
	other.folder = "runs/kd-5678";
	other.name = NULL;
	ck_ok(store_run_begin(s, &run, &a, &e));
	ck_ok(store_run_begin(s, &other, &b, &e));
	ck_ok(store_run_end(s, a, "failed", 1.5, &e));
	again();
	ck_ok(store_run_begin(s, &run, &c, &e));
	ck_assert_int_gt(a, 0);
	ck_assert_int_ne(a, b);
	ck_assert_int_eq(a, c);
	ck_ok(store_stage_begin(s, a, "x", "distill", "i", &b, &e));
	ck_ok(store_stage_begin(s, a, "x", "distill", "i", &again_id, &e));
	ck_assert_int_eq(b, again_id);
}
END_TEST

static void ck_trained_by(int64_t id, const char *program, const char *machine)
{
	struct store_run_row row;
	ck_ok(store_run(s, life, id, &row, &e));
	ck_assert_str_eq(row.program, program);
	ck_assert_str_eq(row.machine, machine);
}

/* Who opens a run anew has not trained what is done in it; who trains a stage of it stands beside who trained the others. */
START_TEST(a_run_names_who_trained_it)
{
	struct store_run by_b = run;
	int64_t id = 0, stage = 0;
	by_b.program = "another";
	by_b.machine = "other";
	ck_ok(store_run_begin(s, &run, &id, &e));
	ck_ok(store_run_begin(s, &by_b, &id, &e));
	ck_trained_by(id, "another", "other"); /* nothing is done yet */
	ck_ok(store_run_begin(s, &run, &id, &e));
	ck_ok(store_run_trained(s, id, &run, &e));
	ck_trained_by(id, run.program, "m");
	ck_ok(store_stage_begin(s, id, "x", "distill", "i", &stage, &e));
	ck_ok(store_stage_end(s, stage, "done", 1, &e));
	ck_ok(store_run_begin(s, &by_b, &id, &e));
	ck_trained_by(id, run.program, "m");
	for (int i = 0; i < 2; i++) {
		ck_ok(store_run_trained(s, id, &by_b, &e));
		ck_trained_by(id, arena_printf(life, "%s and another", run.program), "other");
	}
}
END_TEST

START_TEST(metrics_come_back_exactly_and_in_order)
{
	static const double odd[] = {1.0 / 3, -0.0, 5e-324, INFINITY, NAN, 3, 1e300, 0.1 + 0.2};
	enum { N = sizeof odd / sizeof *odd };
	const int64_t stage = stage_of("kd", "id1");
	struct store_value *v;
	int n;
	ck_ok(store_begin(s, &e));
	for (int i = N - 1; i >= 0; i--)
		ck_ok(store_metric(s, stage, i % 2 ? "loss" : "accuracy", i / 2, 5000000000L, odd[i], &e));
	ck_ok(store_commit(s, &e));
	again();
	ck_ok(store_metrics(s, life, stage, &v, &n, &e));
	ck_assert_int_eq(n, N);
	for (int i = 0; i < N; i++) {
		ck_assert_str_eq(v[i].name, i % 2 ? "loss" : "accuracy");
		ck_assert_int_eq(v[i].epoch, i / 2);
		ck_assert_msg(isnan(odd[i]) ? isnan(v[i].value) : v[i].value == odd[i], "%d: %a", i, v[i].value);
	}
	double x;
	ck_ok(store_last(s, stage, "loss", &x, &e));
	ck_assert(x == 0.1 + 0.2);
	ck_ok(store_most(s, stage, "accuracy", &x, &e)); /* neither the last nor the first; NaN is none */
	ck_assert(x == 1e300);
	ck_ok(store_most(s, stage, "nothing", &x, &e));
	ck_assert(isnan(x));
	ck_ok(store_last(s, stage, "nothing", &x, &e));
	ck_assert(isnan(x));
	ck_ok(store_metrics(s, life, stage + 1, &v, &n, &e));
	ck_assert_int_eq(n, 0);
}
END_TEST

START_TEST(equal_metrics_are_replaced_and_late_ones_taken_back)
{
	const int64_t stage = stage_of("kd", "id1");
	struct store_value *v;
	int n;
	for (int i = 1; i <= 5; i++)
		ck_ok(store_metric(s, stage, "loss", i, i * 10, i, &e));
	ck_ok(store_metric(s, stage, "loss", 2, 20, 22, &e));
	ck_ok(store_trim(s, stage, 3, &e));
	ck_ok(store_metrics(s, life, stage, &v, &n, &e));
	ck_assert_int_eq(n, 3);
	ck_assert(v[0].value == 1 && v[1].value == 22 && v[2].value == 3);
	/* the same stage goes on; one of other options begins without them */
	ck_assert_int_eq(stage_of("kd", "id1"), stage);
	ck_ok(store_metrics(s, life, stage, &v, &n, &e));
	ck_assert_int_eq(n, 3);
	ck_assert_int_eq(stage_of("kd", "id2"), stage);
	ck_ok(store_metrics(s, life, stage, &v, &n, &e));
	ck_assert_int_eq(n, 0);
}
END_TEST

START_TEST(what_is_not_committed_is_gone)
{
	const int64_t stage = stage_of("kd", "id1");
	double x;
	ck_ok(store_begin(s, &e));
	ck_ok(store_metric(s, stage, "loss", 1, 1, 1, &e));
	again();
	ck_ok(store_last(s, stage, "loss", &x, &e));
	ck_assert(isnan(x));
	ck_fails(store_commit(s, &e), E_ENV, path);
	ck_fails(store_metric(s, 99, "loss", 1, 1, 1, &e), E_ENV, path);
}
END_TEST

START_TEST(finished_stages_are_found)
{
	int64_t found_stage = 0;
	bool found;
	const int64_t stage = stage_of("kd", "id1");
	ck_ok(store_stage_done(s, "id1", &found_stage, &found, &e));
	ck_assert(!found);
	ck_ok(store_stage_end(s, stage, "failed", 1, &e));
	ck_ok(store_stage_done(s, "id1", &found_stage, &found, &e));
	ck_assert(!found);
	ck_ok(store_stage_end(s, stage, "done", 1, &e));
	again();
	ck_ok(store_stage_done(s, "id1", &found_stage, &found, &e));
	ck_assert(found);
	ck_assert_int_eq(found_stage, stage);
	ck_ok(store_stage_done(s, "id2", &found_stage, &found, &e));
	ck_assert(!found);
}
END_TEST

START_TEST(the_first_begin_of_a_stage)
{
	struct store_run other = run;
	int64_t r = 0, a = stage_of("kd", "id1"), b = 0;
	const char *begun;
	other.folder = "runs/kd-5678";
	ck_ok(store_run_begin(s, &other, &r, &e));
	ck_ok(store_stage_begin(s, r, "kd", "distill", "id1", &b, &e));
	ck_ok(store_stage_restore(s, a, "done", "2026-01-02 00:00:00", 1, &e));
	ck_ok(store_stage_restore(s, b, "failed", "2026-01-01 00:00:00", 1, &e));
	ck_ok(store_stage_begun(s, life, "id1", &begun, &e));
	ck_assert_str_eq(begun, "2026-01-01 00:00:00");
	ck_ok(store_stage_begun(s, life, "id2", &begun, &e));
	ck_assert_ptr_null(begun);
}
END_TEST

START_TEST(accuracies_are_kept)
{
	double x;
	bool found;
	ck_ok(store_accuracy_get(s, "w", "d", "test", &x, &found, &e));
	ck_assert(!found && isnan(x));
	ck_ok(store_accuracy_put(s, "w", "d", "test", 93.25, &e));
	ck_ok(store_accuracy_put(s, "w", "d", "test", 93.1, &e));
	ck_ok(store_accuracy_put(s, "w", "d", "valid", 1, &e));
	ck_ok(store_accuracy_get(s, "w", "d", "test", &x, &found, &e));
	ck_assert(found && x == 93.1);
	ck_ok(store_accuracy_get(s, "w2", "d", "test", &x, &found, &e));
	ck_assert(!found);
}
END_TEST

START_TEST(runs_and_stages_are_listed)
{
	const struct store_run other = {.name = "x", .folder = scratch_path("x-1"), .threads = 3};
	struct store_run_row *r;
	struct store_stage_row *t;
	int64_t a, b, one, two, three;
	int n;
	ck_ok(store_runs(s, life, &r, &n, &e));
	ck_assert_int_eq(n, 0);
	ck_ok(store_stages(s, life, 0, &t, &n, &e));
	ck_assert_int_eq(n, 0);
	ck_ok(store_run_begin(s, &run, &a, &e));
	ck_ok(store_run_begin(s, &other, &b, &e));
	ck_ok(store_stage_begin(s, b, "teach", "supervise", "id1", &one, &e));
	ck_ok(store_stage_begin(s, a, "kd", "distill", "id2", &two, &e));
	ck_ok(store_stage_begin(s, b, "kd", "distill", "id3", &three, &e));
	ck_ok(store_stage_end(s, one, "done", 2.5, &e));
	ck_ok(store_run_end(s, b, "failed", 7.25, &e));
	again();
	ck_ok(store_runs(s, life, &r, &n, &e));
	ck_assert_int_eq(n, 2);
	ck_assert(r[0].id == a && r[1].id == b && r[0].threads == 2 && r[1].threads == 3);
	ck_assert_str_eq(r[0].folder, scratch_path("runs/kd-1234"));
	ck_assert_str_eq(r[1].folder, scratch_path("x-1"));
	ck_assert_str_eq(r[0].config, "name: kd\n");
	ck_assert_str_eq(r[0].machine, "m");
	ck_assert_str_eq(r[0].state, "running");
	ck_assert_str_eq(r[1].state, "failed");
	ck_assert_str_eq(r[1].machine, "");
	ck_assert_uint_eq(strlen(r[0].begun), strlen("2026-01-31 12:00:00.000"));
	ck_assert(isnan(r[0].seconds) && r[1].seconds == 7.25);
	ck_ok(store_stages(s, life, b, &t, &n, &e));
	ck_assert_int_eq(n, 2);
	ck_assert(t[0].id == one && t[1].id == three && t[0].run == b);
	ck_assert_str_eq(t[0].name, "teach");
	ck_assert_str_eq(t[0].kind, "supervise");
	ck_assert_str_eq(t[0].identity, "id1");
	ck_assert_str_eq(t[0].state, "done");
	ck_assert_str_eq(t[1].state, "running");
	ck_assert(t[0].seconds == 2.5 && isnan(t[1].seconds));
	ck_ok(store_stages(s, life, 0, &t, &n, &e));
	ck_assert_int_eq(n, 3);
	ck_assert(t[1].id == two && t[1].run == a);
}
END_TEST

void store_add_rows(TCase *tc)
{
	tcase_add_test(tc, a_folder_keeps_its_run);
	tcase_add_test(tc, a_run_names_who_trained_it);
	tcase_add_test(tc, metrics_come_back_exactly_and_in_order);
	tcase_add_test(tc, equal_metrics_are_replaced_and_late_ones_taken_back);
	tcase_add_test(tc, what_is_not_committed_is_gone);
	tcase_add_test(tc, finished_stages_are_found);
	tcase_add_test(tc, the_first_begin_of_a_stage);
	tcase_add_test(tc, accuracies_are_kept);
	tcase_add_test(tc, runs_and_stages_are_listed);
}
