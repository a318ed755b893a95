/* What option rows say to people: help, documentation, the resolved file. */
#include "base/opt.h"

#include <pthread.h>
#include <string.h>

#include "base/conf_int.h"
#include "base/opt_int.h"

static const char *type_name(enum opt_type type)
{
	static const char *const names[] = {
		[OPT_REAL] = "real",     [OPT_INT] = "int",   [OPT_BOOL] = "bool",   [OPT_TEXT] = "text",
		[OPT_CHOICE] = "choice", [OPT_INTS] = "ints", [OPT_REALS] = "reals", [OPT_NODE] = "structure",
	};
	return names[type];
}

static void shown_default(struct str *s, const struct opt *o)
{
	if (o->flags & OPT_REQUIRED)
		str_add(s, "required");
	else
		opt_default(s, o);
	if (!s->len)
		str_add(s, "-");
}

static void shown_range(struct str *s, const struct opt *o)
{
	opt_range(s, o);
	if (!s->len)
		str_add(s, "-");
}

static int wider(int width, size_t len)
{
	return (int)len > width ? (int)len : width;
}

void opts_help(FILE *f, const struct opt *rows, const char *indent)
{
	int w_name = 0, w_type = 0, w_def = 0, w_range = 0, w_unit = 0;
	for (const struct opt *o = rows; o->name; o++) {
		struct str def = {0}, range = {0};
		shown_default(&def, o);
		shown_range(&range, o);
		w_name = wider(w_name, strlen(o->name));
		w_type = wider(w_type, strlen(type_name(o->type)));
		w_def = wider(w_def, def.len);
		w_range = wider(w_range, range.len);
		w_unit = wider(w_unit, strlen(o->unit));
		str_release(&def);
		str_release(&range);
	}
	for (const struct opt *o = rows; o->name; o++) {
		struct str def = {0}, range = {0};
		shown_default(&def, o);
		shown_range(&range, o);
		fprintf(f, "%s%-*s  %-*s  %-*s  %-*s  %-*s  %s\n", indent, w_name, o->name, w_type,
		        type_name(o->type), w_def, str_text(&def), w_range, str_text(&range), w_unit, o->unit,
		        o->help);
		str_release(&def);
		str_release(&range);
	}
}

/* A cell of a table: | would end it. */
static void cell(FILE *f, const char *text)
{
	fputc(' ', f);
	for (const char *p = text; *p; p++) {
		if (*p == '|')
			fputc('\\', f);
		fputc(*p == '\n' ? ' ' : *p, f);
	}
	fputs(" |", f);
}

void opts_markdown(FILE *f, const struct opt *rows)
{
	for (const struct opt *o = rows; o->name; o++) {
		struct str def = {0}, range = {0};
		shown_default(&def, o);
		shown_range(&range, o);
		fprintf(f, "| `%s` |", o->name);
		cell(f, type_name(o->type));
		cell(f, str_text(&def));
		cell(f, str_text(&range));
		cell(f, o->unit);
		cell(f, o->help);
		fputc('\n', f);
		str_release(&def);
		str_release(&range);
	}
}

static void resolved_value(FILE *f, const struct opt *o, const void *p)
{
	struct str s = {0};
	opt_value(&s, o, p);
	if (o->type == OPT_TEXT || o->type == OPT_CHOICE)
		conf_print_text(f, str_text(&s));
	else
		fputs(str_text(&s), f);
	str_release(&s);
}

void opts_resolved(FILE *f, const struct opt *rows, const void *conf, const struct conf *map, int indent)
{
	for (const struct opt *o = rows; o->name; o++) {
		struct conf *v = conf_find(map, o->name);
		if (o->type == OPT_NODE) {
			struct conf *node;
			memcpy(&node, (const char *)conf + o->offset, sizeof node);
			struct conf *items[] = {node ? node : v}; /* the owner may have made it anew */
			const char *keys[] = {o->name};
			const struct conf pair = {.kind = CONF_MAP, .n = 1, .item = items, .key = keys};
			if (v)
				conf_print(f, &pair, indent);
			continue;
		}
		fprintf(f, "%*s%s: ", indent, "", o->name);
		resolved_value(f, o, (const char *)conf + o->offset);
		if (!v || !v->at.file)
			fputs("   # default\n", f);
		else if (v->at.line > 0)
			fprintf(f, "   # %s:%d\n", v->at.file, v->at.line);
		else
			fputs("   # --set\n", f);
	}
}

static pthread_mutex_t words_lock = PTHREAD_MUTEX_INITIALIZER;
static char **words;
static int n_words, words_cap;

static const char *intern(const char *word, size_t len)
{
	pthread_mutex_lock(&words_lock);
	const char *found = NULL;
	for (int i = 0; i < n_words && !found; i++)
		if (strlen(words[i]) == len && !memcmp(words[i], word, len))
			found = words[i];
	if (!found) {
		void *grown = words;
		mem_grow(&grown, n_words, &words_cap, sizeof *words);
		words = grown;
		char *copy = mem_resize(NULL, len + 1);
		memcpy(copy, word, len);
		copy[len] = 0;
		words[n_words++] = copy;
		found = copy;
	}
	pthread_mutex_unlock(&words_lock);
	return found;
}

const char *opt_choice(const struct opt *rows, const char *name, int i)
{
	for (const struct opt *o = rows; o->name; o++) {
		if (strcmp(o->name, name) || o->type != OPT_CHOICE)
			continue;
		int len;
		const char *w = opt_word(o->choices, i, &len);
		BUG_IF(i < 0 || !w, "option '%s' has no choice %d", name, i);
		return intern(w, (size_t)len);
	}
	BUG("there is no option '%s' with choices", name);
}
