/* What the benchmarks share. Each is a command of its own, named "bench step", in a file of its own, bench_step.c. */
#ifndef CLI_BENCH_H
#define CLI_BENCH_H

#include "cli/options.h"
#include "engine/rates.h"

/* Reads a benchmark's words, which are flags alone; false: --help was printed, or *st says what is wrong. */
bool bench_options(const struct command *c, int argc, char **argv, const struct flag *flags, const char *example, enum status *st, struct err *e);
enum status bench_precision(const char *word, enum precision *p, struct err *e);

/* The q-th quantile (0..1) of x[n]; sorts x. */
double bench_quantile(double *x, int n, double q);
/* a / b, or 0 where nothing was measured. */
double bench_ratio(double a, double b);

/* An empty folder below TMPDIR or /tmp for what a benchmark writes, and its end with all that is in it. */
enum status bench_folder_make(struct arena *a, const char **path, struct err *e);
void bench_folder_remove(const char *path); /* NULL is allowed */

#endif
