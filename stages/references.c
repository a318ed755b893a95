/* References from a stage to what earlier ones leave, or to files. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "runs/origin.h"
#include "stages/stage_read.h"

static enum status add(struct experiment *x, struct reference ref, struct reference **r, int *n)
{
	struct reference *bigger = NEW_ARRAY(x->arena, struct reference, *n + 1);
	if (*n)
		memcpy(bigger, *r, (size_t)*n * sizeof *bigger);
	bigger[(*n)++] = ref;
	*r = bigger;
	return OK;
}

static int stage_index(const struct experiment *x, const struct stage *s, const char *name, size_t len)
{
	for (int i = 0; i < (int)(s - x->stage); i++)
		if (strlen(x->stage[i].name) == len && strncmp(x->stage[i].name, name, len) == 0)
			return i;
	return -1;
}

/* The name is there, but not before s: a cycle, or just out of order. */
static enum status unknown_stage(struct experiment *x, const struct stage *s, const struct conf *c, const char *name, struct err *e)
{
	const struct conf *stages = conf_find(x->root, "stages");
	const char *words[256];
	int n = 0;
	for (int i = 0; stages && i < stages->n && n < 256; i++) {
		const struct conf *row = conf_find(stages->item[i], "name");
		if (!row || !row->text)
			continue;
		if (str_eq(row->text, name))
			return err_user(e, c->at, "stage '%s' uses '%s', which does not come before it: stages use what earlier ones leave, so no cycle can be",
			                s->name, name);
		words[n++] = row->text;
	}
	const char *near = str_nearest(name, words, n);
	return err_user(e, c->at, "stage '%s' uses '%s', and no stage has that name%s%s%s", s->name, name, near ? "; did you mean '" : "",
	                near ? near : "", near ? "'?" : "");
}

static struct reference made(struct experiment *x, int stage, const char *artefact, struct where at)
{
	struct reference ref = {.stage = stage, .artefact = arena_str(x->arena, artefact), .network = x->stage[stage].train.train, .at = at};
	snprintf(ref.identity, sizeof ref.identity, "%s/%s", x->stage[stage].identity, artefact);
	return ref;
}

static enum status read_anchors(struct experiment *x, const struct stage *s, const struct conf *c, int stage, const char *index, bool several,
                                struct reference **r, int *n, struct err *e)
{
	const int M = x->stage[stage].n_anchor;
	if (!M && !*x->stage[stage].identity)
		return E_USER; /* that stage's own mistakes have been told */
	if (!M)
		return err_user(e, c->at, "stage '%s' keeps no anchors: give it 'anchors: {count: 3, rule: equal}'", x->stage[stage].name);
	if (!*index) {
		if (!several)
			return err_user(e, c->at, "'%s' of stage '%s' is one reference: name one anchor, %s.anchors[0] to [%d]", c->text, s->name,
			                x->stage[stage].name, M - 1);
		for (int i = 0; i < M; i++)
			add(x, made(x, stage, arena_printf(x->arena, "anchor-%d", i + 1), c->at), r, n);
		return OK;
	}
	char *end = NULL;
	const long i = strtol(index + 1, &end, 10);
	if (*index != '[' || end == index + 1 || strcmp(end, "]") != 0)
		return err_user(e, c->at, "'%s': an anchor is written %s.anchors[0]", c->text, x->stage[stage].name);
	if (i < 0 || i >= M)
		return err_user(e, c->at, "'%s': stage '%s' keeps %d anchors, [0] to [%d]", c->text, x->stage[stage].name, M, M - 1);
	return add(x, made(x, stage, arena_printf(x->arena, "anchor-%ld", i + 1), c->at), r, n);
}

static enum status read_one(struct experiment *x, const struct stage *s, const struct conf *c, bool several, struct reference **r, int *n, struct err *e)
{
	const char *dot = strchr(c->text, '.');
	if (!dot)
		return err_user(e, c->at, "'%s' is no reference: STAGE.last, STAGE.best, STAGE.anchors, STAGE.anchors[i] or {file: PATH}", c->text);
	const int stage = stage_index(x, s, c->text, (size_t)(dot - c->text));
	if (stage < 0)
		return unknown_stage(x, s, c, arena_strn(x->arena, c->text, (size_t)(dot - c->text)), e);
	const char *what = dot + 1;
	if (str_eq(what, "last") || str_eq(what, "best"))
		return add(x, made(x, stage, what, c->at), r, n);
	if (str_starts(what, "anchors"))
		return read_anchors(x, s, c, stage, what + strlen("anchors"), several, r, n, e);
	return err_user(e, c->at, "'%s': stage '%s' leaves last, best and anchors", c->text, x->stage[stage].name);
}

static enum status read_file(struct experiment *x, const struct conf *c, struct reference **r, int *n, struct err *e)
{
	struct conf *file = conf_use(c, "file"), *network = conf_use(c, "network");
	static const char *const names[] = {"file", "network"};
	if (!file || !file->text)
		return err_user(e, c->at, "a reference to a file is written {file: PATH}");
	const enum status st = conf_unused(c, "reference", names, 2, e);
	if (st != OK)
		return st;
	if (network && (!network->text || !*network->text))
		return err_user(e, network->at, "'network' of a file is the name of the network that its weights belong to");
	if (!file_exists(file->text))
		return err_user(e, file->at, "there is no file '%s'", file->text);
	/* absolute, so that the resolved file holds from every folder */
	char *full = realpath(file->text, NULL);
	if (full)
		file->text = arena_str(x->arena, full);
	free(full);
	struct reference ref = {.stage = -1, .path = file->text, .network = network ? network->text : NULL, .at = file->at};
	char hex[65];
	const enum status hash = origin_file_hash(file->text, hex, e);
	snprintf(ref.identity, sizeof ref.identity, "%s", hex);
	return hash == OK ? add(x, ref, r, n) : hash;
}

struct order_conf {
	const struct conf *anchors;
	int order;
};
enum { ORDER_KEPT, ORDER_REVERSED };
static const struct opt order_opts[] = {
	NODE(order_conf, anchors, "STAGE.anchors, or any other reference or list of references"),
	CHOICE(order_conf, order, "kept", "kept|reversed", "in which they are met"),
	{0},
};

static enum status read_ordered(struct experiment *x, const struct stage *s, const struct conf *c, bool several, struct reference **r, int *n,
                                struct err *e)
{
	struct order_conf o = {0};
	const struct opt *tables[] = {order_opts};
	void *outs[] = {&o};
	if (!several)
		return err_user(e, c->at, "one reference is wanted here, not anchors in an order");
	enum status st = opts_read_all(tables, outs, 1, c, "reference", x->arena, e);
	const int first = *n;
	if (st == OK)
		st = references_read(x, s, o.anchors, true, r, n, e);
	for (int i = first, k = *n - 1; o.order == ORDER_REVERSED && i < k; i++, k--) {
		const struct reference swapped = (*r)[i];
		(*r)[i] = (*r)[k];
		(*r)[k] = swapped;
	}
	return st;
}

enum status references_read(struct experiment *x, const struct stage *s, const struct conf *c, bool several, struct reference **r, int *n, struct err *e)
{
	if (!c)
		return err_user(e, s->map->at, "stage '%s' needs 'teacher': STAGE.last, STAGE.best, STAGE.anchors or {file: PATH}", s->name);
	if (c->kind == CONF_SCALAR)
		return read_one(x, s, c, several, r, n, e);
	if (c->kind == CONF_MAP)
		return conf_find(c, "anchors") ? read_ordered(x, s, c, several, r, n, e) : read_file(x, c, r, n, e);
	if (!several)
		return err_user(e, c->at, "one reference is wanted here, not a list");
	enum status st = OK;
	for (int i = 0; i < c->n; i++) {
		const enum status one = c->item[i]->kind == CONF_LIST ? err_user(e, c->item[i]->at, "a list in a list of references")
		                                                      : references_read(x, s, c->item[i], true, r, n, e);
		st = st == OK ? one : st;
	}
	if (!c->n)
		return err_user(e, c->at, "the list of teachers is empty");
	return st;
}

const struct reference *stage_use(const struct stage *s, int k)
{
	if (s->has_from && k-- == 0)
		return &s->from;
	if (k < s->n_teacher)
		return &s->teacher[k];
	return s->has_course && k == s->n_teacher ? &s->course : NULL;
}

bool stage_imports(const struct experiment *x, const struct stage *s)
{
	bool any = false;
	for (int i = -s->has_from; i < s->n_teacher && !any; i++) {
		const int from = i < 0 ? s->from.stage : s->teacher[i].stage;
		any = from < 0 || stage_imports(x, &x->stage[from]);
	}
	return any;
}

/* "NAME.artefact" anywhere in a stage's options, of weights: what repeats a temperature does not learn from it. */
static bool refers(const struct conf *c, const char *name)
{
	const size_t n = strlen(name);
	if (c->kind == CONF_SCALAR)
		return strncmp(c->text, name, n) == 0 && c->text[n] == '.' && !str_eq(c->text + n, ".temperature");
	for (int i = 0; i < c->n; i++)
		if (refers(c->item[i], name))
			return true;
	return false;
}

/* Whether a stage learns from `name`, or goes on from it to learn what others learn from it. */
static bool learns_from(const struct experiment *x, const struct conf *stage, const char *name)
{
	for (int i = 0; stage->kind == CONF_MAP && i < stage->n; i++) {
		const bool goes_on = str_eq(stage->key[i], "from");
		if (refers(stage->item[i], name) && (!goes_on || stage_teaches(x, stage)))
			return true;
	}
	return false;
}

bool stage_teaches(const struct experiment *x, const struct conf *map)
{
	const struct conf *stages = conf_find(x->root, "stages"), *name = map->kind == CONF_MAP ? conf_find(map, "name") : NULL;
	bool later = false;
	for (int i = 0; stages && name && name->text && i < stages->n; i++) {
		if (later && learns_from(x, stages->item[i], name->text))
			return true;
		later |= stages->item[i] == map;
	}
	return false;
}
