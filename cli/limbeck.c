#include "limbeck.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cli/command.h"
#include "config.h"
#include "runs/origin.h"

#define COMMAND(name) extern const struct command cmd_##name;
#include "cli/commands.def"
#undef COMMAND

const struct command *const command_all[] = {
#define COMMAND(name) &cmd_##name,
#include "cli/commands.def"
#undef COMMAND
	NULL,
};

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_INTERRUPTED = 130 };

int command_status(enum status st)
{
	switch (st) {
	case OK:
		return EXIT_DONE;
	case E_USER:
		return EXIT_USAGE;
	case E_STOP:
		return EXIT_INTERRUPTED;
	case E_ENV:
	case E_NOMEM:
	case E_RUN:
		break;
	}
	return EXIT_FAILED;
}

int command_end(enum status st, const struct err *e)
{
	const size_t len = strlen(e->text);
	if (st == OK)
		return EXIT_DONE;
	fflush(stdout);
	fprintf(stderr, "%s%s", e->text, len && e->text[len - 1] != '\n' ? "\n" : "");
	if (st == E_USER)
		fprintf(stderr, "%d error%s; nothing was run\n", e->count, e->count == 1 ? "" : "s");
	return command_status(st);
}

void command_usage(const struct command *c)
{
	printf("usage: limbeck %s %s\n%s\n", c->name, c->args, c->help);
}

static const struct command *command_find(const char *name)
{
	for (const struct command *const *c = command_all; *c; c++)
		if (str_eq((*c)->name, name))
			return *c;
	return NULL;
}

/* The list of commands. bash completion reads it: two spaces, the name, spaces, the help. */
static void print_help(FILE *f)
{
	fputs("usage: limbeck COMMAND [OPTION ...] [ARGUMENT ...]\n\n", f);
	for (const struct command *const *c = command_all; *c; c++)
		fprintf(f, "  %-10s %s\n", (*c)->name, (*c)->help);
	fprintf(f, "  %-10s %s\n\n", "help", "this list, or the options of one command: limbeck help COMMAND");
	fputs("limbeck --version prints version and build; limbeck(1) is the manual\n", f);
}

static int unknown_command(const char *name)
{
	const char *words[sizeof command_all / sizeof command_all[0]];
	int n = 0;
	while (command_all[n]) {
		words[n] = command_all[n]->name;
		n++;
	}
	words[n++] = "help";
	const char *near = str_nearest(name, words, n);
	fprintf(stderr, "unknown command '%s'", name);
	if (near)
		fprintf(stderr, "; did you mean '%s'?", near);
	fputs("\n'limbeck help' lists the commands\n", stderr);
	return EXIT_USAGE;
}

static int help(int argc, char **argv)
{
	if (argc < 3) {
		print_help(stdout);
		return EXIT_DONE;
	}
	const struct command *c = command_find(argv[2]);
	if (!c)
		return unknown_command(argv[2]);
	char option[] = "--help";
	char *words[] = {argv[2], option, NULL};
	return c->run(2, words);
}

static int dispatch(int argc, char **argv)
{
	if (argc < 2) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	if (str_eq(argv[1], "help"))
		return help(argc, argv);
	if (str_eq(argv[1], "--help") || str_eq(argv[1], "-h"))
		return help(1, argv);
	if (str_eq(argv[1], "--version")) {
		puts(origin_build(NULL));
		return EXIT_DONE;
	}
	const struct command *c = command_find(argv[1]);
	return c ? c->run(argc - 1, argv + 1) : unknown_command(argv[1]);
}

const char *limbeck_version(void)
{
	return PACKAGE_VERSION;
}

int limbeck_main(int argc, char **argv)
{
	const int status = dispatch(argc, argv);
	/* A full disk behind stdout must not look like success. */
	if ((fflush(stdout) || ferror(stdout)) && status == EXIT_DONE) {
		fprintf(stderr, "write to standard output: %s\n", strerror(errno));
		return EXIT_FAILED;
	}
	return status;
}
