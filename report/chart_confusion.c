/* The matrix as a picture: cells, names, key. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "report/confusion.h"

enum {
	CELL_MOST = 46, CELL_LEAST = 2, /* pixels */
	SIDE = 1600,                    /* of the matrix, about, when classes are many */
	COUNTED = 20,                   /* classes with counts in their cells */
	LABELLED = 9,                   /* smallest cell with names */
	NAME_MOST = 150,                /* pixels of a name */
	EDGE = 16, TITLE = 22, AXIS = 20, KEY_WIDTH = 14, KEY_GAP = 24, KEY_TEXT = 44,
};

struct layout {
	double cell, font;
	double names;       /* room for the names, both ways; 0: none */
	double x, y, side;  /* of the matrix */
	double width, height;
};

static long sum_of(const long *row, int n)
{
	long sum = 0;
	for (int k = 0; k < n; k++)
		sum += row[k];
	return sum;
}

static struct layout lay_out(struct canvas *canvas, const struct confusion *c)
{
	const int K = c->classes;
	struct layout l = {.cell = fmin(fmax(floor((double)SIDE / K), CELL_LEAST), CELL_MOST)};
	double widest = 0;
	l.font = fmin(13, l.cell * 0.8);
	for (int k = 0; k < K && l.cell >= LABELLED; k++)
		widest = fmax(widest, canvas_text_width(canvas, l.font, canvas_fit(canvas, l.font, NAME_MOST, c->name[k])));
	const double title = c->title ? canvas_text_width(canvas, 14, c->title) : 0;
	l.names = ceil(widest) + (widest > 0 ? 8 : 0);
	l.side = l.cell * K;
	l.x = EDGE + AXIS + l.names;
	l.y = EDGE + (c->title ? TITLE : 0) + AXIS + l.names;
	l.width = ceil(fmax(l.x + l.side + KEY_GAP + KEY_WIDTH + KEY_TEXT + EDGE, title + 2 * EDGE));
	l.height = ceil(l.y + fmax(l.side, 120) + EDGE);
	return l;
}

/* Small shares are raised, so that a rare mistake is seen. */
static void draw_cell(struct canvas *canvas, const struct confusion *c, const struct layout *l, int i, int k, double share)
{
	const long n = c->count[(size_t)i * (size_t)c->classes + (size_t)k];
	const double x = l->x + k * l->cell, y = l->y + i * l->cell;
	char count[24];
	if (n == 0)
		return;
	canvas_rect(canvas, x, y, l->cell, l->cell, INK_HEAT, fmax(sqrt(share), 0.01));
	if (c->classes > COUNTED)
		return;
	snprintf(count, sizeof count, "%ld", n);
	canvas_text(canvas, x + l->cell / 2, y + l->cell / 2,
	            (struct text_form){.size = strlen(count) > 5 ? 9 : 12, .align = 0.5, .ink = share > 0.25 ? INK_PAPER : INK_TEXT}, count);
}

static void draw_cells(struct canvas *canvas, const struct confusion *c, const struct layout *l)
{
	const int K = c->classes;
	for (int i = 0; i < K; i++) {
		const long *row = c->count + (size_t)i * (size_t)K;
		const long sum = sum_of(row, K);
		for (int k = 0; k < K; k++)
			draw_cell(canvas, c, l, i, k, sum ? (double)row[k] / (double)sum : 0);
	}
}

static void draw_grid(struct canvas *canvas, const struct confusion *c, const struct layout *l)
{
	const struct stroke line = {.ink = INK_GRID, .width = 1};
	for (int k = 0; k <= c->classes; k++) {
		if (l->cell < LABELLED && k > 0 && k < c->classes)
			continue;
		const double at = k * l->cell;
		canvas_line(canvas, l->x + at, l->y, l->x + at, l->y + l->side, line);
		canvas_line(canvas, l->x, l->y + at, l->x + l->side, l->y + at, line);
	}
}

static void draw_names(struct canvas *canvas, const struct confusion *c, const struct layout *l)
{
	const double top = EDGE + (c->title ? TITLE : 0);
	const struct text_form axis = {.size = 12, .align = 0.5, .ink = INK_MUTED};
	for (int k = 0; k < c->classes && l->names > 0; k++) {
		const double at = (k + 0.5) * l->cell;
		const char *name = canvas_fit(canvas, l->font, NAME_MOST, c->name[k]);
		canvas_text(canvas, l->x - 6, l->y + at, (struct text_form){.size = l->font, .align = 1, .ink = INK_TEXT}, name);
		canvas_text(canvas, l->x + at, l->y - 6, (struct text_form){.size = l->font, .ink = INK_TEXT, .upright = true}, name);
	}
	if (c->title)
		canvas_text(canvas, EDGE, EDGE + TITLE / 2.0, (struct text_form){.size = 14, .ink = INK_TEXT}, c->title);
	canvas_text(canvas, l->x + l->side / 2, top + AXIS / 2.0, axis, "answer");
	canvas_text(canvas, EDGE + AXIS / 2.0, l->y + l->side / 2,
	            (struct text_form){.size = 12, .align = 0.5, .ink = INK_MUTED, .upright = true}, "label");
}

/* What the colours mean: shares of a row from 0 at the bottom to 100 %. */
static void draw_key(struct canvas *canvas, const struct layout *l)
{
	enum { STEPS = 40 };
	const double x = l->x + l->side + KEY_GAP, h = fmin(fmax(l->side, 100), 240);
	const struct text_form small = {.size = 11, .ink = INK_MUTED};
	char text[16];
	for (int i = 0; i < STEPS; i++)
		canvas_rect(canvas, x, l->y + h * i / STEPS, KEY_WIDTH, h / STEPS, INK_HEAT, sqrt(1 - (double)i / STEPS));
	for (int i = 0; i <= 4; i++) {
		snprintf(text, sizeof text, "%d %%", 100 - 25 * i);
		canvas_text(canvas, x + KEY_WIDTH + 6, l->y + h * i / 4, small, text);
	}
	canvas_text(canvas, x, l->y - 14, small, "of row");
}

void chart_confusion(struct canvas *canvas, const struct confusion *c)
{
	const struct layout l = lay_out(canvas, c);
	draw_cells(canvas, c, &l);
	draw_grid(canvas, c, &l);
	draw_names(canvas, c, &l);
	draw_key(canvas, &l);
}

void chart_confusion_size(struct arena *a, const struct confusion *c, double *width, double *height)
{
	struct canvas *measure = canvas_png(a, 1, 1);
	const struct layout l = lay_out(measure, c);
	*width = l.width;
	*height = l.height;
	canvas_close(measure, NULL, NULL);
}

enum status confusion_png(const struct confusion *c, const char *path, struct err *e)
{
	struct arena *a = arena_open("confusion");
	struct str png = {0};
	double width, height;
	chart_confusion_size(a, c, &width, &height);
	struct canvas *canvas = canvas_png(a, width, height);
	chart_confusion(canvas, c);
	enum status st = canvas_close(canvas, &png, e);
	if (st == OK)
		st = file_put(path, png.text, png.len, e);
	str_release(&png);
	arena_close(a);
	return st;
}
