#include "engine/build.h"
#include "engine/cuda/map.h"

/* All of these move elements: one view of each side in the same order. */

void cuda_move_run(const struct kernel_run *r, const struct cu_view *dst, const struct cu_view *src)
{
	int64_t n = 1;
	for (int a = 0; a < src->n; a++)
		n *= src->len[a];
	cuda_done(r, cu_copy(n, dst, src, stream_of(r)));
}

static void fill_run(const struct kernel_run *r, const struct tensor *y, double value)
{
	cuda_done(r, cu_fill(array_of(y), value, shape_count(&y->shape), stream_of(r)));
}

static void run_reshape(const struct kernel_run *r)
{
	const struct cu_view src = cuda_view_logical(&r->in[0]), dst = cuda_view_logical(&r->out[0]);
	cuda_move_run(r, &dst, &src);
}

static void run_transpose(const struct kernel_run *r)
{
	const struct transpose_conf *c = r->conf;
	const struct tensor *x = &r->in[0], *y = &r->out[0];
	int64_t stride[MAX_DIM];
	for (int a = 0; a < y->shape.n_dim; a++)
		stride[a] = x->stride[c->perm[a]];
	const struct cu_view src = cuda_view_strided(y, x, 0, stride), dst = cuda_view_of(y, y);
	cuda_move_run(r, &dst, &src);
}

/* The elements of big that a slice with the shape of small takes, in the memory order of small. */
static struct cu_view sliced(const struct tensor *big, const struct tensor *small, const struct slice_conf *c)
{
	int64_t stride[MAX_DIM], offset = 0;
	for (int a = 0; a < big->shape.n_dim; a++) {
		stride[a] = big->stride[a] * c->step[a];
		offset += big->stride[a] * c->start[a];
	}
	return cuda_view_strided(small, big, offset, stride);
}

static void run_slice(const struct kernel_run *r)
{
	const struct tensor *y = &r->out[0];
	const struct cu_view src = sliced(&r->in[0], y, r->conf), dst = cuda_view_of(y, y);
	cuda_move_run(r, &dst, &src);
}

static void run_slice_dx(const struct kernel_run *r)
{
	const struct tensor *dy = &r->in[0], *dx = &r->out[0];
	fill_run(r, dx, 0);
	const struct cu_view src = cuda_view_of(dy, dy), dst = sliced(dx, dy, r->conf);
	cuda_move_run(r, &dst, &src);
}

/* Where x lies inside the larger y, at[a] elements from its start along each axis. */
static struct cu_view inside(const struct tensor *y, const struct tensor *x, const int at[])
{
	int64_t offset = 0;
	for (int a = 0; a < y->shape.n_dim; a++)
		offset += y->stride[a] * at[a];
	return cuda_view_strided(x, y, offset, y->stride);
}

static void run_pad(const struct kernel_run *r)
{
	const struct pad_conf *c = r->conf;
	const struct tensor *x = &r->in[0], *y = &r->out[0];
	fill_run(r, y, c->value);
	const struct cu_view src = cuda_view_of(x, x), dst = inside(y, x, c->before);
	cuda_move_run(r, &dst, &src);
}

static void run_concat(const struct kernel_run *r)
{
	const int axis = ((const struct concat_conf *)r->conf)->axis;
	int at[MAX_DIM] = {0};
	for (int i = 0; i < r->n_in; i++) {
		const struct tensor *x = &r->in[i];
		const struct cu_view src = cuda_view_of(x, x), dst = inside(&r->out[0], x, at);
		cuda_move_run(r, &dst, &src);
		at[axis] += x->shape.d[axis];
	}
}

const struct kernel cuda_reshape = {.run = run_reshape};
const struct kernel cuda_transpose = {.run = run_transpose};
const struct kernel cuda_slice = {.run = run_slice};
const struct kernel cuda_slice_dx = {.run = run_slice_dx};
const struct kernel cuda_pad = {.run = run_pad};
const struct kernel cuda_concat = {.run = run_concat};
