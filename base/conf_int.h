/* Private to base: what conf*.c and opt*.c share about the tree. */
#ifndef BASE_CONF_INT_H
#define BASE_CONF_INT_H

#include <stdio.h>

#include "base/conf.h"

enum { CONF_DEPTH_MAX = 32, CONF_NODES_MAX = 100000, CONF_KEY_MAX = 200 };

struct conf *conf_node(struct arena *a, enum conf_kind kind, struct where at);
/* Adds an item to a list (key NULL) or a pair to a map. Every tree is made by it: it tells an array's room from n. */
void conf_push(struct arena *a, struct conf *c, const char *key, struct where key_at, struct conf *value);
/* at NULL: places are lines of the text named name; else every value gets this place (--set). An empty text
   gives an empty map, or an empty scalar with at. *root is NULL after errors that end the reading. */
enum status conf_build(struct arena *a, const char *text, size_t n, const char *name, const struct where *at,
                       struct conf **root, struct err *e);
/* One scalar, quoted if YAML would read it as something else; no newline behind it. */
void conf_print_text(FILE *f, const char *text);

#endif
