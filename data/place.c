/* Pictures on a device: all of them at once, and batches that only say which and how. */
#include <string.h>

#include "base/log.h"
#include "data/source.h"
#include "engine/device.h"

/* The bytes of a set that lies in memory; NULL: it does not. */
static const uint8_t *pixels_of(const struct pictures *p)
{
	const struct held *h = p->own;
	return p->read == held_read ? h->pixels : NULL;
}

int data_rows(const struct data *d)
{
	return d->info.train.n + d->info.test.n;
}

/* Why not; NULL: nothing stands against it. */
static const char *reason(const struct data *d, const struct device *dev, size_t bytes, char text[128])
{
	const double free_bytes = (double)device_memory(dev), share = d->conf.device_share;
	char a[32], b[32];
	if (!pixels_of(&d->info.train) || (d->info.test.n && !pixels_of(&d->info.test)))
		return "they are decoded from files";
	if ((double)bytes <= share * free_bytes)
		return NULL;
	snprintf(text, 128, "%s are more than %g of the %s that it has free", str_bytes(a, bytes), share, str_bytes(b, (uint64_t)free_bytes));
	return text;
}

static enum status take(struct data *d, struct device *dev, size_t bytes, struct err *e)
{
	const struct pictures *sets[] = {&d->info.train, &d->info.test};
	enum status st = device_alloc(dev, bytes, &d->store, e);
	size_t at = 0;
	for (int i = 0; i < 2 && st == OK; i++) {
		const size_t size = picture_bytes(sets[i]) * (size_t)sets[i]->n;
		if (size)
			dev->backend->put(dev->impl, (char *)d->store + at, pixels_of(sets[i]), size);
		at += size;
	}
	d->store_bytes = bytes;
	return st == OK ? device_wait(dev, e) : st;
}

enum status data_place(struct data *d, struct device *dev, struct err *e)
{
	const size_t bytes = picture_bytes(&d->info.train) * (size_t)data_rows(d);
	char text[128], n[32], size[32];
	if (d->dev || !dev->backend->own_memory)
		return OK;
	d->dev = dev;
	const char *why = reason(d, dev, bytes, text);
	enum status st = why ? OK : take(d, dev, bytes, e);
	if (st == E_NOMEM) { /* others had it first */
		err_clear(e);
		d->store = NULL;
		why = "others took its memory";
		st = OK;
	}
	if (why)
		log_line(LOG_INFO, "data: pictures come from the host, since %s", why);
	else if (st == OK)
		log_line(LOG_INFO, "data: the device holds all %s pictures (%s), and makes its batches of them", str_count(n, data_rows(d)), str_bytes(size, bytes));
	return st;
}

/* ---- batches ---- */

struct batch batch_new(struct arena *a, const struct data *d, int n)
{
	struct batch b = {.n = n, .label = NEW_ARRAY(a, int32_t, n), .sample = NEW_ARRAY(a, int32_t, n)};
	if (d->store)
		b.view = NEW_ARRAY(a, int32_t, 4 * n);
	else
		b.image = arena_alloc(a, picture_bytes(&d->info.train) * (size_t)n);
	return b;
}

void batch_view(const struct data *d, const struct pictures *p, int sample, const struct draw *how, struct batch *b, int at)
{
	int32_t *v = b->view + 4 * at;
	v[0] = sample + (p == &d->info.test ? d->info.train.n : 0);
	v[1] = how->dy;
	v[2] = how->dx;
	v[3] = how->flip;
}

enum status batch_show(const struct data *d, const struct pictures *p, int sample, struct batch *b, int at, struct err *e)
{
	b->label[at] = p->label[sample];
	b->sample[at] = sample;
	if (!b->view)
		return p->read(p, sample, b->image + picture_bytes(p) * (size_t)at, e);
	batch_view(d, p, sample, &(struct draw){0, 0, false}, b, at);
	return OK;
}

void batch_take(const struct data *d, const struct batch *of, int from, struct batch *b, int at)
{
	const size_t bytes = picture_bytes(&d->info.train);
	b->label[at] = of->label[from];
	b->sample[at] = of->sample[from];
	if (b->view)
		memcpy(b->view + 4 * at, of->view + 4 * from, 4 * sizeof *b->view);
	else
		memcpy(b->image + bytes * (size_t)at, of->image + bytes * (size_t)from, bytes);
}
