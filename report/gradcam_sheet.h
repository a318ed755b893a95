/* A picture of maps: a row for each picture, columns for the networks' heat maps and for their differences to the first's. */
#ifndef REPORT_GRADCAM_SHEET_H
#define REPORT_GRADCAM_SHEET_H

#include <stdint.h>

#include "base/err.h"

struct sheet_row {
	const uint8_t *pixels;     /* (H,W,C) */
	const char *name, *note;   /* two lines beside it; note may be NULL */
	const double *const *map;  /* [n_column][H*W], each sums to 1 or is all zero; NULL: the network has no such layer */
};

struct sheet {
	const char *title, *note;  /* two lines above */
	int C, H, W;
	int n_column;
	const char *const *column; /* names; the others' maps are taken from the first's away */
	int n_row;
	const struct sheet_row *row;
};

enum status sheet_png(const struct sheet *s, const char *path, struct err *e);

#endif
