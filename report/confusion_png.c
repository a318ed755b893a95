/* The picture: cells, names, key. */
#include <cairo.h>
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "report/confusion.h"

enum {
	CELL_MOST = 46, CELL_LEAST = 2, /* pixels */
	SIDE = 1600,                    /* of the matrix, about, when classes are many */
	COUNTED = 20,                   /* classes with counts in their cells */
	LABELLED = 9,                   /* smallest cell with names */
	NAME = 32,                      /* bytes of a name that are drawn */
	EDGE = 16, TITLE = 22, AXIS = 20, KEY_WIDTH = 14, KEY_GAP = 24, KEY_TEXT = 44,
};

struct drawing {
	const struct confusion *c;
	cairo_t *cr;
	double cell, font;
	double names;       /* room for the names, both ways; 0: none */
	double x, y, side;  /* of the matrix */
	double width, height;
};

/* Bytes of the valid, visible UTF-8 character at p; 0: none. cairo refuses all of a text for one bad byte. */
static size_t character(const unsigned char *p)
{
	static const struct { unsigned char from, to, second_from, second_to; size_t len; } form[] = {
		{0x20, 0x7e, 0, 0xff, 1},    {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
		{0xe1, 0xec, 0x80, 0xbf, 3},    {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
		{0xf0, 0xf0, 0x90, 0xbf, 4},    {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
	};
	for (size_t i = 0; i < sizeof form / sizeof *form; i++) {
		if (*p < form[i].from || *p > form[i].to || p[1] < form[i].second_from || p[1] > form[i].second_to)
			continue;
		for (size_t k = 2; k < form[i].len; k++)
			if ((p[k] & 0xc0) != 0x80)
				return 0;
		return form[i].len;
	}
	return 0;
}

/* A name as it is drawn: valid UTF-8, cut where it is long. */
static const char *shown(char out[NAME + 4], const char *name)
{
	size_t n = 0;
	for (const unsigned char *p = (const unsigned char *)name; *p; ) {
		const size_t len = character(p);
		if (n + (len ? len : 1) > NAME) {
			memcpy(out + n, "..", 3);
			return out;
		}
		out[n] = '?';
		memcpy(out + n, p, len);
		n += len ? len : 1;
		p += len ? len : 1;
	}
	out[n] = 0;
	return out;
}

static long sum_of(const long *row, int n)
{
	long sum = 0;
	for (int k = 0; k < n; k++)
		sum += row[k];
	return sum;
}

/* White over light to dark blue; small shares are raised so that a rare mistake is seen. */
static void set_colour(cairo_t *cr, double share)
{
	const double t = sqrt(share);
	cairo_set_source_rgb(cr, 1 - 0.92 * t, 1 - 0.72 * t, 1 - 0.42 * t);
}

/* Text in a box of no width: align 0 begins at x, .5 is centred on it, 1 ends there. y is its middle. */
static void text_at(cairo_t *cr, double x, double y, double align, const char *text)
{
	cairo_text_extents_t size;
	cairo_font_extents_t font;
	cairo_text_extents(cr, text, &size);
	cairo_font_extents(cr, &font);
	cairo_move_to(cr, x - align * size.x_advance, y + (font.ascent - font.descent) / 2);
	cairo_show_text(cr, text);
}

static void upright(cairo_t *cr, double x, double y, double align, const char *text)
{
	cairo_save(cr);
	cairo_translate(cr, x, y);
	cairo_rotate(cr, -M_PI / 2);
	text_at(cr, 0, 0, align, text);
	cairo_restore(cr);
}

static void lay_out(struct drawing *d)
{
	const int K = d->c->classes;
	double widest = 0, title = 0;
	cairo_text_extents_t size;
	char text[NAME + 4];
	d->cell = fmin(fmax(floor((double)SIDE / K), CELL_LEAST), CELL_MOST);
	d->font = fmin(13, d->cell * 0.8);
	cairo_set_font_size(d->cr, d->font);
	for (int k = 0; k < K && d->cell >= LABELLED; k++) {
		cairo_text_extents(d->cr, shown(text, d->c->name[k]), &size);
		widest = fmax(widest, size.x_advance);
	}
	cairo_set_font_size(d->cr, 14);
	cairo_text_extents(d->cr, d->c->title, &size);
	title = size.x_advance;
	d->names = ceil(widest) + (widest > 0 ? 8 : 0);
	d->side = d->cell * K;
	d->x = EDGE + AXIS + d->names;
	d->y = EDGE + TITLE + AXIS + d->names;
	d->width = fmax(d->x + d->side + KEY_GAP + KEY_WIDTH + KEY_TEXT + EDGE, title + 2 * EDGE);
	d->height = d->y + fmax(d->side, 120) + EDGE;
}

static void draw_cell(struct drawing *d, int i, int k, double share)
{
	const struct confusion *c = d->c;
	const long n = c->count[(size_t)i * (size_t)c->classes + (size_t)k];
	const double x = d->x + k * d->cell, y = d->y + i * d->cell, ink = share > 0.35;
	char count[24];
	set_colour(d->cr, share);
	cairo_rectangle(d->cr, x, y, d->cell, d->cell);
	cairo_fill(d->cr);
	if (c->classes > COUNTED || n == 0)
		return;
	snprintf(count, sizeof count, "%ld", n);
	cairo_set_font_size(d->cr, strlen(count) > 5 ? 9 : 12);
	cairo_set_source_rgb(d->cr, ink, ink, ink);
	text_at(d->cr, x + d->cell / 2, y + d->cell / 2, 0.5, count);
}

static void draw_cells(struct drawing *d)
{
	const int K = d->c->classes;
	for (int i = 0; i < K; i++) {
		const long *row = d->c->count + (size_t)i * (size_t)K;
		const long sum = sum_of(row, K);
		for (int k = 0; k < K; k++)
			draw_cell(d, i, k, sum ? (double)row[k] / (double)sum : 0);
	}
}

static void draw_grid(struct drawing *d)
{
	const bool lines = d->cell >= LABELLED;
	cairo_set_line_width(d->cr, 1);
	cairo_set_source_rgb(d->cr, 0.82, 0.82, 0.84);
	for (int k = 0; k <= d->c->classes; k++) {
		if (!lines && k > 0 && k < d->c->classes)
			continue;
		const double at = k * d->cell + 0.5;
		cairo_move_to(d->cr, d->x + at, d->y);
		cairo_rel_line_to(d->cr, 0, d->side);
		cairo_move_to(d->cr, d->x, d->y + at);
		cairo_rel_line_to(d->cr, d->side, 0);
	}
	cairo_stroke(d->cr);
}

static void draw_names(struct drawing *d)
{
	char text[NAME + 4];
	cairo_set_source_rgb(d->cr, 0.1, 0.1, 0.12);
	cairo_set_font_size(d->cr, d->font);
	for (int k = 0; k < d->c->classes && d->names > 0; k++) {
		const double at = (k + 0.5) * d->cell;
		shown(text, d->c->name[k]);
		text_at(d->cr, d->x - 6, d->y + at, 1, text);
		upright(d->cr, d->x + at, d->y - 6, 0, text);
	}
	cairo_set_font_size(d->cr, 14);
	text_at(d->cr, EDGE, EDGE + TITLE / 2.0, 0, d->c->title);
	cairo_set_font_size(d->cr, 12);
	cairo_set_source_rgb(d->cr, 0.35, 0.35, 0.4);
	text_at(d->cr, d->x + d->side / 2, EDGE + TITLE + AXIS / 2.0, 0.5, "answer");
	upright(d->cr, EDGE + AXIS / 2.0, d->y + d->side / 2, 0.5, "label");
}

/* What the colours mean: shares of a row from 0 at the bottom to 100 %. */
static void draw_key(struct drawing *d)
{
	const double x = d->x + d->side + KEY_GAP, h = fmin(fmax(d->side, 100), 240);
	char text[16];
	for (int i = 0; i < (int)h; i++) {
		set_colour(d->cr, 1 - i / h);
		cairo_rectangle(d->cr, x, d->y + i, KEY_WIDTH, 1);
		cairo_fill(d->cr);
	}
	cairo_set_source_rgb(d->cr, 0.35, 0.35, 0.4);
	cairo_set_font_size(d->cr, 11);
	for (int i = 0; i <= 4; i++) {
		snprintf(text, sizeof text, "%d %%", 100 - 25 * i);
		text_at(d->cr, x + KEY_WIDTH + 6, d->y + h * i / 4, 0, text);
	}
	text_at(d->cr, x, d->y - 14, 0, "of row");
}

static void draw(struct drawing *d)
{
	cairo_set_source_rgb(d->cr, 1, 1, 1);
	cairo_paint(d->cr);
	draw_cells(d);
	draw_grid(d);
	draw_names(d);
	draw_key(d);
}

static cairo_t *open_canvas(int width, int height)
{
	cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
	cairo_t *cr = cairo_create(surface);
	cairo_surface_destroy(surface); /* cr holds it */
	cairo_select_font_face(cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
	return cr;
}

static cairo_status_t write_png(void *file, const unsigned char *data, unsigned n)
{
	file_write(file, data, n);
	return CAIRO_STATUS_SUCCESS;
}

static enum status save(cairo_t *cr, const char *path, struct err *e)
{
	struct file *f = NULL;
	const enum status st = file_create(&f, path, e);
	if (st != OK)
		return st;
	cairo_status_t bad = cairo_status(cr);
	if (bad == CAIRO_STATUS_SUCCESS)
		bad = cairo_surface_write_to_png_stream(cairo_get_target(cr), write_png, f);
	if (bad == CAIRO_STATUS_SUCCESS)
		return file_commit(f, e);
	file_abandon(f);
	return err_env(e, "can't draw '%s': %s", path, cairo_status_to_string(bad));
}

enum status confusion_png(const struct confusion *c, const char *path, struct err *e)
{
	struct drawing d = {.c = c, .cr = open_canvas(1, 1)};
	lay_out(&d);
	cairo_destroy(d.cr);
	d.cr = open_canvas((int)ceil(d.width), (int)ceil(d.height));
	draw(&d);
	const enum status st = save(d.cr, path, e);
	cairo_destroy(d.cr);
	return st;
}
