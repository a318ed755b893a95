/* Private to engine/ref: elements of tensors. Real ones (act, wide) are F64; others keep their dtype. */
#ifndef ENGINE_REF_REF_H
#define ENGINE_REF_REF_H

#include "base/err.h"
#include "engine/device.h"

extern const struct kernel *const ref_kernels[OP_COUNT];
void ref_optim(const struct optim_run *r);

/* A real tensor's elements. */
static inline double *f64(const struct tensor *t)
{
	BUG_IF(t->dtype != F64, "a kernel of ref got %s for a real tensor", dtype_name(t->dtype));
	return (double *)t->data;
}

static inline int32_t *i32(const struct tensor *t)
{
	BUG_IF(t->dtype != I32, "a kernel of ref got %s for a tensor of integers", dtype_name(t->dtype));
	return (int32_t *)t->data;
}

/* Element (n,c,h,w) of a tensor of rank 4, in elements from data. */
static inline int64_t at4(const struct tensor *t, int n, int c, int h, int w)
{
	return n * t->stride[0] + c * t->stride[1] + h * t->stride[2] + w * t->stride[3];
}

/* Where the i-th element in logical order lies; any rank and layout. */
static inline int64_t at_logical(const struct tensor *t, int64_t i)
{
	int64_t at = 0;
	for (int k = t->shape.n_dim - 1; k >= 0; k--) {
		at += i % t->shape.d[k] * t->stride[k];
		i /= t->shape.d[k];
	}
	return at;
}

/* Any dtype that ref has, one element at place at. */
static inline double get_any(const struct tensor *t, int64_t at)
{
	switch (t->dtype) {
	case F64: return ((const double *)t->data)[at];
	case I32: return ((const int32_t *)t->data)[at];
	case U8:  return ((const uint8_t *)t->data)[at];
	case S8:  return ((const int8_t *)t->data)[at];
	default:  BUG("a kernel of ref got %s", dtype_name(t->dtype));
	}
}

/* A real number becomes an integer as PyTorch does it, towards zero; out of range it saturates, NaN is 0. */
static inline double to_range(double v, double lo, double hi)
{
	return v != v ? 0 : v < lo ? lo : v > hi ? hi : v;
}

static inline void set_any(const struct tensor *t, int64_t at, double v)
{
	switch (t->dtype) {
	case F64: ((double *)t->data)[at] = v; return;
	case I32: ((int32_t *)t->data)[at] = (int32_t)to_range(v, INT32_MIN, INT32_MAX); return;
	case U8:  ((uint8_t *)t->data)[at] = (uint8_t)to_range(v, 0, UINT8_MAX); return;
	case S8:  ((int8_t *)t->data)[at] = (int8_t)to_range(v, INT8_MIN, INT8_MAX); return;
	default:  BUG("a kernel of ref got %s", dtype_name(t->dtype));
	}
}

#endif
