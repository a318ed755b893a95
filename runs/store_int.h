/* Private to runs: the store's statements. */
#ifndef RUNS_STORE_INT_H
#define RUNS_STORE_INT_H

#include <sqlite3.h>

#include "runs/store.h"

enum query {
	Q_RUN_CLAIM, Q_RUN_BEGIN, Q_RUN_TRAINED, Q_RUN_END,
	Q_STAGE_FORGET, Q_STAGE_BEGIN, Q_STAGE_END, Q_STAGE_DONE, Q_STAGE_BEGUN, Q_STAGE_BEGUN_HAD,
	Q_METRIC, Q_TRIM, Q_METRICS, Q_METRIC_NAMES, Q_LAST, Q_MOST,
	Q_ARTEFACT_PUT, Q_ARTEFACT_GET, Q_ARTEFACT_DROP,
	Q_ACCURACY_PUT, Q_ACCURACY_GET, Q_CLAIM_PUT, Q_CLAIMS, Q_BEGUN_PUT, Q_BEGUN_KEEP,
	Q_RUNS, Q_STAGES, Q_RUN_OF_STAGE, Q_RUN_RESTORE, Q_STAGE_RESTORE,
	Q_DROP_METRICS, Q_DROP_ARTEFACTS, Q_DROP_STAGES, Q_DROP_RUN,
	Q_BEGIN, Q_COMMIT, Q_ROLLBACK,
	QUERY_COUNT
};

struct store {
	sqlite3 *db;
	int version;         /* of the schema: an older one where the store is read only */
	bool read_only;
	double wait;         /* seconds, for another process that holds it */
	double wait_begun, wait_said, waited; /* now, or the last time: since when, when it was told, how long */
	char *path, *folder; /* folder: of the file, absolute; paths of artefacts are kept relative to it */
	sqlite3_stmt *statement[QUERY_COUNT]; /* prepared when first used */
};

/* What is below the store's folder keeps its name when all of it is moved: the part behind the folder, or the path itself. */
const char *store_within(const struct store *s, const char *real);
/* The error that SQLite just gave, with the file's name. */
enum status store_fail(struct store *s, struct err *e);
/* LIMBECK_STORE_WAIT, or the default. */
enum status store_read_wait(double *seconds, struct err *e);
/* SQLite's busy handler, own the store: waits a little; 0: long enough. A process that has given up does not wait for the next
   minute, for any store. */
int store_busy(void *own, int times);
enum status store_fail_busy(const struct store *s, struct err *e); /* what to do then */
/* Binds one value per letter of types: t text (NULL allowed), i int, l int64_t, d double (NaN is kept as NULL). */
enum status store_bind(struct store *s, enum query q, sqlite3_stmt **st, struct err *e, const char *types,
                       ...);
/* *row: there is one more; after the last, or an error, the statement is reset and holds no lock. */
enum status store_step(struct store *s, sqlite3_stmt *st, bool *row, struct err *e);
/* For who needs no further row. */
void store_reset(sqlite3_stmt *st);
/* Runs a bound statement to its end; *id: the last row's first column, if not NULL. */
enum status store_finish(struct store *s, sqlite3_stmt *st, int64_t *id, struct err *e);
/* The end of a transaction that failed. */
enum status store_rollback(struct store *s);
/* A column as store_bind put it. */
double store_real(sqlite3_stmt *st, int column);

#endif
