/*
 * Losses of logits whose value and gradient one kernel makes in one pass over each sample: out[0] is the loss, out[1] its
 * gradient with respect to the first input. Gradients of out[0] read out[1]; those of out[1] are made of softmax and sums.
 */
#include "engine/build.h"

#include "engine/ops/ops.h"

enum { CLASSES = 1u << 1 };

static enum status check_logits(const struct call *c, int i, struct err *e)
{
	const struct type *z = &c->in[i]->type;
	if (z->shape.n_dim != 2 || !class_real(z->cls))
		return err_user(e, c->at, "%s: logits %s %s must be real and (N,K)", c->op->name, tclass_name(z->cls),
		                shape_str(&z->shape));
	return OK;
}

static void loss_and_gradient(const struct call *c, struct type out[])
{
	out[0] = type_of(shape0(), CLASS_WIDE);
	out[1] = type_of(c->in[0]->type.shape, CLASS_WIDE);
}

/* a + b, either of which may be absent. */
static struct node *sum_of(struct graph *g, struct node *a, struct node *b)
{
	return a && b ? graph_add(g, a, b) : a ? a : b;
}

/* factor J d, J the Jacobian of softmax where it gives p: p (d - sum(d p)). */
static struct node *through_softmax(struct graph *g, struct node *p, struct node *d, double factor)
{
	struct node *sum = graph_sum(g, graph_mul(g, d, p), CLASSES, true);
	return graph_scale(g, graph_mul(g, p, graph_sub(g, d, sum)), factor, 0);
}

/* ---- cross_entropy (z, label) ---- */

static enum status cross_entropy_infer(const struct call *c, struct type out[], struct err *e)
{
	const struct cross_entropy_conf *k = c->conf;
	const struct type *z = &c->in[0]->type, *label = &c->in[1]->type;
	if (z->shape.n_dim != 2 || !class_real(z->cls) || label->shape.n_dim != 1 || label->cls != CLASS_I32 ||
	    z->shape.d[0] != label->shape.d[0])
		return err_user(e, c->at, "cross_entropy: logits %s need one i32 label for each row, got %s %s",
		                shape_str(&z->shape), tclass_name(label->cls), shape_str(&label->shape));
	if (!(k->smoothing >= 0 && k->smoothing < 1))
		return err_user(e, c->at, "cross_entropy: smoothing is %g, allowed 0 to less than 1", k->smoothing);
	loss_and_gradient(c, out);
	return OK;
}

/* 1 for a row whose label is a class, else 0. (N,1) */
static struct node *has_label(struct graph *g, const struct call *c)
{
	return graph_sum(g, graph_one_hot(g, c->in[1], c->in[0]->type.shape.d[1]), CLASSES, true);
}

static void cross_entropy_grad(struct graph *g, const struct call *c, struct node *const dy[], const bool need[],
                               struct node *dx[])
{
	struct node *z = c->in[0], *dz = NULL;
	if (!need[0])
		return;
	if (dy[0])
		dz = graph_mul(g, dy[0], c->out[1]);
	if (dy[1]) {
		struct node *d = graph_mul(g, dy[1], has_label(g, c));
		dz = sum_of(g, dz, through_softmax(g, graph_softmax(g, z), d, 1.0 / z->type.shape.d[0]));
	}
	dx[0] = dz ? fit_to(g, dz, z->type) : NULL;
}

const struct op op_cross_entropy = {
	.name = "cross_entropy",
	.help = "y = -1/N sum q log softmax(z); its gradient. q[n,k] = (1 - s) (label[n] = k) + s / K; 0 for a label of no class",
	.min_in = 2, .max_in = 2, .n_out = 2, .conf_size = sizeof(struct cross_entropy_conf),
	.infer = cross_entropy_infer, .grad = cross_entropy_grad,
};

struct node *graph_cross_entropy(struct graph *g, struct node *logits, struct node *label, double smoothing)
{
	struct node *const in[] = {logits, label};
	const struct cross_entropy_conf conf = {smoothing};
	return logits && label ? graph_call(g, &op_cross_entropy, &conf, in, 2) : NULL;
}

/* ---- kl_divergence (z_s, z_t) ---- */

static enum status kl_divergence_infer(const struct call *c, struct type out[], struct err *e)
{
	const struct kl_divergence_conf *k = c->conf;
	const struct shape *s = &c->in[0]->type.shape, *t = &c->in[1]->type.shape;
	if (check_logits(c, 0, e) != OK || check_logits(c, 1, e) != OK)
		return E_USER;
	if (!shape_eq(s, t))
		return err_user(e, c->at, "kl_divergence: logits %s and %s differ in shape", shape_str(s), shape_str(t));
	if (!(k->tau > 0))
		return err_user(e, c->at, "kl_divergence: tau is %g, allowed above 0", k->tau);
	loss_and_gradient(c, out);
	return OK;
}

static struct node *softened(struct graph *g, struct node *z, double tau)
{
	return graph_scale(g, graph_cast(g, z, CLASS_WIDE), 1 / tau, 0);
}

/* The loss by z_t: p (gap - sum(p gap)) / (N tau), gap = log p - log q. */
static struct node *by_target(struct graph *g, const struct call *c, struct node *dy)
{
	const struct kl_divergence_conf *k = c->conf;
	struct node *s = softened(g, c->in[0], k->tau), *t = softened(g, c->in[1], k->tau);
	struct node *gap = graph_sub(g, graph_log_softmax(g, t), graph_log_softmax(g, s));
	const double factor = 1 / (c->in[0]->type.shape.d[0] * k->tau);
	return graph_mul(g, dy, through_softmax(g, graph_softmax(g, t), gap, factor));
}

/* out[1] is (q - p) / (N tau). */
static void kl_divergence_grad(struct graph *g, const struct call *c, struct node *const dy[], const bool need[],
                               struct node *dx[])
{
	const struct kl_divergence_conf *k = c->conf;
	const double factor = 1 / (c->in[0]->type.shape.d[0] * k->tau * k->tau);
	for (int i = 0; i < 2; i++) {
		struct node *dz = NULL;
		if (need[i] && dy[0])
			dz = i == 0 ? graph_mul(g, dy[0], c->out[1]) : by_target(g, c, dy[0]);
		if (need[i] && dy[1]) {
			struct node *p = graph_softmax(g, softened(g, c->in[i], k->tau));
			dz = sum_of(g, dz, through_softmax(g, p, dy[1], i == 0 ? factor : -factor));
		}
		dx[i] = dz ? fit_to(g, dz, c->in[i]->type) : NULL;
	}
}

const struct op op_kl_divergence = {
	.name = "kl_divergence",
	.help = "y = 1/N sum p (log p - log q), q = softmax(z_s / tau), p = softmax(z_t / tau); its gradient by z_s",
	.min_in = 2, .max_in = 2, .n_out = 2, .conf_size = sizeof(struct kl_divergence_conf),
	.infer = kl_divergence_infer, .grad = kl_divergence_grad,
};

struct node *graph_kl_divergence(struct graph *g, struct node *z_s, struct node *z_t, double tau)
{
	struct node *const in[] = {z_s, z_t};
	const struct kl_divergence_conf conf = {tau};
	return z_s && z_t ? graph_call(g, &op_kl_divergence, &conf, in, 2) : NULL;
}
