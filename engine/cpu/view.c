#include "engine/cpu/loops.h"

#include <string.h>

/* ---- making ---- */

static void view_axis(struct view *v, int64_t len, int64_t stride)
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

static struct view view_finish(struct view v)
{
	if (v.n == 0) {
		v.n = 1;
		v.len[0] = v.stride[0] = 1;
	}
	v.count = 1;
	for (int a = 0; a < v.n; a++)
		v.count *= v.len[a];
	v.flat = v.n == 1 && v.stride[0] == 1;
	return v;
}

struct view view_strided(const struct tensor *as, const struct tensor *t, int64_t offset,
			 const int64_t stride[])
{
	static const int last[4] = {0, 2, 3, 1};
	const bool cl = as->layout == CHANNELS_LAST && as->shape.n_dim == 4;
	struct view v = {.dtype = t->dtype};
	v.data = (char *)t->data + offset * (int64_t)dtype_size(t->dtype);
	for (int i = 0; i < as->shape.n_dim; i++) {
		const int a = cl ? last[i] : i;
		view_axis(&v, as->shape.d[a], stride[a]);
	}
	return view_finish(v);
}

struct view view_of(const struct tensor *t, const struct tensor *as)
{
	const int skip = as->shape.n_dim - t->shape.n_dim;
	int64_t stride[MAX_DIM] = {0};
	for (int a = skip; a < as->shape.n_dim; a++)
		stride[a] = t->shape.d[a - skip] == 1 ? 0 : t->stride[a - skip];
	return view_strided(as, t, 0, stride);
}

struct view view_logical(const struct tensor *t)
{
	struct view v = {.dtype = t->dtype, .data = t->data};
	for (int a = 0; a < t->shape.n_dim; a++)
		view_axis(&v, t->shape.d[a], t->stride[a]);
	return view_finish(v);
}

/* ---- walking ---- */

struct cursor {
	int64_t i[MAX_DIM], offset;
};

static struct cursor cursor_at(const struct view *v, int64_t at)
{
	struct cursor c = {.offset = 0};
	for (int a = v->n - 1; a >= 0; a--) {
		c.i[a] = at % v->len[a];
		at /= v->len[a];
		c.offset += c.i[a] * v->stride[a];
	}
	return c;
}

/* k more elements of the last axis, which has them. */
static void cursor_step(struct cursor *c, const struct view *v, int64_t k)
{
	int a = v->n - 1;
	c->i[a] += k;
	c->offset += k * v->stride[a];
	for (; a > 0 && c->i[a] == v->len[a]; a--) {
		c->offset += v->stride[a - 1] - v->len[a] * v->stride[a];
		c->i[a] = 0;
		c->i[a - 1]++;
	}
}

/* Elements at..at+n of the view gathered to dense memory, and back; one pair for each size of element. */
#define WALKS(T, gather, scatter)                                                               \
	static void gather(const struct view *v, int64_t at, int64_t n, T *out)                 \
	{                                                                                       \
		const int64_t s = v->stride[v->n - 1], len = v->len[v->n - 1];                  \
		struct cursor c = cursor_at(v, at);                                             \
		while (n > 0) {                                                                 \
			const int64_t k = min_i64(n, len - c.i[v->n - 1]);                      \
			const T *x = (const T *)v->data + c.offset;                             \
			if (s == 1)                                                             \
				memcpy(out, x, (size_t)k * sizeof(T));                          \
			else if (s == 0)                                                        \
				for (int64_t i = 0; i < k; i++)                                 \
					out[i] = x[0];                                          \
			else                                                                    \
				for (int64_t i = 0; i < k; i++)                                 \
					out[i] = x[i * s];                                      \
			cursor_step(&c, v, k);                                                  \
			out += k;                                                               \
			n -= k;                                                                 \
		}                                                                               \
	}                                                                                       \
	static void scatter(const struct view *v, int64_t at, int64_t n, const T *in)           \
	{                                                                                       \
		const int64_t s = v->stride[v->n - 1], len = v->len[v->n - 1];                  \
		struct cursor c = cursor_at(v, at);                                             \
		while (n > 0) {                                                                 \
			const int64_t k = min_i64(n, len - c.i[v->n - 1]);                      \
			T *y = (T *)v->data + c.offset;                                         \
			if (s == 1)                                                             \
				memcpy(y, in, (size_t)k * sizeof(T));                           \
			else                                                                    \
				for (int64_t i = 0; i < k; i++)                                 \
					y[i * s] = in[i];                                       \
			cursor_step(&c, v, k);                                                  \
			in += k;                                                                \
			n -= k;                                                                 \
		}                                                                               \
	}

/* may_alias: these walk over floats too. */
typedef uint16_t __attribute__((may_alias)) word2;
typedef uint32_t __attribute__((may_alias)) word4;
WALKS(uint8_t, gather_1, scatter_1)
WALKS(word2, gather_2, scatter_2)
WALKS(word4, gather_4, scatter_4)

void view_gather(const struct view *v, int64_t at, int64_t n, void *out)
{
	const int64_t len = v->len[v->n - 1], size = (int64_t)dtype_size(v->dtype);
	/* A value for each channel: the first period, then doubling. */
	if (v->n == 2 && v->stride[0] == 0 && len < n) {
		view_gather(v, at, len, out);
		for (int64_t have = len; have < n; have *= 2)
			memcpy((char *)out + have * size, out, (size_t)(min_i64(have, n - have) * size));
		return;
	}
	switch (size) {
	case 1:
		gather_1(v, at, n, out);
		return;
	case 2:
		gather_2(v, at, n, out);
		return;
	case 4:
		gather_4(v, at, n, out);
		return;
	default:
		BUG("the cpu back end has no %s", dtype_name(v->dtype));
	}
}

static void scatter(const struct view *v, int64_t at, int64_t n, const void *in)
{
	switch (dtype_size(v->dtype)) {
	case 1:
		scatter_1(v, at, n, in);
		return;
	case 2:
		scatter_2(v, at, n, in);
		return;
	case 4:
		scatter_4(v, at, n, in);
		return;
	default:
		BUG("the cpu back end has no %s", dtype_name(v->dtype));
	}
}

/* ---- as f32 ---- */

const float *view_load(const struct view *v, int64_t at, int64_t n, float *buf)
{
	if (v->flat && v->dtype == F32)
		return (const float *)v->data + at;
	if (v->flat) {
		f32_load(buf, v->data, v->dtype, at, n);
	} else if (v->dtype == F32) {
		view_gather(v, at, n, buf);
	} else {
		uint32_t raw[CHUNK];
		view_gather(v, at, n, raw);
		f32_load(buf, raw, v->dtype, 0, n);
	}
	return buf;
}

void view_store(const struct view *v, int64_t at, int64_t n, const float *x)
{
	if (v->flat) {
		f32_store(v->data, v->dtype, at, x, n);
	} else if (v->dtype == F32) {
		scatter(v, at, n, x);
	} else {
		uint32_t raw[CHUNK];
		f32_store(raw, v->dtype, 0, x, n);
		scatter(v, at, n, raw);
	}
}

/* ---- copying ---- */

void view_copy_part(const struct view *dst, const struct view *src, int64_t at, int64_t n)
{
	const int64_t size = (int64_t)dtype_size(src->dtype);
	uint32_t buf[CHUNK];
	if (dst->dtype == F32 && dst->flat && src->dtype != F32 && src->flat) {
		f32_load((float *)dst->data + at, src->data, src->dtype, at, n);
	} else if (dst->dtype != src->dtype) {
		view_store(dst, at, n, view_load(src, at, n, (float *)buf));
	} else if (dst->flat && src->flat) {
		memcpy((char *)dst->data + at * size, (const char *)src->data + at * size,
		       (size_t)(n * size));
	} else if (dst->flat) {
		view_gather(src, at, n, (char *)dst->data + at * size);
	} else if (src->flat) {
		scatter(dst, at, n, (const char *)src->data + at * size);
	} else {
		view_gather(src, at, n, buf);
		scatter(dst, at, n, buf);
	}
}

void view_copy(const struct view *dst, const struct view *src)
{
	const int64_t n = src->count;
#pragma omp parallel for schedule(static) if (n > SMALL)
	for (int64_t at = 0; at < n; at += CHUNK)
		view_copy_part(dst, src, at, min_i64(CHUNK, n - at));
}

void fill_all(void *p, enum dtype d, double value, int64_t n)
{
	const float x = (float)value;
	float buf[CHUNK];
	uint32_t raw[CHUNK];
	for (int i = 0; i < CHUNK; i++)
		buf[i] = x;
	f32_store(raw, d, 0, buf, CHUNK);
	if (d == I32) /* an integer that f32 can't hold */
		for (int i = 0; i < CHUNK; i++)
			((int32_t *)raw)[i] = (int32_t)value;
	const int64_t size = (int64_t)dtype_size(d);
#pragma omp parallel for schedule(static) if (n > SMALL)
	for (int64_t at = 0; at < n; at += CHUNK)
		memcpy((char *)p + at * size, raw, (size_t)(min_i64(CHUNK, n - at) * size));
}
