/* Private to the canvas: what a writer is. */
#ifndef REPORT_CANVAS_INT_H
#define REPORT_CANVAS_INT_H

#include "report/canvas.h"

struct cairo_pen; /* canvas_cairo.c */

struct canvas {
	struct arena *arena;
	double width, height;
	struct str *svg;        /* NULL: a PNG */
	struct cairo_pen *pen;  /* PNG: draws; SVG: measures text */
};

struct rgb {
	unsigned char r, g, b;
};
extern const struct rgb ink_light[INK_COUNT], ink_dark[INK_COUNT];

extern const double dash_pattern[DASH_KINDS][4]; /* on, off, on, off in pixels; zeros: solid */

/* The corners of a mark around (0,0), r = 1: n of (x, y). Kinds without corners are circles. */
struct mark_shape {
	int n;
	double at[12][2];
	bool filled;
};
extern const struct mark_shape mark_shapes[MARK_KINDS];

/* Text as both writers take it: valid UTF-8 without control characters. */
const char *text_clean(struct arena *a, const char *text);

/* ---- canvas_cairo.c ---- */
struct cairo_pen *pen_open(struct arena *a, double width, double height); /* white */
void pen_close(struct cairo_pen *p);
enum status pen_png(struct cairo_pen *p, struct str *out, struct err *e);
void pen_polyline(struct cairo_pen *p, int n, const double *x, const double *y, bool closed, struct stroke s);
void pen_fill(struct cairo_pen *p, int n, const double *x, const double *y, enum ink ink, double alpha);
void pen_circle(struct cairo_pen *p, double x, double y, double r, bool filled, enum ink ink, double alpha);
void pen_pixels(struct cairo_pen *p, double x, double y, double w, double h, const uint8_t *pixels, int H, int W);
void pen_text(struct cairo_pen *p, double x, double y, struct text_form f, const char *text);
double pen_text_width(struct cairo_pen *p, double size, bool bold, const char *text);

/* ---- canvas_svg.c ---- */
void svg_begin(struct canvas *c, const char *id, const char *title, const char *description, bool alone);
void svg_polyline(struct canvas *c, int n, const double *x, const double *y, bool closed, struct stroke s);
void svg_fill(struct canvas *c, int n, const double *x, const double *y, enum ink ink, double alpha);
void svg_circle(struct canvas *c, double x, double y, double r, bool filled, enum ink ink, double alpha);
void svg_rect(struct canvas *c, double x, double y, double w, double h, enum ink ink, double alpha);
void svg_text(struct canvas *c, double x, double y, struct text_form f, const char *text);

#endif
