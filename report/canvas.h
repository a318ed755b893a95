/*
 * A small drawing interface, so that a chart is written once: as SVG text for a page, and by cairo as PNG.
 *
 * Lengths are CSS pixels, y grows downwards, a text's y is the middle of its line. Colours are named by their role: in SVG they are
 * classes, so that one picture is legible in light and in dark; a PNG is light. Text may be any bytes: what is no UTF-8, and control
 * characters, become '?'.
 */
#ifndef REPORT_CANVAS_H
#define REPORT_CANVAS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum { SERIES_INKS = 7 }; /* Okabe and Ito's colours without yellow, which is faint on white; black is the text's */
enum ink { INK_TEXT, INK_MUTED, INK_GRID, INK_PAPER, INK_HEAT, INK_SERIES, INK_COUNT = INK_SERIES + SERIES_INKS };

/* How a series is drawn. Colour is never the only difference: dashes and marks change with it. i is any number from 0. */
enum ink series_ink(int i);
enum { DASH_KINDS = 5, MARK_KINDS = 6 };

struct stroke {
	enum ink ink;
	double width, alpha; /* alpha 0 means 1: opaque */
	int dash;            /* 0 solid, 1 to DASH_KINDS - 1; larger ones begin again */
};

struct canvas;

/* Appended to out, <svg> to </svg>. id is unique in the document and names title and description, which a screen reader is told.
   alone: a file of its own, with the rules for its colours; else the page has them (canvas_css). */
struct canvas *canvas_svg(struct arena *a, struct str *out, const char *id, const char *title, const char *description, double width,
                          double height, bool alone);
/* A picture of these whole pixels, white. */
struct canvas *canvas_png(struct arena *a, double width, double height);
/* The end. SVG: never fails. PNG: appended to png, or thrown away where that is NULL. Also releases what cairo holds. */
enum status canvas_close(struct canvas *c, struct str *png, struct err *e);

struct arena *canvas_arena(const struct canvas *c);
double canvas_width(const struct canvas *c);
double canvas_height(const struct canvas *c);

void canvas_line(struct canvas *c, double x1, double y1, double x2, double y2, struct stroke s);
/* A point that is not finite breaks the line; one that stands alone between breaks is a dot. */
void canvas_polyline(struct canvas *c, int n, const double *x, const double *y, struct stroke s);
/* Of a PNG only: pixels (H,W,3) scaled to w by h; a pixel that grows stays a square of one colour. */
void canvas_pixels(struct canvas *c, double x, double y, double w, double h, const uint8_t *pixels, int H, int W);
void canvas_rect(struct canvas *c, double x, double y, double w, double h, enum ink fill, double alpha);
/* kind 0 circle, 1 square, 2 triangle, 3 diamond, 4 ring, 5 cross; larger ones begin again. r about half its width. */
void canvas_mark(struct canvas *c, int kind, double x, double y, double r, enum ink ink, double alpha);

/* align 0: begins at x, 0.5: centred on it, 1: ends there. */
struct text_form {
	double size, align;
	enum ink ink;
	bool bold;
	bool upright; /* turned to be read from below */
};
void canvas_text(struct canvas *c, double x, double y, struct text_form f, const char *text);
/* About how wide a text is; the same for both kinds of canvas. */
double canvas_text_width(struct canvas *c, double size, const char *text);
/* The text, or its beginning and an ellipsis, in no more than width. */
const char *canvas_fit(struct canvas *c, double size, double width, const char *text);

/* What lies between belongs together and has a name: a tooltip of SVG. */
void canvas_group(struct canvas *c, const char *title);
void canvas_group_end(struct canvas *c);

/* The rules of the inks for a page's <style>: light, and dark where the reader's system is. */
void canvas_css(struct str *out);

/* The text without what HTML and SVG would read as theirs; bytes that are no UTF-8 become '?'. */
void html_escape(struct str *out, const char *text);

#endif
