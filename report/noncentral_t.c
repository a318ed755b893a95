/*
 * P(T <= t) is the mean of Phi(t s - delta) over s = sqrt(chi-square(df) / df). Nothing is subtracted, so both tails keep
 * their digits. In u = log s the integrand has one hill and falls at both sides at least like exp(df u), so the trapezoid rule
 * converges faster than any power of its step.
 */
#include <math.h>

#include "base/err.h"
#include "report/distributions.h"
#include "report/incomplete.h"

/* exp(-FAR) of the hill's height counts as nothing. */
enum { FAR = 45, INTERVALS_FIRST = 64, INTERVALS_MOST = 1 << 20 };

struct mixture {
	double t, df, delta;
};

static double log_normal_cdf(double x)
{
	if (x > -30)
		return log(normal_cdf(x));
	const double r = 1 / (x * x); /* further out than a double reaches: the asymptotic series */
	return -0.5 * x * x - log(-x) - 0.5 * log(2 * M_PI) + log1p(-r * (1 - r * (3 - 15 * r)));
}

/* log of Phi times the density of u, but for what does not depend on u. */
static double height(const struct mixture *m, double u)
{
	return log_normal_cdf(m->t * exp(u) - m->delta) + m->df / 2 * (2 * u - expm1(2 * u));
}

static double slope(const struct mixture *m, double u)
{
	const double s = exp(u), x = m->t * s - m->delta;
	const double hazard = x < -30 ? -x - 1 / x : exp(-0.5 * x * x - 0.5 * log(2 * M_PI)) / normal_cdf(x);
	return m->df * (1 - s * s) + m->t * s * hazard;
}

/* The top of the hill: its slope changes sign once. */
static double find_top(const struct mixture *m)
{
	double lo = -350, hi = 350;
	for (int i = 0; i < 60; i++) {
		const double middle = (lo + hi) / 2;
		if (slope(m, middle) > 0)
			lo = middle;
		else
			hi = middle;
	}
	return lo;
}

/* How far from the top, in the direction of sign, the height is of no account. */
static double find_width(const struct mixture *m, double top, double sign)
{
	double width = 1e-6;
	while (height(m, top + sign * width) > height(m, top) - FAR)
		width *= 1.5;
	return width;
}

/* The integral of exp(height - height at the top). */
static double integrate(const struct mixture *m, double top)
{
	const double from = top - find_width(m, top, -1), to = top + find_width(m, top, 1), peak = height(m, top);
	double sum = 0, last = 0;
	for (int n = INTERVALS_FIRST; n <= INTERVALS_MOST; n *= 2) {
		/* after the first round only the points between the old ones */
		for (int i = 1; i < n; i += n == INTERVALS_FIRST ? 1 : 2)
			sum += exp(height(m, from + (to - from) * i / n) - peak);
		const double now = sum * (to - from) / n;
		if (fabs(now - last) <= 1e-12 * now)
			return now;
		last = now;
	}
	return last;
}

double noncentral_t_cdf(double t, double df, double delta)
{
	BUG_IF(!(isfinite(t) && isfinite(delta) && df > 0), "noncentral t distribution at %g, %g degrees of freedom, delta %g", t, df,
	       delta);
	const struct mixture m = {t, df, delta};
	const double top = find_top(&m), a = df / 2;
	/* what height leaves out, 2 a^a e^-a / Gamma(a) */
	const double front = sqrt(2 * a / M_PI) * exp(-stirling_rest(a));
	return fmin(1, front * exp(height(&m, top)) * integrate(&m, top));
}
