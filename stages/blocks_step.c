/* The step of a blocks lesson: METHODS A.3 as a graph. Critics first, then the student against the moved critics. */
#include "engine/build.h"
#include "stages/blocks.h"

struct pair_nodes {
	struct node *fake, *real;             /* features: the student's behind the adapter, the teacher's */
	struct node *fake_score, *real_score; /* NULL without a critic */
	struct node *fake_logits, *real_logits; /* through the teacher's tail; NULL when no loss reads them */
};

/* The adapter ends as the tap that it imitates: else real features could be told from fake ones by their sign. */
static struct node *apply_adapter(struct step *st, const struct pair *pair, struct node *u, const struct taps *t, int kind)
{
	struct builder b = {.g = st->g, .net = pair->adapter, .mode = MODE_TRAIN};
	const bool relu = tap_has_relu(t, st->run->teacher, arena_printf(st->arena, "block%d", pair->block));
	return adapt(&b, u, &t->block[pair->block]->type, relu, (enum adapter)kind, "adapt");
}

/* The teacher's logits of features h of its own block. */
static struct node *tail_logits(struct step *st, int block, struct node *h, const char *name)
{
	struct net *teacher = st->run->teacher;
	struct taps taps = {0};
	model_apply(st->g, teacher, block + 1, net_part_all(teacher), h, MODE_FROZEN, name, &taps);
	return taps.logits;
}

static struct node *score(struct step *st, const struct blocks_lesson *bl, const struct pair *pair, struct node *h, const char *name,
                          struct node **logits)
{
	struct taps taps = {0};
	const struct critic_site site = {.g = st->g, .own = pair->critic, .teacher = st->run->teacher, .block = pair->block, .name = name,
	                                 .taps = &taps};
	struct node *s = bl->own->critic->score(bl->own->critic_conf, &site, h);
	if (bl->own->critic->has_tail)
		*logits = taps.logits;
	return s;
}

static struct pair_nodes pair_build(struct step *st, const struct blocks_lesson *bl, const struct pair *pair, const struct taps *s, const struct taps *t)
{
	const struct blocks_conf *c = bl->conf;
	struct pair_nodes n = {.real = t->block[pair->block]};
	if (!n.real || !s->block[pair->block])
		return n;
	n.fake = apply_adapter(st, pair, s->block[pair->block], t, c->adapter);
	if (pair->critic) {
		n.real_score = score(st, bl, pair, n.real, arena_printf(st->arena, "critic%d/real", pair->block), &n.real_logits);
		n.fake_score = score(st, bl, pair, n.fake, arena_printf(st->arena, "critic%d/fake", pair->block), &n.fake_logits);
	}
	if (!n.fake_logits && (c->kd > 0 || c->ce > 0))
		n.fake_logits = tail_logits(st, pair->block, n.fake, arena_printf(st->arena, "tail%d/fake", pair->block));
	if (c->kd > 0)
		n.real_logits = t->logits;
	return n;
}

static void add_term(struct step *st, struct node **sum, const char *name, double weight, struct node *value)
{
	if (!value || weight == 0)
		return;
	step_metric(st, name, value);
	value = graph_scale(st->g, value, weight, 0);
	*sum = *sum ? graph_add(st->g, *sum, value) : value;
}

static void pair_losses(struct step *st, const struct blocks_lesson *bl, const struct pair *pair, const struct pair_nodes *n, struct node **sum)
{
	const struct blocks_conf *c = bl->conf;
	struct graph *g = st->g;
	/* With one pair the names are plain; several are told apart by their block. */
	const char *mark = bl->n_pair > 1 ? arena_printf(st->arena, "%d", pair->block) : "";
	if (n->fake_score)
		add_term(st, sum, arena_printf(st->arena, "loss/adversarial%s", mark), c->adversarial, bl->own->adversary->student(g, n->fake_score));
	if (c->feature > 0)
		add_term(st, sum, arena_printf(st->arena, "loss/feature%s", mark), c->feature, graph_mse(g, n->fake, graph_stop_gradient(g, n->real)));
	if (c->kd > 0)
		add_term(st, sum, arena_printf(st->arena, "loss/kd%s", mark), c->kd, kd_divergence(g, n->fake_logits, n->real_logits, c->tau));
	if (c->ce > 0)
		add_term(st, sum, arena_printf(st->arena, "loss/ce%s", mark), c->ce, graph_cross_entropy(g, n->fake_logits, st->label, 0));
}

static void critic_segment(struct step *st, const struct blocks_lesson *bl, const struct pair *pair, const struct pair_nodes *n)
{
	if (!n->fake_score || !n->real_score)
		return;
	const struct adversary *adv = bl->own->adversary;
	struct node *loss = adv->critic(st->g, n->real_score, n->fake_score, 0);
	const struct critic_report rep = critic_report(st->g, adv, loss, n->real_score, n->fake_score);
	const char *mark = bl->n_pair > 1 ? arena_printf(st->arena, "critic%d", pair->block) : "critic";
	step_metric(st, arena_printf(st->arena, "%s/loss", mark), rep.loss);
	step_metric(st, arena_printf(st->arena, "%s/real_accuracy", mark), rep.real_accuracy);
	step_metric(st, arena_printf(st->arena, "%s/fake_accuracy", mark), rep.fake_accuracy);
	step_metric(st, arena_printf(st->arena, "%s/real_mean", mark), rep.real_mean);
	step_metric(st, arena_printf(st->arena, "%s/fake_mean", mark), rep.fake_mean);
	/* The critic's parameters alone are its wrt: nothing reaches the student, whose features need no second pass. */
	step_minimise(st, mark, bl->conf->critic_every, loss, pair->critic_optim);
}

enum status blocks_build(const struct lesson *l, struct step *st, struct err *e)
{
	(void)e;
	const struct blocks_lesson *bl = l->own;
	struct stage_run *r = st->run;
	struct graph *g = st->g;
	const int head = net_part_all(r->student);
	struct taps s = {0};
	const struct taps *t = step_teacher(st);
	struct node *x = st->x;
	if (bl->from > 0)
		x = model_apply(g, r->student, 0, bl->from - 1, x, MODE_FROZEN, "student/frozen", NULL);
	model_apply(g, r->student, bl->from, bl->to, x, MODE_TRAIN, "student", &s);
	struct pair_nodes *n = NEW_ARRAY(st->arena, struct pair_nodes, bl->n_pair);
	struct node *loss = NULL;
	for (int i = 0; i < bl->n_pair && graph_status(g) == OK; i++) {
		n[i] = pair_build(st, bl, &bl->pair[i], &s, t);
		critic_segment(st, bl, &bl->pair[i], &n[i]);
	}
	for (int i = 0; i < bl->n_pair && graph_status(g) == OK; i++)
		pair_losses(st, bl, &bl->pair[i], &n[i], &loss);
	if (bl->to == head) {
		if (bl->head_ce > 0)
			add_term(st, &loss, "loss/head_ce", bl->head_ce, graph_cross_entropy(g, s.logits, st->label, 0));
		if (bl->head_kd > 0)
			add_term(st, &loss, "loss/head_kd", bl->head_kd, kd_divergence(g, s.logits, t->logits, bl->conf->tau));
	}
	if (graph_status(g) != OK)
		return graph_status(g);
	if (!loss)
		return graph_fail(g, "every loss of '%s' has weight 0: nothing to learn from", l->label), graph_status(g);
	step_metric(st, "loss", loss);
	if (bl->to == head)
		step_accuracy(st, s.logits);
	else if (n[bl->n_pair - 1].fake_logits)
		step_accuracy(st, n[bl->n_pair - 1].fake_logits);
	step_minimise(st, "student", 1, loss, l->optim[0].optim);
	return graph_status(g);
}

enum status block_type(struct arena *a, struct net *net, int block, int n, struct type *out, struct err *e)
{
	struct graph *g = graph_new(a, e);
	struct taps taps = {0};
	struct node *x = graph_input(g, "x", shape4(n, net->C, net->H, net->W), CLASS_ACT);
	model_apply(g, net, 0, block, x, MODE_FROZEN, net->name, &taps);
	if (graph_status(g) == OK)
		*out = taps.block[block]->type;
	return graph_status(g);
}

enum status adapter_define(struct arena *a, struct net *student, struct net *teacher, int block, int kind, const char *name, struct net **out, struct err *e)
{
	struct type from, to;
	enum status st = block_type(a, student, block, 1, &from, e);
	if (st == OK)
		st = block_type(a, teacher, block, 1, &to, e);
	if (st != OK)
		return st;
	struct net *own = NEW(a, struct net);
	own->name = arena_str(a, name);
	own->params = params_new(a, name);
	struct graph *g = graph_new(a, e);
	struct builder b = {.g = g, .net = own, .mode = MODE_TRAIN, .defining = true};
	adapt(&b, graph_input(g, "u", from.shape, CLASS_ACT), &to, true, (enum adapter)kind, "adapt");
	*out = own;
	return graph_status(g);
}
