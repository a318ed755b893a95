/* Means of what a loss makes of each element: parts of fixed length, whose sums are added in order, so threads change nothing. */
#include "engine/cpu/loops.h"

#include <math.h>

#include "base/cpu_clones.h"
#include "engine/build.h"

enum { PART = 4 * CHUNK };

static double factor_of(const struct kernel_run *r)
{
	return ((const struct mean_softplus_conf *)r->conf)->factor;
}

static double share(const struct tensor *x)
{
	return 1 / (double)shape_count(&x->shape);
}

/* A double for each part. */
static enum status describe_mean(const struct kernel_case *c, struct kernel_plan *p, struct err *e)
{
	(void)e;
	p->inplace = -1;
	p->scratch = (size_t)div_up(shape_count(&c->in[0].shape), PART) * sizeof(double);
	return OK;
}

/* y[0..n-1] of elements at..at+n of the inputs, n <= CHUNK. */
typedef void terms_fn(float *y, const struct kernel_run *r, int64_t at, int64_t n);

static void mean(const struct kernel_run *r, terms_fn *terms)
{
	const int64_t n = shape_count(&r->in[0].shape), parts = div_up(n, PART);
	double *each = r->scratch, sum = 0;
#pragma omp parallel for schedule(static) if (n > SMALL)
	for (int64_t p = 0; p < parts; p++) {
		each[p] = 0;
		for (int64_t at = p * PART; at < min_i64(n, (p + 1) * PART); at += CHUNK) {
			float buf[CHUNK] __attribute__((aligned(64)));
			const int64_t some = min_i64(CHUNK, n - at);
			terms(buf, r, at, some);
			each[p] += f32_sum(buf, some);
		}
	}
	for (int64_t p = 0; p < parts; p++)
		sum += each[p];
	const float y = (float)(sum * share(&r->in[0]));
	f32_store(r->out[0].data, r->out[0].dtype, 0, &y, 1);
}

/* ---- mean_square (a, b) ---- */

static CPU_CLONES void squares(float *y, const float *a, const float *b, int64_t n)
{
#pragma omp simd
	for (int64_t i = 0; i < n; i++) {
		const float gap = a[i] - b[i];
		y[i] = gap * gap;
	}
}

static void square_terms(float *y, const struct kernel_run *r, int64_t at, int64_t n)
{
	float a[CHUNK] __attribute__((aligned(64))), b[CHUNK] __attribute__((aligned(64)));
	squares(y, chunk_in(&r->in[0], at, n, a), chunk_in(&r->in[1], at, n, b), n);
}

static void run_mean_square(const struct kernel_run *r)
{
	mean(r, square_terms);
}

/* (a, b, dy) */
static CPU_CLONES void square_dx_loop(float *y, const float *a, const float *b, const float *dy, float factor, int64_t n)
{
#pragma omp simd
	for (int64_t i = 0; i < n; i++)
		y[i] = (a[i] - b[i]) * (dy[i] * factor);
}

static void square_dx_map(float *y, const float *const in[], int64_t n, const void *factor)
{
	square_dx_loop(y, in[0], in[1], in[2], *(const float *)factor, n);
}

static void run_mean_square_dx(const struct kernel_run *r)
{
	const float factor = (float)(2 * share(&r->in[0]));
	map_run(r, 3, square_dx_map, &factor);
}

/* ---- mean_softplus (x) ---- */

/* By the C library: no clones, they would not differ. */
static void softplus_terms(float *y, const struct kernel_run *r, int64_t at, int64_t n)
{
	float buf[CHUNK] __attribute__((aligned(64)));
	const float *from = chunk_in(&r->in[0], at, n, buf), factor = (float)factor_of(r);
	for (int64_t i = 0; i < n; i++) {
		const float x = from[i] * factor;
		y[i] = (x > 0 ? x : 0.0f) + log1pf(expf(-fabsf(x)));
	}
}

static void run_mean_softplus(const struct kernel_run *r)
{
	mean(r, softplus_terms);
}

/* (x, dy) */
struct slope {
	float inner, outer; /* factor, factor / n */
};

static CPU_CLONES void softplus_dx_loop(float *y, const float *from, const float *dy, struct slope s, int64_t n)
{
#pragma omp simd
	for (int64_t i = 0; i < n; i++) {
		const float x = from[i] * s.inner;
		y[i] = (x > 0 ? 1.0f : exp_f32(x)) / (1.0f + exp_f32(-fabsf(x))) * (dy[i] * s.outer); /* in full precision at both ends */
	}
}

static void softplus_dx_map(float *y, const float *const in[], int64_t n, const void *slope)
{
	softplus_dx_loop(y, in[0], in[1], *(const struct slope *)slope, n);
}

static void run_mean_softplus_dx(const struct kernel_run *r)
{
	const double factor = factor_of(r);
	const struct slope s = {(float)factor, (float)(factor * share(&r->in[0]))};
	map_run(r, 2, softplus_dx_map, &s);
}

const struct kernel cpu_mean_square = {.describe = describe_mean, .run = run_mean_square};
const struct kernel cpu_mean_square_dx = {.run = run_mean_square_dx};
const struct kernel cpu_mean_softplus = {.describe = describe_mean, .run = run_mean_softplus};
const struct kernel cpu_mean_softplus_dx = {.run = run_mean_softplus_dx};
