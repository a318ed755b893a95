/* An axis: from values to pixels, and where its ticks are. */
#ifndef REPORT_AXIS_H
#define REPORT_AXIS_H

#include "report/canvas.h"

enum { MOST_TICKS = 16 };
enum { AXIS_PLAIN = 0, AXIS_LOG = 1, AXIS_WHOLE = 2 /* ticks at whole numbers only */ };

struct axis {
	double lo, hi;      /* values at its ends */
	double from, to;    /* pixels at its ends */
	bool log;
	int n;
	double tick[MOST_TICKS]; /* ascending, within lo..hi */
	const char *label[MOST_TICKS];
};

/* Over lo..hi, a little wider; of one value (lo == hi) around it, of none (not finite, lo > hi) 0 to 1. At most `about` ticks, at
   1, 2 or 5 times a power of ten. AXIS_LOG needs lo > 0, else it is linear. */
struct axis axis_new(struct arena *a, double lo, double hi, int about, int how);
/* The same, with as many ticks as have room for their labels side by side between from and to. */
struct axis axis_across(struct canvas *c, double lo, double hi, double from, double to, double size, int how);
double axis_at(const struct axis *x, double v); /* pixel; NaN where v has none */
/* "0.25", "1,500", "20k", "2.5M", "5e-05": a value with as many digits as a step of this size needs, in the unit of the largest. */
const char *axis_number(struct arena *a, double v, double step, double largest);

/* Widens *lo..*hi (INFINITY, -INFINITY: nothing yet) to hold v; not finite: leaves them. */
void range_add(double *lo, double *hi, double v);

#endif
