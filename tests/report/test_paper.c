/* A paper's numbers: each with what it is of; every mistake with its place. */
#include "tests/report/suites.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/paper.h"

static const char *paper_file(const char *text)
{
	const char *path = scratch_path("paper.yaml");
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	ck_assert_int_eq(fclose(f), 0);
	return path;
}

START_TEST(as_written)
{
	struct paper *p = NULL;
	const char *path = paper_file(
		"title: Table 1\nrule: last\nruns: 5\ntrust: third_party\ntrain_pictures: 50000\n"
		"columns:\n  - {name: a, title: From A to B}\n  - {name: b, metric: test_error}\n"
		"rows:\n  - {name: kd, title: KD, values: [73.08, {value: 26.5, deviation: 0.2, runs: 3, trust: derived}]}\n"
		"  - {name: crd, needs: crd, values: [~, {value: 1, metric: train_top1}]}\n"
		"claims:\n  - {name: c1, says: CRD is better, better: crd, than: kd, columns: b}\n  - {name: c2, better: kd, than: crd}\n");
	ck_assert_msg(paper_read(life, path, &p, &e) == OK, "%s", e.text);
	ck_assert(p->rule == PAPER_LAST && p->train_pictures == 50000 && p->n_column == 2 && p->n_row == 2 && p->n_claim == 2);
	ck_assert_str_eq(p->column_title[0], "From A to B");
	ck_assert_str_eq(p->column_title[1], "b");
	ck_assert(p->split == PAPER_TEST && p->row[0].cell[0].split == PAPER_TEST && p->row[0].cell[0].rule == PAPER_LAST);
	const struct paper_row *kd = paper_row_find(p, "kd"), *crd = paper_row_find(p, "crd");
	ck_assert(kd->cell[0].value == 73.08 && isnan(kd->cell[0].deviation) && kd->cell[0].runs == 5 && kd->cell[0].trust == TRUST_THIRD_PARTY);
	ck_assert_str_eq(kd->cell[0].metric, "test_top1");
	ck_assert(kd->cell[1].value == 26.5 && kd->cell[1].deviation == 0.2 && kd->cell[1].runs == 3 && kd->cell[1].trust == TRUST_DERIVED);
	ck_assert_str_eq(kd->cell[1].metric, "test_error");
	ck_assert_str_eq(kd->needs, "");
	ck_assert_str_eq(crd->title, "crd");
	ck_assert_str_eq(crd->needs, "crd");
	ck_assert(isnan(crd->cell[0].value));
	ck_assert_str_eq(crd->cell[1].metric, "train_top1");
	ck_assert_str_eq(p->claim[1].columns, "all");
	ck_assert_int_eq(paper_column_find(p, "b", NULL, NULL), 1);
	ck_assert_int_eq(paper_column_find(p, "c", NULL, NULL), -1);
	ck_assert_ptr_null(paper_row_find(p, "at"));
	ck_assert_str_eq(trust_word(TRUST_RECALLED), "recalled");
}
END_TEST

/* Split and rule: the cell's own, else its column's, else the table's. */
START_TEST(own_split_and_rule)
{
	struct paper *p = NULL;
	const char *path = paper_file(
		"split: train\nrule: best\ncolumns:\n  - {name: a}\n  - {name: b, split: valid}\n  - {name: c, rule: unsaid}\n"
		"rows:\n  - {name: kd, values: [1, 2, {value: 3, split: unsaid, rule: best_test}]}\n  - {name: at, values: [{value: 1, rule: last}, {value: 2, split: test}, 3]}\n");
	ck_assert_msg(paper_read(life, path, &p, &e) == OK, "%s", e.text);
	static const struct { enum paper_split split; enum paper_rule rule; } is[2][3] = {
		{{PAPER_TRAIN, PAPER_BEST}, {PAPER_VALID, PAPER_BEST}, {PAPER_NO_SPLIT, PAPER_BEST_TEST}},
		{{PAPER_TRAIN, PAPER_LAST}, {PAPER_TEST, PAPER_BEST}, {PAPER_TRAIN, PAPER_UNSAID}},
	};
	for (int r = 0; r < 2; r++)
		for (int c = 0; c < 3; c++)
			ck_assert_msg(p->row[r].cell[c].split == is[r][c].split && p->row[r].cell[c].rule == is[r][c].rule, "row %d, column %d: %s, %s", r, c,
			              paper_split_word(p->row[r].cell[c].split), paper_rule_word(p->row[r].cell[c].rule));
}
END_TEST

#define COLUMNS "columns: [{name: a}]\n"
#define ROWS COLUMNS "rows: [{name: kd, values: [1]}]\n"
static const struct { const char *text, *says; } wrong[] = {
	{"rows: []\n", "paper.yaml:1:1: 'columns' is a list that is not empty"},
	{COLUMNS "rows: []\n", "paper.yaml:2:7: 'rows' is a list that is not empty"},
	{COLUMNS "rows: [{name: kd}]\n", "paper.yaml:2:8: row 'kd' needs 'values', one for each of the 1 columns"},
	{COLUMNS "rows: [{name: kd, values: [1, 2]}]\n", "paper.yaml:2:27: row 'kd' needs 'values'"},
	{COLUMNS "rows: [{values: [1]}]\n", "a row needs a 'name'"},
	{COLUMNS "rows: [kd]\n", "a row is a map"},
	{COLUMNS "rows: [{name: kd, values: [1]}, {name: kd, values: [2]}]\n", "two rows are named 'kd'"},
	{"columns: [{title: a}]\nrows: [{name: kd, values: [1]}]\n", "a column needs a 'name'"},
	{"columns: [{name: a}, {name: a}]\nrows: [{name: kd, values: [1, 2]}]\n", "two columns are named 'a'"},
	{COLUMNS "rows: [{name: kd, values: [73.1x]}]\n", "paper.yaml:2:28: '73.1x' is no number; what is not given is ~"},
	{COLUMNS "rows: [{name: kd, values: [inf]}]\n", "'inf' is no number"},
	{COLUMNS "rows: [{name: kd, values: [nan]}]\n", "'nan' is no number"},
	{COLUMNS "rows: [{name: kd, values: [[1]]}]\n", "a cell is a number, ~ or {value: NUMBER, ...}"},
	{COLUMNS "rows: [{name: kd, values: [{vaule: 1}]}]\n", "did you mean 'value'?"},
	{COLUMNS "rows: [{name: kd, values: [{value: 1, deviation: -1}]}]\n", "'deviation' is -1"},
	{ROWS "trust: sure\n", "'trust' is sure"},
	{ROWS "split: tset\n", "'split' is tset"},
	{COLUMNS "rows: [{name: kd, values: [{value: 1, rule: lst}]}]\n", "'rule' is lst"},
	{"columns: [{name: a, split: tests}]\nrows: [{name: kd, values: [1]}]\n", "'split' is tests"},
	{ROWS "rule: beste\n", "'rule' is beste"},
	{ROWS "claims: {x: 1}\n", "'claims' is a list"},
	{ROWS "claims: [{name: c, better: kd, than: at}]\n", "paper.yaml:3:10: claim 'c' names 'at', which is no row"},
	{ROWS "claims: [{name: c, better: kd, than: kd, columns: b}]\n", "claim 'c' names the column 'b', and there is none of that name"},
	{ROWS "claims: [{name: c, better: kd, than: kd, pairs: 8, better_in: 6, equal_in: 3}]\n", "claim 'c' is better in 6 and equal in 3 of 8 pairs"},
	{ROWS "claims: [{name: c, better: kd, than: kd, pairs: 8}]\n", "claim 'c' is better in 0 and equal in 0 of 8 pairs"},
	{ROWS "titel: x\n", "did you mean 'title'?"},
};

START_TEST(said)
{
	struct paper *p = NULL;
	ck_assert_int_eq(paper_read(life, paper_file(wrong[_i].text), &p, &e), E_USER);
	ck_assert_msg(strstr(e.text, wrong[_i].says) != NULL, "'%s' is not in:\n%s", wrong[_i].says, e.text);
	ck_assert_int_eq(e.count, 1);
}
END_TEST

START_TEST(no_file)
{
	struct paper *p = NULL;
	ck_assert_int_ne(paper_read(life, scratch_path("nothing.yaml"), &p, &e), OK);
	ck_assert_ptr_nonnull(strstr(e.text, "nothing.yaml"));
}
END_TEST

Suite *paper_suite(void)
{
	Suite *s = suite_create("paper");
	TCase *tc = life_case(s, "paper");
	tcase_add_test(tc, as_written);
	tcase_add_test(tc, own_split_and_rule);
	tcase_add_loop_test(tc, said, 0, sizeof wrong / sizeof *wrong);
	tcase_add_test(tc, no_file);
	return s;
}
