/* What a table has as rows and columns: options of the file and of the command line. */
#include <string.h>

#include "base/file.h"
#include "report/metric_names.h"
#include "report/table_int.h"

struct table_conf {
	const struct conf *rows, *metrics, *match;
	const char *title, *control, *paper, *reach, *data;
	int columns, rule;
	bool teachers;
};
enum { COLUMNS_METRICS, COLUMNS_POINTS };

const struct opt table_opts[] = {
	TEXT(table_conf, title, NULL, "above the table; default: the report's title"),
	NODE(table_conf, rows, "stages that are rows, in this order; default: those that no other stage uses"),
	CHOICE(table_conf, columns, "metrics", "metrics|points", "points: what varies stands in columns, and stages in rows; a table for each metric, and one of its differences from the control"),
	NODE(table_conf, metrics, "a list: test_top1 (default), test_top5, train_top1_running, train_top1_clean, train_top5_clean, valid_top1, gap_to_teacher, "
	     "time_seconds, or a metric of the runs"),
	TEXT(table_conf, control, NULL, "the row that others are compared with on equal seeds"),
	TEXT(table_conf, reach, NULL, "a row; the metrics pictures_to_reach, macs_to_reach and time/to_reach say what each run took until it was as good, on "
	     "held-out pictures, as that row's run of the same seed is at its end"),
	CHOICE(table_conf, rule, "last", "last|best|best_test", "weights of the last epoch, or of the one that did best on held-out pictures; best_test: on the "
	       "test pictures, for papers that did so: stages need 'watch_test: true', and what comes of it is marked"),
	BOOL(table_conf, teachers, 1, "rows for the stages that others use"),
	TEXT(table_conf, paper, NULL, "a file with a paper's numbers, by its place from this file"),
	TEXT(table_conf, data, NULL, "the paper's word for the pictures, where they are not of a data set that is called so here (a folder's)"),
	NODE(table_conf, match, "{ROW: ROW OF THE PAPER, ...} where names differ"),
	{0},
};

/* ---- metrics ---- */

/* What there should be little of. */
static bool is_cost(const char *metric)
{
	static const char *const words[] = {"seconds", "loss", "macs", "images", "parameters", "gap_to_teacher", "time/"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strstr(metric, words[i]) && !strstr(metric, "images_per_s"))
			return true;
	return false;
}

static void set_metric(struct table_column *c, const char *metric, enum table_rule rule)
{
	static const struct { const char *name, *key[3]; bool percent, time; } known[] = { /* key: by rule */
		{"test_top1", {"test_top1", "test_top1_best", "test_top1_best_test"}, true, false},
		{"test_error", {"test_top1", "test_top1_best", "test_top1_best_test"}, true, false},
		{"test_top5", {"test_top5", "test_top5_best"}, true, false},
		{"train_top1_running", {"train_top1_running"}, true, false},
		{"train_top1_clean", {"train_top1_clean", "train_top1_clean_best"}, true, false},
		{"train_top5_clean", {"train_top5_clean", "train_top5_clean_best"}, true, false},
		{"valid_top1", {"valid_top1_last"}, true, false},
		{"gap_to_teacher", {"gap_to_teacher"}, true, false},
		{"time_seconds", {"time/total_seconds"}, false, true},
	};
	c->metric = metric;
	c->key = metric;
	c->time = str_starts(metric, "time/");
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (str_eq(known[i].name, metric)) {
			c->rule = known[i].key[rule] ? rule : RULE_LAST;
			c->key = known[i].key[c->rule];
			c->percent = known[i].percent;
			c->time = known[i].time;
		}
	/* A key that was chosen by more than the last epoch, asked for by its own name. */
	if (str_ends(metric, "_best_test"))
		c->rule = RULE_BEST_TEST;
	else if (str_ends(metric, "_best"))
		c->rule = RULE_BEST;
	c->error = str_eq(metric, "test_error");
	c->less_is_better = c->error || table_is_reach(metric) || is_cost(metric);
}

/* The next word of a list with commas; *rest goes on behind it. NULL: none is left. */
static char *next_word(char **rest)
{
	char *word = *rest + strspn(*rest, ",");
	char *end = word + strcspn(word, ",");
	*rest = *end ? end + 1 : end;
	*end = 0;
	return *word ? word : NULL;
}

static const char *list_item(const struct conf *list, int i)
{
	return list->kind == CONF_LIST ? list->item[i]->text : list->text;
}

static int list_size(const struct conf *list)
{
	return !list ? 0 : list->kind == CONF_LIST ? list->n : 1;
}

/* ---- rows and columns ---- */

const struct experiment *table_first(const struct table *t)
{
	return t->sweep->run[0].x;
}

/* Points may differ in their data. */
const struct experiment *table_experiment(const struct table *t, const struct point *p)
{
	int first = 0;
	return p && sweep_runs_of(t->sweep, p, &first) ? t->sweep->run[first].x : table_first(t);
}

/* The paper's word for a point's pictures; point NULL: of the first run. */
const char *table_data(const struct table *t, const struct point *p)
{
	return t->data ? t->data : table_experiment(t, p)->data->kind->name;
}

/* Who it learns from, itself or in its first part; the names of their weights, in one text. */
static void add_teachers(const struct experiment *x, int stage, struct str *text)
{
	const struct stage *s = &x->stage[stage];
	for (int i = 0; i < s->n_teacher; i++)
		str_printf(text, "%s\n", s->teacher[i].identity);
	if (s->has_from && s->from.stage >= 0)
		add_teachers(x, s->from.stage, text);
}

/* Of one point: whether its seeds have any teacher, and, if so, the same. */
static void look_at_teachers(const struct sweep *s, const struct point *p, const char *stage_name, bool *any, bool *alike)
{
	struct str first = {0};
	int at = 0;
	const int n = sweep_runs_of(s, p, &at);
	for (int i = at; i < at + n; i++) {
		struct str own = {0};
		const int stage = table_stage(s->run[i].x, stage_name);
		if (stage >= 0)
			add_teachers(s->run[i].x, stage, i == at ? &first : &own);
		*alike &= i == at || str_eq(str_text(&own), str_text(&first));
		str_release(&own);
	}
	*any |= first.len > 0;
	str_release(&first);
}

const char *table_teachers(const struct table *t, const struct table_row *r)
{
	const struct vary *v = &t->sweep->vary;
	bool any = false, alike = true;
	for (int p = 0; p < v->n_point && !r->point; p++)
		look_at_teachers(t->sweep, &v->point[p], r->stage, &any, &alike);
	if (r->point)
		look_at_teachers(t->sweep, r->point, r->stage, &any, &alike);
	return !any ? "" : alike && !seeds_have_teachers(&v->seeds) ? "shared" : "per_seed";
}

int table_stage(const struct experiment *x, const char *name)
{
	for (int i = 0; i < x->n_stage; i++)
		if (str_eq(x->stage[i].name, name))
			return i;
	return -1;
}

/* In any of the runs of the point; NULL: of all points. stage NULL: any stage. */
static bool is_imported(const struct sweep *s, const struct point *p, const char *stage)
{
	bool any = false;
	int first = 0;
	const int n = p ? sweep_runs_of(s, p, &first) : s->n_run;
	for (int r = first; r < first + n && !any; r++) {
		const struct experiment *x = s->run[r].x;
		for (int i = 0; i < x->n_stage && !any; i++)
			any = (!stage || str_eq(stage, x->stage[i].name)) && stage_imports(x, &x->stage[i]);
	}
	return any;
}

/* --only may have left none. */
static bool has_runs(const struct sweep *s, const struct point *p)
{
	int first;
	return sweep_runs_of(s, p, &first) > 0;
}

static void add_row(struct table *t, const struct table_conf *c, int stage, const struct point *p)
{
	const struct sweep *s = t->sweep;
	const struct sweep_item *item = &s->item[s->run[0].first + stage];
	if (p && table_stage(table_experiment(t, p), item->stage->name) < 0)
		return; /* the point is without it */
	const struct conf *match = c->match ? conf_find(c->match, item->stage->name) : NULL;
	const char *in_paper = match && match->text ? match->text : item->stage->name;
	struct table_row *row = &t->row[t->n_row++];
	*row = (struct table_row){.stage = item->stage->name, .point = p, .used = !item->compared, .teaches = item->teaches, .imported = is_imported(s, p, item->stage->name)};
	row->label = p && *p->name ? arena_printf(t->arena, "%s %s", p->name, item->stage->name) : item->stage->name;
	row->paper = t->paper ? paper_row_find(t->paper, in_paper) : NULL;
	if (t->paper && !row->paper && row->teaches)
		row->paper = paper_row_find(t->paper, "teacher");
}

static enum status add_rows(struct table *t, const struct table_conf *c, struct err *e)
{
	const struct sweep *s = t->sweep;
	const struct experiment *x = table_first(t);
	const int points = c->columns == COLUMNS_POINTS ? 1 : s->vary.n_point;
	t->row = NEW_ARRAY(t->arena, struct table_row, x->n_stage * points);
	for (int i = 0; i < list_size(c->rows); i++)
		if (table_stage(x, list_item(c->rows, i)) < 0)
			return err_user(e, c->rows->at, "'rows' names '%s', and no stage has that name", list_item(c->rows, i));
	for (int p = 0; p < points; p++) {
		const struct point *point = c->columns == COLUMNS_POINTS ? NULL : &s->vary.point[p];
		if (point && !has_runs(s, point))
			continue;
		for (int i = 0; i < x->n_stage && c->teachers; i++)
			if (!s->item[s->run[0].first + i].compared)
				add_row(t, c, i, point);
		for (int i = 0; i < list_size(c->rows); i++)
			if (s->item[s->run[0].first + table_stage(x, list_item(c->rows, i))].compared || !c->teachers)
				add_row(t, c, table_stage(x, list_item(c->rows, i)), point);
		for (int i = 0; i < x->n_stage && !c->rows; i++)
			if (s->item[s->run[0].first + i].compared)
				add_row(t, c, i, point);
	}
	return OK;
}

/* The paper's column of this name, data and metric. alone: the table has no other metric, and where the paper has none such, another one's number
   stands beside, which is said. */
static int paper_column(const struct table *t, const char *label, const struct table_column *col, bool alone)
{
	if (!t->paper)
		return -1;
	const char *data = table_data(t, col->point);
	for (int i = 0; i < t->paper->n_column; i++)
		if (str_eq(t->paper->column[i], label) && str_eq(t->paper->column_data[i], data) && table_same_metric(t->paper->usual[i].metric, col->metric))
			return i;
	const int same = alone ? paper_column_find(t->paper, label, data, NULL) : -1;
	return same >= 0 || !alone ? same : paper_column_find(t->paper, label, NULL, NULL);
}

/* What is asked for, one at least. given: the command line's, with commas; NULL: the file's. */
static const char **asked_metrics(const struct table *t, const struct table_conf *c, const char *given, int *n)
{
	char *words = arena_str(t->arena, given ? given : "test_top1");
	const char **metric = NEW_ARRAY(t->arena, const char *, strlen(words) + 1 + (size_t)list_size(c->metrics));
	*n = 0;
	for (int i = 0; !given && i < list_size(c->metrics); i++)
		metric[(*n)++] = list_item(c->metrics, i);
	for (char *word; (given || !*n) && (word = next_word(&words));)
		metric[(*n)++] = word;
	return metric;
}

/* A column for each point that has runs; all of the first metric, then all of the next. */
static void add_point_columns(struct table *t, const char *metric, bool alone)
{
	const struct sweep *s = t->sweep;
	for (int i = 0; i < s->vary.n_point; i++) {
		if (!has_runs(s, &s->vary.point[i]))
			continue;
		struct table_column *col = &t->column[t->n_column++];
		set_metric(col, metric, t->rule);
		col->point = &s->vary.point[i];
		col->label = *col->point->name ? col->point->name : metric;
		col->paper = paper_column(t, col->label, col, alone);
	}
}

static void add_metric(struct table *t, const struct table_conf *c, const char *metric, bool alone)
{
	if (c->columns == COLUMNS_POINTS) {
		add_point_columns(t, metric, alone);
		return;
	}
	struct table_column *col = &t->column[t->n_column++];
	set_metric(col, metric, t->rule);
	col->label = col->metric;
	col->paper = t->paper && t->paper->n_column == 1 ? 0 : paper_column(t, col->label, col, true);
}

/* Whether a claim of the file names the metric. */
static bool is_claimed(const struct table *t, const char *metric)
{
	const struct conf *list = conf_find(t->sweep->root, "claims");
	bool any = false;
	for (int i = 0; list && list->kind == CONF_LIST && i < list->n && !any; i++) {
		const struct conf *own = list->item[i]->kind == CONF_MAP ? conf_find(list->item[i], "metric") : NULL;
		any = own && own->text && str_eq(own->text, metric);
	}
	return any;
}

/* What is asked for; then, for claims alone, what the file has beside it. */
static void add_columns(struct table *t, const struct table_conf *c, const char *given)
{
	int n, n_own;
	const char **metric = asked_metrics(t, c, given, &n), **own = asked_metrics(t, c, NULL, &n_own);
	t->column = NEW_ARRAY(t->arena, struct table_column, (size_t)(n + n_own) * (size_t)(c->columns == COLUMNS_POINTS ? t->sweep->vary.n_point : 1));
	for (int i = 0; i < n; i++)
		add_metric(t, c, metric[i], n == 1);
	const int shown = t->n_column;
	for (int i = 0; i < n_own; i++) {
		bool asked = false;
		for (int k = 0; k < n && !asked; k++)
			asked = str_eq(metric[k], own[i]);
		if (!asked && is_claimed(t, own[i]))
			add_metric(t, c, own[i], false);
	}
	t->n_hidden = t->n_column - shown;
	t->n_column = shown;
}

/* ---- the file ---- */

/* last, best, best_test: the choices of the option, in the order of the rules. */
static int rule_of(const char *word)
{
	static const char *const words[] = {"last", "best", "best_test"};
	int i = 0;
	while (i < 3 && !str_eq(words[i], word))
		i++;
	return i;
}

/* 'best' may be asked for in vain, which is said; 'best_test' where nobody watched is a mistake. */
static enum status set_rule(struct table *t, enum table_rule rule, struct where at, struct err *e)
{
	const struct experiment *x = table_first(t);
	bool watched = false;
	for (int i = 0; i < x->n_stage; i++)
		watched |= x->stage[i].train.watch_test;
	if (rule == RULE_BEST_TEST && !watched)
		return err_user(e, at, "the rule 'best_test' needs 'watch_test: true' in the stages, and none has it");
	t->asked = rule;
	t->forced_last = rule != RULE_LAST && is_imported(t->sweep, NULL, NULL);
	t->none_held_out = rule == RULE_BEST && x->data->n_valid == 0;
	t->rule = t->forced_last || t->none_held_out ? RULE_LAST : rule;
	return OK;
}

static enum status read_paper(struct table *t, const struct table_conf *c, const char *given, struct err *e)
{
	const char *slash = strrchr(t->sweep->path, '/');
	const char *folder = slash ? arena_strn(t->arena, t->sweep->path, (size_t)(slash - t->sweep->path)) : ".";
	if (!given && !*c->paper)
		return OK;
	return paper_read(t->arena, given ? given : path_join(t->arena, folder, c->paper), &t->paper, e);
}

static enum status read_options(struct table *t, struct table_conf *c, const struct table_options *o, struct err *e)
{
	const struct sweep *s = t->sweep;
	const struct conf *map = conf_use(s->root, "table");
	const struct opt *tables[] = {table_opts};
	void *outs[] = {c};
	enum status st = opts_read_all(tables, outs, 1, map, "table", t->arena, e);
	if (st != OK)
		return st;
	if (o->rule && rule_of(o->rule) > RULE_BEST_TEST)
		return err_user(e, (struct where){0}, "--rule is '%s', allowed last, best, best_test", o->rule);
	if (o->columns && !str_eq(o->columns, "metrics") && !str_eq(o->columns, "points"))
		return err_user(e, (struct where){0}, "--columns is '%s', allowed metrics, points", o->columns);
	const int file_columns = c->columns, file_rule = c->rule;
	c->columns = o->columns ? str_eq(o->columns, "points") : c->columns;
	c->rule = o->rule ? rule_of(o->rule) : c->rule;
	st = set_rule(t, (enum table_rule)c->rule, o->rule || !map ? (struct where){0} : conf_where(map, "rule"), e);
	if (st != OK)
		return st;
	t->otherwise = c->rule != file_rule || c->columns != file_columns;
	t->control = o->control ? o->control : *c->control ? c->control : NULL;
	const struct conf *title = table_first(t)->report ? conf_find(table_first(t)->report, "title") : NULL;
	t->title = *c->title ? c->title : title && title->text ? title->text : s->name;
	t->reach = *c->reach ? c->reach : NULL;
	t->data = *c->data ? c->data : NULL;
	if (t->reach && table_stage(table_first(t), t->reach) < 0)
		return err_user(e, conf_where(map, "reach"), "'reach' names '%s', and no stage has that name", t->reach);
	t->tuning = conf_use(s->root, "tuning");
	return read_paper(t, c, o->paper, e);
}

/* A list of words, or one word. */
static enum status check_words(const struct conf *c, const char *what, struct err *e)
{
	for (int i = 0; i < list_size(c); i++)
		if (!list_item(c, i) || !*list_item(c, i))
			return err_user(e, c->at, "'%s' is a list of names", what);
	return OK;
}

/* The file's, too, where the command line has others: what is wrong in it is wrong all the same. */
static enum status check_metrics(const struct table *t, const struct table_conf *c, const char *given, struct err *e)
{
	enum status st = OK;
	for (int i = 0; i < list_size(c->metrics) && st == OK; i++)
		st = metric_check(t->arena, list_item(c->metrics, i), t->sweep->store, NULL, c->metrics->kind == CONF_LIST ? c->metrics->item[i]->at : c->metrics->at, e);
	char *words = arena_str(t->arena, given ? given : "");
	for (char *word; st == OK && (word = next_word(&words));)
		st = metric_check(t->arena, word, t->sweep->store, "--metric", (struct where){0}, e);
	return st;
}

enum status table_layout(struct table *t, const struct table_options *o, struct err *e)
{
	struct table_conf c = {0};
	enum status st = read_options(t, &c, o, e);
	if (st == OK)
		st = check_words(c.rows, "rows", e);
	if (st == OK)
		st = check_words(c.metrics, "metrics", e);
	if (st == OK && o->metric && !o->metric[strspn(o->metric, ",")])
		st = err_user(e, (struct where){0}, "--metric is '%s', allowed are names of metrics with commas between them", o->metric);
	if (st == OK)
		st = check_metrics(t, &c, o->metric, e);
	if (st == OK)
		st = add_rows(t, &c, e);
	if (st == OK && !t->n_row)
		st = err_user(e, conf_where(conf_find(t->sweep->root, "table"), "rows"), "the table has no row");
	if (st == OK)
		add_columns(t, &c, o->metric);
	if (st == OK)
		st = table_tuning_check(t, e);
	for (int i = 0; st == OK && i < t->n_column + t->n_hidden; i++)
		if (table_is_reach(t->column[i].metric) && !t->reach)
			st = err_user(e, conf_where(conf_find(t->sweep->root, "table"), "metrics"), "'%s' needs 'reach': the row whose accuracy is to be reached",
			              t->column[i].metric);
	return st;
}
