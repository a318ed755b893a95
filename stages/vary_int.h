/* Private to vary.c and vary_read.c. */
#ifndef STAGES_VARY_INT_H
#define STAGES_VARY_INT_H

#include "stages/vary.h"

struct choice {
	const char *name;  /* NULL: made from the values */
	const char *had;   /* name in earlier versions; NULL: the same */
	int n;
	struct assignment *set;
};

struct axis {
	int n;
	struct choice *choice;
};

struct axes {
	struct arena *a;
	const struct conf *root, *when, *skip;
	int n_axis;
	struct axis *axis;
	int n_path;
	const char **path; /* all that any axis assigns */
};

/* A value as names have it: a number of more than so many digits is rounded to them; digits 0: never. */
void value_text(struct str *s, const struct conf *c, int digits);
/* "seed.split", "seed.data", "seed.init", "seed.teacher": which, from 0; -1: none of them. */
int seed_of_path(const char *path);
enum status seeds_read(struct arena *a, const struct conf *c, struct seeds *s, struct err *e);
enum status axes_read(struct axes *x, const struct conf *grid, const struct conf *zip, const struct conf *list, const struct conf *random,
                      const struct conf *drop, const struct seeds *seeds, struct err *e);
enum status conditions_read(struct axes *x, const struct conf *when, const struct conf *skip, struct err *e);

#endif
