/* Private to cpu/norm.c and cpu/norm_dx.c: tensors with the channel innermost, seen as rows of P numbers. */
#ifndef ENGINE_CPU_NORM_H
#define ENGINE_CPU_NORM_H

#include "engine/cpu/loops.h"

/*
 * n numbers; number i belongs to channel i % C. P is a multiple of C that is long enough for the vector loops
 * whatever C is (values per channel are repeated to P by tile). A part is PART_ROWS rows of P: its size
 * depends on C alone, never on the threads.
 */
struct rows {
	int64_t n, part, parts;
	int C, P;
};
enum { ROW_MIN = 256, PART_ROWS = 64 };

struct rows rows_of(const struct tensor *x); /* BUG if the channel is not innermost */
void tile(float *v, const struct rows *s);   /* v[C..P) = copies of v[0..C) */
void fold(float *v, const struct rows *s);   /* v[0..C) += the other copies, in order */

/* Which element types the hot loops meet: all alike, or any mix. */
enum halves { ALL_F32, ALL_BF16, MIXED };
enum halves halves_of(const struct tensor *const t[],
		      int n); /* absent ones (NULL, or data NULL) don't count */

#endif
