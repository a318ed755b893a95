/* Texts with a number each, found by the text: for lists that are too long to be gone through for every one of their own entries. */
#ifndef BASE_NAMES_H
#define BASE_NAMES_H

#include "base/arena.h"

struct names;

/* Has room for most texts. */
struct names *names_new(struct arena *a, size_t most);
/* The number of an equal text that was put; -1: none. */
int names_find(const struct names *t, const char *text);
/* Puts the text, which is not copied, with a number of at least 0, unless an equal one is there. The number that the text has then. */
int names_put(struct names *t, const char *text, int number);

#endif
