/* The terms of a stage while it is planned or run. */
#include <string.h>

#include "stages/stage.h"

/* What differs first between the parameters that a loss wants beside two teachers; NULL: nothing. */
static const char *own_differs(struct arena *a, const struct net *one, const struct net *other)
{
	const int n = one ? one->params->n_param : 0, m = other ? other->params->n_param : 0;
	for (int i = 0; i < n && i < m; i++) {
		const struct param *p = &one->params->param[i], *q = &other->params->param[i];
		if (!str_eq(p->name, q->name) || !shape_eq(&p->shape, &q->shape))
			return arena_printf(a, "'%s' is %s for the one and '%s' %s for the other", p->name, shape_str(&p->shape), q->name, shape_str(&q->shape));
	}
	return n == m ? NULL : arena_printf(a, "%d of them for the one and %d for the other", n, m);
}

/* A loss's own parameters, an adapter's say, are made for the first teacher and go on with all that follow. */
static enum status check_own(struct stage_run *r, const struct term *t, int m, struct err *e)
{
	const struct stage *s = r->stage;
	struct term other = *t;
	other.own = NULL;
	const enum status st = term_define(r->arena, &other, r->student, run_teacher_net(r, m), t->name, e);
	const char *differs = st == OK ? own_differs(r->arena, t->own, other.own) : NULL;
	if (!differs)
		return st;
	return err_user(e, t->at, "loss '%s' has parameters of its own, which go on from teacher to teacher, but those beside '%s' and '%s' are not the same at "
	                "tap '%s': %s", t->name, s->teacher[0].network, s->teacher[m].network, t->teacher, differs);
}

static enum status check_others(struct stage_run *r, const struct term *t, struct err *e)
{
	enum status st = OK;
	for (int m = 1; m < r->stage->n_teacher && st == OK; m++) {
		int k = 0;
		while (run_teacher_net(r, k) != run_teacher_net(r, m))
			k++;
		if (k == m)
			st = check_own(r, t, m, e);
	}
	return st;
}

/* Copies, since their own parameters and states live as long as the run. */
enum status run_define_terms(struct stage_run *r, const struct term *from, int n, struct term **out, struct err *e)
{
	struct term *terms = *out = NEW_ARRAY(r->arena, struct term, n);
	memcpy(terms, from, (size_t)n * sizeof *terms);
	for (int i = 0; i < n; i++) {
		struct term *t = &terms[i];
		enum status st = term_define(r->arena, t, r->student, r->teacher, arena_printf(r->arena, "%s/%s", r->student->name, t->name), e);
		if (st == OK)
			st = check_others(r, t, e);
		if (st != OK)
			return st;
		run_add_net(r, t->own);
		run_add_net(r, t->temperature_own);
	}
	return OK;
}

void optim_add_terms(struct optim *o, struct arena *a, const struct term *terms, int n)
{
	for (int i = 0; i < n; i++)
		for (int k = 0; terms[i].own && k < terms[i].own->params->n_param; k++)
			optim_add(o, a, terms[i].own->params, k);
}
