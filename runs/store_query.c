/* The store's questions, and the artefacts, whose answers are checked against the files. */
#include "runs/store.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "runs/origin.h"
#include "runs/store_int.h"

/* Bytes of a regular file, -1 if there is none. */
static int64_t file_size(const char *path)
{
	struct stat info;
	return stat(path, &info) == 0 && S_ISREG(info.st_mode) ? (int64_t)info.st_size : -1;
}

enum status store_artefact_put(struct store *s, int64_t stage, const char *identity, const char *name,
                               const char *path, struct err *e)
{
	char real[PATH_MAX], hex[65];
	if (!realpath(path, real))
		return err_env(e, "artefact '%s': %s", path, strerror(errno));
	enum status status = origin_file_hash(real, hex, e);
	sqlite3_stmt *st;
	if (status == OK)
		status = store_bind(s, Q_ARTEFACT_PUT, &st, e, "lttttl", stage, identity, name, store_within(s, real), hex,
		                    file_size(real));
	return status == OK ? store_finish(s, st, NULL, e) : status;
}

static bool unchanged(const char *path, const char *hex, int64_t bytes)
{
	char now[65];
	return file_size(path) == bytes && origin_file_hash(path, now, NULL) == OK && str_eq(now, hex);
}

enum status store_artefact_get(struct store *s, struct arena *a, const char *identity, const char *name,
                               const char **path, bool *found, struct err *e)
{
	sqlite3_stmt *st;
	bool row = false;
	*found = false;
	*path = NULL;
	enum status status = store_bind(s, Q_ARTEFACT_GET, &st, e, "tt", identity, name);
	if (status == OK)
		status = store_step(s, st, &row, e);
	if (!row)
		return status;
	const char *at = path_join(a, s->folder, (const char *)sqlite3_column_text(st, 0));
	const char *hex = arena_str(a, (const char *)sqlite3_column_text(st, 1));
	const int64_t bytes = sqlite3_column_int64(st, 2);
	store_reset(st);
	if (unchanged(at, hex, bytes)) {
		*path = at;
		*found = true;
		return OK;
	}
	log_line(LOG_INFO, "artefact '%s' %s%s", at, file_exists(at) ? "has changed" : "is gone", s->read_only ? "" : ": it is made again");
	if (s->read_only)
		return OK;
	/* by its hash: another process may have put a new one in the meantime */
	status = store_bind(s, Q_ARTEFACT_DROP, &st, e, "ttt", identity, name, hex);
	return status == OK ? store_finish(s, st, NULL, e) : status;
}

enum status store_stage_done(struct store *s, const char *identity, int64_t *stage, bool *found,
                             struct err *e)
{
	sqlite3_stmt *st;
	*found = false;
	enum status status = store_bind(s, Q_STAGE_DONE, &st, e, "t", identity);
	if (status == OK)
		status = store_step(s, st, found, e);
	if (*found) {
		*stage = sqlite3_column_int64(st, 0);
		store_reset(st);
	}
	return status;
}

enum status store_metrics(struct store *s, struct arena *a, int64_t stage, struct store_value **v, int *n,
                          struct err *e)
{
	sqlite3_stmt *st;
	void *rows = NULL;
	int cap = 0;
	bool row = true;
	*n = 0;
	*v = NULL;
	enum status status = store_bind(s, Q_METRICS, &st, e, "l", stage);
	while (status == OK) {
		status = store_step(s, st, &row, e);
		if (status != OK || !row)
			break;
		mem_grow(&rows, *n, &cap, sizeof **v);
		((struct store_value *)rows)[(*n)++] = (struct store_value){
			arena_str(a, (const char *)sqlite3_column_text(st, 0)),
			sqlite3_column_int(st, 1),
			store_real(st, 2),
		};
	}
	*v = NEW_ARRAY(a, struct store_value, *n);
	if (*n)
		memcpy(*v, rows, (size_t)*n * sizeof **v);
	mem_free(rows);
	return status;
}

/* The first column of the first row as a double; *found false and NaN when there is none. */
static enum status one_real(struct store *s, sqlite3_stmt *st, double *value, bool *found, struct err *e)
{
	*value = NAN;
	const enum status status = store_step(s, st, found, e);
	if (*found) {
		*value = store_real(st, 0);
		store_reset(st);
	}
	return status;
}

static enum status of_metric(struct store *s, enum query q, int64_t stage, const char *name, double *value, struct err *e)
{
	sqlite3_stmt *st;
	bool found;
	*value = NAN;
	const enum status status = store_bind(s, q, &st, e, "lt", stage, name);
	return status == OK ? one_real(s, st, value, &found, e) : status;
}

enum status store_last(struct store *s, int64_t stage, const char *name, double *value, struct err *e)
{
	return of_metric(s, Q_LAST, stage, name, value, e);
}

enum status store_most(struct store *s, int64_t stage, const char *name, double *value, struct err *e)
{
	return of_metric(s, Q_MOST, stage, name, value, e);
}

enum status store_accuracy_get(struct store *s, const char *weights, const char *data, const char *part,
                               double *top1, bool *found, struct err *e)
{
	sqlite3_stmt *st;
	*found = false;
	*top1 = NAN;
	const enum status status = store_bind(s, Q_ACCURACY_GET, &st, e, "ttt", weights, data, part);
	return status == OK ? one_real(s, st, top1, found, e) : status;
}
