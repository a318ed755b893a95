/* Views: in which order the kernels see the elements of tensors. */
#include "engine/cuda/cuda.h"

static void add_axis(struct cu_view *v, int64_t len, int64_t stride)
{
	if (len == 1)
		return;
	if (v->n > 0 && v->stride[v->n - 1] == stride * len) {
		v->len[v->n - 1] *= len;
		v->stride[v->n - 1] = stride;
		return;
	}
	v->len[v->n] = len;
	v->stride[v->n++] = stride;
}

static struct cu_view finish(struct cu_view v)
{
	if (v.n == 0) {
		v.n = 1;
		v.len[0] = v.stride[0] = 1;
	}
	v.flat = v.n == 1 && v.stride[0] == 1;
	return v;
}

struct cu_view cuda_view_strided(const struct tensor *as, const struct tensor *t, int64_t offset, const int64_t stride[])
{
	static const int last[4] = {0, 2, 3, 1};
	const bool channels_last = as->layout == CHANNELS_LAST && as->shape.n_dim == 4;
	struct cu_view v = {.dtype = (int)t->dtype};
	v.data = (char *)t->data + offset * (int64_t)dtype_size(t->dtype);
	for (int i = 0; i < as->shape.n_dim; i++) {
		const int a = channels_last ? last[i] : i;
		add_axis(&v, as->shape.d[a], stride[a]);
	}
	return finish(v);
}

struct cu_view cuda_view_of(const struct tensor *t, const struct tensor *as)
{
	const int skip = as->shape.n_dim - t->shape.n_dim;
	int64_t stride[MAX_DIM] = {0};
	for (int a = skip; a < as->shape.n_dim; a++)
		stride[a] = t->shape.d[a - skip] == 1 ? 0 : t->stride[a - skip];
	return cuda_view_strided(as, t, 0, stride);
}

struct cu_view cuda_view_logical(const struct tensor *t)
{
	struct cu_view v = {.data = t->data, .dtype = (int)t->dtype};
	for (int a = 0; a < t->shape.n_dim; a++)
		add_axis(&v, t->shape.d[a], t->stride[a]);
	return finish(v);
}
