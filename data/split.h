/* Which training pictures are trained on and which are kept for validation. */
#ifndef DATA_SPLIT_H
#define DATA_SPLIT_H

#include <stdint.h>

#include "base/arena.h"

struct split_lists {
	int n_train, n_valid;
	const int *train, *valid; /* ascending */
};

/*
 * Of n labelled pictures held_out are kept for validation and, where limit > 0, limit of the others are
 * trained on. Every class gives its share of both (equal numbers where classes are equal). Within a class
 * one order is drawn from stream "split" of seed; held_out takes from its front, limit from its back, so
 * which pictures a limit takes does not change with held_out unless a class runs short. held_out + limit
 * is at most n.
 */
struct split_lists split_draw(struct arena *a, const int32_t *label, int n, int classes, int held_out,
                              int limit, uint64_t seed);
/* The first k of an always equal order of 0..n-1, ascending: a smaller k gives a part of a larger one. */
const int *split_fixed(struct arena *a, int n, int k);

#endif
