/* How one feature becomes the next: the products of their channels. */
#include "losses/loss.h"
#include "models/block.h"

struct fsp_conf {
	const char *student_to, *teacher_to;
	int pool, adapter;
};
enum { POOL_AVG, POOL_MAX };
enum { FSP_AUTO, FSP_ALWAYS, FSP_NONE };

static const struct opt opts[] = {
	TEXT(fsp_conf, student_to, "", "the student's second tap; empty: the block after `student`"),
	TEXT(fsp_conf, teacher_to, "", "the teacher's second tap; empty: the block after `teacher`"),
	CHOICE(fsp_conf, pool, "avg", "avg|max", "how the larger map of two is brought to the smaller: max is the paper's"),
	CHOICE(fsp_conf, adapter, "auto", "auto|always|none", "1x1 convolutions on the student's taps; auto: where channels differ; none: they must be equal"),
	{0},
};

static struct node *rows(struct graph *g, struct node *x)
{
	if (!x)
		return NULL;
	const struct shape *s = &x->type.shape;
	return graph_cast(g, graph_reshape(g, x, shape3(s->d[0], s->d[1], s->d[2] * s->d[3])), CLASS_WIDE);
}

/* a (N,C,..), b (N,D,..): (N,C,D), the mean over places of a_c b_d. */
static struct node *products(struct graph *g, struct node *a, struct node *b, int pool)
{
	if (!a || !b)
		return NULL;
	const struct shape *s = &a->type.shape, *t = &b->type.shape, small = s->d[2] <= t->d[2] ? *s : *t;
	a = map_shrink(g, a, small.d[2], small.d[3], pool == POOL_MAX);
	b = map_shrink(g, b, small.d[2], small.d[3], pool == POOL_MAX);
	struct node *sum = graph_matmul(g, rows(g, a), rows(g, b), NULL, false, true);
	return graph_scale(g, sum, 1.0 / (small.d[2] * small.d[3]), 0);
}

static bool are_maps(const struct loss_site *s, struct node *const x[4])
{
	for (int i = 0; i < 4; i++) {
		if (!x[i])
			return false;
		if (x[i]->type.shape.n_dim != 4)
			return graph_fail(s->g, "fsp: '%s' is %s: four taps that are maps (N,C,H,W) are wanted", x[i]->name, shape_str(&x[i]->type.shape)), false;
	}
	return true;
}

static struct node *fit(const struct fsp_conf *c, const struct loss_site *s, struct builder *b, struct node *x, const struct node *t, const char *tap,
                        const char *name)
{
	const bool equal = x->type.shape.d[1] == t->type.shape.d[1];
	if (c->adapter == FSP_NONE && !equal)
		return graph_fail(s->g, "fsp: student features are %s but teacher features are %s: equal channels are wanted, or an adapter",
		                  shape_str(&x->type.shape), shape_str(&t->type.shape));
	if (c->adapter == FSP_NONE || (c->adapter == FSP_AUTO && equal))
		return x;
	return adapt(b, x, &t->type, tap_has_relu(s->t, s->net_t, tap), ADAPTER_ALWAYS, name);
}

static struct node *build(const void *conf, const struct loss_site *s)
{
	const struct fsp_conf *c = conf;
	struct graph *g = s->g;
	if (!s->x_s || !s->x_t)
		return NULL;
	struct node *const x[4] = {s->x_s, tap_after(s->s, s->net_s, s->student_tap, c->student_to, s->at, g->err), s->x_t,
	                           tap_after(s->t, s->net_t, s->teacher_tap, c->teacher_to, s->at, g->err)};
	struct builder b = {.g = g, .net = s->own, .mode = s->mode, .defining = s->defining};
	if (!are_maps(s, x))
		return NULL;
	struct node *from = fit(c, s, &b, x[0], x[2], s->teacher_tap, "adapt");
	struct node *to = fit(c, s, &b, x[1], x[3], *c->teacher_to ? c->teacher_to : s->teacher_tap, "adapt_to");
	struct node *student = products(g, from, to, c->pool), *teacher = products(g, x[2], x[3], c->pool);
	return student && teacher ? graph_mean_square(g, student, graph_stop_gradient(g, teacher)) : NULL;
}

const struct loss loss_fsp = {
	.name = "fsp",
	.help = "match the flow of solution: products of the channels of two taps, one after the other",
	.formula = "mean over all elements of (G_s - G_t)^2; G_ij = mean over places of f_i h_j, f and h the features of the first and the second tap",
	.paper = "Yim et al., CVPR 2017, eq. 1 and 2",
	.differs = "the paper trains on it alone first and then on labels: a stage with this loss alone, then a supervised one from it; it wants equal channels; "
	           "average pooling between maps is RepDistiller's, the paper's is max",
	.revision = 1,
	.needs = NEED_TEACHER | NEED_TAPS | NEED_PARAMS,
	.conf_size = sizeof(struct fsp_conf),
	.opts = opts,
	.build = build,
};
