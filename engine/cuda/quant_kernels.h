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

/*
 * The same in three steps around a product of signed bytes, of one group: x is taken as x - 128, and what that is worth, 128 times the total of an output's weights,
 * is added again. ld: at least kernel_h kernel_w C, a multiple of 16.
 *   form: weights (O, ld) as rows have them (taps in their order, channels within), zeros behind; totals: the sum of each output's weights.
 *   rows: (count out_h out_w, ld) of the pictures from `first` on, each place's window; -128 where that lies outside, and behind.
 *   finish: y from sums (places, O) at the places from `first` on.
 */
cudaError_t cu_conv_int8_form(const int8_t *w, int O, int C, int taps, int ld, int8_t *form, int32_t *totals, cudaStream_t stream);
cudaError_t cu_conv_int8_rows(struct cu_conv_int8 k, int first, int count, int ld, int8_t *rows, cudaStream_t stream);
cudaError_t cu_conv_int8_finish(struct cu_conv_int8 k, int64_t first, int places, const int32_t *sums, const int32_t *totals, cudaStream_t stream);

#ifdef __cplusplus
}
#endif

#endif
