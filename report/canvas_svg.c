/* The canvas as SVG text. Shapes are drawn in currentColor, and a class of the ink sets that. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/canvas_int.h"

static const char *const ink_class[INK_COUNT] = {"it", "im", "ig", "ip", "ih", "i0", "i1", "i2", "i3", "i4", "i5", "i6"};

/* A coordinate in tenths of a pixel, as short as it goes. */
static void number(struct str *s, double v)
{
	char text[32];
	snprintf(text, sizeof text, "%.1f", v);
	if (str_ends(text, ".0"))
		text[strlen(text) - 2] = 0;
	str_add(s, str_eq(text, "-0") ? "0" : text);
}

static void attribute(struct str *s, const char *name, double v)
{
	str_printf(s, " %s=\"", name);
	number(s, v);
	str_add(s, "\"");
}

static void points(struct str *s, int n, const double *x, const double *y)
{
	for (int i = 0; i < n; i++) {
		str_add(s, i ? " " : "");
		number(s, x[i]);
		str_add(s, ",");
		number(s, y[i]);
	}
}

static void css_inks(struct str *out, const struct rgb *rgb, const char *indent)
{
	for (int i = 0; i < INK_COUNT; i++)
		str_printf(out, "%s.%s{color:#%02x%02x%02x}\n", indent, ink_class[i], rgb[i].r, rgb[i].g, rgb[i].b);
}

void canvas_css(struct str *out)
{
	css_inks(out, ink_light, "");
	str_add(out, "@media screen and (prefers-color-scheme:dark){\n");
	css_inks(out, ink_dark, " ");
	str_add(out, "}\nsvg text{font-family:system-ui,\"Segoe UI\",Roboto,\"Helvetica Neue\",Arial,sans-serif;font-variant-numeric:tabular-nums}\n");
}

void svg_begin(struct canvas *c, const char *id, const char *title, const char *description, bool alone)
{
	struct str *s = c->svg;
	str_add(s, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ");
	number(s, c->width);
	str_add(s, " ");
	number(s, c->height);
	str_add(s, "\"");
	if (alone) {
		attribute(s, "width", c->width);
		attribute(s, "height", c->height);
	}
	str_printf(s, " role=\"img\" aria-labelledby=\"%s-t %s-d\">\n<title id=\"%s-t\">", id, id, id);
	html_escape(s, title);
	str_printf(s, "</title>\n<desc id=\"%s-d\">", id);
	html_escape(s, description);
	str_add(s, "</desc>\n");
	if (!alone)
		return;
	str_add(s, "<style>\n");
	canvas_css(s);
	str_add(s, "</style>\n<rect width=\"100%\" height=\"100%\" class=\"ip\" fill=\"currentColor\"/>\n");
}

static void see_through(struct str *s, double alpha)
{
	if (alpha > 0 && alpha < 1)
		str_printf(s, " opacity=\"%.3g\"", alpha);
}

static void stroke_of(struct str *s, struct stroke k)
{
	str_printf(s, " class=\"%s\" fill=\"none\" stroke=\"currentColor\"", ink_class[k.ink]);
	attribute(s, "stroke-width", k.width);
	see_through(s, k.alpha);
	const double *dash = dash_pattern[k.dash % DASH_KINDS];
	if (dash[0] > 0)
		str_printf(s, " stroke-dasharray=\"%g %g %g %g\"", dash[0], dash[1], dash[2], dash[3]);
}

static void fill_of(struct str *s, enum ink ink, double alpha)
{
	str_printf(s, " class=\"%s\" fill=\"currentColor\"", ink_class[ink]);
	see_through(s, alpha);
	str_add(s, "/>\n");
}

void svg_polyline(struct canvas *c, int n, const double *x, const double *y, bool closed, struct stroke s)
{
	str_add(c->svg, closed ? "<polygon points=\"" : "<polyline points=\"");
	points(c->svg, n, x, y);
	str_add(c->svg, "\"");
	stroke_of(c->svg, s);
	str_add(c->svg, "/>\n");
}

void svg_fill(struct canvas *c, int n, const double *x, const double *y, enum ink ink, double alpha)
{
	str_add(c->svg, "<polygon points=\"");
	points(c->svg, n, x, y);
	str_add(c->svg, "\"");
	fill_of(c->svg, ink, alpha);
}

void svg_rect(struct canvas *c, double x, double y, double w, double h, enum ink ink, double alpha)
{
	str_add(c->svg, "<rect shape-rendering=\"crispEdges\""); /* no seams between neighbours */
	attribute(c->svg, "x", x);
	attribute(c->svg, "y", y);
	attribute(c->svg, "width", w);
	attribute(c->svg, "height", h);
	fill_of(c->svg, ink, alpha);
}

void svg_circle(struct canvas *c, double x, double y, double r, bool filled, enum ink ink, double alpha)
{
	str_add(c->svg, "<circle");
	attribute(c->svg, "cx", x);
	attribute(c->svg, "cy", y);
	attribute(c->svg, "r", r);
	if (filled) {
		fill_of(c->svg, ink, alpha);
		return;
	}
	stroke_of(c->svg, (struct stroke){.ink = ink, .width = fmax(r * 0.45, 1), .alpha = alpha});
	str_add(c->svg, "/>\n");
}

void svg_text(struct canvas *c, double x, double y, struct text_form f, const char *text)
{
	struct str *s = c->svg;
	const double baseline = f.size * 0.35; /* below the middle of the line */
	str_printf(s, "<text class=\"%s\" fill=\"currentColor\"", ink_class[f.ink]);
	attribute(s, "font-size", f.size);
	if (f.align > 0)
		str_printf(s, " text-anchor=\"%s\"", f.align < 0.75 ? "middle" : "end");
	if (f.bold)
		str_add(s, " font-weight=\"600\"");
	if (f.upright) {
		str_add(s, " transform=\"translate(");
		number(s, x + baseline);
		str_add(s, ",");
		number(s, y);
		str_add(s, ") rotate(-90)\"");
	} else {
		attribute(s, "x", x);
		attribute(s, "y", y + baseline);
	}
	str_add(s, ">");
	html_escape(s, text);
	str_add(s, "</text>\n");
}
