/* The store's questions that list: runs, stages, claims. */
#include <string.h>

#include "base/file.h"
#include "runs/store_int.h"

static const char *text(struct arena *a, sqlite3_stmt *st, int column)
{
	const char *t = (const char *)sqlite3_column_text(st, column);
	return t ? arena_str(a, t) : "";
}

/* A row's folder as it is now: all of a store's folder may have been moved or copied since an absolute name was written. */
static const char *folder_now(const struct store *s, struct arena *a, const char *folder)
{
	const char *slash = strrchr(folder, '/');
	if (slash && *folder == '/' && slash[1]) {
		const char *beside = path_join(a, s->folder, slash + 1);
		if (file_exists(path_join(a, beside, "config.yaml")))
			return beside;
	}
	return path_join(a, s->folder, folder);
}

static void read_run(struct store *s, struct arena *a, sqlite3_stmt *st, void *row)
{
	*(struct store_run_row *)row = (struct store_run_row){
		.id = sqlite3_column_int64(st, 0), .folder = folder_now(s, a, text(a, st, 1)), .name = text(a, st, 2),
		.config = text(a, st, 3), .identity = text(a, st, 4), .program = text(a, st, 5), .machine = text(a, st, 6),
		.device = text(a, st, 7), .precision = text(a, st, 8), .threads = sqlite3_column_int(st, 9),
		.state = text(a, st, 10), .begun = text(a, st, 11), .seconds = store_real(st, 12),
	};
}

static void read_stage(struct store *s, struct arena *a, sqlite3_stmt *st, void *row)
{
	(void)s;
	*(struct store_stage_row *)row = (struct store_stage_row){
		.id = sqlite3_column_int64(st, 0), .run = sqlite3_column_int64(st, 1), .name = text(a, st, 2), .kind = text(a, st, 3),
		.identity = text(a, st, 4), .state = text(a, st, 5), .begun = text(a, st, 6), .seconds = store_real(st, 7),
	};
}

/* All rows of a bound statement, each of so many bytes, in the arena. */
static enum status list(struct store *s, struct arena *a, sqlite3_stmt *st, size_t size,
                        void (*read)(struct store *, struct arena *, sqlite3_stmt *, void *), void **rows, int *n, struct err *e)
{
	void *all = NULL;
	int cap = 0;
	bool row = true;
	enum status status = OK;
	*n = 0;
	while ((status = store_step(s, st, &row, e)) == OK && row) {
		mem_grow(&all, *n, &cap, size);
		read(s, a, st, (char *)all + (size_t)(*n)++ * size);
	}
	*rows = arena_array(a, (size_t)*n, size);
	if (*n)
		memcpy(*rows, all, (size_t)*n * size);
	mem_free(all);
	return status;
}

/* run 0: all. */
static enum status list_runs(struct store *s, struct arena *a, int64_t run, struct store_run_row **r, int *n, struct err *e)
{
	sqlite3_stmt *st;
	void *rows = NULL;
	*n = 0;
	enum status status = store_bind(s, Q_RUNS, &st, e, "l", run);
	if (status == OK)
		status = list(s, a, st, sizeof **r, read_run, &rows, n, e);
	*r = rows;
	return status;
}

enum status store_runs(struct store *s, struct arena *a, struct store_run_row **r, int *n, struct err *e)
{
	return list_runs(s, a, 0, r, n, e);
}

enum status store_run(struct store *s, struct arena *a, int64_t run, struct store_run_row *r, struct err *e)
{
	struct store_run_row *rows = NULL;
	int n = 0;
	const enum status status = list_runs(s, a, run, &rows, &n, e);
	if (status == OK && n != 1)
		return err_env(e, "store '%s' has no run %lld any more", s->path, (long long)run);
	if (status == OK)
		*r = rows[0];
	return status;
}

enum status store_stages(struct store *s, struct arena *a, int64_t run, struct store_stage_row **r, int *n, struct err *e)
{
	sqlite3_stmt *st;
	void *rows = NULL;
	*n = 0;
	enum status status = store_bind(s, Q_STAGES, &st, e, "l", run);
	if (status == OK)
		status = list(s, a, st, sizeof **r, read_stage, &rows, n, e);
	*r = rows;
	return status;
}

static void read_name(struct store *s, struct arena *a, sqlite3_stmt *st, void *row)
{
	(void)s;
	*(const char **)row = text(a, st, 0);
}

enum status store_metric_names(struct store *s, struct arena *a, const char ***name, int *n, struct err *e)
{
	sqlite3_stmt *st;
	void *rows = NULL;
	*n = 0;
	enum status status = store_bind(s, Q_METRIC_NAMES, &st, e, "");
	if (status == OK)
		status = list(s, a, st, sizeof **name, read_name, &rows, n, e);
	*name = rows;
	return status;
}

static void read_claim(struct store *s, struct arena *a, sqlite3_stmt *st, void *row)
{
	(void)s;
	*(struct store_claim *)row = (struct store_claim){.says = text(a, st, 0), .seen = text(a, st, 1)};
}

enum status store_claims(struct store *s, struct arena *a, const char *sweep, struct store_claim **c, int *n, struct err *e)
{
	sqlite3_stmt *st;
	void *rows = NULL;
	*n = 0;
	*c = NULL;
	if (s->version < 2) /* of a time when claims had no date */
		return OK;
	enum status status = store_bind(s, Q_CLAIMS, &st, e, "t", sweep);
	if (status == OK)
		status = list(s, a, st, sizeof **c, read_claim, &rows, n, e);
	*c = rows;
	return status;
}

enum status store_stage_begun(struct store *s, struct arena *a, const char *identity, const char **begun, struct err *e)
{
	sqlite3_stmt *st;
	bool row = false;
	*begun = NULL;
	enum status status = store_bind(s, s->version < 3 ? Q_STAGE_BEGUN_HAD : Q_STAGE_BEGUN, &st, e, "t", identity);
	if (status == OK)
		status = store_step(s, st, &row, e);
	if (!row)
		return status;
	if (sqlite3_column_type(st, 0) != SQLITE_NULL) /* the least of none is a row too */
		*begun = text(a, st, 0);
	store_reset(st);
	return status;
}

enum status store_run_of_stage(struct store *s, struct arena *a, int64_t stage, struct store_run_row *r, const char **name, struct err *e)
{
	sqlite3_stmt *st;
	bool row = false;
	int64_t run = 0;
	enum status status = store_bind(s, Q_RUN_OF_STAGE, &st, e, "l", stage);
	if (status == OK)
		status = store_step(s, st, &row, e);
	if (row) {
		run = sqlite3_column_int64(st, 0);
		*name = text(a, st, 1);
		store_reset(st);
	}
	if (status == OK && !row)
		return err_env(e, "store '%s' has no stage %lld any more", s->path, (long long)stage);
	return status == OK ? store_run(s, a, run, r, e) : status;
}
