#include "runs/resume.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/log.h"
#include "runs/resume_int.h"

static enum status damaged(const struct st_file *f, const char *key, struct err *e)
{
	return err_env(e, "%s: offset 8: metadata '%s' is missing or damaged", f->path, key);
}

/* A whole number of lo..hi and nothing behind it. */
static bool whole(const char *text, long lo, long hi, long *out)
{
	char *end;
	errno = 0;
	*out = text ? strtol(text, &end, 10) : 0;
	return text && end != text && !*end && !errno && *out >= lo && *out <= hi;
}

static bool read_field(const struct st_file *f, const struct resume_field *d, struct resume *r)
{
	const char *text = st_meta(f, d->key);
	void *p = (char *)r + d->offset;
	long v;
	char *end;
	if (d->type == FIELD_REAL) {
		*(double *)p = text ? strtod(text, &end) : 0;
		return text && end != text && !*end;
	}
	if (!whole(text, d->type == FIELD_INT ? INT_MIN : LONG_MIN, d->type == FIELD_INT ? INT_MAX : LONG_MAX,
	           &v))
		return false;
	if (d->type == FIELD_INT)
		*(int *)p = (int)v;
	else
		*(long *)p = v;
	return true;
}

static bool read_reals(const struct st_file *f, const char *key, double *v, int n)
{
	const char *p = st_meta(f, key);
	for (int i = 0; p && i < n; i++) {
		char *end;
		v[i] = strtod(p, &end);
		if (end == p)
			return false;
		p = end;
	}
	return p && !*p;
}

static bool read_ints(struct arena *a, const struct st_file *f, const char *key, int n, int **out)
{
	const char *p = st_meta(f, key);
	if (!p || n < 0 || (size_t)n > strlen(p)) /* each takes a character at least */
		return false;
	int *list = *out = NEW_ARRAY(a, int, n);
	for (int i = 0; i < n; i++) {
		char *end;
		const long v = strtol(p, &end, 10);
		if (end == p || v < -1 || v > INT_MAX)
			return false;
		list[i] = (int)v;
		p = end;
	}
	return !*p;
}

static bool read_text(const struct st_file *f, const char *key, char *out, size_t size)
{
	const char *text = st_meta(f, key);
	const size_t n = text ? strlen(text) : size;
	if (n >= size)
		return false;
	memcpy(out, text, n + 1);
	return true;
}

static enum status read_place(struct arena *a, const struct st_file *f, struct resume *r, struct err *e)
{
	if (!read_text(f, "stage", r->stage, sizeof r->stage))
		return damaged(f, "stage", e);
	if (!read_text(f, "identity", r->identity, sizeof r->identity))
		return damaged(f, "identity", e);
	for (int i = 0; i < RESUME_FIELDS; i++)
		if (!read_field(f, &resume_fields[i], r))
			return damaged(f, resume_fields[i].key, e);
	if (r->n_sum < 0 || r->n_sum > RESUME_SUMS || !read_reals(f, "sum", r->sum, r->n_sum))
		return damaged(f, "sum", e);
	if (r->n_watch < 0 || r->n_watch > RESUME_WATCHES || !read_reals(f, "watch", (double *)r->watch, r->n_watch * RESUME_WATCH_REALS))
		return damaged(f, "watch", e);
	if (!read_ints(a, f, "chosen", r->n_chosen, &r->chosen))
		return damaged(f, "chosen", e);
	return read_ints(a, f, "ended", r->n_ended, &r->ended) ? OK : damaged(f, "ended", e);
}

/* st_read, and is it one of ours? */
static enum status open_resume(struct arena *a, const char *path, struct st_file *f, struct err *e)
{
	const enum status st = st_read(a, path, f, e);
	if (st != OK)
		return st;
	const char *format = st_meta(f, "format");
	if (str_eq(format, RESUME_FORMAT))
		return OK;
	if (!format)
		return err_env(e, "%s: offset 8: no resume state, but a safetensors file of something else", path);
	return err_user(e, (struct where){.file = path},
	                "%s of the form '%.40s', this program reads '%s'; remove the file to start the stage anew",
	                str_starts(format, "limbeck-resume-") ? "a resume state" : "no resume state, but a file",
	                format, RESUME_FORMAT);
}

/* The place, when every byte of the state is what was written. */
static enum status read_checked(struct arena *a, const struct st_file *f, struct resume *r, struct err *e)
{
	const enum status st = read_place(a, f, r, e);
	if (st != OK)
		return st;
	const char *before = st_meta(f, RESUME_SUM);
	char hex[65];
	if (!before)
		return damaged(f, RESUME_SUM, e);
	resume_checksum(f->tensor, f->n, f->meta, f->n_meta, hex);
	return str_eq(before, hex) ? OK : err_env(e, "%s: damaged: its checksum differs", f->path);
}

enum status resume_peek(struct arena *a, const char *path, struct resume *r, const char *program, bool *found,
                        struct err *e)
{
	*found = file_exists(path);
	*r = (struct resume){.best = NAN, .last_valid = NAN};
	if (!*found)
		return OK;
	struct arena *tmp = arena_open("resume");
	struct st_file f;
	enum status st = open_resume(tmp, path, &f, e);
	const char *by = st == OK ? st_meta(&f, "program") : NULL;
	if (st == OK && !by)
		st = damaged(&f, "program", e);
	else if (st == OK && !str_eq(by, program))
		st = err_user(e, (struct where){.file = path},
		              "the state was written by '%.80s', this is '%s'; only the same version goes on with the "
		              "same results: use it, or remove the file to start the stage again", by, program);
	if (st == OK)
		st = read_checked(a, &f, r, e); /* the file's bytes need not outlive the call */
	r->n_set = r->n_optim = 0; /* set by whoever rebuilds them */
	arena_close(tmp);
	return st;
}

/* *t: NULL for an empty buffer. */
static enum status check_flat(const struct st_file *f, const char *what, const char *owner, const char *name,
                              enum dtype dtype, size_t bytes, const struct st_tensor **t, struct err *e)
{
	const struct where at = {.file = f->path};
	*t = bytes ? st_find(f, name) : NULL;
	if (!bytes)
		return !st_find(f, name) ? OK : err_user(e, at, "%s '%s': '%s' is empty now", what, owner, name);
	if (!*t)
		return err_user(e, at, "%s '%s': no '%s' in the saved state", what, owner, name);
	if ((*t)->is_i64 || (*t)->dtype != dtype)
		return err_user(e, at,
		                "%s '%s': '%s' was saved as %s, this device keeps %s; resume on the device of before",
		                what, owner, name, (*t)->is_i64 ? "i64" : dtype_name((*t)->dtype), dtype_name(dtype));
	if ((*t)->bytes != bytes)
		return err_user(e, at, "%s '%s': '%s' has %zu bytes in the saved state, %zu now", what, owner, name,
		                (*t)->bytes, bytes);
	return OK;
}

static enum status find_set(const struct st_file *f, const struct resume *r, int k, bool state,
                            const struct st_tensor **t, struct err *e)
{
	const struct params *p = r->set[k];
	return check_flat(f, "network", p->name, resume_set_name(f->arena, r, k, state), p->dev->backend->wide,
	                  params_bytes(p, state), t, e);
}

static enum status find_optim(const struct st_file *f, const struct resume *r, int k, long *steps,
                              const struct st_tensor **t, struct err *e)
{
	const struct optim *o = r->optim[k];
	const char *name = resume_optim_name(f->arena, r, k), *key = arena_printf(f->arena, "%s/steps", name);
	const enum status st =
		check_flat(f, "optimiser", o->name, name, o->dev->backend->wide, optim_bytes(o), t, e);
	if (st != OK)
		return st;
	if (!st_meta(f, key))
		return err_user(e, (struct where){.file = f->path}, "optimiser '%s': no '%s' in the saved state",
		                o->name, name);
	return whole(st_meta(f, key), 0, LONG_MAX, steps) ? OK : damaged(f, key, e);
}

/* Everything that moves, checked before anything is written. */
static enum status check_all(const struct st_file *f, const struct resume *r, struct err *e)
{
	const struct where at = {.file = f->path};
	const struct st_tensor *t;
	struct resume saved = {0};
	long steps;
	enum status st = read_checked(f->arena, f, &saved, e);
	if (st != OK)
		return st;
	if (*r->identity && !str_eq(r->identity, saved.identity))
		return err_user(e, at, "the state is of stage '%s' with other options (%.12s, now %.12s)",
		                saved.stage, saved.identity, r->identity);
	if (saved.n_set != r->n_set || saved.n_optim != r->n_optim)
		return err_user(e, at, "%d networks and %d optimisers in the saved state, %d and %d now", saved.n_set,
		                saved.n_optim, r->n_set, r->n_optim);
	for (int i = 0; i < 2 * r->n_set && st == OK; i++)
		st = find_set(f, r, i / 2, i % 2, &t, e);
	for (int k = 0; k < r->n_optim && st == OK; k++)
		st = find_optim(f, r, k, &steps, &t, e);
	return st;
}

static enum status write_all(const struct st_file *f, const struct resume *r, struct err *e)
{
	const struct st_tensor *t;
	enum status st = OK;
	for (int i = 0; i < 2 * r->n_set && st == OK; i++) {
		struct params *p = r->set[i / 2];
		st = find_set(f, r, i / 2, i % 2, &t, e);
		if (st == OK && t)
			st = params_write(p, i % 2, t->data, e);
		if (st == OK)
			st = device_wait(p->dev, e);
	}
	for (int k = 0; k < r->n_optim && st == OK; k++) {
		st = find_optim(f, r, k, &r->optim[k]->steps, &t, e);
		if (st == OK && t)
			st = optim_write(r->optim[k], t->data, e);
	}
	return st;
}

enum status resume_load(const char *path, struct resume *r, const char *machine, struct err *e)
{
	struct arena *a = arena_open("resume");
	struct st_file f;
	enum status st = open_resume(a, path, &f, e);
	if (st == OK)
		st = check_all(&f, r, e);
	if (st == OK) {
		const char *before = st_meta(&f, "machine");
		if (!str_eq(before, machine))
			log_line(LOG_WARN,
			         "'%s' was written on another machine: the results may differ in the last bits\n"
			         "  then: %s\n  now:  %s",
			         path, before ? before : "unknown", machine);
		st = write_all(&f, r, e);
	}
	arena_close(a);
	return st;
}
