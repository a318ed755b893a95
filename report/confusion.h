/* Which class was taken for which. */
#ifndef REPORT_CONFUSION_H
#define REPORT_CONFUSION_H

#include "report/canvas.h"

struct confusion {
	int classes;
	const long *count;       /* [label * classes + answer] */
	const char *const *name; /* [classes] */
	const char *title;       /* above the picture; NULL: none */
};

/* A header "label \ answer" and the classes' names, then a row for each label. */
enum status confusion_csv(const struct confusion *c, const char *path, struct err *e);
/* Colour is the share of the row (of the pictures with that label); up to 20 classes the counts are in the cells.
   Names are left out where there is no room for them. */
enum status confusion_png(const struct confusion *c, const char *path, struct err *e);

/* The same on a canvas, which should have this size. */
void chart_confusion(struct canvas *canvas, const struct confusion *c);
void chart_confusion_size(struct arena *a, const struct confusion *c, double *width, double *height);

#endif
