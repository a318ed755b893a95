/* Frames, axes, keys. */
#include <math.h>
#include <string.h>

#include "report/chart_int.h"

static const struct stroke grid = {.ink = INK_GRID, .width = 1};
static const struct text_form tick = {.size = CHART_FONT, .ink = INK_MUTED};

static struct text_form aligned(struct text_form f, double align)
{
	f.align = align;
	return f;
}

static double widest(struct canvas *c, const struct axis *x)
{
	double w = 0;
	for (int i = 0; i < x->n; i++)
		w = fmax(w, canvas_text_width(c, CHART_FONT, x->label[i]));
	return w;
}

static void draw_across(struct canvas *c, const struct axis *x, double top, double bottom, const char *label)
{
	for (int i = 0; i < x->n; i++) {
		const double at = axis_at(x, x->tick[i]);
		const double half = canvas_text_width(c, CHART_FONT, x->label[i]) / 2;
		canvas_line(c, at, top, at, bottom, grid);
		const double inside = fmin(fmax(at, half), canvas_width(c) - half); /* the last one may stand at the edge */
		canvas_text(c, inside, bottom + 13, aligned(tick, 0.5), x->label[i]);
	}
	canvas_text(c, (x->from + x->to) / 2, bottom + 32, aligned(tick, 0.5), canvas_fit(c, CHART_FONT, x->to - x->from, label));
}

struct frame frame_draw(struct canvas *c, const double x[2], const double y[2], int how_x, int how_y, const char *x_label, const char *y_label,
                        double below)
{
	struct frame f = {.y = CHART_EDGE + 22, .w = 10};
	f.h = canvas_height(c) - f.y - AXIS_BELOW - below;
	f.up = axis_new(canvas_arena(c), y[0], y[1], (int)fmax(2, f.h / 40), how_y);
	f.up.from = f.y + f.h;
	f.up.to = f.y;
	f.x = CHART_EDGE + widest(c, &f.up) + 8;
	f.w = canvas_width(c) - f.x - CHART_EDGE - 8;
	f.across = axis_across(c, x[0], x[1], f.x, f.x + f.w, CHART_FONT, how_x);
	for (int i = 0; i < f.up.n; i++) {
		const double at = axis_at(&f.up, f.up.tick[i]);
		canvas_line(c, f.x, at, f.x + f.w, at, grid);
		canvas_text(c, f.x - 7, at, aligned(tick, 1), f.up.label[i]);
	}
	draw_across(c, &f.across, f.y, f.y + f.h, x_label);
	canvas_line(c, f.x, f.y, f.x, f.y + f.h, (struct stroke){.ink = INK_MUTED, .width = 1});
	canvas_line(c, f.x, f.y + f.h, f.x + f.w, f.y + f.h, (struct stroke){.ink = INK_MUTED, .width = 1});
	canvas_text(c, CHART_EDGE, CHART_EDGE + 6, (struct text_form){.size = CHART_FONT + 1, .ink = INK_TEXT, .bold = true},
	            canvas_fit(c, CHART_FONT + 2, canvas_width(c) - 2 * CHART_EDGE, y_label));
	return f;
}

struct label label_wrap(struct canvas *c, double size, double width, const char *text)
{
	struct arena *a = canvas_arena(c);
	struct label l = {0};
	const char *p = text;
	while (l.n < LABEL_LINES - 1 && canvas_text_width(c, size, p) > width) {
		const char *end = NULL;
		for (const char *q = strchr(p, ' '); q && canvas_text_width(c, size, arena_strn(a, p, (size_t)(q - p))) <= width; q = strchr(q + 1, ' '))
			end = q;
		if (!end || end == p)
			break; /* a word that is wider: cut below */
		l.line[l.n++] = arena_strn(a, p, (size_t)(end - p));
		p = end + 1;
	}
	l.line[l.n++] = canvas_fit(c, size, width, p);
	return l;
}

enum { ROW_TEXT = 11, ROW_LINE = 31, ROW_HEIGHT = 44 };
#define ROW_SIZE (CHART_FONT * 1.08) /* bold is wider than what is measured */

double rows_place(struct canvas *c, int n, struct row *row)
{
	double top = CHART_EDGE;
	for (int i = 0; i < n; i++) {
		const double value = row[i].value ? canvas_text_width(c, CHART_FONT, row[i].value) + 14 : 0;
		row[i].label = label_wrap(c, ROW_SIZE, canvas_width(c) - 2 * CHART_EDGE - 16 - value, row[i].text);
		const double more = (row[i].label.n - 1) * LINE_STEP;
		row[i].top = top;
		row[i].line = top + ROW_LINE + more;
		row[i].bottom = top += ROW_HEIGHT + more;
	}
	return top;
}

static void row_text(struct canvas *c, const struct row *r)
{
	const struct text_form name = {.size = CHART_FONT, .ink = INK_TEXT, .bold = true}, value = {.size = CHART_FONT, .align = 1, .ink = INK_MUTED};
	/* no grid behind text */
	canvas_rect(c, CHART_EDGE, r->top, canvas_width(c) - 2 * CHART_EDGE, ROW_TEXT * 1.8 + (r->label.n - 1) * LINE_STEP, INK_PAPER, 1);
	for (int i = 0; i < r->label.n; i++)
		canvas_text(c, CHART_EDGE + 8, r->top + ROW_TEXT + i * LINE_STEP, name, r->label.line[i]);
	if (r->value)
		canvas_text(c, canvas_width(c) - CHART_EDGE - 8, r->top + ROW_TEXT, value, r->value);
}

struct axis rows_draw(struct canvas *c, double lo, double hi, int n, const struct row *row, const char *x_label)
{
	const double bottom = n ? row[n - 1].bottom : CHART_EDGE;
	struct axis x = axis_across(c, lo, hi, CHART_EDGE + 8, canvas_width(c) - CHART_EDGE - 8, CHART_FONT, AXIS_PLAIN);
	draw_across(c, &x, CHART_EDGE, bottom, x_label);
	canvas_line(c, x.from, bottom, x.to, bottom, (struct stroke){.ink = INK_MUTED, .width = 1});
	for (int i = 0; i < n; i++)
		row_text(c, &row[i]);
	return x;
}

static void key_sample(struct canvas *c, double x, double y, enum key_kind kind, int style)
{
	const enum ink ink = series_ink(style);
	if (kind == KEY_LINE)
		canvas_line(c, x, y, x + 30, y, (struct stroke){.ink = ink, .width = 2.4, .dash = style});
	if (kind == KEY_BOX)
		canvas_rect(c, x + 7, y - 7, 16, 14, ink, 0.85);
	canvas_mark(c, style, x + 15, y, 4, kind == KEY_BOX ? INK_PAPER : ink, 1);
}

double key_draw(struct canvas *c, double y, enum key_kind kind, int n, const struct key *key)
{
	const double sample = kind == KEY_LINE ? 36 : 26, room = canvas_width(c) - 2 * CHART_EDGE;
	double x = CHART_EDGE, top = 0, height = 0; /* of the row at hand */
	for (int i = 0; i < n; i++) {
		const struct label l = label_wrap(c, CHART_FONT, room - sample, key[i].label);
		double w = sample + 14;
		for (int k = 0; k < l.n; k++)
			w = fmax(w, sample + canvas_text_width(c, CHART_FONT, l.line[k]) + 14);
		if (x > CHART_EDGE && x + w - 14 > CHART_EDGE + room) {
			x = CHART_EDGE;
			top += height;
			height = 0;
		}
		for (int k = 0; k < l.n && y >= 0; k++)
			canvas_text(c, x + sample, y + top + LINE_STEP * (k + 0.6), (struct text_form){.size = CHART_FONT, .ink = INK_TEXT}, l.line[k]);
		if (y >= 0)
			key_sample(c, kind == KEY_LINE ? x : x - 6, y + top + LINE_STEP * 0.6, kind, key[i].style);
		height = fmax(height, l.n * LINE_STEP + 4);
		x += w;
	}
	return top + height;
}

double key_height(struct arena *a, double width, enum key_kind kind, int n, const struct key *key)
{
	struct canvas *c = canvas_png(a, width, 1);
	const double h = key_draw(c, -1, kind, n, key);
	canvas_close(c, NULL, NULL);
	return h;
}
