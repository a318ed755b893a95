/* Losses made of ops, for everyone. */
#include "engine/build.h"

struct node *graph_cross_entropy(struct graph *g, struct node *logits, struct node *label, double smoothing)
{
	if (!logits || !label)
		return NULL;
	const struct shape *x = &logits->type.shape, *y = &label->type.shape;
	if (x->n_dim != 2 || y->n_dim != 1 || x->d[0] != y->d[0] || label->type.cls != CLASS_I32)
		return graph_fail(g, "cross_entropy: logits %s need one i32 label for each row, got %s %s",
		                  shape_str(x), tclass_name(label->type.cls), shape_str(y));
	if (!(smoothing >= 0 && smoothing < 1))
		return graph_fail(g, "cross_entropy: smoothing is %g, allowed 0 to less than 1", smoothing);
	struct node *target = graph_one_hot(g, label, x->d[1]);
	if (smoothing > 0)
		target = graph_scale(g, target, 1 - smoothing, smoothing / x->d[1]);
	struct node *sum = graph_sum_all(g, graph_mul(g, graph_log_softmax(g, logits), target));
	return graph_scale(g, sum, -1.0 / x->d[0], 0);
}

struct node *graph_mse(struct graph *g, struct node *a, struct node *b)
{
	if (!a || !b)
		return NULL;
	if (!shape_eq(&a->type.shape, &b->type.shape))
		return graph_fail(g, "mse: %s and %s differ in shape", shape_str(&a->type.shape),
		                  shape_str(&b->type.shape));
	struct node *d = graph_sub(g, graph_cast(g, a, CLASS_WIDE), graph_cast(g, b, CLASS_WIDE));
	return graph_mean_all(g, graph_mul(g, d, d));
}
