/* The lessons of the main method: networks, optimisers, who moves when. */
#include <math.h>

#include "models/block.h"
#include "stages/adversary_step.h"
#include "stages/blocks.h"

/* ---- what is paired ---- */

static enum status check_blocks(const struct stage_run *r, struct err *e)
{
	const struct blocks_conf *c = r->stage->conf;
	const int B = r->student->B;
	int most = 0;
	for (int m = 0; m < r->stage->n_teacher; m++) {
		const struct net *teacher = run_teacher_net(r, m);
		most = teacher->B > most ? teacher->B : most;
		if (c->follow > 0 && teacher != run_teacher_net(r, 0))
			return err_user(e, r->stage->teacher[m].at, "'follow' chooses among teachers of one network: '%s' is another than '%s'", teacher->name,
			                run_teacher_net(r, 0)->name);
	}
	if (c->follow > 0 && !r->x->data->n_valid)
		return err_user(e, conf_where(r->stage->map, "follow"), "'follow' measures on held-out pictures, and 'data.held_out' is 0");
	if (B != most)
		return err_user(e, conf_where(r->stage->map, "train"), "'%s' has %d blocks but its teacher '%s' has %d: blocks are paired one to one",
		                r->student->model_name, B, r->teacher->model_name, most);
	for (int i = 0; i < c->blocks.n; i++) {
		if (c->blocks.v[i] > B)
			return err_user(e, conf_where(r->stage->map, "blocks"), "block %d does not exist: '%s' has blocks 1 to %d", c->blocks.v[i],
			                r->student->model_name, B);
		if (i && c->blocks.v[i] <= c->blocks.v[i - 1])
			return err_user(e, conf_where(r->stage->map, "blocks"), "'blocks' must rise: %d after %d", c->blocks.v[i], c->blocks.v[i - 1]);
	}
	for (int m = 0; m < r->stage->n_teacher && c->blocks.n; m++)
		if (run_teacher_net(r, m)->B < c->blocks.v[0])
			return err_user(e, r->stage->teacher[m].at, "teacher %d of %d ends with block %d, and the first of 'blocks' is %d: nothing would be learnt from it",
			                m + 1, r->stage->n_teacher, run_teacher_net(r, m)->B, c->blocks.v[0]);
	return OK;
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

/* The adapter of a block as a network of its own; it serves every teacher that has the block. */
static enum status adapter_define(struct stage_run *r, int block, const char *name, struct net **out, struct err *e)
{
	const struct blocks_conf *c = r->stage->conf;
	struct type from, to = {0}, other;
	enum status st = block_type(r->arena, r->student, block, 1, &from, e);
	const struct net *first = NULL;
	for (int m = 0; m < r->stage->n_teacher && st == OK; m++) {
		struct net *teacher = run_teacher_net(r, m);
		if (teacher->B < block)
			continue;
		st = block_type(r->arena, teacher, block, 1, &other, e);
		if (st == OK && first && !shape_eq(&other.shape, &to.shape))
			return err_user(e, r->stage->teacher[m].at, "block %d of '%s' is %s, that of '%s' %s: one adapter must serve all teachers", block, teacher->name,
			                shape_str(&other.shape), first->name, shape_str(&to.shape));
		first = first ? first : teacher;
		to = other;
	}
	if (st != OK)
		return st;
	struct net *own = NEW(r->arena, struct net);
	own->name = arena_str(r->arena, name);
	own->params = params_new(r->arena, name);
	struct graph *g = graph_new(r->arena, e);
	struct builder b = {.g = g, .net = own, .mode = MODE_TRAIN, .defining = true};
	adapt(&b, graph_input(g, "u", from.shape, CLASS_ACT), &to, true, (enum adapter)c->adapter, "adapt");
	run_add_net(r, own);
	*out = own;
	return graph_status(g);
}

/* ---- critics ---- */

static struct optim *optim_of_net(struct stage_run *r, const char *name, const struct optim_conf *conf, struct net *net, int from, int to)
{
	struct optim *o = run_optim(r, name, conf);
	optim_add_net(o, r->arena, net, from, to);
	return o->n ? o : NULL;
}

enum status critic_pair_define(struct stage_run *r, struct net *teacher, const char *name, struct pair *p, struct err *e)
{
	const struct blocks_conf *c = r->stage->conf;
	const struct blocks_own *own = r->stage->own;
	struct type features;
	enum status st = block_type(r->arena, teacher, p->block, 1, &features, e);
	if (st == OK && own->critic->check)
		st = own->critic->check(own->critic_conf, teacher, p->block, conf_where(r->stage->map, "critic"), e);
	if (st == OK)
		st = critic_define(r->arena, own->critic, own->critic_conf, teacher, p->block, &features, name, &p->critic, e);
	if (st != OK)
		return st;
	const struct optim_conf adam = {.kind = OPTIM_ADAM, .lr = c->critic_lr, .beta1 = 0.5, .beta2 = 0.999, .eps = 1e-8};
	const struct optim_conf sgd = {.kind = OPTIM_SGD, .lr = c->copy_lr, .momentum = 0.9};
	p->critic_optim = optim_of_net(r, name, &adam, p->critic, 0, MAX_BLOCK + 1);
	if (own->critic->copies && own->critic->copies(own->critic_conf, p->block, teacher->B, &p->copy_from, &p->copy_to)) {
		const char *copy = arena_printf(r->arena, "%s/copy", name);
		p->copy = net_twin(r->arena, teacher, copy);
		p->copy_optim = optim_of_net(r, copy, &sgd, p->copy, p->copy_from, p->copy_to);
	}
	return OK;
}

/* The pair of a block for meeting m: adapters are kept from meeting to meeting, the critic and its optimisers start anew. */
static enum status pair_define(struct stage_run *r, struct net **adapter, int block, int m, struct net *teacher, struct pair *out, struct err *e)
{
	const struct blocks_conf *c = r->stage->conf;
	*out = (struct pair){.block = block, .adapter = adapter};
	if (c->adversarial == 0)
		return OK;
	const enum status st = critic_pair_define(r, teacher, arena_printf(r->arena, "%s/critic%d.%d", r->student->name, m + 1, block), out, e);
	run_add_net(r, out->critic);
	run_add_net(r, out->copy);
	return st;
}

/* ---- lessons ---- */

/* What define goes through. */
struct course {
	struct stage_run *r;
	const struct blocks_conf *conf;
	int n_student;
	struct net **student;
	int n;                  /* paired blocks */
	int *block;
	struct net ***adapter;  /* [n][n_student] */
	int meetings;
};

static struct blocks_lesson *blocks_lesson(const struct course *c, int from, int to, int n_pair)
{
	struct arena *a = c->r->arena;
	struct blocks_lesson *bl = NEW(a, struct blocks_lesson);
	*bl = (struct blocks_lesson){.conf = c->conf, .own = c->r->stage->own, .n_student = c->n_student, .student = c->student, .from = from, .to = to,
	                             .n_pair = n_pair, .meeting = -1};
	bl->pair = NEW_ARRAY(a, struct pair, n_pair);
	return bl;
}

static void moves_student(const struct course *c, struct lesson *l, const struct blocks_lesson *bl, const struct optim_conf *optim)
{
	struct stage_run *r = c->r;
	const int head = net_part_all(r->student);
	struct optim *o = run_optim(r, "student", optim);
	for (int g = 0; g < c->n_student; g++) {
		optim_add_net(o, r->arena, c->student[g], bl->from, bl->to);
		if (bl->through_output)
			optim_add_net(o, r->arena, c->student[g], head, head);
		for (int i = 0; i < bl->n_pair; i++)
			for (int k = 0; k < bl->pair[i].adapter[g]->params->n_param; k++)
				optim_add(o, r->arena, bl->pair[i].adapter[g]->params, k);
	}
	lesson_moves(r, l, o, &r->stage->schedule);
}

static void watch_critics(struct stage_run *r, struct lesson *l, const struct blocks_lesson *bl)
{
	const char *mark[MAX_BLOCK];
	int n = 0;
	for (int i = 0; i < bl->n_pair; i++)
		if (bl->pair[i].critic_optim || bl->pair[i].copy_optim)
			mark[n++] = bl->n_pair > 1 ? arena_printf(r->arena, "critic%d", bl->pair[i].block) : "critic";
	critic_watch(r, l, n, mark);
}

/* The state that the warm-up counts in. */
static struct net *counter_define(struct stage_run *r, const char *name)
{
	struct net *own = NEW(r->arena, struct net);
	own->name = name;
	own->params = params_new(r->arena, name);
	params_add_state(own->params, (struct param){.name = "steps", .shape = shape0()}, 0);
	run_add_net(r, own);
	return own;
}

/* What the head does not say: the student through the teacher's tail, and what became of the critic's copies. */
static bool is_examined(const struct lesson *l, const struct blocks_lesson *bl)
{
	bool copy = false;
	for (int i = 0; i < bl->n_pair; i++)
		copy |= bl->pair[i].copy && bl->pair[i].copy_to > bl->student[0]->B;
	return !l->selects || copy;
}

/* Whether the student's own logits mean something in the last lesson so far, and from which of its epochs on: a loss must have reached the head, which
   it does in no step of a warm-up. */
static void head_learns(const struct course *c, struct lesson *l, const struct blocks_lesson *bl)
{
	const struct stage_run *r = c->r;
	const bool whole = bl->to == net_part_all(r->student), peers = c->n_student > 1 && c->conf->peer > 0;
	const bool reached = (whole && (bl->head_ce > 0 || bl->head_kd > 0)) || (bl->through_output && (c->conf->kd > 0 || c->conf->ce > 0));
	bool before = r->stage->has_from;
	for (int k = 0; k + 1 < r->n_lesson; k++)
		before |= r->lesson[k].selects;
	l->selects = (whole || bl->through_output) && (reached || peers || before);
	if (!l->selects || before || !bl->n_pair)
		return;
	/* The student moves in every critic_steps-th step of an epoch's. */
	const long long closed = (long long)c->conf->warm_up * c->conf->critic_steps / data_batches(r->x->data);
	l->selects = closed < l->epochs;
	l->selects_after = l->selects ? (int)closed : 0;
}

/* A lesson that moves parts from..to and the adapters and critics of its pairs. */
static struct lesson *lesson_define(const struct course *c, const char *label, int epochs, int teacher, struct blocks_lesson *bl,
                                    const struct optim_conf *optim)
{
	struct stage_run *r = c->r;
	static const struct schedule_conf constant = {0};
	struct lesson *l = run_add_lesson(r, label, epochs);
	/* With more meetings than teachers to follow, the last is met again. */
	l->teacher = teacher < r->stage->n_teacher ? teacher : r->stage->n_teacher - 1;
	l->build = blocks_build;
	l->own = bl;
	head_learns(c, l, bl);
	moves_student(c, l, bl, optim);
	for (int i = 0; i < bl->n_pair; i++) {
		if (bl->pair[i].critic_optim)
			lesson_moves(r, l, bl->pair[i].critic_optim, &constant);
		if (bl->pair[i].copy_optim)
			lesson_moves(r, l, bl->pair[i].copy_optim, &constant);
	}
	if (bl->n_pair) {
		l->begin = blocks_begin;
		l->end = blocks_end;
		l->exam = is_examined(l, bl) ? blocks_exam : NULL;
		l->choose = c->conf->follow > 0 ? blocks_choose : NULL;
		watch_critics(r, l, bl);
		if (c->conf->warm_up > 0)
			bl->counter = counter_define(r, arena_printf(r->arena, "%s/warm_up%d", r->student->name, r->n_lesson));
	}
	return l;
}

static int epochs_of(const struct course *c, int m)
{
	const struct ints *own = &c->conf->anchor_epochs;
	const double share = c->r->x->budget.epochs < 1 ? c->r->x->budget.epochs : 1;
	return own->n ? (int)ceil(own->v[m] * share) : c->r->stage->train.epochs;
}

static enum status define_at_once(const struct course *c, int m, struct net *teacher, struct err *e)
{
	struct stage_run *r = c->r;
	enum status st = OK;
	struct blocks_lesson *bl = blocks_lesson(c, 0, net_part_all(r->student), 0);
	bl->pair = NEW_ARRAY(r->arena, struct pair, c->n);
	bl->head_ce = c->conf->head_ce;
	bl->head_kd = c->conf->head_kd;
	bl->meeting = m;
	for (int i = 0; i < c->n && st == OK; i++)
		if (c->block[i] <= teacher->B)
			st = pair_define(r, c->adapter[i], c->block[i], m, teacher, &bl->pair[bl->n_pair++], e);
	if (st == OK)
		lesson_define(c, arena_printf(r->arena, "anchor %d/%d", m + 1, c->meetings), epochs_of(c, m) * bl->n_pair, m, bl, &r->stage->optim);
	return st;
}

static enum status define_block(const struct course *c, int m, int i, struct net *teacher, struct err *e)
{
	struct stage_run *r = c->r;
	/* The first pair takes what comes before it along: the stem, and blocks that were left out. */
	struct blocks_lesson *bl = blocks_lesson(c, c->conf->cumulative || !i ? 0 : c->block[i - 1] + 1, c->block[i], 1);
	bl->through_output = c->conf->signal != SIGNAL_TAIL;
	bl->meeting = m;
	const enum status st = pair_define(r, c->adapter[i], c->block[i], m, teacher, &bl->pair[0], e);
	if (st == OK)
		lesson_define(c, arena_printf(r->arena, "anchor %d/%d block %d/%d", m + 1, c->meetings, c->block[i], r->student->B), epochs_of(c, m), m, bl,
		              &r->stage->optim);
	return st;
}

static enum status define_pass(const struct course *c, int m, struct err *e)
{
	/* A followed teacher is known when its meeting is reached; all are of one network. */
	struct net *teacher = run_teacher_net(c->r, c->conf->follow > 0 ? 0 : m);
	enum status st = OK;
	if (!c->conf->greedy)
		return define_at_once(c, m, teacher, e);
	for (int k = 0; k < c->n && st == OK; k++) {
		const int i = c->conf->order == ORDER_BACKWARD ? c->n - 1 - k : k;
		if (c->block[i] <= teacher->B)
			st = define_block(c, m, i, teacher, e);
	}
	return st;
}

static void define_end(const struct course *c)
{
	struct stage_run *r = c->r;
	const struct blocks_conf *conf = c->conf;
	const int head = net_part_all(r->student), teacher = r->stage->n_teacher - 1;
	if (conf->greedy && conf->head_epochs > 0) {
		struct blocks_lesson *bl = blocks_lesson(c, c->block[c->n - 1] + 1, head, 0);
		bl->head_ce = conf->head_ce;
		bl->head_kd = conf->head_kd;
		lesson_define(c, "head", conf->head_epochs, teacher, bl, &r->stage->optim);
	}
	if (conf->polish_epochs > 0) {
		struct optim_conf optim = r->stage->optim;
		optim.lr = conf->polish_lr;
		struct blocks_lesson *bl = blocks_lesson(c, 0, head, 0);
		bl->head_ce = conf->polish_ce;
		bl->head_kd = conf->polish_kd;
		lesson_define(c, "polish", conf->polish_epochs, teacher, bl, &optim);
	}
}

static enum status define_students(struct course *c, struct err *e)
{
	struct stage_run *r = c->r;
	enum status st = OK;
	c->student[0] = r->student;
	for (int g = 1; g < c->n_student && st == OK; g++) {
		st = experiment_net(r->x, r->arena, r->stage->train.train, arena_printf(r->arena, "%s/%d", r->student->name, g + 1), &c->student[g], e);
		if (st == OK)
			run_add_net(r, c->student[g]);
	}
	for (int i = 0; i < c->n && st == OK; i++) {
		c->block[i] = c->conf->blocks.n ? c->conf->blocks.v[i] : i + 1;
		c->adapter[i] = NEW_ARRAY(r->arena, struct net *, c->n_student);
		for (int g = 0; g < c->n_student && st == OK; g++)
			st = adapter_define(r, c->block[i], arena_printf(r->arena, "%s/adapter%d", c->student[g]->name, c->block[i]), &c->adapter[i][g], e);
	}
	return st;
}

enum status blocks_define(struct stage_run *r, struct err *e)
{
	const struct blocks_conf *conf = r->stage->conf;
	enum status st = check_blocks(r, e);
	if (st != OK)
		return st;
	struct course c = {.r = r, .conf = conf, .n_student = conf->generators, .n = conf->blocks.n ? conf->blocks.n : r->student->B,
	                   .meetings = conf->follow > 0 ? conf->meetings : r->stage->n_teacher};
	c.student = NEW_ARRAY(r->arena, struct net *, c.n_student);
	c.block = NEW_ARRAY(r->arena, int, c.n);
	c.adapter = NEW_ARRAY(r->arena, struct net **, c.n);
	st = define_students(&c, e);
	for (int m = 0; m < c.meetings && st == OK; m++)
		st = define_pass(&c, m, e);
	if (st == OK)
		define_end(&c);
	return st;
}
