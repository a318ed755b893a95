/*
 * What a back end can launch together stands together; the results are the same bits. New states of a network, three small ones to a norm, are read by the
 * commit alone: they are computed behind all else of their segment, those of one kernel after each other. Parameters do not move within a segment: the small ones are
 * packed before all else of it.
 */
#include <string.h>

#include "engine/plan_int.h"

static bool is_read(const struct plan *p, int value)
{
	for (int i = 0; i < p->n_step; i++)
		for (int k = 0; k < p->step[i].n_in; k++)
			if (p->step[i].in[k] >= 0 && p->value[p->step[i].in[k]].buffer == p->value[value].buffer)
				return true;
	return false;
}

/* In the workspace a result may lie where an operand of the step before it lay: what is launched together must have its own memory. */
static bool may_wait(const struct plan *p, const struct step *s)
{
	if (s->kind != STEP_KERNEL || !s->kernel->run_many || s->scratch >= 0)
		return false;
	for (int k = 0; k < s->n_out; k++)
		if (s->out[k] >= 0 && (!p->buffer[p->value[s->out[k]].buffer].placed || is_read(p, s->out[k])))
			return false;
	return true;
}

/* A large one has work enough for a launch of its own, and would hold memory for longer. */
static bool is_small_pack(const struct plan *p, const struct step *s)
{
	enum { SMALL = 256 << 10 };
	return s->kind == STEP_PACK && p->value[s->in[0]].node->leaf == LEAF_PARAM && p->buffer[s->pack_to].bytes <= SMALL;
}

/* Step i goes to place n and all later ones of its kernel behind it; the next free place. */
static int take_kernel(const struct plan *p, int i, int end, int *to, int n)
{
	for (int k = i; k < end; k++)
		if (to[k] < 0 && p->step[k].kernel == p->step[i].kernel)
			to[k] = n++;
	return n;
}

/* to[i]: where step i stands in the new order. */
static void order_segment(const struct plan *p, int begin, int end, int *to)
{
	int n = begin;
	for (int i = begin; i < end; i++)
		to[i] = is_small_pack(p, &p->step[i]) ? n++ : -1;
	for (int i = begin; i < end; i++)
		if (to[i] < 0 && !p->step[i].late)
			to[i] = n++;
	for (int i = begin; i < end; i++)
		if (to[i] < 0)
			n = take_kernel(p, i, end, to, n);
}

void plan_late(struct plan *p)
{
	if (!p->dev->backend->launch_many || !p->n_update)
		return;
	int *to = NEW_ARRAY(p->arena, int, p->n_step);
	struct step *all = NEW_ARRAY(p->arena, struct step, p->n_step);
	int begin = p->n_prologue;
	for (int i = 0; i < begin; i++)
		to[i] = i;
	for (int i = begin; i < p->n_step; i++)
		p->step[i].late = may_wait(p, &p->step[i]);
	for (int s = 0; s < p->desc->n_segment; s++) {
		order_segment(p, begin, p->segment_end[s], to);
		begin = p->segment_end[s];
	}
	for (int i = 0; i < p->n_step; i++) {
		all[to[i]] = p->step[i];
		if (p->step[i].kind == STEP_PACK)
			all[to[i]].pack_for = to[p->step[i].pack_for];
	}
	memcpy(p->step, all, (size_t)p->n_step * sizeof *all);
}

static int count_together(const struct plan *p, int i, int end)
{
	int n = 1;
	while (i + n < end && p->step[i + n].late && p->step[i + n].kernel == p->step[i].kernel)
		n++;
	return n;
}

void plan_late_prepare(struct plan *p)
{
	if (!p->dev->backend->launch_many || !p->n_update)
		return;
	int i = p->n_prologue;
	for (int s = 0; s < p->desc->n_segment; s++)
		while (i < p->segment_end[s]) {
			struct step *first = &p->step[i];
			first->together = first->late ? count_together(p, i, p->segment_end[s]) : 1;
			first->runs = NEW_ARRAY(p->arena, const struct kernel_run *, first->together);
			for (int k = 0; k < first->together; k++)
				first->runs[k] = &p->step[i + k].run;
			i += first->together;
		}
}
