/* The tree out of libyaml's events. The only file that includes it. */
#include "base/conf_int.h"

#include <string.h>

#include <yaml.h>

#include "base/str.h"

struct anchor {
	const char *name;
	struct conf *node; /* NULL while it is being read: an alias inside would contain itself */
	struct anchor *next;
};

struct reader {
	yaml_parser_t yaml;
	struct arena *a;
	struct err *e;
	const char *text, *name;
	size_t size;
	const struct where *at;
	struct anchor *anchors; /* the newest first: a second anchor of a name hides the first */
	int nodes;
	enum status status; /* of everything so far; NULL from a function means that nothing more can be read */
};

static struct where place(const struct reader *r, yaml_mark_t mark)
{
	/* libyaml counts from 0 */
	return r->at ? *r->at : (struct where){r->name, (int)mark.line + 1, (int)mark.column + 1};
}

#define COMPLAIN(r, mark, ...) ((r)->status = err_user((r)->e, place((r), (mark)), __VA_ARGS__))

/* Does line number n (from 0) begin with a tab among its blanks? libyaml's message doesn't say so. */
static bool indented_by_tab(const struct reader *r, size_t n)
{
	const char *p = r->text, *end = r->text + r->size;
	for (; n && p < end; p++)
		n -= *p == '\n';
	while (p < end && *p == ' ')
		p++;
	return p < end && *p == '\t';
}

static void reader_error(struct reader *r)
{
	const yaml_parser_t *y = &r->yaml;
	yaml_mark_t mark = {0, 0, 0};
	for (size_t i = 0; i < y->problem_offset && i < r->size; i++) {
		mark.column = r->text[i] == '\n' ? 0 : mark.column + 1;
		mark.line += r->text[i] == '\n';
	}
	if (y->problem_value >= 0)
		COMPLAIN(r, mark, "%s (0x%02x)", y->problem, (unsigned)y->problem_value);
	else
		COMPLAIN(r, mark, "%s", y->problem);
}

static void syntax_error(struct reader *r)
{
	const yaml_parser_t *y = &r->yaml;
	if (y->error == YAML_MEMORY_ERROR) {
		r->status = err_nomem(r->e, "too little memory to read '%s'", r->name);
	} else if (y->error == YAML_READER_ERROR) {
		reader_error(r);
	} else if (!r->at && indented_by_tab(r, y->problem_mark.line)) {
		COMPLAIN(r, y->problem_mark, "a tab indents this line; YAML allows only spaces there");
	} else if (y->context && !r->at && y->context_mark.line != y->problem_mark.line) {
		COMPLAIN(r, y->problem_mark, "%s (%s that begins in line %d)", y->problem, y->context,
		         (int)y->context_mark.line + 1);
	} else if (y->context) {
		COMPLAIN(r, y->problem_mark, "%s (%s)", y->problem, y->context);
	} else {
		COMPLAIN(r, y->problem_mark, "%s", y->problem);
	}
}

static bool next(struct reader *r, yaml_event_t *ev)
{
	if (yaml_parser_parse(&r->yaml, ev))
		return true;
	syntax_error(r);
	return false;
}

/* Counts a value that is about to be made at a depth; false when the file has become too large. */
static bool fits(struct reader *r, yaml_mark_t mark, int depth)
{
	if (depth > CONF_DEPTH_MAX)
		COMPLAIN(r, mark, "nested deeper than %d levels", CONF_DEPTH_MAX);
	else if (++r->nodes > CONF_NODES_MAX)
		COMPLAIN(r, mark, "more than 100,000 values, aliases expanded");
	else
		return true;
	return false;
}

static bool count_copy(struct reader *r, const struct conf *c, yaml_mark_t mark, int depth)
{
	if (!fits(r, mark, depth))
		return false;
	for (int i = 0; i < c->n; i++)
		if (!count_copy(r, c->item[i], mark, depth + 1))
			return false;
	return true;
}

static struct conf *build_alias(struct reader *r, const char *name, yaml_mark_t mark, int depth)
{
	const struct anchor *x = r->anchors;
	while (x && strcmp(x->name, name))
		x = x->next;
	if (x && x->node)
		return count_copy(r, x->node, mark, depth) ? conf_copy(r->a, x->node) : NULL;
	if (x)
		COMPLAIN(r, mark, "alias '*%s' stands inside its own anchor", name);
	else
		COMPLAIN(r, mark, "alias '*%s' has no anchor '&%s' before it", name, name);
	return fits(r, mark, depth) ? conf_node(r->a, CONF_SCALAR, place(r, mark)) : NULL;
}

static struct anchor *anchor_add(struct reader *r, const yaml_char_t *name)
{
	if (!name)
		return NULL;
	struct anchor *x = NEW(r->a, struct anchor);
	x->name = arena_str(r->a, (const char *)name);
	x->next = r->anchors;
	r->anchors = x;
	return x;
}

static const char *build_text(struct reader *r, const yaml_event_t *ev)
{
	const char *text = (const char *)ev->data.scalar.value;
	const size_t n = ev->data.scalar.length;
	if (memchr(text, 0, n))
		COMPLAIN(r, ev->start_mark, "a text with a NUL character is not allowed");
	return arena_strn(r->a, text, n);
}

static struct conf *build(struct reader *r, yaml_event_t *ev, int depth);

/* The key of a pair whose first event is ev. "" after an error that has been told: reading goes on. */
static const char *build_key(struct reader *r, yaml_event_t *ev, const struct conf *map, int depth)
{
	const yaml_mark_t mark = ev->start_mark;
	const bool scalar = ev->type == YAML_SCALAR_EVENT;
	const struct conf *c = build(r, ev, depth);
	if (!c)
		return NULL;
	if (!scalar || !*c->text || strlen(c->text) > CONF_KEY_MAX) {
		COMPLAIN(r, mark, "a key must be text of 1 to %d bytes", CONF_KEY_MAX);
		return "";
	}
	if (!strcmp(c->text, "<<")) {
		COMPLAIN(r, mark, "'<<' (merging of maps) is not supported; an alias '*name' as a value is");
		return "";
	}
	for (int i = 0; i < map->n; i++)
		if (!strcmp(map->key[i], c->text)) {
			if (r->at)
				COMPLAIN(r, mark, "key '%s' is given twice", c->text);
			else
				COMPLAIN(r, mark, "key '%s' is given twice, first in line %d", c->text, map->key_at[i].line);
			return "";
		}
	return c->text;
}

/* Items or pairs up to the end event. False: nothing more can be read. */
static bool build_items(struct reader *r, struct conf *c, int depth)
{
	const yaml_event_type_t end = c->kind == CONF_MAP ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
	for (;;) {
		yaml_event_t ev;
		const char *key = NULL;
		if (!next(r, &ev))
			return false;
		if (ev.type == end) {
			yaml_event_delete(&ev);
			return true;
		}
		const struct where key_at = place(r, ev.start_mark);
		if (c->kind == CONF_MAP) {
			key = build_key(r, &ev, c, depth + 1);
			if (!key || !next(r, &ev))
				return false;
		}
		struct conf *value = build(r, &ev, depth + 1);
		if (!value)
			return false;
		if (!key || *key)
			conf_push(r->a, c, key, key_at, value);
	}
}

/* The value that begins with ev, which is used up. */
static struct conf *build(struct reader *r, yaml_event_t *ev, int depth)
{
	const yaml_mark_t mark = ev->start_mark;
	struct conf *c = NULL;
	if (ev->type == YAML_ALIAS_EVENT) {
		c = build_alias(r, (const char *)ev->data.alias.anchor, mark, depth);
		yaml_event_delete(ev);
		return c;
	}
	const bool scalar = ev->type == YAML_SCALAR_EVENT, map = ev->type == YAML_MAPPING_START_EVENT;
	const yaml_char_t *tag = scalar ? ev->data.scalar.tag
	                         : map  ? ev->data.mapping_start.tag
	                                : ev->data.sequence_start.tag;
	const yaml_char_t *name = scalar ? ev->data.scalar.anchor
	                          : map  ? ev->data.mapping_start.anchor
	                                 : ev->data.sequence_start.anchor;
	if (tag)
		COMPLAIN(r, mark, "tag '%s' is not supported: each option has a type of its own", (const char *)tag);
	if (fits(r, mark, depth)) {
		struct anchor *x = anchor_add(r, name);
		c = conf_node(r->a, scalar ? CONF_SCALAR : map ? CONF_MAP : CONF_LIST, place(r, mark));
		if (scalar)
			c->text = build_text(r, ev);
		else if (!build_items(r, c, depth))
			c = NULL;
		if (x)
			x->node = c;
	}
	yaml_event_delete(ev);
	return c;
}

/* From the start of the stream to its end. */
static struct conf *build_file(struct reader *r)
{
	yaml_event_t ev;
	struct conf *root = NULL;
	for (int documents = 0;;) {
		if (!next(r, &ev))
			return NULL;
		const yaml_event_type_t type = ev.type;
		const yaml_mark_t mark = ev.start_mark;
		if (type == YAML_SCALAR_EVENT || type == YAML_ALIAS_EVENT || type == YAML_MAPPING_START_EVENT
		    || type == YAML_SEQUENCE_START_EVENT) {
			root = build(r, &ev, 1);
			if (!root)
				return NULL;
			continue;
		}
		yaml_event_delete(&ev);
		if (type == YAML_STREAM_END_EVENT)
			break;
		if (type == YAML_DOCUMENT_START_EVENT && ++documents > 1) {
			COMPLAIN(r, mark, "a second document begins here; one is allowed");
			break;
		}
	}
	/* nothing but comments, or "---" alone */
	const yaml_mark_t start = {0, 0, 0};
	if (!root || (!r->at && root->kind == CONF_SCALAR && !*root->text))
		root = conf_node(r->a, r->at ? CONF_SCALAR : CONF_MAP, place(r, start));
	return root;
}

enum status conf_build(struct arena *a, const char *text, size_t n, const char *name, const struct where *at,
                       struct conf **root, struct err *e)
{
	struct reader r = {.a = a, .e = e, .text = text, .size = n, .name = name, .at = at};
	*root = NULL;
	if (!yaml_parser_initialize(&r.yaml))
		return err_nomem(e, "too little memory to read '%s'", name);
	yaml_parser_set_input_string(&r.yaml, (const unsigned char *)text, n);
	yaml_parser_set_encoding(&r.yaml, YAML_UTF8_ENCODING);
	*root = build_file(&r);
	yaml_parser_delete(&r.yaml);
	return r.status;
}
