/* A pass in front of which a cache stands: rows that are there are read, the others are computed on as few pictures as will do, and kept. */
#include <math.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/file.h"
#include "base/log.h"
#include "base/sha256.h"
#include "stages/teacher.h"

struct cached {
	int width;              /* of a row: all taps that are wanted, one behind the other */
	int at[TAP_COUNT], size[TAP_COUNT];
	struct cache *cache;
	bool there;             /* the cache could be opened */
	float *rows;            /* [n * width] */
	float *column;          /* one tap of a part, or of the batch */
	double *buffer;
	int *missing, *view;    /* [n] */
	struct batch images;    /* of what is missing, room for [n] */
};

/* ---- plan ---- */

static enum status find_taps(struct pass *p, struct err *e)
{
	struct cached *c = p->cached;
	struct node *const taps[] = {[TAP_POOLED] = p->all.taps.pooled, [TAP_LOGITS] = p->all.taps.logits};
	for (int i = 0; i < TAP_COUNT; i++) {
		if (!p->wanted[i])
			continue;
		if (i != TAP_POOLED && i != TAP_LOGITS)
			return err_user(e, conf_where(p->teacher->stage->map, "teacher_cache"),
			                "teacher_cache keeps logits and pooled vectors, and stage '%s' reads features of its teacher", p->teacher->stage->name);
		c->at[i] = c->width;
		c->size[i] = taps[i]->type.shape.d[1];
		c->width += c->size[i];
	}
	return OK;
}

enum status cached_plan(struct pass *p, struct err *e)
{
	struct cached *c = NEW(p->arena, struct cached);
	p->cached = c;
	enum status st = find_taps(p, e);
	if (st == OK)
		st = parts_plan(p, true, e);
	if (st != OK)
		return st;
	c->rows = NEW_ARRAY(p->arena, float, p->n * c->width);
	c->column = NEW_ARRAY(p->arena, float, p->n * c->width);
	c->buffer = NEW_ARRAY(p->arena, double, p->n * c->width);
	c->missing = NEW_ARRAY(p->arena, int, p->n);
	c->view = NEW_ARRAY(p->arena, int, p->n);
	c->images = batch_new(p->arena, p->teacher->x->data, p->n);
	return OK;
}

static struct cache_key key_of(const struct pass *p, const char *text)
{
	const struct data *d = p->teacher->x->data;
	return (struct cache_key){.text = text, .pictures = d->info.train.n, .views = augment_views(d->conf.crop, d->conf.flip), .width = p->cached->width,
	                          .type = p->teacher->stage->teacher_conf.teacher_cache == TEACHER_CACHE_F16 ? CACHE_F16 : CACHE_F32};
}

void cached_print(const struct pass *p, FILE *f)
{
	char size[32];
	const struct cache_key key = key_of(p, NULL);
	const char *dir = p->teacher->stage->teacher_conf.cache_dir;
	fprintf(f, "    teacher cache in %s: up to %s\n", *dir ? dir : "the folder of runs", str_bytes(size, cache_size(&key)));
	fprintf(f, "    teacher, for views that the cache lacks, %d at a time: ", p->part[0]->n);
}

/* ---- open ---- */

/* Once, while they are loaded: the passes of both sizes of batch, in every period, are of the same weights. */
static enum status hash_weights(struct teacher *t, struct err *e)
{
	struct sha256 *hash = sha256_open();
	enum status st = OK;
	for (int state = 0; state < 2; state++) {
		const size_t bytes = params_bytes(t->net->params, state);
		void *raw = mem_new(bytes);
		if (st == OK)
			st = raw ? params_read(t->net->params, state, raw, e) : err_nomem(e, "no memory for the weights of '%s'", t->net->name);
		if (st == OK)
			sha256_add(hash, raw, bytes);
		mem_free(raw);
	}
	sha256_hex(hash, t->weights);
	if (st != OK)
		*t->weights = 0;
	return st;
}

/* All that a row depends on. The weights themselves, for a teacher that was trained again may have others. */
static void key_text(const struct pass *p, struct str *text)
{
	const struct teacher *t = p->teacher;
	const struct data *d = t->x->data;
	const struct device *dev = t->x->dev;
	str_printf(text, "weights=%s\n%s\nprecision=%d device=%s %s\n", t->weights, t->net->identity, (int)t->precision, dev->backend->name,
	           dev->backend->version ? dev->backend->version() : "");
	for (int i = 0; t->scales && i < t->scales->n; i++)
		str_printf(text, "scale=%.17g\n", t->scales->scale[i]);
	str_printf(text, "data=%s %s\n", d->kind->name, d->info.hash);
	opts_canonical(d->kind->opts, d->kind_conf, text);
	for (int i = 0; i < d->info.train.C; i++)
		str_printf(text, "mean=%.9g std=%.9g\n", (double)d->mean[i], (double)d->std[i]);
	str_printf(text, "crop=%d flip=%d pooled=%d logits=%d\n", d->conf.crop, d->conf.flip, p->cached->size[TAP_POOLED], p->cached->size[TAP_LOGITS]);
}

enum status cached_prepare(struct pass *p, const char *out, struct err *e)
{
	struct cached *c = p->cached;
	const char *dir = p->teacher->stage->teacher_conf.cache_dir;
	const enum status st = *p->teacher->weights ? OK : hash_weights(p->teacher, e);
	if (st != OK)
		return st;
	struct str text = {0};
	key_text(p, &text);
	const struct cache_key key = key_of(p, str_text(&text));
	c->there = cache_open(dir && *dir ? dir : path_join(p->arena, out, "cache"), &key, &c->cache) == OK;
	str_release(&text);
	return OK;
}

const char *cached_path(const struct pass *p)
{
	return p->cached && p->cached->there ? cache_path(p->cached->cache) : NULL;
}

/* How large it may grow, and whether there is room for that. */
static void say_size(const struct pass *p)
{
	char a[32], b[32], n[32];
	const struct cache *c = p->cached->cache;
	const struct cache_key key = key_of(p, NULL);
	const uint64_t full = cache_size(&key), used = cache_used(c);
	struct statvfs disk;
	log_line(LOG_INFO, "teacher cache %s: up to %s for %s pictures x %d views x %d numbers, %s of it there", cache_path(c), str_bytes(a, full),
	         str_count(n, key.pictures), key.views, key.width, str_bytes(b, used));
	if (statvfs(cache_path(c), &disk) == 0 && full > used && (uint64_t)disk.f_bavail * disk.f_frsize < full - used)
		log_line(LOG_WARN, "the disk has %s left: what does not fit into the cache is computed each time", str_bytes(a, (uint64_t)disk.f_bavail * disk.f_frsize));
}

void cached_release(struct pass *p)
{
	cache_close(p->cached->cache);
	p->cached->cache = NULL;
}

/* ---- run ---- */

/* Rows of what f has run, n of them, into c->rows at missing[at + i], and into the cache. */
static enum status take_rows(struct pass *p, const struct forward *f, const int32_t *sample, int at, int n, struct err *e)
{
	struct cached *c = p->cached;
	enum status st = OK;
	for (int t = 0; t < TAP_COUNT && st == OK; t++) {
		if (!p->wanted[t])
			continue;
		st = forward_read(f, t, c->buffer, c->column, e);
		for (int i = 0; i < n && st == OK; i++)
			memcpy(c->rows + (size_t)c->missing[at + i] * (size_t)c->width + c->at[t], c->column + (size_t)i * (size_t)c->size[t],
			       (size_t)c->size[t] * sizeof *c->rows);
	}
	for (int i = at; i < at + n && st == OK; i++)
		st = cache_put(c->cache, sample[c->missing[i]], c->view[c->missing[i]], c->rows + (size_t)c->missing[i] * (size_t)c->width, e);
	return st;
}

/* c->images[0..n), in parts. What fills the last one up beyond n is not looked at. */
static enum status compute(struct pass *p, const int32_t *sample, int n, struct err *e)
{
	enum status st = OK;
	p->cached->images.n = n;
	for (int at = 0; at < n && st == OK;) {
		const struct forward *f = parts_for(p, n - at);
		st = forward_run(f, &p->cached->images, at, e);
		if (st == OK)
			st = take_rows(p, f, sample, at, n - at < f->n ? n - at : f->n, e);
		at += f->n;
	}
	return st;
}

/* The rows as the students' plans read them: a tap at a time, in the device's type. */
static void put_taps(struct pass *p)
{
	struct cached *c = p->cached;
	const struct backend *b = p->teacher->x->dev->backend;
	for (int t = 0; t < TAP_COUNT; t++) {
		if (!p->wanted[t])
			continue;
		const size_t width = (size_t)c->size[t], count = width * (size_t)p->n;
		for (int i = 0; i < p->n; i++)
			memcpy(c->column + (size_t)i * width, c->rows + (size_t)i * (size_t)c->width + c->at[t], width * sizeof *c->rows);
		for (size_t i = 0; i < count && b->wide == F64; i++)
			c->buffer[i] = c->column[i];
		b->put(p->teacher->x->dev->impl, p->tap[t], b->wide == F64 ? (const void *)c->buffer : c->column, pass_tap_bytes(p, t, p->n));
	}
}

enum status cached_run(struct pass *p, const struct batch *b, int epoch, struct err *e)
{
	struct cached *c = p->cached;
	const struct data *d = p->teacher->x->data;
	int n = 0;
	cache_check(c->cache);
	for (int i = 0; i < p->n; i++) {
		c->view[i] = augment_view(d->conf.crop, d->conf.flip, augment_draw(d->conf.crop, d->conf.flip, p->teacher->stage->seed_data, epoch, b->sample[i]));
		if (cache_get(c->cache, b->sample[i], c->view[i], c->rows + (size_t)i * (size_t)c->width))
			continue;
		batch_take(d, b, i, &c->images, n);
		c->missing[n++] = i;
	}
	const enum status st = n ? compute(p, b->sample, n, e) : OK;
	if (st == OK)
		put_taps(p);
	return st;
}

/* ---- fill ---- */

struct filling {
	struct pass *pass;
	int32_t *sample;
	uint8_t *picture;
	int n;             /* views that wait to be computed */
	long computed;
};

static enum status flush(struct filling *f, struct err *e)
{
	const enum status st = f->n ? compute(f->pass, f->sample, f->n, e) : OK;
	f->computed += f->n;
	f->n = 0;
	return st;
}

static enum status fill_picture(struct filling *f, int sample, struct err *e)
{
	struct pass *p = f->pass;
	struct cached *c = p->cached;
	const struct data *d = p->teacher->x->data;
	const struct pictures *pic = &d->info.train;
	const size_t bytes = (size_t)(pic->C * pic->H * pic->W);
	const int pad = d->conf.crop;
	enum status st = c->images.view ? OK : pic->read(pic, sample, f->picture, e);
	for (int v = 0; v < augment_views(pad, d->conf.flip) && st == OK; v++) {
		if (cache_get(c->cache, sample, v, c->rows))
			continue;
		const struct draw how = augment_draw_of(pad, d->conf.flip, v);
		if (c->images.view)
			batch_view(d, pic, sample, &how, &c->images, f->n);
		else
			augment_as(f->picture, c->images.image + (size_t)f->n * bytes, pic->H, pic->W, pic->C, how);
		f->sample[f->n] = sample;
		c->view[f->n] = v;
		c->missing[f->n] = f->n;
		if (++f->n == p->n)
			st = flush(f, e);
	}
	return st;
}

static enum status fill(struct pass *p, struct err *e)
{
	const struct data *d = p->teacher->x->data;
	const struct pictures *pic = &d->info.train;
	struct filling f = {.pass = p, .sample = NEW_ARRAY(p->arena, int32_t, p->n),
	                    .picture = arena_alloc(p->arena, (size_t)(pic->C * pic->H * pic->W))};
	const double start = time_now();
	enum status st = OK;
	for (int i = 0; i < d->n_train && st == OK && cache_writes(p->cached->cache); i++) {
		st = fill_picture(&f, d->train[i], e);
		const double spent = time_now() - start, rate = spent > 0 ? (double)f.computed / spent : 0;
		const struct progress shown = {.label = "teacher cache", .epoch = 1, .epochs = 1, .step = i + 1, .steps = d->n_train, .loss = NAN,
		                               .accuracy = NAN, .lr = NAN, .wait_share = NAN, .images_per_s = rate, .memory = memory_resident(),
		                               .left_s = spent / (i + 1) * (d->n_train - i - 1)};
		if (f.computed)
			progress_show(&shown);
		if (st == OK && stop_asked()) {
			progress_end();
			log_line(LOG_WARN, "stopped while the teacher cache was filled; the same command goes on from here");
			st = E_STOP;
		}
	}
	if (st == OK)
		st = flush(&f, e);
	progress_end();
	if (f.computed && st == OK)
		log_line(LOG_INFO, "teacher cache: %ld views computed in %.1f s", f.computed, time_now() - start);
	return st;
}

enum status cached_begin(struct pass *p, struct err *e)
{
	if (!p->cached || !p->cached->there)
		return OK;
	if (!p->teacher->said)
		say_size(p);
	p->teacher->said = true;
	return p->teacher->stage->teacher_conf.cache_fill == CACHE_FILL_BEFORE && cache_writes(p->cached->cache) ? fill(p, e) : OK;
}
