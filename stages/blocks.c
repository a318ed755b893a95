/*
 * The main method: for each anchor of the teacher's training, for each convolution block: only this block, its adapter and its critic
 * move; earlier blocks are frozen, with frozen statistics. Then the head, then a polish of the whole. docs/METHOD.md has the readings.
 */
#include "stages/blocks.h"

const struct opt blocks_opts[] = {
	NODE(blocks_conf, teacher, "STAGE.anchors, a list, or one: met in order, a full pass over the blocks for each"),
	NODE(blocks_conf, critic, "{kind: NAME, ...options}, `limbeck list critics`; default teacher_tail"),
	BOOL(blocks_conf, greedy, true, "one block at a time; false: the same losses, all blocks and the head at once"),
	BOOL(blocks_conf, cumulative, false, "blocks up to the one at hand move, and not it alone"),
	CHOICE(blocks_conf, order, "forward", "forward|backward", "in which the blocks are met"),
	CHOICE(blocks_conf, signal, "tail", "tail|output|both",
	       "kd and ce of a block are read through the teacher's tail, or at the student's own output, whose later blocks carry them while block and head move"),
	CHOICE(blocks_conf, statistics, "frozen", "frozen|moving", "of frozen blocks before the one at hand; moving: they run in training mode, so each batch's statistics are computed and the running ones drift under weights that stand still, as in Stagewise KD's code"),
	INTS(blocks_conf, blocks, NULL, 1, MAX_BLOCK, "-", "which blocks are paired; empty: all"),
	INTS(blocks_conf, anchor_epochs, NULL, 1, 100000, "epochs", "for each block, one number per anchor; empty: `epochs` for all"),
	REAL(blocks_conf, follow, 0, 0, 1000, "nats",
	     "above 0: each meeting takes the farthest next teacher whose KL to the student, on held-out pictures, is below it; the last takes the last"),
	INT(blocks_conf, meetings, 3, 1, 1000, "-", "with follow: passes over the blocks"),
	INT(blocks_conf, generators, 1, 1, 8, "-", "students before one critic, which also learn from each other; the first is what the stage leaves"),
	REAL(blocks_conf, adversarial, 0.1, 0, 1e6, "-", "weight of the adversarial loss; 0: no critic is built"),
	REAL(blocks_conf, feature, 1, 0, 1e6, "-", "weight of the mean squared difference of the features"),
	REAL(blocks_conf, kd, 1, 0, 1e6, "-", "weight of tau^2 KL between the teacher's logits and those that the student's features lead to"),
	REAL(blocks_conf, ce, 0.1, 0, 1e6, "-", "weight of the labels' cross-entropy of the same logits"),
	REAL(blocks_conf, peer, 0.1, 0, 1e6, "-", "with several generators: weight of the mean over the others of tau^2 KL(other || own), the others detached"),
	REAL(blocks_conf, tau, 4, 0.001, 1000, "-", "temperature of every KL of the stage"),
	BOOL(blocks_conf, normalise, false, "features of both sides are brought to the teacher's mean 0 and deviation 1 per channel of the batch before they are compared"),
	INT(blocks_conf, warm_up, 0, 0, 1000000000, "steps", "of each lesson in which the students learn from the feature term alone; critics learn from the first on"),
	CHOICE(blocks_conf, adapter, "auto", "auto|always", "auto: no adapter where shapes agree"),
	CHOICE(blocks_conf, adversary, "non_saturating", "non_saturating|least_squares|hinge|wasserstein", "adversarial loss"),
	REAL(blocks_conf, smoothing, 0, 0, 0.5, "-", "real features are called 1 - smoothing in the critic's loss"),
	REAL(blocks_conf, gradient_penalty, -1, -1, 1e6, "-",
	     "weight of (|gradient of the score| - 1)^2 between real and fake features; -1: what the adversarial loss needs (wasserstein 10, others 0)"),
	REAL(blocks_conf, r1, 0, 0, 1e6, "-", "weight of |gradient of the score|^2 at real features"),
	INT(blocks_conf, critic_every, 1, 1, 1000, "steps", "the critic moves on steps divisible by it"),
	INT(blocks_conf, critic_steps, 1, 1, 1000, "steps", "the student moves on steps divisible by it: so many critic steps, each on its own batch, to one of the student"),
	REAL(blocks_conf, critic_lr, 1e-3, 0, 10, "-", "critic: Adam's learning rate (betas .5 and .999), constant"),
	REAL(blocks_conf, copy_lr, 1e-3, 0, 10, "-", "critic's copy of the teacher's parts: SGD's learning rate (momentum .9), constant"),
	REAL(blocks_conf, copy_ce, 1, 0, 1e6, "-", "copy: weight of the labels' cross-entropy on real features, which keeps it a teacher"),
	REAL(blocks_conf, copy_kd, 0, 0, 1e6, "-", "copy: weight of tau^2 KL(student's || its own) logits through it, a mean over the generators, gradient through its own alone: the teacher learns from the student"),
	{.name = "instruments", .type = OPT_INT, .offset = offsetof(struct blocks_conf, instruments), .def = 25, .min = 0, .max = 1000, .unit = "steps",
	 .flags = OPT_NEUTRAL, .help = "between measurements of each term's gradient at the student's block, rounded up to steps in which critic and student move; 0: none"},
	{.name = "control", .type = OPT_BOOL, .offset = offsetof(struct blocks_conf, control), .def = 0, .min = 0, .max = 1, .unit = "-",
	 .flags = OPT_NEUTRAL, .help = "also runs the stage without its adversary, from the same initialisation, as NAME-control"},
	INT(blocks_conf, head_epochs, 2, 0, 100000, "epochs", "of the head alone after the last block"),
	REAL(blocks_conf, head_ce, 1, 0, 1e6, "-", "head: weight of the labels"),
	REAL(blocks_conf, head_kd, 0.9, 0, 1e6, "-", "head: weight of tau^2 KL by the last teacher"),
	INT(blocks_conf, polish_epochs, 10, 0, 100000, "epochs", "end to end by the last teacher, at the end"),
	REAL(blocks_conf, polish_lr, 0.05, 0, 100, "-", "polish: learning rate"),
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

/* Whether it was asked for something: its own value, not what the row gives to everybody. */
static bool is_asked(const char *name, double value)
{
	for (const struct opt *o = blocks_opts; o->name; o++)
		if (str_eq(o->name, name))
			return value != o->def;
	BUG("no option '%s'", name);
}

static bool copies_class_head(const struct blocks_own *own)
{
	int from, to;
	return own->critic->has_tail && own->critic->copies && own->critic->copies(own->critic_conf, 1, 2, &from, &to);
}

/* Options without an effect. */
static enum status check_effects(const struct stage *s, const struct blocks_own *own, struct err *e)
{
	const struct blocks_conf *c = s->conf;
	enum status st = OK;
	if (c->adversarial > 0 && c->copy_kd > 0 && own->critic && !copies_class_head(own))
		st = err_user(e, conf_where(s->map, "copy_kd"), "'copy_kd' teaches a critic's copy of the teacher, class head and all, and critic '%s' has none: "
		              "only {kind: teacher_tail, mutual: true} has", own->critic->name);
	if (c->generators == 1 && c->peer > 0 && is_asked("peer", c->peer))
		st = err_user(e, conf_where(s->map, "peer"), "'peer' is what generators learn from each other, and 'generators' is 1");
	if (c->control && c->adversarial == 0)
		st = err_user(e, conf_where(s->map, "control"), "'control' is the stage without its adversary, and with 'adversarial: 0' it has none");
	if (!c->greedy && c->statistics == STATISTICS_MOVING)
		st = err_user(e, conf_where(s->map, "statistics"), "'statistics' are of blocks that are frozen, and with 'greedy: false' none is");
	if (c->gradient_penalty < 0 && is_asked("gradient_penalty", c->gradient_penalty))
		st = err_user(e, conf_where(s->map, "gradient_penalty"), "'gradient_penalty' is %g: a weight from 0 on, or -1 for what the adversarial loss needs",
		              c->gradient_penalty);
	if (c->warm_up > 0 && c->feature == 0)
		st = err_user(e, conf_where(s->map, "warm_up"), "in the 'warm_up' the students learn from the feature term alone, and 'feature' is 0");
	return st;
}

/* What no row can say: options that mean nothing beside others. */
static enum status check_options(const struct stage *s, const struct blocks_own *own, struct err *e)
{
	const struct blocks_conf *c = s->conf;
	enum status st = OK;
	if (c->adversarial > 0 && c->smoothing > 0 && !own->adversary->smooths)
		st = err_user(e, conf_where(s->map, "smoothing"), "'smoothing' means nothing for '%s': it has no label for real features", own->adversary->name);
	if (c->follow > 0 && c->anchor_epochs.n && c->anchor_epochs.n != c->meetings)
		st = err_user(e, conf_where(s->map, "anchor_epochs"), "'anchor_epochs' has %d numbers for %d meetings", c->anchor_epochs.n, c->meetings);
	if (c->follow == 0 && c->anchor_epochs.n && s->n_teacher && c->anchor_epochs.n != s->n_teacher)
		st = err_user(e, conf_where(s->map, "anchor_epochs"), "'anchor_epochs' has %d numbers for %d teachers", c->anchor_epochs.n, s->n_teacher);
	if (!c->greedy && (c->cumulative || c->order != ORDER_FORWARD || c->signal != SIGNAL_TAIL))
		st = err_user(e, conf_where(s->map, c->cumulative ? "cumulative" : c->order != ORDER_FORWARD ? "order" : "signal"),
		              "with 'greedy: false' all blocks and the head move at once: 'cumulative', 'order' and 'signal' mean nothing");
	if (c->critic_every > 1 && c->critic_steps > 1)
		st = err_user(e, conf_where(s->map, "critic_steps"), "either the critic moves more rarely than the student ('critic_every') or the student "
		              "than the critic ('critic_steps'), not both");
	const enum status effects = check_effects(s, own, e);
	return st == OK ? effects : st;
}

static enum status read_own(struct experiment *x, struct stage *s, struct err *e)
{
	const struct blocks_conf *c = s->conf;
	struct blocks_own *own = NEW(x->arena, struct blocks_own);
	s->own = own;
	own->adversary = adversary_find(opt_choice(blocks_opts, "adversary", c->adversary));
	const enum status critic = read_critic(x, s, own, e);
	const enum status teacher = references_read(x, s, c->teacher, true, &s->teacher, &s->n_teacher, e);
	const enum status options = check_options(s, own, e);
	return critic != OK ? critic : teacher != OK ? teacher : options;
}

/* Without its adversary, all else equal: the same pictures, the same initialisation. */
static bool control(const struct stage *s, void *conf)
{
	const struct blocks_conf *c = s->conf;
	struct blocks_conf *without = conf;
	without->adversarial = 0;
	without->control = false;
	return c->control && c->adversarial > 0;
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

const struct stage_kind stage_blocks = {
	.name = "blocks",
	.help = "the main method: stage teachers in order, the student's blocks one at a time, the teacher's own blocks as discriminator",
	.formula = "u = A_b(S_b(...)), v = T_b(...), k = the teacher's tail and head\n"
	           "  adversarial * adv(D(u)) + feature * mean (u - v)^2 + kd * tau^2 KL(p(k(v)) || p(k(u))) + ce * CE(k(u), y)\n"
	           "  for each anchor, for each block; then the head; then polish_ce CE + polish_kd tau^2 KL end to end",
	.paper = "Huang, Yang, Yu, Guo, Li: multi-stage multi-generative adversarial networks, Computer Science 49(10), 2022",
	.differs = "the paper's text gives no formula: these are readings of its abstract (`limbeck list readings`, docs/METHOD.md); a critic without its own "
	           "head would be no adversary, so one is trained; the polish is ours and can be switched off",
	.revision = 4,
	.conf_size = sizeof(struct blocks_conf),
	.opts = blocks_opts,
	.needs_teacher = true,
	.several_networks = true,
	.no_anchors = true,
	.read = read_own,
	.control = control,
	.canonical = canonical,
	.define = blocks_define,
};
