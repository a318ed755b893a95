/* Values worked out by hand: element by element, broadcasting, over axes, memory. Lopsided, and at edges and ties. */
#include "tests/engine/cases.h"

#define BUILD(id, expr) \
	static struct node *b_##id(struct graph *g, struct node *const x[]) \
	{ \
		return (expr); \
	}

/* The derivative of the sum of an expression of x[0] (and others) by x[k]. */
#define BUILD_GRAD(id, expr, k) \
	static struct node *b_##id(struct graph *g, struct node *const x[]) \
	{ \
		struct node *d = NULL; \
		graph_grad(g, (expr), NULL, &x[k], 1, &d); \
		return d; \
	}

#define D0 {0, {0}}
#define D1(a) {1, {a}}
#define D2(a, b) {2, {a, b}}
#define D3(a, b, c) {3, {a, b, c}}
#define D4(a, b, c, d) {4, {a, b, c, d}}
#define W(shape, ...) {shape, CLASS_WIDE, {__VA_ARGS__}}
#define A(shape, ...) {shape, CLASS_ACT, {__VA_ARGS__}}
#define N(shape, ...) {shape, CLASS_I32, {__VA_ARGS__}}

BUILD(scale, graph_scale(g, x[0], -3, 0.5))
BUILD(relu, graph_relu(g, x[0]))
BUILD(relu_dx, graph_relu_dx(g, x[0], x[1]))
BUILD_GRAD(relu_at_0, graph_relu(g, x[0]), 0)
BUILD(leaky_relu, graph_leaky_relu(g, x[0], 0.125))
BUILD(leaky_relu_dx, graph_leaky_relu_dx(g, x[0], x[1], 0.125))
BUILD(logistic, graph_logistic(g, x[0]))
BUILD(tanh, graph_tanh(g, x[0]))
BUILD(softplus, graph_softplus(g, x[0]))
BUILD(exp, graph_exp(g, x[0]))
BUILD(log, graph_log(g, x[0]))
BUILD(sqrt, graph_sqrt(g, x[0]))
BUILD(cube, graph_pow(g, x[0], 3))
BUILD(power, graph_pow(g, x[0], 1.5))
BUILD(abs, graph_abs(g, x[0]))
BUILD_GRAD(abs_dx, graph_abs(g, x[0]), 0)
BUILD(clamp, graph_clamp(g, x[0], -1, 2.5))
BUILD_GRAD(clamp_at, graph_clamp(g, x[0], -1, 2.5), 0)
BUILD(sign, graph_sign(g, x[0]))
BUILD(floor, graph_floor(g, x[0]))
BUILD(add, graph_add(g, x[0], x[1]))
BUILD(sub, graph_sub(g, x[0], x[1]))
BUILD(mul, graph_mul(g, x[0], x[1]))
BUILD(div, graph_div(g, x[0], x[1]))
BUILD_GRAD(div_by, graph_div(g, x[0], x[1]), 1)
BUILD(minimum, graph_minimum(g, x[0], x[1]))
BUILD(maximum, graph_maximum(g, x[0], x[1]))
BUILD_GRAD(minimum_a, graph_minimum(g, x[0], x[1]), 0)
BUILD_GRAD(minimum_b, graph_minimum(g, x[0], x[1]), 1)
BUILD_GRAD(maximum_a, graph_maximum(g, x[0], x[1]), 0)
BUILD_GRAD(maximum_b, graph_maximum(g, x[0], x[1]), 1)
BUILD(less, graph_less(g, x[0], x[1]))
BUILD(less_equal, graph_less_equal(g, x[0], x[1]))
BUILD(equal, graph_equal(g, x[0], x[1]))
BUILD(where, graph_where(g, x[0], x[1], x[2]))
BUILD(sum_0, graph_sum(g, x[0], 1, false))
BUILD(sum_02, graph_sum(g, x[0], 5, true))
BUILD(mean_1, graph_mean(g, x[0], 2, false))
BUILD(mean_all, graph_mean_all(g, x[0]))
BUILD(max_1, graph_max(g, x[0], 2, false))
BUILD(max_dx, graph_max_dx(g, x[0], x[1], 2))
BUILD(max_pick, graph_max_pick(g, x[0], x[1], 2, false))
BUILD(expand, graph_expand(g, x[0], type_of(shape2(2, 3), CLASS_WIDE)))
BUILD(sum_to, graph_sum_to(g, x[0], shape1(3)))
BUILD(reshape, graph_reshape(g, x[0], shape2(1, 8)))
BUILD(reshape_map, graph_reshape(g, x[0], shape4(1, 4, 1, 2)))
BUILD(transpose, graph_transpose(g, x[0], (const int[]){1, 2, 0}))
BUILD(slice, graph_slice(g, x[0], 1, 1, 5, 2))
BUILD_GRAD(slice_dx, graph_slice(g, x[0], 1, 1, 5, 2), 0)
BUILD(pad, graph_pad(g, x[0], (const int[]){1, 0}, (const int[]){0, 2}, -7))
BUILD(concat, graph_concat(g, x, 2, 1))

const struct hand_case hands_a[] = {
	{"scale", b_scale, 1, {W(D1(3), 0, 2, -0.25)}, D1(3), {0.5, -5.5, 1.25}},
	{"relu", b_relu, 1, {A(D1(3), -0.5, 0, 3)}, D1(3), {0, 0, 3}},
	{"relu at 0", b_relu_at_0, 1, {A(D1(3), -0.5, 0, 3)}, D1(3), {0, 0, 1}},
	{"relu_dx", b_relu_dx, 2, {A(D1(4), 5, 6, 7, -8), A(D1(4), -1, 0, 2, 3)}, D1(4), {0, 0, 7, -8}},
	{"leaky_relu", b_leaky_relu, 1, {A(D1(3), -4, 0, 3)}, D1(3), {-0.5, 0, 3}},
	{"leaky_relu_dx", b_leaky_relu_dx, 2, {A(D1(4), 8, 16, 7, -8), A(D1(4), -1, 0, 2, 3)}, D1(4),
	 {1, 2, 7, -8}},
	/* log 3 = 1.0986122886681098 */
	{"logistic", b_logistic, 1, {W(D1(4), 0, 1.0986122886681098, -1.0986122886681098, -800)}, D1(4),
	 {0.5, 0.75, 0.25, 0}},
	/* log 2 = 0.6931471805599453: (4 - 1) / (4 + 1) */
	{"tanh", b_tanh, 1, {W(D1(3), 0, 0.6931471805599453, -400)}, D1(3), {0, 0.6, -1}},
	/* log 2, log (1 + 3) = 2 log 2, and no overflow */
	{"softplus", b_softplus, 1, {W(D1(4), 0, 1.0986122886681098, 800, -800)}, D1(4),
	 {0.6931471805599453, 1.3862943611198906, 800, 0}},
	{"exp", b_exp, 1, {W(D1(3), 0, 0.6931471805599453, -1.0986122886681098)}, D1(3), {1, 2, 1.0 / 3}},
	{"log", b_log, 1, {W(D1(3), 1, 3, 0.5)}, D1(3), {0, 1.0986122886681098, -0.6931471805599453}},
	{"sqrt", b_sqrt, 1, {W(D1(3), 0, 2.25, 0.0625)}, D1(3), {0, 1.5, 0.25}},
	{"pow 3", b_cube, 1, {W(D1(3), -2, 0, 1.5)}, D1(3), {-8, 0, 3.375}},
	{"pow 1.5", b_power, 1, {W(D1(3), 0, 4, 0.25)}, D1(3), {0, 8, 0.125}},
	{"abs", b_abs, 1, {W(D1(3), -2.5, 0, 3)}, D1(3), {2.5, 0, 3}},
	{"abs gradient", b_abs_dx, 1, {W(D1(3), -2.5, 0, 3)}, D1(3), {-1, 0, 1}},
	{"clamp", b_clamp, 1, {A(D1(5), -3, -1, 0.5, 2.5, 4)}, D1(5), {-1, -1, 0.5, 2.5, 2.5}},
	{"clamp gradient", b_clamp_at, 1, {A(D1(5), -3, -1, 0.5, 2.5, 4)}, D1(5), {0, 1, 1, 1, 0}},
	{"sign", b_sign, 1, {A(D1(4), -0.125, 0, 7, -3)}, D1(4), {-1, 0, 1, -1}},
	{"floor", b_floor, 1, {W(D1(5), -1.5, -1, -0.25, 0.75, 2)}, D1(5), {-2, -1, -1, 0, 2}},

	{"add", b_add, 2, {W(D2(2, 1), 10, 20), W(D1(3), 1, 2, 4)}, D2(2, 3), {11, 12, 14, 21, 22, 24}},
	{"sub", b_sub, 2, {W(D2(2, 1), 10, 20), W(D1(3), 1, 2, 4)}, D2(2, 3), {9, 8, 6, 19, 18, 16}},
	{"sub maps", b_sub, 2, {A(D4(1, 2, 1, 2), 1, 2, 3, 4), A(D3(2, 1, 1), 10, 20)}, D4(1, 2, 1, 2),
	 {-9, -8, -17, -16}},
	{"mul", b_mul, 2, {W(D2(2, 2), 1, 2, 3, 4), W(D0, -0.5)}, D2(2, 2), {-0.5, -1, -1.5, -2}},
	{"div", b_div, 2, {W(D1(3), 3, -1, 0), W(D1(3), 4, 0.25, 5)}, D1(3), {0.75, -4, 0}},
	/* -a / b^2 */
	{"div by b", b_div_by, 2, {W(D1(2), 3, -1), W(D1(2), 2, 0.5)}, D1(2), {-0.75, 4}},
	{"minimum", b_minimum, 2, {W(D1(3), 1, 5, -2), W(D1(3), 3, 4, -2)}, D1(3), {1, 4, -2}},
	{"maximum", b_maximum, 2, {W(D1(3), 1, 5, -2), W(D1(3), 3, 4, -2)}, D1(3), {3, 5, -2}},
	{"minimum to a", b_minimum_a, 2, {W(D1(3), 1, 5, -2), W(D1(3), 3, 4, -2)}, D1(3), {1, 0, 1}},
	{"minimum to b", b_minimum_b, 2, {W(D1(3), 1, 5, -2), W(D1(3), 3, 4, -2)}, D1(3), {0, 1, 0}},
	{"maximum to a", b_maximum_a, 2, {W(D1(3), 1, 5, -2), W(D1(3), 3, 4, -2)}, D1(3), {0, 1, 1}},
	{"maximum to b", b_maximum_b, 2, {W(D1(3), 1, 5, -2), W(D1(3), 3, 4, -2)}, D1(3), {1, 0, 0}},
	{"less", b_less, 2, {W(D2(2, 1), 1, 3), W(D1(3), 0, 1, 2)}, D2(2, 3), {0, 0, 1, 0, 0, 0}},
	{"less numbers", b_less, 2, {N(D1(3), -1, 7, 16777217), N(D1(3), 0, 7, 16777218)}, D1(3), {1, 0, 1}},
	{"less_equal", b_less_equal, 2, {W(D2(2, 1), 1, 3), W(D1(3), 0, 1, 2)}, D2(2, 3), {0, 1, 1, 0, 0, 0}},
	{"less_equal numbers", b_less_equal, 2, {N(D1(3), -1, 7, 9), N(D1(3), 0, 7, 8)}, D1(3), {1, 1, 0}},
	{"equal", b_equal, 2, {A(D1(3), 1, 3, -2), A(D1(1), 3)}, D1(3), {0, 1, 0}},
	{"equal numbers", b_equal, 2, {N(D2(2, 1), 4, 16777217), N(D1(3), 4, 5, 16777216)}, D2(2, 3),
	 {1, 0, 0, 0, 0, 0}},
	{"where", b_where, 3, {N(D2(2, 1), 0, -3), W(D1(3), 1, 2, 4), W(D0, 9)}, D2(2, 3), {9, 9, 9, 1, 2, 4}},

	{"sum", b_sum_0, 1, {W(D2(2, 3), 1, 2, 4, 8, 16, 32)}, D1(3), {9, 18, 36}},
	{"sum kept", b_sum_02, 1, {A(D3(2, 2, 3), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)}, D3(1, 2, 1),
	 {30, 48}},
	{"sum to", b_sum_to, 1, {W(D2(2, 3), 1, 2, 4, 8, 16, 32)}, D1(3), {9, 18, 36}},
	{"mean", b_mean_1, 1, {W(D2(2, 4), 1, 2, 4, 8, 0, 0, -3, 1)}, D1(2), {3.75, -0.5}},
	{"mean all", b_mean_all, 1, {A(D4(1, 2, 1, 2), 1, 2, 4, 0.5)}, D0, {1.875}},
	{"max", b_max_1, 1, {A(D2(2, 4), -1, -2, -4, -0.5, 3, 7, 7, 1)}, D1(2), {-0.5, 7}},
	{"max_dx tie", b_max_dx, 2, {A(D1(2), 5, 6), A(D2(2, 4), -1, -2, -4, -0.5, 3, 7, 7, 1)}, D2(2, 4),
	 {0, 0, 0, 5, 0, 6, 0, 0}},
	{"max_pick tie", b_max_pick, 2, {A(D2(2, 4), 1, 2, 3, 4, 5, 6, 7, 8), A(D2(2, 4), -1, -2, -4, -0.5, 3, 7, 7, 1)}, D1(2),
	 {4, 6}},
	{"expand", b_expand, 1, {W(D2(2, 1), 3, -4)}, D2(2, 3), {3, 3, 3, -4, -4, -4}},

	{"reshape", b_reshape, 1, {A(D4(1, 2, 2, 2), 1, 2, 3, 4, 5, 6, 7, 8)}, D2(1, 8),
	 {1, 2, 3, 4, 5, 6, 7, 8}},
	{"reshape map", b_reshape_map, 1, {A(D4(1, 2, 2, 2), 1, 2, 3, 4, 5, 6, 7, 8)}, D4(1, 4, 1, 2),
	 {1, 2, 3, 4, 5, 6, 7, 8}},
	/* y[i][j][k] = x[k][i][j] */
	{"transpose", b_transpose, 1, {W(D3(2, 1, 3), 1, 2, 3, 4, 5, 6)}, D3(1, 3, 2), {1, 4, 2, 5, 3, 6}},
	{"slice", b_slice, 1, {N(D2(2, 5), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)}, D2(2, 2), {1, 3, 6, 8}},
	{"slice_dx", b_slice_dx, 1, {W(D2(1, 5), 0, 1, 2, 3, 4)}, D2(1, 5), {0, 1, 0, 1, 0}},
	{"pad", b_pad, 1, {W(D2(1, 2), 3, 4)}, D2(2, 4), {-7, -7, -7, -7, 3, 4, -7, -7}},
	{"concat", b_concat, 2, {W(D2(2, 1), 1, 2), W(D2(2, 2), 3, 4, 5, 6)}, D2(2, 3), {1, 3, 4, 2, 5, 6}},
	{"concat maps", b_concat, 2, {A(D4(1, 1, 1, 2), 1, 2), A(D4(1, 2, 1, 2), 3, 4, 5, 6)}, D4(1, 3, 1, 2),
	 {1, 2, 3, 4, 5, 6}},
};

const int n_hands_a = sizeof hands_a / sizeof *hands_a;
