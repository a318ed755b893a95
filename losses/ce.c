#include "losses/loss.h"

struct ce_conf {
	double smoothing, tau;
};

static const struct opt opts[] = {
	REAL(ce_conf, smoothing, 0, 0, 0.9, "-", "share of the label that is spread over all classes"),
	REAL(ce_conf, tau, 1, 0.001, 1000, "-", "softmax temperature: of distillation's loss as some papers print it; there is no factor tau^2"),
	{0},
};

static struct node *build(const void *conf, const struct loss_site *s)
{
	const struct ce_conf *c = conf;
	struct graph *g = s->g;
	struct node *z = s->tau ? graph_div(g, s->x_s, s->tau) : c->tau != 1 ? graph_scale(g, s->x_s, 1 / c->tau, 0) : s->x_s;
	return graph_cross_entropy(g, z, s->label, c->smoothing);
}

const struct loss loss_ce = {
	.name = "ce",
	.help = "cross-entropy with the labels",
	.formula = "-sum over k of q_k log softmax(z_s / tau)_k, mean over N; q = (1 - smoothing) onehot(y) + smoothing / K",
	.paper = "smoothing: Szegedy et al., CVPR 2016",
	.differs = "",
	.revision = 2,
	.needs = NEED_LABEL | HAS_TAU,
	.conf_size = sizeof(struct ce_conf),
	.opts = opts,
	.build = build,
};
