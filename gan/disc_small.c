/* A small network of its own: convolutions of stride 2 with leaky ReLU, no batch statistics. */
#include "gan/critic.h"
#include "models/block.h"

struct small_conf {
	int width, depth;
	double slope;
};

static const struct opt opts[] = {
	INT(small_conf, width, 64, 1, 4096, "channels", "of every convolution"),
	INT(small_conf, depth, 3, 1, 8, "-", "convolutions"),
	REAL(small_conf, slope, 0.2, 0.001, 0.999, "-", "of the leaky ReLU below 0"),
	{0},
};

enum { SMALLEST_MAP = 4 }; /* below it, stride 1 */

static struct node *score(const void *conf, const struct critic_site *s, struct node *h)
{
	const struct small_conf *c = conf;
	struct builder b = {.g = s->g, .net = s->own, .mode = MODE_TRAIN, .defining = s->defining};
	struct node *x = h;
	for (int i = 0; i < c->depth && x; i++) {
		const bool shrink = x->type.shape.d[2] >= SMALLEST_MAP && x->type.shape.d[3] >= SMALLEST_MAP;
		x = block_conv(&b, x, block_name(&b, "conv%d", i + 1), c->width, 3, shrink ? 2 : 1, 1, 1, true);
		x = graph_leaky_relu(s->g, x, c->slope);
	}
	if (!x)
		return NULL;
	struct node *pooled = graph_mean(s->g, x, 1u << 2 | 1u << 3, false);
	struct node *r = block_linear(&b, pooled, "head", 1);
	return r ? graph_reshape(s->g, r, shape1(r->type.shape.d[0])) : NULL;
}

const struct critic critic_small = {
	.name = "small",
	.help = "a few convolutions of stride 2 with leaky ReLU, mean over the map, one linear score",
	.formula = "D(h) = w . GAP(conv(... conv(h))) + c",
	.paper = "the shape used by Belagiannis et al. 2018 (ANC) and Chung et al., ICML 2020 (AFD)",
	.differs = "3x3 convolutions, no normalisation",
	.revision = 1,
	.conf_size = sizeof(struct small_conf),
	.opts = opts,
	.score = score,
};
