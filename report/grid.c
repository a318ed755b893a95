#include "report/grid.h"

#include <stdbool.h>
#include <string.h>

struct grid *grid_new(struct arena *a, const char *title, int n_column, int n_left, const char *const *head)
{
	struct grid *g = NEW(a, struct grid);
	*g = (struct grid){.arena = a, .title = title, .n_column = n_column, .n_left = n_left, .head = head};
	return g;
}

const char **grid_row(struct grid *g)
{
	if (g->n_row == g->room) {
		g->room = g->room ? 2 * g->room : 16;
		const char **bigger = NEW_ARRAY(g->arena, const char *, (size_t)g->room * (size_t)g->n_column);
		for (int i = 0; i < g->n_row * g->n_column; i++)
			bigger[i] = g->cell[i];
		g->cell = bigger;
	}
	return &g->cell[g->n_row++ * g->n_column];
}

static const char *cell_of(const struct grid *g, int row, int column)
{
	const char *text = row < 0 ? g->head[column] : g->cell[row * g->n_column + column];
	return text ? text : "";
}

/* Places that a text takes: its characters, not its bytes. */
static int width_of(const char *s)
{
	int n = 0;
	for (; *s; s++)
		n += ((unsigned char)*s & 0xC0) != 0x80;
	return n;
}

static void print_text(const struct grid *g, FILE *f)
{
	if (g->title)
		fprintf(f, "%s\n", g->title);
	int *width = NEW_ARRAY(g->arena, int, g->n_column);
	for (int c = 0; c < g->n_column; c++)
		for (int r = -1; r < g->n_row; r++)
			if (width_of(cell_of(g, r, c)) > width[c])
				width[c] = width_of(cell_of(g, r, c));
	for (int r = -1; r < g->n_row; r++) {
		for (int c = 0; c < g->n_column; c++) {
			const char *text = cell_of(g, r, c);
			const int pad = width[c] - width_of(text);
			const bool left = c < g->n_left, last = c == g->n_column - 1;
			fprintf(f, "%s%*s%s%*s", c ? "  " : "", left ? 0 : pad, "", text, left && !last ? pad : 0, "");
		}
		fputc('\n', f);
	}
}

static void print_escaped(FILE *f, const char *s, const char *special, const char *const *with)
{
	for (; *s; s++) {
		const char *at = strchr(special, *s);
		if (at)
			fputs(with[at - special], f);
		else
			fputc(*s, f);
	}
}

static void print_markdown(const struct grid *g, FILE *f)
{
	static const char special[] = "|<>&"; /* a name like <x> would be a tag */
	static const char *const with[] = {"\\|", "&lt;", "&gt;", "&amp;"};
	if (g->title) {
		fputs("**", f);
		print_escaped(f, g->title, special, with);
		fputs("**\n\n", f);
	}
	for (int r = -1; r < g->n_row; r++) {
		fputc('|', f);
		for (int c = 0; c < g->n_column; c++) {
			fputc(' ', f);
			print_escaped(f, cell_of(g, r, c), special, with);
			fputs(" |", f);
		}
		fputc('\n', f);
		if (r >= 0)
			continue;
		fputc('|', f);
		for (int c = 0; c < g->n_column; c++)
			fputs(c < g->n_left ? " --- |" : " ---: |", f);
		fputc('\n', f);
	}
}

/* RFC 4180. */
static void print_csv(const struct grid *g, FILE *f)
{
	static const char *const quote[] = {"\"\""};
	for (int r = -1; r < g->n_row; r++) {
		for (int c = 0; c < g->n_column; c++) {
			const char *text = cell_of(g, r, c);
			const bool quoted = strpbrk(text, ",\"\r\n") != NULL;
			fprintf(f, "%s%s", c ? "," : "", quoted ? "\"" : "");
			print_escaped(f, text, "\"", quote);
			fputs(quoted ? "\"" : "", f);
		}
		fputc('\n', f);
	}
}

static void print_latex(const struct grid *g, FILE *f)
{
	/* the usual fonts have other signs at <, > and |; [ and * at the beginning of a row would belong to the line break before it */
	static const char special[] = "&%$#_{}~^\\<>|[*";
	static const char *const with[] = {"\\&", "\\%", "\\$", "\\#", "\\_", "\\{", "\\}", "\\textasciitilde{}", "\\textasciicircum{}", "\\textbackslash{}",
	                                   "\\textless{}", "\\textgreater{}", "\\textbar{}", "{[}", "{*}"};
	fputs("% \\usepackage{booktabs}\n\\begin{table}\n\\centering\n", f);
	if (g->title) {
		fputs("\\caption{", f);
		print_escaped(f, g->title, special, with);
		fputs("}\n", f);
	}
	fputs("\\begin{tabular}{", f);
	for (int c = 0; c < g->n_column; c++)
		fputc(c < g->n_left ? 'l' : 'r', f);
	fputs("}\n\\toprule\n", f);
	for (int r = -1; r < g->n_row; r++) {
		for (int c = 0; c < g->n_column; c++) {
			fputs(c ? " & " : "", f);
			print_escaped(f, cell_of(g, r, c), special, with);
		}
		fputs(r < 0 ? " \\\\\n\\midrule\n" : " \\\\\n", f);
	}
	fputs("\\bottomrule\n\\end{tabular}\n", f);
	if (g->notes && *g->notes) {
		fputs("\\par\\medskip\n\\begin{minipage}{\\linewidth}\\footnotesize\\raggedright\n", f);
		for (const char *line = g->notes; *line; line += strcspn(line, "\n"), line += *line == '\n') {
			print_escaped(f, arena_strn(g->arena, line, strcspn(line, "\n")), special, with);
			fputs("\\par\n", f);
		}
		fputs("\\end{minipage}\n", f);
	}
	fputs("\\end{table}\n", f);
}

static void print_html(const struct grid *g, FILE *f)
{
	static const char *const with[] = {"&amp;", "&lt;", "&gt;", "&quot;"};
	fputs("<table>", f);
	if (g->title) {
		fputs("<caption>", f);
		print_escaped(f, g->title, "&<>\"", with);
		fputs("</caption>", f);
	}
	for (int r = -1; r < g->n_row; r++) {
		fputs(r < 0 ? "<thead><tr>" : r == 0 ? "<tbody><tr>" : "<tr>", f);
		for (int c = 0; c < g->n_column; c++) {
			const char *tag = r < 0 || c == 0 ? "th" : "td";
			fprintf(f, "<%s%s%s>", tag, r < 0 ? " scope=\"col\"" : c == 0 ? " scope=\"row\"" : "", c < g->n_left ? "" : " class=\"number\"");
			print_escaped(f, cell_of(g, r, c), "&<>\"", with);
			fprintf(f, "</%s>", tag);
		}
		fputs(r < 0 ? "</tr></thead>\n" : "</tr>\n", f);
	}
	fputs(g->n_row ? "</tbody></table>\n" : "</table>\n", f);
}

void grid_print(const struct grid *g, FILE *f, enum grid_form form)
{
	static void (*const print[])(const struct grid *, FILE *) = {print_text, print_markdown, print_csv, print_latex, print_html};
	print[form](g, f);
}
