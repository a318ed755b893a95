/* Element by element: of ops/unary.c, ops/binary.c, ops/misc.c and the moves of ops/shape.c. */
#ifndef ENGINE_CUDA_MAP_KERNELS_H
#define ENGINE_CUDA_MAP_KERNELS_H

#include "engine/cuda/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

enum cu_map {
	/* of x; a and b are numbers of the op */
	CU_SCALE,         /* a x + b */
	CU_RELU, CU_LEAKY_RELU, CU_LOGISTIC, CU_TANH, CU_SOFTPLUS, CU_EXP, CU_LOG, CU_SQRT,
	CU_POW,           /* x^a */
	CU_SQUARE, CU_CUBE, CU_INVERSE, CU_ABS,
	CU_CLAMP,         /* to a..b */
	CU_SIGN, CU_FLOOR,
	/* of x and x2 */
	CU_RELU_DX,       /* x where x2 > 0 */
	CU_LEAKY_RELU_DX, /* x where x2 > 0, else a x */
	CU_CLAMP_DX,      /* x where a <= x2 <= b */
	CU_ADD, CU_ADD_RELU, CU_SUB, CU_MUL, CU_DIV, CU_MINIMUM, CU_MAXIMUM, CU_LESS, CU_LESS_EQUAL, CU_EQUAL,
	/* of x, x2 and x3 */
	CU_WHERE,         /* x2 where x is not 0, else x3 */
};

/* y[i] = f(in[0][i], ...) for n elements in the views' order; in[k] beyond the map's operands are not read. y may be the memory of an input that has
   its view. Comparisons of two I32 compare integers. */
cudaError_t cu_map(enum cu_map f, float a, float b, int64_t n, const struct cu_view *y, const struct cu_view in[3], cudaStream_t stream);
/* dst[i] = src[i]: bytes are kept where the types agree, else through f32 as on the CPU. */
cudaError_t cu_copy(int64_t n, const struct cu_view *dst, const struct cu_view *src, cudaStream_t stream);
cudaError_t cu_fill(struct cu_array y, double value, int64_t n, cudaStream_t stream);

#ifdef __cplusplus
}
#endif

#endif
