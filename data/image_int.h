/* Between image.c, which finds out what a file is, and the two decoders. */
#ifndef DATA_IMAGE_INT_H
#define DATA_IMAGE_INT_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { IMAGE_SIDE_MAX = 16384 }; /* pixels; a larger one is refused before memory is taken */

/* A whole file in memory. path is for messages. */
struct encoded {
	const char *path;
	const uint8_t *data;
	size_t size;
};

/* Both decode to C channels, 1 or 3; mem_free(pixels). least: as of image_read_near. */
enum status png_decode(const struct encoded *f, int C, uint8_t **pixels, int *H, int *W, struct err *e);
enum status jpeg_decode(const struct encoded *f, int C, int least, uint8_t **pixels, int *H, int *W, struct err *e);

/* An error when the sides are not 1..IMAGE_SIDE_MAX. */
enum status image_check_sides(const struct encoded *f, unsigned long H, unsigned long W, struct err *e);
/* Luma of ITU-R BT.601 in 16-bit fixed point, as libjpeg computes it: both formats give the same grey. */
uint8_t image_grey(int r, int g, int b);

#endif
