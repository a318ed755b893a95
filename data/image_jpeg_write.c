/* JPEG files: for benchmarks and tests of what reads them. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

#include "base/file.h"
#include "data/dataset.h"

struct work {
	struct jpeg_error_mgr manager; /* first: libjpeg's pointer to it is one to the whole */
	struct jpeg_compress_struct jpeg;
	jmp_buf escape;
	char message[JMSG_LENGTH_MAX];
	unsigned char *bytes; /* libjpeg's, by malloc */
	unsigned long size;
};

static void on_error(j_common_ptr jpeg)
{
	struct work *w = (struct work *)jpeg->err;
	w->manager.format_message(jpeg, w->message);
	longjmp(w->escape, 1);
}

static bool encode(struct work *w, const uint8_t *pixels, int H, int W, int C, int quality)
{
	if (setjmp(w->escape))
		return false;
	jpeg_create_compress(&w->jpeg);
	jpeg_mem_dest(&w->jpeg, &w->bytes, &w->size);
	w->jpeg.image_width = (JDIMENSION)W;
	w->jpeg.image_height = (JDIMENSION)H;
	w->jpeg.input_components = C;
	w->jpeg.in_color_space = C == 1 ? JCS_GRAYSCALE : JCS_RGB;
	jpeg_set_defaults(&w->jpeg);
	jpeg_set_quality(&w->jpeg, quality, TRUE);
	jpeg_start_compress(&w->jpeg, TRUE);
	while (w->jpeg.next_scanline < w->jpeg.image_height) {
		JSAMPROW row = (JSAMPROW)(uintptr_t)(pixels + (size_t)w->jpeg.next_scanline * (size_t)W * (size_t)C);
		jpeg_write_scanlines(&w->jpeg, &row, 1);
	}
	jpeg_finish_compress(&w->jpeg);
	return true;
}

enum status image_write_jpeg(const char *path, const uint8_t *pixels, int H, int W, int C, int quality, struct err *e)
{
	BUG_IF((C != 1 && C != 3) || H < 1 || W < 1, "image_write_jpeg: %d x %d x %d", H, W, C);
	struct work *w = mem_new(sizeof *w);
	struct file *f = NULL;
	if (!w)
		return err_nomem(e, "too little memory to write '%s'", path);
	w->jpeg.err = jpeg_std_error(&w->manager);
	w->manager.error_exit = on_error;
	enum status st = encode(w, pixels, H, W, C, quality) ? file_create(&f, path, e) : err_env(e, "write '%s': %s", path, w->message);
	if (st == OK) {
		file_write(f, w->bytes, w->size);
		st = file_commit(f, e);
	}
	jpeg_destroy_compress(&w->jpeg);
	free(w->bytes);
	mem_free(w);
	return st;
}
