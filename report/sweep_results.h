/* What a sweep leaves: its table in all forms, and sweep.json, from which the page is made. */
#ifndef REPORT_SWEEP_RESULTS_H
#define REPORT_SWEEP_RESULTS_H

#include "stages/sweep.h"

/* Prints the table and writes table.txt, .md, .csv, .tex and sweep.json into the sweep's folder. */
enum status sweep_results(struct sweep *s, struct err *e);

#endif
