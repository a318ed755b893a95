/* Private to table*.c: what makes, judges and explains a table. */
#ifndef REPORT_TABLE_INT_H
#define REPORT_TABLE_INT_H

#include "report/table.h"

/* Options, the paper, rows and columns; cells are not there yet. */
enum status table_layout(struct table *t, const struct table_options *o, struct err *e);
const struct experiment *table_first(const struct table *t); /* of the first run */
/* Of the first run of a point. */
const struct experiment *table_experiment(const struct table *t, const struct point *p);
/* "last epoch", "best on the held-out pictures", ... by rule. */
extern const char *const table_rule_said[];
/* " (chosen on the test set)" where the column's numbers are; else "". */
const char *table_mark(const struct table_column *c);
int table_stage(const struct experiment *x, const char *name); /* -1: none */
enum status table_claims(struct table *t, const struct conf *list, struct err *e);
struct table_row *table_row_find(const struct table *t, const char *label, const struct point *near);
void table_notes(const struct table *t, FILE *f);

#endif
