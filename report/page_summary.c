/* Summary, table, differences, seeds. */
#include <math.h>
#include <string.h>

#include "report/axis.h"
#include "report/page_int.h"

static void fact(struct page_out *o, const char *name, const char *value, const char *more)
{
	str_printf(&o->html, "<div><dt>%s</dt><dd>", name);
	html_escape(&o->html, value);
	if (more) {
		str_add(&o->html, "<small>");
		html_escape(&o->html, more);
		str_add(&o->html, "</small>");
	}
	str_add(&o->html, "</dd></div>\n");
}

/* The highest mean among those that teach, or among those that do not; NULL: none was measured. */
static const struct shown *highest(struct page_out *o, bool teaches)
{
	const struct shown *best = NULL;
	for (int i = 0; i < o->n; i++) {
		const double mean = series_summary(o, &o->series[i], o->metric).mean;
		if (o->series[i].teaches == teaches && isfinite(mean) && (!best || mean > series_summary(o, best, o->metric).mean))
			best = &o->series[i];
	}
	return best;
}

/* Those that `highest` chose among by what the test pictures say of them. */
static int measured(struct page_out *o, bool teaches)
{
	int n = 0;
	for (int i = 0; i < o->n; i++)
		n += o->series[i].teaches == teaches && isfinite(series_summary(o, &o->series[i], o->metric).mean);
	return n;
}

static const char *seeds_of(struct page_out *o, const struct shown *s, const struct summary *v)
{
	return v->n > 1 ? arena_printf(o->arena, "%s, %d seeds%s", s->s->label, v->n, chosen(o)) : arena_printf(o->arena, "%s, one seed%s", s->s->label, chosen(o));
}

static void facts(struct page_out *o)
{
	const struct shown *student = highest(o, false), *teacher = highest(o, true);
	str_add(&o->html, "<dl class=\"facts\">\n");
	if (student) {
		const struct summary v = series_summary(o, student, o->metric), gap = series_summary(o, student, "gap");
		const int n = measured(o, false);
		const char *seeds = seeds_of(o, student, &v);
		fact(o, "Highest accuracy", arena_printf(o->arena, "%.2f %%", v.mean),
		     n > 1 ? arena_printf(o->arena, "%s; the highest of %d on the test pictures, so chosen by them", seeds, n) : seeds);
		if (isfinite(gap.mean))
			fact(o, "Its gap to the teacher", arena_printf(o->arena, "%.2f points", gap.mean), NULL);
	}
	if (teacher) {
		const struct summary v = series_summary(o, teacher, o->metric);
		fact(o, "Teacher", arena_printf(o->arena, "%.2f %%", v.mean), seeds_of(o, teacher, &v));
	}
	fact(o, "Compared", arena_printf(o->arena, "%d", o->n), o->n == 1 ? "stage" : "stages");
	str_add(&o->html, "</dl>\n");
}

static void worth_of_seeds(struct page_out *o)
{
	if (most_seeds(o) < 2)
		paragraph(o, "One seed proves nothing: such differences are within what another seed may give; use several seeds before believing a difference.");
	else
		paragraph(o, "Intervals are 95 %% intervals of the mean over the seeds, by Student's t. They say how much the seed moves a result, on these data "
		             "and these pictures; a stage with one seed has none, and its difference from another proves nothing.");
}

/* Whether any seed of any series has the metric. */
static bool any(struct page_out *o, const char *metric)
{
	for (int i = 0; i < o->n; i++)
		if (series_summary(o, &o->series[i], metric).n)
			return true;
	return false;
}

struct column {
	const char *head, *metric; /* metric NULL: the page's */
	enum { MEAN, DEVIATION, INTERVAL, COUNT, MACS, SECONDS } what;
	const char *format;
};
static const struct column columns[] = {
	{"test %", NULL, MEAN, "%.2f"},
	{"standard deviation", NULL, DEVIATION, "%.2f"},
	{"95 % interval", NULL, INTERVAL, NULL},
	{"best-rule %", "test_top1_best", MEAN, "%.2f"},
	{"best on test %: chosen on the test set", BEST_TEST, MEAN, "%.2f"},
	{"teacher %", "teacher_test_top1", MEAN, "%.2f"},
	{"gap", "gap", MEAN, "%.2f"},
	{"parameters", "parameters", COUNT, NULL},
	{"pictures", "images", COUNT, NULL},
	{"multiply-adds", "macs", MACS, NULL},
	{"time", "time/total_seconds", SECONDS, NULL},
};
enum { N_COLUMN = sizeof columns / sizeof *columns };

static const char *metric_of(const struct page_out *o, const struct column *c)
{
	return c->metric ? c->metric : o->metric;
}

static void cell(struct page_out *o, const struct shown *s, const struct column *c)
{
	const struct summary v = series_summary(o, s, metric_of(o, c));
	char text[32];
	if (c->what == MEAN)
		cell_number(o, c->format, v.mean);
	else if (c->what == DEVIATION)
		cell_number(o, c->format, v.deviation);
	else if (c->what == COUNT)
		cell_count(o, v.mean);
	else if (c->what == INTERVAL)
		str_printf(&o->html, v.n > 1 ? "<td>%.2f to %.2f</td>" : "<td>\xe2\x80\x93</td>", v.low, v.high);
	else if (c->what == MACS)
		str_printf(&o->html, "<td>%s</td>", v.n ? axis_number(o->arena, v.mean, v.mean / 1000, 0) : "\xe2\x80\x93");
	else
		str_printf(&o->html, "<td>%s</td>", v.n ? str_seconds(text, v.mean) : "\xe2\x80\x93");
}

/* "8", "8, 1 by limit". */
static void cell_seeds(struct page_out *o, const struct shown *s)
{
	const int by_limit = series_by_limit(s);
	if (by_limit)
		str_printf(&o->html, "<td>%d, %d by limit</td>", series_summary(o, s, o->metric).n, by_limit);
	else
		cell_count(o, series_summary(o, s, o->metric).n);
}

static void limits(struct page_out *o)
{
	int n = 0;
	for (int i = 0; i < o->n; i++)
		n += series_by_limit(&o->series[i]);
	if (n)
		paragraph(o, "'by limit': seeds in which a teacher's phase was ended by its limit of epochs, before its temperature came to 1.");
}

static void table(struct page_out *o)
{
	const char *head[N_COLUMN + 3] = {"stage", "seeds"};
	bool there[N_COLUMN];
	int n = 2;
	for (int c = 0; c < N_COLUMN; c++) {
		/* of one seed there is no spread, and the page's own metric stands once */
		const bool spread = columns[c].what == DEVIATION || columns[c].what == INTERVAL;
		there[c] = any(o, metric_of(o, &columns[c])) && !(spread && most_seeds(o) < 2) && !str_eq(columns[c].metric, o->metric);
		if (there[c])
			head[n++] = columns[c].head;
	}
	table_begin(o, "Means over the seeds; accuracies are top-1 on the test pictures.", head);
	for (int i = 0; i < o->n; i++) {
		const struct shown *s = &o->series[i];
		row_begin(o);
		cell_series(o, s);
		cell_seeds(o, s);
		for (int c = 0; c < N_COLUMN; c++)
			if (there[c])
				cell(o, s, &columns[c]);
		row_end(o);
	}
	table_end(o);
	limits(o);
}

void page_summary(struct page_out *o)
{
	section_begin(o, "summary", "Summary");
	facts(o);
	paragraph(o, "%s", o->page->rule ? o->page->rule
	                                 : "Accuracies are top-1 on the test pictures, in percent, with the weights of the last epoch. Where pictures were held out, "
	                                   "'best rule' is the epoch that did best on those; the test pictures chose no epoch.");
	if (!o->page->metric && any(o, BEST_TEST))
		paragraph(o, "An exception is marked: what is best on test is chosen on the test set, so it is too high.");
	worth_of_seeds(o);
	section_end(o);
	section_begin(o, "table", "Table");
	if (o->page->table_html) {
		str_add(&o->html, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table\">\n");
		str_add(&o->html, o->page->table_html);
		str_add(&o->html, "\n</div>\n");
	} else {
		table(o);
	}
	if (o->page->notes && *o->page->notes) {
		str_add(&o->html, "<pre class=\"notes\">");
		html_escape(&o->html, o->page->notes);
		str_add(&o->html, "</pre>\n");
	}
	section_end(o);
}

void page_seeds(struct page_out *o)
{
	struct dot_row *row = NEW_ARRAY(o->arena, struct dot_row, o->n);
	if (!any(o, o->metric))
		return;
	for (int i = 0; i < o->n; i++) {
		const struct shown *s = &o->series[i];
		const char **name = NEW_ARRAY(o->arena, const char *, s->s->n);
		for (int k = 0; k < s->s->n; k++)
			name[k] = seed_name(o, s, k);
		row[i] = (struct dot_row){s->s->label, s->style, s->s->n, series_last(o, s, o->metric), name};
	}
	const struct dot_chart d = {.x_label = arena_printf(o->arena, "accuracy on the test pictures, percent%s", chosen(o)), .n = o->n, .row = row};
	section_begin(o, "seeds", "Every seed");
	struct canvas *c = figure_begin(o, "Accuracy of every seed",
	                                "A row for each stage: a mark for each seed, a line at their mean, a band over its 95 % interval.", CHART_WIDTH, chart_dots_height(o->arena, &d, CHART_WIDTH));
	chart_dots(c, &d);
	figure_end(o, c, most_seeds(o) > 1 ? "A mark is a seed, the line the mean, the band its 95 % interval; at the right mean and standard deviation."
	                                   : "A mark is a seed; there is one for each stage, so nothing is known of what another would give.");
	section_end(o);
}
