/* The store's own file: damaged, of another schema, not to be written to, shared by several processes. */
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "tests/runs/store_made.h"

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
	         "has schema 99, this program knows up to 3");
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
	ck_assert_int_eq(sqlite3_exec(db, "DROP TABLE claim; DROP TABLE begun; PRAGMA user_version=1", NULL, NULL, NULL), SQLITE_OK);
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
	ck_assert_int_eq(sqlite3_exec(db, "DROP TABLE claim; DROP TABLE begun; PRAGMA user_version=1", NULL, NULL, NULL), SQLITE_OK);
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

/* ---- held by another process ---- */

/* Begins what no other connection may write beside. */
static sqlite3 *hold(void)
{
	sqlite3 *db = NULL;
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	return db;
}

static void open_patient(const char *seconds)
{
	setenv("LIMBECK_STORE_WAIT", seconds, 1);
	again();
	unsetenv("LIMBECK_STORE_WAIT");
}

static void *let_go(void *db)
{
	usleep(400000);
	sqlite3_close(db); /* rolls back */
	return NULL;
}

START_TEST(a_locked_store_is_waited_for)
{
	pthread_t thread;
	const int64_t stage = stage_of("kd", "id1");
	open_patient("30");
	ck_assert_int_eq(pthread_create(&thread, NULL, let_go, hold()), 0);
	const double start = time_now();
	ck_ok(store_metric(s, stage, "loss", 1, 1, 0.5, &e));
	ck_assert(time_now() - start > 0.2);
	pthread_join(thread, NULL);
}
END_TEST

START_TEST(a_store_that_stays_locked_says_what_to_do)
{
	double x;
	const int64_t stage = stage_of("kd", "id1");
	open_patient("0.3");
	sqlite3 *db = hold();
	ck_fails(store_begin(s, &e), E_ENV, arena_printf(life, "store '%s' is locked by another process, and was for", path));
	ck_fails(store_begin(s, &e), E_ENV, "Nothing that was trained is lost");
	/* what began nothing has nothing to commit */
	ck_fails(store_commit(s, &e), E_ENV, "has taken the last rows back");
	/* on the way out nothing is waited for any more, what only reads needs not wait, and all is as before when the store is free */
	open_patient("30");
	ck_ok(store_last(s, stage, "loss", &x, &e));
	const double start = time_now();
	ck_fails(store_metric(s, stage, "loss", 1, 1, 0.5, &e), E_ENV, "is locked by another process");
	ck_assert(time_now() - start < 3);
	sqlite3_close(db);
	ck_ok(store_begin(s, &e));
	ck_ok(store_metric(s, stage, "loss", 1, 1, 0.5, &e));
	ck_ok(store_commit(s, &e));
	ck_ok(store_last(s, stage, "loss", &x, &e));
	ck_assert(x == 0.5);
}
END_TEST

START_TEST(a_wait_that_is_no_number_is_refused)
{
	static const char *const words[] = {"long", "", "-1", "1s", "inf", "nan"};
	struct store *t;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		setenv("LIMBECK_STORE_WAIT", words[i], 1);
		ck_fails(store_open(path, &t, &e), E_USER, arena_printf(life, "LIMBECK_STORE_WAIT is '%s'", words[i]));
	}
	unsetenv("LIMBECK_STORE_WAIT");
}
END_TEST

void store_add_open(TCase *tc)
{
	tcase_add_test(tc, a_locked_store_is_waited_for);
	tcase_add_test(tc, a_store_that_stays_locked_says_what_to_do);
	tcase_add_test(tc, a_wait_that_is_no_number_is_refused);
	tcase_add_test(tc, damaged_stores_say_what_to_do);
	tcase_add_test(tc, a_store_that_cannot_be_opened_is_named);
	tcase_add_test(tc, other_schemas_and_programs_are_refused);
	tcase_add_test(tc, an_older_schema_is_brought_up);
	tcase_add_test(tc, what_may_only_be_read);
	tcase_add_test(tc, several_processes_write_one_store);
}
