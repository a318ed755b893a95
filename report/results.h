/* The table at the end of an experiment. */
#ifndef REPORT_RESULTS_H
#define REPORT_RESULTS_H

#include <stdio.h>

#include "stages/run.h"

/* One row a stage, then the notes: the rule, the data, what one seed is worth, and where a plain arm beat the main method. */
void results_print(FILE *f, const struct experiment *x, const struct stage_result *results);

#endif
