#include "losses/loss.h"

struct hint_conf {
	int adapter, relu;
};
enum { RELU_AUTO, RELU_YES, RELU_NO };

static const struct opt opts[] = {
	CHOICE(hint_conf, adapter, "auto", "auto|always", "auto: no adapter where shapes agree"),
	CHOICE(hint_conf, relu, "auto", "auto|yes|no", "whether the adapter ends in a ReLU; auto: as the teacher's tap does"),
	{0},
};

/* Vectors are not rectified by an adapter. */
static bool ends_in_relu(const struct hint_conf *c, const struct loss_site *s)
{
	if (c->relu != RELU_AUTO)
		return c->relu == RELU_YES;
	return s->x_t->type.shape.n_dim == 4 && tap_has_relu(s->t, s->net_t, s->teacher_tap);
}

static struct node *build(const void *conf, const struct loss_site *s)
{
	const struct hint_conf *c = conf;
	if (!s->x_s || !s->x_t)
		return NULL;
	struct builder b = {.g = s->g, .net = s->own, .mode = s->mode, .defining = s->defining};
	struct node *u = adapt(&b, s->x_s, &s->x_t->type, ends_in_relu(c, s), (enum adapter)c->adapter, "adapt");
	return u ? graph_mean_square(s->g, u, graph_stop_gradient(s->g, s->x_t)) : NULL;
}

const struct loss loss_hint = {
	.name = "hint",
	.help = "mean squared error between features, the student's behind an adapter that is placed by itself",
	.formula = "mean over all elements of (A(f_s) - f_t)^2; A: resize, 1x1 convolution, batch norm, ReLU where the tap has one",
	.paper = "Romero et al., FitNets, ICLR 2015, eq. 3",
	.differs = "FitNets sums the squares, halves them, and trains on them alone first; its regressor has no batch norm",
	.revision = 1,
	.needs = NEED_TEACHER | NEED_TAPS | NEED_PARAMS,
	.conf_size = sizeof(struct hint_conf),
	.opts = opts,
	.build = build,
};
