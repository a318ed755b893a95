/* The tree as YAML again, so that reading it gives the same tree. */
#include "base/conf_int.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"

enum { FLOW_WIDTH = 90 };

/* Would YAML read it as this text, also between [ and ]? Rather quoted once too often. */
static bool plain(const char *s)
{
	if (!*s || !(isalnum((unsigned char)*s) || strchr("/._+-", *s)) || s[strlen(s) - 1] == ' ')
		return false;
	if (*s == '-' && !isalnum((unsigned char)s[1]) && s[1] != '.')
		return false;
	if (!strcmp(s, "...") || str_starts(s, "... "))
		return false;
	for (const char *p = s; *p; p++) {
		const bool colon = *p == ':' && p[1] && p[1] != ' ';
		if (!isalnum((unsigned char)*p) && !strchr(" /._+-=*()^~", *p) && !colon)
			return false;
	}
	return true;
}

/* Characters that YAML takes for line breaks, or does not take at all. */
static bool must_escape(int code)
{
	return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x2028 || code == 0x2029 || code == 0xFEFF
	       || code == 0xFFFE || code == 0xFFFF;
}

void conf_print_text(FILE *f, const char *text)
{
	if (plain(text)) {
		fputs(text, f);
		return;
	}
	fputc('"', f);
	for (const char *p = text; *p;) {
		const char *start = p;
		const int code = utf8_next(&p);
		if (code < 0)
			fprintf(f, "\\uFFFD"); /* no YAML can hold such a byte */
		else if (code == '"' || code == '\\')
			fprintf(f, "\\%c", code);
		else if (code == '\n')
			fputs("\\n", f);
		else if (code == '\t')
			fputs("\\t", f);
		else if (must_escape(code))
			fprintf(f, code < 0x100 ? "\\x%02X" : "\\u%04X", (unsigned)code);
		else
			fwrite(start, 1, (size_t)(p - start), f);
	}
	fputc('"', f);
}

/* On the key's own line: scalars, empty lists and maps, short lists of scalars. */
static bool in_line(const struct conf *c)
{
	if (c->kind == CONF_SCALAR || !c->n)
		return true;
	size_t width = 0;
	for (int i = 0; i < c->n; i++) {
		if (c->kind == CONF_MAP || c->item[i]->kind != CONF_SCALAR)
			return false;
		width += strlen(c->item[i]->text) + 2;
	}
	return width <= FLOW_WIDTH;
}

static void print_in_line(FILE *f, const struct conf *c)
{
	if (c->kind == CONF_SCALAR) {
		conf_print_text(f, c->text);
		return;
	}
	fputc(c->kind == CONF_MAP ? '{' : '[', f);
	for (int i = 0; i < c->n; i++) {
		fputs(i ? ", " : "", f);
		conf_print_text(f, c->item[i]->text);
	}
	fputc(c->kind == CONF_MAP ? '}' : ']', f);
}

/* first: the caller has already written this line's beginning ("- "). */
static void print(FILE *f, const struct conf *c, int indent, bool first)
{
	if (in_line(c)) {
		fprintf(f, "%*s", first ? 0 : indent, "");
		print_in_line(f, c);
		fputc('\n', f);
		return;
	}
	for (int i = 0; i < c->n; i++) {
		const struct conf *v = c->item[i];
		fprintf(f, "%*s", first && !i ? 0 : indent, "");
		if (c->kind == CONF_LIST) {
			fputs("- ", f);
			print(f, v, indent + 2, true);
			continue;
		}
		conf_print_text(f, c->key[i]);
		if (in_line(v)) {
			fputs(": ", f);
			print(f, v, indent + 2, true);
		} else {
			fputs(":\n", f);
			print(f, v, indent + 2, false);
		}
	}
}

void conf_print(FILE *f, const struct conf *c, int indent)
{
	print(f, c, indent, false);
}
