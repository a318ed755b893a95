/* Losses made of ops, for everyone. */
#include "engine/build.h"

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
