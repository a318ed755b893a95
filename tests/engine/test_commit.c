/* New states of several norms: they are checked and moved together, and what stands between and beside them stays. */
#include "tests/engine/trial.h"

#include <math.h>

#include "engine/plan_int.h"

static const char *const devices[] = {TEST_DEVICES};
enum { DEVICES = sizeof devices / sizeof *devices, N = 4, C = 5, NORMS = 3, ROWS = 3, STATES = NORMS * ROWS + 1 };

static struct arena *life;
static struct err e;
static struct device *dev;
static struct params *set;
static struct graph *g;
static struct node *x, *total;
static struct plan *plan;
static struct segment segment;
static struct step_desc desc;
static void *workspace;

static void ok(enum status st)
{
	ck_assert_msg(st == OK, "%s", e.text);
}

/* Three norms of one input each, whose states follow each other; behind the first a state that nobody moves. */
static void build(void)
{
	static const double initial[ROWS] = {0, 1, 0};
	struct node *sum = NULL;
	for (int i = 0; i < NORMS; i++) {
		int row[ROWS];
		for (int k = 0; k < ROWS; k++)
			row[k] = params_add_state(set, (struct param){.name = "state", .shape = k < 2 ? shape1(C) : shape0()}, initial[k]);
		if (i == 0)
			params_add_state(set, (struct param){.name = "alone", .shape = shape1(C)}, 7);
		struct node *mean, *var, *const gamma = graph_const(g, 1, shape1(C)), *const beta = graph_const(g, 0, shape1(C));
		struct node *const y = graph_batch_norm(g, graph_scale(g, x, i + 1, 0), gamma, beta, NULL, 1e-5, &mean, &var);
		graph_update(g, graph_state(g, set, row[0]), graph_running_update(g, graph_state(g, set, row[0]), mean, 0.5, 1), false);
		graph_update(g, graph_state(g, set, row[1]), graph_running_update(g, graph_state(g, set, row[1]), var, 0.5, 2), false);
		graph_update(g, graph_state(g, set, row[2]), graph_scale(g, graph_state(g, set, row[2]), 1, 1), false);
		sum = sum ? graph_add(g, sum, y) : y;
	}
	total = graph_mean_all(g, sum);
}

static void begin(const char *device)
{
	life = arena_open("commit");
	e = (struct err){0};
	plan = NULL;
	ok(device_open(life, device, 1, &dev, &e));
	set = params_new(life, "net");
	g = graph_new(life, &e);
	x = graph_input(g, "x", shape4(N, C, 1, 1), CLASS_ACT);
	build();
	segment = (struct segment){.name = "net", .every = 1, .n_root = 1, .root = &total};
	desc = (struct step_desc){.g = g, .n_segment = 1, .segment = &segment, .n_metric = 1, .metric = &total};
	ok(graph_status(g));
	ok(plan_new(life, &desc, dev, 1, &plan, &e));
	ok(params_place(set, dev, &e));
	ok(device_alloc(dev, plan_workspace(plan), &workspace, &e));
	dev->backend->fill(dev->impl, workspace, U8, 255, (int64_t)plan_workspace(plan)); /* as f32 no number */
	ok(plan_prepare(plan, workspace, &e));
}

static void end(void)
{
	const size_t bytes = plan_workspace(plan);
	plan_release(plan);
	device_free(dev, workspace, bytes);
	params_release(set);
	device_close(dev);
	arena_close(life);
}

static enum status run(float bad)
{
	float v[N * C];
	for (int i = 0; i < N * C; i++)
		v[i] = (float)(i / C); /* 0, 1, 2, 3: mean 1.5, variance 1.25 */
	v[2] += bad;
	plan_put(plan, x, v);
	return plan_run(plan, &e);
}

/* Of norm i, after so many runs: mean to 1.5 (i + 1) and twice the variance to 2.5 (i + 1)^2 by halves. */
static void expect(int runs)
{
	const double rest = pow(0.5, runs);
	for (int s = 0, norm = 0, row = 0; s < STATES; s++) {
		double got[C];
		const double times = norm + 1;
		ok(params_get(set, s, true, got, &e));
		if (s == ROWS) {
			for (int c = 0; c < C; c++)
				ck_assert_double_eq(got[c], 7);
			continue;
		}
		const double want = row == 0 ? (1 - rest) * 1.5 * times : row == 1 ? rest + (1 - rest) * 2.5 * times * times : runs;
		for (int c = 0; c < (row < 2 ? C : 1); c++)
			ck_assert_msg(fabs(got[c] - want) < 1e-5, "%s: state %d is %g, not %g", dev->backend->name, s, got[c], want);
		row = (row + 1) % ROWS;
		norm += row == 0;
	}
}

START_TEST(neighbours_move_together)
{
	begin(devices[_i]);
	/* In double a state of one number has more padding than a value of the plan's. */
	ck_assert_int_eq(plan->n_range, dev->backend->wide == F64 ? plan->n_range : 2);
	ck_assert_int_le(plan->n_range, NORMS * ROWS);
	for (int i = 1; i <= 4; i++) {
		ok(run(0));
		expect(i);
	}
	end();
}
END_TEST

/* Six running means and variances, then three counts, all behind the last of the other kernels; else where they were. */
START_TEST(and_are_computed_together)
{
	begin(devices[_i]);
	const bool at_once = dev->backend->launch_many;
	int together[2] = {0}, n = 0, last = -1;
	for (int i = 0; i < plan->n_step; i++) {
		const struct step *s = &plan->step[i];
		const bool state = s->call && (s->call->op == &op_running_update || (s->call->op == &op_scale && s->call->in[0]->leaf == LEAF_STATE));
		if (!state) {
			ck_assert_int_le(s->together, 1);
			last = i;
		}
		if (s->together > 1 && n < 2)
			together[n++] = s->together;
	}
	if (at_once) {
		ck_assert_int_eq(last, plan->n_step - 10);
		ck_assert(together[0] == 2 * NORMS && together[1] == NORMS);
	} else {
		ck_assert_int_eq(n, 0);
	}
	end();
}
END_TEST

/* More than go in one launch: each is as alone. */
START_TEST(many_at_once)
{
	enum { MANY = 150 };
	struct trial t;
	struct trial_plan p;
	struct node *keep[2];
	trial_open(&t, devices[_i], PRECISION_F32);
	struct graph *const h = t.g;
	struct params *const states = params_new(t.arena, "states");
	struct trial_leaf *const v = trial_leaf(&t, "v", type_of(shape1(3), CLASS_WIDE), false);
	for (int i = 0; i < MANY; i++)
		params_add_state(states, (struct param){.name = "s", .shape = shape1(3)}, i);
	for (int i = 0; i < MANY; i++) {
		struct node *const s = graph_state(h, states, i);
		graph_update(h, s, graph_running_update(h, s, v->node, 0.25, 1), true);
	}
	keep[0] = keep[1] = graph_scale(h, v->node, 2, 0);
	trial_place(&t);
	ck_assert_int_eq(params_place(states, t.dev, &t.err), OK);
	for (int i = 0; i < 3; i++)
		v->value[i] = i;
	trial_prepare(&t, &p, keep, 1);
	trial_run(&t, &p);
	for (int i = 0; i < MANY; i++) {
		double got[3];
		ck_assert_int_eq(params_get(states, i, true, got, &t.err), OK);
		for (int k = 0; k < 3; k++)
			ck_assert_msg(got[k] == 0.75 * i + 0.25 * k, "state %d of %s is %g", i, t.dev->backend->name, got[k]);
	}
	trial_release(&t, &p);
	params_release(states);
	trial_close(&t);
}
END_TEST

/* Those that stay in the workspace may lie where others read: one after the other. */
START_TEST(large_ones_are_alone)
{
	enum { SIZE = 20000, LARGE = 3 };
	struct trial t;
	struct trial_plan p;
	trial_open(&t, devices[_i], PRECISION_F32);
	struct params *const states = params_new(t.arena, "states");
	struct trial_leaf *const v = trial_leaf(&t, "v", type_of(shape1(SIZE), CLASS_WIDE), false);
	for (int i = 0; i < LARGE; i++)
		params_add_state(states, (struct param){.name = "s", .shape = shape1(SIZE)}, i);
	for (int i = 0; i < LARGE; i++) {
		struct node *const s = graph_state(t.g, states, i);
		graph_update(t.g, s, graph_running_update(t.g, s, graph_scale(t.g, v->node, i + 1, 0), 0.25, 1), true);
	}
	struct node *keep = graph_mean_all(t.g, v->node);
	trial_place(&t);
	ck_assert_int_eq(params_place(states, t.dev, &t.err), OK);
	for (int i = 0; i < SIZE; i++)
		v->value[i] = i % 8;
	trial_prepare(&t, &p, &keep, 1);
	for (int i = 0; i < p.plan->n_step; i++)
		ck_assert_int_le(p.plan->step[i].together, 1);
	trial_run(&t, &p);
	double *got = NEW_ARRAY(t.arena, double, SIZE);
	for (int i = 0; i < LARGE; i++) {
		ck_assert_int_eq(params_get(states, i, true, got, &t.err), OK);
		for (int k = 0; k < SIZE; k++)
			ck_assert_msg(got[k] == 0.75 * i + 0.25 * (i + 1) * (k % 8), "state %d of %s at %d is %g", i, t.dev->backend->name, k, got[k]);
	}
	trial_release(&t, &p);
	params_release(states);
	trial_close(&t);
}
END_TEST

/* One value of the first norm's input that is no number: of no norm anything moves. */
START_TEST(or_none_of_them)
{
	begin(devices[_i]);
	ok(run(0));
	ck_assert_int_eq(run(NAN), E_RUN);
	e = (struct err){0};
	expect(1);
	ok(run(0));
	expect(2);
	end();
}
END_TEST

/* Finite numbers whose squares are beyond f32: nobody named the sums in between, so it is said what they are of. */
START_TEST(unnamed_is_placed)
{
	begin("cpu");
	ck_assert_int_eq(run(3e38f), E_RUN);
	ck_assert_msg(strstr(e.text, "a value of '") && strstr(e.text, "' of 'x' (") && strstr(e.text, "is not finite: the first to go bad, made by "), "%s", e.text);
	end();
}
END_TEST

TCase *tcase_commit(void)
{
	TCase *const tc = tcase_create("commit");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, neighbours_move_together, 0, DEVICES);
	tcase_add_loop_test(tc, and_are_computed_together, 0, DEVICES);
	tcase_add_loop_test(tc, many_at_once, 0, DEVICES);
	tcase_add_loop_test(tc, large_ones_are_alone, 0, DEVICES);
	tcase_add_loop_test(tc, or_none_of_them, 0, DEVICES);
	tcase_add_test(tc, unnamed_is_placed);
	return tc;
}
