/*
 * The teacher as discriminator: its remaining blocks, and what tells real from fake at their end. The blocks are the anchor's own and stay
 * as they are, or (mutual) a copy of them that moves with the critic.
 */
#include "gan/head.h"

enum head { HEAD_SCALAR, HEAD_CLASS_PLUS_ONE, HEAD_NONE };

struct tail_conf {
	bool mutual;
	int head;
};

static const struct opt opts[] = {
	BOOL(tail_conf, mutual, false, "the critic moves a copy of the remaining blocks and the class head; false: they are frozen"),
	CHOICE(tail_conf, head, "scalar", "scalar|class_plus_one|none",
	       "scalar: w . GAP + c; class_plus_one: a fake class beside the teacher's; none: the label's log odds, nothing of its own is trained"),
	{0},
};

static bool copies(const void *conf, int block, int B, int *from, int *to)
{
	const struct tail_conf *c = conf;
	*from = block + 1;
	*to = B + 1;
	return c->mutual;
}

static bool is_adversary(const void *conf)
{
	const struct tail_conf *c = conf;
	return c->mutual || c->head != HEAD_NONE;
}

/* What the teacher says of its own classes is far from 0 before anything was learnt. */
static bool has_zero(const void *conf)
{
	const struct tail_conf *c = conf;
	return c->head == HEAD_SCALAR;
}

static struct node *log_odds(const struct critic_site *s, struct node *logits)
{
	/* A defining pass has no pictures: any label has the shape. */
	struct node *label = s->label || !s->defining || !logits ? s->label : graph_arg_max(s->g, logits);
	if (!label)
		return graph_fail(s->g, "a teacher_tail with 'head: none' scores by the label, and there is none here");
	return head_log_odds(s->g, logits, label);
}

static struct node *score(const void *conf, const struct critic_site *s, struct node *h)
{
	const struct tail_conf *c = conf;
	struct taps unread = {0}, *taps = s->taps ? s->taps : &unread;
	model_apply(s->g, s->teacher, s->block + 1, net_part_all(s->teacher), h, MODE_FROZEN, s->name, taps);
	if (!taps->pooled)
		return NULL;
	if (c->head == HEAD_NONE)
		return log_odds(s, taps->logits);
	struct builder b = critic_builder(s);
	struct node *r = head_scalar(&b, taps->pooled);
	return c->head == HEAD_SCALAR ? r : graph_sub(s->g, head_log_sum(s->g, taps->logits), r);
}

const struct critic critic_teacher_tail = {
	.name = "teacher_tail",
	.help = "the teacher's remaining blocks, frozen or a copy that moves, with a trained real/fake head",
	.formula = "scalar: D_b(h) = w . GAP(T_B(... T_b+1(h))) + c; w, c trained, T with frozen statistics, frozen or (mutual) a trained copy\n"
	           "class_plus_one: D_b(h) = log sum_k e^k(h)_k - (w . GAP + c), k the class head: log odds of any class against 'fake'\n"
	           "none: D_b(h) = k(h)_y - log sum_j!=y e^k(h)_j, log odds of the label y",
	.paper = "after Ye et al. 2020 (Group-Stack Dual-GAN) and the abstract of Huang et al. 2022: the teacher is the discriminator; "
	         "class_plus_one: Salimans et al., NeurIPS 2016, section 5",
	.differs = "the paper's text gives no formula; a frozen tail without a head of its own ('head: none') is no adversary and is called so; "
	           "Salimans et al. train all K+1 classes, here K are the teacher's",
	.revision = 1,
	.conf_size = sizeof(struct tail_conf),
	.opts = opts,
	.has_tail = true,
	.copies = copies,
	.is_adversary = is_adversary,
	.has_zero = has_zero,
	.score = score,
};
