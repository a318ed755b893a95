#include "engine/scale.h"

#include <math.h>

struct loss_scale *loss_scale_new(struct arena *a)
{
	struct loss_scale *s = NEW(a, struct loss_scale);
	s->value = LOSS_SCALE_START;
	return s;
}

enum status loss_scale_place(struct loss_scale *s, struct device *dev, struct err *e)
{
	const size_t size = dtype_size(dev->backend->wide);
	if (s->dev)
		return OK;
	s->dev = dev;
	enum status st = device_alloc(dev, size, &s->seed, e);
	if (st == OK)
		st = device_alloc(dev, size, &s->inverse, e);
	if (st != OK)
		loss_scale_release(s);
	return st;
}

void loss_scale_release(struct loss_scale *s)
{
	if (!s || !s->dev)
		return;
	const size_t size = dtype_size(s->dev->backend->wide);
	device_free(s->dev, s->seed, size);
	device_free(s->dev, s->inverse, size);
	s->seed = s->inverse = NULL;
	s->dev = NULL;
	s->written = 0;
}

static void write(struct loss_scale *s, void *mem, double value)
{
	const struct backend *b = s->dev->backend;
	char raw[8];
	elements_from_f64(raw, b->wide, &value, 1);
	b->put(s->dev->impl, mem, raw, dtype_size(b->wide));
}

void loss_scale_ready(struct loss_scale *s)
{
	if (s->written == s->value)
		return;
	write(s, s->seed, s->value);
	write(s, s->inverse, 1 / s->value);
	s->written = s->value;
}

void loss_scale_good(struct loss_scale *s)
{
	if (++s->good < LOSS_SCALE_STEPS)
		return;
	s->good = 0;
	s->value = fmin(2 * s->value, LOSS_SCALE_MOST);
}

bool loss_scale_halve(struct loss_scale *s)
{
	if (s->value <= 1)
		return false;
	s->value /= 2;
	s->good = 0;
	return true;
}

bool loss_scale_set(struct loss_scale *s, double value, long good)
{
	int power = 0;
	if (!(value >= 1 && value <= LOSS_SCALE_MOST) || frexp(value, &power) != 0.5 || good < 0 || good >= LOSS_SCALE_STEPS)
		return false;
	s->value = value;
	s->good = good;
	return true;
}
