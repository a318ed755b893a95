#include "runs/store.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "base/str.h"
#include "runs/store_int.h"

/* Columns of doubles have no type: SQLite then keeps them as they are. */
/* Of a run that is begun again: who trained what it has is not whoever looks at it now. Of a store that was made again without run.json nobody knows. */
#define HAS_DONE "run.program<>'' AND EXISTS (SELECT 1 FROM stage WHERE stage.run=run.id AND stage.state='done')"
#define KEPT(column) column "=CASE WHEN " HAS_DONE " THEN run." column " ELSE excluded." column " END"

/* To the millisecond: a claim and the first run after it are often of one second. What is older has whole seconds, and sorts all the same. */
#define NOW "strftime('%Y-%m-%d %H:%M:%f','now')"

static const char *const queries[QUERY_COUNT] = {
	[Q_RUN_CLAIM] =
		"UPDATE OR IGNORE run SET folder=?1 WHERE folder LIKE '/%' AND substr(folder, -length(?1)-1) = '/' || ?1",
	[Q_RUN_BEGIN] =
		"INSERT INTO run (name, folder, config, identity, program, machine, device, precision, threads,"
		" state, begun) VALUES (?,?,?,?,?,?,?,?,?,'running'," NOW ")"
		" ON CONFLICT (folder) DO UPDATE SET name=excluded.name, config=excluded.config,"
		" identity=excluded.identity, " KEPT("program") ", " KEPT("machine") ", " KEPT("device") ", " KEPT("precision") ", " KEPT("threads") ","
		" state='running' RETURNING id",
	[Q_RUN_TRAINED] =
		"UPDATE run SET machine=?3, device=?4, precision=?5, threads=?6,"
		" program=CASE WHEN instr(program, ?2) > 0 THEN program WHEN " HAS_DONE " THEN program || ' and ' || ?2 ELSE ?2 END WHERE id=?1",
	[Q_RUN_END] =
		"UPDATE run SET state=?2, seconds=?3 WHERE id=?1",
	[Q_STAGE_FORGET] =
		"DELETE FROM metric WHERE stage IN"
		" (SELECT id FROM stage WHERE run=? AND name=? AND identity IS NOT ?)",
	[Q_STAGE_BEGIN] =
		"INSERT INTO stage (run, name, kind, identity, state, begun)"
		" VALUES (?,?,?,?,'running'," NOW ")"
		" ON CONFLICT (run, name) DO UPDATE SET kind=excluded.kind, identity=excluded.identity,"
		" state='running' RETURNING id",
	[Q_STAGE_END] =
		"UPDATE stage SET state=?2, seconds=?3 WHERE id=?1",
	[Q_STAGE_DONE] =
		"SELECT id FROM stage WHERE identity=? AND state='done' ORDER BY id DESC LIMIT 1",
	[Q_STAGE_BEGUN] =
		"SELECT min(begun) FROM (SELECT begun FROM stage WHERE identity=?1 UNION ALL SELECT begun FROM begun WHERE identity=?1)",
	[Q_STAGE_BEGUN_HAD] = /* of a time when nothing was known of what is gone */
		"SELECT min(begun) FROM stage WHERE identity=?",
	[Q_BEGUN_PUT] =
		"INSERT INTO begun (identity, begun) VALUES (?,?) ON CONFLICT (identity) DO UPDATE SET begun=min(begun, excluded.begun)",
	[Q_BEGUN_KEEP] =
		"INSERT INTO begun (identity, begun) SELECT identity, min(begun) FROM stage WHERE run=? AND identity IS NOT NULL GROUP BY identity"
		" ON CONFLICT (identity) DO UPDATE SET begun=min(begun, excluded.begun)",
	[Q_METRIC] =
		"INSERT OR REPLACE INTO metric (stage, name, epoch, step, value) VALUES (?,?,?,?,?)",
	[Q_TRIM] =
		"DELETE FROM metric WHERE stage=? AND epoch>?",
	[Q_METRICS] =
		"SELECT name, epoch, value FROM metric WHERE stage=? ORDER BY epoch, name",
	[Q_METRIC_NAMES] =
		"SELECT DISTINCT name FROM metric ORDER BY name",
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
		return store_fail_busy(s, e);
	return err_env(e, "store '%s': %s", s->path, sqlite3_errmsg(s->db));
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
