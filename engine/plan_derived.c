/* The prologue: what depends on one network that nobody moves, under a key that plans share. */
#include "engine/plan_order.h"

#include <string.h>

#include "base/rng.h"

/* Worked out once for each node: values of spectral norm and the like are used several times, at every depth. */
static const uint64_t *key_of(struct order *o, const struct node *n)
{
	static const uint64_t none[2];
	uint64_t *key = o->key[n->id].part;
	if (key[0] || key[1])
		return key;
	for (int k = 0; k < 2; k++) {
		uint64_t h = 0x9e3779b97f4a7c15u * (uint64_t)(k + 1);
		if (n->call) {
			const int id[2] = {op_index(n->call->op), n->out};
			h = hash64(id, sizeof id, h);
			h = hash64(n->call->conf, n->call->op->conf_size, h);
			for (int i = 0; i < n->call->n_in; i++) {
				const uint64_t *below = n->call->in[i] ? key_of(o, n->call->in[i]) : none;
				h = hash64(&below[k], sizeof below[k], h);
			}
		} else {
			const struct { const void *set; double value; int leaf, index; } row = {n->set, n->value, n->leaf, n->index};
			h = hash64(&row, sizeof row, h);
		}
		key[k] = hash64(&n->type, sizeof n->type, h);
	}
	return key;
}

/* The parameters and states below a node, each once. */
static void add_sources(struct order *o, const struct node *n, struct buffer *b)
{
	if (o->seen[n->id] == o->n_derived)
		return;
	o->seen[n->id] = o->n_derived;
	for (int i = 0; n->call && i < n->call->n_in; i++)
		if (n->call->in[i])
			add_sources(o, n->call->in[i], b);
	if (n->leaf != LEAF_PARAM && n->leaf != LEAF_STATE)
		return;
	const struct param *row = n->leaf == LEAF_PARAM ? &n->set->param[n->index] : &n->set->state[n->index];
	const struct param **bigger = NEW_ARRAY(o->p->arena, const struct param *, b->n_source + 1);
	if (b->n_source)
		memcpy(bigger, b->source, (size_t)b->n_source * sizeof *bigger);
	bigger[b->n_source++] = row;
	b->source = bigger;
}

void make_derived(struct order *o, int buffer, const struct node *n, uint64_t tag)
{
	struct buffer *b = &o->p->buffer[buffer];
	if (b->kind != BUFFER_WORK)
		return;
	b->kind = BUFFER_DERIVED;
	b->owner = o->p->owner[n->id];
	o->n_derived++;
	add_sources(o, n, b);
	const uint64_t *key = key_of(o, n);
	b->key[0] = hash64(&tag, sizeof tag, key[0]);
	b->key[1] = hash64(&tag, sizeof tag, key[1]);
}

static int group_find(int *parent, int i)
{
	while (parent[i] != i)
		i = parent[i] = parent[parent[i]];
	return i;
}

void group_prologue(struct plan *p)
{
	int *parent = NEW_ARRAY(p->arena, int, p->n_prologue), *maker = NEW_ARRAY(p->arena, int, p->n_buffer);
	for (int i = 0; i < p->n_buffer; i++)
		maker[i] = -1;
	for (int i = 0; i < p->n_prologue; i++) {
		const struct step *s = &p->step[i];
		parent[i] = i;
		for (int k = 0; k < s->n_in; k++) {
			if (s->in[k] >= 0 && maker[p->value[s->in[k]].buffer] >= 0)
				parent[group_find(parent, maker[p->value[s->in[k]].buffer])] = group_find(parent, i);
			if (s->kind == STEP_KERNEL && s->pack[k] >= 0 && maker[s->pack[k]] >= 0)
				parent[group_find(parent, maker[s->pack[k]])] = group_find(parent, i);
		}
		for (int k = 0; k < s->n_out; k++)
			if (s->out[k] >= 0)
				maker[p->value[s->out[k]].buffer] = i;
		if (s->kind == STEP_PACK)
			maker[s->pack_to] = i;
	}
	p->group_stale = NEW_ARRAY(p->arena, bool, p->n_prologue);
	p->derived = NEW_ARRAY(p->arena, int, p->n_buffer);
	for (int i = 0; i < p->n_prologue; i++)
		p->step[i].group = group_find(parent, i);
	for (int i = 0; i < p->n_buffer; i++)
		if (p->buffer[i].kind == BUFFER_DERIVED && maker[i] >= 0) {
			p->buffer[i].group = p->step[maker[i]].group;
			p->derived[p->n_derived++] = i;
		}
}
