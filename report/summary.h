/* What several seeds say together. */
#ifndef REPORT_SUMMARY_H
#define REPORT_SUMMARY_H

struct summary {
	int n;            /* values that are finite */
	double mean;      /* NaN of none */
	double deviation; /* of the sample, n - 1; NaN below two */
	double low, high; /* 95 % interval of the mean by Student's t; NaN below two */
};
struct summary summary_of(const double *v, int n); /* values that are not finite are left out */
/* The 0.975 quantile of Student's t, to 3 digits behind the point. df at least 1. */
double student_975(int df);

#endif
