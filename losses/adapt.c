/* From a student's features to the type of a teacher's. */
#include "losses/loss.h"
#include "models/block.h"

#include <stdio.h>

struct node *map_to_size(struct graph *g, struct node *x, int H, int W)
{
	const int h = x->type.shape.d[2], w = x->type.shape.d[3];
	if (h == H && w == W)
		return x;
	if (h % H == 0 && w % W == 0 && h / H == w / W)
		return graph_avg_pool(g, x, h / H, h / H, 0);
	return graph_resize(g, x, H, W, true);
}

struct node *map_shrink(struct graph *g, struct node *x, int H, int W, bool max)
{
	const struct shape *s = x ? &x->type.shape : NULL;
	if (!x || !max || (s->d[2] == H && s->d[3] == W))
		return x ? map_to_size(g, x, H, W) : NULL;
	if (s->d[2] % H || s->d[3] != W * (s->d[2] / H))
		return graph_fail(g, "a map of %s can't be brought to %dx%d by max pooling, for the ratio isn't whole: 'pool: avg' can", shape_str(s), H, W);
	return graph_max_pool(g, x, s->d[2] / H, s->d[2] / H, 0);
}

bool tap_has_relu(const struct taps *t, const struct net *net, const char *tap)
{
	char name[64];
	snprintf(name, sizeof name, "%s.pre", tap);
	const struct node *after = taps_find(t, net, tap, (struct where){0}, NULL);
	const struct node *before = taps_find(t, net, name, (struct where){0}, NULL);
	return after && before && after != before;
}

struct node *adapt(struct builder *b, struct node *x, const struct type *to, bool relu, enum adapter kind, const char *name)
{
	struct graph *g = b->g;
	if (!x)
		return NULL;
	const struct shape *s = &x->type.shape, *t = &to->shape;
	if (kind == ADAPTER_AUTO && shape_eq(s, t))
		return x;
	if (s->n_dim != t->n_dim || s->d[0] != t->d[0] || (s->n_dim != 2 && s->n_dim != 4))
		return graph_fail(g, "student features are %s but teacher features are %s: no adapter brings them together", shape_str(s),
		                  shape_str(t));
	BUG_IF(!b->net, "an adapter without parameters of its own");
	if (s->n_dim == 2)
		return block_linear(b, x, name, t->d[1]);
	x = map_to_size(g, x, t->d[2], t->d[3]);
	struct node *y = block_conv_norm(b, x, block_name(b, "%s.conv", name), block_name(b, "%s.norm", name), t->d[1], 1, 1, 0, false, NULL);
	return relu ? graph_relu(g, y) : y;
}
