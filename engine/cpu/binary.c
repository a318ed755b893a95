#include "engine/cpu/loops.h"

#include "base/cpu_clones.h"
#include "engine/build.h"

#define LOOP(name, expr)                                                                           \
	static CPU_CLONES void name##_loop(float *y, const float *a, const float *b, int64_t n)    \
	{                                                                                          \
		_Pragma("omp simd")                                                                \
		for (int64_t i = 0; i < n; i++)                                                    \
			y[i] = expr;                                                               \
	}                                                                                          \
	static void name##_map(float *y, const float *const in[], int64_t n, const void *conf)     \
	{                                                                                          \
		(void)conf;                                                                        \
		name##_loop(y, in[0], in[1], n);                                                   \
	}

#define KERNEL(op, expr)                                   \
	LOOP(op, expr)                                     \
	static void run_##op(const struct kernel_run *r)   \
	{                                                  \
		map_run(r, 2, op##_map, NULL);             \
	}                                                  \
	const struct kernel cpu_##op = {.run = run_##op};

KERNEL(sub, a[i] - b[i])
KERNEL(mul, a[i] * b[i])
KERNEL(div, a[i] / b[i])
KERNEL(minimum, ((a[i] < b[i]) | (a[i] != a[i])) ? a[i] : b[i]) /* NaN of either side stays */
KERNEL(maximum, ((a[i] > b[i]) | (a[i] != a[i])) ? a[i] : b[i])

/* ---- comparisons ---- */

/* 1 where the sign of a - b is lo..hi. f32 would take large sample numbers for equal. */
static void compare_i32(const struct kernel_run *r, int lo, int hi)
{
	const struct tensor *y = &r->out[0];
	const struct view a = view_of(&r->in[0], y), b = view_of(&r->in[1], y);
	const int64_t n = shape_count(&y->shape);
#pragma omp parallel for schedule(static) if (n > SMALL)
	for (int64_t at = 0; at < n; at += CHUNK) {
		int32_t p[CHUNK], q[CHUNK];
		float out[CHUNK];
		const int64_t m = min_i64(CHUNK, n - at);
		view_gather(&a, at, m, p);
		view_gather(&b, at, m, q);
		for (int64_t i = 0; i < m; i++) {
			const int sign = (p[i] > q[i]) - (p[i] < q[i]);
			out[i] = sign >= lo && sign <= hi;
		}
		f32_store(y->data, y->dtype, at, out, m);
	}
}

#define COMPARE(op, expr, lo, hi)                                         \
	LOOP(op, expr)                                                    \
	static void run_##op(const struct kernel_run *r)                  \
	{                                                                 \
		if (r->in[0].dtype == I32 && r->in[1].dtype == I32)       \
			compare_i32(r, lo, hi);                           \
		else                                                      \
			map_run(r, 2, op##_map, NULL);                    \
	}                                                                 \
	const struct kernel cpu_##op = {.run = run_##op};

COMPARE(less, a[i] < b[i] ? 1.0f : 0.0f, -1, -1)
COMPARE(less_equal, a[i] <= b[i] ? 1.0f : 0.0f, -1, 0)
COMPARE(equal, a[i] == b[i] ? 1.0f : 0.0f, 0, 0)

/* ---- add, with the relu that often follows ---- */

INLINE float lower(float v, bool relu)
{
	return relu && v < 0 ? 0.0f : v;
}

INLINE void add_body(void *y, const void *a, const void *b, bool half, bool relu, int64_t at, int64_t n)
{
#pragma omp simd
	for (int64_t i = at; i < at + n; i++)
		half_set(y, half, i, lower(half_get(a, half, i) + half_get(b, half, i), relu));
}

static CPU_CLONES void add_part(void *y, const void *a, const void *b, bool half, bool relu, int64_t at,
				int64_t n)
{
	if (half && relu)
		add_body(y, a, b, true, true, at, n);
	else if (half)
		add_body(y, a, b, true, false, at, n);
	else if (relu)
		add_body(y, a, b, false, true, at, n);
	else
		add_body(y, a, b, false, false, at, n);
}

static void add_map(float *y, const float *const in[], int64_t n, const void *relu)
{
	add_part(y, in[0], in[1], false, *(const bool *)relu, 0, n);
}

static void run_add(const struct kernel_run *r)
{
	const struct tensor *a = &r->in[0], *b = &r->in[1], *y = &r->out[0];
	const bool relu = r->fuse & FUSE_RELU, half = y->dtype == BF16;
	if (!half || a->dtype != BF16 || b->dtype != BF16 || !same_memory(a, y) || !same_memory(b, y)) {
		map_run(r, 2, add_map, &relu);
		return;
	}
	const int64_t n = shape_count(&y->shape);
#pragma omp parallel for schedule(static) if (n > SMALL)
	for (int64_t at = 0; at < n; at += CHUNK)
		add_part(y->data, a->data, b->data, true, relu, at, min_i64(CHUNK, n - at));
}

static enum status describe_add(const struct kernel_case *c, struct kernel_plan *p, struct err *e)
{
	(void)e;
	p->fuse_ok = FUSE_RELU;
	p->inplace = -1;
	for (int i = 1; i >= 0; i--)
		if (c->in[i].dtype == c->out[0].dtype && same_memory(&c->in[i], &c->out[0]))
			p->inplace = i;
	return OK;
}

const struct kernel cpu_add = {.describe = describe_add, .run = run_add};

/* ---- where ---- */

static CPU_CLONES void where_loop(float *y, const float *cond, const float *a, const float *b, int64_t n)
{
#pragma omp simd
	for (int64_t i = 0; i < n; i++)
		y[i] = cond[i] != 0 ? a[i] : b[i];
}

static void where_map(float *y, const float *const in[], int64_t n, const void *conf)
{
	(void)conf;
	where_loop(y, in[0], in[1], in[2], n);
}

static void run_where(const struct kernel_run *r)
{
	map_run(r, 3, where_map, NULL);
}

const struct kernel cpu_where = {.run = run_where};
