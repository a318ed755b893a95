/*
 * The table of a sweep: what each stage came to over its seeds, beside a control and beside a paper.
 *
 * A cell is the mean over seeds of one metric by one rule, on one part of the data, for one budget, and nothing else: what differs in any of
 * these never shares a cell. Where rows of a column differ in their pictures or in their recipe (batch, epochs, optimiser, schedule, precision, a kind's own lengths and rates),
 * which a file may ask for, every number in it is marked. Seeds that failed or are missing are counted in it. A time is shown only where every run of the cell was alone in
 * its process. Differences are taken on equal seeds; claims that the file wrote down before the runs are one family of tests (Holm), all other
 * cells get intervals and no p.
 */
#ifndef REPORT_TABLE_H
#define REPORT_TABLE_H

#include "report/grid.h"
#include "report/paper.h"
#include "report/stats.h"
#include "stages/sweep.h"

extern const struct opt table_opts[], claims_opts[];

/* Which epoch's weights are measured. BEST_TEST is the one that did best on the test pictures themselves: it is too high, never the default, needs
   'watch_test' in the stages, and is marked as "chosen on the test set" wherever a number of it stands. */
enum table_rule { RULE_LAST, RULE_BEST, RULE_BEST_TEST };

/* What a value came of. Two are a pair where all of it is equal; the teachers' only where both have to do with teachers. */
struct cell_seeds {
	int run;                        /* vary.seeds'; -1: the file's own */
	uint64_t split, data, init;
	bool taught;                    /* it teaches, or learns from a stage that does */
	bool has_teacher;               /* teachers have a seed of their own: */
	uint64_t teacher;
};

struct table_cell {
	int n, failed, missing;         /* distinct runs with a value; seeds without one */
	int by_limit;                   /* of the n: runs with a phase that its limit ended, and not the temperature */
	int rolled_back;                /* of the n: runs in which a step was undone, and learning rates halved */
	double *value;                  /* by seed, in the order of the sweep */
	int *seed, *item;
	struct cell_seeds *seeds;       /* of each, in full */
	int n_run, *run;                /* all that it is of, with a value or without: first items with their identities */
	struct summary sum;             /* n > 0 */
	bool unmeasured;                /* runs are done, and have no such metric */
	const char *refused;            /* why there are values and none is shown; NULL: nothing */
	struct paired control;          /* minus the control's on equal seeds; n 0: none */
	const struct paper_cell *paper; /* NULL: none */
	struct beside beside;
	const char *recipe_hash;        /* of its pictures and its whole recipe: that of the same arm in another table; NULL: n is 0 */
	int recipe;                     /* by its letter, from 1: others of the column have other pictures or another recipe; 0: all are alike */
	const char *verdict;            /* "agrees", "above", "other budget", "not run", ...; NULL without a paper */
};

struct table_row {
	const char *label, *stage;
	const struct point *point;      /* NULL: columns are points */
	const struct paper_row *paper;
	bool used, teaches;             /* by other stages: as a teacher, or else as the first part of their training */
	const char *teachers;           /* of its seeds: "shared", "per_seed", or "": it learns from none */
	bool is_control, imported;      /* imported: weights that it or a teacher begins from come from a file */
	struct table_cell *cell;
};

struct table_column {
	const char *label, *metric, *key; /* key: of the store */
	const struct point *point;        /* NULL: columns are metrics; else those of one metric stand beside each other */
	enum table_rule rule;             /* the table's where the metric has it, else the last epoch */
	int paper;                        /* of the paper's columns; -1: none */
	bool percent, time, error;        /* error: the paper has errors, ours are accuracies */
	bool less_is_better;
};

struct table_claim {
	const char *name, *better, *than;
	const struct table_column *column;
	const struct table_cell *x, *y;   /* better's and than's */
	struct paired paired;             /* better minus than on equal seeds; for times the other way round, so that better is positive */
	const char *teachers;             /* of its rows: "shared", "per_seed", "shared, per_seed", or "": neither learns from any */
	const char *untested;             /* why there is nothing to test: "not run", "8 runs failed", ...; NULL: it is tested */
	const char *says, *written;       /* written: "before the first run", "after runs existed (DATE)", "no run yet", "not known" */
	bool late;                        /* runs of both rows had begun when it was first seen */
	double p;                         /* adjusted; NaN: there is nothing to test */
	enum claim verdict;
	int seed;                         /* whose networks McNemar compares */
	long only_better, only_than;      /* test pictures that one alone has right; -1: not known */
	struct mcnemar pictures;
	int seeds_needed;
	struct seeds_range seeds_range;
};

struct table {
	struct arena *arena;
	struct sweep *sweep;
	const char *title;
	enum table_rule rule;
	const char *reach;                /* the row whose accuracy others are to reach; NULL: none */
	const char *data;                 /* the paper's word for the pictures; NULL: that of their data set here */
	enum table_rule asked;            /* by the file or the command line */
	bool forced_last, none_held_out;  /* why another rule was asked for and the rule is the last epoch */
	bool otherwise;                   /* metric, rule or columns are not the file's, for which its claims were written */
	const char *control;
	int n_row, n_column, n_claim;
	int n_hidden;                     /* behind the n_column columns: of the file's metrics that were not asked for, and that claims are of */
	struct table_row *row;
	struct table_column *column;
	struct table_claim *claim;
	int n_gone;
	struct store_claim *gone;         /* dated once, and in the file no more */
	struct paper *paper;
	int n_recipe;
	struct recipe *recipe;            /* those that marks stand for */
	int n_program;
	const char **program;             /* versions of it that trained the runs */
	const struct conf *tuning;
};

struct table_options {
	const char *rule, *control, *paper, *columns; /* NULL: as the file says */
	const char *metric;                           /* comma separated */
};

/* After sweep_refresh. A control or a claim's row that is not there is an error that names those that are. */
enum status table_make(struct arena *a, struct sweep *s, const struct table_options *o, struct table **t, struct err *e);
/* The table, its differences, its claims, the paper beside it, and the notes that say what the numbers are (LaTeX: below the table that they are of; HTML: none, for a page has
   them by table_notes). CSV: one line a cell, all in it, then the notes, in lines that begin with '#'; claims are a CSV of their own. */
enum status table_print(const struct table *t, FILE *f, enum grid_form form);
/* The claims alone. CSV: one line a claim, each number in full, and no notes. */
enum status table_print_claims(const struct table *t, FILE *f, enum grid_form form);

#endif
