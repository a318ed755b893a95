/* Lines: every seed thin, the mean of a series thick. */
#include <math.h>

#include "report/chart_int.h"

enum { MARKS = 7 }; /* on a mean's line */

struct curve curve_mean(struct arena *a, const struct chart_series *s)
{
	const struct curve *first = s->n ? &s->seed[0] : NULL;
	double *x = NEW_ARRAY(a, double, first ? first->n : 0), *y = NEW_ARRAY(a, double, first ? first->n : 0);
	int n = 0;
	for (int i = 0; first && i < first->n; i++) {
		double sum = 0;
		int have = 0;
		for (int k = 0; k < s->n; k++)
			for (int j = 0; j < s->seed[k].n; j++)
				if (s->seed[k].x[j] == first->x[i]) {
					sum += s->seed[k].y[j];
					have++;
					break;
				}
		if (have < s->n)
			continue;
		x[n] = first->x[i];
		y[n++] = sum / s->n;
	}
	return (struct curve){n, x, y};
}

static void ranges(const struct chart_series *series, int n, double x[2], double y[2])
{
	x[0] = y[0] = INFINITY;
	x[1] = y[1] = -INFINITY;
	for (int i = 0; i < n; i++)
		for (int k = 0; k < series[i].n; k++)
			for (int j = 0; j < series[i].seed[k].n; j++)
				if (isfinite(series[i].seed[k].y[j])) {
					range_add(&x[0], &x[1], series[i].seed[k].x[j]);
					range_add(&y[0], &y[1], series[i].seed[k].y[j]);
				}
}

static const struct key *keys(struct arena *a, const struct chart_series *series, int n)
{
	struct key *key = NEW_ARRAY(a, struct key, n);
	for (int i = 0; i < n; i++)
		key[i] = (struct key){series[i].label, series[i].style};
	return key;
}

static void draw_curve(struct canvas *c, const struct frame *f, const struct curve *k, struct stroke s)
{
	double *x = NEW_ARRAY(canvas_arena(c), double, k->n), *y = NEW_ARRAY(canvas_arena(c), double, k->n);
	for (int i = 0; i < k->n; i++) {
		x[i] = axis_at(&f->across, k->x[i]);
		y[i] = axis_at(&f->up, k->y[i]);
	}
	canvas_polyline(c, k->n, x, y, s);
}

static void draw_series(struct canvas *c, const struct frame *f, const struct chart_series *s)
{
	const enum ink ink = series_ink(s->style);
	const struct curve mean = curve_mean(canvas_arena(c), s);
	canvas_group(c, s->n > 1 ? arena_printf(canvas_arena(c), "%s, %d seeds", s->label, s->n) : s->label);
	for (int k = 0; k < s->n && s->n > 1; k++)
		draw_curve(c, f, &s->seed[k], (struct stroke){.ink = ink, .width = 1, .alpha = 0.45});
	draw_curve(c, f, &mean, (struct stroke){.ink = ink, .width = 2.4, .dash = s->style});
	const int stride = (mean.n + MARKS - 1) / MARKS;
	for (int i = (s->style * 3) % (stride > 0 ? stride : 1); i < mean.n; i += stride)
		canvas_mark(c, s->style, axis_at(&f->across, mean.x[i]), axis_at(&f->up, mean.y[i]), 3.6, ink, 1);
	canvas_group_end(c);
}

void chart_lines(struct canvas *c, const struct line_chart *l)
{
	double x[2], y[2];
	const struct key *key = keys(canvas_arena(c), l->series, l->n);
	const double below = key_draw(c, -1, KEY_LINE, l->n, key);
	ranges(l->series, l->n, x, y);
	const struct frame f = frame_draw(c, x, y, l->whole_x ? AXIS_WHOLE : AXIS_PLAIN, l->log_y ? AXIS_LOG : AXIS_PLAIN, l->x_label, l->y_label, below);
	for (int i = 0; i < l->n; i++)
		draw_series(c, &f, &l->series[i]);
	key_draw(c, canvas_height(c) - below, KEY_LINE, l->n, key);
}

double chart_lines_height(struct arena *a, const struct line_chart *l, double width)
{
	return CHART_EDGE + 22 + CHART_PLOT + AXIS_BELOW + key_height(a, width, KEY_LINE, l->n, keys(a, l->series, l->n));
}

static void draw_points(struct canvas *c, const struct frame *f, const struct chart_series *s)
{
	const enum ink ink = series_ink(s->style);
	double x = 0, y = 0;
	int n = 0;
	canvas_group(c, s->label);
	for (int k = 0; k < s->n; k++)
		for (int i = 0; i < s->seed[k].n; i++) {
			const double at = axis_at(&f->across, s->seed[k].x[i]), up = axis_at(&f->up, s->seed[k].y[i]);
			if (isnan(at) || isnan(up))
				continue;
			x += at;
			y += up;
			n++;
			canvas_mark(c, s->style, at, up, 3.2, ink, 0.55);
		}
	if (n > 1)
		canvas_mark(c, s->style, x / n, y / n, 6, ink, 1);
	else if (n)
		canvas_mark(c, s->style, x, y, 5, ink, 1);
	canvas_group_end(c);
}

void chart_scatter(struct canvas *c, const struct scatter_chart *s)
{
	double x[2], y[2];
	const struct key *key = keys(canvas_arena(c), s->series, s->n);
	const int keyed = s->no_key ? 0 : s->n;
	const double below = key_draw(c, -1, KEY_MARK, keyed, key);
	ranges(s->series, s->n, x, y);
	const struct frame f = frame_draw(c, x, y, s->log_x ? AXIS_LOG : AXIS_PLAIN, AXIS_PLAIN, s->x_label, s->y_label, below);
	for (int i = 0; i < s->n; i++)
		draw_points(c, &f, &s->series[i]);
	key_draw(c, canvas_height(c) - below, KEY_MARK, keyed, key);
}

double chart_scatter_height(struct arena *a, const struct scatter_chart *s, double width)
{
	return CHART_EDGE + 22 + CHART_PLOT + AXIS_BELOW + key_height(a, width, KEY_MARK, s->no_key ? 0 : s->n, keys(a, s->series, s->n));
}
