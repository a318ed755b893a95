/*
 * What a network answered to each picture of a part of the data: tensors `label`, `answer`, `sample` (I32 [n]; sample is the picture's number
 * in its file) and, where they are not too many, `logits` (F32 [n, K]) in one safetensors file.
 */
#ifndef RUNS_PREDICTIONS_H
#define RUNS_PREDICTIONS_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

struct predictions {
	int n, K;
	int32_t *label, *answer, *sample;
	float *logits; /* [n * K]; NULL: left out */
};

enum { PREDICTIONS_LOGITS_MAX = 16 << 20 }; /* numbers; more are left out */
enum status predictions_save(const struct predictions *p, const char *path, struct err *e);
/* A damaged file, or one whose tensors do not fit together, is an error that names it. K is 0 without logits. */
enum status predictions_load(struct arena *a, const char *path, struct predictions *p, struct err *e);
/* Percent of pictures whose label is among the five largest logits; a tie counts against the label only behind an earlier class, as in top-1.
   NaN without logits or with fewer than six classes. */
double predictions_top5(const struct predictions *p);

#endif
