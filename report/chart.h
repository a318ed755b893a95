/*
 * Charts on a canvas. Each fills the canvas that it is given; the ..._height functions say how high one of this width should be.
 * Values that are not finite are left out. Labels are cut where there is no room and never overlap.
 */
#ifndef REPORT_CHART_H
#define REPORT_CHART_H

#include "report/canvas.h"

/* ---- lines over epochs: every seed thin, their mean thick ---- */

struct curve {
	int n;
	const double *x, *y; /* x ascending */
};

struct chart_series {
	const char *label;
	int style;           /* colour, dash and mark: the same number, the same looks in all charts */
	int n;
	const struct curve *seed;
};

struct line_chart {
	const char *x_label, *y_label;
	bool log_y, whole_x; /* whole_x: epochs */
	int n;
	const struct chart_series *series;
};
void chart_lines(struct canvas *c, const struct line_chart *l);
double chart_lines_height(struct arena *a, const struct line_chart *l, double width);
/* The mean over the seeds at each x that all of them have. In the arena. */
struct curve curve_mean(struct arena *a, const struct chart_series *s);

/* ---- points: what each seed cost and gave; the mean is larger ---- */

struct scatter_chart {
	const char *x_label, *y_label;
	bool log_x, no_key; /* no_key: the reader has one elsewhere */
	int n;
	const struct chart_series *series; /* all points of all its curves */
};
void chart_scatter(struct canvas *c, const struct scatter_chart *s);
double chart_scatter_height(struct arena *a, const struct scatter_chart *s, double width);

/* ---- a row of dots for each series: every seed, the mean and its 95 % interval ---- */

struct dot_row {
	const char *label;
	int style, n;
	const double *value;
	const char *const *name; /* of each dot, for its tooltip; NULL: none */
};
struct dot_chart {
	const char *x_label;
	int n;
	const struct dot_row *row;
};
void chart_dots(struct canvas *c, const struct dot_chart *d);
double chart_dots_height(struct arena *a, const struct dot_chart *d, double width);

/* ---- differences with their intervals beside zero ---- */

struct forest_row {
	const char *label;
	double mean, low, high;
};
struct forest_chart {
	const char *x_label;
	int n;
	const struct forest_row *row;
};
void chart_forest(struct canvas *c, const struct forest_chart *f);
double chart_forest_height(struct arena *a, const struct forest_chart *f, double width);

/* ---- what a whole is made of ---- */

struct bar_row {
	const char *label;
	const double *part; /* [n_part], not negative */
};
struct bar_chart {
	const char *x_label;
	int n_part;
	const char *const *part;
	int n;
	const struct bar_row *row;
};
void chart_bars(struct canvas *c, const struct bar_chart *b);
double chart_bars_height(struct arena *a, const struct bar_chart *b, double width);

#endif
