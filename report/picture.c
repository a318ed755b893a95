#include "report/picture.h"

#include <cairo.h>

void base64_add(struct str *out, const void *data, size_t n)
{
	static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *p = data;
	for (size_t i = 0; i < n; i += 3) {
		const size_t left = n - i;
		const unsigned v = (unsigned)p[i] << 16 | (left > 1 ? (unsigned)p[i + 1] << 8 : 0) | (left > 2 ? p[i + 2] : 0);
		const char four[4] = {digit[v >> 18], digit[v >> 12 & 63], left > 1 ? digit[v >> 6 & 63] : '=', left > 2 ? digit[v & 63] : '='};
		str_addn(out, four, 4);
	}
}

static cairo_status_t take(void *out, const unsigned char *data, unsigned n)
{
	str_addn(out, (const char *)data, n);
	return CAIRO_STATUS_SUCCESS;
}

struct _cairo_surface *picture_surface(const uint8_t *pixels, int H, int W, int C)
{
	cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, W, H);
	unsigned char *data = cairo_image_surface_get_data(s);
	const size_t stride = (size_t)cairo_image_surface_get_stride(s);
	for (int y = 0; data && y < H; y++)
		for (int x = 0; x < W; x++) {
			const uint8_t *p = pixels + ((size_t)y * (size_t)W + (size_t)x) * (size_t)C;
			uint32_t *to = (uint32_t *)(void *)(data + (size_t)y * stride) + x;
			*to = (uint32_t)p[0] << 16 | (uint32_t)p[C > 1] << 8 | p[C > 1 ? 2 : 0];
		}
	cairo_surface_mark_dirty(s);
	return s;
}

enum status picture_png(struct str *out, const uint8_t *pixels, int H, int W, int C, struct err *e)
{
	cairo_surface_t *s = picture_surface(pixels, H, W, C);
	const cairo_status_t bad = cairo_surface_write_to_png_stream(s, take, out);
	cairo_surface_destroy(s);
	return bad == CAIRO_STATUS_SUCCESS ? OK : err_env(e, "can't draw a picture: %s", cairo_status_to_string(bad));
}
