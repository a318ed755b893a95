#include "losses/loss.h"

struct kd_conf {
	double tau;
	int form, tau_squared, kl_mean_over_classes;
};
enum { FORM_KL, FORM_CROSS_ENTROPY };

static const struct opt opts[] = {
	REAL(kd_conf, tau, 4, 0.001, 1000, "-", "softmax temperature"),
	CHOICE(kd_conf, form, "kl", "kl|cross_entropy", "cross_entropy: KL and the teacher's entropy, which has the same gradient to the student"),
	BOOL(kd_conf, tau_squared, 1, "the factor tau^2; no part of what moves an adaptive tau, but of what learned_adversarial climbs; false: the student's gradient falls as 1 / tau^2"),
	BOOL(kd_conf, kl_mean_over_classes, 0, "the mean over N and K in place of N alone: K times smaller, as in TAKD's released code"),
	{0},
};

static struct node *check_logits(struct graph *g, struct node *z_s, struct node *z_t)
{
	if (!z_s || !z_t)
		return NULL;
	const struct shape *s = &z_s->type.shape, *t = &z_t->type.shape;
	if (s->n_dim != 2 || !shape_eq(s, t))
		return graph_fail(g, "kd: student logits are %s but teacher logits are %s: (N,K) of one number of classes is wanted",
		                  shape_str(s), shape_str(t));
	return z_s;
}

struct node *kd_divergence(struct graph *g, struct node *z_s, struct node *z_t, double tau)
{
	if (!check_logits(g, z_s, z_t))
		return NULL;
	return graph_scale(g, graph_kl_divergence(g, z_s, graph_stop_gradient(g, z_t), tau), tau * tau, 0);
}

struct node *soft_cross_entropy(struct graph *g, struct node *z_s, struct node *z_t)
{
	struct node *each = graph_mul(g, graph_softmax(g, z_t), graph_log_softmax(g, z_s));
	return each ? graph_scale(g, graph_sum_all(g, each), -1.0 / z_s->type.shape.d[0], 0) : NULL;
}

/* tau as a node: of a temperature that changes, or the option's number. */
static struct node *softened(const struct kd_conf *c, struct graph *g, struct node *z_s, struct node *z_t, struct node *tau)
{
	struct node *s = graph_div(g, z_s, tau), *t = graph_div(g, graph_stop_gradient(g, z_t), tau);
	struct node *loss = c->form == FORM_KL ? graph_kl_divergence(g, s, t, 1) : soft_cross_entropy(g, s, t);
	return c->tau_squared ? graph_mul(g, loss, graph_mul(g, tau, tau)) : loss;
}

static struct node *build(const void *conf, const struct loss_site *s)
{
	const struct kd_conf *c = conf;
	struct graph *g = s->g;
	if (!check_logits(g, s->x_s, s->x_t))
		return NULL;
	struct node *loss;
	if (s->tau || c->form != FORM_KL || !c->tau_squared)
		loss = softened(c, g, s->x_s, s->x_t, s->tau ? s->tau : graph_const(g, c->tau, shape0()));
	else
		loss = kd_divergence(g, s->x_s, s->x_t, c->tau);
	return loss && c->kl_mean_over_classes ? graph_scale(g, loss, 1.0 / s->x_s->type.shape.d[1], 0) : loss;
}

const struct loss loss_kd = {
	.name = "kd",
	.help = "match the teacher's softened class probabilities",
	.formula = "tau^2 KL(p_t || p_s), p = softmax(z / tau); nats, sum over K, mean over N",
	.paper = "Hinton, Vinyals, Dean 2015, section 2",
	.differs = "KL in place of cross-entropy: the same gradient, since the teacher's entropy is constant",
	.revision = 2,
	.needs = NEED_TEACHER | HAS_TAU,
	.conf_size = sizeof(struct kd_conf),
	.opts = opts,
	.build = build,
};
