/*
 * The gradient of a convolution's weights as one matrix product: what each output position reads is gathered into a row, and
 * dw = dy' rows. For bf16 where the library's own kernel is far from a product's rate. Milliseconds of it and of this, 3x3,
 * 64 maps, two cores of a Zen 5, oneDNN 2.6.3:
 *
 *   stride 2: 64 to 128 channels of 32x32 4.9, 3.7; 128 to 256 of 16x16 4.9, 2.9
 *   stride 1: 256 to 512 of 4x4 4.2, 3.0; 512 to 512 of 4x4 8.2, 7.3; 128 to 256 of 8x8 3.1, 2.8; 256 to 256 of 8x8 6.2, 5.8
 *   not for:  128 to 128 of 16x16 5.7, 6.1; 64 to 64 of 32x32 6.4, 8.8
 *
 * Products are exact in both and added in f32, in another order.
 */
#ifndef ENGINE_CPU_CONV_PATCHES_H
#define ENGINE_CPU_CONV_PATCHES_H

#include "engine/device.h"

/* Whether this gradient is one that is faster so. library: the kernel that would compute it otherwise. */
bool patches_fit(const struct kernel_case *c, const char *library);
enum status patches_describe(const struct kernel_case *c, struct kernel_plan *p, struct err *e);
enum status patches_prepare(const struct kernel_case *c, void **state, struct err *e);
void patches_run(const struct kernel_run *r, void *state);
void patches_release(void *state); /* NULL allowed */

#endif
