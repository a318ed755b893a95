#include "data/list_file.h"

#include <string.h>

#include "base/file.h"

/* ---- lines ---- */

/* Where one is in the text of a file. */
struct lines {
	const char *path;
	const char *next, *end;
	int line;
};

static enum status lines_open(struct arena *a, const char *path, struct lines *t, struct err *e)
{
	char *text;
	size_t size;
	const enum status st = file_read(a, path, false, &text, &size, e);
	if (st != OK)
		return st;
	const bool marked = size >= 3 && !memcmp(text, "\xEF\xBB\xBF", 3);
	*t = (struct lines){.path = path, .next = text + (marked ? 3 : 0), .end = text + size};
	return OK;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The next line that says something, without blanks around it; false at the end. */
static bool lines_next(struct lines *t, const char **first, const char **last)
{
	while (t->next < t->end) {
		const char *p = t->next, *end = memchr(p, '\n', (size_t)(t->end - p));
		if (!end)
			end = t->end;
		t->next = end + 1;
		t->line++;
		while (p < end && is_blank(*p))
			p++;
		while (end > p && is_blank(end[-1]))
			end--;
		*first = p;
		*last = end;
		if (p < end && *p != '#')
			return true;
	}
	return false;
}

static enum status check_text(const struct lines *t, const char *p, const char *end, struct err *e)
{
	if (!memchr(p, 0, (size_t)(end - p)))
		return OK;
	return err_user(e, (struct where){.file = t->path}, "line %d has a byte of value 0: a list is text in UTF-8", t->line);
}

/* ---- a list ---- */

/* The column of p in its line. In characters: bytes that go on with one are not counted. */
static int column(const char *text, const char *p)
{
	const char *first = memrchr(text, '\n', (size_t)(p - text));
	int col = 1;
	for (first = first ? first + 1 : text; first < p; first++)
		col += ((unsigned char)*first & 0xC0) != 0x80;
	return col;
}

static enum status entry_parse(struct arena *a, const struct lines *t, const char *text, const char *p, const char *end,
                               struct list_entry *out, struct err *e)
{
	const enum status st = check_text(t, p, end, e);
	if (st != OK)
		return st;
	const char *cut = memrchr(p, '\t', (size_t)(end - p));
	if (!cut)
		cut = memrchr(p, ' ', (size_t)(end - p));
	const char *label = cut ? cut + 1 : end, *path_end = cut ? cut : end;
	while (label < end && is_blank(*label))
		label++;
	while (path_end > p && is_blank(path_end[-1]))
		path_end--;
	*out = (struct list_entry){
		.path = arena_strn(a, p, (size_t)(path_end - p)),
		.label = arena_strn(a, label, (size_t)(end - label)),
		.line = t->line,
		.col = column(text, label),
	};
	if (!*out->label || picture_name(out->label)) /* a picture's name there is the rest of a path with blanks */
		return err_user(e, (struct where){t->path, t->line, 1}, "no label: a line is PATH, a tab or blanks, LABEL");
	return OK;
}

enum status list_read(struct arena *a, const char *path, struct list_file *l, struct err *e)
{
	struct lines t;
	enum status st = lines_open(a, path, &t, e);
	if (st != OK)
		return st;
	const char *text = t.next, *first, *last;
	size_t lines = 1;
	for (const char *p = text; (p = memchr(p, '\n', (size_t)(t.end - p))); p++)
		lines++;
	struct list_entry *entry = NEW_ARRAY(a, struct list_entry, lines);
	int n = 0, errors = 0;
	while (errors < LIST_ERRORS && lines_next(&t, &first, &last)) {
		const enum status one = entry_parse(a, &t, text, first, last, &entry[n], e);
		if (one == OK) {
			n++;
		} else {
			st = one;
			errors++;
		}
	}
	if (st == OK && !n)
		return err_user(e, (struct where){.file = path}, "the list names no picture");
	*l = (struct list_file){.path = path, .n = n, .entry = entry};
	return st;
}

/* ---- a file of class names ---- */

enum status list_class_names(struct arena *a, const char *path, struct class_list *c, struct err *e)
{
	struct lines t;
	enum status st = lines_open(a, path, &t, e);
	if (st != OK)
		return st;
	const char *first, *last, **name = NULL;
	void *items = NULL;
	int n = 0, cap = 0;
	while (st == OK && lines_next(&t, &first, &last)) {
		st = check_text(&t, first, last, e);
		mem_grow(&items, n, &cap, sizeof *name);
		name = items;
		name[n++] = arena_strn(a, first, (size_t)(last - first));
	}
	const char **kept = NEW_ARRAY(a, const char *, n);
	for (int i = 0; i < n; i++)
		kept[i] = name[i];
	mem_free(items);
	*c = (struct class_list){n, kept};
	if (st != OK)
		return st;
	if (!n)
		return err_user(e, (struct where){.file = path}, "the file names no class");
	const char *twice = list_class_twice(a, c);
	return twice ? err_user(e, (struct where){.file = path}, "class '%s' is there twice", twice) : OK;
}
