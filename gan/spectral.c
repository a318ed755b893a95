#include "gan/spectral.h"

#include <math.h>
#include <stdio.h>

#include "models/block_rows.h"

enum { WEIGHT, BIAS, VECTOR, TAKEN };

/* x / |x|, constant; of zeros zeros. */
static struct node *direction(struct graph *g, struct node *x)
{
	struct node *square = graph_sum_all(g, graph_mul(g, x, x));
	return graph_stop_gradient(g, graph_mul(g, x, graph_pow(g, graph_scale(g, square, 1, 1e-24), -0.5)));
}

/* The first application of a step moves u: the others would move it to the same place. */
static void move(struct builder *b, struct node *state, struct node *u)
{
	if (!u || b->mode != MODE_TRAIN || b->defining)
		return;
	for (int i = 0; i < b->g->n_update; i++)
		if (b->g->update[i].state == state)
			return;
	graph_update(b->g, state, u, false);
}

static struct node *normalised(struct builder *b, struct node *weight, struct node *state)
{
	struct graph *g = b->g;
	const int O = weight->type.shape.d[0], D = (int)(shape_count(&weight->type.shape) / O);
	struct node *W = graph_reshape(g, weight, shape2(O, D));
	struct node *v = direction(g, graph_matmul(g, graph_reshape(g, state, shape2(1, O)), W, NULL, false, false));
	struct node *Wv = graph_matmul(g, v, W, NULL, false, true);
	struct node *u = direction(g, Wv);
	move(b, state, graph_reshape(g, u, shape1(O)));
	struct node *sigma = graph_sum_all(g, graph_mul(g, u, Wv));
	return graph_div(g, weight, graph_maximum(g, sigma, graph_const(g, 1e-12, shape0())));
}

/* Adds the vector to the rows of a layer, and gives its weight (normalised) and bias. */
static bool take(struct builder *b, struct rows *r, const char *name, int out, struct node *w[2])
{
	struct node *n[TAKEN];
	struct row *row = &r->row[r->n++];
	*row = (struct row){.state = true, .p = {.shape = shape1(out), .role = STATE_OTHER}, .initial = 1 / sqrt(out)};
	snprintf(row->name, sizeof row->name, "%s.weight_u", name);
	BUG_IF(r->n != TAKEN, "'%s' has %d rows", name, r->n);
	if (!rows_take(b, r, r->n, n))
		return false;
	w[0] = normalised(b, n[WEIGHT], n[VECTOR]);
	w[1] = n[BIAS];
	return w[0] != NULL;
}

static struct node *named(struct builder *b, struct node *x, const char *name)
{
	graph_name(x, "%s%s%s", b->g->scope ? b->g->scope : "", b->g->scope ? "/" : "", name);
	return x;
}

struct node *spectral_conv(struct builder *b, struct node *x, const char *name, int out, int k, int stride, int pad)
{
	struct rows r;
	struct node *w[2];
	if (!x)
		return NULL;
	if (x->type.shape.n_dim != 4)
		return graph_fail(b->g, "'%s' of network '%s' takes a map (N,C,H,W), given %s", name, b->net->name, shape_str(&x->type.shape));
	rows_conv(&r, name, x->type.shape.d[1], out, k, 1, true);
	if (!take(b, &r, name, out, w))
		return NULL;
	return named(b, graph_conv2d(b->g, x, w[0], w[1], NULL, stride, pad, 1), name);
}

struct node *spectral_linear(struct builder *b, struct node *x, const char *name, int out)
{
	struct rows r;
	struct node *w[2];
	if (!x)
		return NULL;
	if (x->type.shape.n_dim != 2)
		return graph_fail(b->g, "'%s' of network '%s' takes vectors (N,D), given %s", name, b->net->name, shape_str(&x->type.shape));
	rows_linear(&r, name, x->type.shape.d[1], out);
	if (!take(b, &r, name, out, w))
		return NULL;
	return named(b, graph_linear(b->g, x, w[0], w[1]), name);
}
