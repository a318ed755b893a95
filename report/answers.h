/*
 * What a network answered on the test pictures: stages/STAGE/test.safetensors of a run, by its last epoch, and test_best.safetensors, by the one
 * that did best on the held-out pictures, if any was held out; with `label` and `answer` (I32, n), `sample` (I32, n;
 * may be missing) and, where they were not too many, `logits` (F32, n x K), in the order of the test pictures.
 */
#ifndef REPORT_ANSWERS_H
#define REPORT_ANSWERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

struct answers {
	int n, classes;              /* classes: columns of the logits, or one more than the largest number */
	const int32_t *label, *answer;
	const int32_t *sample;       /* the picture's number in its file; NULL: not there */
	const float *logits;         /* [n * classes]; NULL: not there */
};

/* Of the last epoch or of the best one, in the arena; false: there is none, or it is damaged, which the log tells. */
bool answers_read(struct arena *a, const char *home, bool best, struct answers *out);
bool answers_there(struct arena *a, const char *home, bool best); /* the file is */
/* Whether two are of the same pictures. */
bool answers_match(const struct answers *a, const struct answers *b);

/* All NaN where what they need is not there. */
double answers_agreement(const struct answers *s, const struct answers *t); /* percent of pictures with the same answer */
double answers_divergence(const struct answers *s, const struct answers *t); /* mean KL(t || s) of the probabilities at temperature 1, nats */
/* Expected calibration error (Guo et al., ICML 2017) over 15 bins of equal width: mean of |accuracy - confidence|, percent. */
double answers_calibration(const struct answers *s);
double answers_confidence(const struct answers *s, int i); /* probability of the answer to picture i */

#endif
