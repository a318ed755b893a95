#include "report/paper.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char trust_words[] = "found|third_party|derived|recalled";

static const struct opt paper_opts[] = {
	TEXT(paper, title, NULL, "what the table is"),
	TEXT(paper, paper, NULL, "who, what, where"),
	TEXT(paper, source, NULL, "where the numbers were read"),
	TEXT(paper, data, NULL, "data set"),
	TEXT(paper, metric, "test_top1", "of a cell that says nothing"),
	CHOICE(paper, split, "test", "test|train|valid|unsaid", "part of the data"),
	CHOICE(paper, rule, "unsaid", "last|best|best_test|unsaid", "which epoch"),
	INT(paper, runs, 1, 1, 1000, "-", "that a number is a mean over"),
	CHOICE(paper, trust, "found", trust_words, "how far a number can be trusted"),
	INT(paper, train_pictures, 0, 0, 1000000000, "pictures", "of the data set"),
	TEXT(paper, note, NULL, "warnings"),
	{0},
};

struct lists { const struct conf *columns, *rows, *claims; };
static const struct opt list_opts[] = {
	NODE(lists, columns, "[{name: ID, title: TEXT, metric: METRIC}, ...]"),
	NODE(lists, rows, "[{name: ID, title: TEXT, needs: METHOD, values: [...]}, ...]"),
	NODE(lists, claims, "[{name: ID, says: TEXT, better: ROW, than: ROW}, ...]"),
	{0},
};

static const char own_splits[] = "same|test|train|valid|unsaid", own_rules[] = "same|last|best|best_test|unsaid";

struct column_conf { const char *name, *title, *metric, *data; int split, rule; };
static const struct opt column_opts[] = {
	TEXT(column_conf, name, NULL, "id"),
	TEXT(column_conf, title, NULL, "above the column"),
	TEXT(column_conf, metric, NULL, "of its cells"),
	TEXT(column_conf, data, NULL, "data set; default: the table's"),
	CHOICE(column_conf, split, "same", own_splits, "same: as the table's"),
	CHOICE(column_conf, rule, "same", own_rules, "same: as the table's"),
	{0},
};

struct row_conf { const char *name, *title, *needs; const struct conf *values; };
static const struct opt row_opts[] = {
	TEXT(row_conf, name, NULL, "id"),
	TEXT(row_conf, title, NULL, "of the row"),
	TEXT(row_conf, needs, NULL, "method"),
	NODE(row_conf, values, "one for each column"),
	{0},
};

struct cell_conf { double value, deviation; int runs, trust, split, rule; const char *metric; };
static const struct opt cell_opts[] = {
	REAL(cell_conf, value, NAN, -1e12, 1e12, "-", "the number"),
	REAL(cell_conf, deviation, NAN, 0, 1e12, "-", "of the runs"),
	INT(cell_conf, runs, 0, 0, 1000, "-", "0: as the table's"),
	CHOICE(cell_conf, trust, "unsaid", "unsaid|found|third_party|derived|recalled", "unsaid: as the table's"),
	TEXT(cell_conf, metric, NULL, "default: the column's, or the table's"),
	CHOICE(cell_conf, split, "same", own_splits, "same: as the column's, or the table's"),
	CHOICE(cell_conf, rule, "same", own_rules, "same: as the column's, or the table's"),
	{0},
};

static const struct opt claim_opts[] = {
	TEXT(paper_claim, name, NULL, "id"),
	TEXT(paper_claim, says, NULL, "in words"),
	TEXT(paper_claim, better, NULL, "row"),
	TEXT(paper_claim, than, NULL, "row"),
	TEXT(paper_claim, metric, NULL, "default: the column's"),
	TEXT(paper_claim, columns, "all", "all, or the name of one"),
	INT(paper_claim, pairs, 0, 0, 1000, "-", "columns that it counts; 0: it means all"),
	INT(paper_claim, better_in, 0, 0, 1000, "-", "of these"),
	INT(paper_claim, equal_in, 0, 0, 1000, "-", "of these"),
	BOOL(paper_claim, amount, 0, "it says by how much, too"),
	{0},
};

static enum status read_map(struct arena *a, const struct opt *rows, void *out, const struct conf *map, const char *what, struct err *e)
{
	const struct opt *tables[] = {rows};
	void *outs[] = {out};
	if (map->kind != CONF_MAP)
		return err_user(e, map->at, "%s is a map", what);
	return opts_read_all(tables, outs, 1, map, what, a, e);
}

/* What a cell or a column says of its own: a word of own_splits, of own_rules. */
static void take_own(struct paper_cell *c, int split, int rule)
{
	if (split)
		c->split = (enum paper_split)(split - 1);
	if (rule)
		c->rule = (enum paper_rule)(rule - 1);
}

static enum status read_cell(struct arena *a, const struct paper_cell *usual, const struct conf *c, struct paper_cell *out, struct err *e)
{
	struct cell_conf cell = {.value = NAN, .deviation = NAN, .metric = ""};
	enum status st = OK;
	if (c->kind == CONF_MAP)
		st = read_map(a, cell_opts, &cell, c, "a cell", e);
	else if (c->kind == CONF_LIST)
		st = err_user(e, c->at, "a cell is a number, ~ or {value: NUMBER, ...}");
	else if (*c->text && !str_eq(c->text, "~") && !str_eq(c->text, "null")) {
		char *end;
		cell.value = strtod(c->text, &end);
		if (*end || !isfinite(cell.value))
			st = err_user(e, c->at, "'%s' is no number; what is not given is ~", c->text);
	}
	*out = *usual;
	out->value = cell.value;
	out->deviation = cell.deviation;
	if (cell.runs)
		out->runs = cell.runs;
	if (cell.trust)
		out->trust = (enum trust)(cell.trust - 1);
	if (*cell.metric)
		out->metric = cell.metric;
	take_own(out, cell.split, cell.rule);
	return st;
}

static enum status read_columns(struct arena *a, struct paper *p, const struct conf *list, struct err *e)
{
	enum status st = OK;
	p->n_column = list->n;
	p->column = NEW_ARRAY(a, const char *, list->n);
	p->column_title = NEW_ARRAY(a, const char *, list->n);
	p->column_data = NEW_ARRAY(a, const char *, list->n);
	p->usual = NEW_ARRAY(a, struct paper_cell, list->n);
	for (int i = 0; i < list->n && st == OK; i++) {
		struct column_conf c = {0};
		st = read_map(a, column_opts, &c, list->item[i], "a column", e);
		if (st == OK && !*c.name)
			st = err_user(e, list->item[i]->at, "a column needs a 'name'");
		const char *data = *c.data ? c.data : p->data, *metric = *c.metric ? c.metric : p->metric;
		if (st == OK && paper_column_find(p, c.name, data, metric) >= 0)
			st = err_user(e, list->item[i]->at, "two columns are named '%s', of the same data and metric", c.name);
		p->column[i] = c.name;
		p->column_title[i] = c.title && *c.title ? c.title : c.name;
		p->column_data[i] = data;
		p->usual[i] = (struct paper_cell){NAN, NAN, p->runs, (enum trust)p->trust, metric, (enum paper_split)p->split, (enum paper_rule)p->rule};
		take_own(&p->usual[i], c.split, c.rule);
	}
	return st;
}

static enum status read_row(struct arena *a, struct paper *p, const struct conf *map, struct paper_row *row, struct err *e)
{
	struct row_conf c = {0};
	enum status st = read_map(a, row_opts, &c, map, "a row", e);
	if (st != OK)
		return st;
	if (!*c.name)
		return err_user(e, map->at, "a row needs a 'name'");
	if (paper_row_find(p, c.name))
		return err_user(e, map->at, "two rows are named '%s'", c.name);
	if (!c.values || c.values->kind != CONF_LIST || c.values->n != p->n_column)
		return err_user(e, c.values ? c.values->at : map->at, "row '%s' needs 'values', one for each of the %d columns", c.name, p->n_column);
	*row = (struct paper_row){c.name, *c.title ? c.title : c.name, c.needs, NEW_ARRAY(a, struct paper_cell, p->n_column)};
	for (int i = 0; i < p->n_column && st == OK; i++)
		st = read_cell(a, &p->usual[i], c.values->item[i], &row->cell[i], e);
	return st;
}

static enum status read_claims(struct arena *a, struct paper *p, const struct conf *list, struct err *e)
{
	enum status st = OK;
	p->claim = NEW_ARRAY(a, struct paper_claim, list->n);
	for (int i = 0; i < list->n && st == OK; i++) {
		struct paper_claim *c = &p->claim[p->n_claim++];
		st = read_map(a, claim_opts, c, list->item[i], "a claim", e);
		const char *const rows[] = {c->better, c->than};
		for (int k = 0; k < 2 && st == OK; k++)
			if (!paper_row_find(p, rows[k]))
				st = err_user(e, list->item[i]->at, "claim '%s' names '%s', which is no row", c->name, rows[k]);
		if (st == OK && !str_eq(c->columns, "all") && paper_column_find(p, c->columns, NULL, NULL) < 0)
			st = err_user(e, list->item[i]->at, "claim '%s' names the column '%s', and there is none of that name", c->name, c->columns);
		if (st == OK && (c->better_in + c->equal_in > c->pairs || (c->pairs && !c->better_in)))
			st = err_user(e, list->item[i]->at, "claim '%s' is better in %d and equal in %d of %d pairs", c->name, c->better_in, c->equal_in, c->pairs);
	}
	return st;
}

enum status paper_read(struct arena *a, const char *path, struct paper **out, struct err *e)
{
	struct paper *p = NEW(a, struct paper);
	struct conf *root = NULL;
	struct lists lists = {0};
	*out = p;
	enum status st = conf_read(a, path, &root, e);
	if (st != OK)
		return st;
	const struct opt *tables[] = {paper_opts, list_opts};
	void *outs[] = {p, &lists};
	st = opts_read_all(tables, outs, 2, root, "table", a, e);
	p->path = arena_str(a, path);
	const struct conf *const needed[] = {lists.columns, lists.rows};
	for (int i = 0; i < 2 && st == OK; i++)
		if (!needed[i] || needed[i]->kind != CONF_LIST || !needed[i]->n)
			st = err_user(e, needed[i] ? needed[i]->at : root->at, "'%s' is a list that is not empty", i ? "rows" : "columns");
	if (st == OK && lists.claims && lists.claims->kind != CONF_LIST)
		st = err_user(e, lists.claims->at, "'claims' is a list");
	if (st == OK)
		st = read_columns(a, p, lists.columns, e);
	p->row = st == OK ? NEW_ARRAY(a, struct paper_row, lists.rows->n) : NULL;
	for (int i = 0; st == OK && i < lists.rows->n; i++) {
		st = read_row(a, p, lists.rows->item[i], &p->row[i], e);
		p->n_row += st == OK;
	}
	return st == OK && lists.claims ? read_claims(a, p, lists.claims, e) : st;
}

const struct paper_row *paper_row_find(const struct paper *p, const char *name)
{
	for (int i = 0; i < p->n_row; i++)
		if (str_eq(p->row[i].name, name))
			return &p->row[i];
	return NULL;
}

int paper_column_find(const struct paper *p, const char *name, const char *data, const char *metric)
{
	for (int i = 0; i < p->n_column && p->column[i]; i++)
		if (str_eq(p->column[i], name) && (!data || str_eq(p->column_data[i], data)) && (!metric || str_eq(p->usual[i].metric, metric)))
			return i;
	return -1;
}

const char *trust_word(enum trust t)
{
	static const char *const words[] = {"found", "third party", "derived", "recalled"};
	return words[t];
}

const char *paper_split_word(enum paper_split s)
{
	static const char *const words[] = {"test", "train", "valid", "unsaid"};
	return words[s];
}

const char *paper_rule_word(enum paper_rule r)
{
	static const char *const words[] = {"last", "best", "best_test", "unsaid"};
	return words[r];
}
