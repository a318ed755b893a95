/*
 * The experiment file: YAML by libyaml, as a tree in which every value knows its place.
 *
 * Scalars are text; the option row that reads one gives it a type (YAML's yes, off and null mean nothing by
 * themselves). A duplicate key is an error, aliases work (a copy of the subtree), '<<' is an error, depth is at most 32 and
 * expansion at most 100,000 nodes. Every error of the file is collected; libyaml stops at its first syntax error.
 */
#ifndef BASE_CONF_H
#define BASE_CONF_H

#include <stdbool.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"

enum conf_kind { CONF_SCALAR, CONF_LIST, CONF_MAP };

struct conf {
	enum conf_kind kind;
	struct where at;         /* file is the YAML's path, or "--set a.b=c" with line 0 */
	const char *text;        /* scalars only */
	int n;                   /* items of a list, pairs of a map */
	struct conf **item;      /* values */
	const char **key;        /* maps: keys, in the file's order */
	struct where *key_at;
	bool *used;              /* maps: a row has read this key */
};

/* The root is a map; that of an empty file is an empty one. After E_USER *root is still the tree, without the bad parts, so
   that the options' errors can be collected too; it is NULL after a syntax error or when there is no map. */
enum status conf_read(struct arena *a, const char *path, struct conf **root, struct err *e);
enum status conf_parse(struct arena *a, const char *text, const char *name, struct conf **root, struct err *e);
/* --set a.b=c and stages.2.epochs=5 and stages.NAME.epochs=5: a list item by its number, from 0, by its 'name' or, where one alone has it, its 'kind'.
   The value is parsed as YAML. Missing maps are made. */
enum status conf_set(struct arena *a, struct conf *root, const char *assignment, struct err *e);

/* The same with a value that was read before: a copy of it is put at the path, and errors name the value's place. */
enum status conf_put(struct arena *a, struct conf *root, const char *path, const struct conf *value, struct err *e);

/* The value at a path as conf_set takes it, or NULL. */
struct conf *conf_at(const struct conf *root, const char *path);
/* Whether nothing is at the path because a name in it is that of several items, as of two losses of one kind. */
bool conf_is_ambiguous(const struct conf *root, const char *path);
/* Takes the value at the path out of its map or list; false: there is none. */
bool conf_drop(struct conf *root, const char *path);

/* The value of a key, or NULL. Does not mark it used; conf_use does. */
struct conf *conf_find(const struct conf *map, const char *key);
struct conf *conf_use(const struct conf *map, const char *key);
/* Where the key's value stands, or the map itself. */
struct where conf_where(const struct conf *map, const char *key);
/* One error per key that nothing read, with the nearest of names[0..n). what: "stage 'kd'", "data", ... */
enum status conf_unused(const struct conf *map, const char *what, const char *const names[], int n, struct err *e);
struct conf *conf_copy(struct arena *a, const struct conf *c);
/* YAML again (quoted where needed), whole lines. */
void conf_print(FILE *f, const struct conf *c, int indent);

#endif
