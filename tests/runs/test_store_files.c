/* The store and what lies beside it: artefacts, folders that are moved, dates of claims. */
#include <string.h>

#include "base/file.h"
#include "runs/claims.h"
#include "tests/runs/store_made.h"

static bool has(const char *identity, const char *name, const char **at)
{
	bool found;
	ck_ok(store_artefact_get(s, life, identity, name, at, &found, &e));
	ck_assert_int_eq(found, *at != NULL);
	return found;
}

START_TEST(artefacts_are_found_while_unchanged)
{
	const int64_t stage = stage_of("kd", "id1");
	const char *file = scratch_file("last.safetensors", "weights", 7), *at;
	size_t n;
	ck_assert(!has("id1", "last", &at));
	ck_ok(store_artefact_put(s, stage, "id1", "last", file, &e));
	again();
	ck_assert(has("id1", "last", &at));
	ck_assert_str_eq(content(at, &n), "weights");
	ck_assert(!has("id1", "best", &at));
	ck_assert(!has("id2", "last", &at));

	scratch_file("last.safetensors", "Weights", 7);
	ck_assert(!has("id1", "last", &at));
	scratch_file("last.safetensors", "weights", 7);
	ck_assert(!has("id1", "last", &at)); /* the row is gone */
	ck_ok(store_artefact_put(s, stage, "id1", "last", file, &e));
	ck_assert(has("id1", "last", &at));
	scratch_file("last.safetensors", "weights!", 8);
	ck_assert(!has("id1", "last", &at));
	ck_ok(store_artefact_put(s, stage, "id1", "last", file, &e));
	ck_ok(file_remove(file, &e));
	ck_assert(!has("id1", "last", &at));
	ck_fails(store_artefact_put(s, stage, "id1", "last", file, &e), E_ENV, file);
}
END_TEST

START_TEST(a_store_can_be_moved_with_its_runs)
{
	const int64_t stage = stage_of("kd", "id1");
	const char *at;
	ck_ok(dir_make(scratch_path("out/kd"), &e));
	const char *inside = scratch_file("out/kd/last", "weights", 7);
	const char *outside = scratch_file("best", "others", 6);
	store_close(s);
	ck_ok(store_open(scratch_path("out/limbeck.db"), &s, &e));
	ck_assert_int_eq(stage_of("kd", "id1"), stage);
	ck_ok(store_artefact_put(s, stage, "id1", "last", inside, &e));
	ck_ok(store_artefact_put(s, stage, "id1", "best", outside, &e));
	store_close(s);
	ck_assert_int_eq(rename(scratch_path("out"), scratch_path("moved")), 0);
	ck_ok(store_open(scratch_path("moved/limbeck.db"), &s, &e));
	ck_assert(has("id1", "last", &at));
	ck_assert_ptr_nonnull(strstr(at, "/moved/kd/last"));
	ck_assert(has("id1", "best", &at));
}
END_TEST

START_TEST(the_runs_of_a_moved_store_are_where_they_are_now)
{
	struct store_run_row *r;
	int64_t a, b;
	int n;
	ck_ok(dir_make(scratch_path("out/kd-1"), &e));
	scratch_file("out/kd-1/config.yaml", "name: kd\n", 9);
	struct store_run here = {.name = "kd", .folder = scratch_path("out/kd-1")};
	/* as an earlier version wrote it: absolute, and moved since */
	const struct store_run elsewhere = {.name = "kd", .folder = "/somewhere/out/kd-1"};
	store_close(s);
	ck_ok(store_open(scratch_path("out/limbeck.db"), &s, &e));
	ck_ok(store_run_begin(s, &elsewhere, &a, &e));
	ck_ok(store_runs(s, life, &r, &n, &e));
	ck_assert_int_eq(n, 1);
	ck_assert_str_eq(r[0].folder, here.folder);
	ck_ok(store_run_begin(s, &here, &b, &e));
	ck_assert_int_eq(a, b);
	store_close(s);
	ck_assert_int_eq(rename(scratch_path("out"), scratch_path("moved")), 0);
	ck_ok(store_open(scratch_path("moved/limbeck.db"), &s, &e));
	ck_ok(store_runs(s, life, &r, &n, &e));
	ck_assert_int_eq(n, 1);
	ck_assert_str_eq(r[0].folder, scratch_path("moved/kd-1"));
	here.folder = scratch_path("moved/kd-1");
	ck_ok(store_run_begin(s, &here, &b, &e));
	ck_assert_int_eq(a, b);
}
END_TEST

/* Dated once, in the store and beside it; what a kill cut or a hand damaged costs a line. */
START_TEST(claims_outlive_their_store)
{
	const char *const two[] = {"a \"b\" better than c, x", "d better than c"};
	struct store_claim *c, *d;
	int n, m;
	ck_ok(claims_date(scratch, "tiny", two, 1, false, &e));
	ck_ok(store_claim_put(s, "tiny", "d better than c", "2019-01-01 00:00:00", &e)); /* it is known to the store */
	ck_ok(claims_date(scratch, "tiny", two, 2, false, &e));
	ck_ok(claims_date(scratch, "else", two + 1, 1, false, &e));
	ck_ok(store_claims(s, life, "tiny", &c, &n, &e));
	ck_assert_int_eq(n, 2);
	size_t size;
	const char *text = content(scratch_path("claims.jsonl"), &size);
	const char *damaged = arena_printf(life, "%s{\"seen\": 3}\nno json\n{\"seen\": \"20", text);
	scratch_file("claims.jsonl", damaged, strlen(damaged));
	store_close(s);
	ck_ok(store_open(scratch_path("new.db"), &s, &e));
	ck_ok(claims_restore(scratch, s, &e));
	ck_ok(store_claims(s, life, "tiny", &d, &m, &e));
	ck_assert_int_eq(m, 1);
	ck_assert_str_eq(d[0].says, two[0]);
	ck_assert_str_eq(d[0].seen, c[1].seen);
	ck_ok(store_claims(s, life, "else", &d, &m, &e));
	ck_assert_int_eq(m, 1);
}
END_TEST

/* The first time stays when the stage is begun again, when its run is removed, and when the store is lost. */
START_TEST(beginnings_outlive_their_runs)
{
	const char *begun, *lost;
	size_t size;
	ck_ok(claims_stage_begins(scratch, s, "id1", &e));
	const int64_t stage = stage_of("kd", "id1");
	ck_ok(store_stage_restore(s, stage, "done", "2020-02-03 04:05:06", 1, &e));
	ck_ok(claims_stage_begins(scratch, s, "id1", &e));
	const char *text = content(scratch_path("claims.jsonl"), &size), *line = strstr(text, "\"stage\": \"id1\"");
	ck_assert_ptr_nonnull(line);
	ck_assert_ptr_null(strstr(strchr(line, '\n'), "id1"));
	struct store_run_row *r = NULL;
	int n = 0;
	ck_ok(store_runs(s, life, &r, &n, &e));
	ck_assert_int_eq(n, 1);
	ck_ok(claims_run_goes(scratch, s, r[0].id, &e));
	ck_ok(store_run_drop(s, r[0].id, &e));
	ck_ok(store_stage_begun(s, life, "id1", &begun, &e));
	ck_assert_pstr_eq(begun, "2020-02-03 04:05:06");
	stage_of("kd", "id1");
	ck_ok(store_begun_put(s, "id1", "2021-01-01 00:00:00", &e));
	ck_ok(store_stage_begun(s, life, "id1", &begun, &e));
	ck_assert_pstr_eq(begun, "2020-02-03 04:05:06");
	ck_ok(store_stage_begun(s, life, "id2", &begun, &e));
	ck_assert_ptr_null(begun);
	store_close(s);
	ck_ok(store_open(scratch_path("new.db"), &s, &e));
	ck_ok(claims_restore(scratch, s, &e));
	ck_ok(store_stage_begun(s, life, "id1", &lost, &e));
	ck_assert_pstr_eq(lost, "2020-02-03 04:05:06");
}
END_TEST

void store_add_files(TCase *tc)
{
	tcase_add_test(tc, beginnings_outlive_their_runs);
	tcase_add_test(tc, artefacts_are_found_while_unchanged);
	tcase_add_test(tc, a_store_can_be_moved_with_its_runs);
	tcase_add_test(tc, the_runs_of_a_moved_store_are_where_they_are_now);
	tcase_add_test(tc, claims_outlive_their_store);
}
