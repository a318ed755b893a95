/* Derived weights: packed, folded or low-precision forms that belong to a network, keyed by form, stale when a row that it comes from moves. */
#ifndef ENGINE_DERIVED_H
#define ENGINE_DERIVED_H

#include "engine/params.h"

struct derived {
	uint64_t key[2];     /* what it is: source, ops that led to it, form */
	uint64_t version;    /* sum of its rows' versions when it was last computed; 0: never */
	size_t bytes;
	void *mem;
	int users;           /* plans that hold it */
	struct derived *next;
};

/* The entry with this key, made when it is new; counts the plan as a user. */
enum status derived_hold(struct params *owner, const uint64_t key[2], size_t bytes, struct derived **out, struct err *e);
void derived_drop(struct params *owner, struct derived *d); /* memory goes with the last user */

#endif
