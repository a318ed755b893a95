#include "cli/columns.h"

#include <string.h>

#include "base/str.h"

struct columns columns_new(struct arena *a, const char *const *head, const char *align)
{
	return (struct columns){.arena = a, .n_column = (int)strlen(align), .head = head, .align = align};
}

void columns_add(struct columns *t, const char *const *cells)
{
	if (t->n == t->cap) {
		const char *(*bigger)[COLUMNS_MOST] = arena_array(t->arena, (size_t)t->cap * 2 + 8, sizeof *bigger);
		if (t->n)
			memcpy(bigger, t->row, (size_t)t->n * sizeof *bigger);
		t->row = bigger;
		t->cap = t->cap * 2 + 8;
	}
	memcpy(t->row[t->n++], cells, (size_t)t->n_column * sizeof *cells);
}

/* Characters: bytes that do not go on with one. */
static int characters(const char *text)
{
	int n = 0;
	for (; *text; text++)
		n += ((unsigned char)*text & 0xC0) != 0x80;
	return n;
}

static void add_cell(struct str *line, const char *text, char align, int width)
{
	const int space = width - characters(text);
	if (align == 'r')
		str_printf(line, "%*s%s", space, "", text);
	else
		str_printf(line, "%s%*s", text, space, "");
}

/* The beginning of a line that fits, without spaces at its end. */
static size_t fitting(const char *line, int width)
{
	size_t n = 0;
	for (int at = 0; line[n]; n++)
		if (((unsigned char)line[n] & 0xC0) != 0x80 && ++at > width && width > 0)
			break;
	while (n && line[n - 1] == ' ')
		n--;
	return n;
}

void columns_print(const struct columns *t, FILE *f, int width)
{
	int wide[COLUMNS_MOST];
	for (int c = 0; c < t->n_column; c++) {
		wide[c] = characters(t->head[c]);
		for (int i = 0; i < t->n; i++)
			wide[c] = characters(t->row[i][c]) > wide[c] ? characters(t->row[i][c]) : wide[c];
	}
	for (int i = -1; i < t->n; i++) {
		struct str line = {0};
		for (int c = 0; c < t->n_column; c++) {
			str_add(&line, c ? "  " : "");
			add_cell(&line, i < 0 ? t->head[c] : t->row[i][c], t->align[c], wide[c]);
		}
		fprintf(f, "%.*s\n", (int)fitting(str_text(&line), width), str_text(&line));
		str_release(&line);
	}
}
