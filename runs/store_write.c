/* The store's records of runs, stages and metrics. */
#include "runs/store.h"

#include "runs/store_int.h"

enum status store_begin(struct store *s, struct err *e)
{
	sqlite3_stmt *st;
	const enum status status = store_bind(s, Q_BEGIN, &st, e, "");
	return status == OK ? store_finish(s, st, NULL, e) : status;
}

enum status store_commit(struct store *s, struct err *e)
{
	sqlite3_stmt *st;
	if (sqlite3_get_autocommit(s->db)) /* SQLite ends a transaction itself after some errors, as of a full disk */
		return err_env(e, "store '%s': an error before has taken the last rows back", s->path);
	enum status status = store_bind(s, Q_COMMIT, &st, e, "");
	if (status == OK)
		status = store_finish(s, st, NULL, e);
	/* a commit that failed leaves the transaction open */
	if (status != OK && !sqlite3_get_autocommit(s->db) && store_bind(s, Q_ROLLBACK, &st, NULL, "") == OK)
		store_finish(s, st, NULL, NULL);
	return status;
}

enum status store_rollback(struct store *s)
{
	sqlite3_stmt *st;
	const enum status status = store_bind(s, Q_ROLLBACK, &st, NULL, "");
	return status == OK ? store_finish(s, st, NULL, NULL) : status;
}

enum status store_run_begin(struct store *s, const struct store_run *r, int64_t *run, struct err *e)
{
	sqlite3_stmt *st;
	const char *folder = store_within(s, r->folder);
	/* earlier versions wrote absolute names, which a folder that was moved no longer has */
	enum status status = store_bind(s, Q_RUN_CLAIM, &st, e, "t", folder);
	if (status == OK)
		status = store_finish(s, st, NULL, e);
	if (status == OK)
		status = store_bind(s, Q_RUN_BEGIN, &st, e, "tttttttti", r->name, folder, r->config, r->identity,
		                    r->program, r->machine, r->device, r->precision, r->threads);
	return status == OK ? store_finish(s, st, run, e) : status;
}

enum status store_run_trained(struct store *s, int64_t run, const struct store_run *r, struct err *e)
{
	sqlite3_stmt *st;
	const enum status status = store_bind(s, Q_RUN_TRAINED, &st, e, "ltttti", run, r->program, r->machine, r->device, r->precision, r->threads);
	return status == OK ? store_finish(s, st, NULL, e) : status;
}

enum status store_run_end(struct store *s, int64_t run, const char *state, double seconds, struct err *e)
{
	sqlite3_stmt *st;
	const enum status status = store_bind(s, Q_RUN_END, &st, e, "ltd", run, state, seconds);
	return status == OK ? store_finish(s, st, NULL, e) : status;
}

enum status store_stage_begin(struct store *s, int64_t run, const char *name, const char *kind,
                              const char *identity, int64_t *stage, struct err *e)
{
	sqlite3_stmt *st;
	/* a stage of this name with other options: its metrics are another's */
	enum status status = store_bind(s, Q_STAGE_FORGET, &st, e, "ltt", run, name, identity);
	if (status == OK)
		status = store_finish(s, st, NULL, e);
	if (status == OK)
		status = store_bind(s, Q_STAGE_BEGIN, &st, e, "lttt", run, name, kind, identity);
	return status == OK ? store_finish(s, st, stage, e) : status;
}

enum status store_stage_end(struct store *s, int64_t stage, const char *state, double seconds, struct err *e)
{
	sqlite3_stmt *st;
	const enum status status = store_bind(s, Q_STAGE_END, &st, e, "ltd", stage, state, seconds);
	return status == OK ? store_finish(s, st, NULL, e) : status;
}

enum status store_metric(struct store *s, int64_t stage, const char *name, int epoch, long step, double value,
                         struct err *e)
{
	sqlite3_stmt *st;
	const enum status status =
		store_bind(s, Q_METRIC, &st, e, "ltild", stage, name, epoch, (int64_t)step, value);
	return status == OK ? store_finish(s, st, NULL, e) : status;
}

enum status store_trim(struct store *s, int64_t stage, int epoch, struct err *e)
{
	sqlite3_stmt *st;
	const enum status status = store_bind(s, Q_TRIM, &st, e, "li", stage, epoch);
	return status == OK ? store_finish(s, st, NULL, e) : status;
}

enum status store_accuracy_put(struct store *s, const char *weights, const char *data, const char *part,
                               double top1, struct err *e)
{
	sqlite3_stmt *st;
	const enum status status = store_bind(s, Q_ACCURACY_PUT, &st, e, "tttd", weights, data, part, top1);
	return status == OK ? store_finish(s, st, NULL, e) : status;
}

enum status store_claim_put(struct store *s, const char *sweep, const char *says, const char *seen, struct err *e)
{
	sqlite3_stmt *st;
	const enum status status = store_bind(s, Q_CLAIM_PUT, &st, e, "ttt", sweep, says, seen);
	return status == OK ? store_finish(s, st, NULL, e) : status;
}

enum status store_begun_put(struct store *s, const char *identity, const char *begun, struct err *e)
{
	sqlite3_stmt *st;
	const enum status status = store_bind(s, Q_BEGUN_PUT, &st, e, "tt", identity, begun);
	return status == OK ? store_finish(s, st, NULL, e) : status;
}

enum status store_run_restore(struct store *s, int64_t run, const char *state, const char *begun, double seconds, struct err *e)
{
	sqlite3_stmt *st;
	const enum status status = store_bind(s, Q_RUN_RESTORE, &st, e, "lttd", run, state, begun, seconds);
	return status == OK ? store_finish(s, st, NULL, e) : status;
}

enum status store_stage_restore(struct store *s, int64_t stage, const char *state, const char *begun, double seconds, struct err *e)
{
	sqlite3_stmt *st;
	const enum status status = store_bind(s, Q_STAGE_RESTORE, &st, e, "lttd", stage, state, begun, seconds);
	return status == OK ? store_finish(s, st, NULL, e) : status;
}

enum status store_run_drop(struct store *s, int64_t run, struct err *e)
{
	static const enum query rows[] = {Q_BEGUN_KEEP, Q_DROP_METRICS, Q_DROP_ARTEFACTS, Q_DROP_STAGES, Q_DROP_RUN};
	enum status status = store_begin(s, e);
	if (status != OK)
		return status;
	for (int i = 0; i < 5 && status == OK; i++) {
		sqlite3_stmt *st;
		status = store_bind(s, rows[i], &st, e, "l", run);
		if (status == OK)
			status = store_finish(s, st, NULL, e);
	}
	const enum status end = status == OK ? store_commit(s, e) : store_rollback(s);
	return status == OK ? end : status;
}
