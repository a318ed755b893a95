/* Picking by index. gather and scatter_add are each other's gradient; sort and top_k pass theirs by index. */
#include "engine/build.h"

#include "engine/ops/ops.h"

static enum status check_index(const struct call *c, const struct type *index, struct err *e)
{
	if (index->cls != CLASS_I32 || index->shape.n_dim != 1)
		return err_user(e, c->at, "%s: index %s %s must be i32 of rank 1", c->op->name,
		                tclass_name(index->cls), shape_str(&index->shape));
	return OK;
}

/* Shape s with another first extent. */
static struct shape with_rows(struct shape s, int rows)
{
	s.d[0] = rows;
	return s;
}

static enum status gather_infer(const struct call *c, struct type out[], struct err *e)
{
	const struct type *x = &c->in[0]->type, *index = &c->in[1]->type;
	if (check_index(c, index, e) != OK)
		return E_USER;
	if (x->shape.n_dim < 1)
		return err_user(e, c->at, "gather: input %s has no rows for index %s", shape_str(&x->shape),
		                shape_str(&index->shape));
	out[0] = (struct type){with_rows(x->shape, index->shape.d[0]), x->cls, x->layout};
	return OK;
}

static void gather_grad(struct graph *g, const struct call *c, struct node *const dy[], const bool need[],
                        struct node *dx[])
{
	const struct type *x = &c->in[0]->type;
	if (need[0] && class_real(x->cls))
		dx[0] = fit_to(g, graph_scatter_add(g, dy[0], c->in[1], x->shape.d[0]), *x);
}

static enum status scatter_infer(const struct call *c, struct type out[], struct err *e)
{
	const struct scatter_conf *k = c->conf;
	const struct type *v = &c->in[0]->type, *index = &c->in[1]->type;
	if (check_index(c, index, e) != OK)
		return E_USER;
	if (!class_real(v->cls) || v->shape.n_dim < 1 || v->shape.d[0] != index->shape.d[0] || k->rows < 1)
		return err_user(e, c->at,
		                "scatter_add: values %s %s must be real with a row for each index of %s, rows %d",
		                tclass_name(v->cls), shape_str(&v->shape), shape_str(&index->shape), k->rows);
	out[0] = (struct type){with_rows(v->shape, k->rows), CLASS_WIDE, v->layout};
	return OK;
}

static void scatter_grad(struct graph *g, const struct call *c, struct node *const dy[], const bool need[],
                         struct node *dx[])
{
	if (need[0])
		dx[0] = fit_to(g, graph_gather(g, dy[0], c->in[1]), c->in[0]->type);
}

static enum status one_hot_infer(const struct call *c, struct type out[], struct err *e)
{
	const struct one_hot_conf *k = c->conf;
	const struct type *index = &c->in[0]->type;
	if (check_index(c, index, e) != OK)
		return E_USER;
	if (k->classes < 1)
		return err_user(e, c->at, "one_hot: %d classes for index %s, allowed from 1", k->classes,
		                shape_str(&index->shape));
	out[0] = type_of(shape2(index->shape.d[0], k->classes), CLASS_WIDE);
	return OK;
}

static enum status check_rows(const struct call *c, struct err *e)
{
	const struct shape *x = &c->in[0]->type.shape;
	if (x->n_dim != 2 || !class_real(c->in[0]->type.cls))
		return err_user(e, c->at, "%s: input %s %s must be real of rank 2", c->op->name,
		                tclass_name(c->in[0]->type.cls), shape_str(x));
	return OK;
}

static enum status arg_max_infer(const struct call *c, struct type out[], struct err *e)
{
	if (check_rows(c, e) != OK)
		return E_USER;
	out[0] = type_of(shape1(c->in[0]->type.shape.d[0]), CLASS_I32);
	return OK;
}

static enum status top_k_infer(const struct call *c, struct type out[], struct err *e)
{
	const struct top_k_conf *k = c->conf;
	const struct type *x = &c->in[0]->type;
	if (check_rows(c, e) != OK)
		return E_USER;
	if (k->k < 1 || k->k > x->shape.d[1])
		return err_user(e, c->at, "top_k: %d of input %s, allowed 1 to %d", k->k, shape_str(&x->shape),
		                x->shape.d[1]);
	out[0] = type_of(shape2(x->shape.d[0], k->k), x->cls);
	out[1] = type_of(out[0].shape, CLASS_I32);
	return OK;
}

static enum status sort_infer(const struct call *c, struct type out[], struct err *e)
{
	if (check_rows(c, e) != OK)
		return E_USER;
	out[0] = c->in[0]->type;
	out[1] = type_of(out[0].shape, CLASS_I32);
	return OK;
}

enum { EXACT = 1 << 24 }; /* integers up to here are exact in a wide float */

/* index (N,k) into rows of K as places in the flat (N K). Row numbers are where equal values sort to. */
static struct node *flat_index(struct graph *g, struct node *index, int K)
{
	const int N = index->type.shape.d[0], k = index->type.shape.d[1];
	struct node *row, *at;
	if ((int64_t)N * K > EXACT)
		return graph_fail(g, "%s of (%d,%d) has a gradient of more than %d elements", index->call->op->name,
		                  N, K, EXACT);
	if (!graph_sort(g, graph_const(g, 0, shape2(1, N)), &row))
		return NULL;
	row = graph_reshape(g, graph_cast(g, row, CLASS_WIDE), shape2(N, 1));
	at = graph_add(g, graph_cast(g, index, CLASS_WIDE), graph_scale(g, row, K, 0));
	return graph_cast(g, graph_reshape(g, at, shape1(N * k)), CLASS_I32);
}

static void order_grad(struct graph *g, const struct call *c, struct node *const dy[], const bool need[],
                       struct node *dx[])
{
	const struct type *x = &c->in[0]->type;
	const struct shape *y = &c->out[0]->type.shape;
	if (!need[0] || !dy[0])
		return;
	struct node *flat = flat_index(g, c->out[1], x->shape.d[1]);
	struct node *v = graph_reshape(g, dy[0], shape1(y->d[0] * y->d[1]));
	struct node *sum = graph_scatter_add(g, v, flat, x->shape.d[0] * x->shape.d[1]);
	dx[0] = graph_cast(g, graph_reshape(g, sum, x->shape), x->cls);
}

const struct op op_gather = {
	.name = "gather", .help = "y[r] = x[index[r]]",
	.min_in = 2, .max_in = 2, .n_out = 1, .infer = gather_infer, .grad = gather_grad, .flags = OP_PICKS0,
};

const struct op op_scatter_add = {
	.name = "scatter_add", .help = "y[m] = sum of v[r] over r with index[r] = m",
	.min_in = 2, .max_in = 2, .n_out = 1, .conf_size = sizeof(struct scatter_conf),
	.infer = scatter_infer, .grad = scatter_grad,
};

const struct op op_one_hot = {
	.name = "one_hot",
	.help = "y[n,k] = 1 where index[n] = k, else 0; a row of zeros for an index of no class",
	.min_in = 1, .max_in = 1, .n_out = 1, .conf_size = sizeof(struct one_hot_conf),
	.infer = one_hot_infer, .flags = OP_NO_GRAD,
};

const struct op op_arg_max = {
	.name = "arg_max", .help = "place of the largest of each row, the first at a tie",
	.min_in = 1, .max_in = 1, .n_out = 1, .infer = arg_max_infer, .flags = OP_NO_GRAD,
};

const struct op op_top_k = {
	.name = "top_k", .help = "the k largest of each row, descending, ties by place; their places",
	.min_in = 1, .max_in = 1, .n_out = 2, .conf_size = sizeof(struct top_k_conf),
	.infer = top_k_infer, .grad = order_grad,
};

const struct op op_sort = {
	.name = "sort", .help = "each row ascending, ties by place; their places",
	.min_in = 1, .max_in = 1, .n_out = 2, .infer = sort_infer, .grad = order_grad,
};

struct node *graph_gather(struct graph *g, struct node *x, struct node *index)
{
	struct node *const in[] = {x, index};
	return x && index ? graph_call(g, &op_gather, NULL, in, 2) : NULL;
}

struct node *graph_scatter_add(struct graph *g, struct node *v, struct node *index, int rows)
{
	struct node *const in[] = {v, index};
	const struct scatter_conf conf = {rows};
	return v && index ? graph_call(g, &op_scatter_add, &conf, in, 2) : NULL;
}

struct node *graph_one_hot(struct graph *g, struct node *index, int classes)
{
	const struct one_hot_conf conf = {classes};
	return index ? graph_call(g, &op_one_hot, &conf, &index, 1) : NULL;
}

struct node *graph_arg_max(struct graph *g, struct node *x)
{
	return x ? graph_call(g, &op_arg_max, NULL, &x, 1) : NULL;
}

static struct node *order(struct graph *g, const struct op *op, const void *conf, struct node *x,
                          struct node **index)
{
	struct node *y = x ? graph_call(g, op, conf, &x, 1) : NULL;
	if (index)
		*index = y ? y->call->out[1] : NULL;
	return y;
}

struct node *graph_top_k(struct graph *g, struct node *x, int k, struct node **index)
{
	const struct top_k_conf conf = {k};
	return order(g, &op_top_k, &conf, x, index);
}

struct node *graph_sort(struct graph *g, struct node *x, struct node **index)
{
	return order(g, &op_sort, NULL, x, index);
}
