/* PNG by libpng. Its errors are long jumps: the only setjmp is in guarded(). */
#include "data/image_int.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <png.h>

#include "base/arena.h"
#include "base/file.h"
#include "data/dataset.h"

/* All that a body uses lies here and not in automatic variables, which a jump could leave undefined. */
struct work {
	png_structp png;
	png_infop info;
	char message[160];
	/* reading */
	const struct encoded *in;
	size_t pos;
	int H, W, channels;
	uint8_t *pixels; /* [H*W*channels] */
	enum status st;  /* of what was refused by us */
	struct err *e;
	/* both */
	png_bytep *row;
	/* writing */
	struct file *out;
	const uint8_t *source;
};

static bool guarded(struct work *w, void (*body)(struct work *w))
{
	if (setjmp(png_jmpbuf(w->png)))
		return false;
	body(w);
	return true;
}

static void on_error(png_structp png, png_const_charp text)
{
	struct work *w = png_get_error_ptr(png);
	snprintf(w->message, sizeof w->message, "%s", text);
	png_longjmp(png, 1);
}

/* Warnings are about colour profiles, text and dates, none of which we use. */
static void on_warning(png_structp png, png_const_charp text)
{
	(void)png;
	(void)text;
}

static void take(png_structp png, png_bytep out, size_t n)
{
	struct work *w = png_get_io_ptr(png);
	if (n > w->in->size - w->pos) {
		w->pos = w->in->size;
		png_error(png, "the file ends early");
	}
	memcpy(out, w->in->data + w->pos, n);
	w->pos += n;
}

/* A file of a few bytes can claim any size. Deflate packs 1032 to 1 at best, so what it cannot hold is known before memory is taken. */
static enum status check_bytes(const struct work *w)
{
	enum { PACKED_MOST = 1032 };
	const uint64_t bytes = (uint64_t)png_get_rowbytes(w->png, w->info) * (uint64_t)w->H;
	if (bytes / PACKED_MOST <= w->in->size)
		return OK;
	return err_env(w->e, "picture '%s' says that it has %d x %d pixels, which its %zu bytes cannot hold", w->in->path, w->W, w->H, w->in->size);
}

static void read_header(struct work *w)
{
	png_set_read_fn(w->png, w, take);
	png_set_user_limits(w->png, 0x7fffffff, 0x7fffffff); /* ours are checked with our own words */
	png_read_info(w->png, w->info);
	w->H = (int)png_get_image_height(w->png, w->info);
	w->W = (int)png_get_image_width(w->png, w->info);
	w->st = image_check_sides(w->in, (unsigned long)w->H, (unsigned long)w->W, w->e);
	if (w->st == OK)
		w->st = check_bytes(w);
	if (w->st != OK)
		return;
	png_set_expand(w->png);   /* palette to RGB, 1 to 4 bit grey to 8, a transparent colour to alpha */
	png_set_scale_16(w->png); /* rounded, not cut */
	png_set_interlace_handling(w->png);
	png_read_update_info(w->png, w->info);
	w->channels = png_get_channels(w->png, w->info);
}

static void read_pixels(struct work *w)
{
	png_read_image(w->png, w->row);
	png_read_end(w->png, NULL); /* a file without its end is a truncated one */
}

static enum status rows_new(struct work *w, uint8_t *pixels, struct err *e, const char *path)
{
	w->row = mem_new((size_t)w->H * sizeof *w->row);
	if (!w->row)
		return err_nomem(e, "too little memory for picture '%s'", path);
	for (int y = 0; y < w->H; y++)
		w->row[y] = pixels + (size_t)y * (size_t)w->W * (size_t)w->channels;
	return OK;
}

/* 1 to 4 channels (grey, grey + alpha, RGB, RGBA) to C; alpha over black. */
static void convert(const uint8_t *in, int channels, uint8_t *out, int C, size_t n)
{
	const bool colour = channels >= 3, alpha = channels == 2 || channels == 4;
	for (size_t i = 0; i < n; i++, in += channels, out += C) {
		int v[3] = {in[0], in[colour ? 1 : 0], in[colour ? 2 : 0]};
		if (alpha)
			for (int c = 0; c < 3; c++)
				v[c] = (v[c] * in[channels - 1] + 127) / 255;
		if (C == 1) {
			out[0] = colour ? image_grey(v[0], v[1], v[2]) : (uint8_t)v[0];
			continue;
		}
		for (int c = 0; c < 3; c++)
			out[c] = (uint8_t)v[c];
	}
}

static enum status damaged(const struct work *w, struct err *e)
{
	return err_env(e, "picture '%s': PNG damaged at byte %zu of %zu (%s)", w->in->path, w->pos, w->in->size,
	               w->message);
}

static enum status read_all(struct work *w, int C, uint8_t **out, struct err *e)
{
	if (!guarded(w, read_header))
		return damaged(w, e);
	if (w->st != OK)
		return w->st;
	const size_t n = (size_t)w->H * (size_t)w->W;
	w->pixels = mem_new(n * (size_t)w->channels);
	*out = mem_new(n * (size_t)C);
	if (!w->pixels || !*out)
		return err_nomem(e, "too little memory for picture '%s' (%d x %d)", w->in->path, w->W, w->H);
	enum status st = rows_new(w, w->pixels, e, w->in->path);
	if (st == OK && !guarded(w, read_pixels))
		st = damaged(w, e);
	if (st == OK)
		convert(w->pixels, w->channels, *out, C, n);
	return st;
}

enum status png_decode(const struct encoded *f, int C, uint8_t **pixels, int *H, int *W, struct err *e)
{
	struct work w = {.in = f, .e = e};
	w.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &w, on_error, on_warning);
	w.info = w.png ? png_create_info_struct(w.png) : NULL;
	uint8_t *out = NULL;
	const enum status st = w.info ? read_all(&w, C, &out, e)
	                              : err_nomem(e, "too little memory for picture '%s'", f->path);
	png_destroy_read_struct(&w.png, &w.info, NULL);
	mem_free(w.row);
	mem_free(w.pixels);
	if (st != OK) {
		mem_free(out);
		return st;
	}
	*pixels = out;
	*H = w.H;
	*W = w.W;
	return OK;
}

static void give(png_structp png, png_bytep data, size_t n)
{
	struct work *w = png_get_io_ptr(png);
	file_write(w->out, data, n); /* a failed write is remembered for file_commit */
}

static void flush(png_structp png)
{
	(void)png;
}

static void write_all(struct work *w)
{
	static const int type[] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
	                           PNG_COLOR_TYPE_RGB_ALPHA};
	png_set_write_fn(w->png, w, give, flush);
	png_set_IHDR(w->png, w->info, (png_uint_32)w->W, (png_uint_32)w->H, 8, type[w->channels],
	             PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	png_write_info(w->png, w->info);
	for (int y = 0; y < w->H; y++)
		png_write_row(w->png, w->source + (size_t)y * (size_t)w->W * (size_t)w->channels);
	png_write_end(w->png, w->info);
}

enum status image_write_png(const char *path, const uint8_t *pixels, int H, int W, int C, struct err *e)
{
	BUG_IF(C < 1 || C > 4 || H < 1 || W < 1, "image_write_png: %d x %d x %d", H, W, C);
	struct work w = {.H = H, .W = W, .channels = C, .source = pixels};
	enum status st = file_create(&w.out, path, e);
	if (st != OK)
		return st;
	w.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &w, on_error, on_warning);
	w.info = w.png ? png_create_info_struct(w.png) : NULL;
	if (!w.info)
		st = err_nomem(e, "too little memory to write '%s'", path);
	else if (!guarded(&w, write_all))
		st = err_env(e, "write '%s': %s", path, w.message);
	png_destroy_write_struct(&w.png, &w.info);
	if (st == OK)
		return file_commit(w.out, e);
	file_abandon(w.out);
	return st;
}
