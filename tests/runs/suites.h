/* The suites of tests/check_runs, and what they share. */
#ifndef TESTS_RUNS_SUITES_H
#define TESTS_RUNS_SUITES_H

#include <check.h>
#include <string.h>
#include <sys/resource.h>

#include "base/arena.h"
#include "base/err.h"
#include "engine/params.h"

Suite *safetensors_suite(void);
Suite *weights_suite(void);
Suite *resume_suite(void);
Suite *store_suite(void);
Suite *origin_suite(void);
Suite *cache_suite(void);
Suite *events_suite(void);
Suite *lock_suite(void);
Suite *predictions_suite(void);
Suite *live_suite(void);

/* A checked fixture: an arena, a fresh folder and an empty error; all gone after the test. */
extern struct arena *life;
extern char scratch[];
extern struct err e;
/* A case of the suite with the fixture and a timeout. */
TCase *life_case(Suite *s, const char *name);
/* SCRATCH/name, in the arena; with data, a file of this content. */
const char *scratch_path(const char *name);
const char *scratch_file(const char *name, const void *data, size_t n);
/* All of a file. */
const char *content(const char *path, size_t *n);
int entries(void); /* files in the folder */
/* A safetensors file of this header and so many bytes of data, 0 1 2 ... */
const char *st_file_of(const char *name, const char *header, size_t n);
/* From now on a file of this process ends at so many bytes, as on a full disk. RLIM_INFINITY before the next ck_assert:
   Check keeps its notes in a file. */
void disk_full_at(rlim_t bytes);

/* One thread; for the caller to close, as a network is for the caller to release. */
struct device *device_of(const char *name);
/* "conv.weight" (2,3,1,1), "conv.bias" (2), "fc.weight" (5,2); states "bn.running_mean" (2), "bn.running_var" (2) and
   "bn.num_batches_tracked" (); placed, with values that follow from base. */
struct params *network(struct device *dev, const char *name, double base);
/* 10 base + position, in every parameter and state. */
void fill(struct params *p, double base);
bool same_bytes(struct params *a, struct params *b);

#define ck_ok(call) do { const enum status st_ = (call); ck_assert_msg(st_ == OK, "%s", e.text); } while (0)
/* A call that fails with this status and a message with this part; empties the error. */
#define ck_fails(call, status_, part) do { \
		ck_assert_int_eq((call), (status_)); \
		ck_assert_msg(strstr(e.text, (part)), "'%s' is not in:\n%s", (part), e.text); \
		err_clear(&e); \
	} while (0)

#endif
