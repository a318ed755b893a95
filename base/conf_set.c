/* --set a.b=c, and the same with a value that is there already. */
#include "base/conf.h"

#include <ctype.h>
#include <string.h>

#include "base/conf_int.h"
#include "base/str.h"

struct setter {
	struct arena *a;
	struct where at;
	struct err *e;
	char *path; /* "stages.2.epochs"; a dot that has been passed has become the end of a text */
	char *part; /* the name that is looked for now, within path */
};

static bool is_number(const char *s)
{
	for (const char *p = s; *p; p++)
		if (!isdigit((unsigned char)*p))
			return false;
	return *s && strlen(s) < 10;
}

enum { NO_ITEM = -1, MANY_ITEMS = -2 };

/* The item whose 'name' is the word, else the only one whose 'kind' is: losses have no names. */
static int item_called(const struct conf *list, const char *word)
{
	static const char *const keys[] = {"name", "kind"};
	bool many = false;
	for (int k = 0; k < 2; k++) {
		int found = NO_ITEM, n = 0;
		for (int i = 0; i < list->n; i++) {
			const struct conf *text = list->item[i]->kind == CONF_MAP ? conf_find(list->item[i], keys[k]) : NULL;
			if (text && text->kind == CONF_SCALAR && !strcmp(text->text, word)) {
				found = i;
				n++;
			}
		}
		if (n == 1)
			return found;
		many |= n > 1;
	}
	return many ? MANY_ITEMS : NO_ITEM;
}

static int number_of(const char *s)
{
	int i = 0;
	for (; *s; s++)
		i = 10 * i + (*s - '0');
	return i;
}

/* "0, 2": the items that the word could mean; "": it means none. */
static const char *items_called(const struct setter *s, const struct conf *list, const char *key, const char *word)
{
	const char *items = "";
	for (int i = 0; i < list->n; i++) {
		const struct conf *text = list->item[i]->kind == CONF_MAP ? conf_find(list->item[i], key) : NULL;
		if (text && text->kind == CONF_SCALAR && !strcmp(text->text, word))
			items = arena_printf(s->a, "%s%s%d", items, *items ? ", " : "", i);
	}
	return items;
}

/* The item of a list by its number, its 'name' or its 'kind'; -1 after an error. */
static int find_item(const struct setter *s, const struct conf *list)
{
	if (is_number(s->part)) {
		const int i = number_of(s->part);
		if (i < list->n)
			return i;
		if (list->n)
			err_user(s->e, s->at, "there is no item %d, allowed 0 to %d", i, list->n - 1);
		else
			err_user(s->e, s->at, "there is no item %d: the list is empty", i);
		return -1;
	}
	const int found = item_called(list, s->part);
	if (found >= 0)
		return found;
	if (found == MANY_ITEMS) {
		const char *named = items_called(s, list, "name", s->part), *of_kind = items_called(s, list, "kind", s->part);
		err_user(s->e, s->at, "'%s' is ambiguous: it is the %s of items %s; a number says which", s->part, *named ? "name" : "kind",
		         *named ? named : of_kind);
		return -1;
	}
	const char **names = NEW_ARRAY(s->a, const char *, list->n);
	int n = 0;
	for (int i = 0; i < list->n; i++) {
		const struct conf *name = conf_find(list->item[i], "name");
		if (name && name->kind == CONF_SCALAR)
			names[n++] = name->text;
	}
	const char *near = str_nearest(s->part, names, n);
	if (near)
		err_user(s->e, s->at, "no item of the list has the name '%s'; did you mean '%s'?", s->part, near);
	else
		err_user(s->e, s->at, "no item of the list has the name '%s', nor is it a number", s->part);
	return -1;
}

/* Replaces or adds the value of s->part in c. */
static enum status put(const struct setter *s, struct conf *c, struct conf *value)
{
	if (c->kind == CONF_LIST) {
		const int i = find_item(s, c);
		if (i < 0)
			return E_USER;
		c->item[i] = value;
		return OK;
	}
	for (int i = 0; i < c->n; i++)
		if (!strcmp(c->key[i], s->part)) {
			c->item[i] = value;
			c->key_at[i] = s->at;
			return OK;
		}
	conf_push(s->a, c, s->part, s->at, value);
	return OK;
}

/* The map or list named s->part in c, made when it is missing; NULL after an error. */
static struct conf *enter(const struct setter *s, struct conf *c)
{
	struct conf *next;
	if (c->kind == CONF_LIST) {
		const int i = find_item(s, c);
		next = i < 0 ? NULL : c->item[i];
		if (!next)
			return NULL;
	} else {
		next = conf_find(c, s->part);
		if (!next) {
			next = conf_node(s->a, CONF_MAP, s->at);
			conf_push(s->a, c, s->part, s->at, next);
		}
	}
	if (next->kind == CONF_SCALAR && !*next->text)
		next->kind = CONF_MAP; /* "key:" with nothing behind it */
	if (next->kind != CONF_SCALAR)
		return next;
	err_user(s->e, s->at, "'%s' is the value '%s', neither a map nor a list", s->part, next->text);
	return NULL;
}

/* The path's form alone, before anything is changed. */
static enum status check_path(const struct setter *s)
{
	int parts = 1;
	const char *p = s->path;
	for (size_t len = 0;; p++) {
		if (*p && *p != '.') {
			len++;
			continue;
		}
		if (!len || len > CONF_KEY_MAX)
			return err_user(s->e, s->at, "each name before '=' must have 1 to %d bytes", CONF_KEY_MAX);
		if (!*p)
			break;
		len = 0;
		parts++;
	}
	if (parts > CONF_DEPTH_MAX - 1)
		return err_user(s->e, s->at, "nested deeper than %d levels", CONF_DEPTH_MAX);
	return OK;
}

static int height(const struct conf *c)
{
	int most = 0;
	for (int i = 0; i < c->n; i++) {
		const int h = height(c->item[i]);
		most = h > most ? h : most;
	}
	return most + 1;
}

/* parts of the path lead to a value of its own height: together they may not be deeper than a file. */
static bool too_deep(const char *path, const struct conf *value)
{
	int parts = 1;
	for (const char *p = path; *p; p++)
		parts += *p == '.';
	return parts + height(value) > CONF_DEPTH_MAX;
}

/* Walks s->path and puts the value at its end. */
static enum status place(struct setter *s, struct conf *root, struct conf *value)
{
	if (too_deep(s->path, value))
		return err_user(s->e, s->at, "nested deeper than %d levels", CONF_DEPTH_MAX);
	struct conf *c = root;
	s->part = s->path;
	for (char *dot; (dot = strchr(s->part, '.')); s->part = dot + 1) {
		*dot = 0;
		c = enter(s, c);
		if (!c)
			return E_USER;
	}
	return put(s, c, value);
}

enum status conf_put(struct arena *a, struct conf *root, const char *path, const struct conf *value, struct err *e)
{
	struct setter s = {.a = a, .e = e, .at = value->at, .path = arena_str(a, path)};
	const enum status st = check_path(&s);
	return st == OK ? place(&s, root, conf_copy(a, value)) : st;
}

enum status conf_set(struct arena *a, struct conf *root, const char *assignment, struct err *e)
{
	struct setter s = {.a = a, .e = e, .at = {.file = arena_printf(a, "--set %s", assignment)}};
	const char *equals = strchr(assignment, '=');
	if (!equals)
		return err_user(e, s.at, "no '=' in it, allowed 'name=value' and 'name.name=value'");
	s.path = arena_strn(a, assignment, (size_t)(equals - assignment));
	enum status st = check_path(&s);
	struct conf *value;
	const enum status read = conf_build(a, equals + 1, strlen(equals + 1), "--set", &s.at, &value, e);
	st = st != OK ? st : read;
	return st == OK ? place(&s, root, value) : st;
}

/* many: whether a part of the path could be several items of a list. */
static struct conf *value_at(const struct conf *root, const char *path, bool *many)
{
	struct conf *c = NULL;
	*many = false;
	for (const struct conf *in = root; in; in = c) {
		char part[CONF_KEY_MAX + 1];
		const size_t n = strcspn(path, ".");
		if (!n || n > CONF_KEY_MAX)
			return NULL;
		memcpy(part, path, n);
		part[n] = 0;
		const int i = in->kind != CONF_LIST ? -1 : is_number(part) ? number_of(part) : item_called(in, part);
		*many |= i == MANY_ITEMS;
		c = in->kind == CONF_MAP ? conf_find(in, part) : i >= 0 && i < in->n ? in->item[i] : NULL;
		if (!path[n])
			return c;
		path += n + 1;
	}
	return NULL;
}

struct conf *conf_at(const struct conf *root, const char *path)
{
	bool many;
	return value_at(root, path, &many);
}

bool conf_is_ambiguous(const struct conf *root, const char *path)
{
	bool many;
	value_at(root, path, &many);
	return many;
}

bool conf_drop(struct conf *root, const char *path)
{
	const char *dot = strrchr(path, '.'), *last = dot ? dot + 1 : path;
	char to[CONF_DEPTH_MAX * (CONF_KEY_MAX + 1)];
	struct conf *in = root;
	if (dot && (size_t)(dot - path) < sizeof to) {
		memcpy(to, path, (size_t)(dot - path));
		to[dot - path] = 0;
		in = conf_at(root, to);
	}
	const struct conf *gone = conf_at(root, path);
	if (!in || !gone || !*last || in->kind == CONF_SCALAR)
		return false;
	int k = 0;
	for (int i = 0; i < in->n; i++) {
		if (in->item[i] == gone)
			continue;
		in->item[k] = in->item[i];
		if (in->kind == CONF_MAP) {
			in->key[k] = in->key[i];
			in->key_at[k] = in->key_at[i];
			in->used[k] = in->used[i];
		}
		k++;
	}
	in->n = k;
	return true;
}
