/* limbeck info: the formula, the paper, where we differ, and the options of what has a descriptor. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cli/catalog.h"
#include "cli/options.h"
#include "cli/reference.h"
#include "models/model.h"

extern const struct command cmd_info;

/* A text under its title; further lines of it stand below the first. */
static void print_text(const char *title, const char *text)
{
	if (!text || !*text || str_eq(text, "-"))
		return;
	for (const char *line = text; line; ) {
		const char *end = strchr(line, '\n');
		const int n = end ? (int)(end - line) : (int)strlen(line);
		while (line > text && *line == ' ')
			line++;
		printf("  %-9s %.*s\n", line == text ? title : "", end ? (int)(end - line) : n, line);
		line = end ? end + 1 : NULL;
	}
}

static void print_opts(const char *title, const struct opt *rows)
{
	if (!rows || !rows->name)
		return;
	printf("  %s\n", title);
	opts_help(stdout, rows, "    ");
}

static void print_names(const char *const *names)
{
	if (!names)
		return;
	printf("  %-9s", "names");
	for (; *names; names++)
		printf(" %s", *names);
	putchar('\n');
}

/* Sizes of one member of a family, for pictures as CIFAR has them. */
static void print_sizes(const char *name)
{
	enum { C = 3, SIZE = 32, CLASSES = 10 };
	struct arena *a = arena_open("info");
	struct net *net = NULL;
	struct err e = {0};
	char n[32];
	if (net_named(a, name, name, C, SIZE, SIZE, CLASSES, &net, &e) == OK)
		printf("  %-9s %s: %s parameters, %.1f M multiply-adds, %d blocks"
		       " (pictures of %dx%dx%d, %d classes)\n", "size", name,
		       str_count(n, params_count(net->params)), net_macs(net) / 1e6, net->B, C, SIZE, SIZE, CLASSES);
	arena_close(a);
}

static void print_entry(const struct kind *k, const struct entry *e, const char *name)
{
	printf("%s %s%s%s\n", k->one, e->name, e->help ? ": " : "", e->help ? e->help : "");
	print_names(e->names);
	print_text("formula", e->formula);
	print_text("paper", e->paper);
	print_text("differs", e->differs);
	if (e->names && !str_eq(name, e->name))
		print_sizes(name);
	if (e->revision)
		printf("  %-9s %d\n", "revision", e->revision);
	print_opts("options", e->opts);
	for (const struct shared_opts *s = k->shared; s && s->title; s++) {
		char title[96];
		snprintf(title, sizeof title, "options of %s", s->title);
		print_opts(title, s->rows);
	}
}

static enum status unknown_name(const char *name, struct err *e)
{
	const char *words[512];
	int n = 0;
	for (int i = 0; i < kind_count; i++)
		for (int j = 0; kind_all[i].described && j < kind_all[i].count(); j++) {
			const struct entry entry = kind_all[i].get(j);
			int many = 0;
			const char *const *names = entry_names(&entry, &many);
			for (int k = 0; k < many && n < 512; k++)
				words[n++] = names[k];
		}
	const char *near = str_nearest(name, words, n);
	return err_user(e, (struct where){0}, "nothing is named '%s'%s%s%s; 'limbeck list' shows what there is",
	                name, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static enum status info(const char *name, struct err *e)
{
	int found = 0;
	for (int i = 0; i < kind_count; i++)
		for (int j = 0; kind_all[i].described && j < kind_all[i].count(); j++) {
			const struct entry entry = kind_all[i].get(j);
			if (!entry_named(&kind_all[i], &entry, name))
				continue;
			if (found++)
				putchar('\n');
			print_entry(&kind_all[i], &entry, name);
		}
	return found ? OK : unknown_name(name, e);
}

static int run(int argc, char **argv)
{
	bool markdown = false;
	const struct flag flags[] = {
		{.name = "--markdown", .on = &markdown,
		 .help = "the whole reference of experiment files, as docs/CONFIG.md has it"},
		{0},
	};
	struct err e = {0};
	struct positional p = {0};
	bool help = false;
	enum status st = options_read(argc, argv, flags, 0, 1, &p, &help, &e);
	if (help) {
		options_help(&cmd_info, flags, "limbeck info kd");
		return 0;
	}
	if (st == OK && markdown == (p.n > 0))
		st = err_user(&e, (struct where){0}, "'info' wants a name, or --markdown");
	if (st == OK && markdown)
		reference_markdown(stdout);
	else if (st == OK)
		st = info(p.word[0], &e);
	return command_end(st, &e);
}

const struct command cmd_info = {
	.name = "info",
	.args = "NAME | --markdown",
	.help = "prints formula, paper, where we differ, and options of a loss, temperature, critic, stage, data set, model or op",
	.run = run,
};
