/* What the entries of lists mean: classes, and pictures that are named twice. */
#include "data/list_file.h"

#include <stdlib.h>
#include <string.h>

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

const char *list_class_twice(struct arena *a, const struct class_list *c)
{
	const struct known *k = known_sorted(a, c);
	for (int i = 1; i < c->n; i++)
		if (!strcmp(k[i].name, k[i - 1].name))
			return k[i].name;
	return NULL;
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
