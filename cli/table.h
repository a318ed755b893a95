/* Text in columns, as wide as their widest cell. */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stdio.h>

#include "base/arena.h"

enum { TABLE_COLUMNS = 16 };

struct table {
	struct arena *arena;
	int columns;
	const char *const *head;
	const char *align; /* a letter a column: l, r */
	int n, cap;
	const char *(*row)[TABLE_COLUMNS];
};

/* head has as many cells as align has letters. */
struct table table_new(struct arena *a, const char *const *head, const char *align);
/* Takes as many cells as there are columns; they live as long as the table. */
void table_add(struct table *t, const char *const *cells);
/* Head and rows, two spaces between columns and none at a line's end; no line is wider than width characters (0: as wide as it gets). */
void table_print(const struct table *t, FILE *f, int width);

#endif
