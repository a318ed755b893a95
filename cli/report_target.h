/* What 'report' and 'plot' are given, as series of a page: runs, or a sweep's folder. */
#ifndef CLI_REPORT_TARGET_H
#define CLI_REPORT_TARGET_H

#include "report/page.h"

/*
 * The stages of runs, each a series. Equal stages of several runs (name, options, networks, data, teachers) are one series if their seeds
 * differ, and so are the copies that arms made of a stage; the same stage met again is left out; stages of one name that are not equal
 * are told apart by their runs' folders. word[0..n): run folders, or folders that hold one run. *folder: of the first.
 * One word may be a sweep's folder, which has a sweep.json; then that is the page.
 */
enum status report_target(struct arena *a, const char *const *word, int n, struct page *p, const char **folder, struct err *e);

/* At the end of a training: FOLDER/report.html, whose path is printed. That it can't be written is a warning and no failure of what was trained. */
void report_leave(struct arena *a, const char *folder);

/* ---- report_runs.c, report_sweep.c ---- */
enum status report_runs(struct arena *a, const char *const *folder, int n, struct page *p, struct err *e);
/* FOLDER/sweep.json: {"title", "rule", "series": [{"label", "items": [{"folder", "stage", "seed"}]}], "differences": [{"what", "n", "mean",
   "low", "high", "p", "verdict"}], "table_html", "notes"}; folders are relative to FOLDER; all but series and what is in them may be missing or
   null. A rule with the word held-out is that of the best epoch. */
enum status report_sweep(struct arena *a, const char *folder, struct page *p, struct err *e);

#endif
