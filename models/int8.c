#include "models/int8.h"

#include <math.h>
#include <string.h>

#include "engine/plan.h"
#include "models/apply.h"
#include "models/block_int8.h"

/* ---- application ---- */

static struct int8_sites *sites_new(struct arena *a, const struct int8_scales *scales)
{
	struct int8_sites *s = NEW(a, struct int8_sites);
	s->scales = scales;
	return s;
}

/* Frozen; with scales in bytes, else as ever with its sites noted. */
static struct node *apply(struct graph *g, struct net *net, struct int8_sites *sites, struct node *x, const char *name,
                          struct taps *taps)
{
	struct taps unread = {0};
	struct builder b = {.g = g, .net = net, .mode = MODE_FROZEN, .taps = taps ? taps : &unread, .int8 = sites};
	return parts_apply(&b, 0, net_part_all(net), x, name);
}

struct node *model_apply_int8(struct graph *g, struct net *net, const struct int8_scales *scales, struct node *x,
                              const char *name, struct taps *taps)
{
	struct int8_sites *sites = sites_new(g->arena, scales);
	struct node *logits = apply(g, net, sites, x, name, taps);
	if (logits && sites->n != scales->n)
		return graph_fail(g, "network '%s' has %d activations, but there are %d scales", net->name, sites->n, scales->n);
	return logits;
}

int int8_site_count(struct net *net)
{
	struct arena *scratch = arena_open("int8");
	struct graph *g = graph_new(scratch, NEW(scratch, struct err));
	struct int8_sites *sites = sites_new(scratch, NULL);
	apply(g, net, sites, graph_input(g, "image", shape4(1, net->C, net->H, net->W), CLASS_ACT), net->name, NULL);
	const int n = sites->n;
	arena_close(scratch);
	return n;
}

/* ---- what values an activation takes ---- */

enum { BINS = 2048 };

/* Values above 0, in bins of one width; the range is a power of two that doubles when a value lies beyond it. */
struct histogram {
	double range, top;
	double count[BINS];
};

static void widen(struct histogram *h)
{
	for (int i = 0; i < BINS / 2; i++)
		h->count[i] = h->count[2 * i] + h->count[2 * i + 1];
	memset(h->count + BINS / 2, 0, sizeof h->count / 2);
	h->range *= 2;
}

static void histogram_add(struct histogram *h, double v)
{
	if (h->range == 0)
		h->range = exp2(ilogb(v) + 1);
	while (v >= h->range)
		widen(h);
	h->count[(int)(v / h->range * BINS)]++;
	if (v > h->top)
		h->top = v;
}

/* Squared error of all values in units of clip / 255. */
static double clip_error(const struct histogram *h, double clip)
{
	const double unit = clip / 255, width = h->range / BINS;
	double sum = 0;
	for (int i = 0; i < BINS && i * width < h->top; i++) {
		const double v = (i + 0.5) * width, error = v - fmin(nearbyint(v / unit), 255) * unit;
		sum += h->count[i] * error * error;
	}
	return sum;
}

static double histogram_scale(const struct histogram *h)
{
	double best = h->top, least = INFINITY;
	if (h->top == 0)
		return 1.0 / 255;
	for (int i = 100; i >= 20; i--) {
		const double clip = h->top * i / 100, error = clip_error(h, clip);
		if (error < least) {
			least = error;
			best = clip;
		}
	}
	return fmax(best / 255, 1e-12);
}

/* ---- calibration ---- */

struct calibration {
	struct arena *arena; /* closed at the end */
	struct net *net;
	struct device *dev;
	struct node *input;
	struct int8_sites *sites;
	struct step_desc desc;
	struct segment segment;
	struct plan *plan;
	void *workspace;
	size_t workspace_bytes;
	struct histogram *seen;
	uint8_t *pictures;
	double *values;
};

static enum status calibration_build(struct calibration *c, enum precision precision, const struct int8_pictures *p,
                                     struct err *e)
{
	const struct net *net = c->net;
	struct graph *g = graph_new(c->arena, e);
	int64_t most = 0;
	c->sites = sites_new(c->arena, NULL);
	c->input = graph_input(g, "pictures", shape4(p->batch, net->C, net->H, net->W), CLASS_U8);
	apply(g, c->net, c->sites, graph_normalize(g, c->input, p->mean, p->std), net->name, NULL);
	if (graph_status(g) != OK)
		return graph_status(g);
	for (int i = 0; i < c->sites->n; i++) {
		const int64_t n = shape_count(&c->sites->act[i]->type.shape);
		most = n > most ? n : most;
	}
	c->segment = (struct segment){.name = "calibration", .every = 1};
	c->desc = (struct step_desc){.g = g, .precision = precision, .n_segment = 1, .segment = &c->segment,
	                             .n_keep = c->sites->n, .keep = c->sites->act};
	c->seen = NEW_ARRAY(c->arena, struct histogram, c->sites->n);
	c->pictures = NEW_ARRAY(c->arena, uint8_t, shape_count(&c->input->type.shape));
	c->values = NEW_ARRAY(c->arena, double, most);
	enum status st = plan_new(c->arena, &c->desc, c->dev, 1, &c->plan, e);
	if (st != OK)
		return st;
	c->workspace_bytes = plan_workspace(c->plan);
	st = device_alloc(c->dev, c->workspace_bytes, &c->workspace, e);
	return st == OK ? plan_prepare(c->plan, c->workspace, e) : st;
}

static enum status look_at(struct calibration *c, int site, struct err *e)
{
	const struct node *n = c->sites->act[site];
	const enum status st = plan_get(c->plan, n, c->values, e);
	for (int64_t i = 0, count = shape_count(&n->type.shape); st == OK && i < count; i++) {
		if (!isfinite(c->values[i]))
			return err_user(e, (struct where){0},
			                "network '%s' can't be applied in int8: a value of '%s' is not finite on the "
			                "pictures that scales are found on",
			                c->net->name, n->name);
		if (c->values[i] > 0)
			histogram_add(&c->seen[site], c->values[i]);
	}
	return st;
}

static enum status calibration_run(struct calibration *c, const struct int8_pictures *p, struct err *e)
{
	enum status st = OK;
	for (int i = 0; i < p->n_batch && st == OK; i++) {
		st = p->read(p->own, i, c->pictures, e);
		if (st != OK)
			return st;
		plan_put(c->plan, c->input, c->pictures);
		st = plan_run(c->plan, e);
		for (int k = 0; k < c->sites->n && st == OK; k++)
			st = look_at(c, k, e);
	}
	return st;
}

static void calibration_close(struct calibration *c)
{
	plan_release(c->plan);
	device_free(c->dev, c->workspace, c->workspace_bytes);
	arena_close(c->arena);
}

enum status int8_calibrate(struct arena *a, struct net *net, struct device *dev, enum precision precision,
                           const struct int8_pictures *pictures, struct int8_scales **out, struct err *e)
{
	*out = NULL;
	if (pictures->batch < 1 || pictures->n_batch < 1)
		return err_user(e, (struct where){0}, "network '%s' can't be applied in int8: there are no pictures to find scales on",
		                net->name);
	struct calibration c = {.arena = arena_open("calibration"), .net = net, .dev = dev};
	enum status st = calibration_build(&c, precision, pictures, e);
	if (st == OK)
		st = calibration_run(&c, pictures, e);
	if (st == OK) {
		struct int8_scales *s = NEW(a, struct int8_scales);
		s->n = c.sites->n;
		s->scale = NEW_ARRAY(a, double, s->n);
		for (int i = 0; i < s->n; i++)
			s->scale[i] = histogram_scale(&c.seen[i]);
		*out = s;
	}
	calibration_close(&c);
	return st;
}
