/* conv2d_int8 by products and directly: what its contract says, to the last bit, whole or in parts. */
#include "tests/engine/trial.h"

#include <string.h>

#include "engine/build.h"
#include "engine/cuda/conv_work.h"
#include "engine/plan_int.h"

TCase *tcase_bytes(void);

static const struct { struct shape x; int O, kernel, stride, pad, groups; bool products; } cases[] = {
	{{4, {5, 16, 6, 7}}, 8, 3, 1, 1, 1, true},
	{{4, {3, 3, 9, 8}}, 12, 3, 2, 2, 1, true},
	{{4, {4, 32, 5, 5}}, 4, 1, 2, 0, 1, true},
	{{4, {2, 20, 5, 4}}, 16, 1, 1, 0, 1, true},
	{{4, {3, 8, 5, 5}}, 6, 3, 1, 1, 1, false},
	{{4, {2, 8, 6, 5}}, 8, 3, 1, 1, 2, false},
};
enum { CASES = sizeof cases / sizeof *cases };

/* The contract's sum for output o at (n, h, w), rounded once. */
static double by_hand(int i, const struct conv_int8_conf *c, double *const in[], int O, int n, int o, int h, int w, int64_t at)
{
	const int k = cases[i].kernel, each = cases[i].x.d[1] / cases[i].groups, *d = cases[i].x.d, first = o / (O / cases[i].groups) * each;
	int sum = 0;
	for (int q = 0; q < each; q++)
		for (int a = 0; a < k; a++)
			for (int b = 0; b < k; b++) {
				const int y = h * c->conv.stride + a - c->conv.pad, x = w * c->conv.stride + b - c->conv.pad;
				if (y >= 0 && x >= 0 && y < d[2] && x < d[3])
					sum += (int)in[0][((n * d[1] + first + q) * d[2] + y) * d[3] + x] * (int)in[1][((o * each + q) * k + a) * k + b];
			}
	const double v = (double)sum * c->x_scale * in[2][o] + in[3][o] + in[4][at] * c->residual_scale;
	return (float)(c->relu && v < 0 ? 0 : v);
}

/* Bytes from 0 to 255 and weights of either sign, with a bias and a residual of bytes. */
START_TEST(ways_are_exact)
{
	const int i = _i % CASES, k = cases[i].kernel, O = cases[i].O, *d = cases[i].x.d;
	struct trial t;
	struct trial_plan p;
	conv_scratch_limit = (size_t[]){(size_t)1 << 28, 6000, 1}[_i / CASES];
	trial_open(&t, "cuda", PRECISION_F32);
	struct conv_int8_conf conf = {.conv = {.stride = cases[i].stride, .pad = cases[i].pad, .groups = cases[i].groups}, .x_scale = 0.0213, .residual_scale = 0.11,
	                              .relu = i % 2};
	const struct shape y = shape4(d[0], O, (d[2] + 2 * conf.conv.pad - k) / conf.conv.stride + 1, (d[3] + 2 * conf.conv.pad - k) / conf.conv.stride + 1);
	struct trial_leaf *const x = trial_leaf(&t, "x", type_of(cases[i].x, CLASS_U8), false), *const more = trial_leaf(&t, "more", type_of(y, CLASS_U8), false);
	struct trial_leaf *const w = trial_leaf(&t, "w", (struct type){shape4(O, d[1] / conf.conv.groups, k, k), CLASS_WIDE, ROW_MAJOR}, true);
	struct trial_leaf *const bias = trial_leaf(&t, "bias", type_of(shape1(O), CLASS_WIDE), true);
	for (int64_t j = 0; j < x->n; j++)
		x->value[j] = (double)(j * 37 % 256);
	for (int64_t j = 0; j < w->n; j++)
		w->value[j] = (double)(j * 11 % 29) / 32 - 0.25;
	for (int64_t j = 0; j < bias->n; j++)
		bias->value[j] = (double)j - 3;
	for (int64_t j = 0; j < more->n; j++)
		more->value[j] = (double)(j * 5 % 256);
	struct node *scale, *const bytes = graph_quantize_weights(t.g, w->node, &scale);
	struct node *const of = graph_conv2d_int8(t.g, x->node, bytes, scale, bias->node, more->node, &conf);
	trial_ok(&t, "conv2d_int8");
	trial_place(&t);
	trial_prepare(&t, &p, (struct node *[]){of, bytes, scale}, 3);
	trial_run(&t, &p);
	for (int s = 0; s < p.plan->n_step; s++)
		if (p.plan->step[s].kind == STEP_KERNEL && p.plan->step[s].call->op == &op_conv2d_int8)
			ck_assert_str_eq(p.plan->step[s].plan.name, cases[i].products ? "im2col, cuBLAS" : "direct");
	int64_t at = 0;
	for (int n = 0; n < y.d[0]; n++)
		for (int o = 0; o < O; o++)
			for (int h = 0; h < y.d[2]; h++)
				for (int q = 0; q < y.d[3]; q++, at++)
					ck_assert_double_eq(p.value[0][at], by_hand(i, &conf, (double *[]){x->value, p.value[1], p.value[2], bias->value, more->value}, O, n, o, h, q, at));
	trial_release(&t, &p);
	trial_close(&t);
}
END_TEST

TCase *tcase_bytes(void)
{
	TCase *const tc = tcase_create("bytes");
	tcase_add_loop_test(tc, ways_are_exact, 0, 3 * CASES);
	return tc;
}
