/*
 * The passes of a gradient of 3x3 weights in bf16 by Winograd's F(3,2) along the rows, for AVX-512 with bf16 (conv_winograd_dw.h says
 * when and why). A tile is two neighbouring values of dy and the 4 of a row of x that they meet; products are taken at a tile's
 * 4 points and summed over the tiles, and only the sums are turned into the three taps.
 *
 * Operands are words of 32 bits: a channel's values at two neighbouring tiles. Two tiles are a pair.
 */
#ifndef ENGINE_CPU_WINOGRAD_DW_AVX512_H
#define ENGINE_CPU_WINOGRAD_DW_AVX512_H

#include <stdbool.h>
#include <stdint.h>

enum { DW_POINTS = 4, DW_TAPS = 3, DW_LANES = 16, DW_DEEP = 8, DW_SUMS = DW_DEEP * DW_TAPS };

struct winograd_dw {
	int C, H, W, O, OH, OW, pad; /* of x (C) and of dy (O): channels, multiples of DW_LANES; height, width */
	int pairs;                   /* of a row */
	int group;                   /* maps at a time */
	int64_t x_step, dy_step;     /* words from one point's operands to the next one's */
};

/* Rows of a map's words: H of x; of dy H + 2, so that row h of x meets rows h + 2, h + 1 and h, for the taps from above. */
static inline int winograd_dw_rows(const struct winograd_dw *z)
{
	return z->H + DW_TAPS - 1;
}

/* Whether compiler and processor have what the functions below need; they must not be called otherwise. */
bool winograd_dw_has(void);

/* Map `map` of x or dy (channels-last) into place `slot` of the group's words: (channels / DW_LANES, DW_POINTS) times (group, rows, pairs,
   DW_LANES), x_step or dy_step apart. */
void winograd_dw_x(const struct winograd_dw *z, const uint16_t *x, int64_t map, int slot, uint32_t *words);
void winograd_dw_dy(const struct winograd_dw *z, const uint16_t *dy, int64_t map, int slot, uint32_t *words);
/* What the first `maps` maps of the group give for DW_DEEP channels of x (those from c) and DW_LANES of dy (those from o), added to sum:
   (DW_POINTS, DW_DEEP, DW_TAPS, DW_LANES). */
void winograd_dw_block(const struct winograd_dw *z, const uint32_t *x, const uint32_t *dy, int maps, int c, int o, float *sum);
/* The sum of `parts` such sums, `step` apart, into dw (O,C,3,3) where they belong. */
void winograd_dw_taps(const struct winograd_dw *z, const float *sum, int parts, int64_t step, int c, int o, float *dw);

#endif
