#include "report/summary.h"

#include <math.h>

struct summary summary_of(const double *v, int n)
{
	struct summary s = {.mean = NAN, .deviation = NAN, .low = NAN, .high = NAN, .half = NAN};
	struct arena *a = arena_open("summary");
	double *known = NEW_ARRAY(a, double, n);
	int m = 0;
	for (int i = 0; i < n; i++)
		if (isfinite(v[i]))
			known[m++] = v[i];
	if (m)
		s = stats_summary(known, m);
	arena_close(a);
	return s;
}
