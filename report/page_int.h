/* Private to the page: what its sections share. */
#ifndef REPORT_PAGE_INT_H
#define REPORT_PAGE_INT_H

#include "report/answers.h"
#include "report/chart.h"
#include "report/measured.h"
#include "report/page.h"
#include "report/summary.h"

enum { CURVED = 10 /* series that curves are drawn of: more can't be told apart */, CHART_WIDTH = 440 };

/* What an item's answers say; NaN where they, or the teacher's, are not there. */
struct told {
	bool there;
	double agreement, divergence, calibration;
};

/* A series with its numbers. */
struct shown {
	const struct page_series *s;
	int style;
	bool teaches;                /* another series learns from its last weights */
	const struct measured *item; /* [s->n] */
	const struct told *told;     /* [s->n] */
	bool best_answers;           /* these are of the best epoch on the held-out pictures, else of the last */
};

struct page_out {
	struct arena *arena;
	const struct page *page;     /* the part that is being written */
	const char *title;           /* of all parts */
	int part;                    /* its number, from 1; 0: there is one alone, and no heading but the title */
	const char *metric;          /* of the accuracy */
	struct str html, contents;   /* contents: the list of sections */
	int figures;                 /* so far: their ids */
	int n;
	struct shown *series;        /* [n] */
	const bool *curved;          /* [n]: curves are drawn of it */
};

/* ---- page_html.c ---- */
void page_begin(struct page_out *o);
enum status page_end(struct page_out *o, const char *path, struct err *e);
void part_begin(struct page_out *o);
void part_end(struct page_out *o);
void section_begin(struct page_out *o, const char *id, const char *title);
void section_end(struct page_out *o);
void subheading(struct page_out *o, const char *title); /* within a section; title: one of ours */
/* <p>TEXT</p>, escaped. */
void paragraph(struct page_out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A figure with a chart: figure_begin, draw, figure_end. The canvas is CHART_WIDTH wide unless said. */
struct canvas *figure_begin(struct page_out *o, const char *title, const char *description, double width, double height);
void figure_end(struct page_out *o, struct canvas *c, const char *caption); /* caption NULL: none */
/* A row of figures beside each other, as many as have room. */
void figures_begin(struct page_out *o);
void figures_end(struct page_out *o);
/* A table in a box of its own, which scrolls where the page is narrow. head: its columns, NULL at the end; the first is of text, and so are
   those that begin with '<'. */
void table_begin(struct page_out *o, const char *caption, const char *const *head);
void table_end(struct page_out *o);
void cell_text(struct page_out *o, const char *text);   /* begins a row where it is the first */
void cell_series(struct page_out *o, const struct shown *s);
void cell_number(struct page_out *o, const char *fmt, double v); /* a dash where v is not finite */
void cell_count(struct page_out *o, double v);
void row_begin(struct page_out *o);
void row_end(struct page_out *o);

/* ---- values over the seeds of a series ---- */
/* "gap" is the teacher's accuracy minus the page's metric. None of the epoch that the held-out pictures chose where weights come from a file. */
const double *series_last(struct page_out *o, const struct shown *s, const char *metric); /* [s->s->n] */
struct summary series_summary(struct page_out *o, const struct shown *s, const char *metric);
/* Items in which a teacher's phase was ended by its limit of epochs. */
int series_by_limit(const struct shown *s);
const char *seed_name(struct page_out *o, const struct shown *s, int i); /* "seed 3" */
int most_seeds(const struct page_out *o);
#define BEST "test_top1_best" /* of the epoch that the held-out pictures chose */
#define BEST_TEST "test_top1_best_test" /* of the epoch that the test pictures chose */
/* ", chosen on the test set" where the page's metric is; else "". */
const char *chosen(const struct page_out *o);

/* ---- the sections; each leaves out what it has no numbers for ---- */
/* Of which series curves are drawn: as many as can be told apart, those with the highest accuracy; of equal ones, and of those that have none yet, the
   first. Their looks are unlike each other's. */
void page_choose(struct page_out *o);
void page_summary(struct page_out *o);
/* The page's differences, or those of series with seeds in common; *n of them, in the arena. */
const struct page_difference *page_pairs(struct page_out *o, int *n);
void page_differences(struct page_out *o);
void page_seeds(struct page_out *o);
void page_curves(struct page_out *o);
void page_costs(struct page_out *o);
void page_phases(struct page_out *o);
/* Those of the page's epoch, where all that have any kept them; else those of the last, also where the test pictures chose another. *best: which.
   Item by item, in memory that is given back: the answers of a large sweep do not fit beside each other. */
void told_load(struct page_out *o, struct archive *r, const struct measured *m, int n, struct told *t, bool *best);
void page_answers(struct page_out *o);
struct data;
void page_mistakes(struct page_out *o, const struct data *d, const struct answers *a, const char *label);
void page_no_pictures(struct page_out *o, const char *label, const char *why);
void page_origin(struct page_out *o);

#endif
