/* Pictures for the tests of image.c, written by libpng and libjpeg themselves. */
#ifndef TESTS_DATA_ENCODE_H
#define TESTS_DATA_ENCODE_H

#include <stdbool.h>
#include <stdint.h>

/* rows: H rows of bytes as libpng wants them. palette: n_palette RGB triples or NULL; clear: alpha of
 * palette entry 0, -1: none. */
struct png_spec {
	int W, H, depth, type;
	const uint8_t *rows;
	int row_bytes;
	const uint8_t *palette;
	int n_palette, clear;
	bool interlaced;
};
void encode_png(const char *path, const struct png_spec *s);

/* channels 1, 3 or 4 (CMYK); ycck: stored as YCCK; adobe: with the Adobe marker. Quality 100, no
 * subsampling. */
void encode_jpeg(const char *path, const uint8_t *pixels, int W, int H, int channels, bool ycck, bool adobe);
/* Colour, progressive, with an EXIF marker that wants it turned by 90 degrees. */
void encode_jpeg_turned(const char *path, const uint8_t *pixels, int W, int H);

#endif
