/* A small sweep whose numbers are written by hand, as if it had been trained, and the table of it. For one suite, "table", in several files. */
#ifndef TESTS_REPORT_TABLE_MADE_H
#define TESTS_REPORT_TABLE_MADE_H

#include <string.h>

#include "report/table.h"
#include "tests/report/suites.h"

/* Each adds its file's tests to the case. */
void table_add_cells(TCase *tc);
void table_add_claims(TCase *tc);
void table_add_marks(TCase *tc);
void table_add_paper(TCase *tc);
void table_add_points(TCase *tc);

/* The file's first eight lines; what a test adds begins with line 9. */
#define FILE_TOP \
	"name: made\nprecision: f32\n" \
	"data: {kind: synth, batch: 16, n_train: 80, n_test: 40, held_out: 24, classes: 4, size: 8}\n" \
	"networks: {big: {model: cnn, widths: [4, 8], convs: 1}, small: {model: cnn, widths: [2, 4], convs: 1}}\n" \
	"stages:\n" \
	"  - {name: teach, kind: supervise, train: big, epochs: 2}\n" \
	"  - {name: kd, kind: distill, train: small, teacher: teach.last, epochs: 2}\n" \
	"  - {name: labels, kind: supervise, train: small, epochs: 2}\n"
#define SEEDS "vary: {seeds: 8}\n"
enum { TEACH, KD, LABELS, STAGES };
#define CLAIMS "table: {control: labels}\nclaims: [{name: helps, better: kd, than: labels}, {name: turned, better: labels, than: kd}]\n"

#define ck_ok(call) do { const enum status st_ = (call); ck_assert_msg(st_ == OK, "%s", e.text); } while (0)
#define HAS(text, part) ck_assert_msg(strstr((text), (part)) != NULL, "no '%s' in\n%s", (part), (text))
#define LACKS(text, part) ck_assert_msg(strstr((text), (part)) == NULL, "'%s' in\n%s", (part), (text))

extern struct sweep *s; /* the one that is open; closed after the test */
extern struct table *t; /* the last that was made */
extern const char *program; /* that trains what is left from now on; a sweep is opened with "limbeck 1" */

/* Writes a file of the scratch folder; its path. */
const char *file_of(const char *name, const char *text);
/* A sweep of this text, made.yaml, with a fresh store; nothing of it is trained. budget NULL: the whole. */
void open_sweep(const char *text, const char *budget);
void open_sweep_set(const char *text, const char *const *set, int n); /* the whole, with --set */

struct made {
	double top1, top5, seconds;
	bool alone, failed;
	const char *right, *right_best; /* of the test pictures, by the last and by the best epoch, a letter each: x right, anything else wrong; NULL: no file */
};
/* As if the item had been trained. */
void leave(int item, const struct made *m);
/* A metric of an item that was left, from its first epoch on. */
void by_epoch(int item, const char *name, int n, const double value[]);
/* The teacher once; kd and labels for so many seeds, kd better by its seed's number. */
void leave_seeds(int n);

/* Asks the store again and makes t. */
enum status make(const struct table_options *o);
/* t, in the arena. */
const char *printed(enum grid_form form);
/* Makes t, which must succeed, and gives its text. */
const char *made(const struct table_options *o);
/* The line that begins with these words, its blanks made one. */
const char *line(const char *text, const char *words);

#endif
