/* The suites of tests/check_stages, and what they share. */
#ifndef TESTS_STAGES_SUITES_H
#define TESTS_STAGES_SUITES_H

#include <check.h>
#include <string.h>

#include "runs/safetensors.h"
#include "stages/run.h"

Suite *arms_suite(void);
Suite *aside_suite(void);
Suite *assistants_suite(void);
Suite *blocks_suite(void);
Suite *experiment_suite(void);
Suite *identity_suite(void);
Suite *order_suite(void);
Suite *peers_suite(void);
Suite *stagewise_suite(void);
Suite *pass_suite(void);
Suite *step_suite(void);
Suite *teacher_suite(void);
Suite *train_suite(void);
Suite *evaluate_suite(void);
Suite *vary_suite(void);
Suite *sweep_suite(void);
Suite *watch_suite(void);

/* A checked fixture: an arena, a fresh folder and an empty error; all gone after the test. */
extern struct arena *life;
extern char scratch[];
extern struct err e;
TCase *life_case(Suite *s, const char *name);
const char *scratch_path(const char *name);
/* SCRATCH/NAME with this text. */
const char *text_file(const char *name, const char *text);

/* 56 training pictures in batches of 16 (the last of 8), 24 held out, 40 to test on, 4 classes; networks `teacher` and `student`. */
#define TOP "seed: 1\n" TOP_UNSEEDED
#define TOP_UNSEEDED \
	"name: tiny\n" \
	"precision: f32\n" \
	"data: {kind: synth, batch: 16, n_train: 80, n_test: 40, held_out: 24, classes: 4, size: 8, crop: 1, eval_batch: 20}\n" \
	"networks:\n" \
	"  teacher: {model: cnn, widths: [4, 8], convs: 1}\n" \
	"  student: {model: cnn, widths: [2, 4], convs: 1}\n" \
	"  deep: {model: cnn, widths: [2, 4, 4], convs: 1}\n"
#define STAGES "stages:\n"
#define TEACH "  - {name: teach, kind: supervise, train: teacher, epochs: 2, anchors: {count: 2, rule: equal}}\n"

/* Opens the text as an experiment on one thread, with assignments (NULL ends them). */
enum status open_text(struct experiment **x, const char *device, const char *text, ...);
struct experiment *open_ok(const char *text); /* on the device cpu */
/* Runs it in SCRATCH/out; the results and the run's folder. */
struct trained {
	struct stage_result *result;
	const char *folder;
};
enum status train(struct experiment *x, const char *out, struct trained *t);
struct trained train_ok(const char *out, const char *text);

/* A signal comes, as from the keyboard, after so many reads of training pictures; the loader is a batch or two ahead. */
void stop_after(struct experiment *x, int reads);

/* The value of the last row of metrics.csv that fits; NaN: none. rows: how many fit (epoch -1: of any epoch; name NULL: any). */
double metric(const char *folder, const char *stage, int epoch, const char *name);
int rows(const char *folder, const char *stage, int epoch, const char *name);
/* The event file has the rows of metrics.csv, in order, and nothing else. */
void same_events(const char *folder);
/* FOLDER/stages/STAGE/NAME.safetensors. */
struct st_file weights_of(const char *folder, const char *stage, const char *name);
bool same_tensors(const struct st_file *a, const struct st_file *b);

#define ck_ok(call) do { const enum status st_ = (call); ck_assert_msg(st_ == OK, "%s", e.text); } while (0)
#define ck_has(text, part) ck_assert_msg(strstr((text), (part)), "'%s' is not in:\n%s", (part), (text))

#endif
