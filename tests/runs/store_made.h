/* An open store, fresh for each test, and a run in it. For one suite, "store", in several files. */
#ifndef TESTS_RUNS_STORE_MADE_H
#define TESTS_RUNS_STORE_MADE_H

#include "runs/store.h"
#include "tests/runs/suites.h"

/* Each adds its file's tests to the case. */
void store_add_rows(TCase *tc);
void store_add_files(TCase *tc);
void store_add_open(TCase *tc);

extern struct store *s;            /* at path; whatever is open is closed after the test */
extern const char *path;
extern const struct store_run run; /* a row to begin runs with */

/* Closes the store and opens what is at path. */
void again(void);
/* Begins the run and a stage of it; the stage's id. */
int64_t stage_of(const char *name, const char *identity);

#endif
