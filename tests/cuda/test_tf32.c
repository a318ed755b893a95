/* TF32 on a GPU: what is rounded, what is not, and who has it. */
#include "tests/engine/trial.h"

#include <stdlib.h>
#include <string.h>

#include "engine/build.h"
#include "tests/cusim/control.h"

TCase *tcase_tf32(void);

/* Between two numbers of 10 bits of fraction: TF32 makes 1 of it, and f32 keeps it. */
static const double BETWEEN = 1 + 0x1p-11;

static double run_one(struct trial *t, struct node *y)
{
	struct trial_plan p;
	trial_ok(t, "built");
	trial_place(t);
	trial_prepare(t, &p, &y, 1);
	trial_run(t, &p);
	const double value = p.value[0][0];
	trial_release(t, &p);
	trial_close(t);
	return value;
}

/* (BETWEEN, 2, 0, 0) by (1, 1, 0, 0). */
static double product(enum precision precision, enum tclass cls)
{
	struct trial t;
	trial_open(&t, "cuda", precision);
	struct trial_leaf *const a = trial_leaf(&t, "a", type_of(shape2(1, 4), cls), false), *const b = trial_leaf(&t, "b", type_of(shape2(4, 1), cls), false);
	a->value[0] = BETWEEN;
	a->value[1] = 2;
	b->value[0] = b->value[1] = 1;
	return run_one(&t, graph_matmul(t.g, a->node, b->node, NULL, false, false));
}

START_TEST(products)
{
	ck_assert_double_eq(product(PRECISION_F32, CLASS_ACT), BETWEEN + 2);
	ck_assert_double_eq(product(PRECISION_TF32, CLASS_ACT), 3);
	ck_assert_double_eq(product(PRECISION_TF32, CLASS_WIDE), BETWEEN + 2);
	ck_assert_double_eq(product(PRECISION_BF16, CLASS_WIDE), BETWEEN + 2);
}
END_TEST

/* Products of half types are rounded once: of (256, 1, -256, 0) by ones no part is, where bf16 has no 257. f16 has no 4097. */
START_TEST(parts)
{
	const double large = _i ? 4096 : 256;
	struct trial t;
	trial_open(&t, "cuda", _i ? PRECISION_F16 : PRECISION_BF16);
	struct trial_leaf *const a = trial_leaf(&t, "a", type_of(shape2(1, 4), CLASS_ACT), false), *const b = trial_leaf(&t, "b", type_of(shape2(4, 1), CLASS_ACT), false);
	const double of_a[] = {large, 1, -large, 0};
	for (int i = 0; i < 4; i++) {
		a->value[i] = of_a[i];
		b->value[i] = 1;
	}
	ck_assert_double_eq(run_one(&t, graph_matmul(t.g, a->node, b->node, NULL, false, false)), 1);
}
END_TEST

/* kind 0: y[0] of a 1x2 convolution without padding; 1: its dx, 2: its dw. BETWEEN is the input's first element or, with of_weights, the weights'. */
static double convolution(enum precision precision, int kind, bool of_weights)
{
	struct trial t;
	trial_open(&t, "cuda", precision);
	struct trial_leaf *const x = trial_leaf(&t, "x", type_of(kind == 2 || !kind ? shape4(1, 1, 1, 3) : shape4(1, 1, 1, 2), CLASS_ACT), false);
	struct trial_leaf *const w = kind == 2 ? trial_leaf(&t, "dy", type_of(shape4(1, 1, 1, 2), CLASS_ACT), false)
	                                       : trial_leaf(&t, "w", (struct type){shape4(1, 1, 1, 2), CLASS_WIDE, ROW_MAJOR}, true);
	x->value[0] = of_weights ? 1 : BETWEEN;
	x->value[1] = 2;
	w->value[0] = of_weights ? BETWEEN : 1;
	w->value[1] = 1;
	const struct conv_conf conf = {.stride = 1, .groups = 1, .kh = 1, .kw = 2, .x = shape4(1, 1, 1, 3)};
	struct node *const y = kind == 0 ? graph_conv2d(t.g, x->node, w->node, NULL, NULL, 1, 0, 1)
	                     : kind == 1 ? graph_conv2d_dx(t.g, x->node, w->node, &conf)
	                                 : graph_conv2d_dw(t.g, x->node, w->node, &conf);
	return run_one(&t, y);
}

START_TEST(convolutions)
{
	const int kind = _i / 2;
	const double exact = kind == 1 ? BETWEEN : BETWEEN + 2;
	ck_assert_double_eq(convolution(PRECISION_F32, kind, _i % 2), exact);
	ck_assert_double_eq(convolution(PRECISION_TF32, kind, _i % 2), kind == 1 ? 1 : 3);
}
END_TEST

START_TEST(who_has_it)
{
	static const struct { const char *major, *device, *says; } cases[] = {
		{"7", "cuda", "device 'cuda' has no TF32, which GPUs of compute capability 8.0 and later have: take precision f16 or f32"},
		{"8", "cuda", NULL}, {"9", "cuda", NULL},
		{"8", "cpu", "device 'cpu' has no TF32, which GPUs of compute capability 8.0 and later have: take precision bf16 or f32"},
		{"8", "ref", "device 'ref' has no TF32"},
	};
	struct arena *const life = arena_open("tf32");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct err e = {0};
		struct device *dev = NULL;
		setenv("CUSIM_MAJOR", cases[i].major, 1);
		cusim_configure();
		ck_assert_int_eq(device_open(life, cases[i].device, 1, &dev, &e), OK);
		ck_assert_int_eq(device_takes(dev, PRECISION_TF32, &e), cases[i].says ? E_USER : OK);
		ck_assert_msg(!cases[i].says || strstr(e.text, cases[i].says), "%s", e.text);
		ck_assert_int_eq(device_dtype(dev, PRECISION_TF32, CLASS_ACT), dev->backend->wide);
		ck_assert(device_precision(dev) != PRECISION_TF32);
		device_close(dev);
	}
	arena_close(life);
}
END_TEST

TCase *tcase_tf32(void)
{
	TCase *const tc = tcase_create("tf32");
	tcase_add_test(tc, products);
	tcase_add_loop_test(tc, parts, 0, 2);
	tcase_add_loop_test(tc, convolutions, 0, 6);
	tcase_add_test(tc, who_has_it);
	return tc;
}
