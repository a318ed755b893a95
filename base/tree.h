/* Folders with all that is in them. A link is a file of its own here: what it leads to is never touched. */
#ifndef BASE_TREE_H
#define BASE_TREE_H

#include <stdint.h>

#include "base/err.h"

struct tree {
	int files;      /* all that is no folder */
	uint64_t bytes; /* on the disk */
};

/* Errors name the path. A folder of another file system in it (a mount) is an error. */
enum status tree_measure(const char *path, struct tree *t, struct err *e);
/* Goes on behind what can't be removed; the first error is told. */
enum status tree_remove(const char *path, struct err *e);

#endif
