#include "engine/rates.h"

#include <math.h>

#include "engine/build.h"
#include "engine/sample.h"

/* Plain loops over doubles are given little to do. */
static bool small(const struct sample *s)
{
	return s->dev->backend->wide == F64;
}

static struct node *conv(struct sample *s)
{
	const int side = small(s) ? 8 : 32, channels = small(s) ? 8 : 64;
	struct node *x = sample_input(s, shape4(small(s) ? 1 : 16 * s->times, channels, side, side), CLASS_ACT);
	return graph_conv2d(s->g, x, sample_weight(s, shape4(channels, channels, 3, 3)), NULL, NULL, 1, 1, 1);
}

/* As large as the products that a convolution of 64 to 256 channels is made of. */
static struct node *matmul(struct sample *s)
{
	struct node *x = sample_input(s, small(s) ? shape2(32, 32) : shape2(4096 * s->times, 512), CLASS_ACT);
	struct node *y = sample_input(s, small(s) ? shape2(32, 32) : shape2(512, 256), CLASS_ACT);
	return graph_matmul(s->g, x, y, NULL, false, false);
}

/* Larger than what a processor's caches hold; with a power of two in its place the rate hung on where the memory lay. */
static struct node *copy(struct sample *s)
{
	return graph_scale(s->g, sample_input(s, shape1(small(s) ? 1 << 10 : 18 * 1000 * 1000 * s->times), CLASS_WIDE), 1.5, 0);
}

static enum status measure(struct device *dev, enum precision precision, double seconds, struct node *(*build)(struct sample *s),
                           double *per_second, struct err *e)
{
	enum { MORE = 16 };
	const double too_short = 2e-4;
	struct sample s = {.arena = arena_open("rates"), .dev = dev, .precision = precision, .times = 1};
	enum status st = sample_time(&s, build, seconds, e);
	if (st == OK && s.seconds < too_short) { /* it keeps two cores busy for milliseconds and does not fill this device */
		s = (struct sample){.arena = s.arena, .dev = dev, .precision = precision, .times = MORE};
		st = sample_time(&s, build, seconds, e);
	}
	if (st == OK)
		*per_second = (s.cost.macs > 0 ? s.cost.macs : s.cost.bytes) / s.seconds;
	arena_close(s.arena);
	return st;
}

enum status rates_measure(struct device *dev, enum precision precision, double seconds, struct rates *r, struct err *e)
{
	enum status st = measure(dev, precision, seconds, conv, &r->conv, e);
	r->launch = 0;
	if (st == OK)
		st = measure(dev, precision, seconds, matmul, &r->matmul, e);
	return st == OK ? measure(dev, precision, seconds, copy, &r->copy, e) : st;
}

double rates_limit(const struct rates *r, const struct step_cost *c)
{
	const bool product = c->call && c->call->op == &op_matmul;
	return fmax(r->launch, fmax(c->macs / (product ? r->matmul : r->conv), c->bytes / r->copy));
}
