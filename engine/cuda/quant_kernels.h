/* Eight bits: bytes in units of one scale a tensor, weights in units of one scale an output. */
#ifndef ENGINE_CUDA_QUANT_KERNELS_H
#define ENGINE_CUDA_QUANT_KERNELS_H

#include "engine/cuda/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/* y = x / scale to the nearest (even at a tie) of 0..255, NaN 0; exactly. n elements, x F32, BF16 or F16. */
cudaError_t cu_quantize(uint8_t *y, struct cu_array x, double scale, int64_t n, cudaStream_t stream);
/* y = x scale; n elements, y F32, BF16 or F16. */
cudaError_t cu_dequantize(struct cu_array y, const uint8_t *x, double scale, int64_t n, cudaStream_t stream);
/* w: O rows of `each`, F32, BF16 or F16. y = w / scale[o] to the nearest (even at a tie) of -127..127, NaN 0; scale[o] = the largest |w| of row o
   over 127, at least 1e-20. y, scale NULL: not wanted. */
cudaError_t cu_quantize_weights(int8_t *y, float *scale, struct cu_array w, int O, int64_t each, cudaStream_t stream);

/* y (N,O,out_h,out_w) = sum(x w) x_scale scale[o] + bias[o] + residual (bytes: times residual_scale), max(0, y) with relu; of bytes as cu_quantize
   makes them of y_scale. The sum of an output's products is exact below 2^31; the rest is in f64 and rounded once. */
struct cu_conv_int8 {
	int N, C, H, W, O, out_h, out_w, kernel_h, kernel_w, stride, pad, groups;
	const uint8_t *x;          /* (N,C,H,W), channels-last */
	const int8_t *w;           /* (O, C / groups, kernel_h, kernel_w), row-major */
	const float *scale, *bias; /* O each; bias NULL: none */
	struct cu_array residual;  /* like y: U8, F32, BF16 or F16; data NULL: none */
	struct cu_array y;         /* channels-last: U8, F32, BF16 or F16 */
	double x_scale, residual_scale, y_scale;
	bool relu;
};
cudaError_t cu_conv2d_int8(struct cu_conv_int8 k, cudaStream_t stream);

#ifdef __cplusplus
}
#endif

#endif
