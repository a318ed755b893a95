/* The experiment that the tests of assistant chains share, and what they read of its run. For one suite, "assistants", in two files. */
#ifndef TESTS_STAGES_CHAIN_H
#define TESTS_STAGES_CHAIN_H

#include "stages/temperatures.h"
#include "tests/stages/suites.h"

#define TWO "  - {name: small, kind: supervise, train: deep, epochs: 3}\n" \
            "  - {name: big, kind: supervise, train: teacher, epochs: 3}\n"
#define CHAIN(more) "  - {name: chain, kind: assistants, train: student, teacher: [small.last, big.last], epochs: 9" more "}\n"
/* Comes to 1 in a few steps, so that phases end by it. */
#define FAST ", temperature: {kind: adaptive, from: 4, lr: 20000, momentum: 0}"

/* The temperatures that a stage of this run left, as it reads them and as they are written. */
struct course course_of_stage(const struct trained *t, const char *stage);
const char *file_text(const struct trained *t, const char *stage);
/* Their last weights are the same. */
bool same_last(const struct trained *a, const char *stage_a, const struct trained *b, const char *stage_b);

/* Adds its file's tests to the case. */
void assistants_add_repeats(TCase *tc);

#endif
