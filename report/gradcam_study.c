/* Several networks on the same pictures and classes: one batch through all of them, and what is counted of it. */
#include <math.h>
#include <string.h>

#include "report/gradcam.h"
#include "report/heat_map.h"

enum status study_open(struct arena *a, struct gradcam_study *s, struct err *e)
{
	enum status st = OK;
	s->image = arena_alloc(a, (size_t)s->batch * (size_t)s->C * (size_t)s->H * (size_t)s->W);
	s->class = NEW_ARRAY(a, int32_t, s->batch);
	for (int i = 0; i < s->n_column && st == OK; i++) {
		struct gradcam_column *c = &s->column[i];
		st = gradcam_open(a, c->net, c->mean, c->std, s->layer, s->n_layer, s->batch, s->dev, s->precision, &c->cam, e);
		if (st == OK && gradcam_workspace(c->cam) > s->bytes)
			s->bytes = gradcam_workspace(c->cam);
	}
	if (st == OK)
		st = device_alloc(s->dev, s->bytes, &s->workspace, e);
	for (int i = 0; i < s->n_column && st == OK; i++)
		st = gradcam_prepare(s->column[i].cam, s->workspace, e);
	return st;
}

enum status study_run(struct gradcam_study *s, struct gradcam_shot *shot, int n, struct err *e)
{
	const size_t picture = (size_t)s->C * (size_t)s->H * (size_t)s->W;
	bool ask = false;
	for (int i = 0; i < n; i++) {
		memcpy(s->image + picture * (size_t)i, shot[i].pixels, picture);
		s->class[i] = shot[i].class;
		ask |= shot[i].class < 0;
	}
	enum status st = OK;
	if (ask) {
		st = gradcam_run(s->column[0].cam, s->image, s->class, n, e);
		for (int i = 0; i < n && st == OK; i++)
			if (shot[i].class < 0)
				shot[i].class = s->class[i] = gradcam_answer(s->column[0].cam, i);
	}
	for (int k = 0; k < s->n_column && st == OK; k++)
		st = gradcam_run(s->column[k].cam, s->image, s->class, n, e);
	return st;
}

static bool all_zero(const double *map, int n)
{
	for (int i = 0; i < n; i++)
		if (map[i] > 0)
			return false;
	return true;
}

/* Rank correlation with the first column's map. */
static void count_rank(struct gradcam_figures *f, const struct gradcam_map *first, const struct gradcam_map *m, int i)
{
	const double r = map_correlation(first->own + (size_t)i * (size_t)(first->h * first->w), first->h, first->w,
	                                 m->own + (size_t)i * (size_t)(m->h * m->w), m->h, m->w);
	if (isnan(r))
		return;
	f->n_rank++;
	f->rank += r;
}

static void count_one(const struct gradcam_study *s, const struct gradcam_map *first, const struct gradcam_map *m, const struct gradcam_shot *shot,
                      int i, struct gradcam_figures *f)
{
	const int pixels = s->H * s->W;
	const double *map = m->wide + (size_t)i * (size_t)pixels;
	f->n++;
	if (all_zero(map, pixels)) {
		f->zero++;
		return;
	}
	if (shot->object) {
		f->n_object++;
		f->inside += map_inside(map, shot->object, pixels);
		f->hit += map_hit(map, shot->object, pixels);
	}
	if (first->h)
		count_rank(f, first, m, i);
}

void study_count(const struct gradcam_study *s, const struct gradcam_shot *shot, int n, struct gradcam_figures *figures)
{
	for (int k = 0; k < s->n_column; k++)
		for (int l = 0; l < s->n_layer; l++) {
			const struct gradcam_map *m = gradcam_map(s->column[k].cam, l), *first = gradcam_map(s->column[0].cam, l);
			struct gradcam_figures *f = &figures[k * s->n_layer + l];
			f->h = m->h;
			f->w = m->w;
			f->h_rank = m->h < first->h ? m->h : first->h;
			f->w_rank = m->w < first->w ? m->w : first->w;
			for (int i = 0; i < n && m->h; i++)
				count_one(s, first, m, &shot[i], i, f);
		}
}

void study_close(struct gradcam_study *s)
{
	for (int i = 0; i < s->n_column; i++)
		gradcam_close(s->column[i].cam);
	device_free(s->dev, s->workspace, s->bytes);
}
