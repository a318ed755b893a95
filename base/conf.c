#include "base/conf.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/conf_int.h"
#include "base/file.h"
#include "base/str.h"

enum { FILE_MAX = 16 << 20, NAMES_SHOWN = 16 };

struct conf *conf_node(struct arena *a, enum conf_kind kind, struct where at)
{
	struct conf *c = NEW(a, struct conf);
	c->kind = kind;
	c->at = at;
	c->text = kind == CONF_SCALAR ? "" : NULL;
	return c;
}

static void *widen(struct arena *a, const void *old, int n, int cap, size_t size)
{
	void *p = arena_array(a, (size_t)cap, size);
	if (n)
		memcpy(p, old, (size_t)n * size);
	return p;
}

void conf_push(struct arena *a, struct conf *c, const char *key, struct where key_at, struct conf *value)
{
	const int n = c->n;
	if (n == 0 || (n >= 4 && (n & (n - 1)) == 0)) {
		const int cap = n ? 2 * n : 4;
		c->item = widen(a, c->item, n, cap, sizeof *c->item);
		if (c->kind == CONF_MAP) {
			c->key = widen(a, c->key, n, cap, sizeof *c->key);
			c->key_at = widen(a, c->key_at, n, cap, sizeof *c->key_at);
			c->used = widen(a, c->used, n, cap, sizeof *c->used);
		}
	}
	c->item[n] = value;
	if (c->kind == CONF_MAP) {
		c->key[n] = key;
		c->key_at[n] = key_at;
		c->used[n] = false;
	}
	c->n++;
}

static enum status must_be_map(struct conf *root, struct err *e)
{
	if (!root || root->kind == CONF_MAP)
		return OK;
	return err_user(e, root->at, "this is a %s, but the file must be a map ('key: value')",
	                root->kind == CONF_LIST ? "list" : "single value");
}

static enum status parse(struct arena *a, const char *text, size_t n, const char *name, struct conf **root,
                         struct err *e)
{
	const enum status st = conf_build(a, text, n, arena_str(a, name), NULL, root, e);
	const enum status map = must_be_map(*root, e);
	if (map != OK)
		*root = NULL;
	return st != OK ? st : map;
}

enum status conf_parse(struct arena *a, const char *text, const char *name, struct conf **root, struct err *e)
{
	return parse(a, text, strlen(text), name, root, e);
}

enum status conf_read(struct arena *a, const char *path, struct conf **root, struct err *e)
{
	*root = NULL;
	struct stat info;
	/* weights given by mistake, say */
	if (stat(path, &info) == 0 && info.st_size > FILE_MAX)
		return err_user(e, (struct where){0}, "'%s' has %lld bytes; a configuration file has at most %d",
		                path, (long long)info.st_size, (int)FILE_MAX);
	if (stat(path, &info) && (errno == ENOENT || errno == ENOTDIR))
		return err_user(e, (struct where){0}, "there is no file '%s'", path);
	char *text;
	size_t size;
	const enum status st = file_read(a, path, false, &text, &size, e);
	return st == OK ? parse(a, text, size, path, root, e) : st;
}

static int find(const struct conf *map, const char *key)
{
	if (map && map->kind == CONF_MAP)
		for (int i = 0; i < map->n; i++)
			if (!strcmp(map->key[i], key))
				return i;
	return -1;
}

struct conf *conf_find(const struct conf *map, const char *key)
{
	const int i = find(map, key);
	return i < 0 ? NULL : map->item[i];
}

struct conf *conf_use(const struct conf *map, const char *key)
{
	const int i = find(map, key);
	if (i < 0)
		return NULL;
	map->used[i] = true;
	return map->item[i];
}

struct where conf_where(const struct conf *map, const char *key)
{
	const int i = find(map, key);
	return i >= 0 ? map->item[i]->at : map ? map->at : (struct where){0};
}

static enum status unknown_key(const struct conf *map, int i, const char *what, const char *const names[],
                               int n, struct err *e)
{
	const char *key = map->key[i], *near = str_nearest(key, names, n);
	const struct where at = map->key_at[i];
	if (near)
		return err_user(e, at, "unknown key '%s' in %s; did you mean '%s'?", key, what, near);
	struct str all = {0};
	for (int k = 0; k < n && k < NAMES_SHOWN; k++)
		str_printf(&all, "%s'%s'", k ? ", " : "", names[k]);
	if (n > NAMES_SHOWN)
		str_add(&all, ", ...");
	enum status st;
	if (n)
		st = err_user(e, at, "unknown key '%s' in %s, allowed %s", key, what, str_text(&all));
	else
		st = err_user(e, at, "unknown key '%s' in %s, which has no options", key, what);
	str_release(&all);
	return st;
}

enum status conf_unused(const struct conf *map, const char *what, const char *const names[], int n,
                        struct err *e)
{
	enum status st = OK;
	if (map && map->kind == CONF_MAP)
		for (int i = 0; i < map->n; i++)
			if (!map->used[i])
				st = unknown_key(map, i, what, names, n, e);
	return st;
}

struct conf *conf_copy(struct arena *a, const struct conf *c)
{
	struct conf *d = conf_node(a, c->kind, c->at);
	if (c->kind == CONF_SCALAR) {
		d->text = arena_str(a, c->text);
		return d;
	}
	for (int i = 0; i < c->n; i++) {
		const bool map = c->kind == CONF_MAP;
		conf_push(a, d, map ? arena_str(a, c->key[i]) : NULL, map ? c->key_at[i] : c->at,
		          conf_copy(a, c->item[i]));
		if (map)
			d->used[i] = c->used[i];
	}
	return d;
}
