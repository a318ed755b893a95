#include "cli/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static const struct where nowhere = {0};

static const struct flag *flag_find(const struct flag *flags, const char *word, size_t len)
{
	for (const struct flag *f = flags; f->name; f++)
		if (strlen(f->name) == len && strncmp(f->name, word, len) == 0)
			return f;
	return NULL;
}

static enum status unknown_flag(const struct flag *flags, const char *given, struct err *e)
{
	char word[64];
	snprintf(word, sizeof word, "%.*s", (int)strcspn(given, "="), given);
	const char *words[64];
	int n = 0;
	/* Dashes are in all of them: with them any two short words would be near. */
	for (const struct flag *f = flags; f->name && n < 63; f++)
		words[n++] = f->name + strspn(f->name, "-");
	words[n++] = "help";
	const char *near = str_nearest(word + strspn(word, "-"), words, n);
	return err_user(e, nowhere, "unknown option '%s'%s%s%s%s", word, near ? "; did you mean '" : "", near ? near[1] ? "--" : "-" : "",
	                near ? near : "", near ? "'?" : "");
}

static enum status take_number(const struct flag *f, const char *value, struct err *e)
{
	char *end = NULL;
	errno = 0;
	const long n = strtol(value, &end, 10);
	if (end == value || *end || errno || n < f->lo || n > f->hi)
		return err_user(e, nowhere, "%s is '%s', allowed are whole numbers from %d to %d", f->name, value,
		                f->lo, f->hi);
	*f->number = (int)n;
	return OK;
}

static enum status take_value(const struct flag *f, const char *value, struct err *e)
{
	if (f->number)
		return take_number(f, value, e);
	if (f->text) {
		*f->text = value;
		return OK;
	}
	if (f->many->n == MAX_SET)
		return err_user(e, nowhere, "%s is given more than %d times", f->name, MAX_SET);
	f->many->word[f->many->n++] = value;
	return OK;
}

/* The flag at argv[*i]; *i moves over its value. */
static enum status take_flag(int argc, char **argv, int *i, const struct flag *flags, struct err *e)
{
	const char *word = argv[*i], *equals = strchr(word, '=');
	const struct flag *f = flag_find(flags, word, equals ? (size_t)(equals - word) : strlen(word));
	if (!f)
		return unknown_flag(flags, word, e);
	if (f->on) {
		*f->on = true;
		return equals ? err_user(e, nowhere, "%s takes no value", f->name) : OK;
	}
	if (equals)
		return take_value(f, equals + 1, e);
	if (*i + 1 >= argc)
		return err_user(e, nowhere, "%s wants a value: %s %s", f->name, f->name, f->value);
	return take_value(f, argv[++*i], e);
}

enum status options_read(int argc, char **argv, const struct flag *flags, int least, int most,
                         struct positional *p, bool *help, struct err *e)
{
	enum status st = OK;
	bool flags_end = false;
	for (int i = 1; i < argc; i++) {
		enum status one = OK;
		if (!flags_end && (str_eq(argv[i], "--help") || str_eq(argv[i], "-h"))) {
			*help = true;
			return OK;
		}
		if (!flags_end && str_eq(argv[i], "--"))
			flags_end = true;
		else if (!flags_end && argv[i][0] == '-' && argv[i][1])
			one = take_flag(argc, argv, &i, flags, e);
		else if (p->n == most || p->n == MAX_POSITIONAL)
			one = err_user(e, nowhere, "one argument too many: '%s'", argv[i]);
		else
			p->word[p->n++] = argv[i];
		st = st == OK ? one : st;
	}
	if (st == OK && p->n < least)
		st = err_user(e, nowhere, "an argument is missing; '--help' shows how it is called");
	return st;
}

void options_help(const struct command *c, const struct flag *flags, const char *example)
{
	char left[64];
	int width = (int)strlen("--help");
	for (const struct flag *f = flags; f->name; f++) {
		const int n = snprintf(left, sizeof left, "%s %s", f->name, f->value ? f->value : "");
		width = n > width ? n : width;
	}
	command_usage(c);
	putchar('\n');
	for (const struct flag *f = flags; f->name; f++) {
		snprintf(left, sizeof left, "%s %s", f->name, f->value ? f->value : "");
		printf("  %-*s  %s\n", width, left, f->help);
	}
	printf("  %-*s  this text\n\nexample: %s\n", width, "--help", example);
}
