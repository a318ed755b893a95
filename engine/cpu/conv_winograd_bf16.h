/*
 * 3x3 convolutions of stride 1, and their gradients of data, in bf16 by Winograd's F(2,3) along the rows: 12 products where there are 18.
 * Milliseconds of the library's kernel and of this, 64 maps, two cores of a Zen 5, oneDNN 2.6.3:
 *
 *   16 channels of 32x32 .35, .32; 32 of 32x32 1.07, .91; 64 of 32x32 4.6, 3.2; 128 of 16x16 4.0, 3.1; 256 of 8x8 4.0, 3.1; 512 of 4x4 3.3, 3.1
 *
 * Sums of two values are rounded to bf16 before they are multiplied, and so are sums of weights, which come from f32; products are added in f32. The
 * error of a result, in thousandths of the results' size: 1.7 of a direct sum with weights in bf16, 2.5 of this, and 1.7 of rounding the result, so
 * 2.4 and 3.0 together. F(2x2,3x3) would take 8 products, and has 3.5: beyond what bf16 kernels are held to.
 */
#ifndef ENGINE_CPU_CONV_WINOGRAD_BF16_H
#define ENGINE_CPU_CONV_WINOGRAD_BF16_H

#include "engine/device.h"

/* Whether this conv2d or conv2d_dx is one that is faster so. */
bool winograd_bf16_fit(const struct kernel_case *c);
/* dx: a conv2d_dx, else a conv2d. */
void winograd_bf16_describe(const struct kernel_case *c, bool dx, struct kernel_plan *p);
enum status winograd_bf16_prepare(const struct kernel_case *c, bool dx, void **state, struct err *e);
void winograd_bf16_pack(void *state, const struct tensor *src, void *dst);
void winograd_bf16_run(const struct kernel_run *r, void *state);
void winograd_bf16_release(void *state); /* NULL allowed */

#endif
