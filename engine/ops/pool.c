/* Pooling. The three of max_pool are closed under differentiation, the two of avg_pool too. */
#include "engine/build.h"

#include "engine/ops/ops.h"

/* PyTorch's rule; with ceil a window must still start inside the picture or its left padding. */
static int out_extent(int extent, const struct pool_conf *k)
{
	const int room = extent + 2 * k->pad - k->kernel;
	if (room < 0)
		return 0;
	int n = (room + (k->ceil ? k->stride - 1 : 0)) / k->stride + 1;
	if (k->ceil && (n - 1) * k->stride >= extent + k->pad)
		n--;
	return n;
}

/* The result's shape for input x. */
static enum status pool_shape(const struct call *c, const struct shape *x, struct shape *y, struct err *e)
{
	const struct pool_conf *k = c->conf;
	const char *name = c->op->name;
	const bool bytes = c->op == &op_max_pool && c->in[0]->type.cls == CLASS_U8;
	if (!bytes && infer_real(c, e) != OK)
		return E_USER;
	if (x->n_dim != 4)
		return err_user(e, c->at, "%s: input %s must have rank 4", name, shape_str(x));
	if (k->kernel < 1 || k->stride < 1 || k->pad < 0 || k->pad * 2 > k->kernel)
		return err_user(e, c->at,
		                "%s: kernel %d, stride %d, padding %d; kernel, stride from 1, padding to kernel / 2",
		                name, k->kernel, k->stride, k->pad);
	*y = shape4(x->d[0], x->d[1], out_extent(x->d[2], k), out_extent(x->d[3], k));
	if (y->d[2] < 1 || y->d[3] < 1)
		return err_user(e, c->at, "%s: kernel (%d,%d) is larger than input %s with padding %d", name,
		                k->kernel, k->kernel, shape_str(x), k->pad);
	return OK;
}

static enum status misfit(const struct call *c, const struct shape *got, const struct shape *want,
                          struct err *e)
{
	return err_user(e, c->at, "%s: %s where %s is expected", c->op->name, shape_str(got), shape_str(want));
}

static enum status pool_infer(const struct call *c, struct type out[], struct err *e)
{
	const struct type *x = &c->in[0]->type;
	struct shape y;
	if (pool_shape(c, &x->shape, &y, e) != OK)
		return E_USER;
	out[0] = type_of(y, x->cls);
	return OK;
}

/* inputs (dy) or (dy, x): dy's shape from x's */
static enum status pool_dx_infer(const struct call *c, struct type out[], struct err *e)
{
	const struct pool_conf *k = c->conf;
	const struct type *dy = &c->in[0]->type;
	struct shape y;
	if (pool_shape(c, &k->x, &y, e) != OK)
		return E_USER;
	if (!shape_eq(&dy->shape, &y))
		return misfit(c, &dy->shape, &y, e);
	if (c->n_in > 1 && !shape_eq(&c->in[1]->type.shape, &k->x))
		return misfit(c, &c->in[1]->type.shape, &k->x, e);
	out[0] = type_of(k->x, dy->cls);
	return OK;
}

static enum status max_pool_pick_infer(const struct call *c, struct type out[], struct err *e)
{
	const struct pool_conf *k = c->conf;
	const struct type *v = &c->in[0]->type;
	struct shape y;
	if (pool_shape(c, &k->x, &y, e) != OK)
		return E_USER;
	for (int i = 0; i < 2; i++)
		if (!shape_eq(&c->in[i]->type.shape, &k->x))
			return misfit(c, &c->in[i]->type.shape, &k->x, e);
	out[0] = type_of(y, v->cls);
	return OK;
}

static void max_pool_grad(struct graph *g, const struct call *c, struct node *const dy[], const bool need[],
                          struct node *dx[])
{
	if (need[0])
		dx[0] = graph_max_pool_dx(g, dy[0], c->in[0], c->conf);
}

/* Where the maximum lies is piecewise constant in x: no gradient through input 1 of either. */
static void max_pool_dx_grad(struct graph *g, const struct call *c, struct node *const dy[],
                             const bool need[], struct node *dx[])
{
	if (need[0])
		dx[0] = graph_max_pool_pick(g, dy[0], c->in[1], c->conf);
}

static void max_pool_pick_grad(struct graph *g, const struct call *c, struct node *const dy[],
                               const bool need[], struct node *dx[])
{
	if (need[0])
		dx[0] = graph_max_pool_dx(g, dy[0], c->in[1], c->conf);
}

static void avg_pool_grad(struct graph *g, const struct call *c, struct node *const dy[], const bool need[],
                          struct node *dx[])
{
	if (need[0])
		dx[0] = graph_avg_pool_dx(g, dy[0], c->conf);
}

static void avg_pool_dx_grad(struct graph *g, const struct call *c, struct node *const dy[],
                             const bool need[], struct node *dx[])
{
	const struct pool_conf *k = c->conf;
	if (need[0])
		dx[0] = graph_avg_pool(g, dy[0], k->kernel, k->stride, k->pad);
}

const struct op op_max_pool = {
	.name = "max_pool", .help = "largest of each window over H,W; padding never wins",
	.min_in = 1, .max_in = 1, .n_out = 1, .conf_size = sizeof(struct pool_conf),
	.infer = pool_infer, .grad = max_pool_grad,
};

const struct op op_max_pool_dx = {
	.name = "max_pool_dx", .help = "dy added at the place of each window's maximum, from (dy, x)",
	.min_in = 2, .max_in = 2, .n_out = 1, .conf_size = sizeof(struct pool_conf),
	.infer = pool_dx_infer, .grad = max_pool_dx_grad,
};

const struct op op_max_pool_pick = {
	.name = "max_pool_pick", .help = "v at the place of each window's maximum in x, from (v, x)",
	.min_in = 2, .max_in = 2, .n_out = 1, .conf_size = sizeof(struct pool_conf),
	.infer = max_pool_pick_infer, .grad = max_pool_pick_grad,
};

const struct op op_avg_pool = {
	.name = "avg_pool", .help = "sum of each window over H,W divided by kernel^2; padding counts as 0",
	.min_in = 1, .max_in = 1, .n_out = 1, .conf_size = sizeof(struct pool_conf),
	.infer = pool_infer, .grad = avg_pool_grad,
};

const struct op op_avg_pool_dx = {
	.name = "avg_pool_dx", .help = "dy / kernel^2 added to each element of its window",
	.min_in = 1, .max_in = 1, .n_out = 1, .conf_size = sizeof(struct pool_conf),
	.infer = pool_dx_infer, .grad = avg_pool_dx_grad,
};

/* Kernels may rely on channels-last maps. */
static struct node *map(struct graph *g, struct node *x)
{
	if (!x || x->type.shape.n_dim != 4)
		return x;
	return fit_to(g, x, (struct type){x->type.shape, x->type.cls, CHANNELS_LAST});
}

static struct node *pool(struct graph *g, const struct op *op, struct node *x, int kernel, int stride,
                         int pad)
{
	x = map(g, x);
	if (!x)
		return NULL;
	const struct pool_conf conf = {.kernel = kernel, .stride = stride, .pad = pad, .x = x->type.shape};
	return graph_call(g, op, &conf, &x, 1);
}

static struct node *pool2(struct graph *g, const struct op *op, struct node *a, struct node *x,
                          const struct pool_conf *conf)
{
	struct node *const in[] = {map(g, a), map(g, x)};
	return in[0] && in[1] ? graph_call(g, op, conf, in, 2) : NULL;
}

struct node *graph_max_pool(struct graph *g, struct node *x, int kernel, int stride, int pad)
{
	return pool(g, &op_max_pool, x, kernel, stride, pad);
}

struct node *graph_avg_pool(struct graph *g, struct node *x, int kernel, int stride, int pad)
{
	return pool(g, &op_avg_pool, x, kernel, stride, pad);
}

struct node *graph_max_pool_dx(struct graph *g, struct node *dy, struct node *x, const struct pool_conf *conf)
{
	return pool2(g, &op_max_pool_dx, dy, x, conf);
}

struct node *graph_max_pool_pick(struct graph *g, struct node *v, struct node *x,
                                 const struct pool_conf *conf)
{
	return pool2(g, &op_max_pool_pick, v, x, conf);
}

struct node *graph_avg_pool_dx(struct graph *g, struct node *dy, const struct pool_conf *conf)
{
	dy = map(g, dy);
	return dy ? graph_call(g, &op_avg_pool_dx, conf, &dy, 1) : NULL;
}
