#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_SHOWN = 160, LEFT_OUT_ROOM = 64 };
static const char left_out[] = "\n(further messages do not fit here)";

/* Adds a whole line or nothing, so that the text never ends inside a message; a first one is cut to fit. */
static bool add_line(struct err *e, const char *line)
{
	const size_t len = strlen(e->text), room = sizeof e->text - LEFT_OUT_ROOM;
	const size_t tail = sizeof left_out - 1;
	if (len >= tail && !strcmp(e->text + len - tail, left_out))
		return false;
	if (!len) {
		snprintf(e->text, room, "%s", line);
		return true;
	}
	if (len + 1 + strlen(line) + 1 > room) {
		memcpy(e->text + len, left_out, sizeof left_out);
		return false;
	}
	e->text[len] = '\n';
	memcpy(e->text + len + 1, line, strlen(line) + 1);
	return true;
}

static bool give(struct err *e, enum status status, const char *line)
{
	if (e->status == OK)
		e->status = status;
	e->count++;
	return add_line(e, line);
}

static enum status vgive(struct err *e, enum status status, const char *fmt, va_list ap)
{
	if (e) {
		char line[4096];
		vsnprintf(line, sizeof line, fmt, ap);
		give(e, status, line);
	}
	return status;
}

/* A regular file only: opening a pipe or a terminal again would block or eat what somebody else reads. */
static FILE *source_open(const char *path)
{
	const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	struct stat st;
	FILE *f = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? fdopen(fd, "r") : NULL;
	if (!f)
		close(fd);
	return f;
}

/* Line number n of a file without its end; control characters become spaces. False: there is none. */
static bool source_line(const char *path, int n, char line[LINE_SHOWN])
{
	FILE *f = source_open(path);
	if (!f)
		return false;
	int c = 0;
	for (int at = 1; at < n && c != EOF;) {
		c = getc(f);
		at += c == '\n';
	}
	size_t len = 0;
	if (c != EOF)
		while ((c = getc(f)) != EOF && c != '\n' && len < LINE_SHOWN - 1)
			line[len++] = (char)(c == '\t' || (unsigned char)c >= 0x20 ? c : ' ');
	while (len && line[len - 1] == ' ')
		len--;
	line[len] = 0;
	fclose(f);
	return len > 0;
}

static bool continues(char c)
{
	return ((unsigned char)c & 0xC0) == 0x80;
}

/* How many characters the word or quoted text at s has: as many ^ are drawn. */
static int token_width(const char *s)
{
	const bool quoted = *s == '"' || *s == '\'';
	int n = 0;
	for (const char *p = s; *p; p++) {
		const bool ends = quoted ? p > s && *p == *s
		                         : strchr(" \t,]}", *p) || (*p == ':' && (!p[1] || p[1] == ' '));
		n += !continues(*p) && (!ends || quoted);
		if (ends)
			break;
	}
	return n ? n : 1;
}

/* "   14 | p: 0.5" and the row of ^ under the column. */
static void show_source(struct err *e, struct where at)
{
	char line[LINE_SHOWN], shown[2 * LINE_SHOWN + 64];
	if (!source_line(at.file, at.line, line))
		return;
	int used = snprintf(shown, sizeof shown, "%5d | %s", at.line, line);
	const char *p = line;
	int col = 1;
	for (; *p && at.col > 0 && (col < at.col || continues(*p)); p++)
		col += !continues(p[1]);
	if (at.col > 0 && col == at.col) {
		used += snprintf(shown + used, sizeof shown - (size_t)used, "\n      | ");
		/* a tab stays a tab, so that the ^ is below its column whatever the tab stops are */
		for (const char *q = line; q < p && used < (int)sizeof shown - 1; q++)
			if (!continues(*q))
				shown[used++] = *q == '\t' ? '\t' : ' ';
		for (int i = token_width(p); i > 0 && used < (int)sizeof shown - 1; i--)
			shown[used++] = '^';
		shown[used] = 0;
	}
	add_line(e, shown);
}

enum status err_user(struct err *e, struct where at, const char *fmt, ...)
{
	if (!e)
		return E_USER;
	char line[4096];
	int n = 0;
	if (at.file && at.line > 0 && at.col > 0)
		n = snprintf(line, sizeof line / 2, "%s:%d:%d: ", at.file, at.line, at.col);
	else if (at.file && at.line > 0)
		n = snprintf(line, sizeof line / 2, "%s:%d: ", at.file, at.line);
	else if (at.file)
		n = snprintf(line, sizeof line / 2, "%s: ", at.file);
	if (n < 0 || n >= (int)sizeof line / 2)
		n = (int)strlen(line);
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(line + n, sizeof line - (size_t)n, fmt, ap);
	va_end(ap);
	if (give(e, E_USER, line) && at.file && at.line > 0)
		show_source(e, at);
	return E_USER;
}

enum status err_env(struct err *e, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	const enum status status = vgive(e, E_ENV, fmt, ap);
	va_end(ap);
	return status;
}

enum status err_run(struct err *e, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	const enum status status = vgive(e, E_RUN, fmt, ap);
	va_end(ap);
	return status;
}

enum status err_nomem(struct err *e, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	const enum status status = vgive(e, E_NOMEM, fmt, ap);
	va_end(ap);
	return status;
}

void err_note(struct err *e, const char *fmt, ...)
{
	if (!e)
		return;
	char line[4096];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	add_line(e, line);
}

void err_clear(struct err *e)
{
	if (!e)
		return;
	e->status = OK;
	e->count = 0;
	e->text[0] = 0;
}

void bug_at(const char *file, int line, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	fprintf(stderr, "bug: %s:%d: ", file, line);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	abort();
}
