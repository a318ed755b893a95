/* What the tests of report/ share. */
#ifndef TESTS_REPORT_SUITES_H
#define TESTS_REPORT_SUITES_H

#include <check.h>

#include "base/arena.h"
#include "base/err.h"

/* Made anew for each test. */
extern struct arena *life;
extern struct err e;
extern char scratch[256];

/* A case with the fixture and a time limit. */
TCase *life_case(Suite *s, const char *name);
const char *scratch_path(const char *name);
/* A file's content, terminated; *n its bytes. */
const char *content(const char *path, size_t *n);

/* Every element is closed in its order, and every attribute is quoted. For SVG and for our HTML. */
void check_markup(const char *text);

Suite *results_suite(void);
Suite *confusion_suite(void);
Suite *chart_suite(void);
Suite *answers_suite(void);
Suite *page_suite(void);
/* Writes HOME/test.safetensors; logits NULL: none. */
void write_answers(const char *home, int n, int K, const int *label, const int *answer, const float *logits);
void write_answers_as(const char *home, const char *name, int n, int K, const int *label, const int *answer, const float *logits); /* name: test, test_best */
Suite *heat_map_suite(void);
Suite *gradcam_suite(void);
Suite *gradcam_sheet_suite(void);
Suite *distributions_suite(void);
Suite *stats_suite(void);
Suite *grid_suite(void);
Suite *paper_suite(void);
Suite *table_suite(void);

#endif
