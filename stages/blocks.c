/*
 * The main method: for each anchor of the teacher's training, for each convolution block: only this block, its adapter and its critic
 * move; earlier blocks are frozen, with frozen statistics. Then the head, then a polish of the whole. docs/METHOD.md has the readings.
 */
#include "stages/blocks.h"

static const struct opt opts[] = {
	NODE(blocks_conf, teacher, "STAGE.anchors, a list, or one: met in order, a full pass over the blocks for each"),
	NODE(blocks_conf, critic, "{kind: teacher_tail|small, ...options}; default teacher_tail"),
	BOOL(blocks_conf, greedy, true, "one block at a time; false: the same losses, all blocks and the head at once"),
	INTS(blocks_conf, blocks, NULL, 1, MAX_BLOCK, "-", "which blocks are paired; empty: all"),
	REAL(blocks_conf, adversarial, 0.1, 0, 1e6, "-", "weight of the adversarial loss; 0: no critic is built"),
	REAL(blocks_conf, feature, 1, 0, 1e6, "-", "weight of the mean squared difference of the features"),
	REAL(blocks_conf, kd, 1, 0, 1e6, "-", "weight of tau^2 KL between the teacher's logits and those of the student's features through the teacher's tail"),
	REAL(blocks_conf, ce, 0.1, 0, 1e6, "-", "weight of the labels' cross-entropy read through the teacher's tail"),
	REAL(blocks_conf, tau, 4, 0.001, 1000, "-", "temperature of every KL of the stage"),
	CHOICE(blocks_conf, adversary, "non_saturating", "non_saturating|least_squares", "adversarial loss"),
	INT(blocks_conf, critic_every, 1, 1, 1000, "steps", "the critic moves on steps divisible by it"),
	REAL(blocks_conf, critic_lr, 1e-3, 0, 10, "-", "critic: Adam's learning rate (betas .5 and .999), constant"),
	CHOICE(blocks_conf, adapter, "auto", "auto|always", "auto: no adapter where shapes agree"),
	INT(blocks_conf, head_epochs, 2, 0, 100000, "epochs", "of the head alone after the last block"),
	REAL(blocks_conf, head_ce, 1, 0, 1e6, "-", "head: weight of the labels"),
	REAL(blocks_conf, head_kd, 0.9, 0, 1e6, "-", "head: weight of tau^2 KL by the last teacher"),
	INT(blocks_conf, polish_epochs, 10, 0, 100000, "epochs", "end to end by the last teacher, at the end"),
	REAL(blocks_conf, polish_lr, 0.02, 0, 100, "-", "polish: learning rate"),
	REAL(blocks_conf, polish_ce, 0.1, 0, 1e6, "-", "polish: weight of the labels"),
	REAL(blocks_conf, polish_kd, 0.9, 0, 1e6, "-", "polish: weight of tau^2 KL by the last teacher"),
	{0},
};

struct critic_entry { const char *kind; };
static const struct opt critic_entry_opts[] = {
	TEXT(critic_entry, kind, "teacher_tail", "which critic: `limbeck list critics`"),
	{0},
};

static enum status read_critic(struct experiment *x, struct stage *s, struct blocks_own *own, struct err *e)
{
	const struct blocks_conf *c = s->conf;
	const struct conf *kind = c->critic ? conf_find(c->critic, "kind") : NULL;
	const char *name = kind && kind->text ? kind->text : "teacher_tail";
	own->critic = critic_find(name);
	if (!own->critic) {
		const char *words[16];
		for (int i = 0; i < critic_count; i++)
			words[i] = critic_all[i]->name;
		const char *near = str_nearest(name, words, critic_count);
		return err_user(e, conf_where(c->critic, "kind"), "unknown critic '%s'%s%s%s", name, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
	}
	own->critic_conf = arena_alloc(x->arena, own->critic->conf_size);
	struct critic_entry entry = {0};
	const struct opt *tables[] = {critic_entry_opts, own->critic->opts};
	void *outs[] = {&entry, own->critic_conf};
	return opts_read_all(tables, outs, own->critic->opts ? 2 : 1, c->critic, arena_printf(x->arena, "critic of stage '%s'", s->name), x->arena, e);
}

static enum status read_own(struct experiment *x, struct stage *s, struct err *e)
{
	const struct blocks_conf *c = s->conf;
	struct blocks_own *own = NEW(x->arena, struct blocks_own);
	s->own = own;
	own->adversary = adversary_find(opt_choice(opts, "adversary", c->adversary));
	const enum status critic = read_critic(x, s, own, e);
	const enum status teacher = references_read(x, s, c->teacher, true, &s->teacher, &s->n_teacher, e);
	return critic == OK ? teacher : critic;
}

static void canonical(const struct stage *s, struct str *text)
{
	const struct blocks_conf *c = s->conf;
	const struct blocks_own *own = s->own;
	if (c->adversarial == 0)
		return;
	str_printf(text, "critic=%s/%d adversary=%s/%d\n", own->critic->name, own->critic->revision, own->adversary->name, own->adversary->revision);
	if (own->critic->opts)
		opts_canonical(own->critic->opts, own->critic_conf, text);
}

static enum status check_blocks(const struct stage_run *r, struct err *e)
{
	const struct blocks_conf *c = r->stage->conf;
	const int B = r->student->B;
	if (B != r->teacher->B)
		return err_user(e, conf_where(r->stage->map, "train"), "'%s' has %d blocks but its teacher '%s' has %d: blocks are paired one to one",
		                r->student->model_name, B, r->teacher->model_name, r->teacher->B);
	for (int i = 0; i < c->blocks.n; i++) {
		if (c->blocks.v[i] > B)
			return err_user(e, conf_where(r->stage->map, "blocks"), "block %d does not exist: '%s' has blocks 1 to %d", c->blocks.v[i],
			                r->student->model_name, B);
		if (i && c->blocks.v[i] <= c->blocks.v[i - 1])
			return err_user(e, conf_where(r->stage->map, "blocks"), "'blocks' must rise: %d after %d", c->blocks.v[i], c->blocks.v[i - 1]);
	}
	return OK;
}

/* The pair of a block for anchor m: the adapter is kept from anchor to anchor, critic and its optimiser start anew. */
static enum status pair_define(struct stage_run *r, struct net *adapter, int block, int m, struct pair *out, struct err *e)
{
	const struct blocks_conf *c = r->stage->conf;
	const struct blocks_own *own = r->stage->own;
	*out = (struct pair){.block = block, .adapter = adapter};
	if (c->adversarial == 0)
		return OK;
	struct type features;
	const char *name = arena_printf(r->arena, "%s/critic%d.%d", r->student->name, m + 1, block);
	enum status st = block_type(r->arena, r->teacher, block, 1, &features, e);
	if (st == OK)
		st = critic_define(r->arena, own->critic, own->critic_conf, r->teacher, block, &features, name, &out->critic, e);
	if (st != OK)
		return st;
	run_add_net(r, out->critic);
	const struct optim_conf adam = {.kind = OPTIM_ADAM, .lr = c->critic_lr, .beta1 = 0.5, .beta2 = 0.999, .eps = 1e-8};
	out->critic_optim = run_optim(r, name, &adam);
	for (int i = 0; i < out->critic->params->n_param; i++)
		optim_add(out->critic_optim, r->arena, out->critic->params, i);
	return OK;
}

/* A lesson that moves parts from..to and the adapters and critics of its pairs. */
static struct lesson *lesson_define(struct stage_run *r, const char *label, int epochs, int teacher, struct blocks_lesson *bl,
                                    const struct optim_conf *optim)
{
	const struct stage *s = r->stage;
	static const struct schedule_conf constant = {0};
	struct lesson *l = run_add_lesson(r, label, epochs);
	l->teacher = teacher;
	l->build = blocks_build;
	l->own = bl;
	l->selects = bl->to == net_part_all(r->student);
	struct optim *o = run_optim(r, "student", optim);
	optim_add_net(o, r->arena, r->student, bl->from, bl->to);
	for (int i = 0; i < bl->n_pair; i++)
		for (int k = 0; k < bl->pair[i].adapter->params->n_param; k++)
			optim_add(o, r->arena, bl->pair[i].adapter->params, k);
	lesson_moves(r, l, o, &s->schedule);
	for (int i = 0; i < bl->n_pair; i++)
		if (bl->pair[i].critic)
			lesson_moves(r, l, bl->pair[i].critic_optim, &constant);
	return l;
}

static struct blocks_lesson *blocks_lesson(const struct stage_run *r, int from, int to, int n_pair)
{
	struct blocks_lesson *bl = NEW(r->arena, struct blocks_lesson);
	*bl = (struct blocks_lesson){.conf = r->stage->conf, .own = r->stage->own, .from = from, .to = to, .n_pair = n_pair};
	bl->pair = NEW_ARRAY(r->arena, struct pair, n_pair);
	return bl;
}

static enum status define_pass(struct stage_run *r, int m, int n, const int *block, struct net *const *adapter, struct err *e)
{
	const struct stage *s = r->stage;
	const struct blocks_conf *c = s->conf;
	const int M = s->n_teacher, head = net_part_all(r->student);
	enum status st = OK;
	if (!c->greedy) {
		struct blocks_lesson *bl = blocks_lesson(r, 0, head, n);
		bl->head_ce = c->head_ce;
		bl->head_kd = c->head_kd;
		for (int i = 0; i < n && st == OK; i++)
			st = pair_define(r, adapter[i], block[i], m, &bl->pair[i], e);
		if (st == OK)
			lesson_define(r, arena_printf(r->arena, "anchor %d/%d", m + 1, M), s->train.epochs * n, m, bl, &s->optim);
		return st;
	}
	for (int i = 0; i < n && st == OK; i++) {
		/* The first pair takes what comes before it along: the stem, and blocks that were left out. */
		struct blocks_lesson *bl = blocks_lesson(r, i ? block[i - 1] + 1 : 0, block[i], 1);
		st = pair_define(r, adapter[i], block[i], m, &bl->pair[0], e);
		if (st == OK)
			lesson_define(r, arena_printf(r->arena, "anchor %d/%d block %d/%d", m + 1, M, block[i], r->student->B), s->train.epochs, m, bl, &s->optim);
	}
	return st;
}

static void define_end(struct stage_run *r, int last_block)
{
	const struct stage *s = r->stage;
	const struct blocks_conf *c = s->conf;
	const int head = net_part_all(r->student), teacher = s->n_teacher - 1;
	if (c->greedy && c->head_epochs > 0) {
		struct blocks_lesson *bl = blocks_lesson(r, last_block + 1, head, 0);
		bl->head_ce = c->head_ce;
		bl->head_kd = c->head_kd;
		lesson_define(r, "head", c->head_epochs, teacher, bl, &s->optim);
	}
	if (c->polish_epochs > 0) {
		struct optim_conf optim = s->optim;
		optim.lr = c->polish_lr;
		struct blocks_lesson *bl = blocks_lesson(r, 0, head, 0);
		bl->head_ce = c->polish_ce;
		bl->head_kd = c->polish_kd;
		lesson_define(r, "polish", c->polish_epochs, teacher, bl, &optim);
	}
}

static enum status define(struct stage_run *r, struct err *e)
{
	const struct blocks_conf *c = r->stage->conf;
	enum status st = check_blocks(r, e);
	if (st != OK)
		return st;
	const int n = c->blocks.n ? c->blocks.n : r->student->B;
	int *block = NEW_ARRAY(r->arena, int, n);
	struct net **adapter = NEW_ARRAY(r->arena, struct net *, n);
	for (int i = 0; i < n && st == OK; i++) {
		block[i] = c->blocks.n ? c->blocks.v[i] : i + 1;
		st = adapter_define(r->arena, r->student, r->teacher, block[i], c->adapter,
		                    arena_printf(r->arena, "%s/adapter%d", r->student->name, block[i]), &adapter[i], e);
		if (st == OK)
			run_add_net(r, adapter[i]);
	}
	for (int m = 0; m < r->stage->n_teacher && st == OK; m++)
		st = define_pass(r, m, n, block, adapter, e);
	if (st == OK)
		define_end(r, block[n - 1]);
	return st;
}

const struct stage_kind stage_blocks = {
	.name = "blocks",
	.help = "the main method: stage teachers in order, the student's blocks one at a time, the teacher's own blocks as discriminator",
	.formula = "u = A_b(S_b(...)), v = T_b(...), k = the teacher's tail and head\n"
	           "  adversarial * adv(D(u)) + feature * mean (u - v)^2 + kd * tau^2 KL(p(k(v)) || p(k(u))) + ce * CE(k(u), y)\n"
	           "  for each anchor, for each block; then the head; then polish_ce CE + polish_kd tau^2 KL end to end",
	.paper = "Huang, Yang, Yu, Guo, Li: multi-stage multi-generative adversarial networks, Computer Science 49(10), 2022",
	.differs = "the paper's text gives no formula: this is a reading of its abstract (docs/METHOD.md); a critic without its own head would be no adversary, "
	           "so one is trained; the polish is ours and can be switched off",
	.revision = 2,
	.conf_size = sizeof(struct blocks_conf),
	.opts = opts,
	.needs_teacher = true,
	.no_anchors = true,
	.read = read_own,
	.canonical = canonical,
	.define = define,
};
