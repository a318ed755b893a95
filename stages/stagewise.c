/*
 * Stagewise distillation: stem, blocks and head learn one after the other, a part by the squared difference to the teacher's feature at the
 * same place, the head by the labels. What comes before keeps its weights; its statistics move, as in the released code, or stay.
 */
#include "stages/adversary_step.h"

struct stagewise_conf {
	const struct conf *teacher;
	int statistics, adapter, head_epochs;
};
enum { STATISTICS_MOVING, STATISTICS_FROZEN };
enum { ADAPTER_NONE, ADAPTER_WHERE_NEEDED };

static const struct opt opts[] = {
	NODE(stagewise_conf, teacher, "STAGE.last, STAGE.best, STAGE.anchors[i] or {file: PATH}"),
	CHOICE(stagewise_conf, statistics, "moving", "moving|frozen",
	       "batch norm of parts that have learnt: moving as the released code does (it drifts from what the part was trained to), or frozen"),
	CHOICE(stagewise_conf, adapter, "none", "none|auto", "none: student and teacher have equal shapes; auto: a 1x1 convolution where they differ"),
	INT(stagewise_conf, head_epochs, 0, 0, 100000, "epochs", "of the head; 0: as many as each part"),
	{0},
};

struct part_lesson {
	int from, to;            /* parts of the student that move */
	const char *tap;         /* that they and the teacher's give; NULL: the head */
	bool relu;               /* the teacher's tap ends in one */
	struct net *adapter;     /* NULL: none */
	struct type to_type;     /* the teacher's */
	bool moving;
};

static enum status read_own(struct experiment *x, struct stage *s, struct err *e)
{
	const struct stagewise_conf *c = s->conf;
	return references_read(x, s, c->teacher, false, &s->teacher, &s->n_teacher, e);
}

static struct node *adapter_layers(struct builder *b, struct node *x, const void *conf)
{
	const struct part_lesson *pl = conf;
	struct type to = pl->to_type;
	if (x)
		to.shape.d[0] = x->type.shape.d[0];
	return adapt(b, x, &to, pl->relu, ADAPTER_ALWAYS, "adapt");
}

static struct node *feature_loss(struct step *st, const struct part_lesson *pl, const struct taps *s)
{
	struct err *e = st->g->err;
	struct node *u = taps_find(s, st->run->student, pl->tap, st->g->at, e), *v = taps_find(step_teacher(st), st->run->teacher, pl->tap, st->g->at, e);
	if (pl->adapter)
		u = own_net_apply(st, pl->adapter, adapter_layers, pl, u, MODE_TRAIN);
	return u && v ? graph_mean_square(st->g, u, graph_stop_gradient(st->g, v)) : NULL;
}

static enum status build(const struct lesson *l, struct step *st, struct err *e)
{
	(void)e;
	const struct part_lesson *pl = l->own;
	struct net *student = st->run->student;
	struct taps s = {0};
	struct node *x = st->x;
	if (pl->from > 0)
		x = model_apply(st->g, student, 0, pl->from - 1, x, pl->moving ? MODE_TRAIN : MODE_FROZEN, "student/before", NULL);
	model_apply(st->g, student, pl->from, pl->to, x, MODE_TRAIN, "student", &s);
	struct node *loss = pl->tap ? feature_loss(st, pl, &s) : graph_cross_entropy(st->g, s.logits, st->label, 0);
	step_metric(st, pl->tap ? "loss/feature" : "loss/ce", loss);
	step_metric(st, "loss", loss);
	if (!pl->tap)
		step_hits(st, "train_top1_running", s.logits);
	step_minimise(st, "student", 1, loss, l->optim[0].optim);
	return graph_status(st->g);
}

static enum status adapter_define(struct stage_run *r, struct part_lesson *pl, struct err *e)
{
	const struct stagewise_conf *c = r->stage->conf;
	const struct where at = r->stage->map->at;
	struct type from;
	enum status st = tap_type(r->student, pl->tap, at, &from, e);
	if (st == OK)
		st = tap_type(r->teacher, pl->tap, at, &pl->to_type, e);
	if (st != OK || type_fits(&from, &pl->to_type))
		return st;
	if (c->adapter == ADAPTER_NONE)
		return err_user(e, at, "stage '%s': '%s' of student '%s' is %s but of teacher '%s' %s (two pictures): equal shapes are wanted, or 'adapter: auto'",
		                r->stage->name, pl->tap, r->student->model_name, shape_str(&from.shape), r->teacher->model_name, shape_str(&pl->to_type.shape));
	return own_net_define(r, arena_printf(r->arena, "%s/adapter-%s", r->student->name, pl->tap), adapter_layers, pl, &from, &pl->adapter, e);
}

/* A network's own stem and taps, without its head's. */
static enum status look(struct net *net, struct arena *a, struct taps *t, struct err *e)
{
	struct graph *g = graph_new(a, e);
	model_apply(g, net, 0, net_part_all(net), graph_input(g, "x", shape4(2, net->C, net->H, net->W), CLASS_ACT), MODE_FROZEN, net->name, t);
	return graph_status(g);
}

static enum status add_part(struct stage_run *r, const struct taps *teacher, int from, int to, const char *tap, const char *label, int epochs, struct err *e)
{
	const struct stage *s = r->stage;
	const struct stagewise_conf *c = s->conf;
	struct part_lesson *pl = NEW(r->arena, struct part_lesson);
	*pl = (struct part_lesson){.from = from, .to = to, .tap = tap, .moving = c->statistics == STATISTICS_MOVING};
	if (tap) {
		pl->relu = tap_has_relu(teacher, r->teacher, tap);
		const enum status st = adapter_define(r, pl, e);
		if (st != OK)
			return st;
	}
	struct lesson *l = run_add_lesson(r, label, epochs);
	struct optim *o = run_optim(r, "student", &s->optim);
	optim_add_net(o, r->arena, r->student, from, to);
	optim_add_all(o, r->arena, pl->adapter);
	lesson_moves(r, l, o, &s->schedule);
	l->teacher = 0;
	l->selects = !tap;
	l->build = build;
	l->own = pl;
	return OK;
}

static enum status define(struct stage_run *r, struct err *e)
{
	const struct stage *s = r->stage;
	const struct stagewise_conf *c = s->conf;
	const int B = r->student->B, head = net_part_all(r->student);
	struct taps student = {0}, teacher = {0};
	if (B != r->teacher->B)
		return err_user(e, conf_where(s->map, "train"), "'%s' has %d blocks but its teacher '%s' has %d: they are paired one to one",
		                r->student->model_name, B, r->teacher->model_name, r->teacher->B);
	enum status st = look(r->student, r->arena, &student, e);
	if (st == OK)
		st = look(r->teacher, r->arena, &teacher, e);
	const bool stem = student.stem && teacher.stem;
	if (st == OK && stem)
		st = add_part(r, &teacher, 0, 0, "stem", "stem", s->train.epochs, e);
	for (int b = 1; b <= B && st == OK; b++) /* without a stem of its own the first block takes the way to it along */
		st = add_part(r, &teacher, b == 1 && !stem ? 0 : b, b, arena_printf(r->arena, "block%d", b), arena_printf(r->arena, "block %d/%d", b, B),
		              s->train.epochs, e);
	return st == OK ? add_part(r, &teacher, head, head, NULL, "head", c->head_epochs ? c->head_epochs : s->train.epochs, e) : st;
}

const struct stage_kind stage_stagewise = {
	.name = "stagewise",
	.help = "one part after the other by the teacher's feature at the same place, then the head by the labels",
	.formula = "part k: mean (S_k(...) - T_k(...))^2, S_k alone moves; head: CE(z, y), the head alone moves",
	.paper = "Kulkarni et al., Stagewise Knowledge Distillation, 2019 (arXiv 1911.06786)",
	.differs = "the last weights of a part are handed on, not those best on the held-out split; the paper's rate is Adam's 1e-4: `optimizer: adam, lr: 1e-4`; "
	           "its widths are the teacher's, adapters are ours",
	.revision = 1,
	.conf_size = sizeof(struct stagewise_conf),
	.opts = opts,
	.needs_teacher = true,
	.no_anchors = true,
	.read = read_own,
	.define = define,
};
