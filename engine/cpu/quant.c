/*
 * To bytes and back. x / scale is x times the inverse in f32, so a value within rounding of a half may fall on the other
 * side than on `ref`. Weights are quantised once per version, in double as there.
 */
#include "engine/cpu/quant.h"

#include <math.h>

#include "base/cpu_clones.h"
#include "engine/build.h"
#include "engine/cpu/loops.h"

/* Adding 2^23 rounds to an integer, which then stands in the low bits; comparisons that turn NaN into 0. */
INLINE uint8_t to_byte(float x)
{
	union {
		float f;
		uint32_t u;
	} t;
	x = x > 0 ? x : 0.0f;
	t.f = (x < 255.0f ? x : 255.0f) + 8388608.0f;
	return (uint8_t)t.u;
}

INLINE void quantize_body(uint8_t *y, const void *x, bool half, int64_t n, float inverse)
{
#pragma omp simd
	for (int64_t i = 0; i < n; i++)
		y[i] = to_byte(half_get(x, half, i) * inverse);
}

static CPU_CLONES void quantize_part(uint8_t *y, const void *x, bool half, int64_t n, float inverse)
{
	if (half)
		quantize_body(y, x, true, n, inverse);
	else
		quantize_body(y, x, false, n, inverse);
}

void bytes_store(uint8_t *out, const float *x, int64_t n, float inverse)
{
	quantize_part(out, x, false, n, inverse);
}

static void run_quantize(const struct kernel_run *r)
{
	const struct quantize_conf *k = r->conf;
	const struct tensor *x = &r->in[0], *y = &r->out[0];
	const int64_t n = shape_count(&y->shape), size = (int64_t)dtype_size(x->dtype);
	const float inverse = (float)(1 / k->scale);
	BUG_IF(!same_memory(x, y) || (x->dtype != F32 && x->dtype != BF16), "quantize of %s", dtype_name(x->dtype));
#pragma omp parallel for schedule(static) if (n > SMALL)
	for (int64_t at = 0; at < n; at += CHUNK)
		quantize_part((uint8_t *)y->data + at, (const char *)x->data + at * size, x->dtype == BF16,
			min_i64(CHUNK, n - at), inverse);
}

INLINE void dequantize_body(void *y, const uint8_t *x, bool half, int64_t n, float scale)
{
#pragma omp simd
	for (int64_t i = 0; i < n; i++)
		half_set(y, half, i, (float)x[i] * scale);
}

static CPU_CLONES void dequantize_part(void *y, const uint8_t *x, bool half, int64_t n, float scale)
{
	if (half)
		dequantize_body(y, x, true, n, scale);
	else
		dequantize_body(y, x, false, n, scale);
}

static void run_dequantize(const struct kernel_run *r)
{
	const struct quantize_conf *k = r->conf;
	const struct tensor *x = &r->in[0], *y = &r->out[0];
	const int64_t n = shape_count(&y->shape), size = (int64_t)dtype_size(y->dtype);
	BUG_IF(!same_memory(x, y) || (y->dtype != F32 && y->dtype != BF16), "dequantize to %s", dtype_name(y->dtype));
#pragma omp parallel for schedule(static) if (n > SMALL)
	for (int64_t at = 0; at < n; at += CHUNK)
		dequantize_part((char *)y->data + at * size, (const uint8_t *)x->data + at, y->dtype == BF16,
			min_i64(CHUNK, n - at), (float)k->scale);
}

static double largest(const struct tensor *w, int64_t at, int64_t n)
{
	double top = 0;
	for (int64_t i = at; i < at + n; i++)
		top = fmax(top, fabs((double)f32_at(w->data, w->dtype, i)));
	return top;
}

static void run_quantize_weights(const struct kernel_run *r)
{
	const struct tensor *w = &r->in[0], *y = &r->out[0], *scale = &r->out[1];
	const int64_t O = w->shape.d[0], each = shape_count(&w->shape) / O;
	BUG_IF(w->layout != ROW_MAJOR, "weights of another order");
#pragma omp parallel for schedule(static) if (O * each > SMALL)
	for (int64_t o = 0; o < O; o++) {
		const double unit = fmax(largest(w, o * each, each) / 127, 1e-20);
		for (int64_t i = o * each; y->data && i < (o + 1) * each; i++) {
			const double v = nearbyint((double)f32_at(w->data, w->dtype, i) / unit);
			((int8_t *)y->data)[i] = (int8_t)(v >= -127 && v <= 127 ? v : 0); /* NaN is 0 */
		}
		if (scale->data)
			((float *)scale->data)[o] = (float)unit;
	}
}

const struct kernel cpu_quantize = {.run = run_quantize};
const struct kernel cpu_dequantize = {.run = run_dequantize};
const struct kernel cpu_quantize_weights = {.run = run_quantize_weights};
