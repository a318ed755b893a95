#include "report/gradcam_sheet.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "report/canvas.h"
#include "report/colours.h"

enum {
	CELL_ABOUT = 112, CELL_MOST = 224, /* pixels of a picture's longer side */
	EDGE = 16, GAP = 8, LINE = 18, HEAD = 24, NAMES = 132, GROUP = 28, BAR = 12, BAR_LENGTH = 220, BARS = 66, SMALL = 11,
	WITHIN = 98, /* per cent */
	SECOND_BAR = EDGE + NAMES + BAR_LENGTH + GROUP, /* where it begins */
};

struct layout {
	double w, h;        /* of a cell */
	double x, y;        /* of the first */
	double most;        /* the ends of the differences' colours */
	double width, height;
};

/* Columns: the picture, the heat maps, the differences. */
static double column_x(const struct sheet *s, const struct layout *l, int i)
{
	return l->x + i * (l->w + GAP) + (i > 0 ? GROUP - GAP : 0) + (i > s->n_column ? GROUP - GAP : 0);
}

static double largest(const double *map, int n)
{
	double most = 0;
	for (int i = 0; i < n; i++)
		most = fmax(most, fabs(map[i]));
	return most;
}

/* false: one of the two networks lacks the layer. */
static bool difference(const struct sheet_row *r, int column, int n, double *out)
{
	const double *a = r->map[column], *b = r->map[0];
	for (int i = 0; a && b && i < n; i++)
		out[i] = a[i] - b[i];
	return a && b;
}

static int by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* What WITHIN of all differences of the sheet do not exceed, so that a few pixels don't make the rest pale; the largest where that is 0. */
static double difference_scale(struct arena *a, const struct sheet *s)
{
	const int n = s->H * s->W;
	double *all = NEW_ARRAY(a, double, (size_t)s->n_row * (size_t)(s->n_column - 1) * (size_t)n);
	size_t many = 0;
	for (int i = 0; i < s->n_row; i++)
		for (int k = 1; k < s->n_column; k++)
			if (difference(&s->row[i], k, n, all + many))
				many += (size_t)n;
	for (size_t i = 0; i < many; i++)
		all[i] = fabs(all[i]);
	if (!many)
		return 0;
	qsort(all, many, sizeof *all, by_size);
	const double within = all[(many - 1) * WITHIN / 100];
	return within > 0 ? within : all[many - 1];
}

/* Of the second bar of colours. */
static const char *difference_text(struct arena *a, const struct sheet *s)
{
	return arena_printf(a, "share of the map's sum in a pixel, minus that of %s; %d %% of all pixels are between the ends", s->column[0], WITHIN);
}

static struct layout lay_out(struct canvas *c, const struct sheet *s)
{
	const int longer = s->H > s->W ? s->H : s->W, columns = 2 * s->n_column;
	double scale = fmax(round((double)CELL_ABOUT / longer), 1);
	if (longer > CELL_MOST)
		scale = (double)CELL_MOST / longer;
	struct layout l = {.w = round(s->W * scale), .h = round(s->H * scale), .x = EDGE + NAMES, .y = EDGE + 2 * LINE + 2 * HEAD};
	l.most = difference_scale(canvas_arena(c), s);
	l.width = fmax(column_x(s, &l, columns - 1) + l.w + EDGE, SECOND_BAR + BAR_LENGTH + GROUP + 240);
	if (s->n_column > 1)
		l.width = fmax(l.width, SECOND_BAR + canvas_text_width(c, SMALL, difference_text(canvas_arena(c), s)) + EDGE);
	l.width = ceil(fmax(l.width, canvas_text_width(c, 12, s->note) + 2 * EDGE));
	l.height = ceil(l.y + s->n_row * (l.h + GAP) + BARS);
	return l;
}

static double grey(const struct sheet *s, const uint8_t *p)
{
	return s->C < 3 ? p[0] : 0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2];
}

/* The map's colours over a pale grey print of the picture. */
static void heat_pixels(const struct sheet *s, const struct sheet_row *r, const double *map, uint8_t *out)
{
	const int n = s->H * s->W;
	const double most = largest(map, n);
	for (int i = 0; i < n; i++) {
		uint8_t *to = out + 3 * i;
		colour_heat(most > 0 ? map[i] / most : 0, to);
		for (int c = 0; c < 3; c++)
			to[c] = (uint8_t)lround(0.72 * to[c] + 0.28 * grey(s, r->pixels + (size_t)i * (size_t)s->C));
	}
}

static void cell(struct canvas *c, const struct layout *l, double x, double y, const uint8_t *pixels, const struct sheet *s)
{
	canvas_pixels(c, x, y, l->w, l->h, pixels, s->H, s->W);
}

static void cell_text(struct canvas *c, const struct layout *l, double x, double y, enum ink ink, const char *text)
{
	const double size = 11;
	canvas_text(c, x + l->w / 2, y + l->h / 2, (struct text_form){.size = size, .align = 0.5, .ink = ink}, canvas_fit(c, size, l->w, text));
}

static void draw_row(struct canvas *c, const struct sheet *s, const struct layout *l, int i)
{
	const struct sheet_row *r = &s->row[i];
	const int n = s->H * s->W;
	const double y = l->y + i * (l->h + GAP);
	uint8_t *out = arena_alloc(canvas_arena(c), 3 * (size_t)n);
	double *d = NEW_ARRAY(canvas_arena(c), double, n);
	const struct text_form name = {.size = 13, .ink = INK_TEXT}, note = {.size = 11, .ink = INK_MUTED};
	canvas_text(c, EDGE, y + l->h / 2 - (r->note ? 8 : 0), name, canvas_fit(c, name.size, NAMES - GAP, r->name));
	if (r->note)
		canvas_text(c, EDGE, y + l->h / 2 + 9, note, canvas_fit(c, note.size, NAMES - GAP, r->note));
	for (int p = 0; p < n; p++)
		for (int k = 0; k < 3; k++)
			out[3 * p + k] = r->pixels[p * s->C + (s->C == 3 ? k : 0)];
	cell(c, l, column_x(s, l, 0), y, out, s);
	for (int k = 0; k < s->n_column; k++) {
		const double x = column_x(s, l, 1 + k);
		if (!r->map[k]) {
			cell_text(c, l, x, y, INK_MUTED, "no such layer");
			continue;
		}
		heat_pixels(s, r, r->map[k], out);
		cell(c, l, x, y, out, s);
		if (largest(r->map[k], n) <= 0)
			cell_text(c, l, x, y, INK_PAPER, "all zero");
	}
	for (int k = 1; k < s->n_column; k++) {
		const double x = column_x(s, l, s->n_column + k);
		if (!difference(r, k, n, d))
			continue;
		for (int p = 0; p < n; p++)
			colour_signed(l->most > 0 ? d[p] / l->most : 0, out + 3 * p);
		cell(c, l, x, y, out, s);
		canvas_line(c, x, y, x + l->w, y, (struct stroke){.ink = INK_GRID, .width = 1});
		canvas_line(c, x, y + l->h, x + l->w, y + l->h, (struct stroke){.ink = INK_GRID, .width = 1});
		canvas_line(c, x, y, x, y + l->h, (struct stroke){.ink = INK_GRID, .width = 1});
		canvas_line(c, x + l->w, y, x + l->w, y + l->h, (struct stroke){.ink = INK_GRID, .width = 1});
	}
}

static void draw_head(struct canvas *c, const struct sheet *s, const struct layout *l)
{
	const double groups = EDGE + 2 * LINE + HEAD / 2.0, names = groups + HEAD;
	const struct text_form group = {.size = 12, .ink = INK_MUTED}, name = {.size = 13, .align = 0.5, .ink = INK_TEXT};
	canvas_text(c, EDGE, EDGE + LINE / 2.0, (struct text_form){.size = 15, .ink = INK_TEXT, .bold = true}, s->title);
	canvas_text(c, EDGE, EDGE + 1.5 * LINE, group, s->note);
	canvas_text(c, column_x(s, l, 1), groups, group, "heat maps");
	if (s->n_column > 1)
		canvas_text(c, column_x(s, l, s->n_column + 1), groups, group, canvas_fit(c, group.size, (s->n_column - 1) * (l->w + GAP), arena_printf(canvas_arena(c), "minus %s", s->column[0])));
	canvas_text(c, column_x(s, l, 0) + l->w / 2, names, name, "picture");
	for (int k = 0; k < s->n_column; k++) {
		const char *fit = canvas_fit(c, name.size, l->w + GAP, s->column[k]);
		canvas_text(c, column_x(s, l, 1 + k) + l->w / 2, names, name, fit);
		if (k)
			canvas_text(c, column_x(s, l, s->n_column + k) + l->w / 2, names, name, fit);
	}
}

/* A bar of colours with what its ends and middle are. */
static void draw_bar(struct canvas *c, double x, double y, void (*colour)(double, uint8_t *), double from, const char *const text[3], const char *what)
{
	enum { STEPS = 256 };
	uint8_t rgb[3 * STEPS];
	const struct text_form small = {.size = SMALL, .ink = INK_MUTED};
	for (int i = 0; i < STEPS; i++)
		colour(from + (1 - from) * i / (STEPS - 1), rgb + 3 * i);
	canvas_text(c, x, y, small, what);
	canvas_pixels(c, x, y + 10, BAR_LENGTH, BAR, rgb, 1, STEPS);
	for (int i = 0; i < 3; i++)
		canvas_text(c, x + BAR_LENGTH * i / 2.0, y + 10 + BAR + 9, (struct text_form){.size = 11, .align = i / 2.0, .ink = INK_MUTED}, text[i]);
}

static void draw(struct canvas *c, const struct sheet *s, const struct layout *l)
{
	char less[32], more[32];
	const double y = l->height - BARS + 14;
	snprintf(less, sizeof less, "-%.2g %%", 100 * l->most);
	snprintf(more, sizeof more, "+%.2g %%", 100 * l->most);
	draw_head(c, s, l);
	for (int i = 0; i < s->n_row; i++)
		draw_row(c, s, l, i);
	draw_bar(c, EDGE + NAMES, y, colour_heat, 0, (const char *const[]){"0", "", "its largest"}, "heat, each map by itself");
	if (s->n_column > 1)
		draw_bar(c, SECOND_BAR, y, colour_signed, -1, (const char *const[]){less, "0", more}, difference_text(canvas_arena(c), s));
}

enum status sheet_png(const struct sheet *s, const char *path, struct err *e)
{
	struct arena *a = arena_open("sheet");
	struct str png = {0};
	struct canvas *measure = canvas_png(a, 1, 1);
	const struct layout l = lay_out(measure, s);
	canvas_close(measure, NULL, NULL);
	struct canvas *c = canvas_png(a, l.width, l.height);
	draw(c, s, &l);
	enum status st = canvas_close(c, &png, e);
	if (st == OK)
		st = file_put(path, png.text, png.len, e);
	str_release(&png);
	arena_close(a);
	return st;
}
