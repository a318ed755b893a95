/*
 * What a few seeds can say: summaries, tests between equal seeds, verdicts.
 *
 * Intervals are of 95 %, tests two-sided. Values are in the unit of the caller (mostly percentage points). A value that is not
 * finite is the caller's error (BUG), as is n < 1; what cannot be known from so few values is NaN.
 */
#ifndef REPORT_STATS_H
#define REPORT_STATS_H

#include "base/arena.h"

/* deviation: of the sample, with n - 1; low to high is the t interval of the mean, mean - half to mean + half. With one value
   all but n and mean are NaN. */
struct summary {
	int n;
	double mean, deviation, low, high, half;
};
struct summary stats_summary(const double *values, int n);

/*
 * Differences of equal seeds (ours minus the other's), tested against a mean of 0.
 *
 * t, p_t        paired t test, n - 1 degrees of freedom. Equal differences give t infinite and p_t 0; one gives NaN
 * p_flip        exact sign-flip permutation test: the share of all 2^n choices of signs whose |mean| is at least the observed
 *               one. Sums that differ by less than 1e-9 of the sum of |differences| count as equal. NaN for n > FLIP_MOST
 * p_flip_floor  2 / 2^n, the smallest value that p_flip can take: with n < 6 it cannot fall below .05
 * low, high     t interval of the mean
 * wins, losses, ties  differences above, below and equal to 0
 *
 * If all differences are 0, both p are 1 and t is NaN.
 */
enum { FLIP_MOST = 24 };
struct paired {
	int n;
	double mean, deviation, low, high, t, p_t;
	double p_flip, p_flip_floor;
	int wins, losses, ties;
};
struct paired stats_paired(const double *differences, int n);

/* Adjusts p values in place by Holm's step-down method: the family-wise error rate is kept whatever the values' dependence.
   The family is the entries that are not NaN; those stay NaN. The order of sizes is kept; no value exceeds 1. a: scratch. */
void stats_holm(double *p, int n, struct arena *a);

/* McNemar's test of two classifiers on the same pictures: b are right for the first alone, c for the second alone. The rest
   says nothing. exact: two-sided binomial. middle: twice the smaller one-sided mid-p, which is less conservative. Both are 1 for
   b = c. */
struct mcnemar {
	double exact, middle;
};
struct mcnemar stats_mcnemar(long b, long c);

/*
 * Seeds that a two-sided paired t test needs to find a true mean difference of effect with probability power.
 *
 * effect, deviation  of the differences, in one unit; the sign of effect does not matter. deviation >= 0
 * alpha, power       between 0 and 1, without the ends
 * returns            the smallest n >= 2, SEEDS_MOST if that is not enough (an effect of 0)
 */
enum { SEEDS_MOST = 100000 };
int stats_seeds_needed(double effect, double deviation, double alpha, double power);

/* The same for the ends of the 95 % interval of a deviation that was measured on n differences (chi-square, n >= 2): with few,
   low and high lie far apart. */
struct seeds_range {
	int low, high;
};
struct seeds_range stats_seeds_range(double effect, double deviation, int n, double alpha, double power);

/*
 * Ours beside the paper's number.
 *
 * difference  ours - paper
 * half        t(.975, n-1) s sqrt(1/n + 1/n_paper): half the width of a 95 % interval of the difference. The paper's spread is
 *             unknown and **assumed to be ours**; n_paper are the runs behind its number, 1 if unsaid (n_paper < 1)
 * verdict     ABOVE, BELOW: |difference| > half. AGREES: not so, |difference| <= .5 and half <= 1, so that the data would have
 *             shown a difference that matters. CANNOT_TELL: neither. NONE: n < 3
 *
 * .5 and 1 are percentage points: the verdict is for metrics in percent.
 */
enum verdict { VERDICT_NONE, VERDICT_ABOVE, VERDICT_BELOW, VERDICT_AGREES, VERDICT_CANNOT_TELL };
struct beside {
	double difference, half;
	enum verdict verdict;
};
struct beside stats_verdict(const struct summary *ours, double paper, int n_paper);

/* A claim "A is better than B", from differences taken so that better is positive, and their p_t after stats_holm over all
   claims that are decided together. Decided with n >= 8 and p < .05, then by the sign of the mean. */
enum claim { CLAIM_UNDECIDED, CLAIM_SUPPORTED, CLAIM_CONTRADICTED };
enum claim stats_claim(const struct paired *differences, double p_adjusted);

#endif
