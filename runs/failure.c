#include "runs/failure.h"

#include <string.h>

#include "base/file.h"
#include "base/str.h"

void failure_write(FILE *log, const char *stage, const char *why)
{
	fprintf(log, "'%s' failed: %s\n", stage, why);
	fflush(log);
}

const char *failure_read(struct arena *a, const char *folder, const char *stage)
{
	const char *path = path_join(a, folder, "log.txt"), *head = arena_printf(a, "'%s' failed: ", stage), *why = NULL;
	struct arena *own = arena_open("log.txt");
	char *text = NULL;
	size_t size = 0;
	if (file_exists(path) && file_read(own, path, false, &text, &size, NULL) == OK)
		for (const char *line = text, *next; line; line = next) {
			next = strchr(line, '\n');
			if (str_starts(line, head))
				why = line + strlen(head);
			next = next ? next + 1 : NULL;
		}
	why = why && *why && *why != '\n' ? arena_strn(a, why, strcspn(why, "\n")) : NULL;
	arena_close(own);
	return why;
}
