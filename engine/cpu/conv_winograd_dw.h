/*
 * Gradients of 3x3 weights, stride 1, in bf16 by Winograd's F(3,2) along the rows: 12 products where there are 18. Milliseconds of the kernel
 * that would compute them otherwise and of this, 64 maps, one core of a Zen 5, oneDNN 2.6.3:
 *
 *   16 channels of 32x32 .80, .51; 32 of 32x32 3.0, 1.8; 32 of 16x16 .76, .45; 64 of 32x32 12.3, 7.8; 64 of 8x8 .83, .43; 128 of 16x16 11.0, 7.1;
 *   256 of 8x8 10.5, 7.0
 *
 * Sums of two values of x and of dy are rounded to bf16 before they are multiplied; products are added in f32, map by map, in as many parts as
 * there are threads. The error of a gradient of made noise is 2.3 thousandths of the gradients' size; a direct sum has next to none.
 */
#ifndef ENGINE_CPU_CONV_WINOGRAD_DW_H
#define ENGINE_CPU_CONV_WINOGRAD_DW_H

#include "engine/device.h"

/* Whether this conv2d_dw is one that is faster so. */
bool winograd_dw_fit(const struct kernel_case *c);
void winograd_dw_describe(const struct kernel_case *c, struct kernel_plan *p);
enum status winograd_dw_prepare(const struct kernel_case *c, void **state, struct err *e);
void winograd_dw_run(const struct kernel_run *r, void *state);
void winograd_dw_release(void *state); /* NULL allowed */

#endif
