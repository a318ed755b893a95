#include "runs/metrics.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"

enum { FIELDS = 6 };

static bool whole_number(const char *text, long *out)
{
	char *end;
	errno = 0;
	*out = strtol(text, &end, 10);
	return *text && !*end && !errno && *out >= 0;
}

bool metrics_row(char *line, struct metric_row *row)
{
	char *field[FIELDS] = {line};
	int n = 1;
	for (char *comma = line; (comma = strchr(comma, ',')); n++) {
		if (n == FIELDS)
			return false;
		*comma++ = 0;
		field[n] = comma;
	}
	long epoch, step;
	char *end = NULL;
	if (n != FIELDS || !*field[0] || !*field[4] || !whole_number(field[2], &epoch) || !whole_number(field[3], &step) || epoch > INT_MAX)
		return false;
	const double value = strtod(field[5], &end);
	if (!*field[5] || *end)
		return false;
	*row = (struct metric_row){.stage = field[0], .lesson = field[1], .epoch = (int)epoch, .step = step, .name = field[4], .value = value};
	return true;
}

enum status metrics_read(struct arena *a, const char *path, struct metric_row **rows, int *n, int *bad, struct err *e)
{
	char *text = NULL, *end;
	size_t size = 0, lines = 0;
	*n = *bad = 0;
	*rows = NULL;
	if (!file_exists(path))
		return OK;
	const enum status st = file_read(a, path, false, &text, &size, e);
	if (st != OK)
		return st;
	for (size_t i = 0; i < size; i++)
		lines += text[i] == '\n';
	*rows = NEW_ARRAY(a, struct metric_row, lines);
	char *line = text;
	for (; (end = memchr(line, '\n', size - (size_t)(line - text))); line = end + 1) {
		const bool head = line == text && str_starts(line, METRICS_HEAD);
		*end = 0;
		if (head)
			continue;
		if (strlen(line) == (size_t)(end - line) && metrics_row(line, &(*rows)[*n]))
			++*n;
		else
			++*bad;
	}
	*bad += line != text + size;
	return OK;
}
