/* Convolutions by cuDNN on a simulated GPU: which plans are taken, how they are called, and that what has none is summed otherwise. */
#include "tests/engine/trial.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/cuda/conv_cudnn.h"
#include "engine/plan_int.h"
#include "tests/cusim/control.h"

static bool is_convolution(const struct op_case *c)
{
	return strstr(c->name, "conv2d") && !strstr(c->name, "int8");
}

START_TEST(against_ref_bf16)
{
	if (is_convolution(case_at(_i)) && !(case_at(_i)->flags & CASE_NO_BF16))
		against_ref(case_at(_i), PRECISION_BF16);
}
END_TEST

START_TEST(against_ref_f16)
{
	if (is_convolution(case_at(_i)) && !(case_at(_i)->flags & CASE_NO_F16))
		against_ref(case_at(_i), PRECISION_F16);
}
END_TEST

START_TEST(against_ref_tf32)
{
	if (is_convolution(case_at(_i)))
		against_ref(case_at(_i), PRECISION_TF32);
}
END_TEST

/* The device that is current is all that choosing asks for. */
static struct cudnn_plan *plan_as(enum dtype act, enum conv_kind kind, struct cu_conv v, bool bias, bool relu)
{
	const struct conv_work w = {.kind = kind, .act = act, .conv = v, .has_bias = bias, .finished = bias, .tf32 = act == F32};
	return conv_cudnn_plan(&w, relu);
}

static struct cudnn_plan *plan_of(enum conv_kind kind, struct cu_conv v, bool bias, bool relu)
{
	return plan_as(BF16, kind, v, bias, relu);
}

/* tests/cusim/fake_cudnn.cc says what the stand-in offers and what it refuses. */
START_TEST(plans_are_chosen)
{
	struct arena *const life = arena_open("test");
	struct device *dev = NULL;
	struct err e = {0};
	ck_assert_int_eq(device_open(life, "cuda", 1, &dev, &e), OK);
	const struct cu_conv even = {.N = 2, .C = 4, .H = 5, .W = 5, .O = 6, .OH = 5, .OW = 5, .R = 3, .S = 3, .stride = 1, .pad_h = 1, .pad_w = 1, .groups = 1};
	struct cu_conv odd_outputs = even, odd_channels = even;
	odd_outputs.O = 7;
	odd_channels.C = 3;
	struct cudnn_plan *const plan = plan_of(CONV_FORWARD, even, false, false);
	ck_assert_ptr_nonnull(plan);
	ck_assert_ptr_eq(plan_of(CONV_FORWARD, even, false, false), plan);
	ck_assert_uint_eq(conv_cudnn_scratch(plan), 1024);
	ck_assert_ptr_nonnull(plan_as(F16, CONV_FORWARD, even, false, false));
	ck_assert_ptr_ne(plan_as(F16, CONV_FORWARD, even, false, false), plan);
	ck_assert_ptr_nonnull(plan_as(F32, CONV_FORWARD, even, false, false));
	ck_assert_ptr_ne(plan_as(F32, CONV_FORWARD, even, false, false), plan);
	struct cudnn_plan *const more = plan_of(CONV_FORWARD, even, true, false);
	ck_assert_ptr_nonnull(more);
	ck_assert_ptr_ne(more, plan);
	ck_assert_ptr_nonnull(plan_of(CONV_FORWARD, even, true, true));
	ck_assert_ptr_ne(plan_of(CONV_FORWARD, even, true, true), more);
	ck_assert_ptr_nonnull(plan_of(CONV_DX, even, false, false));
	ck_assert_ptr_null(plan_of(CONV_FORWARD, odd_outputs, true, true));
	ck_assert_ptr_nonnull(plan_of(CONV_FORWARD, odd_outputs, true, false));
	ck_assert_ptr_null(plan_of(CONV_FORWARD, odd_channels, false, false));
	ck_assert_ptr_null(plan_of(CONV_FORWARD, odd_channels, false, false));
	device_close(dev);
	arena_close(life);
}
END_TEST

/* More engines than were asked for are none of our business; who is refused, and who is offered nothing that will do, asks for the fallback. */
START_TEST(heuristics_of_every_kind)
{
	static const int how[] = {CUSIM_HEURISTICS_MANY, CUSIM_HEURISTICS_REFUSED};
	struct arena *const life = arena_open("test");
	struct device *dev = NULL;
	struct err e = {0};
	ck_assert_int_eq(device_open(life, "cuda", 1, &dev, &e), OK);
	const struct cu_conv v = {.N = 2, .C = 4, .H = 5, .W = 5, .O = 6, .OH = 5, .OW = 5, .R = 3, .S = 3, .stride = 1, .pad_h = 1, .pad_w = 1, .groups = 1};
	cusim_cudnn_heuristics(how[_i]);
	ck_assert_ptr_nonnull(plan_of(CONV_FORWARD, v, true, true));
	ck_assert_ptr_nonnull(plan_of(CONV_DX, v, false, false));
	device_close(dev);
	arena_close(life);
}
END_TEST

/* No memory for a plan is no reason to end, but it is told, once for each problem: sums are rounded otherwise. */
START_TEST(no_memory_for_a_plan)
{
	struct arena *const life = arena_open("test");
	struct device *dev = NULL;
	struct err e = {0};
	char *text = NULL;
	size_t n = 0;
	ck_assert_int_eq(device_open(life, "cuda", 1, &dev, &e), OK);
	const struct cu_conv v = {.N = 2, .C = 4, .H = 5, .W = 7, .O = 6, .OH = 5, .OW = 7, .R = 3, .S = 3, .stride = 1, .pad_h = 1, .pad_w = 1, .groups = 1};
	FILE *const log = open_memstream(&text, &n);
	log_set_file(log);
	cusim_cudnn_hungry(1);
	ck_assert_ptr_null(plan_of(CONV_FORWARD, v, false, false));
	ck_assert_ptr_null(plan_of(CONV_FORWARD, v, false, false));
	log_set_file(NULL);
	fclose(log);
	const char *const said = strstr(text, "cuDNN had no memory for a plan of a convolution of 4 to 6 channels, 5x7;");
	ck_assert_ptr_nonnull(said);
	ck_assert_ptr_null(strstr(said + 1, "cuDNN had no memory"));
	free(text);
	device_close(dev);
	arena_close(life);
}
END_TEST

/* What is foreseen is made by several threads at a time, each problem once, and is what would have been chosen without that. */
START_TEST(plans_are_made_together)
{
	enum { PLANS = 10 };
	struct arena *const life = arena_open("test");
	struct device *dev = NULL;
	struct err e = {0};
	struct conv_work w[PLANS];
	struct cudnn_plan *plan[PLANS];
	ck_assert_int_eq(device_open(life, "cuda", 1, &dev, &e), OK);
	ck_assert_int_le(cusim_cudnn_seal_ms(20), 1);
	for (int i = 0; i < PLANS; i++) {
		const struct cu_conv v = {.N = 2, .C = i == 4 ? 3 : 4, .H = 5, .W = 5, .O = 6 + i, .OH = 5, .OW = 5, .R = 3, .S = 3, .stride = 1, .pad_h = 1, .pad_w = 1, .groups = 1};
		w[i] = (struct conv_work){.kind = i % 2 ? CONV_DX : CONV_FORWARD, .act = BF16, .conv = v};
		conv_cudnn_foresee(&w[i], false, _i);
		conv_cudnn_foresee(&w[i], false, _i);
	}
	for (int i = PLANS; i--;) {
		plan[i] = conv_cudnn_plan(&w[i], false);
		ck_assert_int_eq(plan[i] != NULL, i != 4);
		for (int j = i + 1; j < PLANS; j++)
			ck_assert(!plan[i] || plan[i] != plan[j]);
	}
	const int most = cusim_cudnn_seal_ms(0);
	ck_assert_int_le(most, _i);
	ck_assert_int_ge(most, _i > 1 ? 2 : 1);
	for (int i = 0; i < PLANS; i++)
		ck_assert_ptr_eq(conv_cudnn_plan(&w[i], false), plan[i]);
	device_close(dev);
	arena_close(life);
}
END_TEST

/* A planner foresees what it asks for: a plan that has several convolutions makes theirs together. Also on a device that is not a new thread's first. */
START_TEST(planner_foresees)
{
	struct trial t;
	struct trial_plan p;
	setenv("CUSIM_GPUS", "2", 1);
	cusim_configure();
	trial_open(&t, _i ? "cuda:1" : "cuda", PRECISION_BF16);
	struct node *y = trial_leaf(&t, "x", type_of(shape4(1, 4, 6, 6), CLASS_ACT), false)->node;
	for (int i = 0; i < 4; i++) {
		char name[] = {'w', (char)('0' + i), 0}, bias[] = {'b', (char)('0' + i), 0};
		struct node *const w = trial_leaf(&t, name, (struct type){shape4(4 + 2 * i, 2 + 2 * i + 2 * !i, 3, 3), CLASS_WIDE, ROW_MAJOR}, true)->node;
		struct node *const b = trial_leaf(&t, bias, (struct type){shape1(4 + 2 * i), CLASS_WIDE, ROW_MAJOR}, true)->node;
		y = graph_relu(t.g, graph_conv2d(t.g, y, w, b, NULL, 1, 1, 1));
	}
	cusim_cudnn_seal_ms(20);
	trial_place(&t);
	trial_prepare(&t, &p, (struct node *[]){y}, 1);
	ck_assert_int_eq(cusim_cudnn_seal_ms(0), 2); /* the trial's threads */
	trial_run(&t, &p);
	for (int i = 0; i < p.plan->n_step; i++)
		ck_assert(p.plan->step[i].kind != STEP_KERNEL || strcmp(p.plan->step[i].plan.name, "cuDNN") == 0);
	trial_release(&t, &p);
	trial_close(&t);
}
END_TEST

/* ---- sums in any order ---- */

static const struct { struct shape x; int O, kernel, stride, pad, groups; const char *otherwise; } orders[] = {
	{{4, {2, 4, 5, 6}}, 6, 3, 1, 1, 1, "im2col, cuBLAS"},
	{{4, {3, 2, 5, 4}}, 5, 1, 2, 0, 1, "im2col, cuBLAS"},
	{{4, {2, 8, 5, 5}}, 6, 3, 2, 1, 2, "direct"},
};
enum { ORDERS = sizeof orders / sizeof *orders, MOST = 400 };

/* One run of conv2d (kind 0), its dx (1) or dw (2); gives how many elements. way: who did it. */
static int run_order(int i, int kind, enum precision precision, bool any_order, double *value, char way[48])
{
	struct trial t;
	struct trial_plan p;
	trial_open(&t, "cuda", precision);
	t.any_order = any_order;
	const int k = orders[i].kernel, O = orders[i].O;
	const struct conv_conf conf = {.stride = orders[i].stride, .pad = orders[i].pad, .groups = orders[i].groups, .kh = k, .kw = k, .x = orders[i].x};
	const struct shape y = shape4(conf.x.d[0], O, (conf.x.d[2] + 2 * conf.pad - k) / conf.stride + 1, (conf.x.d[3] + 2 * conf.pad - k) / conf.stride + 1);
	struct trial_leaf *const x = trial_leaf(&t, "x", type_of(kind == 1 ? y : conf.x, CLASS_ACT), false);
	struct trial_leaf *const w = kind == 2 ? trial_leaf(&t, "dy", type_of(y, CLASS_ACT), false)
	                                       : trial_leaf(&t, "w", (struct type){shape4(O, conf.x.d[1] / conf.groups, k, k), CLASS_WIDE, ROW_MAJOR}, true);
	for (int64_t j = 0; j < x->n; j++)
		x->value[j] = (double)(j % 7) / 4 - 0.5;
	for (int64_t j = 0; j < w->n; j++)
		w->value[j] = (double)(j % 5) / 2 - 0.75;
	struct node *const of = kind == 0 ? graph_conv2d(t.g, x->node, w->node, NULL, NULL, conf.stride, conf.pad, conf.groups)
	                      : kind == 1 ? graph_conv2d_dx(t.g, x->node, w->node, &conf) : graph_conv2d_dw(t.g, x->node, w->node, &conf);
	trial_place(&t);
	trial_prepare(&t, &p, (struct node *[]){of}, 1);
	trial_run(&t, &p);
	const int n = (int)shape_count(&of->type.shape);
	ck_assert_int_le(n, MOST);
	memcpy(value, p.value[0], (size_t)n * sizeof *value);
	snprintf(way, 48, "%s", p.plan->step[p.plan->n_step - 1].plan.name);
	trial_release(&t, &p);
	trial_close(&t);
	return n;
}

/* The stand-in's first engine is not deterministic, and a 64th beside the sum, to either side in turn. Who left the order open gets it, and nobody else.
   Weight gradients are products for both. */
START_TEST(any_order_is_asked_for)
{
	const int i = _i % ORDERS, kind = _i / ORDERS % 3;
	const enum precision precision = (enum precision[]){PRECISION_BF16, PRECISION_F16, PRECISION_TF32}[_i / ORDERS / 3];
	const double limit = 0x1p-6 + (precision == PRECISION_BF16 ? 0.07 : 0.01);
	const bool product = kind == 2;
	if (orders[i].kernel == 1 && kind == 0)
		return; /* one product, in whatever order */
	double exact[MOST], first[MOST], second[MOST];
	char way[48], open[48];
	const int n = run_order(i, kind, precision, false, exact, way);
	ck_assert_str_eq(way, product ? orders[i].otherwise : "cuDNN");
	run_order(i, kind, precision, true, first, open);
	run_order(i, kind, precision, true, second, open);
	ck_assert_str_eq(open, way);
	ck_assert((memcmp(first, second, (size_t)n * sizeof *first) == 0) == product);
	for (int j = 0; j < n; j++)
		ck_assert_msg(fabs(first[j] - exact[j]) <= limit && fabs(second[j] - exact[j]) <= limit, "%d: %g and %g for %g", j, first[j], second[j], exact[j]);
	run_order(i, kind, precision, false, first, way);
	ck_assert(memcmp(first, exact, (size_t)n * sizeof *first) == 0);
}
END_TEST

/* ---- values ---- */

static struct node *convolution(struct trial *t, int O, bool with)
{
	struct trial_leaf *const x = trial_leaf(t, "x", type_of(shape4(1, 2, 2, 1), CLASS_ACT), false);
	struct trial_leaf *const w = trial_leaf(t, "w", (struct type){shape4(O, 2, 2, 1), CLASS_WIDE, ROW_MAJOR}, true);
	struct trial_leaf *const b = with ? trial_leaf(t, "b", (struct type){shape1(O), CLASS_WIDE, ROW_MAJOR}, true) : NULL;
	static const double of_x[] = {256, 1, 0, 256}, of_w[] = {1, 1, 1, -1};
	for (int i = 0; i < 4; i++)
		x->value[i] = of_x[i];
	for (int i = 0; i < 4 * O; i++)
		w->value[i] = of_w[i % 4];
	for (int i = 0; b && i < O; i++)
		b->value[i] = i ? 0.25 : -3;
	return graph_conv2d(t->g, x->node, w->node, b ? b->node : NULL, NULL, 1, 0, 1);
}

static void run_trial(struct trial *t, struct trial_plan *p, struct node *y)
{
	trial_place(t);
	trial_prepare(t, p, &y, 1);
	trial_run(t, p);
	for (int i = 0; i < p->plan->n_step; i++)
		ck_assert(p->plan->step[i].kind != STEP_KERNEL || strcmp(p->plan->step[i].plan.name, "cuDNN") == 0);
}

static const enum precision by_plan[] = {PRECISION_BF16, PRECISION_F16, PRECISION_TF32};
enum { BY_PLAN = sizeof by_plan / sizeof *by_plan };

/* Of the engines that the stand-in offers only one gives the same bits every time, takes the problem and little scratch, and does not add in bf16, which
   has no 257. */
START_TEST(what_is_taken_is_exact)
{
	struct trial t;
	struct trial_plan p;
	trial_open(&t, "cuda", by_plan[_i]);
	run_trial(&t, &p, convolution(&t, 1, false));
	ck_assert_double_eq(p.value[0][0], 1);
	trial_release(&t, &p);
	trial_close(&t);
}
END_TEST

/* In TF32 f32 maps lose what is behind 10 bits of fraction, and nothing else; in f32 there is no plan. */
START_TEST(f32_becomes_tf32)
{
	struct trial t;
	struct trial_plan p;
	trial_open(&t, "cuda", _i ? PRECISION_TF32 : PRECISION_F32);
	struct node *const y = convolution(&t, 1, true);
	t.leaf[0].value[0] = 1 + 0x1p-10 + 0x1p-12;
	t.leaf[0].value[3] = 0;
	trial_place(&t);
	trial_prepare(&t, &p, (struct node *[]){y}, 1);
	trial_run(&t, &p);
	ck_assert_str_eq(p.plan->step[p.plan->n_step - 1].plan.name, _i ? "cuDNN" : "im2col, cuBLASLt");
	ck_assert_double_eq(p.value[0][0], 2 - 3 + 0x1p-10 + (_i ? 0 : 0x1p-12));
	trial_release(&t, &p);
	trial_close(&t);
}
END_TEST

/* By the plan where it can (two outputs), else behind it (three); what is no number stays such. */
START_TEST(relu_follows)
{
	struct trial t;
	struct trial_plan p;
	const bool nan = _i % 4 >= 2;
	trial_open(&t, "cuda", by_plan[_i / 4]);
	struct node *const y = graph_relu(t.g, convolution(&t, 2 + _i % 2, true));
	if (nan)
		t.leaf[0].value[1] = NAN;
	run_trial(&t, &p, y);
	for (int i = 0; i < 2 + _i % 2; i++)
		if (nan)
			ck_assert(isnan(p.value[0][i]));
		else
			ck_assert_double_eq(p.value[0][i], i ? 1.25 : 0);
	trial_release(&t, &p);
	trial_close(&t);
}
END_TEST

int main(void)
{
	Suite *const suite = suite_create("cudnn");
	TCase *const tc = tcase_create("cudnn");
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, against_ref_bf16, 0, n_cases_a + n_cases_b);
	tcase_add_loop_test(tc, against_ref_f16, 0, n_cases_a + n_cases_b);
	tcase_add_loop_test(tc, against_ref_tf32, 0, n_cases_a + n_cases_b);
	tcase_add_test(tc, plans_are_chosen);
	tcase_add_loop_test(tc, heuristics_of_every_kind, 0, 2);
	tcase_add_test(tc, no_memory_for_a_plan);
	tcase_add_loop_test(tc, what_is_taken_is_exact, 0, BY_PLAN);
	tcase_add_loop_test(tc, plans_are_made_together, 1, 5);
	tcase_add_loop_test(tc, planner_foresees, 0, 2);
	tcase_add_loop_test(tc, any_order_is_asked_for, 0, 3 * 3 * ORDERS);
	tcase_add_loop_test(tc, f32_becomes_tf32, 0, 2);
	tcase_add_loop_test(tc, relu_follows, 0, 4 * BY_PLAN);
	suite_add_tcase(suite, tc);
	SRunner *const runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	const int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
