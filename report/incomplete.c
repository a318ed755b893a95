#include "report/incomplete.h"

#include <math.h>

/* Where a continued fraction or a series has converged. */
#define ENOUGH 1e-15
/* Keeps the parts of a continued fraction away from 0 (Lentz's method, as Thompson and Barnett changed it). */
#define TINY 1e-300

double stirling_rest(double x)
{
	if (x < 16)
		return lgamma(x + 1) - (x + 0.5) * log(x) + x - 0.5 * log(2 * M_PI);
	const double r = 1 / x, s = r * r;
	return r * (1.0 / 12 - s * (1.0 / 360 - s * (1.0 / 1260 - s * (1.0 / 1680 - s / 1188))));
}

/* log(ratio); excess is ratio - 1 from who knows it better than the subtraction would. */
static double log_ratio(double ratio, double excess)
{
	return fabs(excess) < 0.5 ? log1p(excess) : log(ratio);
}

/* One level more of a continued fraction, ... a / (b + ...): the factor on its value. c begins as 1 / TINY. */
static double lentz(double a, double b, double *c, double *d)
{
	*d = b + a * *d;
	*c = b + a / *c;
	if (fabs(*d) < TINY)
		*d = TINY;
	if (fabs(*c) < TINY)
		*c = TINY;
	*d = 1 / *d;
	return *c * *d;
}

/* x^a y^b / B(a, b) with y = 1 - x. */
static double beta_front(double a, double b, double x, double y)
{
	const double n = a + b, d = b * x - a * y;
	return sqrt(a / n * b / (2 * M_PI)) * exp(a * log_ratio(x / a * n, d / a) + b * log_ratio(y / b * n, -d / b) +
	                                          (stirling_rest(n) - stirling_rest(a) - stirling_rest(b)));
}

/* I_x(a, b) = front / a times this. It converges fast where x lies below the distribution's middle. */
static double beta_fraction(double a, double b, double x)
{
	double c = 1 / TINY, d = 1, factor = 0;
	double f = lentz(-(a + b) * x / (a + 1), 1, &c, &d);
	for (double m = 1; fabs(factor - 1) > ENOUGH; m++) {
		f *= lentz(m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)), 1, &c, &d);
		factor = lentz(-(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)), 1, &c, &d);
		f *= factor;
	}
	return f;
}

void beta_masses(double a, double b, double x, double y, double *below, double *above)
{
	if (x < (a + 1) / (a + b + 2)) {
		*below = beta_front(a, b, x, y) * beta_fraction(a, b, x) / a;
		*above = 1 - *below;
	} else {
		*above = beta_front(a, b, x, y) * beta_fraction(b, a, y) / b;
		*below = 1 - *above;
	}
}

void gamma_masses(double a, double x, double *below, double *above)
{
	const double front = sqrt(a / (2 * M_PI)) * exp(a * log_ratio(x / a, (x - a) / a) - (x - a) - stirling_rest(a));
	if (x < a + 1) {
		double term = 1 / a, sum = term;
		for (double n = 1; term > ENOUGH * sum; n++) {
			term *= x / (a + n);
			sum += term;
		}
		*below = front * sum;
		*above = 1 - *below;
	} else {
		double b = x + 1 - a, c = 1 / TINY, d = 1 / b, f = d, factor = 0;
		for (double n = 1; fabs(factor - 1) > ENOUGH; n++) {
			b += 2;
			factor = lentz(n * (a - n), b, &c, &d);
			f *= factor;
		}
		*above = front * f;
		*below = 1 - *above;
	}
}
