/* What convolutions on a GPU do beside the sums: parts of a batch, orders of weights, relu in the same pass. */
#include "tests/engine/trial.h"

#include <math.h>
#include <string.h>

#include "engine/cuda/conv_work.h"
#include "engine/plan_int.h"

TCase *tcase_conv(void);

/* ---- cases that only these kernels tell from the others' ---- */

#define BUILD(id, expr) \
	static struct node *b_##id(struct graph *g, struct node *const x[]) \
	{ \
		return (expr); \
	}
#define D4(a, b, c, d) {4, {a, b, c, d}}
#define D1(a) {1, {a}}
#define ACT(shape) {shape, CLASS_ACT, -2, 2, 0, 0, {0}}
#define PARAM(shape) {shape, CLASS_WIDE, -1, 1, IN_PARAM, 0, {0}}

BUILD(padded, graph_conv2d(g, x[0], x[1], NULL, NULL, 1, 2, 1))
BUILD(sparse, graph_conv2d(g, x[0], x[1], x[2], x[3], 3, 2, 1))
BUILD(groups, graph_conv2d(g, x[0], x[1], x[2], x[3], 2, 1, 3))
BUILD(relu_groups, graph_relu(g, b_groups(g, x)))
BUILD(plain, graph_relu(g, graph_conv2d(g, x[0], x[1], x[2], NULL, 1, 0, 1)))

static const struct op_case cases[] = {
	{"conv2d 1x1 padded beyond the kernel", b_padded, 0, 2, {ACT(D4(3, 5, 4, 6)), PARAM(D4(7, 5, 1, 1))}, 0, 0},
	{"conv2d 1x1 padded, whole words", b_padded, 0, 2, {ACT(D4(3, 16, 4, 6)), PARAM(D4(8, 16, 1, 1))}, 0, 0},
	{"conv2d 2x4 padded, whole words", b_padded, 0, 2, {ACT(D4(3, 8, 7, 5)), PARAM(D4(24, 8, 2, 4))}, 0, 0},
	{"conv2d stride 3, padding 2, whole words", b_sparse, 0, 4, {ACT(D4(4, 8, 9, 7)), PARAM(D4(8, 8, 2, 3)), PARAM(D1(8)), ACT(D4(4, 8, 4, 3))}, 0, 0},
	{"conv2d groups of many places", b_groups, 0, 4, {ACT(D4(3, 6, 51, 43)), PARAM(D4(9, 2, 3, 3)), PARAM(D1(9)), ACT(D4(3, 9, 26, 22))}, 0, 0},
	{"relu of conv2d groups", b_relu_groups, CASE_FORWARD, 4, {ACT(D4(2, 6, 5, 7)), PARAM(D4(9, 2, 3, 2)), PARAM(D1(9)), ACT(D4(2, 9, 3, 4))}, 0, 0},
	{"relu of conv2d 1x1", b_plain, CASE_FORWARD, 3, {ACT(D4(3, 8, 5, 7)), PARAM(D4(12, 8, 1, 1)), PARAM(D1(12))}, 0, 0},
};
enum { CASES = sizeof cases / sizeof *cases };

START_TEST(own_cases_f32)
{
	against_ref(&cases[_i], PRECISION_F32);
}
END_TEST

START_TEST(own_cases_bf16)
{
	against_ref(&cases[_i], PRECISION_BF16);
}
END_TEST

/* ---- parts ---- */

static void in_parts(int i, size_t limit)
{
	const struct op_case *c = i < CASES ? &cases[i] : case_at(i - CASES);
	conv_scratch_limit = limit;
	if (strstr(c->name, "conv2d") && !strstr(c->name, "int8")) {
		against_ref(c, PRECISION_F32);
		if (!(c->flags & CASE_NO_BF16))
			against_ref(c, PRECISION_BF16);
	}
}

START_TEST(picture_by_picture)
{
	in_parts(_i, 1);
}
END_TEST

/* Of seven pictures of 695,520 bytes in f32 two at a time, and then one. */
START_TEST(parts_of_unequal_size)
{
	in_parts(_i, 1500000);
}
END_TEST

/* ---- what is decided from shapes ---- */

static struct conv_work work(enum conv_kind kind, struct conv_conf k, int O, enum dtype act)
{
	static const struct op *const op[] = {[CONV_FORWARD] = &op_conv2d, [CONV_DX] = &op_conv2d_dx, [CONV_DW] = &op_conv2d_dw};
	const int OH = (k.x.d[2] + 2 * k.pad - k.kh) / k.stride + 1, OW = (k.x.d[3] + 2 * k.pad - k.kw) / k.stride + 1;
	const struct tensor x = tensor_of(type_of(k.x, CLASS_ACT), act, NULL), y = tensor_of(type_of(shape4(k.x.d[0], O, OH, OW), CLASS_ACT), act, NULL);
	const struct type weights = {shape4(O, k.x.d[1] / k.groups, k.kh, k.kw), CLASS_WIDE, ROW_MAJOR};
	const struct tensor w = tensor_of(weights, F32, NULL);
	const struct tensor in[] = {kind == CONV_DX ? y : x, kind == CONV_DW ? y : w}, out[] = {kind == CONV_DX ? x : kind == CONV_DW ? w : y};
	const struct call call = {.op = op[kind], .conf = &k};
	const struct kernel_case c = {.call = &call, .in = in, .out = out};
	return conv_work_of(&c, kind);
}

/* 3x3 of 64 channels of 32x32 in bf16: a picture's rows are 1024 x 576 x 2 = 1,179,648 bytes; 227 of them fit into 256 MiB, so 300 pictures are two parts. */
START_TEST(scratch_is_bounded)
{
	const struct conv_conf k = {1, 1, 1, 3, 3, 0, 0, {4, {300, 64, 32, 32}}};
	struct conv_work w = work(CONV_FORWARD, k, 64, BF16);
	ck_assert_int_eq(w.part, 150);
	ck_assert_uint_eq(w.scratch, 150u * 1179648);
	w = work(CONV_DW, k, 32, BF16);
	ck_assert_int_eq(w.part, 150);
	ck_assert_uint_eq(w.scratch, 150u * 1179648 + 32 * 576 * 4);
	/* With a bias the sums wait: 1024 x 64 x 4 bytes more a picture, of which 186 fit. */
	struct conv_conf biased = k;
	biased.has_bias = 1;
	ck_assert_int_eq(work(CONV_FORWARD, biased, 64, F32).part, 100);
	w = work(CONV_FORWARD, biased, 64, BF16);
	ck_assert_int_eq(w.part, 150);
	ck_assert_uint_eq(w.scratch, 150u * (1179648 + 1024 * 64 * 4));
	/* A picture that is above the limit by itself goes alone. */
	conv_scratch_limit = 1000000;
	ck_assert_int_eq(work(CONV_FORWARD, k, 64, BF16).part, 1);
}
END_TEST

START_TEST(plain_maps_need_no_scratch)
{
	const struct conv_conf k = {1, 0, 1, 1, 1, 0, 0, {4, {300, 62, 32, 32}}};
	for (int kind = CONV_FORWARD; kind <= CONV_DW; kind++) {
		const struct conv_work w = work((enum conv_kind)kind, k, 33, F32);
		ck_assert_uint_eq(w.scratch, 0);
		ck_assert_uint_eq(w.form, 0);
	}
}
END_TEST

/* Equal tags are equal bytes: a stride's dx reads what forward packs, a plain 1x1 in both directions the same, and nothing else is shared. */
START_TEST(weights_are_shared_where_they_are_equal)
{
	const struct conv_conf k = {1, 1, 1, 3, 3, 0, 0, {4, {2, 16, 9, 9}}}, stride = {2, 1, 1, 3, 3, 0, 0, {4, {2, 16, 9, 9}}};
	const struct conv_conf plain = {1, 0, 1, 1, 1, 0, 0, {4, {2, 17, 9, 9}}}, filled = {2, 0, 1, 1, 1, 0, 0, {4, {2, 17, 9, 9}}};
	const uint64_t forward = work(CONV_FORWARD, k, 16, BF16).tag;
	ck_assert(forward == work(CONV_FORWARD, stride, 16, BF16).tag);
	ck_assert(forward == work(CONV_DX, stride, 16, BF16).tag);
	ck_assert(forward != work(CONV_DX, k, 16, BF16).tag);
	ck_assert(forward != work(CONV_FORWARD, k, 16, F32).tag);
	ck_assert(work(CONV_FORWARD, plain, 24, BF16).tag == work(CONV_DX, plain, 24, BF16).tag);
	ck_assert(work(CONV_FORWARD, plain, 24, BF16).tag != work(CONV_FORWARD, filled, 24, BF16).tag);
	ck_assert_uint_eq(work(CONV_FORWARD, filled, 24, BF16).form, 24 * 24 * 2);
	ck_assert(!(forward & 1) && !(work(CONV_DX, k, 16, F32).tag & 1));
}
END_TEST

/* ---- relu in the same pass ---- */

/* relu(conv(x, w) + bias + residual); kept sums stand against the fusion. Gives the steps that do it. */
static int run_relu(struct trial *t, int groups, bool keep, enum precision precision, double **value, int64_t *n)
{
	struct trial_plan p;
	trial_open(t, "cuda", precision);
	struct node *in[4];
	const struct type type[] = {type_of(shape4(3, 6, 5, 7), CLASS_ACT), {shape4(4, 6 / groups, 3, 3), CLASS_WIDE, ROW_MAJOR},
	                            type_of(shape1(4), CLASS_WIDE), type_of(shape4(3, 4, 5, 7), CLASS_ACT)};
	for (int i = 0; i < 4; i++) {
		struct trial_leaf *leaf = trial_leaf(t, "leaf", type[i], i == 1);
		for (int64_t k = 0; k < leaf->n; k++)
			leaf->value[k] = (double)((k * 37 + i * 11) % 41 - 20) / 16;
		in[i] = leaf->node;
	}
	struct node *const y = graph_conv2d(t->g, in[0], in[1], in[2], in[3], 1, 1, groups);
	struct node *const kept[] = {graph_relu(t->g, y), y};
	trial_ok(t, "conv2d");
	trial_place(t);
	trial_prepare(t, &p, kept, keep ? 2 : 1);
	trial_run(t, &p);
	*n = shape_count(&y->type.shape);
	*value = NEW_ARRAY(t->arena, double, *n);
	memcpy(*value, p.value[0], (size_t)*n * sizeof **value);
	int kernels = 0;
	for (int i = 0; i < p.plan->n_step; i++)
		kernels += p.plan->step[i].kind == STEP_KERNEL;
	trial_release(t, &p);
	return kernels;
}

START_TEST(relu_in_the_same_pass)
{
	const int groups = _i & 1 ? 2 : 1;
	const enum precision precision = _i & 2 ? PRECISION_BF16 : PRECISION_F32;
	struct trial apart, fused;
	double *a, *b;
	int64_t n, zeros = 0;
	ck_assert_int_eq(run_relu(&apart, groups, true, precision, &a, &n), 2);
	ck_assert_int_eq(run_relu(&fused, groups, false, precision, &b, &n), 1);
	ck_assert_int_eq(memcmp(a, b, (size_t)n * sizeof *a), 0);
	for (int64_t i = 0; i < n; i++)
		zeros += a[i] == 0;
	ck_assert(zeros > n / 8 && zeros < n);
	trial_close(&apart);
	trial_close(&fused);
}
END_TEST

/* Rows are filled up to whole words, 27 channels of taps here. One value that is no number spoils the nine places that see it, and no others. */
START_TEST(nan_stays_in_its_window)
{
	struct trial t;
	struct trial_plan p;
	trial_open(&t, "cuda", _i ? PRECISION_BF16 : PRECISION_F32);
	struct trial_leaf *const x = trial_leaf(&t, "x", type_of(shape4(1, 3, 8, 8), CLASS_ACT), false);
	struct trial_leaf *const w = trial_leaf(&t, "w", (struct type){shape4(5, 3, 3, 3), CLASS_WIDE, ROW_MAJOR}, true);
	for (int64_t i = 0; i < w->n; i++)
		w->value[i] = 0.5;
	x->value[4 * 8 + 4] = NAN; /* of the first channel */
	struct node *const y = graph_conv2d(t.g, x->node, w->node, NULL, NULL, 1, 1, 1);
	trial_place(&t);
	trial_prepare(&t, &p, &y, 1);
	trial_run(&t, &p);
	for (int i = 0; i < 5 * 64; i++) {
		const int h = i / 8 % 8, q = i % 8;
		ck_assert_int_eq(isnan(p.value[0][i]) != 0, h >= 3 && h <= 5 && q >= 3 && q <= 5);
	}
	trial_release(&t, &p);
	trial_close(&t);
}
END_TEST

TCase *tcase_conv(void)
{
	TCase *const tc = tcase_create("conv");
	const int all = CASES + n_cases_a + n_cases_b;
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, own_cases_f32, 0, CASES);
	tcase_add_loop_test(tc, own_cases_bf16, 0, CASES);
	tcase_add_loop_test(tc, picture_by_picture, 0, all);
	tcase_add_loop_test(tc, parts_of_unequal_size, 0, all);
	tcase_add_test(tc, scratch_is_bounded);
	tcase_add_test(tc, plain_maps_need_no_scratch);
	tcase_add_test(tc, weights_are_shared_where_they_are_equal);
	tcase_add_loop_test(tc, relu_in_the_same_pass, 0, 4);
	tcase_add_loop_test(tc, nan_stays_in_its_window, 0, 2);
	return tc;
}
