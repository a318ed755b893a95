/* limbeck bench step: the speed of one distillation step on made data, and what it goes to. bench/against-pytorch times it beside a peer. */
#include "cli/bench_step.h"

#include <math.h>
#include <stdio.h>

#include "base/log.h"

enum { WARM = 4, PROFILED = 5 };

static enum status one_step(struct made *m, double *put_s, double *step_s, struct err *e)
{
	double loss = 0;
	const double start = time_now();
	made_put(m);
	enum status st = device_wait(m->dev, e);
	*put_s = time_now() - start;
	if (st == OK)
		st = plan_run(m->plan, e);
	if (st == OK)
		st = plan_metrics(m->plan, &loss, e);
	*step_s = time_now() - start;
	return st;
}

static enum status time_steps(struct made *m, double start, struct step_result *r, struct err *e)
{
	double *put = NEW_ARRAY(m->arena, double, r->n), put_s = 0, step_s = 0;
	enum status st = OK;
	r->ms = NEW_ARRAY(m->arena, double, r->n);
	for (int i = 0; i < WARM + r->n && st == OK; i++) {
		st = one_step(m, &put_s, &step_s, e);
		if (i == 0)
			r->first_step_s = time_now() - start;
		if (i < WARM)
			continue;
		put[i - WARM] = put_s;
		r->ms[i - WARM] = 1e3 * step_s;
	}
	r->put_s = bench_quantile(put, r->n, 0.5);
	bench_quantile(r->ms, r->n, 0.5);
	return st;
}

/* Medians over a few steps, kernel by kernel: another program's moment of work spoils one step's share and not the table. */
static enum status profile(struct made *m, struct step_result *r, struct err *e)
{
	const int n = plan_steps(m->plan);
	struct plan_times t = plan_times_new(m->arena, m->plan);
	double *each = NEW_ARRAY(m->arena, double, (n + 1) * PROFILED);
	enum status st = OK;
	for (int k = 0; k < PROFILED && st == OK; k++) {
		made_put(m);
		st = plan_profile(m->plan, &t, e);
		for (int i = 0; i < n; i++)
			each[i * PROFILED + k] = t.step[i];
		each[n * PROFILED + k] = t.segment[0];
	}
	r->kernel_s = NEW_ARRAY(m->arena, double, n);
	for (int i = 0; i < n; i++)
		r->kernel_s[i] = bench_quantile(each + i * PROFILED, PROFILED, 0.5);
	r->part[MADE_COMMIT].s = bench_quantile(each + n * PROFILED, PROFILED, 0.5);
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
	return c->call && (c->call->op == &op_conv2d || c->call->op == &op_conv2d_dx || c->call->op == &op_conv2d_dw);
}

static void sum_parts(const struct made *m, struct step_result *r)
{
	/* The gradient is read twice, weights and momentum are read and written. */
	r->part[MADE_COMMIT].bytes = 6.0 * (double)m->optim->size * sizeof(float);
	sum_add(&r->part[MADE_DATA], r->put_s, 0, 3.0 * m->conf.batch * m->conf.size * m->conf.size);
	for (int i = 0; i < plan_steps(m->plan); i++) {
		const struct step_cost c = plan_step_cost(m->plan, i);
		if (c.segment < 0)
			continue;
		sum_add(&r->part[made_part_of(m, c.node)], r->kernel_s[i], c.macs, c.bytes);
		if (is_conv(&c))
			sum_add(&r->conv, r->kernel_s[i], c.macs, c.bytes);
	}
	const double step_s = r->ms[r->n / 2] / 1e3;
	for (int p = 0; p < MADE_OTHER; p++)
		sum_add(&r->all, r->part[p].s, r->part[p].macs, r->part[p].bytes);
	/* A step with a clock may take a little longer than one without. */
	r->part[MADE_OTHER].s = fmax(step_s - r->all.s, 0);
	r->all.s += r->part[MADE_OTHER].s;
	r->limit_s = bench_ratio(r->all.macs, r->rates.conv);
}

struct bench_step_args {
	struct made_conf made;
	int steps;
	bool json, plan, profile;
};

static enum status bench_step_run(const struct bench_step_args *args, struct err *e)
{
	const double start = time_now();
	struct arena *a = arena_open("bench");
	struct made m;
	struct step_result r = {.made = &m, .n = args->steps};
	enum status st = made_open(a, &args->made, &m, e);
	if (st == OK)
		st = time_steps(&m, start, &r, e);
	r.peak_mib = (double)memory_peak() / (1 << 20);
	if (st == OK)
		st = profile(&m, &r, e);
	if (st == OK)
		st = rates_measure(m.dev, m.precision, 0.2, &r.rates, e);
	if (st == OK && args->plan) {
		m.dev->rates = &r.rates;
		plan_print(m.plan, stdout, true);
	}
	if (st == OK)
		sum_parts(&m, &r);
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
