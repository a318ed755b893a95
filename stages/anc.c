/*
 * Adversarial network compression: no labels. The student learns the teacher's logits, and a small critic tells whose last features it is
 * given. The student moves first, then the critic, which never moves the student.
 */
#include "base/rng.h"
#include "stages/adversary_step.h"

struct anc_conf {
	const struct conf *teacher;
	double logits, adversarial, dropout;
	int student_loss, regulariser;
	double regulariser_weight, critic_lr;
	struct ints widths;
	int critic_every;
};
enum { STUDENT_NON_SATURATING, STUDENT_MINIMAX };
enum { REGULARISER_ADVERSARIAL, REGULARISER_L1, REGULARISER_L2, REGULARISER_NONE };

static const struct opt opts[] = {
	NODE(anc_conf, teacher, "STAGE.last, STAGE.best, STAGE.anchors[i] or {file: PATH}"),
	REAL(anc_conf, logits, 1, 0, 1e9, "-", "weight of the mean squared difference of the logits"),
	REAL(anc_conf, adversarial, 1, 0, 1e9, "-", "weight of the student's adversarial loss; 0: no critic is built"),
	REAL(anc_conf, dropout, 0.5, 0, 0.95, "-", "share of the student's last features that is dropped before the critic judges them for the student"),
	CHOICE(anc_conf, student_loss, "non_saturating", "non_saturating|minimax", "-E log D(f_s), or E log(1 - D(f_s)), whose gradient goes where the critic wins"),
	CHOICE(anc_conf, regulariser, "adversarial", "adversarial|l1|l2|none",
	       "what keeps the critic from winning: the student's dropped features called the teacher's, or the size of its weights"),
	REAL(anc_conf, regulariser_weight, 0.1, 0, 1e9, "-", "its weight; l1 and l2 are sums over all weights and want less, about 1e-4"),
	REAL(anc_conf, critic_lr, 1e-4, 0, 10, "-", "critic: Adam's learning rate (betas .5 and .999), constant"),
	INTS(anc_conf, widths, "128 256 128", 1, 65536, "-", "the critic's hidden layers"),
	INT(anc_conf, critic_every, 1, 1, 1000, "steps", "the critic moves on steps divisible by it"),
	{0},
};

struct anc_lesson {
	const struct anc_conf *conf;
	struct net *adapter, *critic; /* adapter NULL: equal widths; critic NULL: no adversary */
	struct optim *critic_optim;
	int width;                    /* of the teacher's last features */
	uint32_t key[2];              /* of the dropout */
};

static enum status read_own(struct experiment *x, struct stage *s, struct err *e)
{
	const struct anc_conf *c = s->conf;
	return references_read(x, s, c->teacher, false, &s->teacher, &s->n_teacher, e);
}

/* Pooled features of ReLUs are never below 0: neither are adapted ones, or their sign would tell. */
static struct node *adapter_layers(struct builder *b, struct node *x, const void *conf)
{
	const int *width = conf;
	return graph_relu(b->g, block_linear(b, x, "adapt", *width));
}

static struct node *critic_layers(struct builder *b, struct node *x, const void *conf)
{
	const struct anc_conf *c = conf;
	for (int i = 0; i < c->widths.n; i++)
		x = graph_relu(b->g, block_linear(b, x, block_name(b, "fc%d", i + 1), c->widths.v[i]));
	x = block_linear(b, x, "head", 1);
	return x ? graph_reshape(b->g, x, shape1(x->type.shape.d[0])) : NULL;
}

static struct node *score(struct step *st, const struct anc_lesson *al, struct node *f)
{
	return own_net_apply(st, al->critic, critic_layers, al->conf, f, MODE_TRAIN);
}

/* Over the weights alone: a bias tells nothing of the features. */
static struct node *size_of_weights(struct graph *g, struct net *net, bool squared)
{
	struct node *sum = NULL;
	for (int i = 0; i < net->params->n_param; i++) {
		struct node *w = graph_param(g, net->params, i);
		if (net->params->param[i].role != ROLE_WEIGHT)
			continue;
		w = graph_sum_all(g, squared ? graph_mul(g, w, w) : graph_abs(g, w));
		sum = sum ? graph_add(g, sum, w) : w;
	}
	return sum;
}

static void critic_segment(struct step *st, const struct anc_lesson *al, struct node *fake, struct node *dropped, struct node *real)
{
	const struct anc_conf *c = al->conf;
	const struct adversary *adv = &adversary_non_saturating;
	struct graph *g = st->g;
	struct node *real_score = score(st, al, real), *fake_score = score(st, al, fake), *sum = NULL, *rule = NULL;
	if (!real_score || !fake_score)
		return;
	sum = adv->critic(g, real_score, fake_score, 0);
	if (c->regulariser == REGULARISER_ADVERSARIAL)
		rule = adv->student(g, score(st, al, dropped));
	else if (c->regulariser != REGULARISER_NONE)
		rule = size_of_weights(g, al->critic, c->regulariser == REGULARISER_L2);
	step_weigh(st, &sum, "critic/regulariser", c->regulariser_weight, rule);
	/* The critic's parameters alone are its wrt: the student's features are detached. */
	critic_step(st, "critic", c->critic_every, adversary_middle(adv, 0), sum, real_score, fake_score, al->critic_optim);
}

static struct node *student_adversarial(struct step *st, const struct anc_lesson *al, struct node *dropped)
{
	struct graph *g = st->g;
	struct node *s = score(st, al, dropped);
	if (al->conf->student_loss == STUDENT_NON_SATURATING)
		return adversary_non_saturating.student(g, s);
	return graph_scale(g, graph_mean_softplus(g, s, 1), -1, 0); /* log(1 - D) = -softplus(s) */
}

static enum status build(const struct lesson *l, struct step *st, struct err *e)
{
	(void)e;
	const struct anc_lesson *al = l->own;
	const struct anc_conf *c = al->conf;
	struct graph *g = st->g;
	struct taps s = {0};
	const struct taps *t = step_teacher(st);
	struct node *loss = NULL, *dropped = NULL, *f = NULL;
	model_apply(g, st->run->student, 0, net_part_all(st->run->student), st->x, MODE_TRAIN, "student", &s);
	if (c->logits > 0 && graph_status(g) == OK)
		step_weigh(st, &loss, "loss/logits", c->logits, graph_mean_square(g, s.logits, graph_stop_gradient(g, t->logits)));
	if (al->critic) {
		f = al->adapter ? own_net_apply(st, al->adapter, adapter_layers, &al->width, s.pooled, MODE_TRAIN) : s.pooled;
		dropped = graph_dropout(g, f, c->dropout, al->key);
		step_weigh(st, &loss, "loss/adversarial", c->adversarial, student_adversarial(st, al, dropped));
	}
	if (graph_status(g) == OK && !loss)
		graph_fail(g, "both losses of stage '%s' have weight 0: nothing to learn from", st->run->stage->name);
	step_metric(st, "loss", loss);
	step_hits(st, "train_top1_running", s.logits);
	step_minimise(st, "student", 1, loss, l->optim[0].optim);
	if (al->critic)
		critic_segment(st, al, f, dropped, t->pooled);
	return graph_status(g);
}

static enum status define_critic(struct stage_run *r, struct anc_lesson *al, struct err *e)
{
	const struct anc_conf *c = al->conf;
	const struct where at = r->stage->map->at;
	const char *name = r->student->name;
	struct type from, to;
	enum status st = tap_type(r->student, "pooled", at, &from, e);
	if (st == OK)
		st = tap_type(r->teacher, "pooled", at, &to, e);
	if (st != OK)
		return st;
	al->width = to.shape.d[1];
	if (!type_fits(&from, &to))
		st = own_net_define(r, arena_printf(r->arena, "%s/adapter", name), adapter_layers, &al->width, &from, &al->adapter, e);
	if (st == OK)
		st = own_net_define(r, arena_printf(r->arena, "%s/critic", name), critic_layers, c, &to, &al->critic, e);
	if (st == OK)
		al->critic_optim = critic_optim(r, al->critic, c->critic_lr);
	rng_key(r->stage->seed_init, (struct rng_name){.purpose = "dropout", .network = name, .application = "critic"}, al->key);
	return st;
}

static enum status define(struct stage_run *r, struct err *e)
{
	static const struct schedule_conf constant = {0};
	static const char *const mark[] = {"critic"};
	const struct stage *s = r->stage;
	const struct anc_conf *c = s->conf;
	struct anc_lesson *al = NEW(r->arena, struct anc_lesson);
	al->conf = c;
	const enum status st = c->adversarial > 0 ? define_critic(r, al, e) : OK;
	if (st != OK)
		return st;
	struct lesson *l = run_add_lesson(r, "", s->train.epochs);
	struct optim *o = run_optim(r, "student", &s->optim);
	optim_add_all(o, r->arena, r->student);
	optim_add_all(o, r->arena, al->adapter);
	lesson_moves(r, l, o, &s->schedule);
	if (al->critic) {
		lesson_moves(r, l, al->critic_optim, &constant);
		critic_watch(r, l, 1, mark);
	}
	l->teacher = 0;
	l->selects = true;
	l->build = build;
	l->own = al;
	return OK;
}

const struct stage_kind stage_anc = {
	.name = "anc",
	.help = "without labels: the teacher's logits, and a small critic on the last features before them",
	.formula = "student: logits * mean (z_s - z_t)^2 + adversarial * (-E log D(drop(f_s)))\n"
	           "critic: -E log D(f_t) - E log(1 - D(f_s)) + regulariser_weight * (-E log D(drop(f_s)), sum |w| or sum w^2)\n"
	           "D a perceptron with ReLU on the pooled features f; the student first, then the critic",
	.paper = "Belagiannis, Farshad, Galasso, Adversarial Network Compression, ECCV workshops 2018",
	.differs = "the student minimises -log D as is usual: student_loss: minimax is the formula; the critic sees the student after its step; where last features "
	           "differ in width a linear layer with ReLU comes between; weights and rates are ours",
	.revision = 1,
	.conf_size = sizeof(struct anc_conf),
	.opts = opts,
	.needs_teacher = true,
	.read = read_own,
	.define = define,
};
