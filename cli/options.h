/* Words of a command line: '--flag VALUE', '--flag=VALUE', '--switch' and positional arguments. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>

#include "cli/command.h"

enum { MAX_SET = 256, MAX_POSITIONAL = 256 };

/* One flag. Exactly one of the targets is set. */
struct flag {
	const char *name;     /* "--threads"; NULL ends a table */
	const char *value;    /* "N", "FILE"; NULL for a switch */
	const char *help;
	const char **text;
	int *number;          /* with the range lo..hi */
	int lo, hi;
	bool *on;             /* a switch */
	struct many {         /* may be given several times */
		int n;
		const char *word[MAX_SET];
	} *many;
};

struct positional {
	int n;
	const char *word[MAX_POSITIONAL];
};

/* Reads argv[1..argc). '--help' sets *help and stops. Unknown flags (with the nearest name), missing values and
   numbers out of range are errors, all of them told. '--' ends flags. At most `most` positional arguments, at
   least `least` unless help. */
enum status options_read(int argc, char **argv, const struct flag *flags, int least, int most,
                         struct positional *p, bool *help, struct err *e);
/* What '--help' prints: usage, the flags one a line, an example ("limbeck train a.yaml"). */
void options_help(const struct command *c, const struct flag *flags, const char *example);

#endif
