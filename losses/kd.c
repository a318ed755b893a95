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
	struct node *t_scaled = graph_scale(g, graph_stop_gradient(g, graph_cast(g, z_t, CLASS_WIDE)), 1 / tau, 0);
	struct node *s_scaled = graph_scale(g, graph_cast(g, z_s, CLASS_WIDE), 1 / tau, 0);
	struct node *log_p = graph_log_softmax(g, t_scaled), *p = graph_softmax(g, t_scaled);
	struct node *gap = graph_sub(g, log_p, graph_log_softmax(g, s_scaled));
	struct node *sum = graph_sum(g, graph_mul(g, p, gap), 1u << 1, false);
	return graph_scale(g, graph_mean_all(g, sum), tau * tau, 0);
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
	.revision = 1,
	.needs = NEED_TEACHER,
	.conf_size = sizeof(struct kd_conf),
	.opts = opts,
	.build = build,
};
