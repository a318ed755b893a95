/* Accuracy beside what it cost, and where the time went. */
#include <math.h>
#include <string.h>

#include "report/axis.h"
#include "report/page_int.h"

static const struct { const char *metric, *title, *x_label; } costs[] = {
	{"images", "Accuracy against pictures seen", "pictures seen in training"},
	{"macs", "Accuracy against multiply-adds", "multiply-adds of the whole stage"},
	{"time/total_seconds", "Accuracy against time", "seconds"},
};

static struct scatter_chart gather(struct page_out *o, const char *metric, const char *x_label)
{
	struct chart_series *series = NEW_ARRAY(o->arena, struct chart_series, o->n);
	double lo = INFINITY, hi = -INFINITY;
	int n = 0;
	for (int i = 0; i < o->n; i++) {
		const struct shown *s = &o->series[i];
		struct curve *all = NEW(o->arena, struct curve);
		*all = (struct curve){s->s->n, series_last(o, s, metric), series_last(o, s, o->metric)};
		for (int k = 0; k < all->n; k++)
			range_add(&lo, &hi, all->x[k]);
		if (summary_of(all->x, all->n).n && summary_of(all->y, all->n).n)
			series[n++] = (struct chart_series){s->s->label, s->style, 1, all};
	}
	return (struct scatter_chart){.x_label = x_label, .y_label = arena_printf(o->arena, "accuracy on the test pictures, percent%s", chosen(o)),
	                              .log_x = lo > 0 && hi > 20 * lo, .no_key = n > CURVED, .n = n, .series = series};
}

/* A time that was shared with other arms, or that a stop or a cache made another, is none of the method. */
static bool all_alone(struct page_out *o)
{
	bool alone = true;
	for (int i = 0; i < o->n; i++) {
		const double *v = series_last(o, &o->series[i], "time/alone");
		for (int k = 0; k < o->series[i].s->n; k++)
			alone &= v[k] > 0;
	}
	return alone;
}

static const char *caption(struct page_out *o, const char *metric, bool no_key)
{
	const char *key = no_key ? "Marks are those of 'Every seed'." : NULL;
	if (!str_eq(metric, "time/total_seconds") || all_alone(o))
		return key;
	return arena_printf(o->arena, "Not all were timed alone: stages that shared their process, went on after a stop or read a cache took another time than "
	                    "they would have by themselves.%s%s", key ? " " : "", key ? key : "");
}

void page_costs(struct page_out *o)
{
	bool begun = false;
	for (size_t i = 0; i < sizeof costs / sizeof *costs; i++) {
		const struct scatter_chart s = gather(o, costs[i].metric, costs[i].x_label);
		if (!s.n)
			continue;
		if (!begun) {
			section_begin(o, "cost", "What it cost");
			paragraph(o, "The cost is the stage's own; what its teacher took is not in it. Further up and further left is better.");
			figures_begin(o);
			begun = true;
		}
		struct canvas *c = figure_begin(o, costs[i].title, s.log_x ? "A mark for each seed, a larger one at their mean; the axis across is logarithmic."
		                                                            : "A mark for each seed, a larger one at their mean.",
		                                CHART_WIDTH, chart_scatter_height(o->arena, &s, CHART_WIDTH));
		chart_scatter(c, &s);
		figure_end(o, c, caption(o, costs[i].metric, s.no_key));
	}
	if (!begun)
		return;
	figures_end(o);
	section_end(o);
}

static double phase_mean(const struct shown *s, const char *name)
{
	double sum = 0;
	for (int k = 0; k < s->s->n; k++)
		for (int i = 0; i < s->item[k].n_phase; i++)
			sum += str_eq(s->item[k].phase[i].name, name) ? s->item[k].phase[i].seconds : 0;
	return s->s->n ? sum / s->s->n : 0;
}

enum { PHASES = 12 };

static int phase_names(const struct page_out *o, const char *name[PHASES + 1])
{
	int n = 0;
	for (int i = 0; i < o->n; i++)
		for (int k = 0; k < o->series[i].s->n; k++)
			for (int j = 0; j < o->series[i].item[k].n_phase; j++) {
				int at = 0;
				while (at < n && !str_eq(name[at], o->series[i].item[k].phase[j].name))
					at++;
				if (at == n && n < PHASES)
					name[n++] = o->series[i].item[k].phase[j].name;
			}
	return n;
}

/* No table has these numbers. */
static const char *describe(struct page_out *o, const struct bar_chart *b)
{
	struct str text = {0};
	char seconds[32];
	for (int i = 0; i < b->n; i++) {
		str_printf(&text, "%s%s:", i ? "; " : "", b->row[i].label);
		for (int k = 0; k < b->n_part; k++)
			if (b->row[i].part[k] > 0)
				str_printf(&text, " %s %s", b->part[k], str_seconds(seconds, b->row[i].part[k]));
	}
	str_add(&text, ".");
	const char *out = arena_str(o->arena, str_text(&text));
	str_release(&text);
	return out;
}

void page_phases(struct page_out *o)
{
	const char *name[PHASES + 1];
	const int n = phase_names(o, name);
	struct bar_row *row = NEW_ARRAY(o->arena, struct bar_row, o->n);
	int rows = 0;
	if (!n)
		return;
	name[n] = "other";
	for (int i = 0; i < o->n; i++) {
		const struct shown *s = &o->series[i];
		const double whole = series_summary(o, s, "time/total_seconds").mean;
		double *part = NEW_ARRAY(o->arena, double, n + 1), sum = 0;
		for (int k = 0; k < n; k++)
			sum += part[k] = phase_mean(s, name[k]);
		part[n] = whole > sum ? whole - sum : 0;
		if (sum > 0)
			row[rows++] = (struct bar_row){s->s->label, part};
	}
	const struct bar_chart b = {.x_label = "seconds, mean over the seeds", .n_part = n + 1, .part = name, .n = rows, .row = row};
	section_begin(o, "time", "Time per phase");
	struct canvas *c = figure_begin(o, "Time per phase", describe(o, &b), CHART_WIDTH, chart_bars_height(o->arena, &b, CHART_WIDTH));
	chart_bars(c, &b);
	figure_end(o, c, "Of stages that ran together as arms each has an equal share of the whole, whatever it took by itself. 'other' is what lies "
	                 "between lessons: evaluation and measuring.");
	section_end(o);
}
