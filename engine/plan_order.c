/*
 * Order: which calls run, in which segment, with what they swallow. Gives values and steps.
 *
 * A call runs in the first segment that needs it and again in a later one only if a leaf below it was moved in between.
 * What depends on one network that nothing moves goes to the prologue.
 */
#include "engine/plan_order.h"

#include <string.h>

#include "engine/ops/ops.h"

bool segment_active(const struct plan *p, int segment)
{
	return p->active >> segment & 1;
}

bool call_is_view(const struct call *c)
{
	if (!(c->op->flags & OP_VIEW0))
		return false;
	return c->op == &op_reshape ? reshape_is_view(c) : true;
}

int plan_buffer_add(struct plan *p, enum buffer_kind kind, size_t bytes)
{
	mem_grow((void **)&p->buffer, p->n_buffer, &p->cap_buffer, sizeof *p->buffer);
	p->buffer[p->n_buffer] = (struct buffer){.kind = kind, .bytes = bytes, .first = -1, .last = -1};
	return p->n_buffer++;
}

int plan_value_add(struct plan *p, const struct node *n, int buffer)
{
	const enum dtype d = device_dtype(p->dev, p->desc->precision, n->type.cls);
	struct tensor t = tensor_of(n->type, d, NULL);
	if (buffer < 0)
		buffer = plan_buffer_add(p, BUFFER_WORK, tensor_bytes(&t));
	mem_grow((void **)&p->value, p->n_value, &p->cap_value, sizeof *p->value);
	p->value[p->n_value] = (struct value){.node = n, .tensor = t, .buffer = buffer};
	p->node_value[n->id] = p->n_value;
	return p->n_value++;
}

/* ---- who depends on what ---- */

static void mark_moved(struct plan *p)
{
	const struct step_desc *d = p->desc;
	for (int i = 0; i < d->g->n_node; i++) {
		const struct node *n = d->g->node[i];
		for (int s = 0; s < d->n_segment && n->leaf == LEAF_PARAM; s++)
			for (int k = 0; k < d->segment[s].n_optim; k++) {
				const struct optim *o = d->segment[s].optim[k];
				for (int j = 0; j < o->n; j++)
					p->moved[i] |= o->item[j].set == n->set && o->item[j].index == n->index;
			}
	}
	for (int u = 0; u < d->g->n_update; u++)
		p->moved[d->g->update[u].state->id] = true;
}

static void mark_owner(struct plan *p)
{
	for (int i = 0; i < p->desc->g->n_node; i++) {
		const struct node *n = p->desc->g->node[i];
		if ((n->leaf == LEAF_PARAM || n->leaf == LEAF_STATE) && !p->moved[i])
			p->owner[i] = n->set;
		if (!n->call)
			continue;
		struct params *owner = NULL;
		bool one = true;
		for (int k = 0; k < n->call->n_in; k++) {
			const struct node *x = n->call->in[k];
			if (!x || x->leaf == LEAF_CONST)
				continue;
			one &= p->owner[x->id] && (!owner || owner == p->owner[x->id]);
			owner = p->owner[x->id];
		}
		p->owner[i] = one ? owner : NULL;
	}
}

static bool call_constant(const struct plan *p, const struct call *c)
{
	return p->owner[c->out[0]->id] != NULL;
}

static void need_call(struct order *o, const struct call *root)
{
	if (!root || o->need[root->id])
		return;
	o->need[root->id] = true;
	/* Inputs have smaller ids: one sweep down suffices. */
	for (int i = root->id; i >= 0; i--) {
		const struct call *c = o->g->call[i];
		for (int k = 0; o->need[i] && k < c->n_in; k++)
			if (c->in[k] && c->in[k]->call)
				o->need[c->in[k]->call->id] = true;
	}
}

static void need_nodes(struct order *o, struct node *const *n, int count)
{
	for (int i = 0; i < count; i++)
		need_call(o, n[i]->call);
}

static bool update_ready(const struct order *o, const struct update *u)
{
	const struct call *c = u->value->call;
	if (u->forced || !c || o->need[c->id])
		return true;
	for (int k = 0; k < c->n_in; k++)
		if (c->in[k] && c->in[k]->call && !o->need[c->in[k]->call->id])
			return false;
	return true;
}

static bool metric_due(const struct plan *p, int i)
{
	const int *of = p->desc->metric_segment;
	return !of || of[i] < 0 || segment_active(p, of[i]);
}

/* Fills o->need for a segment, takes the updates that belong to it. dry: updates are not taken. */
static void need_segment(struct order *o, int s, bool dry)
{
	const struct step_desc *d = o->p->desc;
	const struct segment *seg = &d->segment[s];
	memset(o->need, 0, (size_t)o->g->n_call * sizeof *o->need);
	need_nodes(o, seg->root, seg->n_root);
	for (int i = 0; i < seg->n_grad; i++)
		need_call(o, seg->grad[i].grad->call);
	bool last = true;
	for (int k = s + 1; k < d->n_segment; k++)
		last &= !segment_active(o->p, k);
	/* What nothing else computes is computed at the end; what an earlier segment computed was bound there. */
	for (int i = 0; last && i < d->n_metric; i++)
		if (metric_due(o->p, i) && (dry || o->p->metric_value[i] < 0))
			need_call(o, d->metric[i]->call);
	for (int i = 0; last && i < d->n_keep; i++)
		if (dry || o->p->keep_value[i] < 0)
			need_call(o, d->keep[i]->call);
	for (int i = 0; i < o->g->n_update; i++) {
		const struct update *u = &o->g->update[i];
		if (o->update_done[i] || !update_ready(o, u))
			continue;
		need_call(o, u->value->call);
		if (dry)
			continue;
		o->update_done[i] = true;
		o->p->update[o->p->n_update++] = (struct commit_update){u, -1, s};
	}
}

static void count_uses(struct order *o)
{
	const struct step_desc *d = o->p->desc;
	bool *any = NEW_ARRAY(o->p->arena, bool, o->g->n_call);
	for (int s = 0; s < d->n_segment; s++) {
		if (!segment_active(o->p, s))
			continue;
		need_segment(o, s, true);
		for (int i = 0; i < o->g->n_call; i++)
			any[i] |= o->need[i];
		for (int i = 0; i < d->segment[s].n_root; i++)
			o->uses[d->segment[s].root[i]->id]++;
		for (int i = 0; i < d->segment[s].n_grad; i++)
			o->uses[d->segment[s].grad[i].grad->id]++;
	}
	for (int i = 0; i < d->n_metric; i++)
		o->uses[d->metric[i]->id]++;
	for (int i = 0; i < d->n_keep; i++)
		o->uses[d->keep[i]->id]++;
	for (int i = 0; i < o->g->n_update; i++)
		o->uses[o->g->update[i].value->id]++;
	for (int i = 0; i < o->g->n_call; i++)
		for (int k = 0; any[i] && k < o->g->call[i]->n_in; k++)
			if (o->g->call[i]->in[k])
				o->uses[o->g->call[i]->in[k]->id]++;
}

/* ---- emission ---- */

static int leaf_value(struct order *o, const struct node *n)
{
	struct plan *p = o->p;
	if (p->node_value[n->id] >= 0)
		return p->node_value[n->id];
	const enum dtype d = device_dtype(p->dev, p->desc->precision, n->type.cls);
	const struct tensor t = tensor_of(n->type, d, NULL);
	const bool ours = n->leaf == LEAF_INPUT || n->leaf == LEAF_CONST;
	const int b = plan_buffer_add(p, ours ? BUFFER_OWN : BUFFER_EXTERNAL, tensor_bytes(&t));
	p->buffer[b].leaf = n;
	return plan_value_add(p, n, b);
}

/* The value of an input; main says that a step outside the prologue reads it as it is. */
static int input_value(struct order *o, const struct node *n, bool main)
{
	if (!n)
		return -1;
	int v = n->call ? o->p->node_value[n->id] : leaf_value(o, n);
	BUG_IF(v < 0, "'%s' is read before it is computed", n->name);
	if (main && n->call && o->p->owner[n->id])
		make_derived(o, o->p->value[v].buffer, n, 0);
	return v;
}

struct step *plan_step_add(struct plan *p)
{
	mem_grow((void **)&p->step, p->n_step, &p->cap_step, sizeof *p->step);
	memset(&p->step[p->n_step], 0, sizeof *p->step);
	return &p->step[p->n_step++];
}

static struct step *prologue_add(struct order *o)
{
	mem_grow((void **)&o->prologue, o->n_prologue, &o->cap_prologue, sizeof *o->prologue);
	memset(&o->prologue[o->n_prologue], 0, sizeof *o->prologue);
	return &o->prologue[o->n_prologue++];
}

/* A packed form of value v, shared with whoever wants the same. target: index of the step that asks, in its list. */
static int pack_value(struct order *o, int v, const struct form *form, int target, int input, int segment)
{
	struct plan *p = o->p;
	for (int i = 0; i < o->n_pack; i++)
		if (o->pack[i].value == v && o->pack[i].tag == form->tag)
			return o->pack[i].buffer;
	const struct node *n = p->value[v].node;
	const bool constant = p->owner[n->id] != NULL;
	const int b = plan_buffer_add(p, BUFFER_WORK, form->bytes);
	if (constant)
		make_derived(o, b, n, form->tag | 1);
	struct step *s = constant ? prologue_add(o) : plan_step_add(p);
	s->kind = STEP_PACK;
	s->segment = constant ? -1 : segment;
	s->n_in = 1;
	s->in = NEW_ARRAY(p->arena, int, 1);
	s->in[0] = v;
	s->pack_for = target;
	s->pack_in = input;
	s->pack_to = b;
	s->scratch = -1;
	mem_grow((void **)&o->pack, o->n_pack, &o->cap_pack, sizeof *o->pack);
	o->pack[o->n_pack++] = (struct pack){v, b, form->tag};
	return b;
}

static enum status emit(struct order *o, const struct call *c, int segment)
{
	struct plan *p = o->p;
	if (call_is_view(c)) {
		const int v = input_value(o, c->in[0], false);
		plan_value_add(p, c->out[0], p->value[v].buffer);
		return OK;
	}
	const struct call *also = o->swallows[c->id];
	const unsigned fuse = !also ? 0 : also->op == &op_relu ? FUSE_RELU : FUSE_MASK;
	struct case_mem m;
	struct kernel_case k = call_case(o, &m, c, fuse, also);
	if (fuse & FUSE_RELU)
		k.unused &= ~1u;
	struct kernel_plan kp;
	enum status st = call_describe(o, &k, &kp);
	if (st != OK)
		return st;
	struct step s = {.kind = STEP_KERNEL, .call = c, .segment = segment, .fuse = fuse, .swallowed = also,
	                 .kernel = op_kernel(p, c->op), .plan = kp, .scratch = -1};
	s.n_in = c->n_in + (fuse & FUSE_MASK ? 1 : 0);
	s.n_out = MAX_OUT;
	s.in = NEW_ARRAY(p->arena, int, s.n_in);
	s.pack = NEW_ARRAY(p->arena, int, s.n_in);
	s.out = NEW_ARRAY(p->arena, int, MAX_OUT);
	for (int i = 0; i < s.n_in; i++) {
		const struct node *n = i == c->n_in ? also->in[1] : i == 0 && fuse & FUSE_MASK ? also->in[0] : c->in[i];
		const bool packed = n && i < MAX_KERNEL_IN && kp.form[i].bytes;
		s.in[i] = input_value(o, n, segment >= 0 && !packed);
		s.pack[i] = -1;
	}
	for (int i = 0; i < c->n_in && i < MAX_KERNEL_IN; i++)
		if (kp.form[i].bytes && s.in[i] >= 0) {
			/* The target's index is known after the pack steps that come before it; patched by link_packs. */
			s.pack[i] = pack_value(o, s.in[i], &kp.form[i], c->id, i, segment);
		}
	for (int i = 0; i < MAX_OUT; i++)
		s.out[i] = i < c->op->n_out && !(k.unused >> i & 1)
		                   ? plan_value_add(p, fuse & FUSE_RELU && i == 0 ? also->out[0] : c->out[i], -1)
		                   : -1;
	if (fuse & FUSE_MASK && o->uses[also->out[0]->id] > 1)
		s.out[MAX_OUT - 1] = plan_value_add(p, also->out[0], -1);
	if (kp.scratch)
		s.scratch = plan_buffer_add(p, BUFFER_WORK, kp.scratch);
	*(segment < 0 ? prologue_add(o) : plan_step_add(p)) = s;
	if (segment >= 0 && c->op->macs)
		p->macs += c->op->macs(c);
	return OK;
}

/* Values and packs of leaves that a segment moves, and all that depends on them, are stale after it. */
static void forget_stale(struct order *o, int segment)
{
	struct plan *p = o->p;
	bool *stale = NEW_ARRAY(p->arena, bool, o->g->n_node);
	const struct segment *seg = &p->desc->segment[segment];
	for (int i = 0; i < o->g->n_node; i++) {
		const struct node *n = o->g->node[i];
		for (int k = 0; n->leaf == LEAF_PARAM && k < seg->n_optim; k++)
			for (int j = 0; j < seg->optim[k]->n; j++)
				stale[i] |= seg->optim[k]->item[j].set == n->set && seg->optim[k]->item[j].index == n->index;
		for (int k = 0; n->leaf == LEAF_STATE && k < p->n_update; k++)
			stale[i] |= p->update[k].segment == segment && p->update[k].update->state == n;
		for (int k = 0; n->call && k < n->call->n_in; k++)
			stale[i] |= n->call->in[k] && stale[n->call->in[k]->id];
		if (stale[i])
			p->node_value[i] = -1;
	}
}

static bool computed(const struct order *o, const struct call *c)
{
	for (int i = 0; i < c->op->n_out; i++)
		if (o->uses[c->out[i]->id] && o->p->node_value[c->out[i]->id] < 0) {
			const struct call *also = o->swallows[c->id];
			const bool inside = i == 0 && also && also->op == &op_relu;
			if (!inside || o->p->node_value[also->out[0]->id] < 0)
				return false;
		}
	return true;
}

static enum status emit_list(struct order *o, int segment, bool constant)
{
	enum status st = OK;
	const struct call **by_mask = NEW_ARRAY(o->p->arena, const struct call *, o->g->n_call);
	for (int i = 0; i < o->g->n_call; i++)
		if (o->need[i] && o->swallows[i] && o->swallows[i]->op == &op_relu_dx)
			by_mask[o->swallows[i]->id] = o->g->call[i];
	for (int i = 0; i < o->g->n_call && st == OK; i++) {
		const struct call *c = o->g->call[i];
		if (!o->need[i] || call_constant(o->p, c) != constant)
			continue;
		if (by_mask[i])
			c = by_mask[i];
		else if ((o->swallowed[i] && c->op == &op_relu) || (o->swallows[i] && o->swallows[i]->op == &op_relu_dx))
			continue;
		if (!computed(o, c))
			st = emit(o, c, constant ? -1 : segment);
	}
	return st;
}

/* Gradients are computed where the optimiser reads them, if nothing stands against it. */
static void bind_grads(struct order *o, int segment)
{
	struct plan *p = o->p;
	const struct segment *seg = &p->desc->segment[segment];
	for (int i = 0; i < seg->n_grad; i++) {
		const struct grad_item *gi = &seg->grad[i];
		const int v = input_value(o, gi->grad, false);
		struct buffer *b = &p->buffer[p->value[v].buffer];
		const int64_t at = gi->optim->item[gi->item].at;
		if (b->kind == BUFFER_WORK && !call_is_view(gi->grad->call)) {
			b->kind = BUFFER_EXTERNAL;
			b->optim = gi->optim;
			b->at = at;
			continue;
		}
		b->pinned = true;
		p->copy[p->n_copy++] = (struct grad_copy){segment, v, gi->optim, at};
	}
}

static int pin(struct order *o, const struct node *n)
{
	const int v = input_value(o, n, true);
	o->p->buffer[o->p->value[v].buffer].pinned = true;
	return v;
}

/* What the host reads afterwards is taken from the first segment that has it, before its update makes it stale. own: it must
   outlive the plans that share the workspace. */
static void pin_read(struct order *o, struct node *const n[], int count, int value[], bool own)
{
	for (int i = 0; i < count; i++) {
		if (value[i] >= 0 || (n[i]->call && o->p->node_value[n[i]->id] < 0))
			continue;
		value[i] = pin(o, n[i]);
		struct buffer *b = &o->p->buffer[o->p->value[value[i]].buffer];
		if (own && b->kind == BUFFER_WORK)
			b->kind = BUFFER_OWN;
	}
}

static void pin_segment(struct order *o, int segment)
{
	const struct segment *seg = &o->p->desc->segment[segment];
	for (int i = 0; i < seg->n_root; i++)
		o->p->root[o->p->n_root++] = (struct root_value){segment, pin(o, seg->root[i])};
	for (int i = 0; i < o->p->n_update; i++)
		if (o->p->update[i].segment == segment)
			o->p->update[i].value = pin(o, o->p->update[i].update->value);
	pin_read(o, o->p->desc->metric, o->p->desc->n_metric, o->p->metric_value, false);
	pin_read(o, o->p->desc->keep, o->p->desc->n_keep, o->p->keep_value, o->p->desc->keep_own);
}

/* Puts the prologue first and tells each pack step which step's kernel knows the form. */
static void join(struct order *o)
{
	struct plan *p = o->p;
	struct step *all = NEW_ARRAY(p->arena, struct step, o->n_prologue + p->n_step);
	if (o->n_prologue)
		memcpy(all, o->prologue, (size_t)o->n_prologue * sizeof *all);
	if (p->n_step)
		memcpy(all + o->n_prologue, p->step, (size_t)p->n_step * sizeof *all);
	mem_free(p->step);
	mem_free(o->prologue);
	mem_free(o->pack);
	p->step = all;
	p->n_prologue = o->n_prologue;
	p->n_step += o->n_prologue;
	for (int s = 0; s < p->desc->n_segment; s++)
		p->segment_end[s] += o->n_prologue;
	for (int i = 0; i < p->n_step; i++) {
		struct step *s = &p->step[i];
		if (s->kind != STEP_PACK)
			continue;
		for (int k = 0; k < p->n_step; k++)
			if (p->step[k].kind == STEP_KERNEL && p->step[k].call->id == s->pack_for) {
				s->pack_for = k;
				break;
			}
		s->kernel = p->step[s->pack_for].kernel;
	}
}

static enum status order_segments(struct order *o)
{
	struct plan *p = o->p;
	const struct step_desc *d = p->desc;
	enum status st = OK;
	for (int s = 0; s < d->n_segment && st == OK; s++) {
		if (segment_active(p, s)) {
			need_segment(o, s, false);
			foresee_segment(o);
			fuse_segment(o);
			st = emit_list(o, s, true);
			if (st == OK)
				st = emit_list(o, s, false);
			if (st != OK)
				break;
			pin_segment(o, s);
			bind_grads(o, s);
			forget_stale(o, s);
		}
		p->segment_end[s] = p->n_step;
	}
	return st;
}

enum status plan_order(struct plan *p, struct err *e)
{
	struct graph *g = p->desc->g;
	struct order o = {.p = p, .e = e, .g = g};
	o.need = NEW_ARRAY(p->arena, bool, g->n_call);
	o.uses = NEW_ARRAY(p->arena, int, g->n_node);
	o.swallows = NEW_ARRAY(p->arena, const struct call *, g->n_call);
	o.swallowed = NEW_ARRAY(p->arena, bool, g->n_call);
	o.update_done = NEW_ARRAY(p->arena, bool, g->n_update);
	o.key = NEW_ARRAY(p->arena, struct key, g->n_node);
	o.seen = NEW_ARRAY(p->arena, int, g->n_node);
	mark_moved(p);
	mark_owner(p);
	count_uses(&o);
	enum status st = order_segments(&o);
	join(&o);
	group_prologue(p);
	return st;
}
