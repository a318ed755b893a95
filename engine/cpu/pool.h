/* Private to cpu/pool.c and cpu/pool_pairs.c. */
#ifndef ENGINE_CPU_POOL_H
#define ENGINE_CPU_POOL_H

#include "engine/build.h"
#include "engine/cpu/loops.h"

/* Whether windows are 2x2 side by side, each of them inside the picture. */
bool pool_pairs_fit(const struct pool_conf *k);
/* max_pool and max_pool_dx of such windows, channels-last. All tensors F32 or all BF16. */
void pool_pairs(const struct tensor *x, const struct tensor *y);
void pool_pairs_dx(const struct tensor *dy, const struct tensor *x, const struct tensor *dx);

#endif
