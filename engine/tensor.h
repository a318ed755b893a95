/* Shapes, types, tensors. */
#ifndef ENGINE_TENSOR_H
#define ENGINE_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_DIM = 6 };

/* Logical order; a 4-d activation is (N,C,H,W). n_dim 0 is a scalar. Every d[i] >= 1. */
struct shape {
	int n_dim;
	int d[MAX_DIM];
};

/* What a node is in a graph; a plan maps it to a dtype by device and precision. */
enum tclass {
	CLASS_ACT,  /* activations: f64 on ref; f32, bf16 or f16 */
	CLASS_WIDE, /* parameters, statistics, logits, losses: f64 on ref, else f32 */
	CLASS_I32,  /* labels, sample numbers, counts, indices */
	CLASS_U8,   /* pictures, masks */
	CLASS_S8,
};

enum dtype { F64, F32, BF16, F16, I32, U8, S8, DTYPE_COUNT };

/* Memory order of a dense tensor. CHANNELS_LAST only for rank 4: n, h, w, c. Every 4-d node is CHANNELS_LAST except
   a parameter, its gradient and what is computed from parameters alone (OIHW, ROW_MAJOR). */
enum layout { ROW_MAJOR, CHANNELS_LAST };

struct type {
	struct shape shape;
	enum tclass cls;
	enum layout layout;
};

/* Memory seen as a tensor. Strides in elements. Kernels get dense tensors of either layout. */
struct tensor {
	enum dtype dtype;
	enum layout layout;
	struct shape shape;
	int64_t stride[MAX_DIM];
	void *data;
};

static inline struct shape shape0(void) { return (struct shape){0, {0}}; }
static inline struct shape shape1(int a) { return (struct shape){1, {a}}; }
static inline struct shape shape2(int a, int b) { return (struct shape){2, {a, b}}; }
static inline struct shape shape3(int a, int b, int c) { return (struct shape){3, {a, b, c}}; }
static inline struct shape shape4(int n, int c, int h, int w) { return (struct shape){4, {n, c, h, w}}; }

int64_t shape_count(const struct shape *s); /* elements; 1 for a scalar */
bool shape_eq(const struct shape *a, const struct shape *b);
/* "(64,3,32,32)"; one of 8 static buffers used in turn, for messages only. */
const char *shape_str(const struct shape *s);
/* Broadcast as in NumPy (right-aligned, 1 stretches); false: they don't fit. */
bool shape_broadcast(const struct shape *a, const struct shape *b, struct shape *out);

struct type type_of(struct shape s, enum tclass cls); /* rank 4: CHANNELS_LAST, else ROW_MAJOR */
struct tensor tensor_of(struct type t, enum dtype dtype, void *data); /* fills the strides */
size_t dtype_size(enum dtype d);
const char *dtype_name(enum dtype d);
const char *tclass_name(enum tclass c);
size_t tensor_bytes(const struct tensor *t);

/* Round to nearest even, NaN stays NaN. */
static inline uint16_t bf16_from_f32(float x)
{
	union { float f; uint32_t u; } v = {x};
	if ((v.u & 0x7fffffffu) > 0x7f800000u)
		return (uint16_t)(v.u >> 16 | 0x40);
	return (uint16_t)((v.u + 0x7fffu + (v.u >> 16 & 1)) >> 16);
}
static inline float f32_from_bf16(uint16_t x)
{
	union { uint32_t u; float f; } v = {(uint32_t)x << 16};
	return v.f;
}

/* Round to nearest even; above 65504 (from 65520) infinite; NaN stays NaN. */
static inline uint16_t f16_from_f32(float x)
{
	union { float f; uint32_t u; } v = {x};
	const uint32_t sign = v.u >> 16 & 0x8000u, size = v.u & 0x7fffffffu;
	if (size > 0x7f800000u)
		return (uint16_t)(sign | 0x7e00u);
	if (size >= 0x477ff000u)
		return (uint16_t)(sign | 0x7c00u);
	v.u = size;
	if (size < 0x38800000u) { /* subnormal: a multiple of 2^-24, rounded by an addition to 2^23 */
		v.f = v.f * 0x1p24f + 0x1p23f;
		return (uint16_t)(sign | (v.u - 0x4b000000u));
	}
	return (uint16_t)(sign | ((size + 0xfffu + (size >> 13 & 1) - 0x38000000u) >> 13));
}
static inline float f32_from_f16(uint16_t x)
{
	const uint32_t sign = (uint32_t)(x & 0x8000u) << 16, exponent = x >> 10 & 31, fraction = x & 0x3ffu;
	union { uint32_t u; float f; } v;
	if (exponent == 0) { /* zeros and subnormals: fraction times 2^-24, exact */
		v.f = (float)fraction * 0x1p-24f;
		v.u |= sign;
	} else {
		v.u = sign | (exponent == 31 ? 0x7f800000u : (exponent + 112) << 23) | fraction << 13;
	}
	return v.f;
}

static inline bool dtype_is_real(enum dtype d)
{
	return d == F64 || d == F32 || d == BF16 || d == F16;
}
/* What activations may be where parameters are f32. */
static inline bool dtype_is_act(enum dtype d)
{
	return d == F32 || d == BF16 || d == F16;
}

/* Any dtype to and from double, element by element (I/O and tests, not hot loops). BF16 and F16 by way of f32. */
void elements_to_f64(double *out, const void *in, enum dtype d, int64_t n);
void elements_from_f64(void *out, enum dtype d, const double *in, int64_t n);

#endif
