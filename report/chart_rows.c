/* Charts of rows: dots, differences, bars. A row's label stands above its line, so that long names have the whole width. */
#include <math.h>

#include "report/chart_int.h"
#include "report/summary.h"

/* How high such rows and their axis are. */
static double rows_height(struct arena *a, double width, int n, struct row *row)
{
	struct canvas *c = canvas_png(a, width, 1);
	const double bottom = rows_place(c, n, row);
	canvas_close(c, NULL, NULL);
	return bottom + AXIS_BELOW;
}

/* ---- dots ---- */

static struct row *dot_rows(struct arena *a, const struct dot_chart *d)
{
	struct row *row = NEW_ARRAY(a, struct row, d->n);
	for (int i = 0; i < d->n; i++) {
		const struct summary s = summary_of(d->row[i].value, d->row[i].n);
		row[i].text = d->row[i].label;
		row[i].value = s.n < 1 ? "none yet" : s.n < 2 ? arena_printf(a, "%.2f", s.mean) : arena_printf(a, "%.2f \xc2\xb1 %.2f", s.mean, s.deviation);
	}
	return row;
}

/* Dots that would cover each other are moved apart, up and down in turn. */
static double shifted(const struct axis *x, const struct dot_row *r, int i)
{
	int before = 0;
	for (int k = 0; k < i; k++)
		before += fabs(axis_at(x, r->value[k]) - axis_at(x, r->value[i])) < 6;
	const double step = fmin(3.5 * ((before + 1) / 2), 10);
	return before % 2 ? -step : step;
}

static void draw_dots(struct canvas *c, const struct axis *x, const struct dot_row *r, double y)
{
	struct arena *a = canvas_arena(c);
	const struct summary s = summary_of(r->value, r->n);
	const enum ink ink = series_ink(r->style);
	if (s.n > 1) {
		const double low = axis_at(x, s.low), high = axis_at(x, s.high);
		canvas_group(c, arena_printf(a, "%s: mean %.2f, 95 %% interval %.2f to %.2f", r->label, s.mean, s.low, s.high));
		canvas_rect(c, low, y - 7, high - low, 14, ink, 0.2);
		canvas_line(c, axis_at(x, s.mean), y - 10, axis_at(x, s.mean), y + 10, (struct stroke){.ink = ink, .width = 2.6});
		canvas_group_end(c);
	}
	for (int i = 0; i < r->n; i++) {
		if (!isfinite(r->value[i]))
			continue;
		canvas_group(c, r->name ? arena_printf(a, "%s, %s: %.2f", r->label, r->name[i], r->value[i]) : r->label);
		canvas_mark(c, r->style, axis_at(x, r->value[i]), y + shifted(x, r, i), 4, ink, 0.9);
		canvas_group_end(c);
	}
}

void chart_dots(struct canvas *c, const struct dot_chart *d)
{
	double lo = INFINITY, hi = -INFINITY;
	struct row *row = dot_rows(canvas_arena(c), d);
	for (int i = 0; i < d->n; i++) {
		const struct summary s = summary_of(d->row[i].value, d->row[i].n);
		for (int k = 0; k < d->row[i].n; k++)
			range_add(&lo, &hi, d->row[i].value[k]);
		range_add(&lo, &hi, s.low);
		range_add(&lo, &hi, s.high);
	}
	rows_place(c, d->n, row);
	const struct axis x = rows_draw(c, lo, hi, d->n, row, d->x_label);
	for (int i = 0; i < d->n; i++)
		draw_dots(c, &x, &d->row[i], row[i].line);
}

double chart_dots_height(struct arena *a, const struct dot_chart *d, double width)
{
	return rows_height(a, width, d->n, dot_rows(a, d));
}

/* ---- differences ---- */

static struct row *forest_rows(struct arena *a, const struct forest_chart *f)
{
	struct row *row = NEW_ARRAY(a, struct row, f->n);
	for (int i = 0; i < f->n; i++) {
		const struct forest_row *r = &f->row[i];
		row[i].text = r->label;
		row[i].value = !isfinite(r->mean) ? "not measured"
		               : isnan(r->low) || isnan(r->high) ? arena_printf(a, "%+.2f", r->mean)
		                                                 : arena_printf(a, "%+.2f [%+.2f, %+.2f]", r->mean, r->low, r->high);
	}
	return row;
}

static void draw_difference(struct canvas *c, const struct axis *x, const struct forest_row *r, const char *value, double y)
{
	const double low = axis_at(x, r->low), high = axis_at(x, r->high);
	const bool sure = r->low > 0 || r->high < 0;
	const enum ink ink = sure ? series_ink(0) : INK_MUTED;
	canvas_group(c, arena_printf(canvas_arena(c), "%s: %s", r->label, value));
	canvas_line(c, low, y, high, y, (struct stroke){.ink = ink, .width = 2.4});
	canvas_line(c, low, y - 5, low, y + 5, (struct stroke){.ink = ink, .width = 2});
	canvas_line(c, high, y - 5, high, y + 5, (struct stroke){.ink = ink, .width = 2});
	canvas_mark(c, sure ? 3 : 4, axis_at(x, r->mean), y, 5, ink, 1);
	canvas_group_end(c);
}

void chart_forest(struct canvas *c, const struct forest_chart *f)
{
	double lo = 0, hi = 0;
	struct row *row = forest_rows(canvas_arena(c), f);
	for (int i = 0; i < f->n; i++) {
		range_add(&lo, &hi, f->row[i].mean);
		range_add(&lo, &hi, f->row[i].low);
		range_add(&lo, &hi, f->row[i].high);
	}
	rows_place(c, f->n, row);
	const struct axis x = rows_draw(c, lo, hi, f->n, row, f->x_label);
	const double zero = axis_at(&x, 0);
	for (int i = 0; i < f->n; i++) {
		canvas_line(c, zero, row[i].line - 11, zero, row[i].bottom, (struct stroke){.ink = INK_TEXT, .width = 1.5, .dash = 1});
		draw_difference(c, &x, &f->row[i], row[i].value, row[i].line);
	}
}

double chart_forest_height(struct arena *a, const struct forest_chart *f, double width)
{
	return rows_height(a, width, f->n, forest_rows(a, f));
}

/* ---- bars ---- */

static const struct key *part_keys(struct arena *a, const struct bar_chart *b)
{
	struct key *key = NEW_ARRAY(a, struct key, b->n_part);
	for (int i = 0; i < b->n_part; i++)
		key[i] = (struct key){b->part[i], i};
	return key;
}

static double total(const struct bar_chart *b, int row)
{
	double sum = 0;
	for (int k = 0; k < b->n_part; k++)
		sum += isfinite(b->row[row].part[k]) ? b->row[row].part[k] : 0;
	return sum;
}

static struct row *bar_rows(struct arena *a, const struct bar_chart *b)
{
	struct row *row = NEW_ARRAY(a, struct row, b->n);
	char text[32];
	for (int i = 0; i < b->n; i++) {
		row[i].text = b->row[i].label;
		row[i].value = arena_str(a, str_seconds(text, total(b, i)));
	}
	return row;
}

/* Paper between the parts and a mark in each: colour alone would not tell neighbours apart. */
static void draw_bar(struct canvas *c, const struct axis *x, const struct bar_chart *b, int row, double y)
{
	char text[32];
	double from = 0;
	for (int k = 0; k < b->n_part; k++) {
		const double v = b->row[row].part[k], at = axis_at(x, from), end = axis_at(x, from + v);
		if (!(v > 0) || !isfinite(v))
			continue;
		canvas_group(c, arena_printf(canvas_arena(c), "%s, %s: %s", b->row[row].label, b->part[k], str_seconds(text, v)));
		canvas_rect(c, at, y - 8, end - at, 16, series_ink(k), 0.85);
		if (end - at > 14)
			canvas_mark(c, k, (at + end) / 2, y, 4, INK_PAPER, 1);
		canvas_group_end(c);
		canvas_line(c, end, y - 8, end, y + 8, (struct stroke){.ink = INK_PAPER, .width = 1.5});
		from += v;
	}
}

void chart_bars(struct canvas *c, const struct bar_chart *b)
{
	double hi = 0;
	struct row *row = bar_rows(canvas_arena(c), b);
	for (int i = 0; i < b->n; i++)
		hi = fmax(hi, total(b, i));
	const double bottom = rows_place(c, b->n, row);
	const struct axis x = rows_draw(c, 0, hi, b->n, row, b->x_label);
	for (int i = 0; i < b->n; i++)
		draw_bar(c, &x, b, i, row[i].line);
	key_draw(c, bottom + AXIS_BELOW, KEY_BOX, b->n_part, part_keys(canvas_arena(c), b));
}

double chart_bars_height(struct arena *a, const struct bar_chart *b, double width)
{
	return rows_height(a, width, b->n, bar_rows(a, b)) + key_height(a, width, KEY_BOX, b->n_part, part_keys(a, b));
}
