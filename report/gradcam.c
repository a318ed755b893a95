#include "report/gradcam.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "engine/build.h"

struct gradcam {
	struct net *net;
	int n, n_layer;
	struct graph *g;
	struct node *image, *class, *logits;
	struct node *own[GRADCAM_LAYERS], *wide[GRADCAM_LAYERS];
	struct gradcam_map map[GRADCAM_LAYERS];
	double *z;
	uint8_t *bytes;     /* what is put must stay until the run has ended */
	int32_t *classes;
	struct node *keep[2 * GRADCAM_LAYERS + 1];
	struct segment segment;
	struct step_desc desc;
	struct plan *plan;
};

/* The part that a layer is the output of, -1: no layer's name. */
static int part_of(const struct net *net, const char *layer)
{
	if (str_eq(layer, "stem"))
		return 0;
	if (str_eq(layer, "last"))
		return net->B;
	char name[32];
	for (int i = 1; i <= net->B; i++) {
		snprintf(name, sizeof name, "block%d", i);
		if (str_eq(layer, name))
			return i;
	}
	return -1;
}

/* A part's features where they are a map; NULL: it has no tap, or vectors. */
static struct node *features_of(const struct taps *t, int part)
{
	struct node *x = taps_active(t, part);
	return x && x->type.shape.n_dim == 4 ? x : NULL;
}

int gradcam_layers(struct arena *a, const struct net *net, const char *name[GRADCAM_LAYERS])
{
	struct arena *scratch = arena_open("layers");
	struct graph *g = graph_new(scratch, NEW(scratch, struct err));
	struct net copy = *net;
	struct taps t = {0};
	int n = 0;
	model_apply(g, &copy, 0, net_part_all(net), graph_input(g, "image", shape4(1, net->C, net->H, net->W), CLASS_ACT), MODE_FROZEN, net->name, &t);
	for (int part = 0; part <= net->B; part++)
		if (features_of(&t, part))
			name[n++] = part ? arena_printf(a, "block%d", part) : "stem";
	arena_close(scratch);
	return n;
}

/* relu(sum over c of alpha_c A_c), alpha the mean of the gradient over the map. */
static struct node *map_of(struct graph *g, struct node *features, struct node *gradient)
{
	struct node *alpha = graph_mean(g, gradient, 1u << 2 | 1u << 3, true);
	return graph_relu(g, graph_sum(g, graph_mul(g, features, alpha), 1u << 1, true));
}

static void add_layers(struct gradcam *c, struct arena *a, const struct taps *t, struct node *sum, const char *const layer[])
{
	struct node *features[GRADCAM_LAYERS], *gradient[GRADCAM_LAYERS];
	int n = 0, of[GRADCAM_LAYERS];
	for (int i = 0; i < c->n_layer; i++) {
		const int part = part_of(c->net, layer[i]);
		if (part < 0 || !features_of(t, part))
			continue;
		features[n] = features_of(t, part);
		c->map[i].raw = features[n] == (part ? t->block_pre[part] : t->stem_pre);
		of[n++] = i;
	}
	graph_grad(c->g, sum, NULL, features, n, gradient);
	for (int k = 0; k < n && graph_status(c->g) == OK; k++) {
		struct gradcam_map *m = &c->map[of[k]];
		const struct shape *s = &features[k]->type.shape;
		struct node *own = c->own[of[k]] = map_of(c->g, features[k], gradient[k]);
		struct node *wide = c->wide[of[k]] = graph_resize(c->g, own, c->net->H, c->net->W, true);
		m->h = s->d[2];
		m->w = s->d[3];
		m->own = NEW_ARRAY(a, double, (size_t)c->n * (size_t)m->h * (size_t)m->w);
		m->wide = NEW_ARRAY(a, double, (size_t)c->n * (size_t)c->net->H * (size_t)c->net->W);
		c->keep[c->desc.n_keep++] = own;
		c->keep[c->desc.n_keep++] = wide;
	}
}

enum status gradcam_open(struct arena *a, struct net *net, const float mean[4], const float std[4], const char *const layer[], int n_layer, int n,
                         struct device *dev, enum precision p, struct gradcam **out, struct err *e)
{
	struct gradcam *c = NEW(a, struct gradcam);
	const int K = net->classes;
	struct taps t = {0};
	BUG_IF(n_layer > GRADCAM_LAYERS, "%d layers", n_layer);
	*c = (struct gradcam){.net = net, .n = n, .n_layer = n_layer, .g = graph_new(a, e)};
	c->z = NEW_ARRAY(a, double, (size_t)n * (size_t)K);
	c->bytes = arena_alloc(a, (size_t)n * (size_t)net->C * (size_t)net->H * (size_t)net->W);
	c->classes = NEW_ARRAY(a, int32_t, n);
	c->image = graph_input(c->g, "image", shape4(n, net->C, net->H, net->W), CLASS_U8);
	c->class = graph_input(c->g, "class", shape1(n), CLASS_I32);
	c->logits = model_apply(c->g, net, 0, net_part_all(net), graph_normalize(c->g, c->image, mean, std), MODE_FROZEN, net->name, &t);
	struct node *sum = graph_sum_all(c->g, graph_mul(c->g, c->logits, graph_one_hot(c->g, c->class, K)));
	c->segment = (struct segment){.name = "gradcam", .every = 1};
	c->desc = (struct step_desc){.g = c->g, .precision = p, .n_segment = 1, .segment = &c->segment, .n_keep = 1, .keep = c->keep};
	c->keep[0] = c->logits;
	if (graph_status(c->g) == OK)
		add_layers(c, a, &t, sum, layer);
	*out = c;
	return graph_status(c->g) == OK ? plan_new(a, &c->desc, dev, 1, &c->plan, e) : graph_status(c->g);
}

size_t gradcam_workspace(const struct gradcam *c)
{
	return plan_workspace(c->plan);
}

enum status gradcam_prepare(struct gradcam *c, void *workspace, struct err *e)
{
	return plan_prepare(c->plan, workspace, e);
}

static enum status get(struct gradcam *c, const struct node *node, double *to, int64_t each, int count, struct err *e)
{
	const enum status st = plan_get(c->plan, node, to, e);
	for (int64_t i = 0; i < each * count && st == OK; i++)
		if (!isfinite(to[i]))
			return err_run(e, "'%s' gives a value that is not finite for picture %d of the batch (%s)", c->net->name, (int)(i / each), node->name);
	return st;
}

enum status gradcam_run(struct gradcam *c, const uint8_t *image, const int32_t *class, int count, struct err *e)
{
	const size_t picture = (size_t)c->net->C * (size_t)c->net->H * (size_t)c->net->W;
	BUG_IF(count > c->n, "%d pictures in a batch of %d", count, c->n);
	memcpy(c->bytes, image, picture * (size_t)count);
	for (int i = 0; i < c->n; i++)
		c->classes[i] = i < count ? class[i] : -1;
	plan_put(c->plan, c->image, c->bytes);
	plan_put(c->plan, c->class, c->classes);
	enum status st = plan_run(c->plan, e);
	if (st == OK)
		st = get(c, c->logits, c->z, c->net->classes, count, e);
	for (int i = 0; i < c->n_layer && st == OK; i++) {
		const struct gradcam_map *m = &c->map[i];
		if (!m->h)
			continue;
		st = get(c, c->own[i], m->own, (int64_t)m->h * m->w, count, e);
		if (st == OK)
			st = get(c, c->wide[i], m->wide, (int64_t)c->net->H * c->net->W, count, e);
	}
	return st;
}

int gradcam_answer(const struct gradcam *c, int i)
{
	const double *z = c->z + (size_t)i * (size_t)c->net->classes;
	int best = 0;
	for (int k = 1; k < c->net->classes; k++)
		if (z[k] > z[best])
			best = k;
	return best;
}

const struct gradcam_map *gradcam_map(const struct gradcam *c, int layer)
{
	return &c->map[layer];
}

void gradcam_close(struct gradcam *c)
{
	if (c)
		plan_release(c->plan);
}
