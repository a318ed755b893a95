/*
 * The incomplete beta and gamma functions, regularised, as masses on the two sides of a point.
 *
 * *below + *above = 1, and the smaller one has all its digits: relative error about 1e-13. a, b > 0 are the caller's promise.
 */
#ifndef REPORT_INCOMPLETE_H
#define REPORT_INCOMPLETE_H

/* I_x(a, b) and 1 - I_x(a, b). x from 0 to 1, and y = 1 - x with its own digits. */
void beta_masses(double a, double b, double x, double y, double *below, double *above);
/* P(a, x) and Q(a, x). x >= 0. */
void gamma_masses(double a, double x, double *below, double *above);

/* log Gamma(x + 1) without Stirling's (x + 1/2) log x - x + log(2 pi) / 2. x > 0. With it the large terms of a density's
   logarithm cancel on paper, where they cost no digits. */
double stirling_rest(double x);

#endif
