/* Private to the charts: frames with axes, and the key below them. */
#ifndef REPORT_CHART_INT_H
#define REPORT_CHART_INT_H

#include "report/axis.h"
#include "report/chart.h"

enum { CHART_FONT = 12, CHART_EDGE = 6, CHART_PLOT = 230, AXIS_BELOW = 44, LINE_STEP = 16 /* of text */ };

/* A label in as many lines as it takes, but the last may be cut. */
enum { LABEL_LINES = 4 };
struct label {
	int n;
	const char *line[LABEL_LINES];
};
struct label label_wrap(struct canvas *c, double size, double width, const char *text);

struct frame {
	double x, y, w, h;
	struct axis across, up;
};
/* Room for both axes and their titles; draws grid, ticks and titles. below: pixels kept free under it. */
struct frame frame_draw(struct canvas *c, const double x[2], const double y[2], int how_x, int how_y, const char *x_label, const char *y_label,
                        double below);
/* Rows above one axis: a label and, at the right, a value; below them the line on which the marks lie. */
struct row {
	const char *text, *value; /* given; value NULL: none */
	struct label label;
	double top, line, bottom;
};
/* Places n rows below each other; gives where the last ends. */
double rows_place(struct canvas *c, int n, struct row *row);
/* The axis below them, its grid, and their labels over it. */
struct axis rows_draw(struct canvas *c, double lo, double hi, int n, const struct row *row, const char *x_label);

enum key_kind { KEY_LINE, KEY_MARK, KEY_BOX };
struct key {
	const char *label;
	int style;
};
/* Entries in rows as wide as the canvas; gives their height. canvas y < 0: only measures. */
double key_draw(struct canvas *c, double y, enum key_kind kind, int n, const struct key *key);
double key_height(struct arena *a, double width, enum key_kind kind, int n, const struct key *key);

#endif
