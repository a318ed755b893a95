#include "losses/loss.h"

struct kd_conf {
	double tau;
};

static const struct opt opts[] = {
	REAL(kd_conf, tau, 4, 0.001, 1000, "-", "softmax temperature"),
	{0},
};

struct node *kd_divergence(struct graph *g, struct node *z_s, struct node *z_t, double tau)
{
	if (!z_s || !z_t)
		return NULL;
	const struct shape *s = &z_s->type.shape, *t = &z_t->type.shape;
	if (s->n_dim != 2 || !shape_eq(s, t))
		return graph_fail(g, "kd: student logits are %s but teacher logits are %s: (N,K) of one number of classes is wanted",
		                  shape_str(s), shape_str(t));
	return graph_scale(g, graph_kl_divergence(g, z_s, graph_stop_gradient(g, z_t), tau), tau * tau, 0);
}

static struct node *build(const void *conf, const struct loss_site *s)
{
	const struct kd_conf *c = conf;
	return kd_divergence(s->g, s->x_s, s->x_t, c->tau);
}

const struct loss loss_kd = {
	.name = "kd",
	.help = "match the teacher's softened class probabilities",
	.formula = "tau^2 KL(p_t || p_s), p = softmax(z / tau); nats, sum over K, mean over N",
	.paper = "Hinton, Vinyals, Dean 2015, section 2",
	.differs = "KL in place of cross-entropy: the same gradient, since the teacher's entropy is constant",
	.revision = 2,
	.needs = NEED_TEACHER,
	.conf_size = sizeof(struct kd_conf),
	.opts = opts,
	.build = build,
};
