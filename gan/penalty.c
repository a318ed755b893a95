/* Interpolates and squared slopes; what is penalised is a few lines on top of them. */
#include "gan/penalty.h"

#include <math.h>

enum { BITS = 16 };

/*
 * (N,1,1,1) wide, from 2^-17 to 1 - 2^-17 in steps of 2^-16. Its binary digits are coins that graph_dropout tosses, so they are named as all
 * random numbers of a step are, the same on every device. Halves are folded onto each other until one number is left.
 */
static struct node *uniform_of_sample(struct graph *g, int N, const unsigned key[2])
{
	struct node *x = graph_dropout(g, graph_const(g, 0.5, shape2(N, BITS)), 0.5, key);
	for (int half = BITS / 2; half >= 1; half /= 2) {
		struct node *low = graph_scale(g, graph_slice(g, x, 1, half, 2 * half, 1), ldexp(1, -half), 0);
		x = graph_add(g, graph_slice(g, x, 1, 0, half, 1), low);
	}
	return graph_reshape(g, graph_scale(g, x, 0.5, ldexp(1, -BITS - 1)), shape4(N, 1, 1, 1));
}

struct node *penalty_mix(struct graph *g, struct node *real, struct node *fake, const unsigned key[2])
{
	if (!real || !fake)
		return NULL;
	if (real->type.shape.n_dim != 4 || !shape_eq(&real->type.shape, &fake->type.shape))
		return graph_fail(g, "penalty: real features %s and fake ones %s must be maps (N,C,H,W) of one shape", shape_str(&real->type.shape),
		                  shape_str(&fake->type.shape));
	struct node *e = uniform_of_sample(g, real->type.shape.d[0], key);
	struct node *from = graph_stop_gradient(g, graph_cast(g, fake, CLASS_WIDE));
	struct node *way = graph_sub(g, graph_stop_gradient(g, graph_cast(g, real, CLASS_WIDE)), from);
	struct node *mix = graph_cast(g, graph_add(g, from, graph_mul(g, e, way)), real->type.cls);
	graph_name(mix, "mix");
	return mix;
}

/* (N) wide: || d score_n / d h_n ||_2^2. Scores of other pictures do not depend on h_n, so the sum's derivative is each score's own. */
static struct node *slope_squared(struct graph *g, struct node *score, struct node *h)
{
	struct node *d;
	if (!score || !h)
		return NULL;
	graph_grad(g, score, NULL, &h, 1, &d);
	d = graph_cast(g, d, CLASS_WIDE); /* squares of small slopes are smaller still */
	return graph_sum(g, graph_mul(g, d, d), 1u << 1 | 1u << 2 | 1u << 3, false);
}

struct node *penalty_gradient(struct graph *g, struct node *score, struct node *h, double target)
{
	/* Where all units of a picture are dead the slope is 0, and the derivative of its root would be 0 / 0. */
	struct node *slope = graph_sqrt(g, graph_scale(g, slope_squared(g, score, h), 1, 1e-12));
	struct node *gap = graph_scale(g, slope, 1, -target);
	return graph_mean_all(g, graph_mul(g, gap, gap));
}

struct node *penalty_r1(struct graph *g, struct node *score, struct node *h)
{
	return graph_mean_all(g, slope_squared(g, score, h));
}
