/*
 * 3x3 convolutions of stride 1, and their gradients of data, in f32 by Winograd's F(2x2,3x3): 16 products where there are 36. Milliseconds of the
 * library's kernel and of this, 64 maps, two cores of a Zen 5, oneDNN 2.6.3:
 *
 *   32 channels of 32x32 2.2, 1.4; 64 of 32x32 9.9, 5.8; 128 of 16x16 8.6, 4.9; 256 of 8x8 8.2, 4.5; 512 of 4x4 8.6, 4.5; but 16 of 32x32 .65, .64
 *
 * Values are added and weights halved before they are multiplied. The error of a result is that of a direct sum at 16 channels and twice it at
 * 256: 3e-7 of the results' size. A value that is not finite spoils the whole 2x2 results whose tile holds it.
 */
#ifndef ENGINE_CPU_CONV_WINOGRAD_H
#define ENGINE_CPU_CONV_WINOGRAD_H

#include "engine/device.h"

/* Whether this conv2d or conv2d_dx is one that is faster so. */
bool winograd_fit(const struct kernel_case *c);
/* dx: a conv2d_dx, else a conv2d. */
void winograd_describe(const struct kernel_case *c, bool dx, struct kernel_plan *p);
enum status winograd_prepare(const struct kernel_case *c, bool dx, void **state, struct err *e);
void winograd_pack(void *state, const struct tensor *src, void *dst);
void winograd_run(const struct kernel_run *r, void *state);
void winograd_release(void *state); /* NULL allowed */

#endif
