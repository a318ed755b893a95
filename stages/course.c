/* temperature.csv of a stage: a row a step. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "stages/temperatures.h"

static const char head[] = "step,epoch,lesson,temperature\n";

int course_epochs(const struct course *c, int k)
{
	int first = 0, last = -1;
	for (long i = 0; i < c->n; i++)
		if (c->lesson[i] == k + 1) {
			first = first ? first : c->epoch[i];
			last = c->epoch[i];
		}
	return last < 0 ? 0 : last - first + 1;
}

static bool read_row(char **p, long step, struct course *c)
{
	char *end;
	if (strtol(*p, &end, 10) != step || end == *p || *end != ',')
		return false;
	c->epoch[step] = (int)strtol(*p = end + 1, &end, 10);
	if (end == *p || *end != ',')
		return false;
	c->lesson[step] = (int)strtol(*p = end + 1, &end, 10);
	if (end == *p || *end != ',')
		return false;
	c->tau[step] = strtod(*p = end + 1, &end);
	if (end == *p || *end != '\n')
		return false;
	*p = end + 1;
	return c->epoch[step] > 0 && c->lesson[step] > 0;
}

enum status course_load(struct arena *a, const char *path, struct course *c, struct err *e)
{
	char *text;
	size_t size;
	const enum status st = file_read(a, path, false, &text, &size, e);
	if (st != OK)
		return st;
	if (!str_starts(text, head))
		return err_env(e, "%s: no temperatures of a stage: the first line is not '%.*s'", path, (int)strlen(head) - 1, head);
	long rows = 0;
	char *p = text + strlen(head);
	for (const char *q = p; *q; q++)
		rows += *q == '\n';
	*c = (struct course){.room = rows, .tau = NEW_ARRAY(a, double, rows), .epoch = NEW_ARRAY(a, int, rows), .lesson = NEW_ARRAY(a, int, rows)};
	for (; c->n < rows; c->n++)
		if (!read_row(&p, c->n, c))
			return err_env(e, "%s:%ld: damaged: not STEP,EPOCH,LESSON,TEMPERATURE of step %ld", path, c->n + 2, c->n);
	return *p ? err_env(e, "%s:%ld: damaged: the last line is cut", path, rows + 2) : OK;
}

enum status course_save(const struct course *c, const char *path, struct err *e)
{
	struct file *f = NULL;
	const enum status st = file_create(&f, path, e);
	if (st != OK)
		return st;
	fputs(head, file_stream(f));
	for (long i = 0; i < c->n; i++)
		fprintf(file_stream(f), "%ld,%d,%d,%.9g\n", i, c->epoch[i], c->lesson[i], c->tau[i]);
	return file_commit(f, e);
}
