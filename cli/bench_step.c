/* limbeck bench step: the speed of one distillation step on made data, and what it goes to. bench/against-pytorch times it beside a peer. */
#include "cli/bench_step.h"

#include <math.h>
#include <stdio.h>

#include "base/log.h"

enum { WARM = 4, PROFILED = 5 };

static enum status time_steps(struct made *m, double start, struct step_result *r, struct err *e)
{
	double *pass = NEW_ARRAY(m->arena, double, r->n), pass_s = 0;
	enum status st = OK;
	r->ms = NEW_ARRAY(m->arena, double, r->n);
	for (int i = 0; i < WARM + r->n && st == OK; i++) {
		const double begin = time_now();
		st = made_run(m, i, &pass_s, e);
		if (i == 0)
			r->first_step_s = time_now() - start;
		if (i < WARM)
			continue;
		pass[i - WARM] = pass_s;
		r->ms[i - WARM] = 1e3 * (time_now() - begin);
	}
	if (st == OK)
		st = made_settle(m, e);
	r->pass_s = bench_quantile(pass, r->n, 0.5);
	bench_quantile(r->ms, r->n, 0.5);
	return st;
}

static enum status time_put(struct made *m, struct step_result *r, struct err *e)
{
	double each[PROFILED];
	enum status st = OK;
	for (int k = 0; k < PROFILED && st == OK; k++) {
		const double begin = time_now();
		made_put(m);
		st = device_wait(m->x->dev, e);
		each[k] = time_now() - begin;
	}
	r->put_s = bench_quantile(each, PROFILED, 0.5);
	return st;
}

/* Medians over a few steps, kernel by kernel: another program's moment of work spoils one step's share and not the table. */
static enum status profile_plan(struct made *m, const struct made_plan *of, double **kernel_s, double *commit_s, struct err *e)
{
	struct plan *p = of->plan;
	const int n = plan_steps(p);
	struct plan_times t = plan_times_new(m->arena, p);
	double *each = NEW_ARRAY(m->arena, double, (n + 1) * PROFILED);
	enum status st = OK;
	for (int k = 0; k < PROFILED && st == OK; k++) {
		st = plan_profile(p, &t, e);
		for (int i = 0; i < n; i++)
			each[i * PROFILED + k] = t.step[i];
		each[n * PROFILED + k] = t.segment[0];
	}
	*kernel_s = NEW_ARRAY(m->arena, double, n);
	for (int i = 0; i < n; i++)
		(*kernel_s)[i] = of->runs * bench_quantile(each + i * PROFILED, PROFILED, 0.5);
	*commit_s += of->runs * bench_quantile(each + n * PROFILED, PROFILED, 0.5);
	return st;
}

static enum status profile(struct made *m, struct step_result *r, struct err *e)
{
	enum status st = time_put(m, r, e);
	r->kernel_s = NEW_ARRAY(m->arena, double *, m->n_plan);
	for (int i = 0; i < m->n_plan && st == OK; i++)
		st = profile_plan(m, &m->plan[i], &r->kernel_s[i], &r->part[MADE_COMMIT].s, e);
	return st;
}

static void sum_add(struct cost_sum *s, double seconds, double macs, double bytes)
{
	s->s += seconds;
	s->macs += macs;
	s->bytes += bytes;
}

static bool is_conv(const struct step_cost *c)
{
	return c->call && (c->call->op == &op_conv2d || c->call->op == &op_conv2d_dx || c->call->op == &op_conv2d_dw ||
	                   c->call->op == &op_conv2d_int8);
}

static void sum_plan(const struct made_plan *p, const double *kernel_s, struct step_result *r)
{
	for (int i = 0; i < plan_steps(p->plan); i++) {
		const struct step_cost c = plan_step_cost(p->plan, i);
		if (c.segment < 0)
			continue;
		sum_add(&r->part[made_part_of(p, c.node)], kernel_s[i], p->runs * c.macs, p->runs * c.bytes);
		if (is_conv(&c))
			sum_add(&r->conv, kernel_s[i], p->runs * c.macs, p->runs * c.bytes);
	}
}

static void sum_parts(const struct made *m, struct step_result *r)
{
	const double step_s = r->ms[r->n / 2] / 1e3, picture = 3.0 * m->conf.size * m->conf.size;
	sum_add(&r->part[MADE_DATA], r->put_s, 0, 0);
	for (int i = 0; i < m->n_plan; i++) {
		r->part[MADE_DATA].bytes += (m->batch.view ? 16 : picture) * m->plan[i].feed->n * m->plan[i].runs;
		sum_plan(&m->plan[i], r->kernel_s[i], r);
	}
	if (m->pass->cached) /* rows of a file, no kernels */
		sum_add(&r->part[MADE_TEACHER], r->pass_s, 0, 0);
	for (int i = 0; i < m->n_arm; i++) /* the gradient is read twice, weights and momentum are read and written */
		r->part[MADE_COMMIT].bytes += 6.0 * (double)m->run[i]->lesson[0].optim[0].optim->size * sizeof(float);
	for (int p = 0; p < MADE_OTHER; p++)
		sum_add(&r->all, r->part[p].s, r->part[p].macs, r->part[p].bytes);
	/* A step with a clock may take a little longer than one without. */
	r->part[MADE_OTHER].s = fmax(step_s - r->all.s, 0);
	r->all.s += r->part[MADE_OTHER].s;
	r->limit_s = bench_ratio(r->all.macs, r->rates.conv);
}

enum status step_measure(struct arena *a, const struct made_conf *c, int steps, struct made *m, struct step_result *r, struct err *e)
{
	const double start = time_now();
	*r = (struct step_result){.made = m, .n = steps};
	enum status st = made_open(a, c, m, e);
	if (st == OK)
		st = time_steps(m, start, r, e);
	r->peak_mib = (double)memory_peak() / (1 << 20);
	r->device_mib = m->x && m->x->dev && m->x->dev->backend->own_memory ? (double)m->x->dev->peak / (1 << 20) : 0;
	if (st == OK)
		st = profile(m, r, e);
	if (st == OK)
		st = rates_measure(m->x->dev, m->precision, 0.2, &r->rates, e);
	if (st == OK) {
		m->x->dev->rates = &r->rates;
		sum_parts(m, r);
	}
	return st;
}

struct bench_step_args {
	struct made_conf made;
	int steps;
	bool json, plan, profile;
};

static enum status bench_step_run(const struct bench_step_args *args, struct err *e)
{
	struct arena *a = arena_open("bench");
	struct made m;
	struct step_result r;
	enum status st = step_measure(a, &args->made, args->steps, &m, &r, e);
	for (int i = 0; st == OK && args->plan && i < m.n_plan; i++)
		plan_print(m.plan[i].plan, stdout, true);
	if (st == OK)
		(args->json ? step_result_json : step_result_print)(&r, args->profile);
	made_close(&m);
	arena_close(a);
	return st;
}

extern const struct command bench_step;

static int run(int argc, char **argv)
{
	struct bench_step_args args = {.made = MADE_DEFAULTS, .steps = 20};
	const struct flag flags[] = {
		MADE_FLAGS(args.made),
		{.name = "--steps", .value = "N", .number = &args.steps, .lo = 1, .hi = 100000, .help = "timed steps, default 20"},
		{.name = "--profile", .on = &args.profile, .help = "the dearest kernels too"},
		{.name = "--plan", .on = &args.plan, .help = "print the plan too"},
		{.name = "--json", .on = &args.json, .help = "one line of JSON"},
		{0},
	};
	struct err e = {0};
	enum status st = OK;
	if (bench_options(&bench_step, argc, argv, flags, "limbeck bench step --precision bf16 --batch 128 --profile", &st, &e))
		st = bench_step_run(&args, &e);
	return command_end(st, &e);
}

const struct command bench_step = {
	.name = "bench step",
	.args = "[OPTION ...]",
	.help = "a distillation step on made data: its parts, beside what arithmetic alone would take",
	.run = run,
};
