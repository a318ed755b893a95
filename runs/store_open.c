/* Opening the store: its tables, older ones, and what may only be read. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "runs/store_int.h"

enum { APPLICATION = 0x4c696d62 /* "Limb" */ };

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
	"CREATE TABLE begun (identity TEXT PRIMARY KEY, begun TEXT NOT NULL) WITHOUT ROWID;",
};
enum { VERSION = sizeof schema / sizeof *schema };

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

/* Whether it is one of ours, of a schema that is known here; an empty one may become one. */
static enum status check_schema(struct store *s, struct err *e)
{
	int application, tables;
	enum status st = ask(s, "PRAGMA user_version", &s->version, e);
	if (st == OK)
		st = ask(s, "PRAGMA application_id", &application, e);
	if (st == OK)
		st = ask(s, "SELECT count(*) FROM sqlite_master", &tables, e);
	if (st != OK)
		return st;
	if (application != APPLICATION && (application || s->version || tables || s->read_only))
		return err_user(e, (struct where){0}, "store '%s' is a database of another program", s->path);
	if (s->version < 0 || s->version > VERSION)
		return err_user(e, (struct where){0},
		                "store '%s' has schema %d, this program knows up to %d: use a newer one", s->path,
		                s->version, VERSION);
	return OK;
}

/* Within a transaction, so that of two processes one makes the tables and the other finds them. */
static enum status migrate(struct store *s, struct err *e)
{
	enum status st = check_schema(s, e);
	if (st != OK || s->version == VERSION)
		return st;
	for (; s->version < VERSION && st == OK; s->version++)
		st = exec(s, schema[s->version], e);
	char mark[80];
	sqlite3_snprintf(sizeof mark, mark, "PRAGMA application_id=%d; PRAGMA user_version=%d", APPLICATION,
	                 VERSION);
	return st == OK ? exec(s, mark, e) : st;
}

/* Changing the kind of log needs the file alone, and SQLite does not always wait for that by itself. */
static enum status use_wal(struct store *s, struct err *e)
{
	int code, times = 0;
	do {
		code = sqlite3_exec(s->db, "PRAGMA journal_mode=WAL", NULL, NULL, NULL);
	} while (code == SQLITE_BUSY && store_busy(s, times++));
	return code == SQLITE_OK ? exec(s, "PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON", e)
	                         : store_fail(s, e);
}

static enum status prepare_file(struct store *s, struct err *e)
{
	sqlite3_busy_handler(s->db, store_busy, s);
	struct err late = {0};
	enum status st = use_wal(s, e);
	/* Who only reads waits for no writer. What is wrong here may be half of what another process makes at this moment: the lock will tell. */
	if (st != OK || (check_schema(s, &late) == OK && s->version == VERSION))
		return st;
	st = exec(s, "BEGIN IMMEDIATE", e);
	if (st != OK)
		return st;
	st = migrate(s, e);
	if (st == OK)
		return exec(s, "COMMIT", e);
	exec(s, "ROLLBACK", NULL);
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

static enum status open_file(struct store *s, struct err *e)
{
	if (sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) != SQLITE_OK)
		return store_fail(s, e);
	return prepare_file(s, e);
}

/* ---- to be read ---- */

static bool may_write(const char *path)
{
	return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0 || errno == ENOENT;
}

/* A log that no process has open can't be read where nothing may be written. */
static void warn_of_log(const struct store *s)
{
	struct str log = {0};
	struct stat info;
	str_printf(&log, "%s-wal", s->path);
	if (stat(log.text, &info) == 0 && info.st_size > 0)
		log_line(LOG_WARN, "'%s' has rows that were written last and can't be read here: copy the folder to a place that can be written to", log.text);
	str_release(&log);
}

/* For SQLite: "file:PATH?immutable=1", its special letters written as numbers. */
static char *immutable_name(const char *path)
{
	struct str s = {0};
	str_add(&s, "file:");
	for (const char *c = path; *c; c++)
		str_printf(&s, strchr("%?#", *c) ? "%%%02x" : "%c", (unsigned char)*c);
	str_add(&s, "?immutable=1");
	return s.text;
}

/* Live, if the log of a writer is there to be shared. Else nobody writes, and SQLite is told so: it would want to make files beside it. */
static enum status open_to_read(struct store *s, struct err *e)
{
	s->read_only = true;
	int code = sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_READONLY, NULL);
	if (code == SQLITE_OK) {
		sqlite3_busy_handler(s->db, store_busy, s);
		code = sqlite3_exec(s->db, "SELECT count(*) FROM sqlite_master", NULL, NULL, NULL);
	}
	if (code == SQLITE_CANTOPEN || code == SQLITE_READONLY) {
		char *name = immutable_name(s->path);
		sqlite3_close(s->db);
		warn_of_log(s);
		code = sqlite3_open_v2(name, &s->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
		mem_free(name);
	}
	return code == SQLITE_OK ? check_schema(s, e) : store_fail(s, e);
}

enum status store_open(const char *path, struct store **out, struct err *e)
{
	struct store *s = mem_resize(NULL, sizeof *s);
	*out = NULL;
	*s = (struct store){.path = text_new(path, strlen(path))};
	enum status st = store_read_wait(&s->wait, e);
	if (st == OK)
		st = find_folder(s, e);
	if (st == OK)
		st = may_write(s->path) && may_write(s->folder) ? open_file(s, e) : open_to_read(s, e);
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
