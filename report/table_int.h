/* Private to table*.c: what makes, judges and explains a table. */
#ifndef REPORT_TABLE_INT_H
#define REPORT_TABLE_INT_H

#include "report/table.h"

/* Options, the paper, rows and columns; cells are not there yet. */
enum status table_layout(struct table *t, const struct table_options *o, struct err *e);
const struct experiment *table_first(const struct table *t); /* of the first run */
/* Of the first run of a point. */
const struct experiment *table_experiment(const struct table *t, const struct point *p);
const char *table_data(const struct table *t, const struct point *p);
/* Its name with its mark and, where the table has points and several metrics, its metric. */
const char *table_column_label(struct arena *a, const struct table *t, const struct table_column *c);
/* Whether a paper's metric is the one that a column here has. What a paper gives of its training pictures is ours of a clean pass, too. */
bool table_same_metric(const char *papers, const char *ours);
/* "last epoch", "best on the held-out pictures", ... by rule. */
extern const char *const table_rule_said[];
/* Why a paper's number may not be compared with a row's; NULL: it may. order: all that is asked is which of two rows is better, for which another machine's time
   will do; a time has no rule. */
const char *table_unlike(const struct table *t, const struct table_row *row, const struct table_column *col, const struct paper_cell *p, bool order);
/* Why a cell is refused: a time of who was not alone in its process; an epoch that was chosen, where weights come from a file. */
extern const char table_not_alone[], table_last_alone[];
/* " (chosen on the test set)" where the column's numbers are; else "". */
const char *table_mark(const struct table_column *c);
int table_stage(const struct experiment *x, const char *name); /* -1: none */
enum status table_claims(struct table *t, const struct conf *list, struct err *e);
/* All that a claim of the file means, in a line: one that says something else is another claim. Its own name is not in it. */
const char *claim_says(struct arena *a, const struct conf *root, const struct conf *claim);
/* The metric that a claim of the file is of: its own, or the first of the file's table. */
const char *claim_metric(const struct conf *root, const struct conf *claim);
/* When each claim was written, and which were and are no more. */
enum status claim_dates_get(struct table *t, struct err *e);
/* The row of this whole label; NULL: none. */
const struct table_row *table_row_labelled(const struct table *t, const char *label);
/* The row of a stage among those of the point of row i, which stand beside each other from there on; NULL: none. */
const struct table_row *table_row_from(const struct table *t, int i, const char *stage);
/* Whether two cells are of the same networks. */
bool table_same_runs(const struct table_cell *x, const struct table_cell *y);
/* x minus y, times sign, on equal seeds. */
struct paired table_differences(struct arena *a, const struct table_cell *x, const struct table_cell *y, double sign);
/* Whether value i of x and value k of y are of equal seeds. */
bool table_is_pair(const struct table_cell *x, int i, const struct table_cell *y, int k);
/* Whether a metric is what a run took until it reached the accuracy of the row `reach`: pictures_to_reach, macs_to_reach, time/to_reach. */
bool table_is_reach(const char *metric);
/* That of the stage `id` of a run; NaN: it never did, or the row `reach` isn't there yet. */
enum status table_reach(struct table *t, const char *metric, const struct sweep_run *run, int64_t id, double *value, struct err *e);
int table_by_limit(const struct table_claim *c); /* runs of its two rows with a phase that its limit ended */
const char *table_claim_word(struct arena *a, const struct table_claim *c); /* "supported", "undecided (not run)", ... */
/* Whether any cell of the n columns from `first` on has a difference from the control. */
bool table_has_differences(const struct table *t, int first, int n);
/* Whether it is of what networks answer to test pictures, by one rule or another. */
bool table_has_answers(const struct table_column *c);
/* After the cells are filled: which of them share a column with results of other pictures or another recipe. */
void table_recipes(struct table *t);
const char *table_recipe(struct arena *a, const struct table_cell *c);      /* "b"; "": no mark */
const char *table_recipe_mark(struct arena *a, const struct table_cell *c); /* " [b]" or "" */
void table_recipe_note(const struct table *t, FILE *f);                     /* what the letters stand for */
/* Whether the command line changed the file's results or what stands beside each other: --set, --columns, --rule. */
bool table_is_by_hand(const struct table *t);
void table_by_hand_note(const struct table *t, FILE *f); /* by --set and --only */
/* A record in the file's 'tuning' of what is no stage, row or point is an error. */
enum status table_tuning_check(const struct table *t, struct err *e);
void table_tuning_note(const struct table *t, FILE *f); /* what was tried, and for which rows nobody says */
/* Numbers as a column has them: with two places in percent, "-" where there is none; with a sign; "+0.10 to +0.30". */
const char *table_number(struct arena *a, const struct table_column *c, double v);
const char *table_signed(struct arena *a, const struct table_column *c, double v);
const char *table_interval(struct arena *a, const struct table_column *c, double low, double high);
struct grid *table_paper_grid(struct arena *a, const struct table *t);
void table_paper_note(const struct table *t, FILE *f);
/* A line for each of the paper's sentences: whether it holds in what may be compared with the paper. */
void table_paper_claims_note(const struct table *t, FILE *f);
struct grid *table_claim_grid(struct arena *a, const struct table *t);
void table_claim_pictures(const struct table *t, FILE *f); /* McNemar's test of each, or why there is none */
void table_csv(const struct table *t, FILE *f);
void table_csv_claims(const struct table *t, FILE *f);
/* What a table is of, what its claims mean, what stands beside it: in LaTeX each below its own. form: of the table, whose columns have other names in CSV. */
enum table_note { NOTES_NONE, NOTES_RESULTS = 1, NOTES_CLAIMS = 2, NOTES_PAPER = 4, NOTES_ALL = 7, NOTES_NO_CLAIMS = 8 /* that there are none, and which were */ };
void table_notes(const struct table *t, FILE *f, enum grid_form form, int which);
/* For people: "shared", "per seed", "shared, per seed"; "-": none. */
const char *table_said_teachers(struct arena *a, const char *teachers);
/* Whether the seeds of a row learn from one teacher: "shared" or "per_seed"; "": it learns from none. */
const char *table_teachers(const struct table *t, const struct table_row *r);

#endif
