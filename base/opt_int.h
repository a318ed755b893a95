/* Private to base: what opt*.c share. */
#ifndef BASE_OPT_INT_H
#define BASE_OPT_INT_H

#include <stdbool.h>

#include "base/opt.h"

/* A number as short as reads back the same; whole numbers without exponent. */
void opt_number(struct str *s, double v);
/* "1 to 8", "at least 0", "any number", "adam, sgd", "true, false, yes, no, on, off"; "" where all is allowed. */
void opt_range(struct str *s, const struct opt *o);
/* "2", "true", "adam", "[16, 32]"; "" when there is none. */
void opt_default(struct str *s, const struct opt *o);
/* The value at p, an option's field, as YAML but for quotes; exact. */
void opt_value(struct str *s, const struct opt *o, const void *p);
/* Word number i of "a|b|c" and its length; NULL behind the last. */
const char *opt_word(const char *choices, int i, int *len);
/* Number i of "16 32 64", false behind the last. */
bool opt_list_default(const struct opt *o, int i, double *v);

#endif
