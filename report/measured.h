/* What was measured in a stage of a run, and where its files are, whichever run trained it. */
#ifndef REPORT_MEASURED_H
#define REPORT_MEASURED_H

#include "report/page.h"
#include "report/run_config.h"

/* Seconds that lessons of one sort took: "training", "block", "head", "polish". */
struct phase {
	const char *name;
	double seconds;
};

struct measured {
	const struct page_item *item;
	struct run_config config;            /* root NULL: the run's folder has none */
	const char *run;                     /* the folder of the run that trained it */
	const char *home;                    /* run/stages/STAGE */
	int n;
	const struct store_value *value;     /* by epoch, then name */
	int n_phase;
	const struct phase *phase;
	const struct store_run_row *origin;  /* of the run that trained it; NULL: in no store */
};

/* Stores that are open, so that a page of many runs opens each once. */
struct archive;
struct archive *archive_open(struct arena *a, struct store *s); /* s NULL allowed; it stays the caller's */
void archive_close(struct archive *r);
/* Never fails: what can't be read is told in the log and is missing. */
void archive_measured(struct archive *r, const struct page_item *item, struct measured *m);

/* The last value of a metric; NaN: none. */
double measured_last(const struct measured *m, const char *name);
/* Its values over epochs, n of them; x and y in the arena. */
int measured_curve(struct arena *a, const struct measured *m, const char *name, const double **x, const double **y);

#endif
