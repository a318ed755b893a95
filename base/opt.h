/*
 * Options. A row says name, type, range, default, unit and help; the parser, the range check, `limbeck info`, docs,
 * the resolved config and an artefact's identity all read the same row.
 */
#ifndef BASE_OPT_H
#define BASE_OPT_H

#include <stddef.h>
#include <stdio.h>

#include "base/conf.h"
#include "base/str.h"

enum opt_type {
	OPT_REAL,   /* double */
	OPT_INT,    /* int */
	OPT_BOOL,   /* bool: true, false, yes, no, on, off */
	OPT_TEXT,   /* const char * */
	OPT_CHOICE, /* int: index into the words of choices */
	OPT_INTS,   /* struct ints; a lone scalar is a list of one */
	OPT_REALS,  /* struct reals */
	OPT_NODE,   /* const struct conf *: structure that the owner reads by itself; NULL when absent */
};

struct ints {
	int n;
	const int *v;
};
struct reals {
	int n;
	const double *v;
};

enum opt_flags {
	OPT_REQUIRED = 1,
	OPT_NEUTRAL = 2, /* does not change results: not part of an artefact's identity */
};

struct opt {
	const char *name; /* NULL ends a table */
	enum opt_type type;
	size_t offset;
	double def, min, max;    /* numbers; for lists min and max hold for each item */
	const char *def_text;    /* TEXT, CHOICE: the default; INTS and REALS: "16 32 64"; NULL: empty
	                            (TEXT: "", CHOICE: the first word) */
	const char *choices;     /* CHOICE: "adam|sgd" */
	const char *unit;        /* "-" when it has none */
	const char *help;
	unsigned flags;
};

/* Rows: REAL(at_conf, p, 2.0, 1.0, 8.0, "-", "power of |activation|") and so on; the struct's field is the key. */
#define REAL(s, f, d, lo, hi, u, h) \
	{ .name = #f, .type = OPT_REAL, .offset = offsetof(struct s, f), .def = (d), .min = (lo), .max = (hi), \
	  .unit = (u), .help = (h) }
#define INT(s, f, d, lo, hi, u, h) \
	{ .name = #f, .type = OPT_INT, .offset = offsetof(struct s, f), .def = (d), .min = (lo), .max = (hi), \
	  .unit = (u), .help = (h) }
#define BOOL(s, f, d, h) \
	{ .name = #f, .type = OPT_BOOL, .offset = offsetof(struct s, f), .def = (d), .min = 0, .max = 1, \
	  .unit = "-", .help = (h) }
#define TEXT(s, f, d, h) \
	{ .name = #f, .type = OPT_TEXT, .offset = offsetof(struct s, f), .def_text = (d), .unit = "-", .help = (h) }
#define CHOICE(s, f, d, c, h) \
	{ .name = #f, .type = OPT_CHOICE, .offset = offsetof(struct s, f), .def_text = (d), .choices = (c), \
	  .unit = "-", .help = (h) }
#define INTS(s, f, d, lo, hi, u, h) \
	{ .name = #f, .type = OPT_INTS, .offset = offsetof(struct s, f), .def_text = (d), .min = (lo), .max = (hi), \
	  .unit = (u), .help = (h) }
#define REALS(s, f, d, lo, hi, u, h) \
	{ .name = #f, .type = OPT_REALS, .offset = offsetof(struct s, f), .def_text = (d), .min = (lo), .max = (hi), \
	  .unit = (u), .help = (h) }
#define NODE(s, f, h) \
	{ .name = #f, .type = OPT_NODE, .offset = offsetof(struct s, f), .unit = "-", .help = (h) }

/*
 * Fills *out (already zeroed, of the owner's struct) from map (may be NULL: all defaults), marks the keys used. Wrong types, values
 * out of range (NaN included), missing required ones: all collected in e. what names the owner in messages.
 */
enum status opts_read(const struct opt *rows, void *out, const struct conf *map, const char *what, struct arena *a,
                      struct err *e);
/* The same, and then unknown keys of map are errors too. several: tables[0..n) read into outs[0..n), keys unknown to all are errors. */
enum status opts_read_all(const struct opt *const tables[], void *const outs[], int n, const struct conf *map,
                          const char *what, struct arena *a, struct err *e);
/* Numbers of the unit (INT, REAL) times factor: INT rounded up, nothing that was above 0 becomes 0, and none leaves its range. */
void opts_scale(const struct opt *rows, void *conf, const char *unit, double factor);
/* "name=value\n" for each result-changing option that differs from its default, in the table's order; exact numbers (%.17g).
   OPT_NODE rows are left to the owner. */
void opts_canonical(const struct opt *rows, const void *conf, struct str *s);
/* Help: one row a line, "  name  type  default  range  unit  help". */
void opts_help(FILE *f, const struct opt *rows, const char *indent);
/* One Markdown table row per option, for the generated reference. */
void opts_markdown(FILE *f, const struct opt *rows);
/* Resolved YAML: "name: value   # where it came from: file:line, --set, or default". Nested nodes are printed as they stand. */
void opts_resolved(FILE *f, const struct opt *rows, const void *conf, const struct conf *map, int indent);
/* Word number i of choices, into a static table of interned words. */
const char *opt_choice(const struct opt *rows, const char *name, int i);

#endif
