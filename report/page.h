/*
 * One HTML page of what was measured: summary, table, curves, costs, answers, where it comes from. Nothing outside the file is
 * read when it is looked at, and there is no script in it.
 */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include <stdint.h>

#include "runs/store.h"

/* A stage of a run: one seed of a series. */
struct page_item {
	const char *folder, *stage;
	uint64_t seed;
};

/* What is compared: a stage of the file, over its seeds. */
struct page_series {
	const char *label;
	int n;
	const struct page_item *item;
	bool imported;                 /* weights that it begins or learns from come from a file: it has no 'best-rule' */
};

/* Of two series, paired by seed, in percentage points. p NaN: none; verdict NULL: none. */
struct page_difference {
	const char *what;
	int n;
	double mean, low, high, p;
	const char *verdict;
};

struct page {
	const char *title, *rule;      /* rule: which epoch's weights are measured, in one or more sentences; NULL: said in general */
	const char *metric;            /* the accuracy in percent that all of it is about; NULL: "test_top1", of the last epoch */
	int n_series;
	const struct page_series *series;
	const char *table_html;        /* put in as it is; NULL: a table of means and intervals */
	const char *notes;             /* plain text below the table; NULL: none */
	int n_difference;
	const struct page_difference *difference; /* none: where series have two seeds in common, each against the first of its kind */
};

/* s: the store that the runs are recorded in; runs of others are looked up in FOLDER/../limbeck.db, and what no store has in
   FOLDER/metrics.csv. NULL allowed. What is missing (answers, pictures, a run's files) is said in the page and no error; errors are those of
   writing. */
enum status page_write(const struct page *p, struct store *s, const char *path, struct err *e);
/* Several in one file, each a part with its title as heading, its own table and its own figures: what may not share a column. */
enum status pages_write(const char *title, const struct page *p, int n, struct store *s, const char *path, struct err *e);

#endif
