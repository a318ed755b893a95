/* Everything that has a name and a descriptor, under one shape: what 'list' and 'info' go through. */
#ifndef CLI_CATALOG_H
#define CLI_CATALOG_H

#include "base/opt.h"

/* One descriptor. Texts may be NULL or empty. */
struct entry {
	const char *name, *help, *formula, *paper, *differs;
	const struct opt *opts;   /* its own; NULL: none */
	int revision;             /* 0: has none */
	const char *const *names; /* of a family of models, NULL-terminated; else NULL */
};

/* Options that all of a kind have. */
struct shared_opts {
	const char *title;
	const struct opt *rows;
};

struct kind {
	const char *name, *one, *help; /* "losses", "loss" */
	bool described;                /* 'info' tells of it */
	int (*count)(void);
	struct entry (*get)(int i);
	const struct shared_opts *shared; /* title NULL ends them; NULL: none */
	void (*list)(void);            /* how 'list' prints them; NULL: one a line, its name first */
};

extern const struct kind kind_all[]; /* in the order of 'limbeck list' */
extern const int kind_count;
const struct kind *kind_find(const char *name); /* NULL: none */
/* Whether the entry has this name: its own, one of its family's, or one that the family's rule makes. */
bool entry_named(const struct kind *k, const struct entry *e, const char *name);
/* The names of an entry: itself, or of a family. *n of them. */
const char *const *entry_names(const struct entry *e, int *n);

#endif
