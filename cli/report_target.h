/* What 'report' and 'plot' are given, as pages of series: runs, sweeps' folders, several of both. */
#ifndef CLI_REPORT_TARGET_H
#define CLI_REPORT_TARGET_H

#include "report/page.h"
#include "report/run_config.h"

struct report {
	const char *title, *folder; /* folder: of the first word */
	int n;
	struct page *page;          /* each a table of its own */
};

/*
 * The stages of runs, each a series. Equal stages of several runs (name, options, networks, data, teachers) are one series if their seeds
 * differ, and so are the copies that arms made of a stage; the same stage met again is left out; stages of one name that are not equal
 * are told apart by their runs' folders. word[0..n): run folders, or folders that hold one run, or a sweep's, which has a sweep.json.
 * Runs of other pictures (data set, how many, how they are changed) or of another budget get a page each, whose title says which; so does each sweep.
 */
enum status report_target(struct arena *a, const char *const *word, int n, struct report *r, struct err *e);

/* At the end of a training: FOLDER/report.html, whose path is printed. That it can't be written is a warning and no failure of what was trained. */
void report_leave(struct arena *a, const char *folder);

/* ---- report_runs.c, report_sweep.c ---- */
enum status report_runs(struct arena *a, const char *const *folder, int n, struct page *p, struct err *e);
/* That of the first of n runs, and how many there are more. */
const char *report_title(struct arena *a, const struct run_config *first, int n);
/* FOLDER/sweep.json: {"title", "rule", "budget", "series": [{"label", "items": [{"folder", "stage", "seed"}]}], "differences": [{"what", "n", "mean",
   "low", "high", "p", "verdict"}], "table_html", "notes"}; folders are relative to FOLDER; all but series and what is in them may be missing or
   null. A rule with the word held-out is that of the best epoch. A budget that is not full stands in the page's title. */
enum status report_sweep(struct arena *a, const char *folder, struct page *p, struct err *e);

#endif
