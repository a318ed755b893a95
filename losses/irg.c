/* The graph of a batch: what the pictures are (vertices), how far they lie apart (edges), how far a layer moves them (transformations). */
#include "losses/loss.h"

struct irg_conf {
	const char *student_to, *teacher_to, *student_embedding, *teacher_embedding;
	double vertices, edges, transformations;
};

static const struct opt opts[] = {
	TEXT(irg_conf, student_to, "", "the student's second map; empty: the block after `student`"),
	TEXT(irg_conf, teacher_to, "", "the teacher's second map; empty: the block after `teacher`"),
	TEXT(irg_conf, student_embedding, "pooled", "the student's embedding"),
	TEXT(irg_conf, teacher_embedding, "pooled", "the teacher's embedding"),
	REAL(irg_conf, vertices, 0.1, 0, 1e9, "-", "weight of the logits' difference; 0: not built"),
	REAL(irg_conf, edges, 5, 0, 1e9, "-", "weight of the differences of distances between pictures; 0: not built"),
	REAL(irg_conf, transformations, 5, 0, 1e9, "-", "weight of the differences of distances between maps; 0: not built"),
	{0},
};

/* What one network gives: two maps, one after the other, an embedding, logits. */
struct sight {
	struct node *map, *next, *embedding, *logits;
};

static struct node *flat(struct graph *g, struct node *x)
{
	if (!x)
		return NULL;
	const struct shape *s = &x->type.shape;
	return graph_cast(g, graph_reshape(g, x, shape2(s->d[0], (int)(shape_count(s) / s->d[0]))), CLASS_WIDE);
}

/* Over the batch's largest; equal pictures all give 0. */
static struct node *over_largest(struct graph *g, struct node *x)
{
	if (!x)
		return NULL;
	struct node *largest = graph_max(g, x, (1u << x->type.shape.n_dim) - 1, true);
	return graph_div(g, x, graph_maximum(g, largest, graph_const(g, 1e-12, shape0())));
}

/* (N,N): |x_i - x_j|^2, by products: the differences themselves would take N times the batch. */
static struct node *edges(struct graph *g, struct node *x)
{
	x = flat(g, x);
	if (!x)
		return NULL;
	const int N = x->type.shape.d[0];
	struct node *square = graph_sum(g, graph_mul(g, x, x), 1u << 1, true);
	struct node *both = graph_add(g, square, square ? graph_reshape(g, square, shape2(1, N)) : NULL);
	return over_largest(g, graph_sub(g, both, graph_scale(g, graph_matmul(g, x, x, NULL, false, true), 2, 0)));
}

/* (N): |map - next|^2, map brought to next's size, next's channels averaged in pairs where it has twice as many. */
static struct node *transformations(struct graph *g, struct node *map, struct node *next)
{
	if (!map || !next)
		return NULL;
	const struct shape *m = &map->type.shape, *n = &next->type.shape;
	if (m->d[2] > n->d[2])
		map = map_to_size(g, map, n->d[2], n->d[3]);
	if (n->d[1] == 2 * m->d[1])
		next = graph_scale(g, graph_add(g, graph_slice(g, next, 1, 0, n->d[1], 2), graph_slice(g, next, 1, 1, n->d[1], 2)), 0.5, 0);
	if (!map || !next)
		return NULL;
	if (!shape_eq(&map->type.shape, &next->type.shape))
		return graph_fail(g, "irg: maps of %s and %s: the second must have as many channels as the first or twice as many, and be no larger", shape_str(m),
		                  shape_str(n));
	struct node *gap = graph_sub(g, flat(g, map), flat(g, next));
	return over_largest(g, graph_sum(g, graph_mul(g, gap, gap), 1u << 1, false));
}

static struct sight look(const struct loss_site *s, const struct taps *t, const struct net *net, struct node *map, const char *tap, const char *to,
                         const char *embedding)
{
	struct err *e = s->g->err;
	return (struct sight){map, tap_after(t, net, tap, to, s->at, e), taps_find(t, net, embedding, s->at, e), taps_find(t, net, "logits", s->at, e)};
}

static bool are_there(struct graph *g, const struct sight *x)
{
	if (!x->map || !x->next || !x->embedding || !x->logits)
		return false;
	if (x->map->type.shape.n_dim != 4 || x->next->type.shape.n_dim != 4)
		return graph_fail(g, "irg: the two taps of a network are %s and %s: maps (N,C,H,W) are wanted", shape_str(&x->map->type.shape),
		                  shape_str(&x->next->type.shape)), false;
	return true;
}

static void add(struct graph *g, struct node **sum, double weight, struct node *value)
{
	value = graph_scale(g, value, weight, 0);
	*sum = *sum ? graph_add(g, *sum, value) : value;
}

static struct node *between(struct graph *g, struct node *s, struct node *t)
{
	return graph_mean_square(g, s, graph_stop_gradient(g, t));
}

static struct node *weigh(const struct irg_conf *c, struct graph *g, const struct sight *s, const struct sight *t)
{
	struct node *sum = NULL;
	if (c->vertices > 0) {
		if (!shape_eq(&s->logits->type.shape, &t->logits->type.shape))
			return graph_fail(g, "irg: student logits are %s but teacher logits are %s: one number of classes is wanted",
			                  shape_str(&s->logits->type.shape), shape_str(&t->logits->type.shape));
		add(g, &sum, c->vertices, between(g, s->logits, t->logits));
	}
	if (c->edges > 0) {
		struct node *const pair[3][2] = {{s->map, t->map}, {s->next, t->next}, {s->embedding, t->embedding}};
		for (int i = 0; i < 3; i++)
			add(g, &sum, c->edges / 3, between(g, edges(g, pair[i][0]), edges(g, pair[i][1])));
	}
	if (c->transformations > 0) {
		struct node *moves_s = transformations(g, s->map, s->next), *moves_t = transformations(g, t->map, t->next);
		add(g, &sum, c->transformations, between(g, moves_s, moves_t));
	}
	return sum ? sum : graph_fail(g, "irg: all three weights are 0: nothing to learn from");
}

static struct node *build(const void *conf, const struct loss_site *s)
{
	const struct irg_conf *c = conf;
	if (!s->x_s || !s->x_t)
		return NULL;
	const struct sight student = look(s, s->s, s->net_s, s->x_s, s->student_tap, c->student_to, c->student_embedding);
	const struct sight teacher = look(s, s->t, s->net_t, s->x_t, s->teacher_tap, c->teacher_to, c->teacher_embedding);
	return are_there(s->g, &student) && are_there(s->g, &teacher) ? weigh(c, s->g, &student, &teacher) : NULL;
}

const struct loss loss_irg = {
	.name = "irg",
	.help = "match the graph of a batch: logits, distances between pictures, distances between one map and the next",
	.formula = "vertices mean (z_s - z_t)^2 + edges mean over {map 1, map 2, embedding} of mean (E_s - E_t)^2 + transformations mean (R_s - R_t)^2\n"
	           "  E_ij = |x_i - x_j|^2 over the batch's largest; R_i = |map 1 - map 2|^2 of picture i over the batch's largest",
	.paper = "Liu et al., CVPR 2019; weights and forms of a re-implementation (Knowledge-Distillation-Zoo)",
	.differs = "one pair of maps, as there; the gradient goes through the student's largest distance, as there",
	.revision = 1,
	.needs = NEED_TEACHER | NEED_TAPS | NEED_PARAMS, /* it has no parameters: its taps are tried when the stage is read */
	.conf_size = sizeof(struct irg_conf),
	.opts = opts,
	.build = build,
};
