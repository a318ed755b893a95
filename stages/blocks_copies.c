/* A critic's copies of the teacher's parts: they start from their anchor, and what becomes of them as classifiers is measured. */
#include "base/log.h"
#include "engine/build.h"
#include "stages/blocks.h"

/* Of each copied tail: its accuracy, its KL to the original; and the original's accuracy. */
enum { OF_COPY = 2, MAX_MEASURED = OF_COPY * MAX_BLOCK + 1 };

enum status copies_start(const struct blocks_lesson *bl, const struct stage_run *r, struct err *e)
{
	enum status st = OK;
	for (int i = 0; i < bl->n_pair && st == OK; i++)
		if (bl->pair[i].copy)
			st = params_copy(bl->pair[i].copy->params, r->teacher->params, e);
	return st;
}

static bool copies_tail(const struct pair *p, const struct net *teacher)
{
	return p->copy && p->copy_to == net_part_all(teacher);
}

static const char *mark_of(struct arena *a, const struct blocks_lesson *bl, int i)
{
	return bl->n_pair > 1 ? arena_printf(a, "critic%d", bl->pair[i].block) : "critic";
}

/* On the anchor's own features. */
static void add_copy(struct step *st, const struct pair *p, const char *mark)
{
	const struct taps *t = step_teacher(st);
	struct node *z = tail_logits(st, p->copy, p->block, t->block[p->block], arena_printf(st->arena, "%s/copy", mark));
	step_hits(st, arena_printf(st->arena, "%s/copy_top1", mark), z);
	if (z)
		step_metric(st, arena_printf(st->arena, "%s/copy_kl", mark), graph_kl_divergence(st->g, z, t->logits, 1));
}

void copies_exam(struct step *st, const struct blocks_lesson *bl)
{
	for (int i = 0; i < bl->n_pair && graph_status(st->g) == OK; i++)
		if (copies_tail(&bl->pair[i], st->run->teacher))
			add_copy(st, &bl->pair[i], mark_of(st->arena, bl, i));
}

static enum status beside_original(const void *own, struct step *st, struct err *e)
{
	(void)e;
	copies_exam(st, own);
	step_hits(st, "original_top1", step_teacher(st)->logits);
	return graph_status(st->g);
}

static int names_of(struct arena *a, const struct blocks_lesson *bl, const struct net *teacher, const char *name[])
{
	int n = 0;
	for (int i = 0; i < bl->n_pair; i++) {
		if (!copies_tail(&bl->pair[i], teacher))
			continue;
		name[n++] = arena_printf(a, "%s/copy_top1", mark_of(a, bl, i));
		name[n++] = arena_printf(a, "%s/copy_kl", mark_of(a, bl, i));
	}
	return n;
}

enum status copies_measure(const struct lesson *l, struct aside *a, enum copies_when when, struct err *e)
{
	const struct blocks_lesson *bl = l->own;
	struct stage_run *r = aside_run(a);
	const bool held_out = r->x->data->n_valid > 0;
	const char *name[MAX_MEASURED];
	double value[MAX_MEASURED];
	const int n = names_of(r->arena, bl, r->teacher, name);
	if (!n)
		return OK;
	name[n] = "original_top1";
	enum status st = aside_measure(a, held_out ? PART_VALID : PART_TRAIN, l->teacher, beside_original, bl, n + 1, name, value, e);
	for (int k = 0; k < n && st == OK; k++)
		st = aside_metric(a, arena_printf(r->arena, "%s_%s", name[k], when == COPIES_BEFORE ? "before" : "after"), value[k], e);
	for (int k = 0; k < n && st == OK && when == COPIES_AFTER; k += OF_COPY)
		log_line(LOG_INFO, "%s %s: %s: the copy of the teacher's tail is right on %.2f %% of the %s pictures, the original on %.2f %%; KL to the original %.4f",
		         r->stage->name, l->label, name[k], value[k], held_out ? "held-out" : "training", value[n], value[k + 1]);
	return st;
}
