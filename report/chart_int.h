/* Private to the charts: frames with axes, and the key below them. */
#ifndef REPORT_CHART_INT_H
#define REPORT_CHART_INT_H

#include "report/axis.h"
#include "report/chart.h"

enum { CHART_FONT = 12, CHART_EDGE = 6, CHART_PLOT = 230, KEY_ROW = 20, ROW_HEIGHT = 44, AXIS_BELOW = 44 };

struct frame {
	double x, y, w, h;
	struct axis across, up;
};
/* Room for both axes and their titles; draws grid, ticks and titles. below: pixels kept free under it. */
struct frame frame_draw(struct canvas *c, const double x[2], const double y[2], int how_x, int how_y, const char *x_label, const char *y_label,
                        double below);
/* Rows above one axis: its grid and title. The rows' tops are top + i * ROW_HEIGHT. */
struct axis rows_draw(struct canvas *c, double lo, double hi, int rows, double top, const char *x_label);

enum key_kind { KEY_LINE, KEY_MARK, KEY_BOX };
struct key {
	const char *label;
	int style;
};
/* Entries in rows as wide as the canvas; gives their height. canvas y < 0: only measures. */
double key_draw(struct canvas *c, double y, enum key_kind kind, int n, const struct key *key);
double key_height(struct arena *a, double width, enum key_kind kind, int n, const struct key *key);

#endif
