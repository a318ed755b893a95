/* The table at the end of an experiment. */
#ifndef REPORT_RESULTS_H
#define REPORT_RESULTS_H

#include <stdio.h>

#include "stages/run.h"

/* The report's title, one row a stage, then the notes: the data, the rule, where a plain arm beat the main
   method, and what one seed is worth. */
void results_print(FILE *f, const struct experiment *x, const struct stage_result *results);

#endif
