/* The teacher as discriminator: its remaining blocks, frozen, and a trained real/fake head on their pooled features. */
#include "gan/critic.h"
#include "models/block.h"

static struct node *score(const void *conf, const struct critic_site *s, struct node *h)
{
	(void)conf;
	struct taps unread = {0}, *taps = s->taps ? s->taps : &unread;
	model_apply(s->g, s->teacher, s->block + 1, net_part_all(s->teacher), h, MODE_FROZEN, s->name, taps);
	if (!taps->pooled)
		return NULL;
	struct builder b = {.g = s->g, .net = s->own, .mode = MODE_TRAIN, .defining = s->defining};
	struct node *r = block_linear(&b, taps->pooled, "head", 1);
	return r ? graph_reshape(s->g, r, shape1(r->type.shape.d[0])) : NULL;
}

const struct critic critic_teacher_tail = {
	.name = "teacher_tail",
	.help = "the teacher's remaining blocks, frozen, with a trained real/fake head",
	.formula = "D_b(h) = w . GAP(T_B(... T_b+1(h))) + c; w, c trained, T frozen with frozen statistics",
	.paper = "after Ye et al. 2020 (Group-Stack Dual-GAN) and the abstract of Huang et al. 2022: the teacher is the discriminator",
	.differs = "the paper's text gives no formula; a frozen tail without a head of its own would be no adversary",
	.revision = 1,
	.has_tail = true,
	.score = score,
};
