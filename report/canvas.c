#include "report/canvas.h"

#include <math.h>
#include <string.h>

#include "base/utf8.h"
#include "report/canvas_int.h"

const struct rgb ink_light[INK_COUNT] = {
	{0x1a, 0x1c, 0x20}, {0x5a, 0x60, 0x68}, {0xd9, 0xdc, 0xe1}, {0xff, 0xff, 0xff}, {0x14, 0x47, 0x94},
	{0x00, 0x72, 0xb2}, {0xd5, 0x5e, 0x00}, {0x00, 0x9e, 0x73}, {0xcc, 0x79, 0xa7}, {0x30, 0x33, 0x38}, {0xe6, 0x9f, 0x00}, {0x56, 0xb4, 0xe9},
};
/* The darkest of the colours are lighter here, as far as they stay apart. */
const struct rgb ink_dark[INK_COUNT] = {
	{0xe8, 0xea, 0xed}, {0xa4, 0xab, 0xb5}, {0x3a, 0x40, 0x49}, {0x15, 0x18, 0x1d}, {0x74, 0xb2, 0xff},
	{0x35, 0x94, 0xd6}, {0xf0, 0x78, 0x1e}, {0x10, 0xb6, 0x86}, {0xd9, 0x8d, 0xb8}, {0xd0, 0xd4, 0xda}, {0xe6, 0x9f, 0x00}, {0x8c, 0xd0, 0xf5},
};

const double dash_pattern[DASH_KINDS][4] = {{0}, {7, 4, 7, 4}, {2, 3, 2, 3}, {10, 3, 2, 3}, {14, 4, 14, 4}};

const struct mark_shape mark_shapes[MARK_KINDS] = {
	{0, {{0}}, true},
	{4, {{-0.86, -0.86}, {0.86, -0.86}, {0.86, 0.86}, {-0.86, 0.86}}, true},
	{3, {{0, -1.15}, {1.1, 0.85}, {-1.1, 0.85}}, true},
	{4, {{0, -1.25}, {1.1, 0}, {0, 1.25}, {-1.1, 0}}, true},
	{0, {{0}}, false},
	{12, {{-0.3, -1}, {0.3, -1}, {0.3, -0.3}, {1, -0.3}, {1, 0.3}, {0.3, 0.3}, {0.3, 1}, {-0.3, 1}, {-0.3, 0.3}, {-1, 0.3}, {-1, -0.3}, {-0.3, -0.3}}, true},
};

enum ink series_ink(int i)
{
	return (enum ink)(INK_SERIES + i % SERIES_INKS);
}

const char *text_clean(struct arena *a, const char *text)
{
	char *out = arena_str(a, text);
	size_t n = 0;
	for (const char *p = text; *p;) {
		const char *start = p;
		const int code = utf8_next(&p);
		if (code < 0x20 || (code >= 0x7f && code < 0xa0)) {
			out[n++] = '?';
			continue;
		}
		memmove(out + n, start, (size_t)(p - start));
		n += (size_t)(p - start);
	}
	out[n] = 0;
	return out;
}

struct canvas *canvas_svg(struct arena *a, struct str *out, const char *id, const char *title, const char *description, double width,
                          double height, bool alone)
{
	struct canvas *c = NEW(a, struct canvas);
	*c = (struct canvas){.arena = a, .width = width, .height = height, .svg = out, .pen = pen_open(a, 1, 1)};
	svg_begin(c, id, title, description, alone);
	return c;
}

struct canvas *canvas_png(struct arena *a, double width, double height)
{
	struct canvas *c = NEW(a, struct canvas);
	*c = (struct canvas){.arena = a, .width = width, .height = height, .pen = pen_open(a, width, height)};
	return c;
}

enum status canvas_close(struct canvas *c, struct str *png, struct err *e)
{
	enum status st = OK;
	if (c->svg)
		str_add(c->svg, "</svg>\n");
	else if (png)
		st = pen_png(c->pen, png, e);
	pen_close(c->pen);
	return st;
}

struct arena *canvas_arena(const struct canvas *c)
{
	return c->arena;
}

double canvas_width(const struct canvas *c)
{
	return c->width;
}

double canvas_height(const struct canvas *c)
{
	return c->height;
}

static void draw_run(struct canvas *c, int n, const double *x, const double *y, struct stroke s)
{
	if (n == 1)
		canvas_mark(c, 0, x[0], y[0], s.width, s.ink, s.alpha);
	else if (n > 1 && c->svg)
		svg_polyline(c, n, x, y, false, s);
	else if (n > 1)
		pen_polyline(c->pen, n, x, y, false, s);
}

void canvas_polyline(struct canvas *c, int n, const double *x, const double *y, struct stroke s)
{
	int from = 0;
	for (int i = 0; i <= n; i++) {
		if (i < n && isfinite(x[i]) && isfinite(y[i]))
			continue;
		draw_run(c, i - from, x + from, y + from, s);
		from = i + 1;
	}
}

void canvas_line(struct canvas *c, double x1, double y1, double x2, double y2, struct stroke s)
{
	const double x[] = {x1, x2}, y[] = {y1, y2};
	canvas_polyline(c, 2, x, y, s);
}

void canvas_rect(struct canvas *c, double x, double y, double w, double h, enum ink fill, double alpha)
{
	const double xs[] = {x, x + w, x + w, x}, ys[] = {y, y, y + h, y + h};
	if (!(w > 0) || !(h > 0))
		return;
	if (c->svg)
		svg_rect(c, x, y, w, h, fill, alpha);
	else
		pen_fill(c->pen, 4, xs, ys, fill, alpha);
}

void canvas_pixels(struct canvas *c, double x, double y, double w, double h, const uint8_t *pixels, int H, int W)
{
	BUG_IF(c->svg, "pixels are for a PNG");
	pen_pixels(c->pen, x, y, w, h, pixels, H, W);
}

void canvas_mark(struct canvas *c, int kind, double x, double y, double r, enum ink ink, double alpha)
{
	const struct mark_shape *m = &mark_shapes[kind % MARK_KINDS];
	double xs[12], ys[12];
	if (!isfinite(x) || !isfinite(y))
		return;
	if (!m->n && c->svg) {
		svg_circle(c, x, y, r, m->filled, ink, alpha);
		return;
	}
	if (!m->n) {
		pen_circle(c->pen, x, y, r, m->filled, ink, alpha);
		return;
	}
	for (int i = 0; i < m->n; i++) {
		xs[i] = x + r * m->at[i][0];
		ys[i] = y + r * m->at[i][1];
	}
	if (c->svg)
		svg_fill(c, m->n, xs, ys, ink, alpha);
	else
		pen_fill(c->pen, m->n, xs, ys, ink, alpha);
}

void canvas_text(struct canvas *c, double x, double y, struct text_form f, const char *text)
{
	const char *clean = text_clean(c->arena, text);
	if (c->svg)
		svg_text(c, x, y, f, clean);
	else
		pen_text(c->pen, x, y, f, clean);
}

double canvas_text_width(struct canvas *c, double size, const char *text)
{
	return pen_text_width(c->pen, size, false, text_clean(c->arena, text));
}

const char *canvas_fit(struct canvas *c, double size, double width, const char *text)
{
	if (canvas_text_width(c, size, text) <= width)
		return text;
	size_t n = strlen(text);
	const char *cut = "";
	while (n > 0) {
		do
			n--;
		while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80); /* a character goes whole */
		cut = arena_printf(c->arena, "%.*s\xe2\x80\xa6", (int)n, text);
		if (canvas_text_width(c, size, cut) <= width)
			break;
	}
	return cut;
}

void canvas_group(struct canvas *c, const char *title)
{
	if (!c->svg)
		return;
	str_add(c->svg, "<g><title>");
	html_escape(c->svg, title);
	str_add(c->svg, "</title>\n");
}

void canvas_group_end(struct canvas *c)
{
	if (c->svg)
		str_add(c->svg, "</g>\n");
}

void html_escape(struct str *out, const char *text)
{
	for (const char *p = text; *p;) {
		const char *start = p;
		const int code = utf8_next(&p);
		switch (code) {
		case '&':
			str_add(out, "&amp;");
			break;
		case '<':
			str_add(out, "&lt;");
			break;
		case '>':
			str_add(out, "&gt;");
			break;
		case '"':
			str_add(out, "&quot;");
			break;
		case '\'':
			str_add(out, "&#39;");
			break;
		case '\n':
		case '\t':
			str_addn(out, start, 1);
			break;
		default:
			if (code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xfffe || code == 0xffff)
				str_add(out, "?");
			else
				str_addn(out, start, (size_t)(p - start));
		}
	}
}
