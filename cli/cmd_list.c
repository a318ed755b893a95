/* limbeck list: what there is, one a line, its name first. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cli/catalog.h"
#include "cli/options.h"

extern const struct command cmd_list;

/* What a line says behind the name. An op's help is its formula. */
static const char *line_help(const struct entry *e)
{
	return e->help ? e->help : e->formula ? e->formula : "";
}

static void list_kind(const struct kind *k)
{
	int width = 0;
	for (int i = 0; i < k->count(); i++) {
		const struct entry e = k->get(i);
		int n = 0;
		const char *const *names = entry_names(&e, &n);
		for (int j = 0; j < n; j++)
			width = (int)strlen(names[j]) > width ? (int)strlen(names[j]) : width;
	}
	for (int i = 0; i < k->count(); i++) {
		const struct entry e = k->get(i);
		int n = 0;
		const char *const *names = entry_names(&e, &n);
		for (int j = 0; j < n; j++)
			printf("%-*s  %s\n", width, names[j], line_help(&e));
	}
}

static int count_names(const struct kind *k)
{
	int all = 0;
	for (int i = 0; i < k->count(); i++) {
		const struct entry e = k->get(i);
		int n = 0;
		entry_names(&e, &n);
		all += n;
	}
	return all;
}

static void list_kinds(void)
{
	for (int i = 0; i < kind_count; i++)
		printf("%-11s  %3d  %s\n", kind_all[i].name, count_names(&kind_all[i]), kind_all[i].help);
}

static enum status unknown_kind(const char *word, struct err *e)
{
	const char *words[16];
	struct str all = {0};
	for (int i = 0; i < kind_count; i++) {
		words[i] = kind_all[i].name;
		str_printf(&all, "%s%s", i ? ", " : "", words[i]);
	}
	const char *near = str_nearest(word, words, kind_count);
	const enum status st = err_user(e, (struct where){0}, "unknown kind '%s'%s%s%s; there are %s", word,
	                                near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "",
	                                str_text(&all));
	str_release(&all);
	return st;
}

static int run(int argc, char **argv)
{
	const struct flag flags[] = {{0}};
	struct err e = {0};
	struct positional p = {0};
	bool help = false;
	enum status st = options_read(argc, argv, flags, 0, 1, &p, &help, &e);
	if (help) {
		options_help(&cmd_list, flags, "limbeck list losses");
		return 0;
	}
	const struct kind *k = st == OK && p.n ? kind_find(p.word[0]) : NULL;
	if (st == OK && p.n && !k)
		st = unknown_kind(p.word[0], &e);
	if (st == OK && k && k->list)
		k->list();
	else if (st == OK && k)
		list_kind(k);
	else if (st == OK)
		list_kinds();
	return command_end(st, &e);
}

const struct command cmd_list = {
	.name = "list",
	.args = "[ops|models|losses|temperatures|critics|adversaries|stages|datasets|readings|commands]",
	.help = "prints what there is of a kind, one a line, its name first; without a kind: the kinds",
	.run = run,
};
