#include "cli/bench.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

bool bench_options(const struct command *c, int argc, char **argv, const struct flag *flags, const char *example, enum status *st, struct err *e)
{
	struct positional none = {0};
	bool help = false;
	*st = options_read(argc, argv, flags, 0, 0, &none, &help, e);
	if (help)
		options_help(c, flags, example);
	return *st == OK && !help;
}

enum status bench_precision(const char *word, enum precision *p, struct err *e)
{
	for (int k = PRECISION_F32; k < PRECISION_COUNT; k++)
		if (str_eq(word, precision_name((enum precision)k)))
			return *p = (enum precision)k, OK;
	return err_user(e, (struct where){0}, "--precision is '%s', allowed f32, bf16, f16, tf32", word);
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

double bench_quantile(double *x, int n, double q)
{
	if (n < 1)
		return 0;
	qsort(x, (size_t)n, sizeof *x, compare);
	const int i = (int)(q * n);
	return x[i < n ? i : n - 1];
}

double bench_ratio(double a, double b)
{
	return b > 0 ? a / b : 0;
}

enum status bench_folder_make(struct arena *a, const char **path, struct err *e)
{
	const char *base = getenv("TMPDIR");
	char *made = arena_printf(a, "%s/limbeck-XXXXXX", base && *base ? base : "/tmp");
	if (!mkdtemp(made))
		return err_env(e, "make a folder '%s': %s", made, strerror(errno));
	*path = made;
	return OK;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *at)
{
	(void)info;
	(void)kind;
	(void)at;
	return remove(path);
}

void bench_folder_remove(const char *path)
{
	enum { OPEN = 16 };
	if (path)
		nftw(path, remove_one, OPEN, FTW_DEPTH | FTW_PHYS);
}
