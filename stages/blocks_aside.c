/* Beside the steps of the main method: what is measured on held-out pictures, and which anchor comes next. */
#include <math.h>

#include "base/log.h"
#include "engine/build.h"
#include "stages/blocks.h"

/* ---- at the beginning, and on the held-out pictures ---- */

enum status blocks_begin(const struct lesson *l, struct aside *a, struct err *e)
{
	const struct blocks_lesson *bl = l->own;
	struct stage_run *r = aside_run(a);
	bool copied = false;
	for (int i = 0; i < bl->n_pair; i++)
		copied |= bl->pair[i].copy != NULL;
	if (copied && l == r->lesson)
		log_line(LOG_INFO, "%s: its critics move copies of the teacher's parts; the teacher, which others may share, stays as it is", r->stage->name);
	const enum status st = copies_start(bl, r, e);
	return st == OK ? copies_measure(l, a, COPIES_BEFORE, e) : st;
}

enum status blocks_exam(const struct lesson *l, struct step *st, struct err *e)
{
	(void)e;
	const struct blocks_lesson *bl = l->own;
	struct taps s = {0};
	struct pair_nodes *n = NEW_ARRAY(st->arena, struct pair_nodes, bl->n_pair);
	blocks_features(st, bl, 0, MODE_FROZEN, &s, n);
	const int last = bl->n_pair - 1;
	if (!l->selects && graph_status(st->g) == OK)
		step_hits(st, "graft", tail_logits(st, st->run->teacher, bl->pair[last].block, n[last].fake, "graft"));
	copies_exam(st, bl);
	return graph_status(st->g);
}

/* ---- anchors that follow the student ---- */

/* KL of a candidate's answers to those of the student's features through its tail. */
static enum status distance_build(const void *own, struct step *st, struct err *e)
{
	(void)e;
	const struct blocks_lesson *bl = own;
	struct taps s = {0};
	struct pair_nodes *n = NEW_ARRAY(st->arena, struct pair_nodes, bl->n_pair);
	blocks_features(st, bl, 0, MODE_FROZEN, &s, n);
	const int last = bl->n_pair - 1;
	struct node *z = tail_logits(st, st->run->teacher, bl->pair[last].block, n[last].fake, "distance");
	if (z)
		step_metric(st, "kl", graph_kl_divergence(st->g, z, step_teacher(st)->logits, 1));
	return graph_status(st->g);
}

/* Of the meeting before: the lesson that went deepest. */
static const struct blocks_lesson *deepest(const struct stage_run *r, int meeting)
{
	const struct blocks_lesson *most = NULL;
	for (int k = 0; k < r->n_lesson; k++) {
		const struct blocks_lesson *bl = r->lesson[k].own;
		if (bl->meeting == meeting && (!most || bl->to > most->to))
			most = bl;
	}
	return most;
}

enum status blocks_choose(const struct lesson *l, struct aside *a, int *teacher, struct err *e)
{
	struct stage_run *r = aside_run(a);
	const struct blocks_lesson *bl = l->own;
	const int n = r->stage->n_teacher, at = (int)(l - r->lesson);
	static const char *const name[] = {"kl"};
	const struct blocks_lesson *before = at ? r->lesson[at - 1].own : NULL;
	if (before && before->meeting == bl->meeting) {
		*teacher = r->lesson[at - 1].teacher;
		return OK;
	}
	const int next = before ? r->lesson[at - 1].teacher + 1 : 0;
	*teacher = next < n ? next : n - 1;
	if (bl->meeting == bl->conf->meetings - 1)
		*teacher = n - 1; /* also where it is the only one */
	else if (!before)
		return OK; /* the student knows nothing: the first */
	enum status st = OK;
	for (int k = *teacher + 1; before && k < n && st == OK; k++) {
		double kl = NAN;
		st = aside_measure(a, PART_VALID, k, distance_build, deepest(r, bl->meeting - 1), 1, name, &kl, e);
		if (st == OK && kl < bl->conf->follow)
			*teacher = k;
	}
	log_line(LOG_INFO, "%s: meeting %d of %d is with anchor %d of %d", r->stage->name, bl->meeting + 1, bl->conf->meetings, *teacher + 1, n);
	return st;
}
