/* Softmax over the last axis, wide; the gradients are ops, so they can be differentiated again. */
#include "engine/build.h"

#include "engine/ops/ops.h"

static enum status infer(const struct call *c, struct type out[], struct err *e)
{
	const struct shape *x = &c->in[0]->type.shape;
	if (infer_real(c, e) != OK)
		return E_USER;
	if (x->n_dim < 1)
		return err_user(e, c->at, "%s: input %s has no axis to normalise over", c->op->name, shape_str(x));
	out[0] = (struct type){*x, CLASS_WIDE, c->in[0]->type.layout};
	return OK;
}

static unsigned last_axis(const struct node *x)
{
	return 1u << (x->type.shape.n_dim - 1);
}

/* dx = y (dy - sum(dy y)) */
static void softmax_grad(struct graph *g, const struct call *c, struct node *const dy[], const bool need[],
                         struct node *dx[])
{
	struct node *y = c->out[0];
	if (!need[0])
		return;
	struct node *sum = graph_sum(g, graph_mul(g, dy[0], y), last_axis(y), true);
	dx[0] = fit_to(g, graph_mul(g, y, graph_sub(g, dy[0], sum)), c->in[0]->type);
}

/* dx = dy - e^y sum(dy) */
static void log_softmax_grad(struct graph *g, const struct call *c, struct node *const dy[],
                             const bool need[], struct node *dx[])
{
	struct node *y = c->out[0];
	if (!need[0])
		return;
	struct node *sum = graph_sum(g, dy[0], last_axis(y), true);
	dx[0] = fit_to(g, graph_sub(g, dy[0], graph_mul(g, graph_exp(g, y), sum)), c->in[0]->type);
}

const struct op op_softmax = {
	.name = "softmax", .help = "y[k] = e^x[k] / sum_j e^x[j]",
	.min_in = 1, .max_in = 1, .n_out = 1, .infer = infer, .grad = softmax_grad,
};

const struct op op_log_softmax = {
	.name = "log_softmax", .help = "y[k] = x[k] - log sum_j e^x[j]",
	.min_in = 1, .max_in = 1, .n_out = 1, .infer = infer, .grad = log_softmax_grad,
};

struct node *graph_softmax(struct graph *g, struct node *x)
{
	return x ? graph_call(g, &op_softmax, NULL, &x, 1) : NULL;
}

struct node *graph_log_softmax(struct graph *g, struct node *x)
{
	return x ? graph_call(g, &op_log_softmax, NULL, &x, 1) : NULL;
}
