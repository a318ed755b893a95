/*
 * JPEG by libjpeg-turbo. Its errors end in a long jump: the only setjmp is in guarded(). Where libjpeg only
 * warns and paints something grey (a file that ends early, codes that do not exist), the picture is damaged:
 * an error.
 */
#include "data/image_int.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

#include "base/arena.h"

struct work {
	struct jpeg_error_mgr manager; /* first: libjpeg's pointer to it is one to the whole */
	struct jpeg_decompress_struct jpeg;
	jmp_buf escape;
	char message[JMSG_LENGTH_MAX];
	const struct encoded *in;
	int C, H, W, channels; /* channels: as libjpeg gives them, 4 for CMYK */
	int least;             /* pixels that both sides must keep; 0: it is decoded in full */
	bool inverted;         /* CMYK as Adobe writes it: 255 is no ink */
	uint8_t *line;         /* [W*4], CMYK only */
	uint8_t *pixels;       /* [H*W*C] */
	enum status st;
	struct err *e;
};

static bool guarded(struct work *w, void (*body)(struct work *w))
{
	if (setjmp(w->escape))
		return false;
	body(w);
	return true;
}

static void on_error(j_common_ptr jpeg)
{
	struct work *w = (struct work *)jpeg->err;
	w->manager.format_message(jpeg, w->message);
	longjmp(w->escape, 1);
}

/* level -1 is a warning: data are wrong but libjpeg would go on. */
static void on_message(j_common_ptr jpeg, int level)
{
	const int code = jpeg->err->msg_code;
	if (level >= 0 || code == JWRN_EXTRANEOUS_DATA || code == JWRN_ADOBE_XFORM || code == JWRN_JFIF_MAJOR
	    || code == JWRN_BOGUS_PROGRESSION)
		return;
	on_error(jpeg);
}

static void on_output(j_common_ptr jpeg)
{
	(void)jpeg;
}

/* Eighths of its size at which libjpeg can decode cheaply: half, a quarter, an eighth, as long as both sides keep at least `least` pixels. */
static unsigned eighths(const struct work *w)
{
	enum { FULL = 8 };
	const unsigned H = w->jpeg.image_height, W = w->jpeg.image_width, least = (unsigned)w->least;
	for (unsigned n = 1; least && n < FULL; n *= 2)
		if ((H * n + FULL - 1) / FULL >= least && (W * n + FULL - 1) / FULL >= least)
			return n;
	return FULL;
}

static void read_header(struct work *w)
{
	jpeg_create_decompress(&w->jpeg);
	jpeg_mem_src(&w->jpeg, w->in->data, (unsigned long)w->in->size);
	jpeg_read_header(&w->jpeg, TRUE);
	w->st = image_check_sides(w->in, w->jpeg.image_height, w->jpeg.image_width, w->e);
	if (w->st != OK)
		return;
	const J_COLOR_SPACE space = w->jpeg.jpeg_color_space;
	if (space == JCS_CMYK || space == JCS_YCCK)
		w->jpeg.out_color_space = JCS_CMYK; /* libjpeg has no way from there to RGB */
	else
		w->jpeg.out_color_space = w->C == 1 ? JCS_GRAYSCALE : JCS_RGB;
	w->inverted = w->jpeg.saw_Adobe_marker;
	w->jpeg.dct_method = JDCT_ISLOW;
	w->jpeg.scale_num = eighths(w);
	w->jpeg.scale_denom = 8;
	jpeg_start_decompress(&w->jpeg);
	w->H = (int)w->jpeg.output_height;
	w->W = (int)w->jpeg.output_width;
	w->channels = w->jpeg.output_components;
}

static void convert_cmyk(const struct work *w, uint8_t *out)
{
	const uint8_t *in = w->line;
	const int flip = w->inverted ? 0 : 255; /* to: 255 is no ink */
	for (int x = 0; x < w->W; x++, in += 4, out += w->C) {
		int v[3];
		for (int c = 0; c < 3; c++)
			v[c] = ((in[c] ^ flip) * (in[3] ^ flip) + 127) / 255;
		if (w->C == 1) {
			out[0] = image_grey(v[0], v[1], v[2]);
			continue;
		}
		for (int c = 0; c < 3; c++)
			out[c] = (uint8_t)v[c];
	}
}

static void read_pixels(struct work *w)
{
	while (w->jpeg.output_scanline < w->jpeg.output_height) {
		uint8_t *out = w->pixels + (size_t)w->jpeg.output_scanline * (size_t)w->W * (size_t)w->C;
		JSAMPROW row = w->line ? w->line : out;
		jpeg_read_scanlines(&w->jpeg, &row, 1);
		if (w->line)
			convert_cmyk(w, out);
	}
	jpeg_finish_decompress(&w->jpeg); /* reads on to the end marker: a file without one is truncated */
}

static enum status damaged(const struct work *w, struct err *e)
{
	const size_t left = w->jpeg.src ? w->jpeg.src->bytes_in_buffer : 0;
	const bool ended = w->manager.msg_code == JWRN_JPEG_EOF || w->manager.msg_code == JERR_INPUT_EOF;
	const size_t at = ended || left > w->in->size ? w->in->size : w->in->size - left;
	return err_env(e, "picture '%s': JPEG damaged at byte %zu of %zu (%s)", w->in->path, at, w->in->size,
	               ended ? "the file ends early" : w->message);
}

static enum status read_all(struct work *w, struct err *e)
{
	if (!guarded(w, read_header))
		return damaged(w, e);
	if (w->st != OK)
		return w->st;
	w->pixels = mem_new((size_t)w->H * (size_t)w->W * (size_t)w->C);
	w->line = w->channels == 4 ? mem_new((size_t)w->W * 4) : NULL;
	if (!w->pixels || (w->channels == 4 && !w->line))
		return err_nomem(e, "too little memory for picture '%s' (%d x %d)", w->in->path, w->W, w->H);
	return guarded(w, read_pixels) ? OK : damaged(w, e);
}

enum status jpeg_decode(const struct encoded *f, int C, int least, uint8_t **pixels, int *H, int *W, struct err *e)
{
	struct work *w = mem_new(sizeof *w);
	if (!w)
		return err_nomem(e, "too little memory for picture '%s'", f->path);
	w->in = f;
	w->C = C;
	w->least = least;
	w->e = e;
	w->jpeg.err = jpeg_std_error(&w->manager);
	w->manager.error_exit = on_error;
	w->manager.emit_message = on_message;
	w->manager.output_message = on_output;
	const enum status st = read_all(w, e);
	jpeg_destroy_decompress(&w->jpeg);
	if (st == OK) {
		*pixels = w->pixels;
		*H = w->H;
		*W = w->W;
	} else {
		mem_free(w->pixels);
	}
	mem_free(w->line);
	mem_free(w);
	return st;
}
