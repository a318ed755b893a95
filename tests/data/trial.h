/* What the tests of data/ share: a fresh folder, files in it, a data set from a line of YAML. */
#ifndef TESTS_DATA_TRIAL_H
#define TESTS_DATA_TRIAL_H

#include <check.h>

#include "base/file.h"
#include "base/str.h"
#include "data/dataset.h"

/* Checked fixtures: a fresh folder, an arena and an empty err for each test. The hash cache lies in the
 * folder. */
void trial_setup(void);
void trial_teardown(void);

extern struct arena *trial_arena;
extern struct err trial_err;
extern const char *trial_dir;

const char *trial_path(const char *fmt, ...) __attribute__((format(printf, 1, 2))); /* below the folder */
void trial_write(const char *path, const void *data, size_t n); /* makes the folders */
void trial_cut(const char *path, size_t n); /* to its first n bytes */
void trial_poke(const char *path, size_t at, int byte);
/* Opens "{yaml}" in which %s stands for the folder; NULL with trial_err set. Closed by the teardown. */
struct data *trial_open(const char *yaml, uint64_t seed);
void trial_close(void);
/* Opens, expects status st and each of the texts (a list that ends with NULL) in the message. */
void trial_refused(const char *yaml, enum status st, ...);
void trial_message(enum status got, enum status st, ...);

Suite *cifar_suite(void), *data_suite(void), *folder_suite(void), *idx_suite(void), *image_suite(void),
	*list_suite(void), *loader_suite(void), *memory_suite(void), *ships_suite(void), *split_suite(void);

#endif
