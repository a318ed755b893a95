/* limbeck plot: one figure of metrics, as SVG or PNG. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/report_target.h"
#include "report/axis.h"
#include "report/chart.h"
#include "report/measured.h"
#include "report/summary.h"

extern const struct command cmd_plot;

static const struct where nowhere = {0};

enum { METRICS = 16 };

struct plot {
	struct arena *arena;
	const char *metrics, *x, *out;
	int width, height;
	struct page page;
	struct measured **item;      /* [series][seed] */
	int n_metric;
	const char *metric[METRICS];
};

static enum status read_words(struct plot *p, struct err *e)
{
	if (!p->metrics)
		return err_user(e, nowhere, "--metric says what is drawn: loss, valid_top1, test_top1, ...");
	if (!str_eq(p->x, "epoch") && !str_eq(p->x, "images") && !str_eq(p->x, "seconds"))
		return err_user(e, nowhere, "--x is '%s', allowed epoch, images, seconds", p->x);
	if (p->out && !str_ends(p->out, ".svg") && !str_ends(p->out, ".png"))
		return err_user(e, nowhere, "'%s' ends in neither .svg nor .png", p->out);
	char *list = arena_str(p->arena, p->metrics);
	for (char *word = list; word; ) {
		char *comma = strchr(word, ',');
		if (comma)
			*comma++ = 0;
		if (!*word)
			return err_user(e, nowhere, "--metric '%s' has an empty name", p->metrics);
		if (p->n_metric == METRICS)
			return err_user(e, nowhere, "--metric has more than %d names", METRICS);
		p->metric[p->n_metric++] = word;
		word = comma;
	}
	return OK;
}

/* Every metric that there is, to name the nearest. */
static enum status unknown_metric(struct plot *p, const char *name, struct err *e)
{
	enum { WORDS = 1000 };
	const char **words = NEW_ARRAY(p->arena, const char *, WORDS);
	int n = 0;
	for (int i = 0; i < p->page.n_series; i++)
		for (int k = 0; k < p->page.series[i].n; k++)
			for (int j = 0; j < p->item[i][k].n && n < WORDS; j++) {
				int at = 0;
				while (at < n && !str_eq(words[at], p->item[i][k].value[j].name))
					at++;
				if (at == n)
					words[n++] = p->item[i][k].value[j].name;
			}
	struct str all = {0};
	for (int i = 0; i < n; i++)
		str_printf(&all, "%s%s", i ? ", " : "", words[i]);
	const char *near = str_nearest(name, words, n);
	const enum status st = n ? err_user(e, nowhere, "no stage has a metric '%s'%s%s%s; there are %.4000s", name, near ? "; did you mean '" : "",
	                                    near ? near : "", near ? "'?" : "", str_text(&all))
	                         : err_env(e, "nothing was measured in what is to be drawn: no store and no metrics.csv has rows of it");
	str_release(&all);
	return st;
}

/* The value that a metric had when an epoch ended; NaN: none. */
static double at_epoch(const struct measured *m, const char *name, double epoch)
{
	for (int i = 0; i < m->n; i++)
		if (m->value[i].epoch == (int)epoch && str_eq(m->value[i].name, name))
			return m->value[i].value;
	return NAN;
}

/* What a stage has seen or taken when an epoch ended; all epochs of a stage see as many pictures. */
static double spent(const struct plot *p, const struct measured *m, double epoch)
{
	double last = 0;
	if (str_eq(p->x, "seconds"))
		return at_epoch(m, "time/seconds", epoch);
	for (int i = 0; i < m->n; i++)
		last = fmax(last, m->value[i].epoch);
	return measured_last(m, "images") * epoch / last;
}

/* Epochs to where they are drawn: the mean over the seeds of a series, so that theirs stand above each other. */
static const double *across(struct plot *p, int series, int n, const double *epoch)
{
	const int seeds = p->page.series[series].n;
	double *x = NEW_ARRAY(p->arena, double, n), *v = NEW_ARRAY(p->arena, double, seeds);
	if (str_eq(p->x, "epoch"))
		return epoch;
	for (int i = 0; i < n; i++) {
		for (int k = 0; k < seeds; k++)
			v[k] = spent(p, &p->item[series][k], epoch[i]);
		x[i] = summary_of(v, seeds).mean;
	}
	return x;
}

static struct chart_series one_series(struct plot *p, int i, int metric)
{
	const struct page_series *s = &p->page.series[i];
	struct curve *seed = NEW_ARRAY(p->arena, struct curve, s->n);
	struct chart_series out = {.seed = seed};
	for (int k = 0; k < s->n; k++) {
		const double *epoch;
		struct curve *c = &seed[out.n];
		c->n = measured_curve(p->arena, &p->item[i][k], p->metric[metric], &epoch, &c->y);
		c->x = across(p, i, c->n, epoch);
		out.n += c->n > 0;
	}
	out.label = p->n_metric > 1 ? arena_printf(p->arena, "%s, %s", s->label, p->metric[metric]) : s->label;
	return out;
}

/* Whether anything of it can be placed across. */
static bool placed(const struct chart_series *series, int n)
{
	for (int i = 0; i < n; i++)
		for (int k = 0; k < series[i].n; k++)
			for (int j = 0; j < series[i].seed[k].n; j++)
				if (isfinite(series[i].seed[k].x[j]))
					return true;
	return false;
}

/* Series of all metrics; *curves: whether any has more than one point. */
static enum status gather(struct plot *p, struct chart_series **series, int *n, bool *curves, struct err *e)
{
	*series = NEW_ARRAY(p->arena, struct chart_series, p->page.n_series * p->n_metric);
	*n = 0;
	*curves = false;
	for (int m = 0; m < p->n_metric; m++) {
		const int before = *n;
		for (int i = 0; i < p->page.n_series; i++) {
			struct chart_series s = one_series(p, i, m);
			s.style = *n;
			for (int k = 0; k < s.n; k++)
				*curves |= s.seed[k].n > 1;
			if (s.n)
				(*series)[(*n)++] = s;
		}
		if (*n == before)
			return unknown_metric(p, p->metric[m], e);
	}
	return placed(*series, *n) ? OK : err_env(e, "no %s are recorded for these epochs: '--x epoch' is always there", p->x);
}

/* What was measured once, as rows. */
static struct dot_chart rows_of(struct plot *p, const struct chart_series *series, int n)
{
	struct dot_row *row = NEW_ARRAY(p->arena, struct dot_row, n);
	for (int i = 0; i < n; i++) {
		double *v = NEW_ARRAY(p->arena, double, series[i].n);
		for (int k = 0; k < series[i].n; k++)
			v[k] = series[i].seed[k].y[0];
		row[i] = (struct dot_row){series[i].label, series[i].style, series[i].n, v, NULL};
	}
	return (struct dot_chart){p->metrics, n, row};
}

static double rows_height(struct plot *p, const struct chart_series *series, int n, double width)
{
	const struct dot_chart d = rows_of(p, series, n);
	return chart_dots_height(p->arena, &d, width);
}

static void draw(struct plot *p, struct canvas *c, const struct chart_series *series, int n, bool curves)
{
	double lo = INFINITY, hi = -INFINITY;
	const struct dot_chart d = rows_of(p, series, n);
	for (int i = 0; i < n; i++)
		for (int k = 0; k < series[i].n; k++)
			for (int j = 0; j < series[i].seed[k].n; j++)
				range_add(&lo, &hi, series[i].seed[k].y[j]);
	const struct line_chart l = {
		.x_label = str_eq(p->x, "images") ? "pictures seen in training" : p->x, .y_label = p->metrics, .log_y = lo > 0 && hi > 50 * lo,
		.whole_x = str_eq(p->x, "epoch"), .n = n, .series = series,
	};
	if (curves)
		chart_lines(c, &l);
	else
		chart_dots(c, &d);
}

static enum status write_figure(struct plot *p, const struct chart_series *series, int n, bool curves, struct err *e)
{
	const double width = p->width, height = p->height ? p->height : curves ? 500 : rows_height(p, series, n, width);
	struct str out = {0};
	const bool png = str_ends(p->out, ".png");
	const char *what = arena_printf(p->arena, "%s of %s", p->metrics, p->page.title);
	struct canvas *c = png ? canvas_png(p->arena, width, height) : canvas_svg(p->arena, &out, "plot", p->metrics, what, width, height, true);
	draw(p, c, series, n, curves);
	enum status st = canvas_close(c, &out, e);
	if (st == OK)
		st = file_put(p->out, out.text, out.len, e);
	str_release(&out);
	return st;
}

/* Of all parts; where there are several, a label says of which. */
static struct page all_series(struct arena *a, const struct report *r)
{
	int n = 0;
	for (int i = 0; i < r->n; i++)
		n += r->page[i].n_series;
	struct page_series *s = NEW_ARRAY(a, struct page_series, n);
	struct page all = {.title = r->title, .series = s};
	for (int i = 0; i < r->n; i++)
		for (int k = 0; k < r->page[i].n_series; k++) {
			struct page_series *to = &s[all.n_series++];
			*to = r->page[i].series[k];
			if (r->n > 1)
				to->label = arena_printf(a, "%s (%s)", to->label, r->page[i].title);
		}
	return all;
}

static enum status plot(struct plot *p, const struct positional *words, struct err *e)
{
	struct report target;
	struct chart_series *series = NULL;
	int n = 0;
	bool curves = false;
	enum status st = read_words(p, e);
	if (st == OK)
		st = report_target(p->arena, words->word, words->n, &target, e);
	if (st != OK)
		return st;
	p->page = all_series(p->arena, &target);
	struct archive *r = archive_open(p->arena, NULL);
	p->item = NEW_ARRAY(p->arena, struct measured *, p->page.n_series);
	for (int i = 0; i < p->page.n_series; i++) {
		p->item[i] = NEW_ARRAY(p->arena, struct measured, p->page.series[i].n);
		for (int k = 0; k < p->page.series[i].n; k++)
			archive_measured(r, &p->page.series[i].item[k], &p->item[i][k]);
	}
	archive_close(r);
	st = gather(p, &series, &n, &curves, e);
	if (!p->out) {
		char *name = arena_printf(p->arena, "%s.svg", p->metric[0]);
		for (char *at = name; (at = strchr(at, '/')); )
			*at = '-';
		p->out = path_join(p->arena, target.folder, name);
	}
	if (st == OK)
		st = write_figure(p, series, n, curves, e);
	if (st == OK)
		printf("%s\n", p->out);
	return st;
}

static int run(int argc, char **argv)
{
	struct plot plot_args = {.x = "epoch", .width = 800};
	const struct flag flags[] = {
		{.name = "--metric", .value = "NAME[,NAME]", .text = &plot_args.metrics,
		 .help = "as in metrics.csv: loss, valid_top1, critic/loss; several are drawn over each other"},
		{.name = "--x", .value = "epoch|images|seconds", .text = &plot_args.x, .help = "what is across, default epoch"},
		{.name = "--out", .value = "FILE.svg|FILE.png", .text = &plot_args.out,
		 .help = "default NAME.svg in the folder of the first run or sweep"},
		{.name = "-o", .value = "FILE.svg|FILE.png", .text = &plot_args.out, .help = "the same"},
		{.name = "--width", .value = "N", .number = &plot_args.width, .lo = 200, .hi = 10000, .help = "pixels, default 800"},
		{.name = "--height", .value = "N", .number = &plot_args.height, .lo = 150, .hi = 10000,
		 .help = "pixels, default 500, or as many as the rows of single values take"},
		{0},
	};
	struct err e = {0};
	struct positional p = {0};
	bool help = false;
	enum status st = options_read(argc, argv, flags, 1, MAX_POSITIONAL, &p, &help, &e);
	if (help) {
		options_help(&cmd_plot, flags, "limbeck plot runs/kd-1a2b3c4d --metric valid_top1 -o kd.png");
		return 0;
	}
	if (st == OK) {
		plot_args.arena = arena_open("plot");
		st = plot(&plot_args, &p, &e);
		arena_close(plot_args.arena);
	}
	return command_end(st, &e);
}

const struct command cmd_plot = {
	.name = "plot",
	.args = "RUN|SWEEP ... --metric NAME[,NAME] [-o FILE.svg|FILE.png] [OPTION ...]",
	.help = "draws metrics of runs: over epochs every seed thin and the mean thick, or, of what is measured once, every seed as a mark",
	.run = run,
};
