#include "report/stats.h"

#include <math.h>
#include <stdlib.h>

#include "base/err.h"
#include "report/distributions.h"
#include "report/incomplete.h"

struct summary stats_summary(const double *values, int n)
{
	struct summary s = {.n = n, .deviation = NAN, .low = NAN, .high = NAN, .half = NAN};
	BUG_IF(n < 1, "summary of %d values", n);
	double square = 0;
	/* around the first value, so that equal values have a deviation of exactly 0 */
	for (int i = 0; i < n; i++) {
		BUG_IF(!isfinite(values[i]), "value %d of a summary is %g", i, values[i]);
		s.mean += (values[i] - values[0]) / n;
	}
	s.mean += values[0];
	if (n < 2)
		return s;
	for (int i = 0; i < n; i++)
		square += (values[i] - s.mean) * (values[i] - s.mean);
	s.deviation = sqrt(square / (n - 1));
	s.half = t_quantile(0.975, n - 1) * s.deviation / sqrt(n);
	s.low = s.mean - s.half;
	s.high = s.mean + s.half;
	return s;
}

/* ---- sign flips ---- */

enum { HALF_SUMS = 1 << (FLIP_MOST / 2) };

/* The sums of n numbers with all choices of their signs: out[2^n]. */
static int signed_sums(const double *values, int n, double *out)
{
	int count = 1;
	out[0] = 0;
	for (int i = 0; i < n; i++, count *= 2)
		for (int k = 0; k < count; k++) {
			out[count + k] = out[k] - values[i];
			out[k] += values[i];
		}
	return count;
}

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* How many of x[0..n), ascending, are least or more. */
static int count_from(const double *x, int n, double least)
{
	int lo = 0, hi = n;
	while (lo < hi) {
		const int middle = (lo + hi) / 2;
		if (x[middle] < least)
			lo = middle + 1;
		else
			hi = middle;
	}
	return n - lo;
}

/* Each half of the differences has few sums; pairs of them are counted by search and not one by one. */
static double flip_test(const double *differences, int n)
{
	double left[HALF_SUMS], right[HALF_SUMS], sum = 0, size = 0;
	for (int i = 0; i < n; i++) {
		sum += differences[i];
		size += fabs(differences[i]);
	}
	const double least = fabs(sum) - 1e-9 * size;
	if (least <= 0)
		return 1;
	const int n_left = signed_sums(differences, n / 2, left);
	const int n_right = signed_sums(differences + n / 2, n - n / 2, right);
	long count = 0;
	qsort(right, (size_t)n_right, sizeof right[0], ascending);
	for (int i = 0; i < n_left; i++)
		count += count_from(right, n_right, least - left[i]);
	/* sums come in pairs of opposite sign */
	return ldexp((double)(2 * count), -n);
}

struct paired stats_paired(const double *differences, int n)
{
	const struct summary s = stats_summary(differences, n);
	struct paired p = {.n = n, .mean = s.mean, .deviation = s.deviation, .low = s.low, .high = s.high, .t = NAN, .p_t = NAN,
	                   .p_flip = NAN, .p_flip_floor = ldexp(2, -n)};
	for (int i = 0; i < n; i++) {
		p.wins += differences[i] > 0;
		p.losses += differences[i] < 0;
		p.ties += differences[i] == 0;
	}
	if (n <= FLIP_MOST)
		p.p_flip = flip_test(differences, n);
	if (p.ties == n) {
		p.p_t = p.p_flip = 1;
	} else if (n >= 2) {
		p.t = s.mean / (s.deviation / sqrt(n));
		p.p_t = 2 * t_cdf(-fabs(p.t), n - 1);
	}
	return p;
}

/* ---- families of tests, pairs of classifiers ---- */

static int smaller_first(const void *a, const void *b)
{
	return ascending(*(double *const *)a, *(double *const *)b);
}

void stats_holm(double *p, int n, struct arena *a)
{
	double **order = NEW_ARRAY(a, double *, n);
	int family = 0;
	for (int i = 0; i < n; i++) {
		BUG_IF(p[i] < 0 || p[i] > 1, "a p value is %g", p[i]);
		if (!isnan(p[i]))
			order[family++] = &p[i];
	}
	qsort(order, (size_t)family, sizeof order[0], smaller_first);
	double largest = 0;
	for (int i = 0; i < family; i++) {
		largest = fmax(largest, fmin(1, (family - i) * *order[i]));
		*order[i] = largest;
	}
}

struct mcnemar stats_mcnemar(long b, long c)
{
	BUG_IF(b < 0 || c < 0, "discordant counts %ld and %ld", b, c);
	const long n = b + c, k = b < c ? b : c;
	double most, less = 0, unused;
	if (n == 0)
		return (struct mcnemar){1, 1};
	beta_masses((double)(n - k), (double)(k + 1), 0.5, 0.5, &most, &unused); /* P(X <= k), X binomial of n halves */
	if (k > 0)
		beta_masses((double)(n - k + 1), (double)k, 0.5, 0.5, &less, &unused); /* P(X < k) */
	return (struct mcnemar){fmin(1, 2 * most), fmin(1, most + less)};
}
