#include "models/block_rows.h"

#include <stdio.h>
#include <string.h>

enum { LOOK_AHEAD = 8 };

static struct row *row_new(struct rows *r, const char *layer, const char *leaf, struct shape shape, int role)
{
	struct row *row = &r->row[r->n++];
	*row = (struct row){.p = {.shape = shape, .role = role}};
	snprintf(row->name, sizeof row->name, "%s.%s", layer, leaf);
	return row;
}

/* A convolution's bias keeps fan_in 0, which tells net_init that it starts at zero. */
void rows_conv(struct rows *r, const char *name, int in, int out, int k, int groups, bool bias)
{
	r->n = 0;
	struct row *w = row_new(r, name, "weight", shape4(out, in / groups, k, k), ROLE_WEIGHT);
	w->p.fan_in = (int64_t)(in / groups) * k * k;
	w->p.fan_out = (int64_t)out * k * k / groups;
	if (bias)
		row_new(r, name, "bias", shape1(out), ROLE_BIAS);
}

void rows_linear(struct rows *r, const char *name, int in, int out)
{
	r->n = 0;
	struct row *w = row_new(r, name, "weight", shape2(out, in), ROLE_WEIGHT);
	struct row *bias = row_new(r, name, "bias", shape1(out), ROLE_BIAS);
	w->p.fan_in = bias->p.fan_in = in;
	w->p.fan_out = bias->p.fan_out = out;
}

void rows_norm(struct rows *r, const char *name, int channels)
{
	r->n = 0;
	row_new(r, name, "weight", shape1(channels), ROLE_NORM_SCALE);
	row_new(r, name, "bias", shape1(channels), ROLE_NORM_SHIFT);
	row_new(r, name, "running_mean", shape1(channels), STATE_MEAN)->state = true;
	struct row *var = row_new(r, name, "running_var", shape1(channels), STATE_VAR);
	var->state = true;
	var->initial = 1;
	row_new(r, name, "num_batches_tracked", shape0(), STATE_COUNT)->state = true;
}

static int row_add(struct builder *b, const struct row *r)
{
	struct param p = r->p;
	p.name = r->name;
	p.block = b->part;
	return r->state ? params_add_state(b->net->params, p, r->initial) : params_add(b->net->params, p);
}

/* Layers are met nearly in the order in which they were added: the search begins after the last one found. */
static int row_find(struct builder *b, const struct row *r)
{
	const struct params *p = b->net->params;
	const struct param *have = r->state ? p->state : p->param;
	const int n = r->state ? p->n_state : p->n_param;
	int *next = &b->next[r->state];

	for (int i = *next; i < n && i < *next + LOOK_AHEAD; i++)
		if (strcmp(have[i].name, r->name) == 0) {
			*next = i + 1;
			return i;
		}
	bool is_state;
	const int i = params_find(p, r->name, &is_state);
	if (i < 0 || is_state != r->state)
		return -1;
	*next = i + 1;
	return i;
}

static int row_index(struct builder *b, const struct row *r)
{
	const int found = !b->defining || b->ahead > 0 ? row_find(b, r) : -1;
	if (found >= 0) {
		if (b->defining)
			b->ahead--;
		return found;
	}
	BUG_IF(!b->defining, "'%s' of model '%s' was not met when it was defined", r->name,
	       b->net->model_name);
	return row_add(b, r);
}

bool rows_take(struct builder *b, const struct rows *r, int n, struct node *out[])
{
	const struct params *p = b->net->params;
	for (int i = 0; i < n; i++) {
		const struct row *row = &r->row[i];
		const int index = row_index(b, row);
		const struct param *have = row->state ? &p->state[index] : &p->param[index];
		if (!shape_eq(&have->shape, &row->p.shape)) {
			graph_fail(b->g, "'%s' of network '%s' has shape %s, this input would need %s",
			           have->name, b->net->name, shape_str(&have->shape),
			           shape_str(&row->p.shape));
			return false;
		}
		out[i] = row->state ? graph_state(b->g, b->net->params, index)
		                    : graph_param(b->g, b->net->params, index);
	}
	return graph_status(b->g) == OK;
}

void rows_declare(struct builder *b, const struct rows *r)
{
	if (!b->defining)
		return;
	for (int i = 0; i < r->n; i++)
		row_add(b, &r->row[i]);
	b->ahead += r->n;
}
