/* A grid in each form: what is special there is escaped. */
#include "tests/report/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/grid.h"

static const char *const head[] = {"row", "a|b"};

static struct grid *grid(const char *title)
{
	struct grid *g = grid_new(life, title, 2, 1, head);
	const char **row = grid_row(g);
	row[0] = "10 % & $x_1 #2 {y} ~ ^ \\";
	row[1] = "5";
	row = grid_row(g);
	row[0] = "say \"<no>\", 'yes'";
	row = grid_row(g);
	row[0] = "± é";
	row[1] = "-12.50";
	return g;
}

static const char *printed(const struct grid *g, enum grid_form form)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	grid_print(g, f, form);
	fclose(f);
	const char *copy = arena_str(life, text);
	free(text);
	return copy;
}

START_TEST(aligned_text)
{
	ck_assert_str_eq(printed(grid("T"), GRID_TEXT),
	                 "T\n"
	                 "row                          a|b\n"
	                 "10 % & $x_1 #2 {y} ~ ^ \\       5\n"
	                 "say \"<no>\", 'yes'               \n"
	                 "± é                       -12.50\n");
}
END_TEST

START_TEST(markdown)
{
	ck_assert_str_eq(printed(grid("T"), GRID_MARKDOWN),
	                 "**T**\n\n"
	                 "| row | a\\|b |\n"
	                 "| --- | ---: |\n"
	                 "| 10 % &amp; $x_1 #2 {y} ~ ^ \\ | 5 |\n"
	                 "| say \"&lt;no&gt;\", 'yes' |  |\n"
	                 "| ± é | -12.50 |\n");
}
END_TEST

START_TEST(csv)
{
	ck_assert_str_eq(printed(grid("T"), GRID_CSV),
	                 "row,a|b\n"
	                 "10 % & $x_1 #2 {y} ~ ^ \\,5\n"
	                 "\"say \"\"<no>\"\", 'yes'\",\n"
	                 "± é,-12.50\n");
}
END_TEST

START_TEST(latex)
{
	ck_assert_str_eq(printed(grid("A & B"), GRID_LATEX),
	                 "% \\usepackage{booktabs}\n\\begin{table}\n\\centering\n\\caption{A \\& B}\n\\begin{tabular}{lr}\n\\toprule\n"
	                 "row & a\\textbar{}b \\\\\n\\midrule\n"
	                 "10 \\% \\& \\$x\\_1 \\#2 \\{y\\} \\textasciitilde{} \\textasciicircum{} \\textbackslash{} & 5 \\\\\n"
	                 "say \"\\textless{}no\\textgreater{}\", 'yes' &  \\\\\n"
	                 "± é & -12.50 \\\\\n"
	                 "\\bottomrule\n\\end{tabular}\n\\end{table}\n");
}
END_TEST

START_TEST(html)
{
	const char *text = printed(grid("<T>"), GRID_HTML);
	ck_assert_ptr_nonnull(strstr(text, "<caption>&lt;T&gt;</caption>"));
	ck_assert_ptr_nonnull(strstr(text, "<th scope=\"row\">say &quot;&lt;no&gt;&quot;, 'yes'</th><td class=\"number\"></td>"));
	ck_assert_ptr_nonnull(strstr(text, "<th scope=\"row\">10 % &amp; $x_1"));
	ck_assert_ptr_nonnull(strstr(text, "</tbody></table>\n"));
	struct grid *empty = grid_new(life, NULL, 2, 1, head);
	ck_assert_str_eq(printed(empty, GRID_HTML), "<table><thead><tr><th scope=\"col\">row</th><th scope=\"col\" class=\"number\">a|b</th></tr></thead>\n</table>\n");
	ck_assert_str_eq(printed(empty, GRID_CSV), "row,a|b\n");
}
END_TEST

Suite *grid_suite(void)
{
	Suite *s = suite_create("grid");
	TCase *tc = life_case(s, "grid");
	tcase_add_test(tc, aligned_text);
	tcase_add_test(tc, markdown);
	tcase_add_test(tc, csv);
	tcase_add_test(tc, latex);
	tcase_add_test(tc, html);
	return s;
}
