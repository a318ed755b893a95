#include "stages/feed.h"

#include "engine/build.h"

struct node *feed_build(struct feed *f, struct graph *g, const struct data *d, int n)
{
	const struct pictures *p = &d->info.train;
	*f = (struct feed){.data = d, .n = n};
	if (!d->store) {
		f->image = graph_input(g, "image", shape4(n, p->C, p->H, p->W), CLASS_U8);
		return graph_normalize(g, f->image, d->mean, d->std);
	}
	const struct type all = type_of(shape4(data_rows(d), p->C, p->H, p->W), CLASS_U8);
	f->store = graph_given(g, "pictures", &all);
	f->view = graph_input(g, "view", shape2(n, 4), CLASS_I32);
	return graph_pictures(g, f->store, f->view, d->mean, d->std);
}

void feed_link(const struct feed *f, struct plan *p)
{
	if (f->store)
		plan_link(p, f->store, f->data->store);
}

void feed_put(const struct feed *f, struct plan *p, const struct batch *b, int first)
{
	const struct pictures *pic = &f->data->info.train;
	const int n = b->n - first < f->n ? b->n - first : f->n;
	const size_t at = (size_t)first * (size_t)(pic->C * pic->H * pic->W);
	BUG_IF(f->view ? !b->view : !b->image, "a batch for another place than its graph's");
	if (f->view)
		plan_put_rows(p, f->view, b->view + 4 * (size_t)first, n);
	else if (b->there)
		plan_copy_rows(p, f->image, (const char *)b->there + at, n);
	else
		plan_put_rows(p, f->image, b->image + at, n);
}
