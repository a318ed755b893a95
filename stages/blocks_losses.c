/* What the students of the main method minimise, and the instruments that say which term pulls how hard. */
#include "engine/build.h"
#include "stages/blocks.h"

enum { MAX_TERM = 6 * MAX_BLOCK };

/* One term over all generators. */
struct pull {
	const char *name;
	double weight;
	int pair;            /* its features' pair; -1: of the output */
	bool gated;          /* not there during the warm-up */
	struct node **value; /* [generator] */
};

struct pulls {
	struct step *st;
	const struct blocks_lesson *bl;
	const struct taps *s;
	struct pair_nodes *const *n;
	int n_pull;
	struct pull pull[MAX_TERM];
};

static struct node **add_pull(struct pulls *p, const char *name, double weight, int pair, bool gated)
{
	BUG_IF(p->n_pull == MAX_TERM, "more than %d terms", MAX_TERM);
	struct pull *t = &p->pull[p->n_pull++];
	*t = (struct pull){name, weight, pair, gated, NEW_ARRAY(p->st->arena, struct node *, p->bl->n_student)};
	return t->value;
}

/* The mean over the others of tau^2 KL(other || own); the others are detached. */
static struct node *from_peers(struct graph *g, struct node *const z[], int n, int own, double tau)
{
	struct node *sum = NULL;
	for (int k = 0; k < n; k++) {
		if (k == own)
			continue;
		struct node *one = kd_divergence(g, z[own], z[k], tau);
		sum = sum ? graph_add(g, sum, one) : one;
	}
	return graph_scale(g, sum, 1.0 / (n - 1), 0);
}

static void add_peers(struct pulls *p, const char *name, int pair, struct node *const z[])
{
	const int n = p->bl->n_student;
	if (n < 2 || p->bl->conf->peer == 0 || !z[0])
		return;
	struct node **value = add_pull(p, name, p->bl->conf->peer, pair, true);
	for (int k = 0; k < n; k++)
		value[k] = from_peers(p->st->g, z, n, k, p->bl->conf->tau);
}

/* kd, ce and peers of some logits of every generator. */
static void add_readings(struct pulls *p, const char *mark, int pair, struct node *const z[], double kd, double ce)
{
	struct step *st = p->st;
	struct graph *g = st->g;
	const int n = p->bl->n_student;
	if (kd > 0) {
		struct node **value = add_pull(p, arena_printf(st->arena, "%skd", mark), kd, pair, true);
		for (int k = 0; k < n; k++)
			value[k] = kd_divergence(g, z[k], step_teacher(st)->logits, p->bl->conf->tau);
	}
	if (ce > 0) {
		struct node **value = add_pull(p, arena_printf(st->arena, "%sce", mark), ce, pair, true);
		for (int k = 0; k < n; k++)
			value[k] = graph_cross_entropy(g, z[k], st->label, 0);
	}
	add_peers(p, arena_printf(st->arena, "%speer", mark), pair, z);
}

static struct node **outputs(const struct pulls *p)
{
	struct node **z = NEW_ARRAY(p->st->arena, struct node *, p->bl->n_student);
	for (int k = 0; k < p->bl->n_student; k++)
		z[k] = p->s[k].logits;
	return z;
}

/* Of features through the teacher's own tail: the critic's pass where it is that tail, else one of its own. */
static struct node **grafts(struct pulls *p, int i)
{
	struct node **z = NEW_ARRAY(p->st->arena, struct node *, p->bl->n_student);
	for (int k = 0; k < p->bl->n_student; k++) {
		struct pair_nodes *n = &p->n[k][i];
		if (!n->fake_logits)
			n->fake_logits = tail_logits(p->st, p->st->run->teacher, p->bl->pair[i].block, n->fake,
			                             arena_printf(p->st->arena, k ? "tail%d/student%d" : "tail%d/fake", p->bl->pair[i].block, k + 1));
		z[k] = n->fake_logits;
	}
	return z;
}

static void add_pair(struct pulls *p, int i)
{
	const struct blocks_lesson *bl = p->bl;
	const struct blocks_conf *c = bl->conf;
	struct step *st = p->st;
	/* With one pair the names are plain; several are told apart by their block. */
	const char *mark = bl->n_pair > 1 ? arena_printf(st->arena, "%d", bl->pair[i].block) : "";
	if (p->n[0][i].fake_score) {
		const bool adversary = bl->pair[i].critic_optim || bl->pair[i].copy_optim;
		struct node **value = add_pull(p, arena_printf(st->arena, "%s%s", adversary ? "adversarial" : "no_adversary", mark), c->adversarial, i, true);
		for (int k = 0; k < bl->n_student; k++)
			value[k] = bl->own->adversary->student(st->g, p->n[k][i].fake_score);
	}
	if (c->feature > 0) {
		struct node **value = add_pull(p, arena_printf(st->arena, "feature%s", mark), c->feature, i, false);
		for (int k = 0; k < bl->n_student; k++) {
			const struct pair_nodes *n = &p->n[k][i];
			value[k] = graph_mean_square(st->g, blocks_scaled(st, bl, n->fake, n->real), graph_stop_gradient(st->g, blocks_scaled(st, bl, n->real, n->real)));
		}
	}
	const bool tail = !bl->through_output || c->signal == SIGNAL_BOTH;
	if (tail && (c->kd > 0 || c->ce > 0 || (bl->n_student > 1 && c->peer > 0))) {
		struct node **z = grafts(p, i);
		const int from = p->n_pull;
		add_readings(p, "", i, z, c->kd, c->ce);
		for (int k = from; k < p->n_pull && *mark; k++)
			p->pull[k].name = arena_printf(st->arena, "%s%s", p->pull[k].name, mark);
	}
}

/* 1 after the warm-up's steps, 0 in them. The state is the lesson's own, so a resume goes on counting. The count moves with the students' loss, which is
   a metric of every step: one that an earlier segment could take would be ahead of itself when the students read it. */
static struct node *gate(struct step *st, const struct blocks_lesson *bl)
{
	if (!bl->counter)
		return NULL;
	struct node *steps = graph_state(st->g, bl->counter->params, 0);
	struct node *closed = graph_less(st->g, steps, graph_const(st->g, bl->conf->warm_up - 0.5, shape0()));
	graph_update(st->g, steps, graph_add(st->g, steps, closed), false);
	return graph_scale(st->g, closed, -1, 1);
}

static struct node *sum_up(struct pulls *p)
{
	struct step *st = p->st;
	struct graph *g = st->g;
	struct node *loss = NULL, *open = gate(st, p->bl);
	const int n = p->bl->n_student;
	for (int i = 0; i < p->n_pull; i++) {
		const struct pull *t = &p->pull[i];
		struct node *sum = t->value[0];
		for (int k = 1; k < n; k++)
			sum = graph_add(g, sum, t->value[k]);
		step_metric(st, arena_printf(st->arena, "loss/%s", t->name), n > 1 ? graph_scale(g, sum, 1.0 / n, 0) : sum);
		struct node *weighted = graph_scale(g, sum, t->weight, 0);
		if (open && t->gated)
			weighted = graph_mul(g, weighted, open);
		loss = loss ? graph_add(g, loss, weighted) : weighted;
	}
	return loss;
}

/* ---- instruments ---- */

struct reading {
	int n;
	const char *name[3 * MAX_TERM];
	struct node *value[3 * MAX_TERM];
};

static void read_one(struct reading *r, const char *name, struct node *value)
{
	r->name[r->n] = name;
	r->value[r->n++] = value;
}

static struct node *inner(struct graph *g, struct node *a, struct node *b)
{
	return graph_sum_all(g, graph_mul(g, graph_cast(g, a, CLASS_WIDE), graph_cast(g, b, CLASS_WIDE)));
}

/* Norms of the weighted terms' gradients at the first student's block, each as a share of the feature term's, and the cosine between
   adversarial and feature gradient. A norm of 0 gives ratios and cosines of 0. */
static void read_pair(struct pulls *p, int i, struct reading *r)
{
	struct graph *g = p->st->g;
	struct arena *a = p->st->arena;
	struct node *u = p->n[0][i].block, *feature = NULL, *feature_norm = NULL;
	const char *mark = p->bl->n_pair > 1 ? arena_printf(a, "%d", p->bl->pair[i].block) : "";
	struct node *tiny = graph_const(g, 1e-30, shape0());
	for (int pass = 0; pass < 2; pass++) /* the feature term first: others are measured by it */
		for (int k = 0; k < p->n_pull; k++) {
			const struct pull *t = &p->pull[k];
			const bool is_feature = str_eq(t->name, arena_printf(a, "feature%s", mark));
			if (t->pair != i || is_feature != (pass == 0))
				continue;
			struct node *d = NULL;
			graph_grad(g, graph_scale(g, t->value[0], t->weight, 0), NULL, &u, 1, &d);
			if (graph_status(g) != OK)
				return;
			struct node *norm = graph_sqrt(g, inner(g, d, d));
			read_one(r, arena_printf(a, "gradient/%s", t->name), norm);
			if (is_feature) {
				feature = d;
				feature_norm = graph_maximum(g, norm, tiny);
			} else if (feature_norm)
				read_one(r, arena_printf(a, "gradient/%s_to_feature", t->name), graph_div(g, norm, feature_norm));
			if (feature && str_eq(t->name, arena_printf(a, "adversarial%s", mark)))
				read_one(r, arena_printf(a, "gradient/cosine%s", mark),
				         graph_div(g, graph_div(g, inner(g, d, feature), feature_norm), graph_maximum(g, norm, tiny)));
		}
}

static void read_instruments(struct pulls *p)
{
	struct reading *r = NEW(p->st->arena, struct reading);
	if (!p->bl->conf->instruments)
		return;
	for (int i = 0; i < p->bl->n_pair && graph_status(p->st->g) == OK; i++)
		read_pair(p, i, r);
	/* On steps in which critics and students move too: fewer sets of segments, and fewer plans. */
	const int both = p->bl->conf->critic_every * p->bl->conf->critic_steps, every = (p->bl->conf->instruments + both - 1) / both * both;
	step_observe(p->st, "instruments", every, r->n, r->name, r->value);
}

struct node *blocks_losses(struct step *st, const struct blocks_lesson *bl, const struct taps s[], struct pair_nodes *const n[])
{
	struct pulls *p = NEW(st->arena, struct pulls);
	*p = (struct pulls){.st = st, .bl = bl, .s = s, .n = n};
	for (int i = 0; i < bl->n_pair && graph_status(st->g) == OK; i++)
		add_pair(p, i);
	if (bl->through_output)
		add_readings(p, bl->conf->signal == SIGNAL_BOTH ? "output_" : "", bl->n_pair - 1, outputs(p), bl->conf->kd, bl->conf->ce);
	if (bl->to == net_part_all(bl->student[0]))
		add_readings(p, "head_", -1, outputs(p), bl->head_kd, bl->head_ce);
	if (graph_status(st->g) != OK)
		return NULL;
	read_instruments(p);
	return sum_up(p);
}
