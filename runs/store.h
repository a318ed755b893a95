/*
 * The run store: SQLite at OUT/limbeck.db (write-ahead log: several processes on one store are safe). One that another process holds is waited for, ten
 * minutes or LIMBECK_STORE_WAIT seconds, which is told after three. Metrics are doubles, never rounded. A store that is damaged or stays locked is an
 * error that names the file; the run folders hold everything that it holds.
 */
#ifndef RUNS_STORE_H
#define RUNS_STORE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

struct store;

/* Makes the tables; an older schema is migrated, a newer one refused. A store that may not be written to, or whose folder may not, is opened to be read: as
   it is, live where another process writes to it; who writes gets an error then. */
enum status store_open(const char *path, struct store **s, struct err *e);
void store_close(struct store *s); /* NULL allowed */
/* Who is asked whether a process that waits for a store is to stop: it then waits ten seconds in all. For every store; NULL: nobody. */
void store_set_stop(bool (*asked)(void));

struct store_run {
	const char *name, *folder, *config, *identity, *program, *machine, *device, *precision;
	int threads;
};
/* An existing folder keeps its id, and, while it has a stage that is done, its program, machine, device, precision and threads: those that trained it. */
enum status store_run_begin(struct store *s, const struct store_run *r, int64_t *run, struct err *e);
/* Before a stage of it is trained: by r's program, on r's machine. Another program that has finished stages of it stays named: "A and B". */
enum status store_run_trained(struct store *s, int64_t run, const struct store_run *r, struct err *e);
enum status store_run_end(struct store *s, int64_t run, const char *state, double seconds, struct err *e); /* "done", "failed", "interrupted" */

/* For a store that is made again, and for folders that are removed. begun is UTC, "2026-01-31 12:00:00.000". */
enum status store_run_restore(struct store *s, int64_t run, const char *state, const char *begun, double seconds, struct err *e);
enum status store_stage_restore(struct store *s, int64_t stage, const char *state, const char *begun, double seconds, struct err *e);
enum status store_run_drop(struct store *s, int64_t run, struct err *e); /* with its stages, metrics and artefacts */

enum status store_stage_begin(struct store *s, int64_t run, const char *name, const char *kind, const char *identity, int64_t *stage, struct err *e);
enum status store_stage_end(struct store *s, int64_t stage, const char *state, double seconds, struct err *e);

/* One value; at a step of the stage and an epoch over all its lessons. Replaces an equal (stage, name, epoch). */
enum status store_metric(struct store *s, int64_t stage, const char *name, int epoch, long step, double value, struct err *e);
/* Takes back what is later than a checkpoint. */
enum status store_trim(struct store *s, int64_t stage, int epoch, struct err *e);
enum status store_begin(struct store *s, struct err *e); /* a transaction around many metrics */
enum status store_commit(struct store *s, struct err *e); /* not after a store_begin that failed; E_ENV: SQLite has taken all of it back */

/* Artefacts by identity: "IDENTITY/last" -> path of the file and its SHA-256. found false: none, or the file is gone or changed. */
enum status store_artefact_put(struct store *s, int64_t stage, const char *identity, const char *name, const char *path, struct err *e);
enum status store_artefact_get(struct store *s, struct arena *a, const char *identity, const char *name, const char **path, bool *found, struct err *e);
/* Whether the stage with this identity was finished ("done"), and by which run's stage; its metrics can then be read. */
enum status store_stage_done(struct store *s, const char *identity, int64_t *stage, bool *found, struct err *e);

struct store_value {
	const char *name;
	int epoch;
	double value;
};
/* All metrics of a stage in order of epoch, then name. */
enum status store_metrics(struct store *s, struct arena *a, int64_t stage, struct store_value **v, int *n, struct err *e);
/* The last value of one metric; NaN when there is none. */
enum status store_last(struct store *s, int64_t stage, const char *name, double *value, struct err *e);

/* All names that any stage has, each once. */
enum status store_metric_names(struct store *s, struct arena *a, const char ***name, int *n, struct err *e);

/* The highest value of one metric over its epochs; NaN when there is none. */
enum status store_most(struct store *s, int64_t stage, const char *name, double *value, struct err *e);

/* Lists in order of id, in the arena. Text that was never given is "", seconds that are not known yet NaN; begun is UTC,
   "2026-01-31 12:00:00.000", of older versions without the milliseconds.
   A run's folder is absolute, and where it is now if all that is below the store's folder was moved. */
struct store_run_row {
	int64_t id;
	const char *folder, *name, *config, *identity, *program, *machine, *device, *precision, *state, *begun;
	int threads;
	double seconds;
};
struct store_stage_row {
	int64_t id, run;
	const char *name, *kind, *identity, *state, *begun;
	double seconds;
};
enum status store_runs(struct store *s, struct arena *a, struct store_run_row **r, int *n, struct err *e);
enum status store_run(struct store *s, struct arena *a, int64_t run, struct store_run_row *r, struct err *e); /* E_ENV: it is gone */
enum status store_stages(struct store *s, struct arena *a, int64_t run, struct store_stage_row **r, int *n, struct err *e); /* run 0: of all runs */
/* The run that a stage is of, and the stage's name there. E_ENV: it is gone. */
enum status store_run_of_stage(struct store *s, struct arena *a, int64_t stage, struct store_run_row *r, const char **name, struct err *e);

/* When the first stage of this identity was begun, in whatever run and however it ended, also where the run is gone; *begun NULL: none was. */
enum status store_stage_begun(struct store *s, struct arena *a, const char *identity, const char **begun, struct err *e);

/* That one was, of which nothing else may be left; the earliest time stays. store_run_drop does it by itself. */
enum status store_begun_put(struct store *s, const char *identity, const char *begun, struct err *e);

/* What a sweep's file claims, and since when: claims.h. A claim that is there keeps its date. */
struct store_claim {
	const char *says, *seen; /* seen: UTC, as begun; "": its date was lost */
};
enum status store_claim_put(struct store *s, const char *sweep, const char *says, const char *seen, struct err *e);
enum status store_claims(struct store *s, struct arena *a, const char *sweep, struct store_claim **c, int *n, struct err *e); /* by date */

/* A network's measured accuracy: (weights hash, data identity, part) -> top1; *found false when never measured. */
enum status store_accuracy_put(struct store *s, const char *weights, const char *data, const char *part, double top1, struct err *e);
enum status store_accuracy_get(struct store *s, const char *weights, const char *data, const char *part, double *top1, bool *found, struct err *e);

#endif
