/* What a run took until its student first was as good, on held-out pictures, as another row's is at its end: cheaper means less of it, and never
   the length that somebody chose. */
#include <math.h>
#include <string.h>

#include "report/table_int.h"

static const char *const costs[] = {"pictures_to_reach", "macs_to_reach", "time/to_reach"};
enum { COST_PICTURES, COST_MACS, COST_SECONDS, COSTS };

static int cost_of(const char *metric)
{
	int i = 0;
	while (i < COSTS && !str_eq(costs[i], metric))
		i++;
	return i;
}

bool table_is_reach(const char *metric)
{
	return cost_of(metric) < COSTS;
}

/* The accuracy that the run's own row `reach` ended with. */
static enum status goal_of(const struct table *t, const struct sweep_run *run, double *goal, struct err *e)
{
	const struct sweep *s = t->sweep;
	const int stage = table_stage(run->x, t->reach);
	*goal = NAN;
	if (stage < 0)
		return OK;
	const struct sweep_item *item = &s->item[s->item[run->first + stage].twin];
	return item->state == ITEM_DONE ? store_last(s->store, item->id, "valid_top1_last", goal, e) : OK;
}

/* From the rows of a stage, in order of epoch. */
static double cost_until(const struct store_value *v, int n, double goal, int cost, double pictures)
{
	int epoch = -1;
	double macs = 0, seconds = NAN;
	for (int i = 0; i < n && epoch < 0; i++)
		if (str_eq(v[i].name, "valid_top1") && v[i].value >= goal)
			epoch = v[i].epoch;
	for (int i = 0; i < n && v[i].epoch <= epoch; i++) {
		macs += str_eq(v[i].name, "macs_per_picture") ? v[i].value * pictures : 0;
		seconds = str_eq(v[i].name, "time/seconds") ? v[i].value : seconds;
	}
	if (epoch < 0)
		return NAN;
	return cost == COST_PICTURES ? epoch * pictures : cost == COST_MACS ? macs : seconds;
}

enum status table_reach(struct table *t, const char *metric, const struct sweep_run *run, int64_t id, double *value, struct err *e)
{
	double goal = NAN;
	struct store_value *v = NULL;
	int n = 0;
	*value = NAN;
	enum status st = goal_of(t, run, &goal, e);
	if (st == OK && !isnan(goal))
		st = store_metrics(t->sweep->store, t->arena, id, &v, &n, e);
	if (st == OK && n)
		*value = cost_until(v, n, goal, cost_of(metric), run->x->data->n_train);
	return st;
}
