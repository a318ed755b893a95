/* Element by element, broadcasting, over axes, memory. */
#include "tests/engine/cases.h"

#define BUILD(id, expr) \
	static struct node *b_##id(struct graph *g, struct node *const x[]) \
	{ \
		return (expr); \
	}

#define D0 {0, {0}}
#define D1(a) {1, {a}}
#define D2(a, b) {2, {a, b}}
#define D3(a, b, c) {3, {a, b, c}}
#define D4(a, b, c, d) {4, {a, b, c, d}}
#define ACT(shape, lo, hi) {shape, CLASS_ACT, lo, hi, 0, 0, {0}}
#define WIDE(shape, lo, hi) {shape, CLASS_WIDE, lo, hi, 0, 0, {0}}
#define PARAM(shape, lo, hi) {shape, CLASS_WIDE, lo, hi, IN_PARAM, 0, {0}}
#define APART(shape, cls, lo, hi) {shape, cls, lo, hi, IN_APART, 0, {0}}
#define KINK(shape, cls, lo, hi, at) {shape, cls, lo, hi, 0, 1, {at}}
#define KINKS(shape, cls, lo, hi, a, b) {shape, cls, lo, hi, 0, 2, {a, b}}
#define NUM(shape, lo, hi) {shape, CLASS_I32, lo, hi, 0, 0, {0}}

/* Odd maps, channels no multiple of 16, one sample, one channel. */
#define MAP D4(2, 5, 7, 5)
#define ONE D4(1, 1, 7, 5)

BUILD(scale, graph_scale(g, x[0], -1.7, 0.3))
BUILD(relu, graph_relu(g, x[0]))
BUILD(relu_dx, graph_relu_dx(g, x[0], x[1]))
BUILD(leaky_relu, graph_leaky_relu(g, x[0], 0.15))
BUILD(leaky_relu_dx, graph_leaky_relu_dx(g, x[0], x[1], 0.15))
BUILD(logistic, graph_logistic(g, x[0]))
BUILD(tanh, graph_tanh(g, x[0]))
BUILD(softplus, graph_softplus(g, x[0]))
BUILD(exp, graph_exp(g, x[0]))
BUILD(log, graph_log(g, x[0]))
BUILD(sqrt, graph_sqrt(g, x[0]))
BUILD(pow_2, graph_pow(g, x[0], 2))
BUILD(pow_3, graph_pow(g, x[0], 3))
BUILD(pow_real, graph_pow(g, x[0], -1.3))
BUILD(abs, graph_abs(g, x[0]))
BUILD(clamp, graph_clamp(g, x[0], -0.7, 1.1))
BUILD(clamp_dx, graph_clamp_dx(g, x[0], x[1], -0.7, 1.1))
BUILD(sign, graph_sign(g, x[0]))
BUILD(floor, graph_floor(g, x[0]))
BUILD(add, graph_add(g, x[0], x[1]))
BUILD(sub, graph_sub(g, x[0], x[1]))
BUILD(mul, graph_mul(g, x[0], x[1]))
BUILD(div, graph_div(g, x[0], x[1]))
BUILD(square, graph_mul(g, x[0], x[0]))
BUILD(minimum, graph_minimum(g, x[0], x[1]))
BUILD(maximum, graph_maximum(g, x[0], x[1]))
BUILD(less, graph_less(g, x[0], x[1]))
BUILD(less_equal, graph_less_equal(g, x[0], x[1]))
BUILD(equal, graph_equal(g, x[0], x[1]))
BUILD(where, graph_where(g, x[0], x[1], x[2]))
BUILD(sum_hw, graph_sum(g, x[0], 12, true))
BUILD(sum_nhw, graph_sum(g, x[0], 13, false))
BUILD(sum_1, graph_sum(g, x[0], 2, false))
BUILD(sum_last, graph_sum(g, x[0], 1u << 2, true))
BUILD(sum_h, graph_sum(g, x[0], 4, false))
BUILD(sum_nc, graph_sum(g, x[0], 3, false))
BUILD(sum_all, graph_sum_all(g, x[0]))
BUILD(sum_to, graph_sum_to(g, x[0], shape2(5, 1)))
BUILD(mean_hw, graph_mean(g, x[0], 12, false))
BUILD(mean_0, graph_mean(g, x[0], 1, true))
BUILD(mean_all, graph_mean_all(g, x[0]))
BUILD(max_hw, graph_max(g, x[0], 12, false))
BUILD(max_c, graph_max(g, x[0], 2, true))
BUILD(max_all, graph_max(g, x[0], 7, false))
BUILD(max_dx, graph_max_dx(g, x[0], x[1], 12))
BUILD(max_dx_kept, graph_max_dx(g, x[0], x[1], 2))
BUILD(max_pick, graph_max_pick(g, x[0], x[1], 12, true))
BUILD(max_pick_gone, graph_max_pick(g, x[0], x[1], 5, false))
BUILD(expand_c, graph_expand(g, x[0], type_of(shape4(2, 5, 3, 4), CLASS_ACT)))
BUILD(expand_hw, graph_expand(g, x[0], type_of(shape4(2, 5, 3, 4), CLASS_ACT)))
BUILD(expand_even, graph_expand(g, x[0], type_of(shape4(2, 16, 3, 4), CLASS_ACT)))
BUILD(expand_row, graph_expand(g, x[0], type_of(shape2(4, 7), CLASS_WIDE)))
BUILD(expand_order, graph_expand(g, x[0], type_of(x[0]->type.shape, CLASS_WIDE)))
BUILD(flatten, graph_reshape(g, x[0], shape2(2, 5 * 7 * 5)))
BUILD(flatten_one, graph_reshape(g, x[0], shape1(35)))
BUILD(unflatten, graph_reshape(g, x[0], shape4(2, 3, 2, 5)))
BUILD(reshape_map, graph_reshape(g, x[0], shape4(2, 5, 5, 7)))
BUILD(reshape_mix, graph_reshape(g, x[0], shape4(5, 2, 7, 5)))
BUILD(reshape_param, graph_reshape(g, x[0], shape2(4, 18)))
BUILD(reshape_channel, graph_reshape(g, x[0], shape4(1, 6, 1, 1)))
BUILD(transpose_2, graph_transpose(g, x[0], (const int[]){1, 0}))
BUILD(transpose_3, graph_transpose(g, x[0], (const int[]){2, 0, 1}))
BUILD(transpose_4, graph_transpose(g, x[0], (const int[]){0, 2, 3, 1}))
BUILD(slice, graph_slice(g, x[0], 1, 1, 5, 2))
BUILD(slice_w, graph_slice(g, x[0], 3, 1, 5, 3))
BUILD(slice_0, graph_slice(g, x[0], 0, 2, 5, 1))
BUILD(pad, graph_pad(g, x[0], (const int[]){0, 0, 1, 2}, (const int[]){0, 0, 0, 1}, 0.4))
BUILD(pad_2, graph_pad(g, x[0], (const int[]){1, 0}, (const int[]){0, 3}, -0.3))
BUILD(concat, graph_concat(g, x, 3, 1))
BUILD(concat_0, graph_concat(g, x, 2, 0))
BUILD(concat_mixed, graph_concat(g, x, 2, 1))
/* Inputs that are read several times, and gradients that meet. */
BUILD(chain, graph_add(g, graph_mul(g, x[0], graph_tanh(g, graph_mul(g, x[0], x[1]))), graph_scale(g, x[0], 0.3, 0)))
BUILD(normal, graph_div(g, x[0], graph_sqrt(g, graph_scale(g, graph_sum(g, graph_mul(g, x[0], x[0]), 2, true), 1, 0.1))))

/* What cpu does in one kernel. */
BUILD(relu_add, graph_relu(g, graph_add(g, x[0], x[1])))
BUILD(relu_affine, graph_relu(g, graph_affine(g, x[0], x[1], x[2], x[3])))
BUILD(relu_conv, graph_relu(g, graph_conv2d(g, x[0], x[1], x[2], x[3], 1, 1, 1)))
BUILD(relu_norm, graph_relu(g, graph_batch_norm(g, x[0], x[1], x[2], NULL, 0.01, NULL, NULL)))
BUILD(relu_norm_add, graph_relu(g, graph_batch_norm(g, x[0], x[1], x[2], x[3], 0.01, NULL, NULL)))
BUILD(two_readers, graph_add(g, graph_relu(g, x[0]), graph_mul(g, graph_relu(g, x[0]), x[1])))

const struct op_case cases_a[] = {
	{"scale", b_scale, CASE_SECOND, 1, {ACT(MAP, -2, 2)}, 0, 0},
	{"relu", b_relu, CASE_SECOND, 1, {KINK(MAP, CLASS_ACT, -2, 2, 0)}, 0, 0},
	{"relu one channel", b_relu, CASE_SECOND, 1, {KINK(ONE, CLASS_ACT, -2, 2, 0)}, 0, 0},
	{"relu parameter", b_relu, CASE_SECOND, 1,
	 {{D4(4, 3, 2, 3), CLASS_WIDE, -2, 2, IN_PARAM, 1, {0}}}, 0, 0},
	{"relu_dx", b_relu_dx, CASE_SECOND, 2, {ACT(MAP, -2, 2), KINK(MAP, CLASS_ACT, -2, 2, 0)}, 0, 0},
	{"leaky_relu", b_leaky_relu, CASE_SECOND, 1, {KINK(MAP, CLASS_ACT, -2, 2, 0)}, 0, 0},
	{"leaky_relu_dx", b_leaky_relu_dx, CASE_SECOND, 2,
	 {WIDE(D2(3, 7), -2, 2), KINK(D2(3, 7), CLASS_WIDE, -2, 2, 0)}, 0, 0},
	{"logistic", b_logistic, CASE_SECOND, 1, {WIDE(D2(3, 7), -3, 3)}, 0, 0},
	{"logistic map", b_logistic, CASE_SECOND, 1, {ACT(MAP, -3, 3)}, 0, 0},
	{"tanh", b_tanh, CASE_SECOND, 1, {ACT(MAP, -2, 2)}, 0, 0},
	{"softplus", b_softplus, CASE_SECOND, 1, {WIDE(D2(3, 7), -4, 4)}, 0, 0},
	{"softplus map", b_softplus, CASE_SECOND, 1, {ACT(ONE, -4, 4)}, 0, 0},
	{"exp", b_exp, CASE_SECOND, 1, {WIDE(D2(3, 7), -2, 1.5)}, 0, 0},
	{"log", b_log, CASE_SECOND, 1, {WIDE(D2(3, 7), 0.3, 3)}, 0, 0},
	{"sqrt", b_sqrt, CASE_SECOND, 1, {WIDE(D3(2, 3, 5), 0.3, 3)}, 0, 0},
	{"pow 2", b_pow_2, CASE_SECOND, 1, {ACT(MAP, -2, 2)}, 0, 0},
	{"pow 3", b_pow_3, CASE_SECOND, 1, {WIDE(D2(3, 7), -2, 2)}, 0, 0},
	{"pow -1.3", b_pow_real, CASE_SECOND, 1, {WIDE(D2(3, 7), 0.5, 2)}, 0, 0},
	{"abs", b_abs, CASE_SECOND, 1, {KINK(MAP, CLASS_ACT, -2, 2, 0)}, 0, 0},
	{"clamp", b_clamp, CASE_SECOND, 1, {KINKS(MAP, CLASS_ACT, -2, 2, -0.7, 1.1)}, 0, 0},
	{"clamp_dx", b_clamp_dx, CASE_SECOND, 2,
	 {ACT(MAP, -2, 2), KINKS(MAP, CLASS_ACT, -2, 2, -0.7, 1.1)}, 0, 0},
	{"sign", b_sign, CASE_FORWARD, 1, {ACT(MAP, -2, 2)}, 0, 0},
	{"floor", b_floor, CASE_FORWARD, 1, {WIDE(D2(3, 7), -4, 4)}, 0, 0},

	{"add", b_add, CASE_SECOND, 2, {ACT(MAP, -2, 2), ACT(MAP, -2, 2)}, 0, 0},
	{"add scalar", b_add, CASE_SECOND, 2, {WIDE(D2(3, 7), -2, 2), WIDE(D0, -2, 2)}, 0, 0},
	{"add channels", b_add, CASE_SECOND, 2, {ACT(MAP, -2, 2), ACT(D3(5, 1, 1), -2, 2)}, 0, 0},
	{"add act and wide", b_add, CASE_SECOND, 2, {ACT(MAP, -2, 2), WIDE(D4(1, 5, 1, 1), -2, 2)}, 0, 0},
	{"add row-major", b_add, CASE_SECOND, 2,
	 {PARAM(D4(4, 3, 2, 5), -2, 2), WIDE(D4(4, 3, 2, 5), -2, 2)}, 0, 0},
	{"add parameters", b_add, CASE_SECOND, 2,
	 {PARAM(D4(4, 3, 2, 5), -2, 2), PARAM(D4(4, 1, 1, 1), -2, 2)}, 0, 0},
	{"sub", b_sub, CASE_SECOND, 2, {WIDE(D2(3, 1), -2, 2), WIDE(D2(1, 4), -2, 2)}, 0, 0},
	{"sub map", b_sub, CASE_SECOND, 2, {ACT(MAP, -2, 2), ACT(MAP, -2, 2)}, 0, 0},
	{"mul", b_mul, CASE_SECOND, 2, {ACT(MAP, -2, 2), ACT(MAP, -2, 2)}, 0, 0},
	{"mul crossed", b_mul, CASE_SECOND, 2, {ACT(D4(2, 3, 1, 5), -2, 2), ACT(D4(2, 1, 4, 1), -2, 2)}, 0, 0},
	{"mul ranks", b_mul, CASE_SECOND, 2, {WIDE(D1(5), -2, 2), WIDE(D3(2, 3, 5), -2, 2)}, 0, 0},
	{"mul samples", b_mul, CASE_SECOND, 2,
	 {ACT(D4(3, 5, 2, 2), -2, 2), WIDE(D4(3, 1, 1, 1), -2, 2)}, 0, 0},
	{"mul itself", b_square, CASE_SECOND, 1, {WIDE(D2(3, 7), -2, 2)}, 0, 0},
	{"mul mask", b_mul, CASE_SECOND, 2, {WIDE(D2(3, 7), -2, 2), NUM(D2(3, 1), 0, 1)}, 0, 0},
	{"div", b_div, CASE_SECOND, 2, {WIDE(D2(3, 7), -2, 2), WIDE(D2(3, 7), 0.5, 2)}, 0, 0},
	{"div rows", b_div, CASE_SECOND, 2, {WIDE(D2(3, 7), -2, 2), WIDE(D2(3, 1), 0.5, 2)}, 0, 0},
	{"minimum", b_minimum, CASE_SECOND, 2,
	 {APART(MAP, CLASS_ACT, -2, 2), APART(MAP, CLASS_ACT, -2, 2)}, 0, 0},
	{"minimum rows", b_minimum, CASE_SECOND, 2,
	 {APART(D2(3, 7), CLASS_WIDE, -2, 2), APART(D2(3, 1), CLASS_WIDE, -2, 2)}, 0, 0},
	{"maximum", b_maximum, CASE_SECOND, 2,
	 {APART(MAP, CLASS_ACT, -2, 2), APART(MAP, CLASS_ACT, -2, 2)}, 0, 0},
	{"maximum columns", b_maximum, CASE_SECOND, 2,
	 {APART(D1(7), CLASS_WIDE, -2, 2), APART(D2(3, 7), CLASS_WIDE, -2, 2)}, 0, 0},
	{"less", b_less, CASE_FORWARD, 2, {ACT(MAP, -2, 2), ACT(D3(5, 1, 1), -2, 2)}, 0, 0},
	{"less numbers", b_less, CASE_FORWARD, 2, {NUM(D2(3, 7), 0, 5), NUM(D2(1, 7), 0, 5)}, 0, 0},
	{"less_equal", b_less_equal, CASE_FORWARD, 2, {WIDE(D2(3, 7), -2, 2), WIDE(D2(3, 1), -2, 2)}, 0, 0},
	{"equal", b_equal, CASE_FORWARD, 2, {NUM(D2(7, 1), 0, 3), NUM(D2(1, 7), 0, 3)}, 0, 0},
	{"where", b_where, CASE_SECOND, 3,
	 {NUM(D2(3, 1), 0, 1), WIDE(D2(3, 7), -2, 2), WIDE(D1(7), -2, 2)}, 0, 0},
	{"where map", b_where, CASE_SECOND, 3,
	 {{MAP, CLASS_U8, 0, 1, 0, 0, {0}}, ACT(MAP, -2, 2), ACT(D4(2, 1, 7, 5), -2, 2)}, 0, 0},
	{"where real", b_where, CASE_SECOND, 3,
	 {{MAP, CLASS_ACT, 0, 2, IN_FIXED, 0, {0}}, ACT(MAP, -2, 2), WIDE(D0, -2, 2)}, 0, 0},

	{"sum maps", b_sum_hw, CASE_SECOND, 1, {ACT(MAP, -2, 2)}, 0, 0},
	{"sum channels", b_sum_nhw, CASE_SECOND, 1, {ACT(MAP, -2, 2)}, 0, 0},
	{"sum parameter", b_sum_1, CASE_SECOND, 1, {PARAM(D4(4, 3, 2, 5), -2, 2)}, 0, 0},
	{"sum parameter kept", b_sum_hw, CASE_SECOND, 1, {PARAM(D4(4, 3, 2, 5), -2, 2)}, 0, 0},
	{"sum last", b_sum_last, CASE_SECOND, 1, {WIDE(D3(2, 3, 7), -2, 2)}, 0, 0},
	{"sum all", b_sum_all, CASE_SECOND, 1, {ACT(ONE, -2, 2)}, 0, 0},
	{"sum to", b_sum_to, CASE_SECOND, 1, {WIDE(D3(2, 5, 7), -2, 2)}, 0, 0},
	{"sum rows of a map", b_sum_h, CASE_SECOND, 1, {ACT(MAP, -2, 2)}, 0, 0},
	{"sum samples and channels", b_sum_nc, CASE_SECOND, 1, {ACT(MAP, -2, 2)}, 0, 0},
	{"mean", b_mean_hw, CASE_SECOND, 1, {ACT(MAP, -2, 2)}, 0, 0},
	{"mean one", b_mean_hw, CASE_SECOND, 1, {ACT(ONE, -2, 2)}, 0, 0},
	{"mean samples", b_mean_0, CASE_SECOND, 1, {WIDE(D2(5, 7), -2, 2)}, 0, 0},
	{"mean all", b_mean_all, CASE_SECOND, 1, {WIDE(D3(2, 3, 7), -2, 2)}, 0, 0},
	{"max", b_max_hw, CASE_SECOND, 1, {APART(MAP, CLASS_ACT, -2, 2)}, 0, 0},
	{"max channels", b_max_c, CASE_SECOND, 1, {APART(MAP, CLASS_ACT, -2, 2)}, 0, 0},
	{"max all", b_max_all, CASE_SECOND, 1, {APART(D3(2, 3, 7), CLASS_WIDE, -2, 2)}, 0, 0},
	{"max_dx", b_max_dx, CASE_SECOND, 2, {ACT(D2(2, 5), -2, 2), APART(MAP, CLASS_ACT, -2, 2)}, 0, 0},
	{"max_dx kept", b_max_dx_kept, CASE_SECOND, 2,
	 {WIDE(D2(5, 1), -2, 2), APART(D2(5, 7), CLASS_WIDE, -2, 2)}, 0, 0},
	{"max_pick", b_max_pick, CASE_SECOND, 2, {ACT(MAP, -2, 2), APART(MAP, CLASS_ACT, -2, 2)}, 0, 0},
	{"max_pick gone", b_max_pick_gone, CASE_SECOND, 2,
	 {WIDE(D3(2, 5, 3), -2, 2), APART(D3(2, 5, 3), CLASS_WIDE, -2, 2)}, 0, 0},
	{"expand channels", b_expand_c, CASE_SECOND, 1, {WIDE(D3(5, 1, 1), -2, 2)}, 0, 0},
	{"expand maps", b_expand_hw, CASE_SECOND, 1, {ACT(D4(2, 5, 1, 1), -2, 2)}, 0, 0},
	{"expand maps of many channels", b_expand_even, CASE_SECOND, 1, {ACT(D4(2, 16, 1, 1), -2, 2)}, 0, 0},
	{"expand rows", b_expand_row, CASE_SECOND, 1, {WIDE(D1(7), -2, 2)}, 0, 0},
	{"expand order", b_expand_order, CASE_SECOND, 1, {PARAM(D4(4, 3, 2, 5), -2, 2)}, 0, 0},

	{"reshape flat", b_flatten, CASE_SECOND, 1, {ACT(MAP, -2, 2)}, 0, 0},
	{"reshape flat one", b_flatten_one, CASE_SECOND, 1, {ACT(ONE, -2, 2)}, 0, 0},
	{"reshape to maps", b_unflatten, CASE_SECOND, 1, {ACT(D2(2, 30), -2, 2)}, 0, 0},
	{"reshape map", b_reshape_map, CASE_SECOND, 1, {ACT(MAP, -2, 2)}, 0, 0},
	{"reshape mixed", b_reshape_mix, CASE_SECOND, 1, {ACT(MAP, -2, 2)}, 0, 0},
	{"reshape parameter", b_reshape_param, CASE_SECOND, 1, {PARAM(D4(4, 3, 2, 3), -2, 2)}, 0, 0},
	{"reshape channels", b_reshape_channel, CASE_SECOND, 1, {PARAM(D1(6), -2, 2)}, 0, 0},
	{"transpose", b_transpose_2, CASE_SECOND, 1, {WIDE(D2(3, 7), -2, 2)}, 0, 0},
	{"transpose 3", b_transpose_3, CASE_SECOND, 1, {ACT(D3(2, 3, 5), -2, 2)}, 0, 0},
	{"transpose 4", b_transpose_4, CASE_SECOND, 1, {ACT(MAP, -2, 2)}, 0, 0},
	{"transpose parameter", b_transpose_4, CASE_SECOND, 1, {PARAM(D4(4, 3, 2, 5), -2, 2)}, 0, 0},
	{"slice", b_slice, CASE_SECOND, 1, {ACT(MAP, -2, 2)}, 0, 0},
	{"slice columns", b_slice_w, CASE_SECOND, 1, {ACT(MAP, -2, 2)}, 0, 0},
	{"slice rows", b_slice_0, CASE_SECOND, 1, {PARAM(D2(5, 7), -2, 2)}, 0, 0},
	{"pad", b_pad, CASE_SECOND, 1, {ACT(MAP, -2, 2)}, 0, 0},
	{"pad 2", b_pad_2, CASE_SECOND, 1, {WIDE(D2(3, 4), -2, 2)}, 0, 0},
	{"concat", b_concat, CASE_SECOND, 3,
	 {ACT(D4(2, 5, 3, 4), -2, 2), ACT(D4(2, 1, 3, 4), -2, 2), ACT(D4(2, 3, 3, 4), -2, 2)}, 0, 0},
	{"concat samples", b_concat_0, CASE_SECOND, 2,
	 {ACT(D4(2, 5, 3, 4), -2, 2), ACT(D4(1, 5, 3, 4), -2, 2)}, 0, 0},
	{"concat classes", b_concat_mixed, CASE_SECOND, 2,
	 {ACT(D2(3, 4), -2, 2), WIDE(D2(3, 7), -2, 2)}, 0, 0},
	{"mul chain", b_chain, CASE_SECOND, 2, {WIDE(D2(3, 7), -1, 1), WIDE(D1(7), -1, 1)}, 0, 0},
	{"relu of add", b_relu_add, CASE_SECOND, 2, {ACT(MAP, -2, 2), ACT(D4(1, 5, 1, 1), -2, 2)}, 0, 0},
	{"relu of affine", b_relu_affine, CASE_SECOND, 4,
	 {ACT(MAP, -2, 2), PARAM(D1(5), 0.5, 2), PARAM(D1(5), -1, 1), ACT(MAP, -1, 1)}, 0, 0},
	{"relu of conv2d", b_relu_conv, CASE_SECOND, 4,
	 {ACT(D4(2, 3, 5, 4), -2, 2), PARAM(D4(5, 3, 3, 3), -1, 1), PARAM(D1(5), -1, 1), ACT(D4(2, 5, 5, 4), -1, 1)}, 0, 0},
	{"relu of batch_norm", b_relu_norm, 0, 3,
	 {ACT(MAP, -1, 3), PARAM(D1(5), 0.5, 2), PARAM(D1(5), -1, 1)}, 0, 0},
	{"relu of batch_norm and more", b_relu_norm_add, 0, 4,
	 {ACT(MAP, -1, 3), PARAM(D1(5), 0.5, 2), PARAM(D1(5), -1, 1), ACT(MAP, -1, 1)}, 0, 0},
	{"relu twice", b_two_readers, CASE_SECOND, 2, {KINK(MAP, CLASS_ACT, -2, 2, 0), ACT(MAP, -2, 2)}, 0, 0},
	{"div by a norm", b_normal, CASE_SECOND, 1, {WIDE(D2(3, 7), -1, 1)}, 0, 0},
};

const int n_cases_a = sizeof cases_a / sizeof *cases_a;
