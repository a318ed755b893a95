/* 3x3 convolutions of stride 1, and their gradients of data, in bf16 by Winograd's F(2,3) along the rows: 12 products where there are 18. */
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
