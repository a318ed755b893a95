/*
 * The numbers of a paper, as a file under experiments/tables has them: rows (methods), columns (pairs of networks, data sets), and for each
 * number what it is of: metric, split, rule, how many runs, and how far it can be trusted. Numbers that are not of the same thing are never
 * compared.
 */
#ifndef REPORT_PAPER_H
#define REPORT_PAPER_H

#include "base/opt.h"

enum trust { TRUST_FOUND, TRUST_THIRD_PARTY, TRUST_DERIVED, TRUST_RECALLED };

enum paper_split { PAPER_TEST, PAPER_TRAIN, PAPER_VALID, PAPER_NO_SPLIT }; /* which part of the data; the last: unsaid */
enum paper_rule { PAPER_LAST, PAPER_BEST, PAPER_BEST_TEST, PAPER_UNSAID };

struct paper_cell {
	double value;       /* NaN: not given */
	double deviation;   /* NaN: not given */
	int runs;
	enum trust trust;
	const char *metric; /* test_top1, ... */
	enum paper_split split;
	enum paper_rule rule;
};

struct paper_row {
	const char *name, *title, *needs; /* needs: id of the method; "" where it needs none */
	struct paper_cell *cell;          /* [n_column] */
};

/* A sentence of the paper: one row is better than another. */
struct paper_claim {
	const char *name, *says, *better, *than;
	const char *metric, *columns;      /* metric "": the column's own; columns: "all" or a column's name */
	int pairs, better_in, equal_in;    /* "in 6 of 8 pairs and equal in 2"; pairs 0: it names no number, and means all */
	bool amount;                       /* it says by how much, too */
};

struct paper {
	const char *path, *title, *paper, *source, *data, *metric, *note;
	int split, rule, runs, trust;     /* of a cell that says nothing, nor its column; enums as in a cell */
	int train_pictures;               /* of the data set; 0: not said */
	int n_column, n_row, n_claim;
	const char **column, **column_title, **column_data; /* a name may come again with other data or another metric */
	struct paper_cell *usual;         /* [n_column]: what a cell of it is of where it does not say; value NaN */
	struct paper_row *row;
	struct paper_claim *claim;
};

/* Every mistake of the file is told with its place. */
enum status paper_read(struct arena *a, const char *path, struct paper **p, struct err *e);
const struct paper_row *paper_row_find(const struct paper *p, const char *name); /* NULL: none */
/* -1: none. data, metric NULL: any. */
int paper_column_find(const struct paper *p, const char *name, const char *data, const char *metric);
const char *trust_word(enum trust t);
const char *paper_split_word(enum paper_split s); /* "test", ..., "unsaid" */
const char *paper_rule_word(enum paper_rule r);   /* "last", ..., "unsaid" */

#endif
