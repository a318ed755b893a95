#include "report/distributions.h"

#include <math.h>

#include "base/err.h"
#include "report/incomplete.h"

/* Of a positive number: the mass below x and the one above. */
typedef void masses(double x, double df, double *below, double *above);

/* |Z|; df is not used. */
static void normal_masses(double x, double df, double *below, double *above)
{
	(void)df;
	*below = erf(x * M_SQRT1_2);
	*above = erfc(x * M_SQRT1_2);
}

/* |T| */
static void t_masses(double x, double df, double *below, double *above)
{
	const double a = df / 2, r = x / sqrt(df), s = r * r;
	if (r < 1e8) {
		beta_masses(a, 0.5, 1 / (1 + s), s / (1 + s), above, below);
		return;
	}
	/* the fraction is 1 to the last digit, and r or s may be beyond what a double holds: r^-df / (a B(a, 1/2)) */
	*above = exp(lgamma(a + 0.5) - lgamma(a + 1) - df * (log(x) - log(df) / 2)) / sqrt(M_PI);
	*below = 1 - *above;
}

static void chi_square_masses(double x, double df, double *below, double *above)
{
	gamma_masses(df / 2, x / 2, below, above);
}

/* The x that has these masses at its sides, by bisection of its logarithm; the smaller mass says where. */
static double find(masses *of, double df, double below, double above)
{
	double lo = -745, hi = 709;
	for (int i = 0; i < 64; i++) {
		const double middle = (lo + hi) / 2;
		double b, a;
		of(exp(middle), df, &b, &a);
		if (below < above ? b < below : a > above)
			lo = middle;
		else
			hi = middle;
	}
	return hi == 709 ? INFINITY : exp(hi);
}

/* The quantile of a distribution that is symmetrical around 0. */
static double find_symmetrical(masses *of, double df, double p)
{
	BUG_IF(!(p >= 0 && p <= 1 && df > 0), "quantile for p %g, %g degrees of freedom", p, df);
	const double tail = p < 0.5 ? p : 1 - p;
	if (tail == 0.5)
		return 0;
	const double x = tail > 0 ? find(of, df, 1 - 2 * tail, 2 * tail) : INFINITY;
	return p < 0.5 ? -x : x;
}

double normal_cdf(double z)
{
	BUG_IF(isnan(z), "normal distribution at NaN");
	return 0.5 * erfc(-z * M_SQRT1_2);
}

double normal_quantile(double p)
{
	return find_symmetrical(normal_masses, 1, p);
}

double t_cdf(double t, double df)
{
	double below, above;
	BUG_IF(isnan(t) || !(df > 0), "t distribution at %g, %g degrees of freedom", t, df);
	if (isinf(t))
		return t > 0;
	t_masses(fabs(t), df, &below, &above);
	return t < 0 ? above / 2 : 0.5 + below / 2;
}

double t_quantile(double p, double df)
{
	return find_symmetrical(t_masses, df, p);
}

double chi_square_quantile(double p, double df)
{
	BUG_IF(!(p >= 0 && p <= 1 && df > 0), "chi-square quantile for p %g, %g degrees of freedom", p, df);
	if (p == 0 || p == 1)
		return p > 0 ? INFINITY : 0;
	return find(chi_square_masses, df, p, 1 - p);
}
