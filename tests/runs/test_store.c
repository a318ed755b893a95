#include "runs/store.h"

#include <math.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "runs/claims.h"
#include "tests/runs/suites.h"

static struct store *s;
static const char *path;
static const struct store_run run = {
	.name = "kd", .folder = "runs/kd-1234", .config = "name: kd\n", .identity = "id",
	.program = "limbeck 0.1.0", .machine = "m", .device = "cpu", .precision = "f32", .threads = 2,
};

static void begin(void)
{
	log_set_level(LOG_ERROR);
	path = scratch_path("limbeck.db");
	ck_ok(store_open(path, &s, &e));
}

static void end(void)
{
	store_close(s);
	s = NULL;
}

static void again(void)
{
	store_close(s);
	ck_ok(store_open(path, &s, &e));
}

static int64_t stage_of(const char *name, const char *identity)
{
	int64_t r = 0, stage = 0;
	ck_ok(store_run_begin(s, &run, &r, &e));
	ck_ok(store_stage_begin(s, r, name, "distill", identity, &stage, &e));
	ck_assert_int_gt(stage, 0);
	return stage;
}

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
	ck_assert_uint_eq(strlen(r[0].begun), strlen("2026-01-31 12:00:00"));
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

START_TEST(damaged_stores_say_what_to_do)
{
	struct store *t;
	char garbage[4096];
	size_t n;
	for (size_t i = 0; i < sizeof garbage; i++)
		garbage[i] = (char)(i * 37 + 11);
	const char *bad = scratch_file("bad.db", garbage, sizeof garbage);
	ck_fails(store_open(bad, &t, &e), E_ENV, "moves it away and makes it again from the run folders");
	ck_assert_ptr_null(t);
	store_close(t);
	ck_fails(store_open(bad, &t, &e), E_ENV, bad);
	/* a store of which only the beginning is left */
	stage_of("kd", "id1");
	store_close(s);
	const char *whole = content(path, &n);
	ck_assert_uint_gt(n, 8192);
	int refused = 0;
	for (size_t cut = 100; cut < n; cut += 997) {
		int64_t id;
		const char *part = scratch_file("cut.db", whole, cut);
		enum status st = store_open(part, &t, &e);
		if (st == OK)
			st = store_run_begin(t, &run, &id, &e);
		if (st != OK) {
			ck_assert_int_eq(st, E_ENV);
			ck_assert_ptr_nonnull(strstr(e.text, part));
			refused++;
		}
		err_clear(&e);
		store_close(t);
		unlink(part);
		unlink(scratch_path("cut.db-wal"));
		unlink(scratch_path("cut.db-shm"));
	}
	ck_assert_int_gt(refused, 0);
	ck_ok(store_open(path, &s, &e));
}
END_TEST

START_TEST(a_store_that_cannot_be_opened_is_named)
{
	struct store *t;
	ck_fails(store_open(scratch_path("no/limbeck.db"), &t, &e), E_ENV, scratch_path("no/limbeck.db"));
	ck_fails(store_open(scratch, &t, &e), E_ENV, scratch);
	ck_assert_ptr_null(t);
	store_close(NULL);
	const char *empty = scratch_file("empty.db", "", 0);
	ck_ok(store_open(empty, &t, &e));
	store_close(t);
}
END_TEST

/* user_version is the 32-bit big-endian number at byte 60 of the file, application_id at 68. */
START_TEST(other_schemas_and_programs_are_refused)
{
	struct store *t;
	size_t n;
	store_close(s);
	s = NULL;
	char *bytes = arena_alloc(life, 1 << 20);
	const char *whole = content(path, &n);
	memcpy(bytes, whole, n);
	bytes[63] = 99;
	ck_fails(store_open(scratch_file("new.db", bytes, n), &t, &e), E_USER,
	         "has schema 99, this program knows up to 2");
	memcpy(bytes, whole, n);
	bytes[71]++;
	ck_fails(store_open(scratch_file("other.db", bytes, n), &t, &e), E_USER, "a database of another program");
	memcpy(bytes, whole, n);
	memset(bytes + 60, 0, 12); /* tables, but neither number: not ours */
	ck_fails(store_open(scratch_file("third.db", bytes, n), &t, &e), E_USER, "a database of another program");
	ck_ok(store_open(path, &s, &e));
}
END_TEST

/* As the first schema was: what it has stays, what it lacks is made. */
START_TEST(an_older_schema_is_brought_up)
{
	sqlite3 *db = NULL;
	const int64_t stage = stage_of("kd", "id1");
	ck_ok(store_metric(s, stage, "loss", 1, 1, 0.5, &e));
	store_close(s);
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, "DROP TABLE claim; PRAGMA user_version=1", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	ck_ok(store_open(path, &s, &e));
	struct store_claim *c;
	int n;
	double x;
	ck_ok(store_last(s, stage, "loss", &x, &e));
	ck_assert(x == 0.5);
	ck_ok(store_claim_put(s, "tiny", "b better than c", "2026-01-01 00:00:00", &e));
	ck_ok(store_claim_put(s, "tiny", "a better than c", "2026-01-02 00:00:00", &e));
	ck_ok(store_claim_put(s, "tiny", "b better than c", "2025-01-01 00:00:00", &e)); /* a date stays */
	ck_ok(store_claim_put(s, "other", "a better than c", "2020-01-02 00:00:00", &e));
	again();
	ck_ok(store_claims(s, life, "tiny", &c, &n, &e));
	ck_assert_int_eq(n, 2);
	ck_assert_str_eq(c[0].says, "b better than c");
	ck_assert_str_eq(c[0].seen, "2026-01-01 00:00:00");
	ck_assert_str_eq(c[1].says, "a better than c");
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

/* Dated once, in the store and beside it; what a kill cut or a hand damaged costs a line. */
START_TEST(claims_outlive_their_store)
{
	const char *const two[] = {"a \"b\" better than c, x", "d better than c"};
	struct store_claim *c, *d;
	int n, m;
	ck_ok(claims_date(scratch, "tiny", two, 1, &e));
	ck_ok(store_claim_put(s, "tiny", "d better than c", "2019-01-01 00:00:00", &e)); /* it is known to the store */
	ck_ok(claims_date(scratch, "tiny", two, 2, &e));
	ck_ok(claims_date(scratch, "else", two + 1, 1, &e));
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

/* What a process without rights sees, which 'look' leaves 0 if it is right; only root has to become one. */
static int without_rights(int (*look)(void))
{
	int state = -1;
	const pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		alarm(20);
		_exit(geteuid() != 0 || (setgid(65534) == 0 && setuid(65534) == 0) ? look() : 99);
	}
	ck_assert_int_eq(waitpid(pid, &state, 0), pid);
	ck_assert(WIFEXITED(state));
	return WEXITSTATUS(state);
}

static int64_t looked_at;
static double looked_for;

static int look(void)
{
	struct store *t = NULL;
	struct err why = {0};
	double x = 0;
	const char *file;
	bool found = true;
	int n = 0;
	struct store_claim *c;
	if (store_open(path, &t, &why) != OK)
		return fprintf(stderr, "%s\n", why.text), 1;
	if (store_last(t, looked_at, "loss", &x, &why) != OK || x != looked_for)
		return fprintf(stderr, "%g %s\n", x, why.text), 2;
	if (store_artefact_get(t, life, "id1", "last", &file, &found, &why) != OK || found) /* it has changed, and its row stays */
		return fprintf(stderr, "%s\n", why.text), 3;
	if (store_claims(t, life, "tiny", &c, &n, &why) != OK)
		return fprintf(stderr, "%s\n", why.text), 4;
	if (store_metric(t, looked_at, "loss", 9, 9, 9, &why) != E_ENV || !strstr(why.text, "readonly"))
		return fprintf(stderr, "it was written\n"), 5;
	store_close(t);
	return 0;
}

/* A folder that can't be written to, of another person or on a disc: closed, with its writer at work, of an older schema, with odd letters. */
START_TEST(what_may_only_be_read)
{
	const char *weights = scratch_file("w.safetensors", "weights", 7), *odd = scratch_path("odd ?#%41 name");
	looked_at = stage_of("kd", "id1");
	looked_for = 0.5;
	ck_ok(store_metric(s, looked_at, "loss", 1, 1, 0.5, &e));
	ck_ok(store_artefact_put(s, looked_at, "id1", "last", weights, &e));
	scratch_file("w.safetensors", "changed", 7);
	ck_ok(dir_make(odd, &e));
	store_close(s);
	ck_assert_int_eq(rename(path, path_join(life, odd, "limbeck.db")), 0);
	path = path_join(life, odd, "limbeck.db");
	ck_assert_int_eq(rename(weights, path_join(life, odd, "w.safetensors")), 0);
	ck_assert_int_eq(chmod(scratch, 0755), 0);
	ck_assert_int_eq(chmod(odd, 0555), 0);
	ck_assert_int_eq(without_rights(look), 0);
	ck_assert_int_eq(chmod(odd, 0755), 0);
	ck_ok(store_open(path, &s, &e));
	looked_for = 0.25;
	ck_ok(store_metric(s, looked_at, "loss", 2, 2, 0.25, &e)); /* in the log, and not in the file */
	ck_assert_int_eq(chmod(odd, 0555), 0);
	if (geteuid() == 0) /* else the writer's own files could be written to */
		ck_assert_int_eq(without_rights(look), 0);
	ck_assert_int_eq(chmod(odd, 0755), 0);
	store_close(s);
	sqlite3 *db = NULL;
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, "DROP TABLE claim; PRAGMA user_version=1", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	ck_assert_int_eq(chmod(odd, 0555), 0);
	ck_assert_int_eq(without_rights(look), 0);
	ck_assert_int_eq(chmod(odd, 0755), 0);
	ck_ok(store_open(path, &s, &e));
}
END_TEST

enum { WRITERS = 4, ROWS = 150 };

/* A process: opens (all at the same time), writes single rows and transactions, leaves 0. */
static int writer(int k)
{
	struct store *t;
	struct err why = {0};
	struct store_run r = run;
	int64_t id, stage;
	char folder[32];
	snprintf(folder, sizeof folder, "runs/%d", k);
	r.folder = folder;
	enum status st = store_open(scratch_path("shared.db"), &t, &why);
	if (st == OK)
		st = store_run_begin(t, &r, &id, &why);
	if (st == OK)
		st = store_stage_begin(t, id, "s", "distill", folder, &stage, &why);
	for (int i = 0; i < ROWS && st == OK; i++) {
		const bool together = i % 50 == 0;
		if (together)
			st = store_begin(t, &why);
		for (int j = 0; j < (together ? 20 : 1) && st == OK; j++)
			st = store_metric(t, stage, "loss", i * 20 + j, i, i * 20 + j, &why);
		if (together && st == OK)
			st = store_commit(t, &why);
	}
	if (st == OK)
		st = store_stage_end(t, stage, "done", 1, &why);
	if (st != OK)
		fprintf(stderr, "writer %d: %s\n", k, why.text);
	store_close(t);
	return st == OK ? 0 : 1;
}

START_TEST(several_processes_write_one_store)
{
	pid_t child[WRITERS];
	fflush(NULL);
	for (int k = 0; k < WRITERS; k++) {
		child[k] = fork();
		ck_assert_int_ge(child[k], 0);
		if (child[k] == 0)
			_exit(writer(k));
	}
	for (int k = 0; k < WRITERS; k++) {
		int status = -1;
		ck_assert_int_eq(waitpid(child[k], &status, 0), child[k]);
		ck_assert_int_eq(status, 0);
	}
	store_close(s);
	ck_ok(store_open(scratch_path("shared.db"), &s, &e));
	for (int k = 0; k < WRITERS; k++) {
		int64_t stage;
		bool found;
		struct store_value *v;
		int n;
		ck_ok(store_stage_done(s, arena_printf(life, "runs/%d", k), &stage, &found, &e));
		ck_assert(found);
		ck_ok(store_metrics(s, life, stage, &v, &n, &e));
		ck_assert_int_eq(n, ROWS + ROWS / 50 * 19);
	}
}
END_TEST

Suite *store_suite(void)
{
	Suite *suite = suite_create("store");
	TCase *tc = life_case(suite, "store");
	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_test(tc, a_folder_keeps_its_run);
	tcase_add_test(tc, metrics_come_back_exactly_and_in_order);
	tcase_add_test(tc, equal_metrics_are_replaced_and_late_ones_taken_back);
	tcase_add_test(tc, what_is_not_committed_is_gone);
	tcase_add_test(tc, finished_stages_are_found);
	tcase_add_test(tc, accuracies_are_kept);
	tcase_add_test(tc, artefacts_are_found_while_unchanged);
	tcase_add_test(tc, a_store_can_be_moved_with_its_runs);
	tcase_add_test(tc, runs_and_stages_are_listed);
	tcase_add_test(tc, the_runs_of_a_moved_store_are_where_they_are_now);
	tcase_add_test(tc, damaged_stores_say_what_to_do);
	tcase_add_test(tc, a_store_that_cannot_be_opened_is_named);
	tcase_add_test(tc, other_schemas_and_programs_are_refused);
	tcase_add_test(tc, an_older_schema_is_brought_up);
	tcase_add_test(tc, what_may_only_be_read);
	tcase_add_test(tc, the_first_begin_of_a_stage);
	tcase_add_test(tc, claims_outlive_their_store);
	tcase_add_test(tc, several_processes_write_one_store);
	return suite;
}
