/* Learning from labels, with checkpoints along the way: the stage teachers. */
#include "engine/build.h"
#include "stages/stage.h"

struct supervise_conf {
	double smoothing;
	int moves;
};
enum { MOVES_ALL, MOVES_HEAD };

static const struct opt opts[] = {
	REAL(supervise_conf, smoothing, 0, 0, 0.9, "-", "share of the label that is spread over all classes"),
	CHOICE(supervise_conf, moves, "all", "all|head",
	       "head: its parameters alone, on the blocks that `from` gives, which are frozen with frozen statistics"),
	{0},
};

static enum status build(const struct lesson *l, struct step *st, struct err *e)
{
	(void)e;
	const struct supervise_conf *c = l->own;
	struct net *net = st->run->student;
	struct taps taps = {0};
	struct node *x = st->x;
	const int head = net_part_all(net), from = c->moves == MOVES_HEAD ? head : 0;
	if (from)
		x = model_apply(st->g, net, 0, from - 1, x, MODE_FROZEN, "student", NULL);
	model_apply(st->g, net, from, head, x, MODE_TRAIN, "student", &taps);
	struct node *loss = graph_cross_entropy(st->g, taps.logits, st->label, c->smoothing);
	step_metric(st, "loss", loss);
	step_hits(st, "train_top1_running", taps.logits);
	step_minimise(st, "student", 1, loss, l->optim[0].optim);
	return OK;
}

static enum status define(struct stage_run *r, struct err *e)
{
	const struct stage *s = r->stage;
	const struct supervise_conf *c = s->conf;
	const int head = net_part_all(r->student);
	if (c->moves == MOVES_HEAD && !s->has_from)
		return err_user(e, conf_where(s->map, "moves"), "'moves: head' trains a head on blocks that are there: stage '%s' needs 'from'", s->name);
	struct lesson *l = run_add_lesson(r, "", s->train.epochs);
	struct optim *o = run_optim(r, "student", &s->optim);
	optim_add_net(o, r->arena, r->student, c->moves == MOVES_HEAD ? head : 0, head);
	lesson_moves(r, l, o, &s->schedule);
	l->selects = true;
	l->build = build;
	l->own = s->conf;
	return OK;
}

const struct stage_kind stage_supervise = {
	.name = "supervise",
	.help = "learns from the labels; `anchors` keeps checkpoints on the way, the stage teachers; with `moves: head` it gives a network that is cut "
	        "short a head",
	.formula = "CE(z, y), mean over the batch; smoothing s: target (1 - s) onehot(y) + s / K",
	.paper = "",
	.differs = "",
	.revision = 2,
	.conf_size = sizeof(struct supervise_conf),
	.opts = opts,
	.define = define,
};
