#include "report/run_config.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"

enum status run_config_read(struct arena *a, const char *folder, struct run_config *c, struct err *e)
{
	const char *path = path_join(a, folder, "config.yaml");
	char *text = NULL;
	size_t n = 0;
	*c = (struct run_config){.folder = folder};
	enum status st = file_exists(path) ? file_read(a, path, false, &text, &n, e)
	                                   : err_user(e, (struct where){0}, "'%s' is no run: it has no config.yaml", folder);
	if (st == OK)
		st = conf_parse(a, text, path, &c->root, e);
	c->text = text;
	return st;
}

static const struct conf *stage_named(const struct conf *stages, const char *name, size_t n)
{
	for (int i = 0; stages && stages->kind == CONF_LIST && i < stages->n; i++) {
		const struct conf *one = stages->item[i], *text = one->kind == CONF_MAP ? conf_find(one, "name") : NULL;
		if (text && text->text && strlen(text->text) == n && !strncmp(text->text, name, n))
			return one;
	}
	return NULL;
}

const struct conf *run_config_stage(const struct run_config *c, const char *stage)
{
	const struct conf *stages = conf_find(c->root, "stages"), *one = stage_named(stages, stage, strlen(stage));
	const char *copy = NULL;
	for (const char *p = stage; !one && (p = strstr(p, "-init")); p++)
		copy = p;
	return one || !copy ? one : stage_named(stages, stage, (size_t)(copy - stage));
}

/* Whether a line of the file is "name: NAME", quoted or not, with or without a comment. */
static bool names_stage(const char *line, const char *stage)
{
	const size_t n = strlen(stage);
	line += strspn(line, " -");
	if (!str_starts(line, "name: "))
		return false;
	line += strlen("name: ");
	line += *line == '"' || *line == '\'';
	return !strncmp(line, stage, n) && (!line[n] || strchr(" \n\"'", line[n]));
}

const char *run_config_identity(struct arena *a, const struct run_config *c, const char *stage)
{
	const char *of = arena_printf(a, " of '%s'\n", stage);
	for (const char *p = c->text; (p = strstr(p, "# identity ")); ) {
		p += strlen("# identity ");
		const size_t n = strspn(p, "0123456789abcdef");
		const char *next = strchr(p, '\n');
		if (n == 64 && (str_starts(p + n, of) || (p[n] == '\n' && next && names_stage(next + 1, stage))))
			return arena_strn(a, p, n);
	}
	return NULL;
}

/* An anchor that is the last epoch is the same weights as `last`. */
static bool last_anchor(const struct conf *stage)
{
	const struct conf *anchors = conf_find(stage, "anchors"), *epochs = conf_find(stage, "epochs");
	if (!anchors || anchors->kind == CONF_MAP)
		return anchors != NULL;
	return anchors->kind == CONF_LIST && anchors->n && epochs && str_eq(anchors->item[anchors->n - 1]->text, epochs->text);
}

const char *run_config_teacher(struct arena *a, const struct run_config *c, const char *stage)
{
	const struct conf *s = run_config_stage(c, stage), *t = s ? conf_find(s, "teacher") : NULL;
	while (t && t->kind != CONF_SCALAR) { /* {anchors: ...} kept in order, or a list */
		const struct conf *order = t->kind == CONF_MAP ? conf_find(t, "order") : NULL;
		if (t->kind == CONF_MAP)
			t = order && !str_eq(order->text, "kept") ? NULL : conf_find(t, "anchors");
		else
			t = t->n ? t->item[t->n - 1] : NULL;
	}
	const char *dot = t && t->text ? strchr(t->text, '.') : NULL;
	if (!dot)
		return NULL;
	const char *name = arena_strn(a, t->text, (size_t)(dot - t->text));
	const struct conf *teacher = run_config_stage(c, name);
	const bool last = str_eq(dot, ".last") || (str_eq(dot, ".anchors") && teacher && last_anchor(teacher));
	return last && teacher ? name : NULL;
}

static bool stage_imports(const struct run_config *c, const struct conf *stage, int depth);

/* Of one reference, or of any in a list. */
static bool imports(const struct run_config *c, const struct conf *ref, int depth)
{
	bool any = false;
	if (!ref)
		return false;
	if (ref->kind == CONF_SCALAR)
		return ref->text && stage_imports(c, stage_named(conf_find(c->root, "stages"), ref->text, strcspn(ref->text, ".")), depth);
	if (ref->kind == CONF_MAP && conf_find(ref, "file"))
		return true;
	for (int i = 0; i < ref->n && !any; i++)
		any = imports(c, ref->item[i], depth);
	return any;
}

/* A stage learns from earlier ones alone; a file that was changed by hand may have a cycle. */
static bool stage_imports(const struct run_config *c, const struct conf *stage, int depth)
{
	enum { DEEPEST = 64 };
	return stage && depth < DEEPEST && (imports(c, conf_find(stage, "from"), depth + 1) || imports(c, conf_find(stage, "teacher"), depth + 1));
}

bool run_config_imports(const struct run_config *c, const char *stage)
{
	return stage_imports(c, run_config_stage(c, stage), 0);
}

const char *run_config_pictures(struct arena *a, const struct run_config *c)
{
	for (const char *p = c->text; (p = strstr(p, "\n  # ")); ) {
		p += strlen("\n  # ");
		const size_t n = strcspn(p, "\n");
		const char *line = arena_strn(a, p, n);
		if (strstr(line, " test pictures, SHA-256 "))
			return line;
	}
	return "";
}

const char *run_config_budget(struct arena *a, const struct run_config *c)
{
	static const char head[] = "\n# budget: ";
	const char *at = strstr(c->text, head);
	return at ? arena_strn(a, at + strlen(head), strcspn(at + strlen(head), "\n")) : "";
}

static uint64_t number_of(const struct conf *map, const char *key)
{
	const struct conf *v = map ? conf_find(map, key) : NULL;
	return v && v->text ? strtoull(v->text, NULL, 10) : 1;
}

struct run_seeds run_config_seeds(const struct run_config *c)
{
	const struct conf *seed = conf_find(c->root, "seed");
	if (seed && seed->kind == CONF_MAP)
		return (struct run_seeds){number_of(seed, "split"), number_of(seed, "data"), number_of(seed, "init"),
		                          conf_find(seed, "teacher") ? (int64_t)number_of(seed, "teacher") : -1};
	const uint64_t one = number_of(c->root, "seed");
	return (struct run_seeds){one, one, one, -1};
}
