/* Pictures that the best network gets wrong, the surest answers first. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/dataset.h"
#include "report/page_int.h"
#include "report/picture.h"

enum { SHEET = 24, SIDE_MOST = 96 };

struct mistake {
	int i;
	double confidence;
};

static int by_confidence(const void *a, const void *b)
{
	const struct mistake *x = a, *y = b;
	if (isfinite(x->confidence) && isfinite(y->confidence) && x->confidence != y->confidence)
		return x->confidence < y->confidence ? 1 : -1;
	return (x->i > y->i) - (x->i < y->i);
}

static const char *class_name(struct page_out *o, const struct data *d, int k)
{
	return k < d->info.classes ? d->info.class_name[k] : arena_printf(o->arena, "class %d", k);
}

/* Picture number i of the file. */
static enum status picture(struct page_out *o, const struct data *d, int i, struct str *png, struct err *e)
{
	const struct pictures *p = &d->info.test;
	const int longer = p->H > p->W ? p->H : p->W, side = longer > SIDE_MOST ? SIDE_MOST : 0;
	uint8_t *pixels = arena_alloc(o->arena, (size_t)p->H * (size_t)p->W * (size_t)p->C);
	const enum status st = p->read(p, i, pixels, e);
	if (st != OK)
		return st;
	if (!side)
		return picture_png(png, pixels, p->H, p->W, p->C, e);
	uint8_t *small = arena_alloc(o->arena, (size_t)side * (size_t)side * (size_t)p->C);
	image_fit(pixels, p->H, p->W, p->C, small, side, side);
	return picture_png(png, small, side, side, p->C, e);
}

static enum status show(struct page_out *o, const struct data *d, const struct answers *a, const struct mistake *m, struct err *e)
{
	struct str png = {0};
	const enum status st = picture(o, d, a->sample ? a->sample[m->i] : d->test[m->i], &png, e);
	const char *label = class_name(o, d, a->label[m->i]), *answer = class_name(o, d, a->answer[m->i]);
	if (st == OK) {
		str_printf(&o->html, "<li><figure><img width=\"%d\" height=\"%d\" alt=\"Test picture %d, labelled ", 128, 128, m->i);
		html_escape(&o->html, label);
		str_add(&o->html, ", taken for ");
		html_escape(&o->html, answer);
		str_add(&o->html, "\" src=\"data:image/png;base64,");
		base64_add(&o->html, png.text, png.len);
		str_add(&o->html, "\"><figcaption>");
		html_escape(&o->html, label);
		str_add(&o->html, "<br><strong>");
		html_escape(&o->html, answer);
		str_add(&o->html, "</strong>");
		if (isfinite(m->confidence))
			str_printf(&o->html, "<br>%.1f&#160;%%", 100 * m->confidence);
		str_add(&o->html, "</figcaption></figure></li>\n");
	}
	str_release(&png);
	return st;
}

void page_mistakes(struct page_out *o, const struct data *d, const struct answers *a, const char *label)
{
	struct mistake *m = NEW_ARRAY(o->arena, struct mistake, a->n);
	struct err e = {0};
	int n = 0;
	for (int i = 0; i < a->n; i++)
		if (a->label[i] != a->answer[i])
			m[n++] = (struct mistake){i, answers_confidence(a, i)};
	qsort(m, (size_t)n, sizeof *m, by_confidence);
	section_begin(o, "mistakes", "Pictures it gets wrong");
	char wrong[32], all[32];
	paragraph(o, "%s of %s test pictures, by %s%s. Under each picture its label, then the answer%s.", str_count(wrong, n), str_count(all, a->n), label,
	          n > SHEET ? a->logits ? "; here are the 24 with the surest answers" : "; here are the first 24" : "", a->logits ? " and its probability" : "");
	str_add(&o->html, "<ul class=\"sheet\">\n");
	for (int i = 0; i < n && i < SHEET; i++)
		if (show(o, d, a, &m[i], &e) != OK)
			break;
	str_add(&o->html, "</ul>\n");
	if (e.count)
		paragraph(o, "The rest can't be read any more: %.*s.", (int)strcspn(e.text, "\n"), e.text);
	section_end(o);
}

void page_no_pictures(struct page_out *o, const char *label, const char *why)
{
	section_begin(o, "mistakes", "Pictures it gets wrong");
	const char *reason = *why ? why : "its configuration is not there";
	paragraph(o, "The pictures that %s gets wrong can't be shown: %.*s.", label, (int)strcspn(reason, "\n"), reason);
	section_end(o);
}
