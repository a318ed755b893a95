#include "losses/loss.h"

struct ce_conf {
	double smoothing;
};

static const struct opt opts[] = {
	REAL(ce_conf, smoothing, 0, 0, 0.9, "-", "share of the label that is spread over all classes"),
	{0},
};

static struct node *build(const void *conf, const struct loss_site *s)
{
	const struct ce_conf *c = conf;
	return graph_cross_entropy(s->g, s->x_s, s->label, c->smoothing);
}

const struct loss loss_ce = {
	.name = "ce",
	.help = "cross-entropy with the labels",
	.formula = "-sum over k of q_k log softmax(z_s)_k, mean over N; q = (1 - smoothing) onehot(y) + smoothing / K",
	.paper = "smoothing: Szegedy et al., CVPR 2016",
	.differs = "",
	.revision = 2,
	.needs = NEED_LABEL,
	.conf_size = sizeof(struct ce_conf),
	.opts = opts,
	.build = build,
};
