#include "gan/head.h"

struct builder critic_builder(const struct critic_site *s)
{
	return (struct builder){.g = s->g, .net = s->own, .mode = s->mode, .defining = s->defining};
}

static struct node *column(struct graph *g, struct node *x)
{
	return x ? graph_reshape(g, x, shape1(x->type.shape.d[0])) : NULL;
}

struct node *head_scalar(struct builder *b, struct node *pooled)
{
	return column(b->g, block_linear(b, pooled, "head", 1));
}

/* The largest is taken out of the sum, as a constant: the derivative is the same, and nothing overflows. */
struct node *head_log_sum(struct graph *g, struct node *logits)
{
	if (!logits)
		return NULL;
	struct node *z = graph_cast(g, logits, CLASS_WIDE);
	struct node *most = graph_stop_gradient(g, graph_max(g, z, 1u << 1, true));
	struct node *sum = graph_sum(g, graph_exp(g, graph_sub(g, z, most)), 1u << 1, true);
	return column(g, graph_add(g, most, graph_log(g, sum)));
}

/* e^z is 0 there in every precision, and z minus the largest stays finite. */
static const double NEVER = -1e30;

struct node *head_log_odds(struct graph *g, struct node *logits, struct node *label)
{
	if (!logits || !label)
		return NULL;
	struct node *z = graph_cast(g, logits, CLASS_WIDE);
	struct node *is_label = graph_one_hot(g, label, z->type.shape.d[1]);
	struct node *others = graph_where(g, is_label, graph_const(g, NEVER, shape0()), z);
	return graph_sub(g, graph_sum(g, graph_mul(g, is_label, z), 1u << 1, false), head_log_sum(g, others));
}
