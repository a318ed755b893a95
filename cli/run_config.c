#include "cli/run_config.h"

#include "base/file.h"
#include "base/str.h"

struct walk {
	struct arena *arena;
	struct config_value *v;
	int n;
};

static int count(const struct conf *c)
{
	int n = c->n ? 0 : 1;
	for (int i = 0; i < c->n; i++)
		n += count(c->item[i]);
	return n;
}

static const char *item_name(struct arena *a, const struct conf *list, int i)
{
	const struct conf *name = list->item[i]->kind == CONF_MAP ? conf_find(list->item[i], "name") : NULL;
	return name && name->kind == CONF_SCALAR ? name->text : arena_printf(a, "%d", i);
}

static void walk(struct walk *w, const struct conf *c, const char *path)
{
	static const char *const nothing[] = {[CONF_LIST] = "[]", [CONF_MAP] = "{}"};
	if (!c->n)
		w->v[w->n++] = (struct config_value){path, c->kind == CONF_SCALAR ? c->text : nothing[c->kind]};
	for (int i = 0; i < c->n; i++) {
		const char *key = c->kind == CONF_MAP ? c->key[i] : item_name(w->arena, c, i);
		walk(w, c->item[i], *path ? arena_printf(w->arena, "%s.%s", path, key) : key);
	}
}

void config_values(struct arena *a, const struct conf *root, struct config_value **v, int *n)
{
	struct walk w = {.arena = a, .v = NEW_ARRAY(a, struct config_value, count(root))};
	walk(&w, root, "");
	*v = w.v;
	*n = w.n;
}

const char *config_find(const struct config_value *v, int n, const char *path)
{
	for (int i = 0; i < n; i++)
		if (str_eq(v[i].path, path))
			return v[i].text;
	return NULL;
}

enum status config_read(struct arena *a, const char *folder, struct config_value **v, int *n, struct err *e)
{
	struct conf *root = NULL;
	*v = NULL;
	*n = 0;
	const enum status st = conf_read(a, path_join(a, folder, "config.yaml"), &root, e);
	if (st == OK)
		config_values(a, root, v, n);
	return st;
}
