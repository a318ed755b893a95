/* Casts, gradient gates and pictures to activations. */
#include "engine/build.h"

#include "engine/ops/ops.h"

static enum status cast_infer(const struct call *c, struct type out[], struct err *e)
{
	const struct cast_conf *k = c->conf;
	(void)e;
	out[0] = c->in[0]->type;
	out[0].cls = (enum tclass)k->cls;
	return OK;
}

/* Between real classes only: an integer has no derivative. */
static void cast_grad(struct graph *g, const struct call *c, struct node *const dy[], const bool need[],
                      struct node *dx[])
{
	if (need[0] && class_real(c->in[0]->type.cls) && class_real(c->out[0]->type.cls))
		dx[0] = graph_cast(g, dy[0], c->in[0]->type.cls);
}

static enum status same_infer(const struct call *c, struct type out[], struct err *e)
{
	(void)e;
	out[0] = c->in[0]->type;
	return OK;
}

static enum status reverse_infer(const struct call *c, struct type out[], struct err *e)
{
	out[0] = c->in[0]->type;
	return infer_real(c, e);
}

static void reverse_grad(struct graph *g, const struct call *c, struct node *const dy[], const bool need[],
                         struct node *dx[])
{
	const struct reverse_conf *k = c->conf;
	if (need[0])
		dx[0] = graph_scale(g, dy[0], -k->factor, 0);
}

static enum status check_bytes(const struct call *c, const struct normalize_conf *k, struct err *e)
{
	const struct type *x = &c->in[0]->type;
	if (x->cls != CLASS_U8 || x->shape.n_dim != 4 || x->shape.d[1] > 4)
		return err_user(e, c->at, "%s: input %s %s must be u8 of rank 4 with 1 to 4 channels", c->op->name,
		                tclass_name(x->cls), shape_str(&x->shape));
	for (int i = 0; i < x->shape.d[1]; i++)
		if (!(k->std[i] > 0))
			return err_user(e, c->at,
			                "%s: standard deviation of channel %d is %g, allowed more than 0", c->op->name, i,
			                (double)k->std[i]);
	return OK;
}

static enum status normalize_infer(const struct call *c, struct type out[], struct err *e)
{
	out[0] = type_of(c->in[0]->type.shape, CLASS_ACT);
	return check_bytes(c, c->conf, e);
}

static enum status pictures_infer(const struct call *c, struct type out[], struct err *e)
{
	const struct type *x = &c->in[0]->type, *view = &c->in[1]->type;
	const enum status st = check_bytes(c, c->conf, e);
	if (st != OK)
		return st;
	if (view->cls != CLASS_I32 || view->shape.n_dim != 2 || view->shape.d[1] != 4)
		return err_user(e, c->at, "pictures: views %s %s must be i32 (N,4)", tclass_name(view->cls), shape_str(&view->shape));
	out[0] = type_of(shape4(view->shape.d[0], x->shape.d[1], x->shape.d[2], x->shape.d[3]), CLASS_ACT);
	return OK;
}

const struct op op_cast = {
	.name = "cast", .help = "x in another class; to integers towards zero",
	.min_in = 1, .max_in = 1, .n_out = 1, .conf_size = sizeof(struct cast_conf),
	.infer = cast_infer, .grad = cast_grad, .flags = OP_ELEMENTWISE0,
};

const struct op op_stop_gradient = {
	.name = "stop_gradient", .help = "x; dx = 0",
	.min_in = 1, .max_in = 1, .n_out = 1, .infer = same_infer, .flags = OP_VIEW0 | OP_NO_GRAD,
};

const struct op op_reverse_gradient = {
	.name = "reverse_gradient", .help = "x; dx = -factor dy",
	.min_in = 1, .max_in = 1, .n_out = 1, .conf_size = sizeof(struct reverse_conf),
	.infer = reverse_infer, .grad = reverse_grad, .flags = OP_VIEW0,
};

const struct op op_normalize = {
	.name = "normalize", .help = "(x / 255 - mean[c]) / std[c]",
	.min_in = 1, .max_in = 1, .n_out = 1, .conf_size = sizeof(struct normalize_conf),
	.infer = normalize_infer, .flags = OP_NO_GRAD,
};

const struct op op_pictures = {
	.name = "pictures", .help = "normalize of rows of x, each moved by dy, dx and mirrored as its view says",
	.min_in = 2, .max_in = 2, .n_out = 1, .conf_size = sizeof(struct normalize_conf),
	.infer = pictures_infer, .flags = OP_NO_GRAD | OP_PICKS0,
};

struct node *graph_cast(struct graph *g, struct node *x, enum tclass cls)
{
	const struct cast_conf conf = {(int)cls};
	if (!x || x->type.cls == cls)
		return x;
	return graph_call(g, &op_cast, &conf, &x, 1);
}

struct node *graph_stop_gradient(struct graph *g, struct node *x)
{
	return x ? graph_call(g, &op_stop_gradient, NULL, &x, 1) : NULL;
}

struct node *graph_reverse_gradient(struct graph *g, struct node *x, double factor)
{
	const struct reverse_conf conf = {factor};
	return x ? graph_call(g, &op_reverse_gradient, &conf, &x, 1) : NULL;
}

/* Only the picture's channels are read; the rest is set so that equal calls have equal bytes. */
static struct normalize_conf moments_of(const struct node *x, const float mean[4], const float std[4])
{
	struct normalize_conf conf = {{0}, {1, 1, 1, 1}};
	for (int i = 0; x->type.shape.n_dim == 4 && i < 4 && i < x->type.shape.d[1]; i++) {
		conf.mean[i] = mean[i];
		conf.std[i] = std[i];
	}
	return conf;
}

struct node *graph_normalize(struct graph *g, struct node *x, const float mean[4], const float std[4])
{
	if (!x)
		return NULL;
	const struct normalize_conf conf = moments_of(x, mean, std);
	return graph_call(g, &op_normalize, &conf, &x, 1);
}

struct node *graph_pictures(struct graph *g, struct node *store, struct node *view, const float mean[4], const float std[4])
{
	struct node *in[] = {store, view};
	if (!store || !view)
		return NULL;
	const struct normalize_conf conf = moments_of(store, mean, std);
	return graph_call(g, &op_pictures, &conf, in, 2);
}
