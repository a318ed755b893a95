/* Differences of equal seeds. */
#include <math.h>
#include <string.h>

#include "report/page_int.h"

enum { BASE_SEEDS = 2 };

/* Differences of s minus base on the seeds that both have; gives how many. */
static int pairs(struct page_out *o, const struct shown *s, const struct shown *base, double *d)
{
	const double *x = series_last(o, s, o->metric), *y = series_last(o, base, o->metric);
	bool *used = NEW_ARRAY(o->arena, bool, base->s->n);
	int n = 0;
	for (int i = 0; i < s->s->n; i++)
		for (int k = 0; k < base->s->n; k++)
			if (!used[k] && s->s->item[i].seed == base->s->item[k].seed && isfinite(x[i]) && isfinite(y[k])) {
				d[n++] = x[i] - y[k];
				used[k] = true; /* items of one seed have other teachers: in the order of the runs */
				break;
			}
	return n;
}

const struct page_difference *page_pairs(struct page_out *o, int *n)
{
	struct page_difference *out = NEW_ARRAY(o->arena, struct page_difference, o->n);
	const struct shown *base = NULL;
	*n = o->page->n_difference;
	if (*n)
		return o->page->difference;
	for (int i = 0; i < o->n && !base; i++)
		if (!o->series[i].teaches && series_summary(o, &o->series[i], o->metric).n >= BASE_SEEDS)
			base = &o->series[i];
	for (int i = 0; i < o->n && base; i++) {
		const struct shown *s = &o->series[i];
		double *d = NEW_ARRAY(o->arena, double, s->s->n * base->s->n);
		const int m = s == base || s->teaches ? 0 : pairs(o, s, base, d);
		if (m < BASE_SEEDS)
			continue;
		const struct paired p = stats_paired(d, m);
		out[(*n)++] = (struct page_difference){arena_printf(o->arena, "%s minus %s", s->s->label, base->s->label), p.n, p.mean, p.low, p.high, NAN, NULL};
	}
	return out;
}

static void table(struct page_out *o, const struct page_difference *d, int n)
{
	const char *head[] = {"difference", "pairs", "mean", "95 % interval", "p", NULL, NULL};
	for (int i = 0; i < n; i++)
		if (d[i].verdict && *d[i].verdict)
			head[5] = "<verdict";
	table_begin(o, "Differences; those of accuracies are in percentage points.", head);
	for (int i = 0; i < n; i++) {
		row_begin(o);
		cell_text(o, d[i].what);
		cell_count(o, d[i].n);
		cell_number(o, "%+.2f", d[i].mean);
		str_printf(&o->html, isfinite(d[i].low) && isfinite(d[i].high) ? "<td>%+.2f to %+.2f</td>" : "<td>\xe2\x80\x93</td>", d[i].low, d[i].high);
		cell_number(o, "%.4f", d[i].p);
		if (head[5])
			cell_text(o, d[i].verdict ? d[i].verdict : "");
		row_end(o);
	}
	table_end(o);
}

void page_differences(struct page_out *o)
{
	int n = 0;
	const struct page_difference *d = page_pairs(o, &n);
	struct forest_row *row = NEW_ARRAY(o->arena, struct forest_row, n);
	if (!n)
		return;
	for (int i = 0; i < n; i++)
		row[i] = (struct forest_row){d[i].what, d[i].mean, d[i].low, d[i].high};
	const struct forest_chart f = {.x_label = "difference, of accuracies in percentage points", .n = n, .row = row};
	section_begin(o, "differences", "Paired differences");
	paragraph(o, "Each pair is of one seed, so that what a seed does to both cancels. Where the interval holds zero, the runs do not tell the two apart.");
	if (!o->page->n_difference)
		paragraph(o, "Nothing was claimed before the runs, so nothing is tested and no p is given: among many differences, some look large by chance.");
	struct canvas *c = figure_begin(o, "Paired differences", "A row for each difference: its mean and its interval, beside zero; the table below has the numbers.",
	                                CHART_WIDTH, chart_forest_height(o->arena, &f, CHART_WIDTH));
	chart_forest(c, &f);
	figure_end(o, c, "Diamond: the interval does not hold zero. Ring: it does.");
	table(o, d, n);
	section_end(o);
}
