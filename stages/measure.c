/* Means of a graph's metrics over a part of the data; sums on the host in double. */
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "stages/aside_int.h"

struct measure {
	struct data *data;
	enum part part;
	struct sizes sizes;
	struct loader *loader; /* kept from run to run */
	double n, sum[MAX_METRIC];
};

enum status measure_open(struct stage_run *r, const struct lesson *l, enum part part, struct teacher *teacher, struct arena *a, struct measure **out,
                         struct err *e)
{
	struct measure *m = NEW(a, struct measure);
	const int n = data_count(r->x->data, part), N = r->x->data->conf.eval_batch;
	m->data = r->x->data;
	m->part = part;
	*out = m;
	/* As the loader cuts them: fewer than a batch are one that is smaller. */
	const enum status st = sizes_open(&m->sizes, r, l, n < N ? n : N, n > N ? n % N : 0, teacher, a, e);
	for (int i = 0; i < m->sizes.n && st == OK; i++)
		BUG_IF(m->sizes.of[i].step->segment[0].n_optim, "'%s' is measured and would move something", l->label);
	return st;
}

enum status exam_open(struct stage_run *r, const struct lesson *l, struct teacher *teacher, struct arena *a, struct measure **m, struct err *e)
{
	*m = NULL;
	if (!l->exam || !r->x->data->n_valid)
		return OK;
	struct lesson *exam = NEW(a, struct lesson);
	*exam = *l;
	exam->build = l->exam;
	return measure_open(r, exam, PART_VALID, teacher, a, m, e);
}

size_t measure_workspace(const struct measure *m)
{
	return m ? sizes_workspace(&m->sizes) : 0;
}

size_t measure_own_bytes(const struct measure *m)
{
	return m ? sizes_own_bytes(&m->sizes) + loader_device_bytes(m->data, m->part, VIEW_EVAL) : 0;
}

enum status measure_prepare(struct measure *m, void *workspace, struct err *e)
{
	if (!m || !m->sizes.n)
		return OK;
	const enum status st = sizes_prepare(&m->sizes, workspace, e);
	return st == OK && !m->loader ? loader_open(m->data, m->part, VIEW_EVAL, 0, &m->loader, e) : st;
}

static enum status add_batch(struct measure *m, const struct batch *b, struct err *e)
{
	double value[MAX_METRIC];
	struct step *step = NULL;
	enum status st = sizes_run(&m->sizes, b, 0, 0, &step, e);
	if (st == OK)
		st = plan_metrics(step_plan(step, 0), value, e);
	for (int i = 0; i < step->desc.n_metric && st == OK; i++)
		m->sum[i] += value[i] * b->n;
	m->n += b->n;
	return st;
}

enum status measure_run(struct measure *m, struct err *e)
{
	if (!m || !m->sizes.n)
		return OK;
	m->n = 0;
	memset(m->sum, 0, sizeof m->sum);
	enum status st = loader_start(m->loader, 0, 0, e);
	double waited = 0;
	const struct batch *b = NULL;
	while (st == OK && (st = loader_next(m->loader, &b, &waited, e)) == OK && b)
		st = add_batch(m, b, e);
	for (int i = 0; i < measure_count(m) && st == OK; i++)
		if (!isfinite(m->sum[i]))
			st = err_run(e, "'%s', measured over %.0f pictures, is not finite", measure_name(m, i), m->n);
	return st;
}

int measure_count(const struct measure *m)
{
	return m && m->sizes.n ? m->sizes.of[0].step->desc.n_metric : 0;
}

const char *measure_name(const struct measure *m, int i)
{
	return m->sizes.of[0].step->metric_name[i];
}

double measure_value(const struct measure *m, const char *name)
{
	for (int i = 0; i < measure_count(m); i++)
		if (str_eq(measure_name(m, i), name))
			return m->n > 0 ? m->sum[i] / m->n : NAN;
	return NAN;
}

void measure_close(struct measure *m)
{
	if (!m)
		return;
	loader_close(m->loader);
	sizes_release(&m->sizes);
}
