#include "engine/ref/walk.h"

#include "engine/build.h"

/* Part of a tensor as a tensor: its places start, start + step, ... along each axis. */
static struct tensor part_of(const struct tensor *t, const int start[], const int step[],
                             const struct shape *s)
{
	struct tensor p = *t;
	int64_t at = 0;

	p.shape = *s;
	for (int i = 0; i < s->n_dim; i++) {
		at += start[i] * t->stride[i];
		if (step)
			p.stride[i] *= step[i];
	}
	p.data = (char *)t->data + at * (int64_t)dtype_size(t->dtype);
	return p;
}

/* Same shape, any strides. */
static void copy(const struct tensor *to, const struct tensor *from)
{
	struct walk w = walk_over(&to->shape);

	walk_add(&w, to);
	walk_add(&w, from);
	do
		set_any(to, w.at[0], get_any(from, w.at[1]));
	while (walk_next(&w));
}

static void fill(const struct tensor *t, double value)
{
	const int64_t n = shape_count(&t->shape);

	for (int64_t i = 0; i < n; i++)
		set_any(t, i, value);
}

static void run_reshape(const struct kernel_run *r)
{
	struct walk to = walk_over(&r->out[0].shape), from = walk_over(&r->in[0].shape);

	walk_add(&to, &r->out[0]);
	walk_add(&from, &r->in[0]);
	do {
		set_any(&r->out[0], to.at[0], get_any(&r->in[0], from.at[0]));
		walk_next(&from);
	} while (walk_next(&to));
}

static void run_transpose(const struct kernel_run *r)
{
	const struct transpose_conf *const conf = r->conf;
	struct tensor x = r->in[0];

	x.shape = r->out[0].shape;
	for (int i = 0; i < x.shape.n_dim; i++)
		x.stride[i] = r->in[0].stride[conf->perm[i]];
	copy(&r->out[0], &x);
}

static void run_slice(const struct kernel_run *r)
{
	const struct slice_conf *const conf = r->conf;
	const struct tensor x = part_of(&r->in[0], conf->start, conf->step, &r->out[0].shape);

	copy(&r->out[0], &x);
}

static void run_slice_dx(const struct kernel_run *r)
{
	const struct slice_conf *const conf = r->conf;
	const struct tensor dx = part_of(&r->out[0], conf->start, conf->step, &r->in[0].shape);

	fill(&r->out[0], 0);
	copy(&dx, &r->in[0]);
}

static void run_pad(const struct kernel_run *r)
{
	const struct pad_conf *const conf = r->conf;
	const struct tensor y = part_of(&r->out[0], conf->before, NULL, &r->in[0].shape);

	fill(&r->out[0], conf->value);
	copy(&y, &r->in[0]);
}

static void run_concat(const struct kernel_run *r)
{
	const struct concat_conf *const conf = r->conf;
	int start[MAX_DIM] = {0};

	for (int i = 0; i < r->n_in; i++) {
		const struct tensor y = part_of(&r->out[0], start, NULL, &r->in[i].shape);

		copy(&y, &r->in[i]);
		start[conf->axis] += r->in[i].shape.d[conf->axis];
	}
}

const struct kernel ref_reshape = {.run = run_reshape};
const struct kernel ref_transpose = {.run = run_transpose};
const struct kernel ref_slice = {.run = run_slice};
const struct kernel ref_slice_dx = {.run = run_slice_dx};
const struct kernel ref_pad = {.run = run_pad};
const struct kernel ref_concat = {.run = run_concat};
