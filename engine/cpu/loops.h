/*
 * What the CPU kernels share: element conversion, strided views, the driver of element-by-element ops.
 *
 * All arithmetic is f32; other types are converted in pieces of CHUNK elements that stay in the first-level
 * cache. Work is cut by fixed sizes and partial results are added in order, so results do not depend on the
 * number of threads. Loops are vectorised by `omp simd` in static functions under CPU_CLONES (called from the
 * same file); pragmas of threads stay outside those functions.
 */
#ifndef ENGINE_CPU_LOOPS_H
#define ENGINE_CPU_LOOPS_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/device.h"

enum {
	CHUNK = 1024,  /* elements converted at a time */
	SMALL = 32768, /* elements below which a parallel region costs more than it gains */
};

#define INLINE static inline __attribute__((always_inline))

/* Element i of F32 (half false) or BF16 memory; half is a constant after inlining, so loops over it
 * vectorise. */
INLINE float half_get(const void *p, bool half, int64_t i)
{
	return half ? f32_from_bf16(((const uint16_t *)p)[i]) : ((const float *)p)[i];
}
INLINE void half_set(void *p, bool half, int64_t i, float x)
{
	if (half)
		((uint16_t *)p)[i] = bf16_from_f32(x);
	else
		((float *)p)[i] = x;
}

/* Elements at..at+n will be read soon. Loops over several rows at once hide from the processor that it could
 * know. */
INLINE void half_prefetch(const void *p, bool half, int64_t at, int64_t n)
{
	const int64_t size = half ? 2 : 4;
	for (int64_t i = 0; i < n * size; i += 64)
		__builtin_prefetch((const char *)p + at * size + i);
}

/* e^x to 1.5 ulp; 0 and inf where f32 ends, NaN stays. Plain arithmetic, so that it vectorises and gives the
 * same bits everywhere. */
INLINE float exp_f32(float x)
{
	const float magic = 12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer in the low bits */
	union {
		float f;
		uint32_t u;
	} t, lo, hi;
	x = x > 89.0f ? 89.0f : x;
	x = x < -105.0f ? -105.0f : x;
	t.f = x * 1.44269504f + magic;
	const float n = t.f - magic;
	const float r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
	float p = 1.9875691500e-4f;
	p = p * r + 1.3981999507e-3f;
	p = p * r + 8.3334519073e-3f;
	p = p * r + 4.1665795894e-2f;
	p = p * r + 1.6666665459e-1f;
	p = p * r + 5.0000001201e-1f;
	p = p * (r * r) + r + 1.0f;
	const int32_t i = (int32_t)(t.u - 0x4b400000u); /* 2^n in two factors, for denormals and overflow */
	lo.u = (uint32_t)((i >> 1) + 127) << 23;
	hi.u = (uint32_t)(i - (i >> 1) + 127) << 23;
	return p * lo.f * hi.f;
}

static inline int64_t min_i64(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t div_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

/* Elements at..at+n of dense memory to and from f32. To integers: truncated, clamped, NaN is 0. */
void f32_load(float *out, const void *p, enum dtype d, int64_t at, int64_t n);
void f32_store(void *p, enum dtype d, int64_t at, const float *x, int64_t n);
float f32_at(const void *p, enum dtype d, int64_t i);
/* Sum by 64 lanes that are then added in order: the same bits everywhere. */
float f32_sum(const float *x, int64_t n);
void f32_sum_rows(float *out, const float *x, int64_t rows, int64_t n); /* f32_sum of each row of n */
float f32_max(const float *x, int64_t n);                               /* n >= 1; NaN if any is */

/* The pieces that kernels work on: f32 memory itself where the type allows, else buf (CHUNK floats). */
const float *chunk_in(const struct tensor *t, int64_t at, int64_t n, float *buf);
static inline float *chunk_out(const struct tensor *t, int64_t at, float *buf)
{
	return t->dtype == F32 ? (float *)t->data + at : buf;
}
static inline void chunk_done(const struct tensor *t, int64_t at, int64_t n, const float *buf)
{
	if (t->dtype != F32)
		f32_store(t->data, t->dtype, at, buf, n);
}

/* Elements of a tensor in an order chosen by the maker: axis 0 is the slowest. Adjacent axes that are one in
   memory are merged. */
struct view {
	enum dtype dtype;
	void *data;
	int n; /* >= 1 */
	int64_t len[MAX_DIM], stride[MAX_DIM];
	int64_t count;
	bool flat; /* one axis with stride 1 */
};

/* stride[a] for each logical axis a of as, taken in the memory order of as; offset in elements. */
struct view view_strided(const struct tensor *as, const struct tensor *t, int64_t offset,
			 const int64_t stride[]);
/* t broadcast to as, in the memory order of as */
struct view view_of(const struct tensor *t, const struct tensor *as);
struct view view_logical(const struct tensor *t); /* in the logical order of t */
const float *view_load(const struct view *v, int64_t at, int64_t n, float *buf); /* n <= CHUNK */
void view_gather(const struct view *v, int64_t at, int64_t n, void *out);         /* in the view's own type */
void view_store(const struct view *v, int64_t at, int64_t n, const float *x);    /* n <= CHUNK */
/* dst[i] = src[i] in the two views' orders; bytes are kept where the types agree. view_copy may
   start threads. */
void view_copy(const struct view *dst, const struct view *src);
void view_copy_part(const struct view *dst, const struct view *src, int64_t at, int64_t n); /* n <= CHUNK */
void fill_all(void *p, enum dtype d, double value, int64_t n);

/* out[0] = f(in[0..n_in-1]) element by element with broadcasting; n_in <= 3. Pieces of y and in[0] may be the
   same memory. */
typedef void map_fn(float *y, const float *const in[], int64_t n, const void *conf);
void map_run(const struct kernel_run *r, int n_in, map_fn *f, const void *conf);

bool same_memory(const struct tensor *a, const struct tensor *b); /* equal shape and order of elements */

void cpu_optim(void *impl, const struct optim_run *r);

#define OP(x) extern const struct kernel cpu_##x;
#include "engine/ops.def"
#undef OP

#endif
