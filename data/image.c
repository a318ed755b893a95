#include "data/image_int.h"

#include <inttypes.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "data/dataset.h"

enum status image_check_sides(const struct encoded *f, unsigned long H, unsigned long W, struct err *e)
{
	if (H >= 1 && W >= 1 && H <= IMAGE_SIDE_MAX && W <= IMAGE_SIDE_MAX)
		return OK;
	return err_env(e, "picture '%s' has %lu x %lu pixels, allowed are 1 to %d on a side", f->path, W, H,
	               IMAGE_SIDE_MAX);
}

uint8_t image_grey(int r, int g, int b)
{
	return (uint8_t)((19595 * r + 38470 * g + 7471 * b + 32768) >> 16);
}

/* What else a file of a picture may be, by its first bytes; NULL: nothing that is known. */
static const char *other_format(const struct encoded *f)
{
	static const struct {
		const char *name, *start;
		size_t n;
	} known[] = {{"BMP", "BM", 2}, {"GIF", "GIF8", 4}, {"TIFF", "II*\0", 4}, {"TIFF", "MM\0*", 4}, {"WebP", "RIFF", 4}};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (f->size >= known[i].n && !memcmp(f->data, known[i].start, known[i].n))
			return known[i].name;
	return NULL;
}

static enum status unknown_format(const struct encoded *f, struct err *e)
{
	const char *other = other_format(f);
	char hex[3 * 8 + 1] = "";
	for (size_t i = 0; i < f->size && i < 8; i++)
		snprintf(hex + 3 * i, sizeof hex - 3 * i, " %02x", f->data[i]);
	if (!f->size)
		return err_env(e, "picture '%s' is empty (0 bytes)", f->path);
	if (other)
		return err_env(e, "picture '%s' is neither PNG nor JPEG but %s: convert it, for instance by mogrify -format png", f->path, other);
	return err_env(e, "picture '%s' is neither PNG nor JPEG: it starts with%s at byte 0", f->path, hex);
}

/* What a file is called says nothing: its first bytes decide. */
static enum status decode(const struct encoded *f, int C, int least, uint8_t **pixels, int *H, int *W, struct err *e)
{
	static const uint8_t png[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'}, jpeg[3] = {0xFF, 0xD8, 0xFF};
	if (f->size >= sizeof png && !memcmp(f->data, png, sizeof png))
		return png_decode(f, C, pixels, H, W, e);
	if (f->size >= sizeof jpeg && !memcmp(f->data, jpeg, sizeof jpeg))
		return jpeg_decode(f, C, least, pixels, H, W, e);
	return unknown_format(f, e);
}

enum status image_read(const char *path, int C, uint8_t **pixels, int *H, int *W, struct err *e)
{
	return image_read_near(path, C, 0, pixels, H, W, e);
}

enum status image_read_near(const char *path, int C, int least, uint8_t **pixels, int *H, int *W, struct err *e)
{
	BUG_IF(C != 1 && C != 3, "image_read: %d channels", C);
	*pixels = NULL;
	*H = *W = 0;
	struct arena *a = arena_open("picture");
	char *data;
	size_t size;
	enum status st = file_read(a, path, false, &data, &size, e);
	if (st == OK) {
		const struct encoded f = {path, (const uint8_t *)data, size};
		st = decode(&f, C, least, pixels, H, W, e);
	}
	arena_close(a);
	return st;
}
