#include "tests/data/encode.h"

#include <stdio.h>

#include <check.h>
#include <jpeglib.h>
#include <png.h>

static void put_palette(png_structp png, png_infop info, const struct png_spec *s)
{
	png_color colour[256];
	for (int i = 0; i < s->n_palette; i++)
		colour[i] = (png_color){s->palette[3 * i], s->palette[3 * i + 1], s->palette[3 * i + 2]};
	png_set_PLTE(png, info, colour, s->n_palette);
	if (s->clear >= 0) {
		const png_byte alpha[1] = {(png_byte)s->clear};
		png_set_tRNS(png, info, alpha, 1, NULL);
	}
}

void encode_png(const char *path, const struct png_spec *s)
{
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
	png_infop info = png_create_info_struct(png);
	png_init_io(png, f);
	png_set_IHDR(png, info, (png_uint_32)s->W, (png_uint_32)s->H, s->depth, s->type,
	             s->interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
	             PNG_FILTER_TYPE_DEFAULT);
	if (s->palette)
		put_palette(png, info, s);
	png_write_info(png, info);
	const int passes = s->interlaced ? png_set_interlace_handling(png) : 1;
	for (int pass = 0; pass < passes; pass++)
		for (int y = 0; y < s->H; y++)
			png_write_row(png, s->rows + y * s->row_bytes);
	png_write_end(png, NULL);
	png_destroy_write_struct(&png, &info);
	ck_assert_int_eq(fclose(f), 0);
}

/* EXIF with one entry: orientation 6, "turn by 90 degrees to show". */
static const JOCTET turned[] = {'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0};

static void encode(const char *path, const uint8_t *pixels, int W, int H, int channels, bool ycck, bool adobe, bool progressive)
{
	struct jpeg_compress_struct jpeg;
	struct jpeg_error_mgr errors;
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	jpeg.err = jpeg_std_error(&errors);
	jpeg_create_compress(&jpeg);
	jpeg_stdio_dest(&jpeg, f);
	jpeg.image_width = (JDIMENSION)W;
	jpeg.image_height = (JDIMENSION)H;
	jpeg.input_components = channels;
	jpeg.in_color_space = channels == 1 ? JCS_GRAYSCALE : channels == 3 ? JCS_RGB : JCS_CMYK;
	jpeg_set_defaults(&jpeg);
	if (ycck)
		jpeg_set_colorspace(&jpeg, JCS_YCCK);
	jpeg_set_quality(&jpeg, 100, TRUE);
	for (int c = 0; c < jpeg.num_components; c++)
		jpeg.comp_info[c].h_samp_factor = jpeg.comp_info[c].v_samp_factor = 1;
	if (channels == 4)
		jpeg.write_Adobe_marker = adobe;
	if (progressive)
		jpeg_simple_progression(&jpeg);
	jpeg_start_compress(&jpeg, TRUE);
	if (progressive)
		jpeg_write_marker(&jpeg, JPEG_APP0 + 1, turned, sizeof turned);
	while (jpeg.next_scanline < jpeg.image_height) {
		JSAMPROW row = (JSAMPROW)(pixels + (size_t)jpeg.next_scanline * (size_t)W * (size_t)channels);
		jpeg_write_scanlines(&jpeg, &row, 1);
	}
	jpeg_finish_compress(&jpeg);
	jpeg_destroy_compress(&jpeg);
	ck_assert_int_eq(fclose(f), 0);
}

void encode_jpeg(const char *path, const uint8_t *pixels, int W, int H, int channels, bool ycck, bool adobe)
{
	encode(path, pixels, W, H, channels, ycck, adobe, false);
}

void encode_jpeg_turned(const char *path, const uint8_t *pixels, int W, int H)
{
	encode(path, pixels, W, H, 3, false, false, true);
}
