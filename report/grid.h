/* A table of texts, written in four forms: aligned text, Markdown, CSV, LaTeX (booktabs). */
#ifndef REPORT_GRID_H
#define REPORT_GRID_H

#include <stdio.h>

#include "base/arena.h"

enum grid_form { GRID_TEXT, GRID_MARKDOWN, GRID_CSV, GRID_LATEX, GRID_HTML };

struct grid {
	struct arena *arena;
	const char *title;      /* a caption; NULL: none */
	int n_column, n_row, n_left; /* the first n_left columns are texts: aligned to the left */
	const char *const *head;
	const char **cell;      /* [n_row * n_column]; NULL: empty */
	int room;               /* rows that cell has room for */
	const char *notes;      /* lines below it in LaTeX, where what stands between tables floats away from them; NULL: none. Else the caller has them. */
};

struct grid *grid_new(struct arena *a, const char *title, int n_column, int n_left, const char *const *head);
/* The new row's cells, until the next one. */
const char **grid_row(struct grid *g);
void grid_print(const struct grid *g, FILE *f, enum grid_form form);

#endif
