/* Pictures inside a page. */
#ifndef REPORT_PICTURE_H
#define REPORT_PICTURE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct _cairo_surface; /* cairo's cairo_surface_t, for canvas_cairo.c */
/* Holds the pixels (H,W,C), C 1 or 3; for cairo_surface_destroy. */
struct _cairo_surface *picture_surface(const uint8_t *pixels, int H, int W, int C);

void base64_add(struct str *out, const void *data, size_t n);
/* The bytes of a PNG: pixels (H,W,C), C 1 or 3. */
enum status picture_png(struct str *out, const uint8_t *pixels, int H, int W, int C, struct err *e);

#endif
