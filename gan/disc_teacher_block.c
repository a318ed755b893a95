/* A copy of the teacher's next block alone as discriminator, with a trained real/fake head on its pooled output. */
#include "gan/head.h"

static bool copies(const void *conf, int block, int B, int *from, int *to)
{
	(void)conf, (void)B;
	*from = *to = block + 1;
	return true;
}

static enum status check(const void *conf, const struct net *teacher, int block, struct where at, struct err *e)
{
	(void)conf;
	if (block < teacher->B)
		return OK;
	return err_user(e, at,
	                "critic 'teacher_block' judges block %d by a copy of the block after it, and '%s' has blocks 1 to %d: for the last one "
	                "take 'teacher_tail' or 'small'",
	                block, teacher->model_name, teacher->B);
}

static struct node *score(const void *conf, const struct critic_site *s, struct node *h)
{
	(void)conf;
	struct builder b = critic_builder(s);
	struct node *x = model_apply(s->g, s->teacher, s->block + 1, s->block + 1, h, MODE_FROZEN, s->name, NULL);
	return head_scalar(&b, x ? graph_mean(s->g, x, 1u << 2 | 1u << 3, false) : NULL);
}

const struct critic critic_teacher_block = {
	.name = "teacher_block",
	.help = "a copy of the teacher's next block, trained, mean over the map, one linear score",
	.formula = "D_b(h) = w . GAP(T'_b+1(h)) + c; w, c and T', which starts from T, trained; T' with frozen statistics",
	.paper = "after Ye et al. 2020 (Group-Stack Dual-GAN): groups of the teacher's blocks judge groups of the generator",
	.differs = "one block instead of a stack; the paper's text gives no formula",
	.revision = 1,
	.copies = copies,
	.check = check,
	.score = score,
};
