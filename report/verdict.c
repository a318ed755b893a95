#include <math.h>

#include "base/err.h"
#include "report/distributions.h"
#include "report/stats.h"

/* ---- seeds ---- */

/* The probability that n differences give a two-sided p below alpha; ratio is effect over deviation, above 0. */
static double power_of(int n, double ratio, double alpha)
{
	const double limit = t_quantile(1 - alpha / 2, n - 1), delta = ratio * sqrt(n);
	return noncentral_t_cdf(-limit, n - 1, -delta) + noncentral_t_cdf(-limit, n - 1, delta);
}

int stats_seeds_needed(double effect, double deviation, double alpha, double power)
{
	BUG_IF(!(isfinite(effect) && isfinite(deviation) && deviation >= 0), "effect %g, deviation %g", effect, deviation);
	BUG_IF(!(alpha > 0 && alpha < 1 && power > 0 && power < 1), "alpha %g, power %g", alpha, power);
	const double ratio = fabs(effect) / deviation;
	int too_few = 1, enough = 2;
	if (effect == 0)
		return SEEDS_MOST;
	if (isinf(ratio))
		return 2;
	while (enough < SEEDS_MOST && power_of(enough, ratio, alpha) < power) {
		too_few = enough;
		enough = enough < SEEDS_MOST / 2 ? 2 * enough : SEEDS_MOST;
	}
	while (enough - too_few > 1) {
		const int middle = (too_few + enough) / 2;
		if (power_of(middle, ratio, alpha) < power)
			too_few = middle;
		else
			enough = middle;
	}
	return enough;
}

struct seeds_range stats_seeds_range(double effect, double deviation, int n, double alpha, double power)
{
	BUG_IF(n < 2, "the deviation of %d values", n);
	const double sum = deviation * sqrt(n - 1);
	return (struct seeds_range){
		.low = stats_seeds_needed(effect, sum / sqrt(chi_square_quantile(0.975, n - 1)), alpha, power),
		.high = stats_seeds_needed(effect, sum / sqrt(chi_square_quantile(0.025, n - 1)), alpha, power),
	};
}

/* ---- verdicts ---- */

/* Percentage points: the largest difference that is called agreement, the widest half interval that can show it. */
#define AGREES_WITHIN 0.5
#define AGREES_HALF 1.0

struct beside stats_verdict(const struct summary *ours, double paper, int n_paper)
{
	BUG_IF(!isfinite(paper), "a paper's number is %g", paper);
	struct beside b = {.difference = ours->mean - paper, .half = NAN, .verdict = VERDICT_NONE};
	if (ours->n < 3)
		return b;
	b.half = t_quantile(0.975, ours->n - 1) * ours->deviation * sqrt(1.0 / ours->n + 1.0 / (n_paper < 1 ? 1 : n_paper));
	if (fabs(b.difference) > b.half)
		b.verdict = b.difference > 0 ? VERDICT_ABOVE : VERDICT_BELOW;
	else if (fabs(b.difference) <= AGREES_WITHIN && b.half <= AGREES_HALF)
		b.verdict = VERDICT_AGREES;
	else
		b.verdict = VERDICT_CANNOT_TELL;
	return b;
}

enum claim stats_claim(const struct paired *differences, double p_adjusted)
{
	if (differences->n < 8 || !(p_adjusted < 0.05) || differences->mean == 0)
		return CLAIM_UNDECIDED;
	return differences->mean > 0 ? CLAIM_SUPPORTED : CLAIM_CONTRADICTED;
}
