#include "engine/cpu/loops.h"

#include "base/cpu_clones.h"
#include "engine/build.h"

static void run_copy(const struct kernel_run *r)
{
	const struct tensor *y = &r->out[0];
	if (y->data == r->in[0].data)
		return;
	const struct view src = view_of(&r->in[0], y), dst = view_of(y, y);
	view_copy(&dst, &src);
}

const struct kernel cpu_cast = {.run = run_copy};
const struct kernel cpu_stop_gradient = {.run = run_copy};
const struct kernel cpu_reverse_gradient = {.run = run_copy};

/* ---- normalize: bytes to activations, channels interleaved ---- */

enum { PERIOD = 48, PIECE = 960 }; /* 48 is a multiple of 1, 2, 3 and 4 channels */

INLINE void normalize_body(void *y, bool half, const uint8_t *x, const float *factor, const float *add,
			   int64_t n)
{
#pragma omp simd
	for (int64_t i = 0; i < n; i++)
		half_set(y, half, i, (float)x[i] * factor[i] + add[i]);
}

static CPU_CLONES void normalize_part(void *y, bool half, const uint8_t *x, const float *factor,
				      const float *add, int64_t n)
{
	if (half)
		normalize_body(y, true, x, factor, add, n);
	else
		normalize_body(y, false, x, factor, add, n);
}

static void run_normalize(const struct kernel_run *r)
{
	const struct normalize_conf *k = r->conf;
	const struct tensor *x = &r->in[0], *y = &r->out[0];
	const int C = x->shape.d[1];
	const int64_t n = shape_count(&x->shape), size = (int64_t)dtype_size(y->dtype);
	float factor[PIECE], add[PIECE];
	BUG_IF(C > 4 || PERIOD % C || x->dtype != U8 || (C > 1 && (x->stride[1] != 1 || y->stride[1] != 1)),
	       "normalize of %s %s", dtype_name(x->dtype), shape_str(&x->shape));
	BUG_IF(y->dtype != F32 && y->dtype != BF16, "normalize to %s", dtype_name(y->dtype));
	for (int i = 0; i < PIECE; i++) {
		const double std = (double)k->std[i % C];
		factor[i] = (float)(1 / (255 * std));
		add[i] = (float)(-(double)k->mean[i % C] / std);
	}
#pragma omp parallel for schedule(static) if (n > SMALL)
	for (int64_t at = 0; at < n; at += PIECE)
		normalize_part((char *)y->data + at * size, y->dtype == BF16, (const uint8_t *)x->data + at,
			       factor, add, min_i64(PIECE, n - at));
}

const struct kernel cpu_normalize = {.run = run_normalize};
