/* Kernels' descriptions, and which whole ops one kernel does together. The results are the same bits. */
#include "engine/plan_order.h"

#include <string.h>

const struct kernel *op_kernel(const struct plan *p, const struct op *op)
{
	return p->dev->backend->kernels[op_index(op)];
}

static struct tensor tensor_for(const struct plan *p, const struct node *n)
{
	if (!n)
		return (struct tensor){.shape.n_dim = -1};
	return tensor_of(n->type, device_dtype(p->dev, p->desc->precision, n->type.cls), NULL);
}

unsigned call_freedom(const struct plan *p, const struct call *c)
{
	const bool act = c->n_in && c->in[0] && c->in[0]->type.cls == CLASS_ACT;
	return (p->desc->precision == PRECISION_TF32 && act ? FREE_TF32 : 0) | (p->desc->any_order ? FREE_ORDER : 0);
}

struct kernel_case call_case(struct order *o, struct case_mem *m, const struct call *c, unsigned fuse, const struct call *mask)
{
	const struct plan *p = o->p;
	struct kernel_case k = {.call = c, .fuse = fuse, .free = call_freedom(p, c), .threads = p->dev->threads};
	m->in = NEW_ARRAY(p->arena, struct tensor, c->n_in + 1);
	for (int i = 0; i < c->n_in; i++) {
		m->in[i] = tensor_for(p, c->in[i]);
		if (c->in[i] && p->owner[c->in[i]->id])
			k.constant |= 1u << (i & 31);
	}
	if (fuse & FUSE_MASK)
		m->in[c->n_in] = tensor_for(p, mask->in[1]);
	for (int i = 0; i < c->op->n_out; i++) {
		m->out[i] = tensor_for(p, c->out[i]);
		if (!o->uses[c->out[i]->id])
			k.unused |= 1u << i;
	}
	k.in = m->in;
	k.out = m->out;
	return k;
}

enum status call_describe(struct order *o, const struct kernel_case *k, struct kernel_plan *kp)
{
	const struct kernel *kernel = op_kernel(o->p, k->call->op);
	memset(kp, 0, sizeof *kp);
	kp->inplace = k->call->op->flags & OP_ELEMENTWISE0 ? 0 : -1;
	return kernel->describe ? kernel->describe(k, kp, o->e) : OK;
}

/* ---- fusion: whole ops, same bits ---- */

/* The call whose result is read by this relu and by nobody else; NULL: there is none. */
static const struct call *only_read_by(const struct order *o, const struct call *relu)
{
	const struct node *x = relu->in[0];
	return x->call && x->out == 0 && o->uses[x->id] == 1 ? x->call : NULL;
}

void foresee_segment(struct order *o)
{
	bool *relu = NEW_ARRAY(o->p->arena, bool, o->g->n_call);
	for (int i = 0; i < o->g->n_call && o->p->dev->backend->fuses; i++) {
		const struct call *c = o->need[i] && o->g->call[i]->op == &op_relu ? only_read_by(o, o->g->call[i]) : NULL;
		if (c)
			relu[c->id] = true;
	}
	for (int i = 0; i < o->g->n_call; i++) {
		const struct kernel *kernel = op_kernel(o->p, o->g->call[i]->op);
		struct case_mem m;
		if (!o->need[i] || !kernel->foresee)
			continue;
		const struct kernel_case k = call_case(o, &m, o->g->call[i], relu[i] ? FUSE_RELU : 0, NULL);
		kernel->foresee(&k);
	}
}

static void fuse_relu(struct order *o, const struct call *relu)
{
	const struct call *c = only_read_by(o, relu);
	if (!c || o->swallows[c->id] || o->swallowed[c->id])
		return;
	struct case_mem m;
	struct kernel_plan kp;
	const struct kernel_case k = call_case(o, &m, c, FUSE_RELU, NULL);
	if (call_describe(o, &k, &kp) != OK || !(kp.fuse_ok & FUSE_RELU))
		return;
	o->swallows[c->id] = relu;
	o->swallowed[relu->id] = true;
}

/* batch_norm_dx after relu_dx: the sweep that masks dy is the one that sums it. It then runs in the relu_dx's place. */
static void fuse_mask(struct order *o, const struct call *c)
{
	const struct call *mask = c->in[0]->call;
	if (!mask || mask->op != &op_relu_dx || o->swallowed[mask->id] || !o->need[mask->id] || o->swallows[c->id])
		return;
	for (int k = 1; k < c->n_in; k++)
		if (c->in[k] && c->in[k]->call && c->in[k]->call->id > mask->id)
			return;
	struct case_mem m;
	struct kernel_plan kp;
	const struct kernel_case k = call_case(o, &m, c, 0, NULL);
	if (call_describe(o, &k, &kp) != OK || !(kp.fuse_ok & FUSE_MASK))
		return;
	o->swallows[c->id] = mask;
	o->swallowed[mask->id] = true;
}

void fuse_segment(struct order *o)
{
	if (!o->p->dev->backend->fuses)
		return;
	for (int i = 0; i < o->g->n_call; i++) {
		const struct call *c = o->g->call[i];
		if (!o->need[i] || o->swallowed[i])
			continue;
		if (c->op == &op_relu)
			fuse_relu(o, c);
		else if (c->op == &op_batch_norm_dx)
			fuse_mask(o, c);
	}
}
