#include "data/list_file.h"

#include <stdlib.h>
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

/* ---- classes ---- */

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Of numbers without leading zeros, the longer is the larger. */
static int by_number(const void *a, const void *b)
{
	const char *x = *(const char *const *)a, *y = *(const char *const *)b;
	const size_t n = strlen(x), m = strlen(y);
	return n != m ? (n > m) - (n < m) : strcmp(x, y);
}

static bool is_number(const char *s)
{
	return *s && s[strspn(s, "0123456789")] == 0 && (*s != '0' || !s[1]);
}

void list_classes(struct arena *a, const struct list_file *l, struct class_list *c)
{
	const char **name = NEW_ARRAY(a, const char *, l->n);
	bool numbers = true;
	for (int i = 0; i < l->n; i++) {
		name[i] = l->entry[i].label;
		numbers &= is_number(name[i]);
	}
	qsort(name, (size_t)l->n, sizeof *name, numbers ? by_number : by_bytes);
	int n = 0;
	for (int i = 0; i < l->n; i++)
		if (!n || strcmp(name[n - 1], name[i]))
			name[n++] = name[i];
	*c = (struct class_list){n, name};
}

/* A class's name and number, to be found by the name. */
struct known {
	const char *name; /* first: compared as by_bytes does */
	int number;
};

static struct known *known_sorted(struct arena *a, const struct class_list *c)
{
	struct known *k = NEW_ARRAY(a, struct known, c->n);
	for (int i = 0; i < c->n; i++)
		k[i] = (struct known){c->name[i], i};
	qsort(k, (size_t)c->n, sizeof *k, by_bytes);
	return k;
}

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
	const struct known *k = known_sorted(a, c);
	for (int i = 1; i < n; i++)
		if (!strcmp(k[i].name, k[i - 1].name))
			return err_user(e, (struct where){.file = path}, "class '%s' is there twice", k[i].name);
	return OK;
}

static enum status bad_class(const struct list_file *l, const struct list_entry *entry, const struct class_list *c, bool numbers,
                             const char *from, struct err *e)
{
	const char *near = str_nearest(entry->label, c->name, c->n);
	return err_user(e, (struct where){l->path, entry->line, entry->col}, "'%s' is no class of '%s'%s%s%s%s", entry->label, from,
	                numbers ? " and no number of one" : "", near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

enum status list_labels(struct arena *a, const struct list_file *l, const struct class_list *c, bool numbers, const char *from,
                        int *label, struct err *e)
{
	const struct known *known = known_sorted(a, c);
	int errors = 0;
	enum status st = OK;
	for (int i = 0; i < l->n && errors < LIST_ERRORS; i++) {
		const char *name = l->entry[i].label;
		const struct known *k = bsearch(&name, known, (size_t)c->n, sizeof *known, by_bytes);
		const long number = numbers && is_number(name) ? strtol(name, NULL, 10) : c->n; /* too large: LONG_MAX */
		if (k) {
			label[i] = k->number;
		} else if (number < c->n) {
			label[i] = (int)number;
		} else {
			st = bad_class(l, &l->entry[i], c, numbers, from, e);
			errors++;
		}
	}
	return st;
}

/* ---- once ---- */

struct named {
	const char *path; /* first: compared as by_bytes does */
	int list, entry;
};

static int by_path(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	const int order = strcmp(x->path, y->path);
	if (order)
		return order;
	return x->list != y->list ? x->list - y->list : x->entry - y->entry;
}

/* "./a//b" is "a/b". */
static const char *plain(struct arena *a, const char *path)
{
	while (path[0] == '.' && path[1] == '/')
		path += 1 + strspn(path + 1, "/");
	char *s = arena_str(a, path), *out = s;
	for (const char *p = s; *p; p++)
		if (p[0] != '/' || p[1] != '/')
			*out++ = *p;
	*out = 0;
	return s;
}

enum status list_once(struct arena *a, const struct list_file *l, int lists, struct err *e)
{
	int n = 0;
	for (int k = 0; k < lists; k++)
		n += l[k].n;
	struct named *all = NEW_ARRAY(a, struct named, n);
	n = 0;
	for (int k = 0; k < lists; k++)
		for (int i = 0; i < l[k].n; i++)
			all[n++] = (struct named){plain(a, l[k].entry[i].path), k, i};
	qsort(all, (size_t)n, sizeof *all, by_path);
	enum status st = OK;
	for (int i = 1, errors = 0; i < n && errors < LIST_ERRORS; i++) {
		const struct named *x = &all[i - 1], *y = &all[i];
		if (strcmp(x->path, y->path))
			continue;
		st = err_user(e, (struct where){l[y->list].path, l[y->list].entry[y->entry].line, 1},
		              "'%s' is a second time here: it is in line %d of '%s'", y->path, l[x->list].entry[x->entry].line,
		              l[x->list].path);
		errors++;
	}
	return st;
}
