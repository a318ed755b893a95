/*
 * The passes of a 3x3 convolution in f32 by Winograd's F(2x2,3x3), for AVX-512 (conv_winograd.h says when and why). A tile is
 * 2x2 results and the 4x4 values that they read; products are taken at its 16 points, each a matrix product over channels.
 * A tile's numbers depend on nothing but the tile.
 */
#ifndef ENGINE_CPU_WINOGRAD_AVX512_H
#define ENGINE_CPU_WINOGRAD_AVX512_H

#include <stdbool.h>
#include <stdint.h>

enum { POINTS = 16, VECTOR = 16, TILE_ROWS = 16 };

struct winograd {
	int C, H, W, O, OH, OW, pad; /* of the maps read (C) and written (O): channels, multiples of VECTOR; height, width */
	int down, across;            /* tiles of a map */
	int64_t tiles;               /* of all maps */
	int width;                   /* results multiplied at a time: 2 or 1 VECTOR */
	int block;                   /* tiles at a time, a multiple of TILE_ROWS */
	int64_t v_step, m_step;      /* numbers from one point's operands to the next one's, and of its products */
};

/* Whether compiler and processor have what the functions below need; they must not be called otherwise. */
bool winograd_has(void);

/* Tiles first..first+n of x (channels-last) into v: (POINTS, block, C). edge: 16 C numbers of scratch. */
void winograd_input(const struct winograd *z, const float *x, int64_t first, int n, float *v, float *edge);
/* m (POINTS, block, width) = v times u: (POINTS, C, width), the weights of `width` results. */
void winograd_product(const struct winograd *z, const float *v, const float *u, int n, float *m);

/* What happens to a sum at last. */
struct winograd_end {
	const float *bias;     /* O numbers, or NULL */
	const float *residual; /* as y, or NULL */
	bool relu;             /* NaN is 0 */
};
/* m into results o..o+width of tiles first..first+n of y (channels-last). */
void winograd_output(const struct winograd *z, const float *m, int64_t first, int n, int o, const struct winograd_end *end, float *y);

/* Weights of results o..o+width into u. The weight of result o, channel c, tap (r,s) is w[o * o_step + c * c_step + 3 r + s], or
   that of the tap (2-r,2-s) where turned. */
void winograd_weights(const struct winograd *z, const float *w, int64_t o_step, int64_t c_step, bool turned, int o, float *u);

#endif
