#include "report/axis.h"

#include <math.h>

void range_add(double *lo, double *hi, double v)
{
	if (!isfinite(v))
		return;
	*lo = fmin(*lo, v);
	*hi = fmax(*hi, v);
}

/* 1, 2 or 5 times a power of ten, at least v. */
static double nice_above(double v)
{
	const double power = pow(10, floor(log10(v)));
	static const double steps[] = {1, 2, 5, 10};
	for (int i = 0; i < 4; i++)
		if (steps[i] * power >= v * (1 - 1e-9))
			return steps[i] * power;
	return 10 * power;
}

const char *axis_number(struct arena *a, double v, double step, double largest)
{
	static const struct { double unit; const char *name; } big[] = {{1e18, "E"}, {1e15, "P"}, {1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}};
	enum { BIG = sizeof big / sizeof *big };
	const double most = fmax(fabs(v), largest);
	char text[32];
	if (fabs(v) < step * 1e-6)
		return "0";
	if (step < 1e-4)
		return arena_printf(a, "%.3g", v);
	for (int i = 0; i < BIG; i++)
		if (most >= (i < BIG - 1 ? big[i].unit : 10 * big[i].unit)) {
			const int digits = (int)fmax(0, ceil(-log10(step / big[i].unit) - 1e-9));
			return arena_printf(a, "%.*f%s", digits < 3 ? digits : 3, v / big[i].unit, big[i].name);
		}
	const int digits = (int)fmax(0, ceil(-log10(step) - 1e-9));
	if (fabs(v) >= 1000 && digits == 0)
		return arena_printf(a, "%s%s", v < 0 ? "-" : "", str_count(text, llround(fabs(v))));
	return arena_printf(a, "%.*f", digits, v);
}

static void add(struct axis *x, struct arena *a, double v, double step, double largest)
{
	if (x->n == MOST_TICKS || v < x->lo - step * 1e-9 || v > x->hi + step * 1e-9)
		return;
	x->tick[x->n] = v;
	x->label[x->n++] = axis_number(a, v, step, largest);
}

static void ticks_linear(struct axis *x, struct arena *a, int about, double least)
{
	const double step = fmax(nice_above((x->hi - x->lo) / about), least), largest = fmax(fabs(x->lo), fabs(x->hi));
	for (double i = ceil(x->lo / step - 1e-9); i * step <= x->hi + step * 1e-9 && x->n < MOST_TICKS; i++)
		add(x, a, i * step, step, largest);
}

/* Powers of ten, with 2 and 5 between them where they are few; false: the axis is too short for that. */
static bool ticks_log(struct axis *x, struct arena *a, int about)
{
	static const double inner[] = {1, 2, 5};
	const int first = (int)ceil(log10(x->lo) - 1e-9), last = (int)floor(log10(x->hi) + 1e-9), powers = last - first + 1;
	const int each = powers * 3 <= about ? 3 : 1;
	const int stride = powers > about ? (powers + about - 1) / about : 1;
	for (int k = each == 3 ? first - 1 : first; k <= last; k += stride)
		for (int i = 0; i < each; i++) {
			const double v = inner[i] * pow(10, k);
			add(x, a, v, v, 0); /* each in its own unit */
		}
	return x->n >= 2;
}

struct axis axis_new(struct arena *a, double lo, double hi, int about, int how)
{
	struct axis x = {.log = how & AXIS_LOG && lo > 0};
	about = about < 2 ? 2 : about > MOST_TICKS - 2 ? MOST_TICKS - 2 : about;
	if (!isfinite(lo) || !isfinite(hi) || lo > hi) {
		lo = 0;
		hi = 1;
		x.log = false;
	}
	if (x.log) {
		const double pad = hi > lo ? pow(hi / lo, 0.04) : 1.5;
		x.lo = lo / pad;
		x.hi = hi * pad;
	} else {
		const double pad = hi > lo ? (hi - lo) * 0.04 : fmax(fabs(lo) * 0.05, 1e-12);
		x.lo = lo - (lo == 0 && hi > 0 ? 0 : pad);
		x.hi = hi + (lo == 0 && hi == 0 ? 1 : pad);
	}
	if (x.log && ticks_log(&x, a, about))
		return x;
	x.n = 0;
	ticks_linear(&x, a, about, how & AXIS_WHOLE ? 1 : 0);
	return x;
}

struct axis axis_across(struct canvas *c, double lo, double hi, double from, double to, double size, int how)
{
	struct axis x = {0};
	for (int about = 8; about >= 2; about--) {
		double end = -INFINITY;
		bool fits = true;
		x = axis_new(canvas_arena(c), lo, hi, about, how);
		x.from = from;
		x.to = to;
		for (int i = 0; i < x.n; i++) {
			const double half = canvas_text_width(c, size, x.label[i]) / 2, at = axis_at(&x, x.tick[i]);
			fits &= at - half > end + size;
			end = at + half;
		}
		if (fits)
			break;
	}
	return x;
}

double axis_at(const struct axis *x, double v)
{
	const double share = x->log ? log(v / x->lo) / log(x->hi / x->lo) : (v - x->lo) / (x->hi - x->lo);
	return isfinite(share) ? x->from + share * (x->to - x->from) : NAN;
}
