#include "report/page.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/page_int.h"

const double *series_last(struct page_out *o, const struct shown *s, const char *metric)
{
	double *v = NEW_ARRAY(o->arena, double, s->s->n);
	const bool gap = str_eq(metric, "gap"), none = s->s->imported && str_eq(gap ? o->metric : metric, BEST);
	for (int i = 0; i < s->s->n; i++)
		v[i] = none ? NAN : gap ? measured_last(&s->item[i], "teacher_test_top1") - measured_last(&s->item[i], o->metric) : measured_last(&s->item[i], metric);
	return v;
}

struct summary series_summary(struct page_out *o, const struct shown *s, const char *metric)
{
	return summary_of(series_last(o, s, metric), s->s->n);
}

int series_by_limit(const struct shown *s)
{
	int n = 0;
	for (int i = 0; i < s->s->n; i++) {
		bool any = false; /* a row a phase */
		for (int k = 0; k < s->item[i].n && !any; k++)
			any = str_eq(s->item[i].value[k].name, "phase_by_limit") && s->item[i].value[k].value > 0;
		n += any;
	}
	return n;
}

const char *seed_name(struct page_out *o, const struct shown *s, int i)
{
	return arena_printf(o->arena, "seed %llu", (unsigned long long)s->s->item[i].seed);
}

const char *chosen(const struct page_out *o)
{
	return str_eq(o->metric, BEST_TEST) ? ", chosen on the test set" : "";
}

int most_seeds(const struct page_out *o)
{
	int most = 0;
	for (int i = 0; i < o->n; i++)
		most = o->series[i].s->n > most ? o->series[i].s->n : most;
	return most;
}

static void load(struct page_out *o, struct archive *r)
{
	const struct page *p = o->page;
	o->n = p->n_series;
	o->series = NEW_ARRAY(o->arena, struct shown, p->n_series);
	for (int i = 0; i < p->n_series; i++) {
		struct shown *s = &o->series[i];
		const int n = p->series[i].n;
		struct measured *m = NEW_ARRAY(o->arena, struct measured, n);
		struct told *t = NEW_ARRAY(o->arena, struct told, n);
		*s = (struct shown){.s = &p->series[i], .item = m, .told = t};
		for (int k = 0; k < n; k++)
			archive_measured(r, &s->s->item[k], &m[k]);
		told_load(o, r, m, n, t, &s->best_answers);
	}
}

/* Series whose stage is the teacher of another's, in the same run. */
static void find_teachers(struct page_out *o)
{
	for (int i = 0; i < o->n; i++)
		for (int k = 0; k < o->series[i].s->n; k++) {
			const struct measured *m = &o->series[i].item[k];
			const char *teacher = m->config.root ? run_config_teacher(o->arena, &m->config, m->item->stage) : NULL;
			for (int j = 0; teacher && j < o->n; j++)
				for (int l = 0; l < o->series[j].s->n; l++)
					o->series[j].teaches |= str_eq(o->series[j].s->item[l].stage, teacher);
		}
}

static void write_part(struct page_out *o, struct archive *r)
{
	o->metric = o->page->metric ? o->page->metric : "test_top1";
	load(o, r);
	page_choose(o);
	find_teachers(o);
	part_begin(o);
	page_summary(o);
	page_differences(o);
	page_seeds(o);
	page_curves(o);
	page_costs(o);
	page_phases(o);
	page_answers(o);
	page_origin(o);
	part_end(o);
}

enum status pages_write(const char *title, const struct page *p, int n, struct store *s, const char *path, struct err *e)
{
	struct arena *stores = arena_open("stores");
	struct archive *r = archive_open(stores, s);
	struct page_out o = {.title = title};
	page_begin(&o);
	for (int i = 0; i < n; i++) {
		o.arena = arena_open("page");
		o.page = &p[i];
		o.part = n > 1 ? i + 1 : 0;
		write_part(&o, r);
		arena_close(o.arena);
	}
	const enum status st = page_end(&o, path, e);
	archive_close(r);
	str_release(&o.html);
	str_release(&o.contents);
	arena_close(stores);
	return st;
}

enum status page_write(const struct page *p, struct store *s, const char *path, struct err *e)
{
	return pages_write(p->title, p, 1, s, path, e);
}
