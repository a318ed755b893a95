/*
 * Commands: one file cmd_NAME.c with one `const struct command cmd_NAME`, and one line in commands.def.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "base/err.h"

struct command {
	const char *name;
	const char *args; /* "FILE.yaml [--set KEY=VALUE ...]" */
	const char *help; /* one line, lower case, no full stop */
	/*
	 * argv[0] is the command's name, argv[argc] NULL. '--help' among the words: prints usage and options on
	 * stdout and returns 0. Results go to stdout. Returns the exit status; messages have been printed.
	 */
	int (*run)(int argc, char **argv);
};

extern const struct command *const command_all[]; /* in the order of commands.def; NULL ends it */

/* The exit status that a status stands for: 0, 1, 2 or 130. */
int command_status(enum status st);
/* The end of a command: prints the messages of e on stderr, and for a user's errors how many they are; returns
   the exit status of st. */
int command_end(enum status st, const struct err *e);
/* "usage: limbeck NAME ARGS" and the line of help, on stdout: the head of a command's '--help'. */
void command_usage(const struct command *c);

#endif
