/*
 * The end of a segment: is everything finite, then optimisers and states move. While later segments of the step are still
 * to come, what moves is first copied aside, so that a failure there can undo the whole step.
 */
#include <string.h>

#include "engine/plan_int.h"

struct piece {
	void *mem;
	size_t bytes, at; /* at: in the backup's memory */
};

struct backup {
	int segment, n;
	struct piece *piece;
	void *mem;
	size_t bytes;
};

static void piece_add(struct plan *p, struct backup *b, void *mem, size_t bytes)
{
	if (!mem || !bytes)
		return;
	if (b->piece) { /* neighbours become one copy */
		struct piece *last = &b->piece[b->n - 1];
		if ((char *)last->mem + last->bytes == (char *)mem) {
			last->bytes += bytes;
			b->bytes += bytes;
			return;
		}
	}
	struct piece *bigger = NEW_ARRAY(p->arena, struct piece, b->n + 1);
	if (b->n)
		memcpy(bigger, b->piece, (size_t)b->n * sizeof *bigger);
	b->piece = bigger;
	b->piece[b->n++] = (struct piece){mem, bytes, b->bytes};
	b->bytes += bytes;
}

static void collect(struct plan *p, struct backup *b)
{
	const size_t size = dtype_size(p->dev->backend->wide);
	const struct segment *seg = &p->desc->segment[b->segment];
	for (int k = 0; k < seg->n_optim; k++) {
		const struct optim *o = seg->optim[k];
		for (int i = 0; i < o->n; i++) {
			const struct optim_item *it = &o->item[i];
			const int64_t end = i + 1 < o->n ? o->item[i + 1].at : o->size;
			piece_add(p, b, params_at(it->set, false, it->index), (size_t)(end - it->at) * size);
		}
		piece_add(p, b, o->m, o->m ? (size_t)o->size * size : 0);
		piece_add(p, b, o->v, o->v ? (size_t)o->size * size : 0);
	}
	for (int i = 0; i < p->n_update; i++)
		if (p->update[i].segment == b->segment) {
			const struct node *s = p->update[i].update->state;
			piece_add(p, b, params_at(s->set, true, s->index), (size_t)shape_count(&s->type.shape) * size);
		}
}

static bool last_active(const struct plan *p, int segment)
{
	for (int s = segment + 1; s < p->desc->n_segment; s++)
		if (segment_active(p, s))
			return false;
	return true;
}

/* Padding between two states is zero on both sides. In the workspace it is anybody's. */
static void collect_ranges(struct plan *p)
{
	enum { PAD = 64 };
	bool placed = false; /* the one before */
	p->range = NEW_ARRAY(p->arena, struct commit_range, p->n_update);
	for (int i = 0; i < p->n_update; i++) {
		const struct commit_update *u = &p->update[i];
		const struct node *s = u->update->state;
		const struct value *v = &p->value[u->value];
		const struct commit_range r = {u->segment, params_at(s->set, true, s->index), v->tensor.data, tensor_bytes(&v->tensor), v->tensor.dtype};
		struct commit_range *last = p->n_range ? &p->range[p->n_range - 1] : NULL;
		const size_t step = last ? (last->bytes + PAD - 1) / PAD * PAD : 0;
		if (placed && p->buffer[v->buffer].placed && last->segment == r.segment && last->dtype == r.dtype &&
		    (char *)last->state + step == (char *)r.state && (char *)last->value + step == (char *)r.value)
			last->bytes = step + r.bytes;
		else
			p->range[p->n_range++] = r;
		placed = p->buffer[v->buffer].placed;
	}
}

enum status commit_prepare(struct plan *p, struct err *e)
{
	collect_ranges(p);
	p->backup = NEW_ARRAY(p->arena, struct backup, p->desc->n_segment);
	for (int s = 0; s < p->desc->n_segment; s++) {
		if (!segment_active(p, s) || last_active(p, s))
			continue;
		struct backup *b = &p->backup[p->n_backup];
		b->segment = s;
		collect(p, b);
		const enum status st = device_alloc(p->dev, b->bytes, &b->mem, e);
		if (st != OK)
			return st;
		p->n_backup++;
	}
	return OK;
}

void commit_release(struct plan *p)
{
	for (int i = 0; i < p->n_backup; i++)
		device_free(p->dev, p->backup[i].mem, p->backup[i].bytes);
	p->n_backup = 0;
}

void commit_begin(struct plan *p)
{
	const int yes[FLAGS] = {1, 1, 1};
	p->dev->backend->put(p->dev->impl, p->ok, yes, sizeof yes);
}

struct loss_scale *commit_scale(const struct plan *p)
{
	return p->desc->scale && plan_reads(p, p->desc->scale_seed) ? p->desc->scale : NULL;
}

void commit_ready(struct plan *p)
{
	if (commit_scale(p))
		loss_scale_ready(p->desc->scale);
	for (int s = 0; s < p->desc->n_segment; s++)
		for (int k = 0; segment_active(p, s) && k < p->desc->segment[s].n_optim; k++)
			optim_ready(p->desc->segment[s].optim[k]);
}

/* Not behind a step that failed: the host has yet to undo that one, by what was saved then. */
static void save(struct plan *p, int segment)
{
	for (int i = 0; i < p->n_backup; i++) {
		const struct backup *b = &p->backup[i];
		for (int k = 0; b->segment == segment && k < b->n; k++)
			p->dev->backend->copy_if(p->dev->impl, (char *)b->mem + b->piece[k].at, b->piece[k].mem, b->piece[k].bytes, p->ok + FLAG_BEGUN);
	}
}

void commit_undo(struct plan *p)
{
	for (int i = p->n_backup - 1; i >= 0; i--) {
		const struct backup *b = &p->backup[i];
		for (int k = 0; k < b->n; k++)
			p->dev->backend->copy(p->dev->impl, b->piece[k].mem, (char *)b->mem + b->piece[k].at, b->piece[k].bytes);
	}
}

/* Of a loss or a new state, which no loss scale changes. */
static void check(struct plan *p, const void *x, enum dtype d, size_t bytes)
{
	if (!dtype_is_real(d))
		return;
	p->dev->backend->finite(p->dev->impl, x, d, (int64_t)(bytes / dtype_size(d)), p->ok);
	if (p->sound)
		p->dev->backend->finite(p->dev->impl, x, d, (int64_t)(bytes / dtype_size(d)), p->sound);
}

static void check_value(struct plan *p, int v)
{
	const struct tensor *t = &p->value[v].tensor;
	check(p, t->data, t->dtype, tensor_bytes(t));
}

void commit_check(struct plan *p, int segment)
{
	const struct backend *b = p->dev->backend;
	const struct segment *seg = &p->desc->segment[segment];
	const size_t size = dtype_size(b->wide);
	for (int i = 0; i < p->n_copy; i++) {
		const struct grad_copy *c = &p->copy[i];
		const struct tensor *t = &p->value[c->value].tensor;
		if (c->segment == segment)
			b->copy(p->dev->impl, (char *)c->optim->grad + (size_t)c->at * size, t->data, tensor_bytes(t));
	}
	for (int i = 0; i < p->n_root; i++)
		if (p->root[i].segment == segment)
			check_value(p, p->root[i].value);
	for (int k = 0; k < seg->n_optim; k++)
		b->finite(p->dev->impl, seg->optim[k]->grad, b->wide, seg->optim[k]->size, p->ok);
	for (int i = 0; i < p->n_range; i++)
		if (p->range[i].segment == segment)
			check(p, p->range[i].value, p->range[i].dtype, p->range[i].bytes);
}

void commit_move(struct plan *p, int segment)
{
	const struct backend *b = p->dev->backend;
	const struct segment *seg = &p->desc->segment[segment];
	const struct loss_scale *scale = commit_scale(p);
	save(p, segment);
	for (int k = 0; k < seg->n_optim; k++)
		optim_step(seg->optim[k], scale ? scale->inverse : NULL, p->ok);
	for (int i = 0; i < p->n_range; i++) {
		const struct commit_range *r = &p->range[i];
		if (r->segment == segment)
			b->copy_if(p->dev->impl, r->state, r->value, r->bytes, p->ok);
	}
}

/* Whatever was derived from what the step moves, or was about to, is computed again. */
static void count(struct plan *p, int steps)
{
	for (int s = 0; s < p->desc->n_segment; s++) {
		if (!segment_active(p, s))
			continue;
		const struct segment *seg = &p->desc->segment[s];
		for (int k = 0; k < seg->n_optim; k++) {
			struct optim *o = seg->optim[k];
			o->steps += steps;
			for (int i = 0; i < o->n; i++)
				params_touch(o->item[i].set, false, o->item[i].index);
		}
	}
	for (int i = 0; i < p->n_update; i++) {
		const struct node *s = p->update[i].update->state;
		params_touch(s->set, true, s->index);
	}
}

void commit_done(struct plan *p)
{
	count(p, 1);
}

void commit_not_done(struct plan *p)
{
	count(p, -1);
}
