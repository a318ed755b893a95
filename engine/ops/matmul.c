/* Matrix products; closed under differentiation. */
#include "engine/build.h"

#include "engine/ops/ops.h"

/* Rows and columns of op(a). */
static int rows(const struct shape *a, int transposed)
{
	return a->d[a->n_dim - (transposed ? 1 : 2)];
}

static int columns(const struct shape *a, int transposed)
{
	return a->d[a->n_dim - (transposed ? 2 : 1)];
}

static enum status infer(const struct call *c, struct type out[], struct err *e)
{
	const struct matmul_conf *k = c->conf;
	const struct node *bias = c->n_in > 2 ? c->in[2] : NULL;
	const struct shape *a = &c->in[0]->type.shape, *b = &c->in[1]->type.shape;
	if (infer_real(c, e) != OK)
		return E_USER;
	if (a->n_dim != b->n_dim || a->n_dim < 2 || a->n_dim > 3 || (a->n_dim == 3 && a->d[0] != b->d[0]))
		return err_user(e, c->at,
		                "matmul: %s and %s must both have rank 2, or rank 3 with the same first extent",
		                shape_str(a), shape_str(b));
	if (columns(a, k->ta) != rows(b, k->tb))
		return err_user(e, c->at, "matmul: %s%s has %d columns but %s%s has %d rows", shape_str(a),
		                k->ta ? " transposed" : "", columns(a, k->ta), shape_str(b),
		                k->tb ? " transposed" : "",
		                rows(b, k->tb));
	const int M = rows(a, k->ta), K = columns(b, k->tb);
	const struct shape want = shape1(K);
	if (bias && (!shape_eq(&bias->type.shape, &want) || bias->type.cls != CLASS_WIDE))
		return err_user(e, c->at, "matmul: bias %s %s must be wide %s", tclass_name(bias->type.cls),
		                shape_str(&bias->type.shape), shape_str(&want));
	const bool wide = c->in[0]->type.cls == CLASS_WIDE || c->in[1]->type.cls == CLASS_WIDE;
	out[0] = type_of(a->n_dim == 2 ? shape2(M, K) : shape3(a->d[0], M, K), wide ? CLASS_WIDE : CLASS_ACT);
	return OK;
}

static void grad(struct graph *g, const struct call *c, struct node *const dy[], const bool need[],
                 struct node *dx[])
{
	const struct matmul_conf *k = c->conf;
	struct node *a = c->in[0], *b = c->in[1], *d = dy[0];
	const unsigned leading = d->type.shape.n_dim == 3 ? 1 | 2 : 1;
	if (need[0])
		dx[0] = fit_to(g, k->ta ? graph_matmul(g, b, d, NULL, k->tb, true) : graph_matmul(g, d, b, NULL,
		                                                                                  false, !k->tb),
		               a->type);
	if (need[1])
		dx[1] = fit_to(g, k->tb ? graph_matmul(g, d, a, NULL, true, k->ta) : graph_matmul(g, a, d, NULL,
		                                                                                  !k->ta, false),
		               b->type);
	if (c->n_in > 2 && c->in[2] && need[2])
		dx[2] = graph_sum(g, d, leading, false);
}

static double macs(const struct call *c)
{
	const struct matmul_conf *k = c->conf;
	return (double)shape_count(&c->out[0]->type.shape) * columns(&c->in[0]->type.shape, k->ta);
}

const struct op op_matmul = {
	.name = "matmul", .help = "y = op(a) op(b) (+ bias over columns), op transposes or not",
	.min_in = 2, .max_in = 3, .n_out = 1, .conf_size = sizeof(struct matmul_conf),
	.infer = infer, .grad = grad, .macs = macs,
};

struct node *graph_matmul(struct graph *g, struct node *a, struct node *b, struct node *bias, bool ta,
                          bool tb)
{
	if (!a || !b)
		return NULL;
	const bool has_bias = bias;
	if (class_real(a->type.cls) && class_real(b->type.cls) && a->type.cls != b->type.cls) {
		a = graph_cast(g, a, CLASS_WIDE);
		b = graph_cast(g, b, CLASS_WIDE);
	}
	if (bias && class_real(bias->type.cls))
		bias = graph_cast(g, bias, CLASS_WIDE);
	if (!a || !b || (has_bias && !bias))
		return NULL;
	const struct matmul_conf conf = {ta, tb, has_bias};
	struct node *const in[] = {a, b, bias};
	return graph_call(g, &op_matmul, &conf, in, has_bias ? 3 : 2);
}

struct node *graph_linear(struct graph *g, struct node *x, struct node *w, struct node *bias)
{
	if (!x || !w)
		return NULL;
	if (class_real(x->type.cls))
		x = graph_cast(g, x, CLASS_WIDE);
	return graph_matmul(g, x, w, bias, false, true);
}
