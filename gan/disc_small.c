/* A small network of its own: convolutions of stride 2 with leaky ReLU, no batch statistics. */
#include "gan/head.h"
#include "gan/spectral.h"

struct small_conf {
	int width, depth;
	double slope;
	bool spectral;
};

static const struct opt opts[] = {
	INT(small_conf, width, 64, 1, 4096, "channels", "of every convolution"),
	INT(small_conf, depth, 3, 1, 8, "-", "convolutions"),
	REAL(small_conf, slope, 0.2, 0.001, 0.999, "-", "of the leaky ReLU below 0"),
	BOOL(small_conf, spectral, false, "weights divided by their largest singular value; one power iteration a step"),
	{0},
};

enum { SMALLEST_MAP = 4 }; /* below it, stride 1 */

static struct node *conv(struct builder *b, const struct small_conf *c, struct node *x, int i)
{
	const bool shrink = x->type.shape.d[2] >= SMALLEST_MAP && x->type.shape.d[3] >= SMALLEST_MAP;
	const int stride = shrink ? 2 : 1;
	const char *name = block_name(b, "conv%d", i + 1);
	return c->spectral ? spectral_conv(b, x, name, c->width, 3, stride, 1) : block_conv(b, x, name, c->width, 3, stride, 1, 1, true);
}

static struct node *score(const void *conf, const struct critic_site *s, struct node *h)
{
	const struct small_conf *c = conf;
	struct builder b = critic_builder(s);
	struct node *x = h;
	if (x && x->type.shape.n_dim != 4)
		return graph_fail(s->g, "critic 'small' takes a map (N,C,H,W), given %s", shape_str(&x->type.shape));
	for (int i = 0; i < c->depth && x; i++)
		x = graph_leaky_relu(s->g, conv(&b, c, x, i), c->slope);
	if (!x)
		return NULL;
	struct node *pooled = graph_mean(s->g, x, 1u << 2 | 1u << 3, false);
	if (!c->spectral)
		return head_scalar(&b, pooled);
	struct node *r = spectral_linear(&b, pooled, "head", 1);
	return r ? graph_reshape(s->g, r, shape1(r->type.shape.d[0])) : NULL;
}

const struct critic critic_small = {
	.name = "small",
	.help = "a few convolutions of stride 2 with leaky ReLU, mean over the map, one linear score",
	.formula = "D(h) = w . GAP(conv(... conv(h))) + c; spectral: each weight W (O, C R S), the head's too, is W / sigma(W)",
	.paper = "the shape used by Belagiannis et al. 2018 (ANC) and Chung et al., ICML 2020 (AFD); spectral: Miyato et al., ICLR 2018, algorithm 1",
	.differs = "3x3 convolutions, no normalisation of features; the power iteration starts from equal elements, not from random ones",
	.revision = 1,
	.conf_size = sizeof(struct small_conf),
	.opts = opts,
	.score = score,
};
