/* A step with a clock: the same step, and times that say where it went. */
#include "tests/engine/cases.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/build.h"
#include "engine/params.h"
#include "engine/rates.h"

enum { M = 96, D = 160, K = 224 };

static const char *const devices[] = {"ref", "late", "cpu"};

/* Minimises mean((x w)^2) over w, a step of a matrix product, its gradient and a few small ones. */
struct lesson {
	struct arena *arena;
	struct err err;
	struct device *dev;
	struct params *set;
	struct optim *optim;
	struct node *x, *y, *loss, *grad;
	struct grad_item item;
	struct segment segment;
	struct step_desc desc;
	struct plan *plan;
	void *workspace;
};

static void ok(const struct lesson *l, enum status st)
{
	ck_assert_msg(st == OK && l->err.status == OK, "%s", l->err.text);
}

static void lesson_values(struct lesson *l)
{
	float x[M * D];
	double w[D * K];
	for (int i = 0; i < M * D; i++)
		x[i] = (float)(i % 7 - 3) / 4;
	for (int i = 0; i < D * K; i++)
		w[i] = (i % 11 - 5) / 8.0;
	plan_put(l->plan, l->x, x);
	ok(l, params_put(l->set, 0, false, w, &l->err));
	optim_set_lr(l->optim, 0.5);
}

static void lesson_open(struct lesson *l, const char *device)
{
	*l = (struct lesson){.arena = arena_open("profile")};
	ok(l, device_open(l->arena, device, 2, &l->dev, &l->err));
	l->set = params_new(l->arena, "net");
	params_add(l->set, (struct param){.name = "w", .shape = shape2(D, K)});
	struct graph *const g = graph_new(l->arena, &l->err);
	struct node *const w = graph_param(g, l->set, 0);
	l->x = graph_input(g, "x", shape2(M, D), CLASS_WIDE);
	l->y = graph_matmul(g, l->x, w, NULL, false, false);
	l->loss = graph_mean_all(g, graph_mul(g, l->y, l->y));
	graph_grad(g, l->loss, NULL, &w, 1, &l->grad);
	l->optim = optim_new(l->arena, "net", &(struct optim_conf){.kind = OPTIM_SGD, .lr = 0.5, .momentum = 0.5});
	optim_add(l->optim, l->arena, l->set, 0);
	l->item = (struct grad_item){l->optim, 0, l->grad};
	l->segment = (struct segment){.name = "net", .every = 1, .n_root = 1, .root = &l->loss, .n_optim = 1, .optim = &l->optim,
	                              .n_grad = 1, .grad = &l->item};
	l->desc = (struct step_desc){.g = g, .n_segment = 1, .segment = &l->segment, .n_metric = 1, .metric = &l->loss};
	ok(l, plan_new(l->arena, &l->desc, l->dev, 1, &l->plan, &l->err));
	ok(l, params_place(l->set, l->dev, &l->err));
	ok(l, optim_place(l->optim, l->dev, &l->err));
	ok(l, device_alloc(l->dev, plan_workspace(l->plan), &l->workspace, &l->err));
	ok(l, plan_prepare(l->plan, l->workspace, &l->err));
	lesson_values(l);
}

static void lesson_close(struct lesson *l)
{
	const size_t bytes = plan_workspace(l->plan);
	plan_release(l->plan);
	device_free(l->dev, l->workspace, bytes);
	optim_release(l->optim);
	params_release(l->set);
	device_close(l->dev);
	arena_close(l->arena);
}

static const double *weights(struct lesson *l)
{
	double *w = NEW_ARRAY(l->arena, double, D * K);
	ok(l, params_get(l->set, 0, false, w, &l->err));
	return w;
}

START_TEST(test_the_step_is_the_same)
{
	struct lesson a, b;
	lesson_open(&a, devices[_i]);
	lesson_open(&b, devices[_i]);
	struct plan_times t = plan_times_new(b.arena, b.plan);
	double loss[2];
	for (int i = 0; i < 3; i++) {
		ok(&a, plan_run(a.plan, &a.err));
		ok(&b, plan_profile(b.plan, &t, &b.err));
	}
	ok(&a, plan_metrics(a.plan, &loss[0], &a.err));
	ok(&b, plan_metrics(b.plan, &loss[1], &b.err));
	ck_assert_msg(loss[0] == loss[1] && loss[0] > 0, "losses %g and %g", loss[0], loss[1]);
	ck_assert(memcmp(weights(&a), weights(&b), D * K * sizeof(double)) == 0);
	ck_assert_int_eq(b.optim->steps, 3);
	lesson_close(&a);
	lesson_close(&b);
}
END_TEST

/* Without a wait after each kernel `late` would show the products' time in the last lap, which waits anyway. */
/* One profile: every part has its time, and together they are what it took. */
static void profile_once(struct lesson *l, struct plan_times *t, double *product)
{
	double sum = 0;
	t->rest = t->segment[0] = t->step[0] = -1; /* a profile starts at nothing */
	*product = 0;
	const double start = time_now();
	ok(l, plan_profile(l->plan, t, &l->err));
	const double wall = time_now() - start;
	for (int i = 0; i < plan_steps(l->plan); i++) {
		ck_assert_msg(t->step[i] > 0, "step %d took %g s", i, t->step[i]);
		sum += t->step[i];
		if (strcmp(plan_step_cost(l->plan, i).op, "matmul") == 0)
			*product += t->step[i];
	}
	sum += t->segment[0] + t->rest;
	ck_assert_msg(t->segment[0] > 0 && t->rest >= 0, "commit %g s, rest %g s", t->segment[0], t->rest);
	ck_assert_msg(sum <= wall && sum > 0.5 * wall, "%g s of %g s", sum, wall);
}

START_TEST(test_times_are_where_they_were_spent)
{
	enum { MOST = 20 };
	struct lesson l;
	lesson_open(&l, devices[_i]);
	struct plan_times t = plan_times_new(l.arena, l.plan);
	double product = 0;
	ok(&l, plan_profile(l.plan, &t, &l.err));
	profile_once(&l, &t, &product);
	/* Plain loops: 7 M multiply-adds are milliseconds. On a busy machine another program may take its turn in the rest. */
	for (int i = 0; i < MOST && l.dev->backend->wide == F64 && product <= t.rest; i++)
		profile_once(&l, &t, &product);
	if (l.dev->backend->wide == F64)
		ck_assert_msg(product > t.rest, "products %g s, rest %g s", product, t.rest);
	lesson_close(&l);
}
END_TEST

START_TEST(test_costs)
{
	struct lesson l;
	lesson_open(&l, devices[_i]);
	const double size = (double)dtype_size(l.dev->backend->wide);
	double macs = 0;
	bool forward = false, backward = false;
	for (int i = 0; i < plan_steps(l.plan); i++) {
		const struct step_cost c = plan_step_cost(l.plan, i);
		ck_assert_int_eq(c.segment, 0);
		ck_assert(c.call && c.kernel);
		macs += c.macs;
		if (c.node != l.y && c.node != l.grad)
			continue;
		ck_assert_str_eq(c.op, "matmul");
		ck_assert_msg(c.macs == (double)M * D * K, "%g multiply-adds", c.macs);
		ck_assert_msg(c.bytes == size * (M * D + D * K + M * K), "%g bytes", c.bytes);
		*(c.node == l.y ? &forward : &backward) = true;
	}
	ck_assert(forward && backward);
	ck_assert_msg(macs == plan_macs(l.plan), "%g of %g multiply-adds", macs, plan_macs(l.plan));
	lesson_close(&l);
}
END_TEST

START_TEST(test_a_bad_value_is_named_as_in_a_run)
{
	struct lesson l;
	lesson_open(&l, "cpu");
	float x[M * D] = {NAN};
	struct plan_times t = plan_times_new(l.arena, l.plan);
	plan_put(l.plan, l.x, x);
	ck_assert_int_eq(plan_profile(l.plan, &t, &l.err), E_RUN);
	ck_assert_msg(strstr(l.err.text, "'x'"), "%s", l.err.text);
	memset(&l.err, 0, sizeof l.err);
	lesson_close(&l);
}
END_TEST

START_TEST(test_rates_are_measured)
{
	struct err err = {0};
	struct arena *a = arena_open("rates");
	struct device *dev = NULL;
	struct rates r = {0};
	ck_assert_int_eq(device_open(a, devices[_i], 1, &dev, &err), OK);
	for (int k = PRECISION_F32; k <= PRECISION_BF16; k++) {
		ck_assert_msg(rates_measure(dev, (enum precision)k, 0, &r, &err) == OK, "%s", err.text);
		ck_assert_msg(r.conv > 1e5 && r.conv < 1e15, "%g multiply-adds a second", r.conv);
		ck_assert_msg(r.matmul > 1e5 && r.matmul < 1e15, "%g multiply-adds a second", r.matmul);
		ck_assert_msg(r.copy > 1e5 && r.copy < 1e15, "%g bytes a second", r.copy);
	}
	ck_assert_msg(dev->used == 0, "%zu bytes are left", dev->used);
	device_close(dev);
	arena_close(a);
}
END_TEST

/* 3,440,640 multiply-adds at 2 G a second are 1.720 ms; 290,816 bytes of floats at 0.1 GB a second are 2.908. */
START_TEST(test_a_plan_is_printed_with_its_costs)
{
	static const struct rates by_arithmetic = {.conv = 1e9, .matmul = 2e9, .copy = 1e12}, by_memory = {.conv = 1e12, .matmul = 1e12, .copy = 1e8};
	const struct rates *const rates[] = {NULL, &by_arithmetic, &by_memory};
	const char *const want[] = {" 3.44      0.277          - ", " 3.44      0.277      1.720 ", " 3.44      0.277      2.908 "};
	struct lesson l;
	lesson_open(&l, "cpu");
	for (int i = 0; i < 3; i++) {
		char *text = NULL;
		size_t n = 0;
		FILE *f = open_memstream(&text, &n);
		l.dev->rates = rates[i];
		plan_print(l.plan, f, true);
		fclose(f);
		ck_assert_msg(strstr(text, want[i]), "no '%s' in\n%s", want[i], text);
		ck_assert(strstr(text, "segment 'net'") && strstr(text, "sum of ") && strstr(text, " 6.88 "));
		free(text);
	}
	lesson_close(&l);
}
END_TEST

/* 8 G multiply-adds at 4 G a second; 30 GB at 10 GB a second. */
START_TEST(test_the_limit_is_the_longer_of_two)
{
	const struct rates r = {.conv = 4e9, .matmul = 2e9, .copy = 10e9};
	const struct call product = {.op = &op_matmul}, conv = {.op = &op_conv2d};
	const struct step_cost cost[] = {
		{.call = &conv, .macs = 8e9, .bytes = 1e9},
		{.call = &product, .macs = 8e9, .bytes = 1e9},
		{.call = &conv, .macs = 8e9, .bytes = 30e9},
		{.macs = 0, .bytes = 30e9},
	};
	const double want[] = {2, 4, 3, 3};
	for (int i = 0; i < 4; i++)
		ck_assert_msg(rates_limit(&r, &cost[i]) == want[i], "%d: %g s", i, rates_limit(&r, &cost[i]));
}
END_TEST

TCase *tcase_profile(void)
{
	TCase *const tc = tcase_create("profile");

	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, test_the_step_is_the_same, 0, 3);
	tcase_add_loop_test(tc, test_times_are_where_they_were_spent, 0, 3);
	tcase_add_loop_test(tc, test_costs, 0, 3);
	tcase_add_test(tc, test_a_plan_is_printed_with_its_costs);
	tcase_add_loop_test(tc, test_rates_are_measured, 0, 3);
	tcase_add_test(tc, test_the_limit_is_the_longer_of_two);
	tcase_add_test(tc, test_a_bad_value_is_named_as_in_a_run);
	return tc;
}
