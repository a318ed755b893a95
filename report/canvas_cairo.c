/* The canvas by cairo: pictures of pixels, and the widths of texts for both kinds. */
#include <cairo.h>
#include <math.h>

#include "report/canvas_int.h"
#include "report/picture.h"

struct cairo_pen {
	cairo_t *cr;
};

struct cairo_pen *pen_open(struct arena *a, double width, double height)
{
	struct cairo_pen *p = NEW(a, struct cairo_pen);
	cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)ceil(width), (int)ceil(height));
	p->cr = cairo_create(surface);
	cairo_surface_destroy(surface); /* cr holds it */
	cairo_set_source_rgb(p->cr, 1, 1, 1);
	cairo_paint(p->cr);
	return p;
}

void pen_close(struct cairo_pen *p)
{
	cairo_destroy(p->cr);
}

static cairo_status_t take(void *out, const unsigned char *data, unsigned n)
{
	str_addn(out, (const char *)data, n);
	return CAIRO_STATUS_SUCCESS;
}

enum status pen_png(struct cairo_pen *p, struct str *out, struct err *e)
{
	cairo_status_t bad = cairo_status(p->cr);
	if (bad == CAIRO_STATUS_SUCCESS)
		bad = cairo_surface_write_to_png_stream(cairo_get_target(p->cr), take, out);
	return bad == CAIRO_STATUS_SUCCESS ? OK : err_env(e, "can't draw a picture: %s", cairo_status_to_string(bad));
}

static void use(struct cairo_pen *p, enum ink ink, double alpha)
{
	const struct rgb c = ink_light[ink];
	cairo_set_source_rgba(p->cr, c.r / 255.0, c.g / 255.0, c.b / 255.0, alpha > 0 ? alpha : 1);
}

static void path(struct cairo_pen *p, int n, const double *x, const double *y, bool closed)
{
	cairo_new_path(p->cr);
	for (int i = 0; i < n; i++)
		cairo_line_to(p->cr, x[i], y[i]);
	if (closed)
		cairo_close_path(p->cr);
}

void pen_polyline(struct cairo_pen *p, int n, const double *x, const double *y, bool closed, struct stroke s)
{
	const double *dash = dash_pattern[s.dash % DASH_KINDS];
	path(p, n, x, y, closed);
	use(p, s.ink, s.alpha);
	cairo_set_line_width(p->cr, s.width);
	cairo_set_line_join(p->cr, CAIRO_LINE_JOIN_ROUND);
	cairo_set_dash(p->cr, dash, dash[0] > 0 ? 4 : 0, 0);
	cairo_stroke(p->cr);
}

void pen_fill(struct cairo_pen *p, int n, const double *x, const double *y, enum ink ink, double alpha)
{
	path(p, n, x, y, true);
	use(p, ink, alpha);
	cairo_fill(p->cr);
}

void pen_circle(struct cairo_pen *p, double x, double y, double r, bool filled, enum ink ink, double alpha)
{
	cairo_new_path(p->cr);
	cairo_arc(p->cr, x, y, r, 0, 2 * M_PI);
	use(p, ink, alpha);
	if (filled) {
		cairo_fill(p->cr);
		return;
	}
	cairo_set_line_width(p->cr, fmax(r * 0.45, 1));
	cairo_set_dash(p->cr, NULL, 0, 0);
	cairo_stroke(p->cr);
}

void pen_pixels(struct cairo_pen *p, double x, double y, double w, double h, const uint8_t *pixels, int H, int W)
{
	cairo_surface_t *s = picture_surface(pixels, H, W, 3);
	cairo_save(p->cr);
	cairo_translate(p->cr, x, y);
	cairo_scale(p->cr, w / W, h / H);
	cairo_set_source_surface(p->cr, s, 0, 0);
	cairo_pattern_set_filter(cairo_get_source(p->cr), w < W || h < H ? CAIRO_FILTER_GOOD : CAIRO_FILTER_NEAREST);
	cairo_rectangle(p->cr, 0, 0, W, H);
	cairo_fill(p->cr);
	cairo_restore(p->cr);
	cairo_surface_destroy(s);
}

static void font(struct cairo_pen *p, double size, bool bold)
{
	cairo_select_font_face(p->cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL, bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
	cairo_set_font_size(p->cr, size);
}

double pen_text_width(struct cairo_pen *p, double size, bool bold, const char *text)
{
	cairo_text_extents_t t;
	font(p, size, bold);
	cairo_text_extents(p->cr, text, &t);
	return t.x_advance;
}

void pen_text(struct cairo_pen *p, double x, double y, struct text_form f, const char *text)
{
	const double width = pen_text_width(p, f.size, f.bold, text);
	use(p, f.ink, 1);
	cairo_save(p->cr);
	cairo_translate(p->cr, x, y);
	if (f.upright)
		cairo_rotate(p->cr, -M_PI / 2);
	cairo_move_to(p->cr, -f.align * width, f.size * 0.35);
	cairo_show_text(p->cr, text);
	cairo_restore(p->cr);
}
