#include "engine/plan.h"

#include <string.h>

#include "engine/plan_int.h"

static int count_grads(const struct step_desc *d)
{
	int n = 0;
	for (int s = 0; s < d->n_segment; s++)
		n += d->segment[s].n_grad;
	return n;
}

static int count_roots(const struct step_desc *d)
{
	int n = 0;
	for (int s = 0; s < d->n_segment; s++)
		n += d->segment[s].n_root;
	return n;
}

static int *minus_ones(struct arena *a, int n)
{
	int *x = NEW_ARRAY(a, int, n);
	for (int i = 0; i < n; i++)
		x[i] = -1;
	return x;
}

enum status plan_new(struct arena *a, const struct step_desc *d, struct device *dev, unsigned active, struct plan **out, struct err *e)
{
	enum status st = graph_status(d->g);
	if (st != OK)
		return st;
	struct plan *p = NEW(a, struct plan);
	p->arena = a;
	p->desc = d;
	p->dev = dev;
	p->active = active;
	p->node_value = minus_ones(a, d->g->n_node);
	p->metric_value = minus_ones(a, d->n_metric);
	p->keep_value = minus_ones(a, d->n_keep);
	p->owner = NEW_ARRAY(a, struct params *, d->g->n_node);
	p->moved = NEW_ARRAY(a, bool, d->g->n_node);
	p->segment_end = NEW_ARRAY(a, int, d->n_segment);
	p->update = NEW_ARRAY(a, struct commit_update, d->g->n_update);
	p->copy = NEW_ARRAY(a, struct grad_copy, count_grads(d));
	p->root = NEW_ARRAY(a, struct root_value, count_roots(d));
	st = plan_order(p, e);
	if (st == OK) {
		plan_place_updates(p);
		plan_late(p);
		plan_memory(p);
	}
	*out = p;
	return st;
}

size_t plan_workspace(const struct plan *p)
{
	return p->workspace_bytes;
}

long plan_prologue_launches(const struct plan *p)
{
	return p->prologue_launches;
}

double plan_macs(const struct plan *p)
{
	return p->macs;
}

/* Derived weights are shared between plans; each plan counts what it reads. */
size_t plan_own_bytes(const struct plan *p)
{
	size_t n = p->own_bytes;
	for (int i = 0; i < p->n_buffer; i++)
		if (p->buffer[i].kind == BUFFER_DERIVED && p->buffer[i].first >= 0)
			n += p->buffer[i].bytes;
	return n;
}

static void fill_const(struct plan *p, const struct buffer *b)
{
	const struct node *n = b->leaf;
	const enum dtype d = device_dtype(p->dev, p->desc->precision, n->type.cls);
	p->dev->backend->fill(p->dev->impl, b->mem, d, n->value, shape_count(&n->type.shape));
}

static enum status place_buffer(struct plan *p, struct buffer *b, struct err *e)
{
	const size_t wide = dtype_size(p->dev->backend->wide);
	enum status st = OK;
	switch (b->kind) {
	case BUFFER_WORK:
		b->mem = (char *)p->workspace + b->offset;
		break;
	case BUFFER_OWN:
		b->mem = (char *)p->own + b->offset;
		if (b->leaf && b->leaf->leaf == LEAF_CONST)
			fill_const(p, b);
		break;
	case BUFFER_EXTERNAL:
		if (b->optim)
			b->mem = (char *)b->optim->grad + (size_t)b->at * wide;
		else if (b->leaf->leaf == LEAF_GIVEN)
			BUG_IF(!b->mem, "'%s' was not linked", b->leaf->name);
		else
			b->mem = params_at(b->leaf->set, b->leaf->leaf == LEAF_STATE, b->leaf->index);
		break;
	case BUFFER_DERIVED:
		st = derived_hold(b->owner, b->key, b->bytes, &b->derived, e);
		if (st == OK)
			b->mem = b->derived->mem;
		break;
	}
	return st;
}

bool plan_reads(const struct plan *p, const struct node *leaf)
{
	return p->node_value[leaf->id] >= 0;
}

void plan_link(struct plan *p, const struct node *given, void *mem)
{
	const int v = p->node_value[given->id];
	if (v >= 0)
		p->buffer[p->value[v].buffer].mem = mem;
}

void *plan_kept(const struct plan *p, const struct node *kept, size_t *bytes)
{
	for (int i = 0; i < p->desc->n_keep; i++)
		if (p->desc->keep[i] == kept && p->keep_value[i] >= 0) {
			const struct tensor *t = &p->value[p->keep_value[i]].tensor;
			*bytes = tensor_bytes(t);
			return t->data;
		}
	BUG("'%s' is not kept by this plan", kept->name);
}

static void *buffer_mem(const struct plan *p, int buffer)
{
	return buffer < 0 ? NULL : p->buffer[buffer].mem;
}

static struct tensor value_tensor(const struct plan *p, int v)
{
	if (v < 0)
		return (struct tensor){.shape.n_dim = -1};
	return p->value[v].tensor;
}

static enum status prepare_step(struct plan *p, struct step *s, struct err *e)
{
	if (s->kind == STEP_PACK)
		return OK;
	s->tin = NEW_ARRAY(p->arena, struct tensor, s->n_in);
	s->tout = NEW_ARRAY(p->arena, struct tensor, MAX_OUT);
	s->packed = NEW_ARRAY(p->arena, const void *, s->n_in);
	struct kernel_case k = {.call = s->call, .in = s->tin, .out = s->tout, .fuse = s->fuse, .free = call_freedom(p, s->call),
	                        .threads = p->dev->threads};
	for (int i = 0; i < s->n_in; i++) {
		s->tin[i] = value_tensor(p, s->in[i]);
		s->packed[i] = buffer_mem(p, s->pack[i]);
		if (s->in[i] >= 0 && p->owner[p->value[s->in[i]].node->id])
			k.constant |= 1u << (i & 31);
	}
	for (int i = 0; i < MAX_OUT; i++) {
		s->tout[i] = value_tensor(p, s->out[i]);
		if (s->out[i] >= 0)
			continue;
		if (i >= s->call->op->n_out)
			continue;
		/* An output that nobody reads keeps its type, so that kernels can tell what it would be. */
		const struct node *n = s->call->out[i];
		s->tout[i] = tensor_of(n->type, device_dtype(p->dev, p->desc->precision, n->type.cls), NULL);
		k.unused |= 1u << i;
	}
	s->run = (struct kernel_run){.call = s->call, .conf = s->call->conf, .in = s->tin, .out = s->tout, .n_in = s->n_in,
	                             .n_out = s->call->op->n_out, .fuse = s->fuse, .free = k.free, .packed = s->packed,
	                             .scratch = buffer_mem(p, s->scratch), .dev = p->dev};
	if (!s->kernel->prepare)
		return OK;
	const enum status st = s->kernel->prepare(&k, p->dev, &s->state, e);
	s->run.state = s->state;
	return st;
}

static enum status prepare_scale(struct plan *p, struct err *e)
{
	const enum status st = loss_scale_place(p->desc->scale, p->dev, e);
	p->sound = p->ok + FLAG_SOUND;
	if (st == OK)
		plan_link(p, p->desc->scale_seed, p->desc->scale->seed);
	return st;
}

enum status plan_prepare(struct plan *p, void *workspace, struct err *e)
{
	p->prepared = true;
	p->workspace = workspace;
	enum status st = device_alloc(p->dev, p->own_bytes, &p->own, e);
	if (st == OK)
		st = device_alloc(p->dev, plan_report_bytes(p), &p->metric, e);
	if (st == OK)
		p->ok = (int *)(void *)((char *)p->metric + 8 * (size_t)p->desc->n_metric);
	if (st == OK && p->desc->scale)
		st = prepare_scale(p, e);
	for (int i = 0; i < p->n_buffer && st == OK; i++)
		if (p->buffer[i].kind == BUFFER_OWN || p->buffer[i].first >= 0)
			st = place_buffer(p, &p->buffer[i], e);
	for (int i = 0; i < p->n_value && st == OK; i++) {
		struct buffer *b = &p->buffer[p->value[i].buffer];
		if (!b->mem && b->kind == BUFFER_EXTERNAL) /* a gradient that is a leaf: read by the commit alone */
			st = place_buffer(p, b, e);
		p->value[i].tensor.data = b->mem;
		if (b->kind == BUFFER_OWN && b->leaf && b->bytes > p->stage_bytes)
			p->stage_bytes = b->bytes;
	}
	for (int i = 0; i < p->n_step && st == OK; i++)
		st = prepare_step(p, &p->step[i], e);
	if (st == OK) {
		plan_late_prepare(p);
		st = commit_prepare(p, e);
	}
	if (st == OK && !(p->stage = mem_new(p->stage_bytes + plan_report_bytes(p))))
		st = err_nomem(e, "no memory for %zu staging bytes", p->stage_bytes);
	return st;
}

void plan_release(struct plan *p)
{
	if (!p)
		return;
	struct err ignored = {0};
	if (p->prepared) {
		device_wait(p->dev, &ignored);
		if (p->record)
			p->dev->backend->record_free(p->dev->impl, p->record);
		p->record = NULL;
		for (int i = 0; i < p->n_step; i++)
			if (p->step[i].state && p->step[i].kernel->release)
				p->step[i].kernel->release(p->step[i].state);
		for (int i = 0; i < p->n_buffer; i++)
			if (p->buffer[i].derived)
				derived_drop(p->buffer[i].owner, p->buffer[i].derived);
		commit_release(p);
		device_free(p->dev, p->own, p->own_bytes);
		device_free(p->dev, p->metric, plan_report_bytes(p));
		mem_free(p->stage);
	}
	mem_free(p->value);
	mem_free(p->buffer);
	p->value = NULL;
	p->buffer = NULL;
	p->prepared = false;
}
