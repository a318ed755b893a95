/* Charts of rows: dots, differences, bars. A row's label stands above its line, so that long names have the whole width. */
#include <math.h>

#include "report/chart_int.h"
#include "report/summary.h"

enum { LABEL_AT = 11, LINE_AT = 31, TOP = CHART_EDGE };

static void row_label(struct canvas *c, double top, const char *label, const char *value)
{
	const double end = canvas_width(c) - CHART_EDGE - 8, w = value ? canvas_text_width(c, CHART_FONT, value) + 12 : 0;
	canvas_rect(c, CHART_EDGE, top, canvas_width(c) - 2 * CHART_EDGE, LABEL_AT * 1.8, INK_PAPER, 1); /* no grid behind text */
	canvas_text(c, CHART_EDGE + 8, top + LABEL_AT, (struct text_form){.size = CHART_FONT, .ink = INK_TEXT, .bold = true},
	            canvas_fit(c, CHART_FONT * 1.08, end - w - CHART_EDGE - 8, label));
	if (value)
		canvas_text(c, end, top + LABEL_AT, (struct text_form){.size = CHART_FONT, .align = 1, .ink = INK_MUTED}, value);
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

static void draw_dots(struct canvas *c, const struct axis *x, const struct dot_row *r, double top)
{
	struct arena *a = canvas_arena(c);
	const struct summary s = summary_of(r->value, r->n);
	const enum ink ink = series_ink(r->style);
	const double y = top + LINE_AT;
	row_label(c, top, r->label, s.n < 1 ? "none yet" : s.n < 2 ? arena_printf(a, "%.2f", s.mean) : arena_printf(a, "%.2f \xc2\xb1 %.2f", s.mean, s.deviation));
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
	for (int i = 0; i < d->n; i++) {
		const struct summary s = summary_of(d->row[i].value, d->row[i].n);
		for (int k = 0; k < d->row[i].n; k++)
			range_add(&lo, &hi, d->row[i].value[k]);
		range_add(&lo, &hi, s.low);
		range_add(&lo, &hi, s.high);
	}
	const struct axis x = rows_draw(c, lo, hi, d->n, TOP, d->x_label);
	for (int i = 0; i < d->n; i++)
		draw_dots(c, &x, &d->row[i], TOP + i * ROW_HEIGHT);
}

double chart_dots_height(const struct dot_chart *d)
{
	return TOP + d->n * ROW_HEIGHT + AXIS_BELOW;
}

static void draw_difference(struct canvas *c, const struct axis *x, const struct forest_row *r, double top)
{
	struct arena *a = canvas_arena(c);
	const double y = top + LINE_AT, low = axis_at(x, r->low), high = axis_at(x, r->high);
	const bool sure = r->low > 0 || r->high < 0;
	const enum ink ink = sure ? series_ink(0) : INK_MUTED;
	const char *value = !isfinite(r->mean) ? "not measured" : isnan(low) || isnan(high) ? arena_printf(a, "%+.2f", r->mean)
	                                              : arena_printf(a, "%+.2f [%+.2f, %+.2f]", r->mean, r->low, r->high);
	row_label(c, top, r->label, value);
	canvas_group(c, arena_printf(a, "%s: %s", r->label, value));
	canvas_line(c, low, y, high, y, (struct stroke){.ink = ink, .width = 2.4});
	canvas_line(c, low, y - 5, low, y + 5, (struct stroke){.ink = ink, .width = 2});
	canvas_line(c, high, y - 5, high, y + 5, (struct stroke){.ink = ink, .width = 2});
	canvas_mark(c, sure ? 3 : 4, axis_at(x, r->mean), y, 5, ink, 1);
	canvas_group_end(c);
}

void chart_forest(struct canvas *c, const struct forest_chart *f)
{
	double lo = 0, hi = 0;
	for (int i = 0; i < f->n; i++) {
		range_add(&lo, &hi, f->row[i].mean);
		range_add(&lo, &hi, f->row[i].low);
		range_add(&lo, &hi, f->row[i].high);
	}
	const struct axis x = rows_draw(c, lo, hi, f->n, TOP, f->x_label);
	const double zero = axis_at(&x, 0);
	canvas_line(c, zero, TOP, zero, TOP + f->n * ROW_HEIGHT, (struct stroke){.ink = INK_TEXT, .width = 1.5, .dash = 1});
	for (int i = 0; i < f->n; i++)
		draw_difference(c, &x, &f->row[i], TOP + i * ROW_HEIGHT);
}

double chart_forest_height(const struct forest_chart *f)
{
	return TOP + f->n * ROW_HEIGHT + AXIS_BELOW;
}

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

/* Paper between the parts and a mark in each: colour alone would not tell neighbours apart. */
static void draw_bar(struct canvas *c, const struct axis *x, const struct bar_chart *b, int row, double top)
{
	char text[32];
	struct arena *a = canvas_arena(c);
	double from = 0;
	row_label(c, top, b->row[row].label, str_seconds(text, total(b, row)));
	for (int k = 0; k < b->n_part; k++) {
		const double v = b->row[row].part[k], at = axis_at(x, from), end = axis_at(x, from + v);
		if (!(v > 0) || !isfinite(v))
			continue;
		canvas_group(c, arena_printf(a, "%s, %s: %s", b->row[row].label, b->part[k], str_seconds(text, v)));
		canvas_rect(c, at, top + LINE_AT - 8, end - at, 16, series_ink(k), 0.85);
		if (end - at > 14)
			canvas_mark(c, k, (at + end) / 2, top + LINE_AT, 4, INK_PAPER, 1);
		canvas_group_end(c);
		canvas_line(c, end, top + LINE_AT - 8, end, top + LINE_AT + 8, (struct stroke){.ink = INK_PAPER, .width = 1.5});
		from += v;
	}
}

void chart_bars(struct canvas *c, const struct bar_chart *b)
{
	double hi = 0;
	for (int i = 0; i < b->n; i++)
		hi = fmax(hi, total(b, i));
	const struct axis x = rows_draw(c, 0, hi, b->n, TOP, b->x_label);
	for (int i = 0; i < b->n; i++)
		draw_bar(c, &x, b, i, TOP + i * ROW_HEIGHT);
	key_draw(c, TOP + b->n * ROW_HEIGHT + AXIS_BELOW, KEY_BOX, b->n_part, part_keys(canvas_arena(c), b));
}

double chart_bars_height(struct arena *a, const struct bar_chart *b, double width)
{
	return TOP + b->n * ROW_HEIGHT + AXIS_BELOW + key_height(a, width, KEY_BOX, b->n_part, part_keys(a, b));
}
