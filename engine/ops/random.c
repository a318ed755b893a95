/* Dropout: which elements go is named by (key, epoch, sample, place), so the gradient draws the same. */
#include "engine/build.h"

#include "engine/ops/ops.h"

static enum status infer(const struct call *c, struct type out[], struct err *e)
{
	const struct dropout_conf *k = c->conf;
	const struct type *x = &c->in[0]->type, *sample = &c->in[1]->type, *epoch = &c->in[2]->type;
	if (!class_real(x->cls) || x->shape.n_dim < 1)
		return err_user(e, c->at, "dropout: input %s is %s; allowed is act or wide with samples on axis 0",
		                shape_str(&x->shape), tclass_name(x->cls));
	if (!(k->p >= 0 && k->p < 1))
		return err_user(e, c->at, "dropout: probability is %g, allowed 0 to less than 1", k->p);
	if (sample->cls != CLASS_I32 || epoch->cls != CLASS_I32 || sample->shape.n_dim != 1
	    || sample->shape.d[0] != x->shape.d[0] || epoch->shape.n_dim != 0)
		return err_user(e, c->at, "dropout: sample numbers %s and epoch %s do not fit input %s",
		                shape_str(&sample->shape), shape_str(&epoch->shape), shape_str(&x->shape));
	out[0] = *x;
	return OK;
}

static struct node *drop(struct graph *g, struct node *x, struct node *sample, struct node *epoch,
                         const struct dropout_conf *conf)
{
	struct node *const in[] = {x, sample, epoch};
	return x && sample && epoch ? graph_call(g, &op_dropout, conf, in, 3) : NULL;
}

static void grad(struct graph *g, const struct call *c, struct node *const dy[], const bool need[],
                 struct node *dx[])
{
	if (need[0])
		dx[0] = drop(g, dy[0], c->in[1], c->in[2], c->conf);
}

const struct op op_dropout = {
	.name = "dropout", .help = "x / (1 - p) with probability 1 - p, else 0",
	.min_in = 3, .max_in = 3, .n_out = 1, .conf_size = sizeof(struct dropout_conf),
	.infer = infer, .grad = grad, .flags = OP_ELEMENTWISE0,
};

struct node *graph_dropout(struct graph *g, struct node *x, double p, const unsigned key[2])
{
	if (!x || p == 0)
		return x;
	if (x->type.shape.n_dim < 1)
		return graph_fail(g, "dropout: input %s has no axis of samples", shape_str(&x->type.shape));
	if (!g->sample)
		g->sample = graph_input(g, "sample", shape1(x->type.shape.d[0]), CLASS_I32);
	if (!g->epoch)
		g->epoch = graph_input(g, "epoch", shape0(), CLASS_I32);
	const struct dropout_conf conf = {p, {key[0], key[1]}};
	return drop(g, x, g->sample, g->epoch, &conf);
}
