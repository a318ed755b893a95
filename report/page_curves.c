/* Curves over epochs: a chart for each metric that has some, in groups. */
#include <math.h>
#include <string.h>

#include "report/axis.h"
#include "report/page_int.h"

enum { MANY = 12 /* charts of a group; the rest folds away */ };

struct group {
	const char *title;
	const char *const *metric; /* whole names, or beginnings that end in '/'; NULL ends */
};
#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})
static const struct group groups[] = {
	{"Loss and accuracy", NAMES("loss", "valid_loss", "train_top1_running", "valid_top1", "test_top1_watched", "gap_to_teacher_valid")},
	{"Learning rate and temperature", NAMES("lr", "temperature", "tau/", "alignment/")},
	{"Critic's balance", NAMES("critic/", "discriminator/")},
	{"Gradient ratios", NAMES("gradient/", "gradients/", "grad/", "ratio/")},
	{"Terms of the loss", NAMES("loss/")},
	{"Speed", NAMES("time/images_per_s", "time/wait_share")},
	{"Other metrics", NAMES("")},
};
enum { N_GROUP = sizeof groups / sizeof *groups };

static const struct { const char *metric, *title; } titles[] = {
	{"loss", "loss in training"},
	{"valid_loss", "loss on held-out pictures"},
	{"train_top1_running", "accuracy in training while weights move (running), percent"},
	{"valid_top1", "accuracy on held-out pictures, percent"},
	{"test_top1_watched", "accuracy on test pictures, percent"},
	{"gap_to_teacher_valid", "gap to the teacher on held-out pictures, points"},
	{"lr", "learning rate"},
	{"time/images_per_s", "pictures a second"},
	{"memory/resident_mib", "memory of the program, MiB"},
	{"memory/device_mib", "memory taken on the GPU, MiB"},
	{"time/wait_share", "share of the time waited for pictures"},
};
/* Not worth a curve: constant, or counted up. */
static const char *const left_out[] = {"trained_parameters", "parameters_whole", "time/lesson_seconds", "time/seconds"};

static const char *title_of(const char *metric)
{
	for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
		if (str_eq(titles[i].metric, metric))
			return titles[i].title;
	return metric;
}

/* "critic/" is the beginning of "critic/loss" and of "critic2/loss" too, where a stage has several. */
static bool begins(const char *metric, const char *name)
{
	const size_t n = strlen(name);
	if (n && (name[n - 1] != '/' || strncmp(metric, name, n - 1) != 0))
		return false;
	return !n || metric[n - 1 + strspn(metric + n - 1, "0123456789")] == '/';
}

static int group_of(const char *metric)
{
	for (int g = 0; g < N_GROUP; g++)
		for (const char *const *name = groups[g].metric; *name; name++)
			if (str_eq(*name, metric) || begins(metric, *name))
				return g;
	return N_GROUP - 1;
}

/* Where a metric stands in its group. */
static int rank_of(const char *metric)
{
	int r = 0;
	for (const char *const *name = groups[group_of(metric)].metric; *name && !str_eq(*name, metric); name++)
		r++;
	return r;
}

struct metric_list {
	int n, cap;
	const char **name;
};

static void add_metric(struct metric_list *l, const char *name)
{
	for (int i = 0; i < l->n; i++)
		if (str_eq(l->name[i], name))
			return;
	for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
		if (str_eq(left_out[i], name))
			return;
	void *items = l->name;
	mem_grow(&items, l->n, &l->cap, sizeof *l->name);
	l->name = items;
	int at = l->n++;
	for (; at > 0 && (rank_of(l->name[at - 1]) > rank_of(name) || (rank_of(l->name[at - 1]) == rank_of(name) && strcmp(l->name[at - 1], name) > 0)); at--)
		l->name[at] = l->name[at - 1];
	l->name[at] = name;
}

void page_choose(struct page_out *o)
{
	bool *drawn = NEW_ARRAY(o->arena, bool, o->n);
	double *mean = NEW_ARRAY(o->arena, double, o->n);
	for (int i = 0; i < o->n; i++) {
		mean[i] = series_summary(o, &o->series[i], o->metric).mean;
		mean[i] = isnan(mean[i]) ? -INFINITY : mean[i];
	}
	for (int k = 0; k < CURVED && k < o->n; k++) {
		int best = -1;
		for (int i = 0; i < o->n; i++)
			if (!drawn[i] && (best < 0 || mean[i] > mean[best]))
				best = i;
		drawn[best] = true;
	}
	int style = 0, other = CURVED;
	for (int i = 0; i < o->n; i++)
		o->series[i].style = drawn[i] ? style++ : other++;
	o->curved = drawn;
}

static void tell_left_out(struct page_out *o)
{
	int n = 0;
	if (o->n <= CURVED)
		return;
	paragraph(o, "Of %d stages the %d with the highest accuracy are drawn; the table has all.", o->n, CURVED);
	str_printf(&o->html, "<details>\n<summary>%d are left out</summary>\n<p>", o->n - CURVED);
	for (int i = 0; i < o->n; i++) {
		if (o->curved[i])
			continue;
		str_add(&o->html, n++ ? "; " : "");
		html_escape(&o->html, o->series[i].s->label);
	}
	str_add(&o->html, "</p>\n</details>\n");
}

/* A curve has two epochs; what is measured once, at the end, has none. */
static bool repeats(const struct measured *m, int from)
{
	for (int i = from + 1; i < m->n; i++)
		if (str_eq(m->value[i].name, m->value[from].name))
			return true;
	return false;
}

static void collect(const struct page_out *o, struct metric_list list[N_GROUP])
{
	for (int i = 0; i < o->n; i++)
		for (int k = 0; o->curved[i] && k < o->series[i].s->n; k++) {
			const struct measured *m = &o->series[i].item[k];
			for (int j = 0; j < m->n; j++)
				if (repeats(m, j))
					add_metric(&list[group_of(m->value[j].name)], m->value[j].name);
		}
}

/* The series that have a curve; a range of decades above zero wants a logarithmic axis. */
static struct line_chart gather(struct page_out *o, const char *metric)
{
	struct chart_series *series = NEW_ARRAY(o->arena, struct chart_series, o->n);
	double lo = INFINITY, hi = -INFINITY;
	int n = 0;
	for (int i = 0; i < o->n; i++) {
		const struct shown *s = &o->series[i];
		if (!o->curved[i])
			continue;
		struct curve *seed = NEW_ARRAY(o->arena, struct curve, s->s->n);
		int seeds = 0;
		for (int k = 0; k < s->s->n; k++) {
			struct curve *c = &seed[seeds];
			c->n = measured_curve(o->arena, &s->item[k], metric, &c->x, &c->y);
			seeds += c->n > 0;
			for (int j = 0; j < c->n; j++)
				range_add(&lo, &hi, c->y[j]);
		}
		if (seeds)
			series[n++] = (struct chart_series){s->s->label, s->style, seeds, seed};
	}
	const bool decades = lo > 0 && hi / lo > 50 && !strstr(metric, "top1");
	return (struct line_chart){.x_label = "epoch", .y_label = title_of(metric), .log_y = decades, .whole_x = true, .n = n, .series = series};
}

static const char *describe(struct page_out *o, const struct line_chart *l)
{
	struct str text = {0};
	str_printf(&text, "Over epochs%s. Means in the first and the last:", l->log_y ? ", on a logarithmic axis" : "");
	for (int i = 0; i < l->n; i++) {
		const struct curve m = curve_mean(o->arena, &l->series[i]);
		if (m.n)
			str_printf(&text, "%s %s %.4g, %.4g", i ? ";" : "", l->series[i].label, m.y[0], m.y[m.n - 1]);
	}
	str_add(&text, ".");
	const char *out = arena_str(o->arena, str_text(&text));
	str_release(&text);
	return out;
}

static void draw(struct page_out *o, const char *metric)
{
	const struct line_chart l = gather(o, metric);
	struct canvas *c = figure_begin(o, l.y_label, describe(o, &l), CHART_WIDTH, chart_lines_height(o->arena, &l, CHART_WIDTH));
	chart_lines(c, &l);
	figure_end(o, c, NULL);
}

static void draw_group(struct page_out *o, const struct group *g, const struct metric_list *l)
{
	const bool folded = g == &groups[N_GROUP - 1] || g == &groups[N_GROUP - 2];
	if (!l->n)
		return;
	if (folded)
		str_printf(&o->html, "<details>\n<summary>%s</summary>\n", g->title);
	else
		subheading(o, g->title);
	figures_begin(o);
	for (int i = 0; i < l->n; i++) {
		if (i == MANY && !folded)
			str_printf(&o->html, "</div>\n<details>\n<summary>%d more</summary>\n<div class=\"figures\">\n", l->n - MANY);
		draw(o, l->name[i]);
	}
	figures_end(o);
	if (folded || l->n > MANY)
		str_add(&o->html, "</details>\n");
}

void page_curves(struct page_out *o)
{
	struct metric_list list[N_GROUP] = {{0}};
	int n = 0;
	collect(o, list);
	for (int g = 0; g < N_GROUP; g++)
		n += list[g].n;
	if (n) {
		section_begin(o, "curves", "Curves");
		paragraph(o, most_seeds(o) > 1 ? "Thin lines are seeds, thick ones their mean, over the epochs that all seeds of a stage have."
		                               : "One line for each stage.");
		tell_left_out(o);
		for (int g = 0; g < N_GROUP; g++)
			draw_group(o, &groups[g], &list[g]);
		section_end(o);
	}
	for (int g = 0; g < N_GROUP; g++)
		mem_free(list[g].name);
}
