/*
 * Distribution functions and quantiles for the statistics of a few seeds.
 *
 * Own code and not a library: the maintained C libraries that have these (GSL, Rmath) are under the GPL.
 *
 * Relative error 1e-10 at most for df (degrees of freedom) up to 1e7 and p from 1e-8 to 1 - 1e-8, of quantiles and of
 * probabilities in either tail; df may be any number above 0, and beyond 1e7 digits fade slowly (1e-8 at 1e9). p 0 and 1 give
 * the ends of the range. NaN, df <= 0 and p outside 0 to 1 are the caller's error (BUG).
 *
 * An upper tail is the cdf at -x, which keeps its digits; 1 - cdf(x) would not.
 */
#ifndef REPORT_DISTRIBUTIONS_H
#define REPORT_DISTRIBUTIONS_H

double normal_cdf(double z);
double normal_quantile(double p);

/* Student's t. */
double t_cdf(double t, double df);
double t_quantile(double p, double df);

double chi_square_quantile(double p, double df);

/* Of (Z + delta) / sqrt(chi-square(df) / df), Z standard normal: the t statistic of a mean that is not 0. t and delta are
   finite. The upper tail is noncentral_t_cdf(-t, df, -delta). Relative error 1e-8 at most for |delta| up to 1000. */
double noncentral_t_cdf(double t, double df, double delta);

#endif
