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

/* Of PIECE elements in memory order, which begin with channel 0. */
static void affine_of(const struct normalize_conf *k, int C, float factor[PIECE], float add[PIECE])
{
	for (int i = 0; i < PIECE; i++) {
		const double std = (double)k->std[i % C];
		factor[i] = (float)(1 / (255 * std));
		add[i] = (float)(-(double)k->mean[i % C] / std);
	}
}

static void run_normalize(const struct kernel_run *r)
{
	const struct tensor *x = &r->in[0], *y = &r->out[0];
	const int C = x->shape.d[1];
	const int64_t n = shape_count(&x->shape), size = (int64_t)dtype_size(y->dtype);
	float factor[PIECE], add[PIECE];
	BUG_IF(C > 4 || PERIOD % C || x->dtype != U8 || (C > 1 && (x->stride[1] != 1 || y->stride[1] != 1)),
	       "normalize of %s %s", dtype_name(x->dtype), shape_str(&x->shape));
	BUG_IF(y->dtype != F32 && y->dtype != BF16, "normalize to %s", dtype_name(y->dtype));
	affine_of(r->conf, C, factor, add);
#pragma omp parallel for schedule(static) if (n > SMALL)
	for (int64_t at = 0; at < n; at += PIECE)
		normalize_part((char *)y->data + at * size, y->dtype == BF16, (const uint8_t *)x->data + at,
			       factor, add, min_i64(PIECE, n - at));
}

const struct kernel cpu_normalize = {.run = run_normalize};

/* ---- the same of rows of a store, moved and mirrored ---- */

/* Pixels from..from+n of a row of the result. row: of the store; NULL: above or below the picture. */
static void show(uint8_t *out, const uint8_t *row, int W, int C, int from, int n, int dx, bool flip)
{
	for (int i = 0; i < n; i++) {
		const int w = (flip ? W - 1 - from - i : from + i) + dx;
		for (int c = 0; c < C; c++)
			*out++ = row && w >= 0 && w < W ? row[(int64_t)w * C + c] : 0;
	}
}

static void run_pictures(const struct kernel_run *r)
{
	const struct tensor *x = &r->in[0], *y = &r->out[0];
	const int32_t *view = r->in[1].data;
	const int C = x->shape.d[1], H = x->shape.d[2], W = x->shape.d[3], piece = PIECE / C;
	const int64_t rows = (int64_t)y->shape.d[0] * H, size = (int64_t)dtype_size(y->dtype);
	float factor[PIECE], add[PIECE];
	BUG_IF(C > 4 || (C > 1 && (x->stride[1] != 1 || y->stride[1] != 1)) || (y->dtype != F32 && y->dtype != BF16), "pictures %s to %s", shape_str(&x->shape),
	       dtype_name(y->dtype));
	affine_of(r->conf, C, factor, add);
#pragma omp parallel for schedule(static) if (rows * W * C > SMALL)
	for (int64_t i = 0; i < rows; i++) {
		const int32_t *v = view + 4 * (i / H);
		const int h = (int)(i % H) + v[1];
		const uint8_t *row = h >= 0 && h < H ? (const uint8_t *)x->data + ((int64_t)v[0] * H + h) * W * C : NULL;
		uint8_t bytes[PIECE];
		for (int w = 0; w < W; w += piece) {
			const int n = W - w < piece ? W - w : piece;
			show(bytes, row, W, C, w, n, v[2], v[3] != 0);
			normalize_part((char *)y->data + (i * W + w) * C * size, y->dtype == BF16, bytes, factor, add, (int64_t)n * C);
		}
	}
}

const struct kernel cpu_pictures = {.run = run_pictures};
