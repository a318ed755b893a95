/* Frozen 3x3 convolutions of stride 1 in bf16 by Winograd's F(2,3) along the rows: 12 products where there are 18. */
#ifndef ENGINE_CPU_CONV_WINOGRAD_BF16_H
#define ENGINE_CPU_CONV_WINOGRAD_BF16_H

#include "engine/device.h"

/* Whether this conv2d is one that is faster so. */
bool winograd_bf16_fit(const struct kernel_case *c);
void winograd_bf16_describe(const struct kernel_case *c, struct kernel_plan *p);
enum status winograd_bf16_prepare(const struct kernel_case *c, void **state, struct err *e);
void winograd_bf16_pack(void *state, const struct tensor *src, void *dst);
void winograd_bf16_run(const struct kernel_run *r, void *state);
void winograd_bf16_release(void *state); /* NULL allowed */

#endif
