/* A measured step: bench_step.c takes the times, bench_step_print.c tells them. */
#ifndef CLI_BENCH_STEP_H
#define CLI_BENCH_STEP_H

#include "cli/bench_made.h"

/* Sums over some steps of a plan. */
struct cost_sum {
	double s, macs, bytes;
};

struct step_result {
	const struct made *made;
	int n;            /* timed steps */
	double *ms;       /* [n] each, sorted */
	double put_s, pass_s, first_step_s, peak_mib, device_mib; /* device_mib: of memory that is not the host's */
	double **kernel_s; /* per plan and step of it, all runs in a step: from the median of a few with a clock */
	struct cost_sum part[MADE_PARTS], all, conv;
	struct rates rates;
	double limit_s;   /* all multiply-adds at the rate of a convolution that runs alone */
};

/* Times so many steps, then a few kernel by kernel. r points into m and a; *m is for made_close also after an error. */
enum status step_measure(struct arena *a, const struct made_conf *c, int steps, struct made *m, struct step_result *r, struct err *e);
void step_result_print(const struct step_result *r, bool kernels);
void step_result_json(const struct step_result *r, bool kernels);

#endif
