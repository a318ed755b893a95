/* What the tests of the main method share: networks of three blocks, a teacher with three anchors, the stage after it. */
#ifndef TESTS_STAGES_BLOCKS_H
#define TESTS_STAGES_BLOCKS_H

#include "tests/stages/duel.h"

#define NETS3 TOP \
	"  big: {model: cnn, widths: [4, 6, 8], convs: 1}\n" \
	"  small: {model: cnn, widths: [2, 3, 4], convs: 1}\n" \
	"  twin: {model: cnn, widths: [4, 6, 8], convs: 1}\n"
#define TEACH3 "  - {name: teach, kind: supervise, train: big, epochs: 3, anchors: {count: 3, rule: equal}, lr: 0.2}\n"
#define BLOCKS "  - {name: m, kind: blocks, "
#define LAST "train: small, teacher: teach.last, "
/* One stage `m`, with options (a constant text); the same with one epoch a lesson. */
#define M3(options) NETS3 STAGES TEACH3 BLOCKS options "}\n"
#define M3_SHORT(options) M3("epochs: 1, " options)
#define SMALL "critic: {kind: small, width: 4, depth: 2}"

/* The cases of the suite `blocks` in the other files. */
void blocks_run_cases(Suite *s);
void blocks_critic_cases(Suite *s);
void blocks_signs_cases(Suite *s);

#endif
