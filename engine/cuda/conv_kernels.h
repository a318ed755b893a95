/*
 * Convolutions around matrix products, and those of several groups by direct sums. Maps are channels-last, weights (O,C/groups,R,S) row-major.
 *
 * The *rows* of a convolution are a matrix with a row for each of its results' places (n, oh, ow). A row holds for each tap (r, s), in that order, the C
 * channels of x[n, oh stride + r - pad_h, ow stride + s - pad_w], zeros where that lies outside of the map, and is filled up with zeros to ld elements.
 */
#ifndef ENGINE_CUDA_CONV_KERNELS_H
#define ENGINE_CUDA_CONV_KERNELS_H

#include "engine/cuda/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

struct cu_conv {
	int N;                      /* pictures */
	int C, H, W;                /* of x */
	int O, OH, OW;              /* of the result */
	int R, S;
	int stride, pad_h, pad_w;   /* a padding may be negative */
	int groups;
	int ld;                     /* >= R S C */
};

/* ---- one group: conv.cu ---- */

/* rows (N OH OW, ld) of x, of the same type, F32, BF16 or F16. */
cudaError_t cu_conv_rows(struct cu_array x, struct cu_conv v, void *rows, cudaStream_t stream);

/* The way back: x[n,h,w,c] = sum of rows' elements that were read from there, over r, then s; rounded once to x's type. x is written whole. */
cudaError_t cu_conv_spread(const float *rows, struct cu_conv v, struct cu_array x, cudaStream_t stream);

/*
 * Weights w (O,C,R,S), F32, BF16 or F16, in the order that a product with rows wants; form's type is F32, BF16 or F16. v is the convolution's own.
 *   by output: form (O, ld), an output's weights as a row has them: r, s, c; zeros behind.
 *   by tap: form (ld, C), for the gradient of data: its row k < R S O is tap R S - 1 - k / O of output k % O, the taps backwards; zeros behind.
 *           Here ld >= R S O.
 */
struct cu_form {
	struct cu_array w, form;
	struct cu_conv v;
	int by_tap; /* else by output */
};
enum { CU_FORMS = 32 };
/* So many at a time, none of which is read by another: a network's, in one launch. */
struct cu_form_list {
	struct cu_form of[CU_FORMS];
};
cudaError_t cu_conv_forms(const struct cu_form_list *forms, int many, cudaStream_t stream);

/* dw (O,C,R,S) from a product (O, ld) that has it by output, F32, BF16 or F16. */
cudaError_t cu_conv_from_output(struct cu_array product, struct cu_conv v, float *dw, cudaStream_t stream);

/* ---- any number of groups, one thread a result: conv_direct.cu ---- */

/* y = round(sum (+ bias[o]) (+ residual)), the sum over r, s, c; relu as cu_finish. x, y and residual are of one type, w F32, BF16 or F16. */
cudaError_t cu_conv_direct(struct cu_array x, struct cu_array w, const float *bias, struct cu_array residual, bool relu, struct cu_conv v,
                           struct cu_array y, cudaStream_t stream);
/* dx, the sum over r, s, o. dy and dx are of one type. */
cudaError_t cu_conv_direct_dx(struct cu_array dy, struct cu_array w, struct cu_conv v, struct cu_array dx, cudaStream_t stream);
/* dw: the places (n, oh, ow) are cut into so many chunks of equal length (the last may have less). Each chunk's sums, in order of its places, stand
   in part (chunks, R, S, C/groups, O), and are added in order of the chunks. */
cudaError_t cu_conv_direct_dw(struct cu_array x, struct cu_array dy, struct cu_conv v, int chunks, float *part, float *dw, cudaStream_t stream);

#ifdef __cplusplus
}
#endif

#endif
