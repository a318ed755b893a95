/*
 * Pictures made from numbers: a class has a direction and a width of stripes, a place for a soft spot and a
 * colour; a picture has its own phase, contrast and small shift of the spot, and noise. For tests and first
 * steps without data.
 */
#include "data/source.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "base/sha256.h"

struct synth_conf {
	int n_train, n_test, classes, size, channels, seed;
	double noise;
};

struct synth {
	struct held held[2]; /* first: a pictures' own is a struct held */
	uint8_t *pixels;
};

static const struct opt opts[] = {
	INT(synth_conf, n_train, 2000, 1, 1000000, "pictures", "training pictures"),
	INT(synth_conf, n_test, 500, 1, 1000000, "pictures", "test pictures"),
	INT(synth_conf, classes, 10, 2, 1000, "classes", "number of classes"),
	INT(synth_conf, size, 16, 1, 512, "pixels", "height and width"),
	INT(synth_conf, channels, 3, 1, 4, "-", "channels"),
	REAL(synth_conf, noise, 0.15, 0, 1, "of full scale", "standard deviation of the noise of each byte"),
	INT(synth_conf, seed, 1, 0, 2147483647, "-",
	    "names the pictures; the experiment's seeds do not change them"),
	{0}
};

/* Four bytes of one word summed: near enough to a normal number for noise; mean 0, standard deviation 1. */
static double noise(struct rng *r)
{
	const uint32_t u = rng_u32(r);
	const int sum = (int)((u & 255) + (u >> 8 & 255) + (u >> 16 & 255) + (u >> 24));
	return (sum - 510) / 147.8005;
}

struct look { /* of one picture */
	double cos, sin, phase, contrast; /* stripes: radians a pixel, along x and y */
	double x, y, width, spot;
	double colour[4];
};

static struct look look_of(const struct synth_conf *c, int k, struct rng *r)
{
	const double pi = 3.14159265358979323846, turn = (double)k / c->classes;
	const double cycles = k % 2 ? 3.0 : 2.0, rate = 2 * pi * cycles / c->size;
	struct look l = {.cos = rate * cos(pi * turn), .sin = rate * sin(pi * turn)};
	l.phase = 2 * pi * rng_uniform_f64(r);
	l.contrast = 0.10 + 0.15 * rng_uniform_f64(r);
	const double shift_x = 0.2 * (rng_uniform_f64(r) - 0.5), shift_y = 0.2 * (rng_uniform_f64(r) - 0.5);
	l.x = c->size * (0.5 + 0.25 * cos(2 * pi * turn) + shift_x);
	l.y = c->size * (0.5 + 0.25 * sin(2 * pi * turn) + shift_y);
	l.width = 0.15 * c->size;
	l.spot = 0.30 * (rng_uniform_f64(r) < 0.5 ? -1 : 1);
	for (int ch = 0; ch < 4; ch++)
		l.colour[ch] = 0.7 + 0.3 * cos(2 * pi * (turn * (1 + ch % 2) + ch / 3.0));
	return l;
}

static void draw(const struct synth_conf *c, const struct look *l, struct rng *r, uint8_t *out)
{
	for (int y = 0; y < c->size; y++)
		for (int x = 0; x < c->size; x++) {
			const double dx = (x - l->x) / l->width, dy = (y - l->y) / l->width;
			const double stripe = l->contrast * sin(l->cos * x + l->sin * y + l->phase);
			const double spot = l->spot * exp(-0.5 * (dx * dx + dy * dy));
			for (int ch = 0; ch < c->channels; ch++) {
				const double v = 0.5 + stripe * l->colour[ch] + spot + c->noise * noise(r);
				*out++ = (uint8_t)fmin(fmax(floor(255 * v + 0.5), 0), 255);
			}
		}
}

/* Classes take turns, so every prefix is balanced. */
static void make(const struct synth_conf *c, int part, int n, size_t bytes, uint8_t *pixels, int32_t *label)
{
	for (int i = 0; i < n; i++) {
		struct rng r =
			rng_stream((uint64_t)c->seed,
		               (struct rng_name){.purpose = "synth", .view = (uint32_t)part, .sample = (uint32_t)i});
		label[i] = i % c->classes;
		const struct look l = look_of(c, label[i], &r);
		draw(c, &l, &r, pixels + (size_t)i * bytes);
	}
}

static void hash(const struct dataset_info *d, const struct synth *s, char hex[65])
{
	struct sha256 *h = sha256_open();
	const int head[4] = {d->classes, d->train.n, d->train.H, d->train.C};
	for (int i = 0; i < 4; i++) {
		const uint8_t bytes[4] = {(uint8_t)head[i], (uint8_t)(head[i] >> 8), (uint8_t)(head[i] >> 16),
		                          (uint8_t)(head[i] >> 24)};
		sha256_add(h, bytes, sizeof bytes);
	}
	sha256_add(h, s->pixels, (size_t)(d->train.n + d->test.n) * picture_bytes(&d->train));
	sha256_hex(h, hex);
}

static enum status open_synth(const void *conf, struct where at, struct arena *a, struct dataset_info *out,
                              struct err *e)
{
	static const char *const name[2] = {"synth training set", "synth test set"};
	const struct synth_conf *c = conf;
	const int n[2] = {c->n_train, c->n_test};
	const size_t bytes = (size_t)c->size * (size_t)c->size * (size_t)c->channels;
	struct synth *s = NEW(a, struct synth);
	(void)at;
	s->pixels = mem_new(((size_t)n[0] + (size_t)n[1]) * bytes);
	if (!s->pixels)
		return err_nomem(e, "too little memory for %d synth pictures of %zu bytes", n[0] + n[1], bytes);
	for (int part = 0; part < 2; part++) {
		int32_t *label = NEW_ARRAY(a, int32_t, n[part]);
		uint8_t *pixels = s->pixels + (part ? (size_t)n[0] * bytes : 0);
		make(c, part, n[part], bytes, pixels, label);
		s->held[part] = (struct held){pixels, &name[part], n[part] > 1 ? n[part] : 2};
		*(part ? &out->test : &out->train) = (struct pictures){
			.n = n[part], .C = c->channels, .H = c->size, .W = c->size, .label = label,
			.read = held_read, .place = held_place, .own = &s->held[part],
		};
	}
	struct moments m = {0};
	moments_add(&m, s->pixels, (size_t)n[0] * (size_t)c->size * (size_t)c->size, c->channels);
	moments_get(&m, c->channels, out->mean, out->std);
	out->classes = c->classes;
	out->class_name = class_numbers(a, c->classes);
	hash(out, s, out->hash);
	return OK;
}

static void close_synth(struct dataset_info *d)
{
	struct synth *s = d->train.own;
	if (s)
		mem_free(s->pixels);
	memset(d, 0, sizeof *d);
}

const struct dataset dataset_synth = {
	.name = "synth", .help = "made pictures: stripes, a soft spot and noise; for tests",
	.conf_size = sizeof(struct synth_conf), .opts = opts, .open = open_synth, .close = close_synth,
};
