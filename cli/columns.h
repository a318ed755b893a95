/* Text in columns, as wide as their widest cell. */
#ifndef CLI_COLUMNS_H
#define CLI_COLUMNS_H

#include <stdio.h>

#include "base/arena.h"

enum { COLUMNS_MOST = 16 };

struct columns {
	struct arena *arena;
	int n_column;
	const char *const *head;
	const char *align; /* a letter a column: l, r */
	int n, cap;
	const char *(*row)[COLUMNS_MOST];
};

/* head has as many cells as align has letters. */
struct columns columns_new(struct arena *a, const char *const *head, const char *align);
/* Takes as many cells as there are columns; they live as long as the table. */
void columns_add(struct columns *t, const char *const *cells);
/* Head and rows, two spaces between columns and none at a line's end; no line is wider than width characters (0: as wide as it gets). */
void columns_print(const struct columns *t, FILE *f, int width);

#endif
