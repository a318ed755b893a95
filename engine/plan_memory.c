/* Memory: in-place where nothing reads the input any more, lifetimes, then a deterministic first fit, the largest first. */
#include <stdlib.h>
#include <string.h>

#include "engine/plan_int.h"

enum { ALIGN = 64 };

static size_t aligned(size_t bytes)
{
	return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

static void touch(struct buffer *b, int at)
{
	if (b->first < 0 || at < b->first)
		b->first = at;
	if (at > b->last)
		b->last = at;
}

static void find_lifetimes(struct plan *p)
{
	for (int i = 0; i < p->n_step; i++) {
		const struct step *s = &p->step[i];
		for (int k = 0; k < s->n_in; k++) {
			if (s->in[k] >= 0 && (s->kind == STEP_PACK || s->pack[k] < 0))
				touch(&p->buffer[p->value[s->in[k]].buffer], i);
			if (s->kind == STEP_KERNEL && s->pack[k] >= 0)
				touch(&p->buffer[s->pack[k]], i);
		}
		for (int k = 0; k < s->n_out; k++)
			if (s->out[k] >= 0)
				touch(&p->buffer[p->value[s->out[k]].buffer], i);
		if (s->kind == STEP_PACK)
			touch(&p->buffer[s->pack_to], i);
		if (s->scratch >= 0)
			touch(&p->buffer[s->scratch], i);
	}
	for (int i = 0; i < p->n_buffer; i++)
		if (p->buffer[i].pinned)
			p->buffer[i].last = p->n_step;
}

static bool same_place(const struct tensor *a, const struct tensor *b)
{
	return a->dtype == b->dtype && shape_eq(&a->shape, &b->shape) &&
	       (a->shape.n_dim != 4 || a->layout == b->layout);
}

/* Whether out[0] of step i may take the memory of its input k. */
static bool may_take(const struct plan *p, int i, int k)
{
	const struct step *s = &p->step[i];
	if (k < 0 || k >= s->n_in || s->in[k] < 0 || s->out[0] < 0)
		return false;
	const struct value *in = &p->value[s->in[k]], *out = &p->value[s->out[0]];
	const struct buffer *from = &p->buffer[in->buffer], *to = &p->buffer[out->buffer];
	if (from->kind != BUFFER_WORK || to->kind != BUFFER_WORK || from->pinned || from->last != i || from->first == i ||
	    to->first != i || from->bytes != to->bytes || !same_place(&in->tensor, &out->tensor))
		return false;
	for (int j = 0; j < s->n_in; j++) {
		if (j == k || s->in[j] < 0 || p->value[s->in[j]].buffer != in->buffer)
			continue;
		if (!(s->call->op->flags & OP_ELEMENTWISE0) || !same_place(&p->value[s->in[j]].tensor, &in->tensor))
			return false;
	}
	return true;
}

/* All values of buffer `from` move to buffer `to`. */
static void merge(struct plan *p, int from, int to)
{
	for (int v = 0; v < p->n_value; v++)
		if (p->value[v].buffer == from)
			p->value[v].buffer = to;
	struct buffer *a = &p->buffer[from], *b = &p->buffer[to];
	if (a->last > b->last)
		b->last = a->last;
	b->pinned |= a->pinned;
	a->bytes = 0;
	a->first = a->last = -1;
}

static void take_inplace(struct plan *p)
{
	for (int i = p->n_prologue; i < p->n_step; i++) {
		const struct step *s = &p->step[i];
		if (s->kind != STEP_KERNEL)
			continue;
		int k = s->plan.inplace;
		if (!may_take(p, i, k) && s->call->op->flags & OP_ELEMENTWISE0 && k == 0 && s->n_in == 2)
			k = 1;
		if (may_take(p, i, k))
			merge(p, p->value[s->out[0]].buffer, p->value[s->in[k]].buffer);
	}
}

static bool alive_together(const struct buffer *a, const struct buffer *b)
{
	return a->first <= b->last && b->first <= a->last;
}

static int larger_first(const void *x, const void *y)
{
	const struct buffer *a = *(struct buffer *const *)x, *b = *(struct buffer *const *)y;
	if (a->bytes != b->bytes)
		return a->bytes < b->bytes ? 1 : -1;
	return a < b ? -1 : a > b;
}

/* done[0..n) is sorted by offset. The lowest gap that b fits into. */
static size_t lowest(const struct buffer *b, struct buffer *const done[], int n)
{
	size_t at = 0;
	for (int i = 0; i < n; i++) {
		if (!alive_together(b, done[i]))
			continue;
		if (done[i]->offset >= at + aligned(b->bytes))
			break;
		const size_t end = done[i]->offset + aligned(done[i]->bytes);
		if (end > at)
			at = end;
	}
	return at;
}

static void place_all(struct plan *p)
{
	struct buffer **order = NEW_ARRAY(p->arena, struct buffer *, p->n_buffer);
	struct buffer **done = NEW_ARRAY(p->arena, struct buffer *, p->n_buffer);
	int n = 0, n_done = 0;
	for (int i = 0; i < p->n_buffer; i++) {
		struct buffer *b = &p->buffer[i];
		if (b->kind == BUFFER_WORK && b->first >= 0 && b->bytes)
			order[n++] = b;
		if (b->kind == BUFFER_OWN && !b->placed) {
			b->offset = p->own_bytes;
			p->own_bytes += aligned(b->bytes);
		}
	}
	qsort(order, (size_t)n, sizeof *order, larger_first);
	for (int i = 0; i < n; i++) {
		struct buffer *b = order[i];
		b->offset = lowest(b, done, n_done);
		int k = n_done++;
		for (; k > 0 && done[k - 1]->offset > b->offset; k--)
			done[k] = done[k - 1];
		done[k] = b;
		if (b->offset + aligned(b->bytes) > p->workspace_bytes)
			p->workspace_bytes = b->offset + aligned(b->bytes);
	}
}

/* New states of a network are many and small (three to a norm). In the plan's own memory they follow each other as the states do, and the commit takes
   neighbours at once. */
void plan_place_updates(struct plan *p)
{
	enum { SMALL = 64 << 10 };
	for (int i = 0; i < p->n_update; i++) {
		struct buffer *b = &p->buffer[p->value[p->update[i].value].buffer];
		if (b->kind != BUFFER_WORK || b->bytes > SMALL)
			continue;
		b->kind = BUFFER_OWN;
		b->placed = true;
		b->offset = p->own_bytes;
		p->own_bytes += aligned(b->bytes);
	}
}

void plan_memory(struct plan *p)
{
	find_lifetimes(p);
	take_inplace(p);
	place_all(p);
}
