/*
 * The passes of a 3x3 convolution in bf16 by Winograd's F(2,3) along the rows, for AVX-512 with bf16 (conv_winograd_bf16.h says
 * when and why). A tile is two neighbouring results and the 4 values of each of 3 rows that they read; products are taken at a
 * row's 4 points, and the sums run over the 3 rows and the channels, always in the same order.
 *
 * A piece is some rows of tiles of one map. Operands are words of 32 bits: two neighbouring channels.
 */
#ifndef ENGINE_CPU_WINOGRAD_BF16_AVX512_H
#define ENGINE_CPU_WINOGRAD_BF16_AVX512_H

#include <stdbool.h>
#include <stdint.h>

enum { ROW_POINTS = 4, TAPS = 3, LANES_F32 = 16, FEW_TILES = 4, MOST_SUMS = 24 };

struct winograd_bf16 {
	int C, H, W, O, OH, OW, pad; /* of the maps read (C) and written (O): channels, multiples of LANES_F32; height, width */
	int across;                  /* tiles of a row */
	int rows;                    /* of results of a piece; the last piece of a map may have fewer that count */
	int per_map;                 /* pieces of a map */
	int words;                   /* C / 2 */
	int width;                   /* results multiplied at a time: 2 or 1 LANES_F32 */
	int piece_v, piece_m;        /* rows of words of a piece, of its sums */
	int64_t v_step, m_step;      /* words from one point's operands to the next one's, numbers of its sums */
};

/* Whether compiler and processor have what the functions below need; they must not be called otherwise. */
bool winograd_bf16_has(void);

/* A piece of x (channels-last) into v, where its rows begin: piece_v rows at each point. */
void winograd_bf16_input(const struct winograd_bf16 *z, const uint16_t *x, int64_t piece, uint32_t *v);
/* m (piece_m, width at each point) = v times u: (ROW_POINTS, TAPS, words, width), the weights of `width` results. Reads up to FEW_TILES rows
   behind the piece's. */
void winograd_bf16_product(const struct winograd_bf16 *z, const uint32_t *v, const uint32_t *u, float *m);

/* What happens to a sum before its rounding. */
struct winograd_bf16_end {
	const float *bias;        /* O numbers, or NULL */
	const uint16_t *residual; /* as y, or NULL */
	bool relu;                /* NaN is 0 */
};
/* m into results o..o+width of a piece of y (channels-last). */
void winograd_bf16_output(const struct winograd_bf16 *z, const float *m, int64_t piece, int o, const struct winograd_bf16_end *end, uint16_t *y);

/* Weights of results o..o+width into u. The weight of result o, channel c, tap (r,s) is w[o * o_step + c * c_step + 3 r + s], or that of
   the tap (2-r,2-s) where turned. */
void winograd_bf16_weights(const struct winograd_bf16 *z, const float *w, int64_t o_step, int64_t c_step, bool turned, int o, uint32_t *u);

#endif
