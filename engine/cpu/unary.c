#include "engine/cpu/loops.h"

#include <math.h>

#include "base/cpu_clones.h"
#include "engine/build.h"

/* One loop of pieces: x, x2 are the operands at element i. */
#define LOOP1(name, expr)                                                                      \
	static CPU_CLONES void name(float *y, const float *const in[], int64_t n, float a, float b) \
	{                                                                                      \
		const float *px = in[0];                                                       \
		(void)a;                                                                       \
		(void)b;                                                                       \
		_Pragma("omp simd")                                                            \
		for (int64_t i = 0; i < n; i++) {                                              \
			const float x = px[i];                                                 \
			y[i] = expr;                                                           \
		}                                                                              \
	}
#define LOOP2(name, expr)                                                                      \
	static CPU_CLONES void name(float *y, const float *const in[], int64_t n, float a, float b) \
	{                                                                                      \
		const float *px = in[0], *px2 = in[1];                                         \
		(void)a;                                                                       \
		(void)b;                                                                       \
		_Pragma("omp simd")                                                            \
		for (int64_t i = 0; i < n; i++) {                                              \
			const float x = px[i], x2 = px2[i];                                    \
			y[i] = expr;                                                           \
		}                                                                              \
	}
/* Calls of the C library: no clones, they would not differ. */
#define LOOP_LIBM(name, expr)                                                                  \
	static void name(float *y, const float *const in[], int64_t n, float a, float b)       \
	{                                                                                      \
		(void)a;                                                                       \
		(void)b;                                                                       \
		for (int64_t i = 0; i < n; i++) {                                              \
			const float x = in[0][i];                                              \
			y[i] = expr;                                                           \
		}                                                                              \
	}

LOOP1(scale_loop, a * x + b)
LOOP1(leaky_relu_loop, x > 0 ? x : a * x)
LOOP2(leaky_relu_dx_loop, x2 > 0 ? x : a * x)
/* In full precision at both ends. */
LOOP1(logistic_loop, (x > 0 ? 1.0f : exp_f32(x)) / (1.0f + exp_f32(-fabsf(x))))
LOOP1(exp_loop, exp_f32(x))
LOOP1(sqrt_loop, sqrtf(x))
LOOP1(abs_loop, fabsf(x))
LOOP1(clamp_loop, x < a ? a : x > b ? b : x)
LOOP2(clamp_dx_loop, ((x2 >= a) & (x2 <= b)) ? x : 0.0f)
LOOP1(sign_loop, x > 0 ? 1.0f : x < 0 ? -1.0f : x)
LOOP1(floor_loop, floorf(x))
LOOP1(square_loop, x * x)
LOOP1(cube_loop, x * x * x)
LOOP1(inverse_loop, 1.0f / x)
LOOP_LIBM(tanh_loop, tanhf(x))
LOOP_LIBM(softplus_loop, (x > 0 ? x : 0.0f) + log1pf(expf(-fabsf(x))))
LOOP_LIBM(log_loop, logf(x))
LOOP_LIBM(pow_loop, powf(x, a))

typedef void loop_fn(float *y, const float *const in[], int64_t n, float a, float b);
struct loop {
	loop_fn *f;
	float a, b;
};

static void loop_map(float *y, const float *const in[], int64_t n, const void *conf)
{
	const struct loop *l = conf;
	l->f(y, in, n, l->a, l->b);
}

static void run_loop(const struct kernel_run *r, int n_in, loop_fn *f, double a, double b)
{
	map_run(r, n_in, loop_map, &(struct loop){f, (float)a, (float)b});
}

/* relu and its gradient are most of a network's elementwise work: bf16 without a stop in f32 buffers. */
INLINE void relu_body(void *y, const void *x, bool half, int64_t at, int64_t n)
{
#pragma omp simd
	for (int64_t i = at; i < at + n; i++) {
		const float v = half_get(x, half, i);
		half_set(y, half, i, v < 0 ? 0.0f : v);
	}
}

INLINE void relu_dx_body(void *dx, const void *dy, const void *y, bool half, int64_t at, int64_t n)
{
#pragma omp simd
	for (int64_t i = at; i < at + n; i++) {
		const float d = half_get(dy, half, i), v = half_get(y, half, i);
		half_set(dx, half, i, v > 0 ? d : 0.0f);
	}
}

static CPU_CLONES void relu_part(void *y, const void *x, bool half, int64_t at, int64_t n)
{
	if (half)
		relu_body(y, x, true, at, n);
	else
		relu_body(y, x, false, at, n);
}

static CPU_CLONES void relu_dx_part(void *dx, const void *dy, const void *y, bool half, int64_t at, int64_t n)
{
	if (half)
		relu_dx_body(dx, dy, y, true, at, n);
	else
		relu_dx_body(dx, dy, y, false, at, n);
}

LOOP1(relu_loop, x < 0 ? 0.0f : x)
LOOP2(relu_dx_loop, x2 > 0 ? x : 0.0f)

static bool half_or_f32(const struct tensor *t, enum dtype d, const struct tensor *like)
{
	return t->dtype == d && (d == F32 || d == BF16) && same_memory(t, like);
}

static void run_relu(const struct kernel_run *r)
{
	const struct tensor *x = &r->in[0], *y = &r->out[0];
	if (!half_or_f32(x, y->dtype, y)) {
		run_loop(r, 1, relu_loop, 0, 0);
		return;
	}
	const int64_t n = shape_count(&y->shape);
#pragma omp parallel for schedule(static) if (n > SMALL)
	for (int64_t at = 0; at < n; at += CHUNK)
		relu_part(y->data, x->data, y->dtype == BF16, at, min_i64(CHUNK, n - at));
}

static void run_relu_dx(const struct kernel_run *r)
{
	const struct tensor *dy = &r->in[0], *y = &r->in[1], *dx = &r->out[0];
	if (!half_or_f32(dy, dx->dtype, dx) || !half_or_f32(y, dx->dtype, dx)) {
		run_loop(r, 2, relu_dx_loop, 0, 0);
		return;
	}
	const int64_t n = shape_count(&dx->shape);
#pragma omp parallel for schedule(static) if (n > SMALL)
	for (int64_t at = 0; at < n; at += CHUNK)
		relu_dx_part(dx->data, dy->data, y->data, dx->dtype == BF16, at, min_i64(CHUNK, n - at));
}

static void run_scale(const struct kernel_run *r)
{
	const struct scale_conf *c = r->conf;
	run_loop(r, 1, scale_loop, c->a, c->b);
}

static void run_leaky_relu(const struct kernel_run *r)
{
	run_loop(r, 1, leaky_relu_loop, ((const struct slope_conf *)r->conf)->slope, 0);
}

static void run_leaky_relu_dx(const struct kernel_run *r)
{
	run_loop(r, 2, leaky_relu_dx_loop, ((const struct slope_conf *)r->conf)->slope, 0);
}

/* The powers that losses use need no logarithm. */
static void run_pow(const struct kernel_run *r)
{
	const double p = ((const struct pow_conf *)r->conf)->p;
	if (p == 2)
		run_loop(r, 1, square_loop, 0, 0);
	else if (p == 3)
		run_loop(r, 1, cube_loop, 0, 0);
	else if (p == 1)
		run_loop(r, 1, scale_loop, 1, 0);
	else if (p == 0.5)
		run_loop(r, 1, sqrt_loop, 0, 0);
	else if (p == -1)
		run_loop(r, 1, inverse_loop, 0, 0);
	else
		run_loop(r, 1, pow_loop, p, 0);
}

static void run_clamp(const struct kernel_run *r)
{
	const struct clamp_conf *c = r->conf;
	run_loop(r, 1, clamp_loop, c->lo, c->hi);
}

static void run_clamp_dx(const struct kernel_run *r)
{
	const struct clamp_conf *c = r->conf;
	run_loop(r, 2, clamp_dx_loop, c->lo, c->hi);
}

/* Kernels without numbers of their own. */
#define PLAIN(op)                                              \
	static void run_##op(const struct kernel_run *r)       \
	{                                                      \
		run_loop(r, 1, op##_loop, 0, 0);               \
	}                                                      \
	const struct kernel cpu_##op = {.run = run_##op};
PLAIN(logistic)
PLAIN(tanh)
PLAIN(softplus)
PLAIN(exp)
PLAIN(log)
PLAIN(sqrt)
PLAIN(abs)
PLAIN(sign)
PLAIN(floor)

const struct kernel cpu_scale = {.run = run_scale};
const struct kernel cpu_relu = {.run = run_relu};
const struct kernel cpu_relu_dx = {.run = run_relu_dx};
const struct kernel cpu_leaky_relu = {.run = run_leaky_relu};
const struct kernel cpu_leaky_relu_dx = {.run = run_leaky_relu_dx};
const struct kernel cpu_pow = {.run = run_pow};
const struct kernel cpu_clamp = {.run = run_clamp};
const struct kernel cpu_clamp_dx = {.run = run_clamp_dx};
