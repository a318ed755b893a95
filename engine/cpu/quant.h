/* Numbers to bytes, for the kernels that write them. */
#ifndef ENGINE_CPU_QUANT_H
#define ENGINE_CPU_QUANT_H

#include <stdint.h>

/* out[i] = x[i] inverse, to the nearest (even at a tie) of 0..255; NaN is 0. */
void bytes_store(uint8_t *out, const float *x, int64_t n, float inverse);

#endif
