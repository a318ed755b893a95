/* Where the numbers come from: configurations, programs, machines, data. */
#include <string.h>

#include "report/page_int.h"

enum { CONFIGS = 12 };

static void entry(struct page_out *o, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	str_printf(&o->html, "<dt>%s</dt><dd>", name);
	html_escape(&o->html, value);
	str_add(&o->html, "</dd>\n");
}

static bool same(const struct measured *a, const struct measured *b)
{
	const struct store_run_row *x = a->origin, *y = b->origin;
	if (!x || !y)
		return x == y;
	return x == y || (str_eq(x->program, y->program) && str_eq(x->machine, y->machine) && str_eq(x->device, y->device) &&
	                  str_eq(x->precision, y->precision) && x->threads == y->threads);
}

/* Every item, in order. */
static const struct measured **items(struct page_out *o, int *n)
{
	int all = 0;
	for (int i = 0; i < o->n; i++)
		all += o->series[i].s->n;
	const struct measured **m = NEW_ARRAY(o->arena, const struct measured *, all);
	*n = 0;
	for (int i = 0; i < o->n; i++)
		for (int k = 0; k < o->series[i].s->n; k++)
			m[(*n)++] = &o->series[i].item[k];
	return m;
}

static void origins(struct page_out *o, const struct measured **m, int n)
{
	for (int i = 0; i < n; i++) {
		bool had = false;
		int count = 0;
		for (int k = 0; k < n; k++) {
			had |= k < i && same(m[k], m[i]);
			count += same(m[k], m[i]);
		}
		if (had)
			continue;
		str_add(&o->html, "<dl class=\"origin\">\n");
		const struct store_run_row *r = m[i]->origin;
		entry(o, "results", arena_printf(o->arena, count == n ? "all %d" : "%d", count));
		entry(o, "program", r ? r->program : "not recorded: no store knows the run");
		if (r) {
			entry(o, "machine", r->machine);
			entry(o, "device", arena_printf(o->arena, "%s, %s, %d thread%s", r->device, r->precision, r->threads, r->threads == 1 ? "" : "s"));
			entry(o, "begun", arena_printf(o->arena, "%s UTC", r->begun));
		}
		entry(o, "data", m[i]->config.root ? run_config_pictures(o->arena, &m[i]->config) : NULL);
		str_add(&o->html, "</dl>\n");
	}
}

static void configs(struct page_out *o, const struct measured **m, int n)
{
	int shown = 0, all = 0;
	for (int i = 0; i < n; i++) {
		bool had = !m[i]->config.root;
		for (int k = 0; k < i && !had; k++)
			had = m[k]->config.root && str_eq(m[k]->config.text, m[i]->config.text);
		if (had || all++ >= CONFIGS)
			continue;
		const char *slash = strrchr(m[i]->config.folder, '/');
		shown++;
		str_add(&o->html, "<details>\n<summary>");
		html_escape(&o->html, slash ? slash + 1 : m[i]->config.folder);
		str_add(&o->html, "/config.yaml</summary>\n<pre>");
		html_escape(&o->html, m[i]->config.text);
		str_add(&o->html, "</pre>\n</details>\n");
	}
	if (!all)
		paragraph(o, "No run's folder has its config.yaml any more.");
	if (shown < all)
		paragraph(o, "%d configurations more are in the runs' folders.", all - shown);
}

void page_origin(struct page_out *o)
{
	int n = 0;
	const struct measured **m = items(o, &n);
	section_begin(o, "configuration", "Configuration");
	paragraph(o, "As each run resolved it: every option, and where its value came from.");
	configs(o, m, n);
	section_end(o);
	section_begin(o, "origin", "Where it comes from");
	origins(o, m, n);
	section_end(o);
}
