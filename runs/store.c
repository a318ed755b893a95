#include "runs/store.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "runs/store_int.h"

enum { APPLICATION = 0x4c696d62 /* "Limb" */, WAIT_MS = 10000, RETRY_MS = 20 };

/* schema[v] takes a file of version v to v + 1. Written ones never change; a new one is added behind. */
static const char *const schema[] = {
	"CREATE TABLE run (id INTEGER PRIMARY KEY, folder TEXT NOT NULL UNIQUE, name TEXT, config TEXT,"
	" identity TEXT, program TEXT, machine TEXT, device TEXT, precision TEXT, threads INTEGER, state TEXT NOT NULL,"
	" begun TEXT NOT NULL, seconds);"
	"CREATE TABLE stage (id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES run(id), name TEXT NOT NULL,"
	" kind TEXT, identity TEXT, state TEXT NOT NULL, begun TEXT NOT NULL, seconds, UNIQUE (run, name));"
	"CREATE INDEX stage_identity ON stage(identity);"
	"CREATE TABLE metric (stage INTEGER NOT NULL REFERENCES stage(id), epoch INTEGER NOT NULL, name TEXT NOT NULL,"
	" step INTEGER NOT NULL, value, PRIMARY KEY (stage, epoch, name)) WITHOUT ROWID;"
	"CREATE TABLE artefact (identity TEXT NOT NULL, name TEXT NOT NULL, stage INTEGER, path TEXT NOT NULL,"
	" sha256 TEXT NOT NULL, bytes INTEGER NOT NULL, PRIMARY KEY (identity, name)) WITHOUT ROWID;"
	"CREATE TABLE accuracy (weights TEXT NOT NULL, data TEXT NOT NULL, part TEXT NOT NULL, top1,"
	" PRIMARY KEY (weights, data, part)) WITHOUT ROWID;",
	"CREATE TABLE claim (sweep TEXT NOT NULL, says TEXT NOT NULL, seen TEXT NOT NULL, PRIMARY KEY (sweep, says)) WITHOUT ROWID;",
};
enum { VERSION = sizeof schema / sizeof *schema };

/* Columns of doubles have no type: SQLite then keeps them as they are. */
static const char *const queries[QUERY_COUNT] = {
	[Q_RUN_CLAIM] =
		"UPDATE OR IGNORE run SET folder=?1 WHERE folder LIKE '/%' AND substr(folder, -length(?1)-1) = '/' || ?1",
	[Q_RUN_BEGIN] =
		"INSERT INTO run (name, folder, config, identity, program, machine, device, precision, threads,"
		" state, begun) VALUES (?,?,?,?,?,?,?,?,?,'running',datetime('now'))"
		" ON CONFLICT (folder) DO UPDATE SET name=excluded.name, config=excluded.config,"
		" identity=excluded.identity, program=excluded.program, machine=excluded.machine,"
		" device=excluded.device, precision=excluded.precision, threads=excluded.threads,"
		" state='running' RETURNING id",
	[Q_RUN_END] =
		"UPDATE run SET state=?2, seconds=?3 WHERE id=?1",
	[Q_STAGE_FORGET] =
		"DELETE FROM metric WHERE stage IN"
		" (SELECT id FROM stage WHERE run=? AND name=? AND identity IS NOT ?)",
	[Q_STAGE_BEGIN] =
		"INSERT INTO stage (run, name, kind, identity, state, begun)"
		" VALUES (?,?,?,?,'running',datetime('now'))"
		" ON CONFLICT (run, name) DO UPDATE SET kind=excluded.kind, identity=excluded.identity,"
		" state='running' RETURNING id",
	[Q_STAGE_END] =
		"UPDATE stage SET state=?2, seconds=?3 WHERE id=?1",
	[Q_STAGE_DONE] =
		"SELECT id FROM stage WHERE identity=? AND state='done' ORDER BY id DESC LIMIT 1",
	[Q_STAGE_BEGUN] =
		"SELECT min(begun) FROM stage WHERE identity=?",
	[Q_METRIC] =
		"INSERT OR REPLACE INTO metric (stage, name, epoch, step, value) VALUES (?,?,?,?,?)",
	[Q_TRIM] =
		"DELETE FROM metric WHERE stage=? AND epoch>?",
	[Q_METRICS] =
		"SELECT name, epoch, value FROM metric WHERE stage=? ORDER BY epoch, name",
	[Q_LAST] =
		"SELECT value FROM metric WHERE stage=? AND name=? ORDER BY epoch DESC LIMIT 1",
	[Q_MOST] =
		"SELECT max(value) FROM metric WHERE stage=? AND name=?",
	[Q_ARTEFACT_PUT] =
		"INSERT OR REPLACE INTO artefact (stage, identity, name, path, sha256, bytes)"
		" VALUES (?,?,?,?,?,?)",
	[Q_ARTEFACT_GET] =
		"SELECT path, sha256, bytes FROM artefact WHERE identity=? AND name=?",
	[Q_ARTEFACT_DROP] =
		"DELETE FROM artefact WHERE identity=? AND name=? AND sha256=?",
	[Q_ACCURACY_PUT] =
		"INSERT OR REPLACE INTO accuracy (weights, data, part, top1) VALUES (?,?,?,?)",
	[Q_ACCURACY_GET] =
		"SELECT top1 FROM accuracy WHERE weights=? AND data=? AND part=?",
	[Q_CLAIM_PUT] =
		"INSERT OR IGNORE INTO claim (sweep, says, seen) VALUES (?,?,?)",
	[Q_CLAIMS] =
		"SELECT says, seen FROM claim WHERE sweep=? ORDER BY seen, says",
	[Q_RUNS] =
		"SELECT id, folder, name, config, identity, program, machine, device, precision, threads, state, begun,"
		" seconds FROM run WHERE ?1=0 OR id=?1 ORDER BY id",
	[Q_STAGES] =
		"SELECT id, run, name, kind, identity, state, begun, seconds FROM stage WHERE ?1=0 OR run=?1 ORDER BY id",
	[Q_RUN_OF_STAGE] =
		"SELECT run, name FROM stage WHERE id=?",
	[Q_RUN_RESTORE] =
		"UPDATE run SET state=?2, begun=?3, seconds=?4 WHERE id=?1",
	[Q_STAGE_RESTORE] =
		"UPDATE stage SET state=?2, begun=?3, seconds=?4 WHERE id=?1",
	[Q_DROP_METRICS] =
		"DELETE FROM metric WHERE stage IN (SELECT id FROM stage WHERE run=?)",
	[Q_DROP_ARTEFACTS] =
		"DELETE FROM artefact WHERE stage IN (SELECT id FROM stage WHERE run=?)",
	[Q_DROP_STAGES] =
		"DELETE FROM stage WHERE run=?",
	[Q_DROP_RUN] =
		"DELETE FROM run WHERE id=?",
	[Q_BEGIN] =
		"BEGIN IMMEDIATE",
	[Q_COMMIT] =
		"COMMIT",
	[Q_ROLLBACK] =
		"ROLLBACK",
};

enum status store_fail(struct store *s, struct err *e)
{
	const int code = s->db ? sqlite3_errcode(s->db) & 0xff : SQLITE_NOMEM;
	if (code == SQLITE_NOMEM)
		return err_nomem(e, "store '%s': too little memory", s->path);
	if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT)
		return err_env(e, "store '%s' is damaged (%s): 'limbeck runs --rebuild' moves it away and makes it again from the run folders",
		               s->path, sqlite3_errmsg(s->db));
	if (code == SQLITE_BUSY)
		return err_env(e, "store '%s': %s (another process held it for %d s)", s->path, sqlite3_errmsg(s->db),
		               WAIT_MS / 1000);
	return err_env(e, "store '%s': %s", s->path, sqlite3_errmsg(s->db));
}

static enum status exec(struct store *s, const char *sql, struct err *e)
{
	return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? OK : store_fail(s, e);
}

/* The first number that sql gives. */
static enum status ask(struct store *s, const char *sql, int *out, struct err *e)
{
	sqlite3_stmt *st = NULL;
	bool row = false;
	enum status status = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL) == SQLITE_OK ? OK : store_fail(s, e);
	if (status == OK)
		status = store_step(s, st, &row, e);
	*out = row ? sqlite3_column_int(st, 0) : 0;
	sqlite3_finalize(st);
	return status;
}

/* Within a transaction, so that of two processes one makes the tables and the other finds them. */
static enum status migrate(struct store *s, struct err *e)
{
	int version, application, tables;
	enum status st = ask(s, "PRAGMA user_version", &version, e);
	if (st == OK)
		st = ask(s, "PRAGMA application_id", &application, e);
	if (st == OK)
		st = ask(s, "SELECT count(*) FROM sqlite_master", &tables, e);
	if (st != OK)
		return st;
	if (application != APPLICATION && (application || version || tables))
		return err_user(e, (struct where){0}, "store '%s' is a database of another program", s->path);
	if (version < 0 || version > VERSION)
		return err_user(e, (struct where){0},
		                "store '%s' has schema %d, this program knows up to %d: use a newer one", s->path,
		                version, VERSION);
	if (version == VERSION)
		return OK;
	for (int v = version; v < VERSION && st == OK; v++)
		st = exec(s, schema[v], e);
	char mark[80];
	sqlite3_snprintf(sizeof mark, mark, "PRAGMA application_id=%d; PRAGMA user_version=%d", APPLICATION,
	                 VERSION);
	return st == OK ? exec(s, mark, e) : st;
}

/* Changing the kind of log needs the file alone, and SQLite does not always wait for that by itself. */
static enum status use_wal(struct store *s, struct err *e)
{
	const double end = time_now() + WAIT_MS / 1000.0;
	int code;
	while ((code = sqlite3_exec(s->db, "PRAGMA journal_mode=WAL", NULL, NULL, NULL)) == SQLITE_BUSY &&
	       time_now() < end)
		sqlite3_sleep(RETRY_MS);
	return code == SQLITE_OK ? exec(s, "PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON", e)
	                         : store_fail(s, e);
}

static enum status prepare_file(struct store *s, struct err *e)
{
	sqlite3_busy_timeout(s->db, WAIT_MS);
	enum status st = use_wal(s, e);
	if (st == OK)
		st = exec(s, queries[Q_BEGIN], e);
	if (st != OK)
		return st;
	st = migrate(s, e);
	if (st == OK)
		return exec(s, queries[Q_COMMIT], e);
	exec(s, queries[Q_ROLLBACK], NULL);
	return st;
}

static char *text_new(const char *text, size_t n)
{
	char *s = mem_resize(NULL, n + 1);
	memcpy(s, text, n);
	s[n] = 0;
	return s;
}

/* The absolute name of the folder that the file is in. */
static enum status find_folder(struct store *s, struct err *e)
{
	char real[PATH_MAX];
	const char *slash = strrchr(s->path, '/');
	const size_t n = !slash ? 1 : slash == s->path ? 1 : (size_t)(slash - s->path);
	char *dir = text_new(slash ? s->path : ".", n);
	enum status st = OK;
	if (realpath(dir, real))
		s->folder = text_new(real, strlen(real));
	else
		st = err_env(e, "store '%s': folder '%s': %s", s->path, dir, strerror(errno));
	mem_free(dir);
	return st;
}

enum status store_open(const char *path, struct store **out, struct err *e)
{
	struct store *s = mem_resize(NULL, sizeof *s);
	*out = NULL;
	*s = (struct store){.path = text_new(path, strlen(path))};
	enum status st = find_folder(s, e);
	if (st == OK &&
	    sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) != SQLITE_OK)
		st = store_fail(s, e);
	if (st == OK)
		st = prepare_file(s, e);
	if (st == OK)
		*out = s;
	else
		store_close(s);
	return st;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	for (int q = 0; q < QUERY_COUNT; q++)
		sqlite3_finalize(s->statement[q]);
	sqlite3_close(s->db); /* rolls back what was not committed */
	mem_free(s->path);
	mem_free(s->folder);
	mem_free(s);
}

const char *store_within(const struct store *s, const char *real)
{
	const size_t n = strlen(s->folder);
	return str_starts(real, s->folder) && real[n] == '/' ? real + n + 1 : real;
}

static int bind_one(sqlite3_stmt *st, int at, char type, va_list *ap)
{
	switch (type) {
	case 't':
		return sqlite3_bind_text(st, at, va_arg(*ap, const char *), -1, SQLITE_TRANSIENT);
	case 'i':
		return sqlite3_bind_int(st, at, va_arg(*ap, int));
	case 'l':
		return sqlite3_bind_int64(st, at, va_arg(*ap, int64_t));
	case 'd': {
		const double x = va_arg(*ap, double);
		return isnan(x) ? sqlite3_bind_null(st, at) : sqlite3_bind_double(st, at, x);
	}
	default:
		BUG("no type '%c'", type);
	}
}

enum status store_bind(struct store *s, enum query q, sqlite3_stmt **out, struct err *e, const char *types,
                       ...)
{
	*out = NULL;
	if (!s->statement[q] && sqlite3_prepare_v3(s->db, queries[q], -1, SQLITE_PREPARE_PERSISTENT,
	                                           &s->statement[q], NULL) != SQLITE_OK)
		return store_fail(s, e);
	int code = SQLITE_OK;
	va_list ap;
	va_start(ap, types);
	for (int i = 0; types[i] && code == SQLITE_OK; i++)
		code = bind_one(s->statement[q], i + 1, types[i], &ap);
	va_end(ap);
	*out = s->statement[q];
	return code == SQLITE_OK ? OK : store_fail(s, e);
}

enum status store_step(struct store *s, sqlite3_stmt *st, bool *row, struct err *e)
{
	const int code = sqlite3_step(st);
	*row = code == SQLITE_ROW;
	if (*row)
		return OK;
	const enum status status = code == SQLITE_DONE ? OK : store_fail(s, e);
	store_reset(st);
	return status;
}

void store_reset(sqlite3_stmt *st)
{
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
}

enum status store_finish(struct store *s, sqlite3_stmt *st, int64_t *id, struct err *e)
{
	bool row = true;
	enum status status = OK;
	while (row && status == OK) {
		status = store_step(s, st, &row, e);
		if (row && id)
			*id = sqlite3_column_int64(st, 0);
	}
	return status;
}

double store_real(sqlite3_stmt *st, int column)
{
	return sqlite3_column_type(st, column) == SQLITE_NULL ? NAN : sqlite3_column_double(st, column);
}
