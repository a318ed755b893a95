/* Private to the recipes of a table. */
#ifndef REPORT_TABLE_RECIPES_INT_H
#define REPORT_TABLE_RECIPES_INT_H

#include "report/table_int.h"

struct recipe {
	int n;
	const char **key, **value;
};

void recipe_add(struct recipe *r, struct arena *a, const char *key, const char *value);
/* Each option that changes results. only: that one; NULL: all. */
void recipe_add_options(struct recipe *r, struct arena *a, const struct opt *rows, const void *conf, const struct conf *map, const char *only);

/* The lengths and rates of kinds of stage: all stages of a table are looked at before any recipe has them added. */
struct recipe_owns;
struct recipe_owns *recipe_owns_new(struct table *t);
void recipe_owns_look(struct table *t, struct recipe_owns *all, const struct stage *s);
/* Those that are not the same in all stages of the kind that were looked at, and that no point varies. */
void recipe_owns_add(struct table *t, const struct recipe_owns *all, const struct stage *s, struct recipe *r);

#endif
