/* A graph at the sizes of batches that come, with the teacher's passes. */
#include "stages/aside_int.h"

static enum status open_one(struct sizes *s, struct stage_run *r, const struct lesson *l, int n, struct teacher *teacher, struct arena *a, struct err *e)
{
	struct pass **pass = &s->of[s->n].pass;
	struct step **step = &s->of[s->n].step;
	enum status st = OK;
	s->n++;
	if (teacher)
		st = pass_new(teacher, n, a, pass, e);
	if (*pass)
		(*pass)->uncached = true;
	if (st == OK)
		st = step_new(r, l, n, *pass, a, step, e);
	return st == OK && *pass ? pass_plan(*pass, e) : st;
}

enum status sizes_open(struct sizes *s, struct stage_run *r, const struct lesson *l, int full, int rest, struct teacher *teacher, struct arena *a,
                       struct err *e)
{
	enum status st = OK;
	*s = (struct sizes){0};
	if (full)
		st = open_one(s, r, l, full, teacher, a, e);
	return st == OK && rest ? open_one(s, r, l, rest, teacher, a, e) : st;
}

size_t sizes_workspace(const struct sizes *s)
{
	size_t most = 0;
	for (int i = 0; i < s->n; i++) {
		const size_t step = step_workspace(s->of[i].step), pass = s->of[i].pass ? pass_workspace(s->of[i].pass) : 0;
		most = step > most ? step : most;
		most = pass > most ? pass : most;
	}
	return most;
}

size_t sizes_own_bytes(const struct sizes *s)
{
	size_t bytes = 0;
	for (int i = 0; i < s->n; i++) {
		bytes += s->of[i].pass ? pass_own_bytes(s->of[i].pass) : 0;
		for (int v = 0; v < s->of[i].step->n_variant; v++)
			bytes += plan_own_bytes(s->of[i].step->variant[v].plan);
	}
	return bytes;
}

enum status sizes_prepare(const struct sizes *s, void *workspace, struct err *e)
{
	enum status st = OK;
	for (int i = 0; i < s->n && st == OK; i++) {
		if (s->of[i].pass)
			st = pass_prepare(s->of[i].pass, NULL, workspace, e);
		if (st == OK)
			st = step_prepare(s->of[i].step, workspace, e);
	}
	return st;
}

enum status sizes_run(const struct sizes *s, const struct batch *b, long number, int epoch, struct step **ran, struct err *e)
{
	int i = 0;
	while (i < s->n && s->of[i].step->n != b->n)
		i++;
	BUG_IF(i == s->n, "a batch of %d that nothing was planned for", b->n);
	*ran = s->of[i].step;
	const enum status st = s->of[i].pass ? pass_run(s->of[i].pass, b, epoch, e) : OK;
	return st == OK ? step_run(*ran, b, number, epoch, e) : st;
}

void sizes_release(struct sizes *s)
{
	for (int i = 0; i < s->n; i++) {
		step_release(s->of[i].step);
		pass_release(s->of[i].pass);
	}
	s->n = 0;
}
