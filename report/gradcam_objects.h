/*
 * Where the object is in test pictures: what is not black in them, boxes from a file, or masks from a folder.
 *
 * Boxes: a line "INDEX X0 Y0 X1 Y1" each, whole numbers; the box has the pixels x0 <= x < x1, y0 <= y < y1. A picture may have several.
 * Empty lines and what follows a # are passed over. Masks: INDEX.png, as large as the pictures; the object is where it is lighter than half.
 * INDEX counts the test pictures from 0.
 */
#ifndef REPORT_GRADCAM_OBJECTS_H
#define REPORT_GRADCAM_OBJECTS_H

#include "base/arena.h"
#include "base/err.h"

enum objects_kind { OBJECTS_NONE, OBJECTS_NONZERO, OBJECTS_BOXES, OBJECTS_MASKS };

struct box {
	int index, x0, y0, x1, y1;
};

struct objects {
	enum objects_kind kind;
	const char *path;       /* the file of boxes, the folder of masks */
	int n, C, H, W;         /* of the test pictures */
	int n_box;
	struct box *box;
};

/* kind, path and the pictures are set; reads the boxes, and finds the folder of masks. */
enum status objects_open(struct arena *a, struct objects *o, struct err *e);
/* The object of picture index, whose pixels are given, into mask [H*W]; *known: whether there is one. */
enum status objects_mask(const struct objects *o, int index, const uint8_t *pixels, uint8_t *mask, bool *known, struct err *e);

#endif
