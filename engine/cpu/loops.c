#include "engine/cpu/loops.h"

#include <string.h>

#include "base/cpu_clones.h"

/* ---- conversion ---- */

static CPU_CLONES void from_bf16(float *out, const uint16_t *x, int64_t n)
{
#pragma omp simd
	for (int64_t i = 0; i < n; i++)
		out[i] = f32_from_bf16(x[i]);
}

static CPU_CLONES void to_bf16(uint16_t *out, const float *x, int64_t n)
{
#pragma omp simd
	for (int64_t i = 0; i < n; i++)
		out[i] = bf16_from_f32(x[i]);
}

static CPU_CLONES void from_u8(float *out, const uint8_t *x, int64_t n)
{
#pragma omp simd
	for (int64_t i = 0; i < n; i++)
		out[i] = (float)x[i];
}

static CPU_CLONES void from_i32(float *out, const int32_t *x, int64_t n)
{
#pragma omp simd
	for (int64_t i = 0; i < n; i++)
		out[i] = (float)x[i];
}

void f32_load(float *out, const void *p, enum dtype d, int64_t at, int64_t n)
{
	switch (d) {
	case F32:
		memcpy(out, (const float *)p + at, (size_t)n * sizeof *out);
		return;
	case BF16:
		from_bf16(out, (const uint16_t *)p + at, n);
		return;
	case I32:
		from_i32(out, (const int32_t *)p + at, n);
		return;
	case U8:
		from_u8(out, (const uint8_t *)p + at, n);
		return;
	case S8:
		for (int64_t i = 0; i < n; i++)
			out[i] = (float)((const int8_t *)p)[at + i];
		return;
	default:
		BUG("the cpu back end has no %s", dtype_name(d));
	}
}

/* The integer part of x in lo..hi; comparisons are written so that NaN becomes 0. */
static int32_t to_int(float x, double lo, double hi)
{
	const double v = x;
	return v >= hi ? (int32_t)hi : v <= lo ? (int32_t)lo : v == v ? (int32_t)v : 0;
}

void f32_store(void *p, enum dtype d, int64_t at, const float *x, int64_t n)
{
	switch (d) {
	case F32:
		memcpy((float *)p + at, x, (size_t)n * sizeof *x);
		return;
	case BF16:
		to_bf16((uint16_t *)p + at, x, n);
		return;
	case I32:
		for (int64_t i = 0; i < n; i++)
			((int32_t *)p)[at + i] = to_int(x[i], INT32_MIN, INT32_MAX);
		return;
	case U8:
		for (int64_t i = 0; i < n; i++)
			((uint8_t *)p)[at + i] = (uint8_t)to_int(x[i], 0, UINT8_MAX);
		return;
	case S8:
		for (int64_t i = 0; i < n; i++)
			((int8_t *)p)[at + i] = (int8_t)to_int(x[i], INT8_MIN, INT8_MAX);
		return;
	default:
		BUG("the cpu back end has no %s", dtype_name(d));
	}
}

float f32_at(const void *p, enum dtype d, int64_t i)
{
	float x;
	if (d == F32)
		return ((const float *)p)[i];
	if (d == BF16)
		return f32_from_bf16(((const uint16_t *)p)[i]);
	f32_load(&x, p, d, i, 1);
	return x;
}

const float *chunk_in(const struct tensor *t, int64_t at, int64_t n, float *buf)
{
	if (t->dtype == F32)
		return (const float *)t->data + at;
	f32_load(buf, t->data, t->dtype, at, n);
	return buf;
}

/* ---- sums and maxima of a row ---- */

enum { LANES = 64 };

INLINE float lanes_sum(const float *x, int64_t n)
{
	float lane[LANES] = {0};
	int64_t i = 0;
	for (; i + LANES <= n; i += LANES) {
#pragma omp simd
		for (int l = 0; l < LANES; l++)
			lane[l] += x[i + l];
	}
	for (int l = 0; i + l < n; l++)
		lane[l] += x[i + l];
	for (int half = LANES / 2; half > 0; half /= 2) {
#pragma omp simd
		for (int l = 0; l < half; l++)
			lane[l] += lane[l + half];
	}
	return lane[0];
}

static CPU_CLONES void rows_sum(float *out, const float *x, int64_t rows, int64_t n)
{
	for (int64_t i = 0; i < rows; i++)
		out[i] = lanes_sum(x + i * n, n);
}

static CPU_CLONES float row_max(const float *x, int64_t n)
{
	float lane[LANES], m = x[0];
	int64_t i = 0;
	if (n >= LANES) {
		for (int l = 0; l < LANES; l++)
			lane[l] = m;
		for (; i + LANES <= n; i += LANES) {
#pragma omp simd
			for (int l = 0; l < LANES; l++) {
				const float v = x[i + l];
				lane[l] = ((v > lane[l]) | (v != v)) ? v : lane[l];
			}
		}
		for (int l = 0; l < LANES; l++)
			m = lane[l] > m || lane[l] != lane[l] ? lane[l] : m;
	}
	for (; i < n; i++)
		m = x[i] > m || x[i] != x[i] ? x[i] : m;
	return m;
}

void f32_sum_rows(float *out, const float *x, int64_t rows, int64_t n)
{
	if (n >= 16) {
		rows_sum(out, x, rows, n);
		return;
	}
	for (int64_t i = 0; i < rows; i++) {
		float sum = 0;
		for (int64_t j = 0; j < n; j++)
			sum += x[i * n + j];
		out[i] = sum;
	}
}

float f32_sum(const float *x, int64_t n)
{
	float sum;
	f32_sum_rows(&sum, x, 1, n);
	return sum;
}

float f32_max(const float *x, int64_t n)
{
	return row_max(x, n);
}

/* ---- element by element ---- */

bool same_memory(const struct tensor *a, const struct tensor *b)
{
	return shape_eq(&a->shape, &b->shape) && (a->layout == b->layout || a->shape.n_dim != 4);
}

void map_run(const struct kernel_run *r, int n_in, map_fn *f, const void *conf)
{
	const struct tensor *y = &r->out[0];
	const int64_t n = shape_count(&y->shape);
	struct view v[3];
	for (int i = 0; i < n_in; i++)
		v[i] = view_of(&r->in[i], y);
#pragma omp parallel for schedule(static) if (n > SMALL)
	for (int64_t at = 0; at < n; at += CHUNK) {
		float buf[4][CHUNK] __attribute__((aligned(64)));
		const float *in[3];
		const int64_t m = min_i64(CHUNK, n - at);
		for (int i = 0; i < n_in; i++)
			in[i] = view_load(&v[i], at, m, buf[i]);
		float *out = chunk_out(y, at, buf[3]);
		f(out, in, m, conf);
		chunk_done(y, at, m, out);
	}
}
