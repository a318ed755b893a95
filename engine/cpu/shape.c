#include "engine/cpu/loops.h"

#include "engine/build.h"

/* All of these move elements: one view of each side in the same order. */

static void run_reshape(const struct kernel_run *r)
{
	const struct view src = view_logical(&r->in[0]), dst = view_logical(&r->out[0]);
	view_copy(&dst, &src);
}

static void run_transpose(const struct kernel_run *r)
{
	const struct transpose_conf *c = r->conf;
	const struct tensor *x = &r->in[0], *y = &r->out[0];
	int64_t stride[MAX_DIM];
	for (int a = 0; a < y->shape.n_dim; a++)
		stride[a] = x->stride[c->perm[a]];
	const struct view src = view_strided(y, x, 0, stride), dst = view_of(y, y);
	view_copy(&dst, &src);
}

/* The elements of big that a slice with the shape of small takes, in the memory order of small. */
static struct view sliced(const struct tensor *big, const struct tensor *small, const struct slice_conf *c)
{
	int64_t stride[MAX_DIM], offset = 0;
	for (int a = 0; a < big->shape.n_dim; a++) {
		stride[a] = big->stride[a] * c->step[a];
		offset += big->stride[a] * c->start[a];
	}
	return view_strided(small, big, offset, stride);
}

static void run_slice(const struct kernel_run *r)
{
	const struct tensor *y = &r->out[0];
	const struct view src = sliced(&r->in[0], y, r->conf), dst = view_of(y, y);
	view_copy(&dst, &src);
}

static void run_slice_dx(const struct kernel_run *r)
{
	const struct tensor *dy = &r->in[0], *dx = &r->out[0];
	fill_all(dx->data, dx->dtype, 0, shape_count(&dx->shape));
	const struct view src = view_of(dy, dy), dst = sliced(dx, dy, r->conf);
	view_copy(&dst, &src);
}

/* Where x lies inside the larger y, at[a] elements from its start along each axis. */
static struct view inside(const struct tensor *y, const struct tensor *x, const int at[])
{
	int64_t offset = 0;
	for (int a = 0; a < y->shape.n_dim; a++)
		offset += y->stride[a] * at[a];
	return view_strided(x, y, offset, y->stride);
}

static void run_pad(const struct kernel_run *r)
{
	const struct pad_conf *c = r->conf;
	const struct tensor *x = &r->in[0], *y = &r->out[0];
	fill_all(y->data, y->dtype, c->value, shape_count(&y->shape));
	const struct view src = view_of(x, x), dst = inside(y, x, c->before);
	view_copy(&dst, &src);
}

static void run_concat(const struct kernel_run *r)
{
	const int axis = ((const struct concat_conf *)r->conf)->axis;
	int at[MAX_DIM] = {0};
	for (int i = 0; i < r->n_in; i++) {
		const struct tensor *x = &r->in[i];
		const struct view src = view_of(x, x), dst = inside(&r->out[0], x, at);
		view_copy(&dst, &src);
		at[axis] += x->shape.d[axis];
	}
}

const struct kernel cpu_reshape = {.run = run_reshape};
const struct kernel cpu_transpose = {.run = run_transpose};
const struct kernel cpu_slice = {.run = run_slice};
const struct kernel cpu_slice_dx = {.run = run_slice_dx};
const struct kernel cpu_pad = {.run = run_pad};
const struct kernel cpu_concat = {.run = run_concat};
