/* What the networks answered: beside the teacher, in confusion, and wrongly. */
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "data/dataset.h"
#include "models/model.h"
#include "report/confusion.h"
#include "report/page_int.h"
#include "report/picture.h"

/* Seeds are averaged, so they are all of one rule. */
static bool all_kept_best(struct page_out *o, const struct measured *m, int n)
{
	bool any = false;
	for (int i = 0; i < n; i++) {
		const bool best = answers_there(o->arena, m[i].home, true);
		if (!best && answers_there(o->arena, m[i].home, false))
			return false;
		any |= best;
	}
	return any;
}

void told_load(struct page_out *o, struct archive *r, const struct measured *m, int n, struct told *t, bool *best)
{
	*best = str_eq(o->metric, BEST) && all_kept_best(o, m, n);
	struct arena *teacher_arena = NULL;
	struct answers teacher = {0};
	const char *teacher_home = NULL; /* whose answers are at hand: the seeds of a series mostly share one */
	for (int i = 0; i < n; i++) {
		struct arena *a = arena_open("answers");
		struct answers s;
		const char *stage = m[i].config.root ? run_config_teacher(o->arena, &m[i].config, m[i].item->stage) : NULL;
		t[i] = (struct told){answers_read(a, m[i].home, *best, &s), NAN, NAN, answers_calibration(&s)};
		if (stage && t[i].there) {
			struct measured of_teacher;
			const struct page_item item = {m[i].item->folder, stage, 0};
			archive_measured(r, &item, &of_teacher);
			if (!str_eq(of_teacher.home, teacher_home)) {
				arena_close(teacher_arena);
				teacher_arena = arena_open("teacher's answers");
				teacher_home = of_teacher.home;
				answers_read(teacher_arena, teacher_home, false, &teacher); /* its last weights have taught */
			}
			t[i].agreement = answers_agreement(&s, &teacher);
			t[i].divergence = answers_divergence(&s, &teacher);
		}
		arena_close(a);
	}
	arena_close(teacher_arena);
}

static double told_mean(const struct shown *s, size_t offset)
{
	double sum = 0;
	int n = 0;
	for (int k = 0; k < s->s->n; k++) {
		double v;
		memcpy(&v, (const char *)&s->told[k] + offset, sizeof v);
		sum += isfinite(v) ? v : 0;
		n += isfinite(v);
	}
	return n ? sum / n : NAN;
}

static void count_answers(const struct page_out *o, int *have, int *all)
{
	*have = *all = 0;
	for (int i = 0; i < o->n; i++)
		for (int k = 0; k < o->series[i].s->n; k++) {
			*have += o->series[i].told[k].there;
			(*all)++;
		}
}

static const char *epoch_of(const struct shown *s)
{
	return s->best_answers ? "the epoch that did best on the held-out pictures" : "its last epoch";
}

static void whose_answers(struct page_out *o)
{
	const bool best = str_eq(o->metric, BEST), on_test = str_eq(o->metric, BEST_TEST);
	const char *without = NULL;
	bool kept = false;
	for (int i = 0; i < o->n && best; i++) {
		const struct shown *s = &o->series[i];
		bool there = false;
		for (int k = 0; k < s->s->n; k++)
			there |= s->told[k].there;
		kept |= s->best_answers;
		if (there && !s->best_answers)
			without = arena_printf(o->arena, "%s%s%s", without ? without : "", without ? "; " : "", s->s->label);
	}
	if (on_test)
		paragraph(o, "No answers are kept of the epoch that the test pictures chose: here they are of the last epoch.");
	else if (!kept)
		paragraph(o, best ? "No answers of the epoch that did best on the held-out pictures were kept: here they are of the last epoch." : "Answers are of the last epoch.");
	else
		paragraph(o, "Answers are of the epoch that did best on the held-out pictures, a teacher's of its last one, by which it has taught.%s%s%s",
		          without ? " Not all of the best were kept, so they are of the last epoch, by: " : "", without ? without : "", without ? "." : "");
}

static void teacher_table(struct page_out *o)
{
	static const char *const head[] = {"stage", "teacher %", "gap, points", "same answers %", "KL, nats", "calibration error %", NULL};
	table_begin(o, "Means over the seeds, on the test pictures.", head);
	for (int i = 0; i < o->n; i++) {
		const struct shown *s = &o->series[i];
		row_begin(o);
		cell_series(o, s);
		cell_number(o, "%.2f", series_summary(o, s, "teacher_test_top1").mean);
		cell_number(o, "%+.2f", series_summary(o, s, "gap").mean);
		cell_number(o, "%.2f", told_mean(s, offsetof(struct told, agreement)));
		cell_number(o, "%.4f", told_mean(s, offsetof(struct told, divergence)));
		cell_number(o, "%.2f", told_mean(s, offsetof(struct told, calibration)));
		row_end(o);
	}
	table_end(o);
	paragraph(o, "Gap: the teacher's accuracy minus the student's. Same answers: how often student and teacher name the same class, right or wrong. "
	             "KL: of the student's probabilities from the teacher's, at temperature 1. Calibration error: mean difference between confidence and accuracy "
	             "over 15 bins of confidence.");
}

/* The stage and seed whose confusion and mistakes are shown; false: none has answers. */
static bool choose(struct page_out *o, int *series, int *item)
{
	double best = -INFINITY;
	bool taught = false;
	for (int i = 0; i < o->n; i++)
		taught |= !o->series[i].teaches;
	*series = -1;
	for (int i = 0; i < o->n; i++) {
		const struct shown *s = &o->series[i];
		const double mean = series_summary(o, s, o->metric).mean, *v = series_last(o, s, o->metric);
		int k = -1;
		for (int j = 0; j < s->s->n; j++)
			if (s->told[j].there && (k < 0 || v[j] > v[k]))
				k = j;
		if (k < 0 || (taught && s->teaches) || !(mean > best))
			continue;
		best = mean;
		*series = i;
		*item = k;
	}
	return *series >= 0;
}

/* Names of classes, from the data where they are still there. */
static const char *const *class_names(struct page_out *o, const struct data *d, int classes)
{
	const char **name = NEW_ARRAY(o->arena, const char *, classes);
	for (int k = 0; k < classes; k++)
		name[k] = d && k < d->info.classes ? d->info.class_name[k] : arena_printf(o->arena, "class %d", k);
	return name;
}

static void draw_confusion(struct page_out *o, const struct answers *a, const char *const *name, const char *label)
{
	enum { AS_SVG = 128 };
	const size_t K = (size_t)a->classes;
	long *count = NEW_ARRAY(o->arena, long, K * K), right = 0;
	double width, height;
	for (int i = 0; i < a->n; i++) {
		count[(size_t)a->label[i] * K + (size_t)a->answer[i]]++;
		right += a->label[i] == a->answer[i];
	}
	const struct confusion m = {.classes = a->classes, .count = count, .name = name};
	chart_confusion_size(o->arena, &m, &width, &height);
	char good[32], all[32];
	const char *what = arena_printf(o->arena, "Rows are labels, columns answers: %s of %s right.", str_count(good, right), str_count(all, a->n));
	if (a->classes <= AS_SVG) {
		struct canvas *c = figure_begin(o, arena_printf(o->arena, "Confusion of %s", label), what, width, height);
		chart_confusion(c, &m);
		figure_end(o, c, what);
		return;
	}
	struct str png = {0};
	struct canvas *c = canvas_png(o->arena, width, height);
	chart_confusion(c, &m);
	if (canvas_close(c, &png, NULL) == OK) {
		str_add(&o->html, "<figure class=\"wide\"><img alt=\"Confusion: ");
		html_escape(&o->html, what);
		str_add(&o->html, "\" src=\"data:image/png;base64,");
		base64_add(&o->html, png.text, png.len);
		str_add(&o->html, "\"><figcaption>");
		html_escape(&o->html, what);
		str_add(&o->html, "</figcaption></figure>\n");
	}
	str_release(&png);
}

/* The sheet of the last blocks, as 'limbeck gradcam RUN' leaves it: of a layer of its own, or of the deepest block. */
static void gradcam(struct page_out *o, const struct measured *m)
{
	const char *path = path_join(o->arena, m->run, "gradcam/last.png");
	for (int i = MAX_BLOCK; i > 0 && !file_exists(path); i--)
		path = arena_printf(o->arena, "%s/gradcam/block%d.png", m->run, i);
	char *data = NULL;
	size_t n = 0;
	if (!file_exists(path) || file_read(o->arena, path, false, &data, &n, NULL) != OK)
		return;
	section_begin(o, "gradcam", "Where the networks look");
	str_add(&o->html, "<figure class=\"wide\"><img alt=\"Grad-CAM sheet: test pictures, each beside heat maps of where the networks look\" "
	                  "src=\"data:image/png;base64,");
	base64_add(&o->html, data, n);
	str_add(&o->html, "\"><figcaption>Grad-CAM of this run's networks.</figcaption></figure>\n");
	section_end(o);
}

/* Whether the data set has the pictures that were answered to. */
static bool pictures_there(const struct data *d, const struct answers *a)
{
	bool there = a->sample || d->n_test == a->n;
	for (int i = 0; i < a->n && there; i++) {
		const int at = a->sample ? a->sample[i] : d->test[i];
		there = at >= 0 && at < d->info.test.n && d->info.test.label[at] == a->label[i];
	}
	return there;
}

/* Confusion and mistakes of one item, with its data if they are still there. */
static void show_item(struct page_out *o, const struct shown *s, int item)
{
	const struct measured *m = &s->item[item];
	const char *label = arena_printf(o->arena, "%s, %s", s->s->label, seed_name(o, s, item));
	struct answers a;
	struct data *d = NULL;
	struct err e = {0};
	answers_read(o->arena, m->home, s->best_answers, &a);
	const struct conf *map = m->config.root ? conf_find(m->config.root, "data") : NULL;
	const bool opened = map && data_open(o->arena, map, run_config_seeds(&m->config).split, &d, &e) == OK;
	section_begin(o, "confusion", "Confusion");
	paragraph(o, "Of %s: the stage with the highest mean that teaches no other, and its seed with the highest accuracy. It was chosen by the test "
	             "pictures, only to be looked at. Its answers are of %s.", label, epoch_of(s));
	draw_confusion(o, &a, class_names(o, opened ? d : NULL, a.classes), label);
	section_end(o);
	if (opened && pictures_there(d, &a))
		page_mistakes(o, d, &a, label);
	else
		page_no_pictures(o, label, opened ? "the data set has other test pictures now" : e.text);
	data_close(d);
}

void page_answers(struct page_out *o)
{
	int have, all, series = 0, item = 0;
	count_answers(o, &have, &all);
	if (!all)
		return;
	section_begin(o, "answers", "Beside the teacher");
	if (have < all)
		paragraph(o, "%d of %d results have no file of answers (test.safetensors, test_best.safetensors) beside their weights: for those, agreement, KL, calibration, "
		             "confusion and mistakes are missing.", all - have, all);
	whose_answers(o);
	teacher_table(o);
	section_end(o);
	if (choose(o, &series, &item)) {
		show_item(o, &o->series[series], item);
		gradcam(o, &o->series[series].item[item]);
		return;
	}
	for (int i = 0; i < o->n; i++)
		if (o->series[i].s->n) {
			gradcam(o, &o->series[i].item[0]);
			return;
		}
}
