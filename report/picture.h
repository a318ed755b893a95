/* Pictures inside a page. */
#ifndef REPORT_PICTURE_H
#define REPORT_PICTURE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

void base64_add(struct str *out, const void *data, size_t n);
/* The bytes of a PNG: pixels (H,W,C), C 1 or 3. */
enum status picture_png(struct str *out, const uint8_t *pixels, int H, int W, int C, struct err *e);

#endif
