/* A run's folder: config.yaml, log.txt, metrics.csv, stages/, and the store beside it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "runs/origin.h"
#include "stages/run.h"

static const char csv_head[] = "stage,lesson,epoch,step,metric,value\n";

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
		fputs(csv_head, r->csv);
	return record_flush(r, e);
}

static enum status begin_run(struct record *r, const struct experiment *x, const char *hex, struct err *e)
{
	struct str machine = {0};
	const struct device *dev = x->dev;
	origin_machine(&machine, dev->threads, dev->backend->version ? dev->backend->version() : dev->backend->name);
	const struct store_run row = {
		.name = x->name, .folder = r->folder, .config = x->path, .identity = hex, .program = origin_program(),
		.machine = str_text(&machine), .device = dev->backend->name, .precision = x->precision == PRECISION_BF16 ? "bf16" : "f32",
		.threads = dev->threads,
	};
	fprintf(r->log, "%s; %s; precision %s\n", row.program, row.machine, row.precision);
	fflush(r->log);
	const enum status st = store_run_begin(r->store, &row, &r->run, e);
	str_release(&machine);
	return st;
}

enum status record_open(struct arena *a, struct experiment *x, const char *out, struct record **rec, struct err *e)
{
	struct record *r = NEW(a, struct record);
	char hex[65];
	experiment_identity(x, hex);
	r->arena = a;
	char *full = realpath(out, NULL);
	r->out = arena_str(a, full ? full : out);
	free(full);
	r->folder = path_join(a, r->out, arena_printf(a, "%s-%.8s", x->name, hex));
	enum status st = dir_make(path_join(a, r->folder, "stages"), e);
	if (st != OK)
		return st;
	r->log = fopen(path_join(a, r->folder, "log.txt"), "a");
	if (!r->log)
		return err_env(e, "can't open '%s/log.txt': %m", r->folder);
	*rec = r;
	st = write_config(r, x, e);
	if (st == OK)
		st = open_csv(r, e);
	if (st == OK)
		st = store_open(path_join(a, r->out, "limbeck.db"), &r->store, e);
	return st == OK ? begin_run(r, x, hex, e) : st;
}

enum status record_close(struct record *r, const char *state, double seconds, struct err *e)
{
	if (!r)
		return OK;
	enum status st = OK;
	if (r->store && r->run)
		st = store_run_end(r->store, r->run, state, seconds, e);
	store_close(r->store);
	if (r->csv && fclose(r->csv) != 0 && st == OK)
		st = err_env(e, "can't write '%s/metrics.csv': %m", r->folder);
	if (r->log)
		fclose(r->log);
	return st;
}

const char *record_stage_file(struct record *r, const struct stage *s, const char *name)
{
	return arena_printf(r->arena, "%s/stages/%s/%s", r->folder, s->name, name);
}

enum status record_metric(struct record *r, const struct stage *s, int64_t stage_id, const char *lesson, int epoch, long step,
                          const char *name, double value, struct err *e)
{
	fprintf(r->csv, "%s,%s,%d,%ld,%s,%.17g\n", s->name, lesson, epoch, step, name, value);
	return store_metric(r->store, stage_id, name, epoch, step, value, e);
}

enum status record_flush(struct record *r, struct err *e)
{
	if (fflush(r->csv) != 0 || ferror(r->csv))
		return err_env(e, "can't write '%s/metrics.csv': %m", r->folder);
	return OK;
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
	return open_csv(r, e);
}
