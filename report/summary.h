/* stats_summary of what has no number here and there. */
#ifndef REPORT_SUMMARY_H
#define REPORT_SUMMARY_H

#include "report/stats.h"

/* Values that are not finite are left out; of none n is 0 and the rest NaN. */
struct summary summary_of(const double *v, int n);

#endif
