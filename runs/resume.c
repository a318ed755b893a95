#include "runs/resume.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/sha256.h"
#include "runs/resume_int.h"

enum { META_FIXED = RESUME_FIELDS + 10 }; /* keys besides one per optimiser */

#define FIELD(name, type) {#name, type, offsetof(struct resume, name)}
const struct resume_field resume_fields[RESUME_FIELDS] = {
	FIELD(lesson, FIELD_INT), FIELD(epoch, FIELD_INT), FIELD(batch, FIELD_INT), FIELD(step, FIELD_LONG),
	FIELD(seconds, FIELD_REAL), FIELD(images, FIELD_REAL), FIELD(lesson_seconds, FIELD_REAL),
	FIELD(n_sum, FIELD_INT), FIELD(count, FIELD_REAL), FIELD(best, FIELD_REAL), FIELD(best_epoch, FIELD_INT),
	FIELD(last_valid, FIELD_REAL), FIELD(n_chosen, FIELD_INT), FIELD(n_set, FIELD_INT), FIELD(n_optim, FIELD_INT),
	FIELD(n_ended, FIELD_INT), FIELD(macs, FIELD_REAL), FIELD(teacher_images, FIELD_REAL),
	FIELD(rollbacks, FIELD_INT), FIELD(epoch_rollbacks, FIELD_INT), FIELD(epoch_overflows, FIELD_INT),
	FIELD(loss_scale, FIELD_REAL), FIELD(scale_good, FIELD_LONG), FIELD(n_watch, FIELD_INT),
};

/* What is being written. */
struct writer {
	struct arena *arena;
	int n, n_meta;
	struct st_tensor *tensor;
	struct st_meta *meta;
};

static void add_meta(struct writer *w, const char *key, const char *value)
{
	w->meta[w->n_meta++] = (struct st_meta){key, value};
}

/* 17 digits give the same double again. */
static const char *real_text(struct arena *a, double x)
{
	return isnan(x) ? "nan" : arena_printf(a, "%.17g", x);
}

static void add_reals(struct writer *w, const char *key, const double *v, int n)
{
	struct str text = {0};
	for (int i = 0; i < n; i++)
		str_printf(&text, "%s%s", i ? " " : "", real_text(w->arena, v[i]));
	add_meta(w, key, arena_str(w->arena, str_text(&text)));
	str_release(&text);
}

static void add_ints(struct writer *w, const char *key, const int *v, int n)
{
	struct str text = {0};
	for (int i = 0; i < n; i++)
		str_printf(&text, "%s%d", i ? " " : "", v[i]);
	add_meta(w, key, arena_str(w->arena, str_text(&text)));
	str_release(&text);
}

static void add_place(struct writer *w, const struct resume *r)
{
	for (int i = 0; i < RESUME_FIELDS; i++) {
		const void *p = (const char *)r + resume_fields[i].offset;
		const enum field_type type = resume_fields[i].type;
		add_meta(w, resume_fields[i].key, type == FIELD_REAL  ? real_text(w->arena, *(const double *)p)
		                           : type == FIELD_INT ? arena_printf(w->arena, "%d", *(const int *)p)
		                                               : arena_printf(w->arena, "%ld", *(const long *)p));
	}
	add_reals(w, "sum", r->sum, r->n_sum);
	add_reals(w, "watch", (const double *)r->watch, r->n_watch * RESUME_WATCH_REALS);
	add_ints(w, "chosen", r->chosen, r->n_chosen);
	add_ints(w, "ended", r->ended, r->n_ended);
}

/* A flat buffer; an empty one is left out, because our shapes have no 0. NULL: nothing to fill. */
static void *add_flat(struct writer *w, const char *name, enum dtype dtype, size_t bytes)
{
	const size_t n = bytes / dtype_size(dtype);
	if (!n)
		return NULL;
	BUG_IF(n > INT_MAX, "'%s' has %zu elements", name, n);
	void *data = arena_alloc(w->arena, bytes);
	w->tensor[w->n++] = (struct st_tensor){
		.name = name, .dtype = dtype, .shape = shape1((int)n), .data = data, .bytes = bytes,
	};
	return data;
}

const char *resume_set_name(struct arena *a, const struct resume *r, int k, bool state)
{
	return arena_printf(a, "set/%d/%s/%s", k, r->set[k]->name, state ? "state" : "param");
}

const char *resume_optim_name(struct arena *a, const struct resume *r, int k)
{
	return arena_printf(a, "optim/%d/%s", k, r->optim[k]->name);
}

static enum status add_sets(struct writer *w, const struct resume *r, struct err *e)
{
	enum status st = OK;
	for (int i = 0; i < 2 * r->n_set && st == OK; i++) {
		struct params *p = r->set[i / 2];
		const bool state = i % 2;
		void *data = add_flat(w, resume_set_name(w->arena, r, i / 2, state), p->dev->backend->wide,
		                      params_bytes(p, state));
		if (data)
			st = params_read(p, state, data, e);
	}
	return st;
}

static enum status add_optims(struct writer *w, const struct resume *r, struct err *e)
{
	enum status st = OK;
	for (int k = 0; k < r->n_optim && st == OK; k++) {
		struct optim *o = r->optim[k];
		const char *name = resume_optim_name(w->arena, r, k);
		void *data = add_flat(w, name, o->dev->backend->wide, optim_bytes(o));
		add_meta(w, arena_printf(w->arena, "%s/steps", name), arena_printf(w->arena, "%ld", o->steps));
		if (data)
			st = optim_read(o, data, e);
	}
	return st;
}

void resume_checksum(const struct st_tensor *t, int n, const struct st_meta *meta, int n_meta, char hex[65])
{
	struct sha256 *s = sha256_open();
	for (int i = 0; i < n_meta; i++)
		if (!str_eq(meta[i].key, RESUME_SUM)) {
			sha256_add(s, meta[i].key, strlen(meta[i].key) + 1);
			sha256_add(s, meta[i].value, strlen(meta[i].value) + 1);
		}
	for (int i = 0; i < n; i++) {
		sha256_add(s, t[i].name, strlen(t[i].name) + 1);
		sha256_add(s, t[i].data, t[i].bytes);
	}
	sha256_hex(s, hex);
}

enum status resume_save(const char *path, const struct resume *r, const char *program, const char *machine,
                        struct err *e)
{
	BUG_IF(r->n_sum < 0 || r->n_sum > RESUME_SUMS, "%d sums", r->n_sum);
	BUG_IF(r->n_watch < 0 || r->n_watch > RESUME_WATCHES, "%d watches", r->n_watch);
	struct arena *a = arena_open("resume");
	struct writer w = {
		.arena = a,
		.tensor = NEW_ARRAY(a, struct st_tensor, 2 * r->n_set + r->n_optim),
		.meta = NEW_ARRAY(a, struct st_meta, META_FIXED + r->n_optim),
	};
	add_meta(&w, "format", RESUME_FORMAT);
	add_meta(&w, "program", program);
	add_meta(&w, "machine", machine);
	add_meta(&w, "stage", r->stage);
	add_meta(&w, "identity", r->identity);
	add_place(&w, r);
	enum status st = add_sets(&w, r, e);
	if (st == OK)
		st = add_optims(&w, r, e);
	char hex[65];
	if (st == OK) {
		resume_checksum(w.tensor, w.n, w.meta, w.n_meta, hex);
		add_meta(&w, RESUME_SUM, hex);
		st = st_write(path, w.tensor, w.n, w.meta, w.n_meta, e);
	}
	arena_close(a);
	return st;
}

