/* A run's folder: config.yaml, log.txt, metrics.csv, stages/, and the store beside it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/sha256.h"
#include "runs/events.h"
#include "runs/live.h"
#include "runs/lock.h"
#include "runs/metrics.h"
#include "runs/note.h"
#include "runs/origin.h"
#include "runs/rebuild.h"
#include "stages/run.h"

static enum status write_config(struct record *r, const struct experiment *x, struct err *e)
{
	struct file *f = NULL;
	enum status st = file_create(&f, path_join(r->arena, r->folder, "config.yaml"), e);
	if (st != OK)
		return st;
	experiment_resolved(x, file_stream(f));
	return file_commit(f, e);
}

static enum status open_csv(struct record *r, struct err *e)
{
	const char *path = path_join(r->arena, r->folder, "metrics.csv");
	const bool fresh = !file_exists(path);
	r->csv = fopen(path, "a");
	if (!r->csv)
		return err_env(e, "can't open '%s': %m", path);
	if (fresh)
		fputs(METRICS_HEAD, r->csv);
	return record_flush(r, e);
}

/* run.json: what the store knows of the run, for the day on which the store is lost. */
static enum status write_note(struct record *r, struct err *e)
{
	struct arena *a = arena_open("run.json");
	const struct experiment *x = r->x;
	struct store_run_row row;
	struct store_stage_row *stage = NULL;
	char data[65];
	int n = 0;
	enum status st = store_run(r->store, a, r->run, &row, e);
	if (st == OK)
		st = store_stages(r->store, a, r->run, &stage, &n, e);
	if (st == OK) {
		sha256_text(x->data->identity, data);
		struct note note = {
			.name = row.name, .config = row.config, .identity = row.identity, .program = row.program, .machine = row.machine,
			.device = row.device, .precision = row.precision, .state = row.state, .begun = row.begun, .data = data, .run = row.id, .threads = row.threads,
			.seconds = row.seconds, .n_stage = x->n_stage, .stage = NEW_ARRAY(a, struct note_stage, x->n_stage),
		};
		for (int i = 0; i < x->n_stage; i++) {
			const struct stage *s = &x->stage[i];
			note.stage[i] = (struct note_stage){.name = s->name, .kind = s->kind->name, .identity = s->identity, .seconds = NAN};
			for (int k = 0; k < n; k++)
				if (str_eq(stage[k].name, s->name)) {
					note.stage[i].state = stage[k].state;
					note.stage[i].begun = stage[k].begun;
					note.stage[i].seconds = stage[k].seconds;
				}
		}
		st = note_write(r->folder, &note, e);
	}
	arena_close(a);
	return st;
}

/* What this process is; machine is for the caller to release. */
static struct store_run row_of(const struct record *r, const char *identity, struct str *machine)
{
	const struct experiment *x = r->x;
	const struct device *dev = x->dev;
	origin_machine(machine, dev->threads, dev->backend->version ? dev->backend->version() : dev->backend->name);
	return (struct store_run){
		.name = x->name, .folder = r->folder, .config = x->path, .identity = identity, .program = origin_build(dev->backend),
		.machine = str_text(machine), .device = dev->backend->name, .precision = x->any_order ? arena_printf(x->arena, "%s, not deterministic", precision_name(x->precision)) : precision_name(x->precision),
		.threads = dev->threads,
	};
}

static enum status begin_run(struct record *r, const char *hex, struct err *e)
{
	struct str machine = {0};
	const struct store_run row = row_of(r, hex, &machine);
	fprintf(r->log, "%s; %s; precision %s\n", row.program, row.machine, row.precision);
	fflush(r->log);
	enum status st = store_run_begin(r->store, &row, &r->run, e);
	str_release(&machine);
	if (st == OK)
		st = write_note(r, e);
	if (st == OK)
		record_live(r, NULL, 0);
	return st;
}

enum status record_trains(struct record *r, struct err *e)
{
	struct str machine = {0};
	const struct store_run row = row_of(r, "", &machine);
	const enum status st = store_run_trained(r->store, r->run, &row, e);
	str_release(&machine);
	return st;
}

static const char *lock_name(struct arena *a, const struct experiment *x)
{
	char hex[65];
	experiment_identity(x, hex);
	return arena_printf(a, "run-%s-%.8s", x->name, hex);
}

enum status record_try(struct arena *a, const struct experiment *x, const char *out, struct lock **l, struct err *e)
{
	return lock_try(a, out, lock_name(a, x), l, e);
}

/* What a run is says its hash; a folder of it that an earlier version named otherwise is its folder still. */
static const char *folder_of(struct arena *a, const char *out, const struct experiment *x, const char *hex)
{
	const char *folder = path_join(a, out, arena_printf(a, "%s-%.8s", x->name, hex));
	const char *had = x->had_name ? path_join(a, out, arena_printf(a, "%s-%.8s", x->had_name, hex)) : NULL;
	return had && !file_exists(folder) && file_exists(had) ? had : folder;
}

/* The store is looked for again: a run that another process has just begun makes it before anything is done. */
bool record_is_lost(struct arena *a, const struct experiment *x, const char *out)
{
	const char *store = path_join(a, out, "limbeck.db");
	char hex[65];
	experiment_identity(x, hex);
	return !file_has_bytes(store) && rebuild_would_find(a, folder_of(a, out, x, hex)) && !file_has_bytes(store);
}

enum status record_open(struct arena *a, struct experiment *x, const char *out, bool held, struct record **rec, struct err *e)
{
	struct record *r = NEW(a, struct record);
	char hex[65];
	experiment_identity(x, hex);
	r->arena = a;
	r->x = x;
	char *full = realpath(out, NULL);
	r->out = arena_str(a, full ? full : out);
	free(full);
	r->folder = folder_of(a, r->out, x, hex);
	enum status st = held ? OK : lock_wait(a, r->out, lock_name(a, x), x->name, stop_asked, &r->lock, e);
	if (st != OK)
		return st;
	*rec = r;
	st = dir_make(path_join(a, r->folder, "stages"), e);
	if (st != OK)
		return st;
	r->log = fopen(path_join(a, r->folder, "log.txt"), "a");
	if (!r->log)
		return err_env(e, "can't open '%s/log.txt': %m", r->folder);
	st = write_config(r, x, e);
	if (st == OK)
		st = open_csv(r, e);
	if (st == OK)
		st = store_open(path_join(a, r->out, "limbeck.db"), &r->store, e);
	if (st == OK)
		st = data_remember(x->data, path_join(a, r->out, DATA_MEMORY), e);
	return st == OK ? begin_run(r, hex, e) : st;
}

enum status record_close(struct record *r, const char *state, double seconds, struct err *e)
{
	if (!r)
		return OK;
	enum status st = OK;
	if (r->store && r->run)
		st = store_run_end(r->store, r->run, state, seconds, e);
	if (r->store && r->run && st == OK)
		st = write_note(r, e);
	live_remove(r->folder);
	store_close(r->store);
	if (r->csv && fclose(r->csv) != 0 && st == OK)
		st = err_env(e, "can't write '%s/metrics.csv': %m", r->folder);
	struct err late = {0};
	const enum status events = events_close(r->events, st == OK ? e : &late);
	st = st == OK ? events : st;
	if (r->log)
		fclose(r->log);
	lock_release(r->lock);
	return st;
}

enum status record_stage_end(struct record *r, const struct stage *s, int64_t stage_id, const char *state, double seconds, struct err *e)
{
	enum status st = store_stage_end(r->store, stage_id, state, seconds, e);
	/* Its state would take a stage that has to be trained again past all that it leaves. */
	if (st == OK && str_eq(state, "done"))
		st = file_remove(record_stage_file(r, s, "resume.safetensors"), e);
	return st == OK ? write_note(r, e) : st;
}

void record_live(struct record *r, const struct live_stage *stage, int n)
{
	struct err e = {0};
	if (live_write(r->folder, stage, n, memory_resident(), &e) == OK || r->live_failed)
		return;
	r->live_failed = true;
	log_line(LOG_WARN, "%s; 'limbeck top' does not see how far this run is, which changes nothing else", e.text);
}

const char *record_stage_file(struct record *r, const struct stage *s, const char *name)
{
	return arena_printf(r->arena, "%s/stages/%s/%s", r->folder, s->name, name);
}

enum status record_metric(struct record *r, const struct stage *s, int64_t stage_id, const char *lesson, int epoch, long step,
                          const char *name, double value, struct err *e)
{
	fprintf(r->csv, "%s,%s,%d,%ld,%s,%.17g\n", s->name, lesson, epoch, step, name, value);
	if (r->events)
		events_scalar(r->events, s->name, name, step, value);
	return store_metric(r->store, stage_id, name, epoch, step, value, e);
}

enum status record_metric_again(struct record *r, const struct stage *s, int64_t stage_id, const char *lesson, int epoch, long step, const char *name,
                                double value, struct err *e)
{
	struct arena *a = arena_open("metrics.csv");
	struct metric_row *rows = NULL;
	int n = 0, bad = 0;
	bool had = false;
	enum status st = record_flush(r, e);
	if (st == OK)
		st = metrics_read(a, path_join(a, r->folder, "metrics.csv"), &rows, &n, &bad, e);
	for (int i = 0; i < n && st == OK; i++)
		had |= rows[i].epoch == epoch && str_eq(rows[i].stage, s->name) && str_eq(rows[i].lesson, lesson) && str_eq(rows[i].name, name);
	arena_close(a);
	if (st != OK)
		return st;
	return had ? store_metric(r->store, stage_id, name, epoch, step, value, e) : record_metric(r, s, stage_id, lesson, epoch, step, name, value, e);
}

enum status record_flush(struct record *r, struct err *e)
{
	if (fflush(r->csv) != 0 || ferror(r->csv))
		return err_env(e, "can't write '%s/metrics.csv': %m", r->folder);
	return r->events ? events_flush(r->events, e) : OK;
}

/* The rows that metrics.csv has now, no more and no less. */
static enum status match_events(struct record *r, struct err *e)
{
	struct arena *a = arena_open("events");
	struct metric_row *rows = NULL;
	int n = 0, bad = 0;
	enum status st = events_close(r->events, e);
	r->events = NULL;
	if (st == OK)
		st = metrics_read(a, path_join(a, r->folder, "metrics.csv"), &rows, &n, &bad, e);
	if (st == OK)
		st = events_open(r->folder, rows, n, &r->events, e);
	arena_close(a);
	return st;
}

/* "stage,lesson,epoch,...": whether the row is of this stage and later than the epoch. Those of the end come after every checkpoint. */
static bool row_later(const char *row, const char *stage, int epoch)
{
	const size_t n = strlen(stage);
	if (strncmp(row, stage, n) != 0 || row[n] != ',')
		return false;
	const char *second = strchr(row + n + 1, ',');
	return !second || str_starts(row + n, ",end,") || strtol(second + 1, NULL, 10) > epoch;
}

enum status record_trim(struct record *r, const struct stage *s, int64_t stage_id, int epoch, struct err *e)
{
	enum status st = store_trim(r->store, stage_id, epoch, e);
	const char *path = path_join(r->arena, r->folder, "metrics.csv");
	struct arena *a = arena_open("metrics.csv");
	char *text = NULL;
	size_t size = 0;
	struct file *f = NULL;
	if (st == OK)
		st = record_flush(r, e);
	if (st == OK)
		st = file_read(a, path, false, &text, &size, e);
	if (st == OK)
		st = file_create(&f, path, e);
	if (st == OK) {
		for (char *row = text, *end; (end = strchr(row, '\n')); row = end + 1) /* a row without its end was cut by a kill */
			if (!row_later(row, s->name, epoch))
				file_write(f, row, (size_t)(end + 1 - row));
		st = file_commit(f, e);
	}
	arena_close(a);
	if (st != OK)
		return st;
	fclose(r->csv);
	r->csv = NULL;
	st = open_csv(r, e);
	return st == OK ? match_events(r, e) : st;
}
