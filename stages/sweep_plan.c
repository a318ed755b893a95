/* What is asked for of a sweep, planned without memory. */
#include "base/str.h"
#include "stages/sweep.h"

/* With what it uses. */
static void want(struct sweep *s, int i, bool *wanted)
{
	const struct stage *stage = s->item[i].stage;
	const int twin = s->item[i].twin;
	if (wanted[twin])
		return;
	wanted[twin] = true;
	const struct reference *ref;
	for (int k = 0; (ref = stage_use(stage, k)); k++)
		if (ref->stage >= 0)
			want(s, s->run[s->item[i].run].first + ref->stage, wanted);
}

bool *sweep_wanted(struct sweep *s, int run, int which)
{
	bool *wanted = NEW_ARRAY(s->arena, bool, s->n_item);
	for (int i = 0; i < s->n_item; i++)
		if ((run < 0 && which < 0) || i == which || (run >= 0 && s->item[i].run == run))
			want(s, i, wanted);
	return wanted;
}

/* The item of the point's first run that is this one for another seed: seeds change no plan. NULL: none. */
static struct sweep_item *same_plan(struct sweep *s, const struct sweep_item *item)
{
	int first = 0;
	sweep_runs_of(s, s->run[item->run].point, &first);
	const struct sweep_run *r = &s->run[first];
	for (int i = r->first; i < r->first + r->x->n_stage; i++)
		if (s->item[i].planned && str_eq(s->item[i].stage->name, item->stage->name))
			return &s->item[i];
	return NULL;
}

enum status sweep_plan(struct sweep *s, int run, int which, struct err *e)
{
	const bool *wanted = sweep_wanted(s, run, which);
	enum status st = OK;
	for (int i = 0; i < s->n_item && st == OK; i++) {
		struct sweep_item *item = &s->item[i];
		const struct sweep_run *r = &s->run[item->run];
		if (!wanted[i] || item->planned)
			continue;
		const struct sweep_item *same = same_plan(s, item);
		if (same) {
			item->sum = same->sum;
			item->sum.stage = item->stage;
		} else {
			st = stage_check(r->x, item->stage, NULL, false, &item->sum, e);
		}
		item->planned = st == OK;
		if (st != OK && *r->point->name)
			err_note(e, "in the point '%s'", r->point->name);
	}
	return st;
}
