/* Private to engine/ref: all places of a shape in logical order, in several tensors at once. */
#ifndef ENGINE_REF_WALK_H
#define ENGINE_REF_WALK_H

#include "engine/ref/ref.h"

enum { WALK_MAX = 4 };

/* do { ... at[k] is the place in tensor k ... } while (walk_next(&w)); it ends at the start again. */
struct walk {
	int n_dim, n; /* axes, tensors */
	int d[MAX_DIM], i[MAX_DIM];
	int64_t step[WALK_MAX][MAX_DIM];
	int64_t at[WALK_MAX];
};

static inline struct walk walk_over(const struct shape *s)
{
	struct walk w = {.n_dim = s->n_dim};

	for (int i = 0; i < s->n_dim; i++)
		w.d[i] = s->d[i];
	return w;
}

/* One more tensor, broadcast to the walk's shape. */
static inline void walk_add(struct walk *w, const struct tensor *t)
{
	const int more = w->n_dim - t->shape.n_dim;
	int64_t *const step = w->step[w->n++];

	for (int i = 0; i < t->shape.n_dim; i++)
		step[i + more] = t->shape.d[i] == 1 ? 0 : t->stride[i];
}

static inline bool walk_next(struct walk *w)
{
	for (int a = w->n_dim - 1; a >= 0; a--) {
		for (int k = 0; k < w->n; k++)
			w->at[k] += w->step[k][a];
		if (++w->i[a] < w->d[a])
			return true;
		for (int k = 0; k < w->n; k++)
			w->at[k] -= w->step[k][a] * w->d[a];
		w->i[a] = 0;
	}
	return false;
}

#endif
