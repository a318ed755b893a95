/* Resize of maps, half-pixel centres; linear, so resize and resize_dx are each other's gradient. */
#include "engine/build.h"

#include "engine/ops/ops.h"

static enum status check(const struct call *c, const struct shape *x, struct err *e)
{
	const struct resize_conf *k = c->conf;
	if (infer_real(c, e) != OK)
		return E_USER;
	if (x->n_dim != 4 || k->h < 1 || k->w < 1)
		return err_user(e, c->at, "%s: input %s to (%d,%d); allowed are rank 4 and extents from 1",
		                c->op->name, shape_str(x), k->h, k->w);
	return OK;
}

static enum status infer(const struct call *c, struct type out[], struct err *e)
{
	const struct resize_conf *k = c->conf;
	const struct type *x = &c->in[0]->type;
	if (check(c, &x->shape, e) != OK)
		return E_USER;
	out[0] = type_of(shape4(x->shape.d[0], x->shape.d[1], k->h, k->w), x->cls);
	return OK;
}

static enum status dx_infer(const struct call *c, struct type out[], struct err *e)
{
	const struct resize_conf *k = c->conf;
	const struct type *dy = &c->in[0]->type;
	if (check(c, &k->x, e) != OK)
		return E_USER;
	const struct shape y = shape4(k->x.d[0], k->x.d[1], k->h, k->w);
	if (!shape_eq(&dy->shape, &y))
		return err_user(e, c->at, "resize_dx: gradient %s arrives at a result of %s", shape_str(&dy->shape),
		                shape_str(&y));
	out[0] = type_of(k->x, dy->cls);
	return OK;
}

static void grad(struct graph *g, const struct call *c, struct node *const dy[], const bool need[],
                 struct node *dx[])
{
	if (need[0])
		dx[0] = graph_resize_dx(g, dy[0], c->conf);
}

static void dx_grad(struct graph *g, const struct call *c, struct node *const dy[], const bool need[],
                    struct node *dx[])
{
	const struct resize_conf *k = c->conf;
	if (need[0])
		dx[0] = graph_resize(g, dy[0], k->h, k->w, k->bilinear);
}

const struct op op_resize = {
	.name = "resize", .help = "nearest: y[i] = x[floor(i in / out)]; bilinear: at (i + 0.5) in / out - 0.5",
	.min_in = 1, .max_in = 1, .n_out = 1, .conf_size = sizeof(struct resize_conf),
	.infer = infer, .grad = grad,
};

const struct op op_resize_dx = {
	.name = "resize_dx", .help = "gradient of resize to x from dy",
	.min_in = 1, .max_in = 1, .n_out = 1, .conf_size = sizeof(struct resize_conf),
	.infer = dx_infer, .grad = dx_grad,
};

static struct node *map(struct graph *g, struct node *x)
{
	if (!x || x->type.shape.n_dim != 4)
		return x;
	return fit_to(g, x, (struct type){x->type.shape, x->type.cls, CHANNELS_LAST});
}

struct node *graph_resize(struct graph *g, struct node *x, int h, int w, bool bilinear)
{
	x = map(g, x);
	if (!x)
		return NULL;
	const struct resize_conf conf = {.bilinear = bilinear, .h = h, .w = w, .x = x->type.shape};
	return graph_call(g, &op_resize, &conf, &x, 1);
}

struct node *graph_resize_dx(struct graph *g, struct node *dy, const struct resize_conf *conf)
{
	dy = map(g, dy);
	return dy ? graph_call(g, &op_resize_dx, conf, &dy, 1) : NULL;
}
