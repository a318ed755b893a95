/*
 * For sanitized.sh, which builds it with a sanitizer and without Check.
 *   --list WAY   names: "NAME bug" if it must be noticed in that way, "NAME right" if nothing may be
 *   NAME         runs it; status 0: nothing looked wrong
 */
#include <stdio.h>
#include <string.h>

#include "tests/cusim/planted.h"

static const struct planted *const lists[] = {planted_races, planted_addresses, planted_hosts};
enum { LISTS = 3 };

static int list(const char *way)
{
	const unsigned bit = strcmp(way, "asan") == 0 ? SEEN_ASAN : SEEN_TSAN;
	for (int i = 0; i < LISTS; i++)
		for (const struct planted *p = lists[i]; p->name; p++)
			if (!p->seen || (p->seen & bit))
				printf("%s %s\n", p->name, p->seen ? "bug" : "right");
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--list") == 0)
		return list(argv[2]);
	for (int i = 0; i < LISTS; i++)
		for (const struct planted *p = lists[i]; p->name; p++)
			if (argc == 2 && strcmp(p->name, argv[1]) == 0)
				return p->run() ? 1 : 0;
	fprintf(stderr, "usage: planted NAME | --list asan|tsan\n");
	return 2;
}
