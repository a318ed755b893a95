#include "report/summary.h"

#include <math.h>

double student_975(int df)
{
	static const double few[] = {12.70620, 4.30265, 3.18245, 2.77645, 2.57058, 2.44691, 2.36462, 2.30600, 2.26216, 2.22814};
	const double z = 1.959963985, d = df;
	if (df <= 10)
		return few[df < 1 ? 0 : df - 1];
	/* the expansion in 1/df (Abramowitz and Stegun 26.7.5) */
	const double g1 = (pow(z, 3) + z) / 4, g2 = (5 * pow(z, 5) + 16 * pow(z, 3) + 3 * z) / 96;
	const double g3 = (3 * pow(z, 7) + 19 * pow(z, 5) + 17 * pow(z, 3) - 15 * z) / 384;
	return z + g1 / d + g2 / (d * d) + g3 / (d * d * d);
}

struct summary summary_of(const double *v, int n)
{
	struct summary s = {.mean = NAN, .deviation = NAN, .low = NAN, .high = NAN};
	double sum = 0, square = 0;
	for (int i = 0; i < n; i++)
		if (isfinite(v[i])) {
			sum += v[i];
			s.n++;
		}
	if (!s.n)
		return s;
	s.mean = sum / s.n;
	for (int i = 0; i < n; i++)
		if (isfinite(v[i]))
			square += (v[i] - s.mean) * (v[i] - s.mean);
	if (s.n < 2)
		return s;
	s.deviation = sqrt(square / (s.n - 1));
	const double half = student_975(s.n - 1) * s.deviation / sqrt(s.n);
	s.low = s.mean - half;
	s.high = s.mean + half;
	return s;
}
