/* The suites of tests/check_base, and what they share. */
#ifndef TESTS_BASE_SUITES_H
#define TESTS_BASE_SUITES_H

#include <check.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"

Suite *err_suite(void);
Suite *arena_suite(void);
Suite *str_suite(void);
Suite *rng_suite(void);
Suite *sha256_suite(void);
Suite *file_suite(void);
Suite *conf_suite(void);
Suite *conf_set_suite(void);
Suite *opt_suite(void);
Suite *log_suite(void);
Suite *names_suite(void);
Suite *json_suite(void);
Suite *tree_suite(void);

/* A checked fixture: an arena and a fresh folder, both gone after the test. */
extern struct arena *life;
extern char scratch[];
void life_begin(void);
void life_end(void);
/* A case of the suite with the fixture and a timeout. */
TCase *life_case(Suite *s, const char *name);
/* SCRATCH/name, in the arena; with text, a file of this content. */
const char *scratch_path(const char *name);
const char *scratch_file(const char *name, const void *data, size_t n);
const char *scratch_text(const char *name, const char *text);
/* All that print writes, in the arena. */
const char *printed(void (*print)(FILE *f, const void *ctx), const void *ctx);

#define ck_has(text, part) ck_assert_msg(strstr((text), (part)), "'%s' is not in:\n%s", (part), (text))
#define ck_has_not(text, part) ck_assert_msg(!strstr((text), (part)), "'%s' is in:\n%s", (part), (text))

#endif
