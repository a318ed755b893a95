/* Convolutions by cuDNN on a simulated GPU: which plans are taken, how they are called, and that what has none is summed otherwise. */
#include "tests/engine/trial.h"

#include <math.h>
#include <string.h>

#include "engine/cuda/conv_cudnn.h"
#include "engine/plan_int.h"

static bool is_convolution(const struct op_case *c)
{
	return strstr(c->name, "conv2d") && !strstr(c->name, "int8");
}

START_TEST(against_ref_f32)
{
	if (is_convolution(case_at(_i)))
		against_ref(case_at(_i), PRECISION_F32);
}
END_TEST

START_TEST(against_ref_bf16)
{
	if (is_convolution(case_at(_i)) && !(case_at(_i)->flags & CASE_NO_BF16))
		against_ref(case_at(_i), PRECISION_BF16);
}
END_TEST

/* The device that is current is all that choosing asks for. */
static struct conv_work work(enum conv_kind kind, struct cu_conv v, enum dtype act, bool bias)
{
	return (struct conv_work){.kind = kind, .act = act, .conv = v, .has_bias = bias, .waits = bias};
}

/* tests/cusim/fake_cudnn.cc says what the stand-in offers and what it refuses. */
START_TEST(plans_are_chosen)
{
	struct arena *const life = arena_open("test");
	struct device *dev = NULL;
	struct err e = {0};
	bool rounded = true;
	ck_assert_int_eq(device_open(life, "cuda", 1, &dev, &e), OK);
	const struct cu_conv even = {.N = 2, .C = 4, .H = 5, .W = 5, .O = 6, .OH = 5, .OW = 5, .R = 3, .S = 3, .stride = 1, .pad_h = 1, .pad_w = 1, .groups = 1};
	struct cu_conv odd_outputs = even, odd_channels = even;
	odd_outputs.O = 7;
	odd_channels.C = 3;
	struct conv_work w = work(CONV_FORWARD, even, F32, false);
	struct cudnn_plan *const plan = conv_cudnn_plan(&w);
	ck_assert_ptr_nonnull(plan);
	ck_assert_ptr_eq(conv_cudnn_plan(&w), plan);
	ck_assert_uint_eq(conv_cudnn_scratch(plan, &rounded), 1024);
	ck_assert(!rounded);
	w = work(CONV_FORWARD, even, BF16, false);
	ck_assert_ptr_ne(conv_cudnn_plan(&w), plan);
	w = work(CONV_FORWARD, even, BF16, true);
	ck_assert_ptr_nonnull(conv_cudnn_plan(&w));
	w = work(CONV_DW, even, BF16, false);
	conv_cudnn_scratch(conv_cudnn_plan(&w), &rounded);
	ck_assert(!rounded);
	w = work(CONV_DW, odd_outputs, BF16, false);
	conv_cudnn_scratch(conv_cudnn_plan(&w), &rounded);
	ck_assert(rounded);
	w = work(CONV_FORWARD, odd_channels, BF16, false);
	ck_assert_ptr_null(conv_cudnn_plan(&w));
	ck_assert_ptr_null(conv_cudnn_plan(&w));
	device_close(dev);
	arena_close(life);
}
END_TEST

/* Of the engines that the stand-in offers only one gives the same bits every time, takes the problem and little scratch; in f32 it is not the one that
   rounds operands. Its results say which it was. */
START_TEST(what_is_taken_is_exact)
{
	struct trial t;
	struct trial_plan p;
	trial_open(&t, "cuda", PRECISION_F32);
	struct trial_leaf *const x = trial_leaf(&t, "x", type_of(shape4(1, 1, 2, 1), CLASS_ACT), false);
	struct trial_leaf *const w = trial_leaf(&t, "w", (struct type){shape4(1, 1, 2, 1), CLASS_WIDE, ROW_MAJOR}, true);
	x->value[0] = 1 + 0x1p-20;
	x->value[1] = 1;
	w->value[0] = 1;
	w->value[1] = -1;
	struct node *const y = graph_conv2d(t.g, x->node, w->node, NULL, NULL, 1, 0, 1);
	trial_place(&t);
	trial_prepare(&t, &p, &y, 1);
	trial_run(&t, &p);
	ck_assert_double_eq(p.value[0][0], 0x1p-20);
	for (int i = 0; i < p.plan->n_step; i++)
		ck_assert(p.plan->step[i].kind != STEP_KERNEL || strcmp(p.plan->step[i].plan.name, "cuDNN") == 0);
	trial_release(&t, &p);
	trial_close(&t);
}
END_TEST

int main(void)
{
	Suite *const suite = suite_create("cudnn");
	TCase *const tc = tcase_create("cudnn");
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, against_ref_f32, 0, n_cases_a + n_cases_b);
	tcase_add_loop_test(tc, against_ref_bf16, 0, n_cases_a + n_cases_b);
	tcase_add_test(tc, plans_are_chosen);
	tcase_add_test(tc, what_is_taken_is_exact);
	suite_add_tcase(suite, tc);
	SRunner *const runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	const int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
