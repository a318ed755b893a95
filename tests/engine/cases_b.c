/* Networks, by index, the rest. */
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
#define NUM(shape, lo, hi) {shape, CLASS_I32, lo, hi, 0, 0, {0}}

/* Odd maps, channels no multiple of 16, one sample, one channel. */
#define MAP D4(2, 5, 7, 5)
#define ONE D4(1, 1, 7, 5)

BUILD(conv, graph_conv2d(g, x[0], x[1], NULL, NULL, 1, 1, 1))
BUILD(conv_bias, graph_conv2d(g, x[0], x[1], x[2], NULL, 1, 1, 1))
BUILD(conv_2, graph_conv2d(g, x[0], x[1], x[2], x[3], 2, 1, 1))
BUILD(conv_residual, graph_conv2d(g, x[0], x[1], NULL, x[2], 1, 1, 1))
BUILD(conv_groups, graph_conv2d(g, x[0], x[1], x[2], NULL, 1, 1, 2))
BUILD(conv_depthwise, graph_conv2d(g, x[0], x[1], NULL, NULL, 2, 1, 5))
BUILD(conv_multiplied, graph_conv2d(g, x[0], x[1], NULL, NULL, 1, 1, 3))
BUILD(conv_1, graph_conv2d(g, x[0], x[1], x[2], NULL, 1, 0, 1))
BUILD(conv_1_2, graph_conv2d(g, x[0], x[1], NULL, NULL, 2, 0, 1))
BUILD(conv_tall, graph_conv2d(g, x[0], x[1], NULL, NULL, 1, 2, 1))
BUILD(conv_plain, graph_conv2d(g, x[0], x[1], NULL, NULL, 1, 0, 1))
BUILD(conv_sparse, graph_conv2d(g, x[0], x[1], NULL, NULL, 3, 0, 1))
BUILD(conv_twice, graph_conv2d(g, graph_tanh(g, b_conv(g, x)), x[2], NULL, NULL, 1, 1, 1))

static const struct conv_conf conv_conf = {2, 1, 1, 3, 2, 0, 0, {4, {2, 3, 7, 6}}};
BUILD(conv_dx, graph_conv2d_dx(g, x[0], x[1], &conv_conf))
BUILD(conv_dw, graph_conv2d_dw(g, x[0], x[1], &conv_conf))
/* By rows and a product on the cpu: odd channels and maps; several parts; without a stride. */
static const struct conv_conf even_conf = {1, 1, 1, 3, 3, 0, 0, {4, {2, 32, 7, 5}}};
static const struct conv_conf plain_conf = {1, 0, 1, 3, 3, 0, 0, {4, {3, 64, 7, 13}}};
BUILD(conv_dx_even, graph_conv2d_dx(g, x[0], x[1], &even_conf))
BUILD(conv_dx_plain, graph_conv2d_dx(g, x[0], x[1], &plain_conf))

static const struct conv_conf rows_conf = {2, 1, 1, 3, 2, 0, 0, {4, {3, 33, 9, 7}}};
static const struct conv_conf rows_parts_conf = {3, 0, 1, 3, 3, 0, 0, {4, {7, 40, 69, 63}}};
static const struct conv_conf rows_many_conf = {1, 1, 1, 3, 3, 0, 0, {4, {3, 129, 5, 3}}};
BUILD(conv_dw_rows, graph_conv2d_dw(g, x[0], x[1], &rows_conf))
BUILD(conv_dw_rows_parts, graph_conv2d_dw(g, x[0], x[1], &rows_parts_conf))
BUILD(conv_dw_rows_many, graph_conv2d_dw(g, x[0], x[1], &rows_many_conf))
/* By Winograd's method on a cpu with bf16: odd maps; without padding; one map, with more; groups of maps, the last one smaller. */
static const struct conv_conf dw_odd_conf = {1, 1, 1, 3, 3, 0, 0, {4, {3, 16, 7, 5}}};
static const struct conv_conf dw_plain_conf = {1, 0, 1, 3, 3, 0, 0, {4, {2, 48, 9, 13}}};
static const struct conv_conf dw_one_conf = {1, 2, 1, 3, 3, 0, 0, {4, {1, 32, 2, 4}}};
static const struct conv_conf dw_groups_conf = {1, 1, 1, 3, 3, 0, 0, {4, {7, 16, 32, 31}}};
BUILD(conv_dw_odd, graph_conv2d_dw(g, x[0], x[1], &dw_odd_conf))
BUILD(conv_dw_plain, graph_conv2d_dw(g, x[0], x[1], &dw_plain_conf))
BUILD(conv_dw_one, graph_conv2d_dw(g, x[0], x[1], &dw_one_conf))
BUILD(conv_dw_groups, graph_conv2d_dw(g, x[0], x[1], &dw_groups_conf))

BUILD(matmul, graph_matmul(g, x[0], x[1], NULL, false, false))
BUILD(matmul_nt, graph_matmul(g, x[0], x[1], x[2], false, true))
BUILD(matmul_tn, graph_matmul(g, x[0], x[1], x[2], true, false))
BUILD(matmul_tt, graph_matmul(g, x[0], x[1], NULL, true, true))
BUILD(gram, graph_matmul(g, x[0], x[0], NULL, false, true))
BUILD(linear, graph_linear(g, x[0], x[1], x[2]))
BUILD(linear_plain, graph_linear(g, x[0], x[1], NULL))

static struct node *second_output(struct node *y)
{
	return y ? y->call->out[1] : NULL;
}

static const struct pool_conf pool_conf = {3, 2, 1, 0, {4, {2, 3, 7, 6}}};
BUILD(max_pool, graph_max_pool(g, x[0], 3, 2, 1))
BUILD(max_pool_2, graph_max_pool(g, x[0], 2, 2, 0))
BUILD(max_pool_sparse, graph_max_pool(g, x[0], 2, 3, 0))
BUILD(max_pool_dx, graph_max_pool_dx(g, x[0], x[1], &pool_conf))
BUILD(max_pool_pick, graph_max_pool_pick(g, x[0], x[1], &pool_conf))
BUILD(avg_pool, graph_avg_pool(g, x[0], 3, 2, 1))
BUILD(avg_pool_2, graph_avg_pool(g, x[0], 2, 2, 0))
BUILD(avg_pool_dx, graph_avg_pool_dx(g, x[0], &pool_conf))

static const struct resize_conf resize_conf = {1, 5, 9, {4, {2, 3, 7, 4}}};
BUILD(nearest_up, graph_resize(g, x[0], 11, 13, false))
BUILD(nearest_down, graph_resize(g, x[0], 4, 2, false))
BUILD(bilinear_up, graph_resize(g, x[0], 11, 13, true))
BUILD(bilinear_down, graph_resize(g, x[0], 3, 2, true))
BUILD(resize_dx, graph_resize_dx(g, x[0], &resize_conf))

BUILD(batch_norm, graph_batch_norm(g, x[0], x[1], x[2], NULL, 0.013, NULL, NULL))
BUILD(batch_norm_residual, graph_batch_norm(g, x[0], x[1], x[2], x[3], 0.013, NULL, NULL))
BUILD(batch_norm_relu, graph_relu(g, graph_batch_norm(g, x[0], x[1], x[2], x[3], 0.013, NULL, NULL)))
BUILD(affine, graph_affine(g, x[0], x[1], x[2], NULL))
BUILD(affine_residual, graph_affine(g, x[0], x[1], x[2], x[3]))
BUILD(softmax, graph_softmax(g, x[0]))
BUILD(log_softmax, graph_log_softmax(g, x[0]))
BUILD(cross_entropy, graph_cross_entropy(g, x[0], x[1], 0))
BUILD(cross_entropy_smooth, graph_cross_entropy(g, x[0], x[1], 0.15))
BUILD(cross_entropy_dx, second_output(graph_cross_entropy(g, x[0], x[1], 0.15)))
BUILD(kl, graph_kl_divergence(g, x[0], x[1], 2.7))
BUILD(kl_sharp, graph_kl_divergence(g, x[0], x[1], 0.3))
BUILD(kl_dx, second_output(graph_kl_divergence(g, x[0], x[1], 2.7)))
BUILD(kl_stopped, graph_kl_divergence(g, x[0], graph_stop_gradient(g, graph_scale(g, x[0], 1.7, 0.4)), 2.7))
BUILD(mean_square, graph_mean_square(g, x[0], x[1]))
BUILD(mean_square_self, graph_mean_square(g, x[0], graph_mul(g, x[0], x[0])))
BUILD(mean_square_stopped, graph_mean_square(g, x[0], graph_stop_gradient(g, graph_scale(g, x[0], 1.7, 0.4))))
BUILD(mean_square_dx, graph_mean_square_dx(g, x[0], x[1], x[2]))
BUILD(mean_softplus, graph_mean_softplus(g, x[0], 1))
BUILD(mean_softplus_less, graph_mean_softplus(g, x[0], -1.7))
BUILD(mean_softplus_dx, graph_mean_softplus_dx(g, x[0], x[1], -1.7))

static const unsigned key[2] = {0x3c6ef372u, 0xa54ff53au};
BUILD(dropout, graph_dropout(g, x[0], 0.3, key))

BUILD(gather, graph_gather(g, x[0], x[1]))
BUILD(scatter_add, graph_scatter_add(g, x[0], x[1], 5))
BUILD(one_hot, graph_one_hot(g, x[0], 7))
BUILD(arg_max, graph_arg_max(g, x[0]))
BUILD(top_k, graph_top_k(g, x[0], 3, NULL))
BUILD(sort, graph_sort(g, x[0], NULL))
/* Ordered values against values: what a one-dimensional transport distance is. */
BUILD(sort_square, graph_mul(g, graph_sort(g, x[0], NULL), graph_sort(g, x[1], NULL)))

static struct node *b_top_k_index(struct graph *g, struct node *const x[])
{
	struct node *index;
	graph_top_k(g, x[0], 3, &index);
	return index;
}

static struct node *b_sort_index(struct graph *g, struct node *const x[])
{
	struct node *index;
	graph_sort(g, x[0], &index);
	return index;
}

BUILD(to_act, graph_cast(g, x[0], CLASS_ACT))
BUILD(to_wide, graph_cast(g, x[0], CLASS_WIDE))
BUILD(to_i32, graph_cast(g, x[0], CLASS_I32))
BUILD(from_u8, graph_cast(g, x[0], CLASS_WIDE))
BUILD(stop, graph_add(g, graph_stop_gradient(g, graph_scale(g, x[1], 1.7, 0.4)), graph_mul(g, x[0], x[0])))

static const float mean[4] = {0.47f, 0.31f, 0.62f}, std[4] = {0.23f, 0.29f, 0.19f, 1};
BUILD(normalize, graph_normalize(g, x[0], mean, std))
BUILD(pictures, graph_pictures(g, x[0], x[1], mean, std))
BUILD(normalize_conv, graph_conv2d(g, graph_normalize(g, x[0], mean, std), x[1], NULL, NULL, 1, 1, 1))

BUILD(conv_narrow, graph_relu(g, graph_conv2d(g, x[0], x[1], x[2], x[3], 1, 1, 1)))

#define CONV CASE_SECOND

const struct op_case cases_b[] = {
	{"conv2d", b_conv, CONV, 2, {ACT(D4(2, 3, 7, 5), -2, 2), PARAM(D4(5, 3, 3, 3), -1, 1)}, 0, 0},
	{"conv2d bias", b_conv_bias, CONV, 3,
	 {ACT(D4(1, 3, 4, 5), -2, 2), PARAM(D4(17, 3, 3, 3), -1, 1), PARAM(D1(17), -2, 2)}, 0, 0},
	{"conv2d stride 2, bias, residual", b_conv_2, CONV, 4,
	 {ACT(D4(2, 4, 7, 6), -2, 2), PARAM(D4(6, 4, 3, 3), -1, 1), PARAM(D1(6), -2, 2), ACT(D4(2, 6, 4, 3), -2, 2)}, 0, 0},
	{"conv2d residual", b_conv_residual, CONV, 3,
	 {ACT(D4(2, 3, 3, 4), -2, 2), PARAM(D4(5, 3, 3, 3), -1, 1), ACT(D4(2, 5, 3, 4), -2, 2)}, 0, 0},
	{"conv2d groups", b_conv_groups, CONV, 3,
	 {ACT(D4(1, 4, 6, 5), -2, 2), PARAM(D4(6, 2, 3, 3), -1, 1), PARAM(D1(6), -2, 2)}, 0, 0},
	{"conv2d depthwise", b_conv_depthwise, CONV, 2, {ACT(MAP, -2, 2), PARAM(D4(5, 1, 3, 3), -1, 1)}, 0, 0},
	{"conv2d depthwise, two outputs a channel", b_conv_multiplied, CONV, 2,
	 {ACT(D4(2, 3, 4, 5), -2, 2), PARAM(D4(6, 1, 3, 3), -1, 1)}, 0, 0},
	{"conv2d 1x1", b_conv_1, CONV, 3,
	 {ACT(D4(3, 5, 4, 3), -2, 2), PARAM(D4(7, 5, 1, 1), -1, 1), PARAM(D1(7), -2, 2)}, 0, 0},
	{"conv2d 1x1 stride 2", b_conv_1_2, CONV, 2, {ACT(D4(2, 3, 6, 5), -2, 2), PARAM(D4(4, 3, 1, 1), -1, 1)}, 0, 0},
	{"conv2d 5x3", b_conv_tall, CONV, 2, {ACT(D4(2, 2, 7, 6), -2, 2), PARAM(D4(3, 2, 5, 3), -1, 1)}, 0, 0},
	{"conv2d one channel", b_conv_plain, CONV, 2, {ACT(ONE, -2, 2), PARAM(D4(1, 1, 3, 3), -1, 1)}, 0, 0},
	{"conv2d stride beyond the kernel", b_conv_sparse, CONV, 2,
	 {ACT(D4(2, 3, 8, 7), -2, 2), PARAM(D4(4, 3, 2, 2), -1, 1)}, 0, 0},
	{"conv2d act weight", b_conv, CONV, 2, {ACT(D4(1, 2, 4, 5), -2, 2), ACT(D4(3, 2, 3, 3), -1, 1)}, 0, 0},
	{"conv2d channels-last weight", b_conv, CONV, 2, {ACT(D4(1, 2, 4, 5), -2, 2), WIDE(D4(3, 2, 3, 3), -1, 1)}, 0, 0},
	{"conv2d narrow", b_conv_narrow, CASE_FORWARD, 4,
	 {ACT(D4(2, 160, 4, 4), -2, 2), PARAM(D4(144, 160, 3, 3), -1, 1), PARAM(D1(144), -2, 2), ACT(D4(2, 144, 4, 4), -2, 2)}, 0, 0},
	{"conv2d narrow, channels of any number", b_conv_narrow, CASE_FORWARD, 4,
	 {ACT(D4(2, 133, 3, 3), -2, 2), PARAM(D4(131, 133, 3, 3), -1, 1), PARAM(D1(131), -2, 2), ACT(D4(2, 131, 3, 3), -2, 2)}, 0, 0},
	{"conv2d narrow stride 2", b_conv_2, CASE_FORWARD, 4,
	 {ACT(D4(3, 48, 7, 6), -2, 2), PARAM(D4(32, 48, 3, 3), -1, 1), PARAM(D1(32), -2, 2), ACT(D4(3, 32, 4, 3), -2, 2)}, 0, 0},
	{"conv2d of whole vectors", b_conv_narrow, CASE_FORWARD, 4,
	 {ACT(D4(3, 32, 7, 5), -2, 2), PARAM(D4(48, 32, 3, 3), -1, 1), PARAM(D1(48), -2, 2), ACT(D4(3, 48, 7, 5), -2, 2)}, 0, 0},
	{"conv2d of whole vectors, more than a thread takes at a time", b_conv, CASE_FORWARD, 2,
	 {ACT(D4(5, 16, 11, 14), -2, 2), PARAM(D4(32, 16, 3, 3), -1, 1)}, 0, 0},
	{"conv2d of whole vectors, one picture without padding", b_conv_plain, CASE_FORWARD, 2,
	 {ACT(D4(1, 64, 7, 9), -2, 2), PARAM(D4(16, 64, 3, 3), -1, 1)}, 0, 0},
	{"conv2d of whole vectors, padding 2", b_conv_tall, CASE_FORWARD, 2,
	 {ACT(D4(2, 48, 5, 4), -2, 2), PARAM(D4(32, 48, 3, 3), -1, 1)}, 0, 0},
	{"conv2d_dx of whole vectors", b_conv_dx_even, CASE_FORWARD, 2, {ACT(D4(2, 48, 7, 5), -2, 2), PARAM(D4(48, 32, 3, 3), -1, 1)}, 0, 0},
	{"conv2d_dx of whole vectors, no padding", b_conv_dx_plain, CASE_FORWARD, 2,
	 {ACT(D4(3, 32, 5, 11), -2, 2), PARAM(D4(32, 64, 3, 3), -1, 1)}, 0, 0},
	{"conv2d of one vector, tiles by twos and one over", b_conv, CASE_FORWARD, 2, {ACT(D4(1, 16, 7, 11), -2, 2), PARAM(D4(16, 16, 3, 3), -1, 1)}, 0, 0},
	{"conv2d 1x1 stride 2 of many channels", b_conv_1_2, CASE_FORWARD, 2,
	 {ACT(D4(2, 64, 9, 8), -2, 2), PARAM(D4(96, 64, 1, 1), -1, 1)}, 0, 0},
	{"conv2d of a parameter", b_conv, CONV, 2, {PARAM(D4(1, 2, 4, 5), -2, 2), PARAM(D4(3, 2, 3, 3), -1, 1)}, 0, 0},
	{"conv2d twice", b_conv_twice, CONV, 3,
	 {ACT(D4(1, 2, 4, 3), -1, 1), PARAM(D4(3, 2, 3, 3), -0.5, 0.5), PARAM(D4(2, 3, 3, 3), -0.5, 0.5)}, 0, 0},
	{"conv2d_dx", b_conv_dx, CONV, 2, {ACT(D4(2, 4, 4, 4), -2, 2), PARAM(D4(4, 3, 3, 2), -1, 1)}, 0, 0},
	{"conv2d_dw", b_conv_dw, CONV, 2, {ACT(D4(2, 3, 7, 6), -2, 2), ACT(D4(2, 4, 4, 4), -1, 1)}, 0, 0},
	{"conv2d_dw by rows", b_conv_dw_rows, CASE_FORWARD, 2, {ACT(D4(3, 33, 9, 7), -2, 2), ACT(D4(3, 35, 5, 4), -1, 1)}, 0, 0},
	{"conv2d_dw by rows in parts", b_conv_dw_rows_parts, CASE_FORWARD, 2, {ACT(D4(7, 40, 69, 63), -2, 2), ACT(D4(7, 34, 23, 21), -1, 1)}, 0, 0},
	{"conv2d_dw by rows of many channels", b_conv_dw_rows_many, CASE_FORWARD, 2, {ACT(D4(3, 129, 5, 3), -2, 2), ACT(D4(3, 257, 5, 3), -1, 1)}, 0, 0},
	{"conv2d_dw of odd maps", b_conv_dw_odd, CASE_FORWARD, 2, {ACT(D4(3, 16, 7, 5), -2, 2), ACT(D4(3, 32, 7, 5), -1, 1)}, 0, 0},
	{"conv2d_dw without padding", b_conv_dw_plain, CASE_FORWARD, 2, {ACT(D4(2, 48, 9, 13), -2, 2), ACT(D4(2, 16, 7, 11), -1, 1)}, 0, 0},
	{"conv2d_dw of one map", b_conv_dw_one, CASE_FORWARD, 2, {ACT(D4(1, 32, 2, 4), -2, 2), ACT(D4(1, 16, 4, 6), -1, 1)}, 0, 0},
	{"conv2d_dw of groups of maps", b_conv_dw_groups, CASE_FORWARD, 2, {ACT(D4(7, 16, 32, 31), -1, 2), ACT(D4(7, 32, 32, 31), -1, 1.5)}, 0, 0},

	{"matmul", b_matmul, CASE_SECOND, 2, {WIDE(D2(3, 7), -2, 2), PARAM(D2(7, 5), -2, 2)}, 0, 0},
	{"matmul act", b_matmul, CASE_SECOND, 2, {ACT(D2(3, 7), -2, 2), ACT(D2(7, 5), -2, 2)}, 0, 0},
	{"matmul act and wide", b_matmul, CASE_SECOND, 2, {ACT(D2(3, 7), -2, 2), PARAM(D2(7, 5), -2, 2)}, 0, 0},
	{"matmul second transposed", b_matmul_nt, CASE_SECOND, 3,
	 {WIDE(D2(3, 7), -2, 2), WIDE(D2(5, 7), -2, 2), PARAM(D1(5), -2, 2)}, 0, 0},
	{"matmul first transposed", b_matmul_tn, CASE_SECOND, 3,
	 {ACT(D2(7, 3), -2, 2), ACT(D2(7, 5), -2, 2), PARAM(D1(5), -2, 2)}, 0, 0},
	{"matmul both transposed", b_matmul_tt, CASE_SECOND, 2, {WIDE(D2(7, 3), -2, 2), WIDE(D2(5, 7), -2, 2)}, 0, 0},
	{"matmul 3", b_matmul, CASE_SECOND, 2, {WIDE(D3(2, 3, 4), -2, 2), WIDE(D3(2, 4, 5), -2, 2)}, 0, 0},
	{"matmul 3 second transposed", b_matmul_nt, CASE_SECOND, 3,
	 {ACT(D3(2, 3, 4), -2, 2), ACT(D3(2, 5, 4), -2, 2), WIDE(D1(5), -2, 2)}, 0, 0},
	{"matmul 3 both transposed", b_matmul_tt, CASE_SECOND, 2, {WIDE(D3(2, 4, 3), -2, 2), WIDE(D3(2, 5, 4), -2, 2)}, 0, 0},
	{"matmul one row", b_matmul, CASE_SECOND, 2, {WIDE(D2(1, 9), -2, 2), WIDE(D2(9, 1), -2, 2)}, 0, 0},
	{"matmul with itself", b_gram, CASE_SECOND, 1, {WIDE(D3(2, 3, 4), -2, 2)}, 0, 0},
	{"matmul linear", b_linear, CASE_SECOND, 3,
	 {ACT(D2(3, 7), -2, 2), PARAM(D2(5, 7), -2, 2), PARAM(D1(5), -2, 2)}, 0, 0},
	{"matmul linear without bias", b_linear_plain, CASE_SECOND, 2, {WIDE(D2(3, 7), -2, 2), ACT(D2(5, 7), -2, 2)}, 0, 0},

	{"max_pool", b_max_pool, CASE_SECOND, 1, {APART(MAP, CLASS_ACT, -2, 2)}, 0, 0},
	{"max_pool of bytes", b_max_pool, CASE_FORWARD, 1, {{D4(2, 37, 7, 5), CLASS_U8, 0, 255, 0, 0, {0}}}, 0, 0},
	{"max_pool 2", b_max_pool_2, CASE_SECOND, 1, {APART(D4(1, 17, 4, 5), CLASS_ACT, -2, 2)}, 0, 0},
	{"max_pool 2, odd height", b_max_pool_2, CASE_SECOND, 1, {APART(D4(2, 3, 5, 6), CLASS_ACT, -2, 2)}, 0, 0},
	{"max_pool stride beyond the kernel", b_max_pool_sparse, CASE_SECOND, 1, {APART(ONE, CLASS_ACT, -2, 2)}, 0, 0},
	{"max_pool_dx", b_max_pool_dx, CASE_SECOND, 2,
	 {ACT(D4(2, 3, 4, 3), -2, 2), APART(D4(2, 3, 7, 6), CLASS_ACT, -2, 2)}, 0, 0},
	{"max_pool_pick", b_max_pool_pick, CASE_SECOND, 2,
	 {ACT(D4(2, 3, 7, 6), -2, 2), APART(D4(2, 3, 7, 6), CLASS_ACT, -2, 2)}, 0, 0},
	{"avg_pool", b_avg_pool, CASE_SECOND, 1, {ACT(MAP, -2, 2)}, 0, 0},
	{"avg_pool 2", b_avg_pool_2, CASE_SECOND, 1, {ACT(D4(1, 17, 4, 5), -2, 2)}, 0, 0},
	{"avg_pool_dx", b_avg_pool_dx, CASE_SECOND, 1, {ACT(D4(2, 3, 4, 3), -2, 2)}, 0, 0},
	{"resize nearest up", b_nearest_up, CASE_SECOND, 1, {ACT(MAP, -2, 2)}, 0, 0},
	{"resize nearest down", b_nearest_down, CASE_SECOND, 1, {ACT(ONE, -2, 2)}, 0, 0},
	{"resize bilinear up", b_bilinear_up, CASE_SECOND, 1, {ACT(MAP, -2, 2)}, 0, 0},
	{"resize bilinear down", b_bilinear_down, CASE_SECOND, 1, {ACT(MAP, -2, 2)}, 0, 0},
	{"resize wide", b_bilinear_up, CASE_SECOND, 1, {WIDE(D4(1, 2, 3, 4), -2, 2)}, 0, 0},
	{"resize_dx", b_resize_dx, CASE_SECOND, 1, {ACT(D4(2, 3, 5, 9), -2, 2)}, 0, 0},

	{"batch_norm", b_batch_norm, 0, 3, {ACT(MAP, -1, 3), PARAM(D1(5), 0.5, 2), PARAM(D1(5), -2, 2)}, 0, 0},
	{"batch_norm one channel", b_batch_norm, 0, 3, {ACT(ONE, 2, 5), PARAM(D1(1), 0.5, 2), PARAM(D1(1), -2, 2)}, 0, 0},
	{"batch_norm rows", b_batch_norm, 0, 3, {WIDE(D2(6, 5), -1, 3), PARAM(D1(5), 0.5, 2), PARAM(D1(5), -2, 2)}, 0, 0},
	{"batch_norm act rows", b_batch_norm, 0, 3, {ACT(D2(6, 17), -1, 3), PARAM(D1(17), 0.5, 2), PARAM(D1(17), -2, 2)}, 0, 0},
	{"batch_norm residual", b_batch_norm_residual, 0, 4,
	 {ACT(MAP, -1, 3), PARAM(D1(5), 0.5, 2), PARAM(D1(5), -2, 2), ACT(MAP, -2, 2)}, 0, 0},
	{"batch_norm residual relu", b_batch_norm_relu, CASE_FORWARD, 4,
	 {ACT(MAP, -1, 3), PARAM(D1(5), 0.5, 2), PARAM(D1(5), -2, 2), ACT(MAP, -2, 2)}, 0, 0},
	{"affine", b_affine, CASE_SECOND, 3, {ACT(MAP, -2, 2), PARAM(D1(5), 0.5, 2), PARAM(D1(5), -2, 2)}, 0, 0},
	{"affine rows", b_affine, CASE_SECOND, 3, {WIDE(D2(3, 7), -2, 2), WIDE(D1(7), 0.5, 2), WIDE(D1(7), -2, 2)}, 0, 0},
	{"affine residual", b_affine_residual, CASE_SECOND, 4,
	 {ACT(D4(2, 17, 2, 3), -2, 2), PARAM(D1(17), 0.5, 2), PARAM(D1(17), -2, 2), ACT(D4(2, 17, 2, 3), -2, 2)}, 0, 0},
	{"softmax", b_softmax, CASE_SECOND, 1, {WIDE(D2(3, 7), -3, 3)}, 0, 0},
	{"softmax act", b_softmax, CASE_SECOND, 1, {ACT(D3(2, 3, 5), -3, 3)}, 0, 0},
	{"softmax map", b_softmax, CASE_SECOND, 1, {ACT(D4(2, 3, 2, 5), -3, 3)}, 0, 0},
	{"softmax one class", b_softmax, CASE_SECOND, 1, {WIDE(D2(3, 1), -3, 3)}, 0, 0},
	{"log_softmax", b_log_softmax, CASE_SECOND, 1, {WIDE(D2(3, 7), -3, 3)}, 0, 0},
	{"log_softmax act", b_log_softmax, CASE_SECOND, 1, {ACT(D2(1, 19), -3, 3)}, 0, 0},
	{"cross_entropy", b_cross_entropy, CASE_SECOND, 2, {WIDE(D2(5, 7), -3, 3), NUM(D1(5), 0, 6)}, 0, 0},
	{"cross_entropy smoothing", b_cross_entropy_smooth, CASE_SECOND, 2, {WIDE(D2(5, 7), -3, 3), NUM(D1(5), 0, 6)}, 0, 0},
	{"cross_entropy act", b_cross_entropy_smooth, CASE_SECOND, 2, {ACT(D2(3, 19), -3, 3), NUM(D1(3), 0, 18)}, 0, 0},
	{"cross_entropy labels of no class", b_cross_entropy_smooth, CASE_SECOND, 2,
	 {WIDE(D2(6, 4), -3, 3), NUM(D1(6), -4, 7)}, 0, 0},
	{"cross_entropy derivative", b_cross_entropy_dx, CASE_SECOND, 2, {WIDE(D2(5, 7), -3, 3), NUM(D1(5), -1, 6)}, 0, 0},
	{"cross_entropy many classes", b_cross_entropy_smooth, CASE_FORWARD, 2, {WIDE(D2(3, 2500), -3, 3), NUM(D1(3), 0, 2499)}, 0, 0},
	{"cross_entropy derivative of many classes", b_cross_entropy_dx, CASE_FORWARD, 2,
	 {WIDE(D2(3, 2500), -3, 3), NUM(D1(3), 0, 2499)}, 0, 0},
	{"kl_divergence", b_kl, CASE_SECOND, 2, {WIDE(D2(5, 7), -3, 3), WIDE(D2(5, 7), -3, 3)}, 0, 0},
	{"kl_divergence sharp", b_kl_sharp, CASE_SECOND, 2, {WIDE(D2(3, 5), -1, 1), WIDE(D2(3, 5), -1, 1)}, 0, 0},
	{"kl_divergence act and wide", b_kl, CASE_SECOND, 2, {ACT(D2(3, 19), -3, 3), WIDE(D2(3, 19), -3, 3)}, 0, 0},
	{"kl_divergence one sample", b_kl, CASE_SECOND, 2, {WIDE(D2(1, 3), -3, 3), ACT(D2(1, 3), -3, 3)}, 0, 0},
	{"kl_divergence stopped", b_kl_stopped, CASE_FORWARD, 1, {WIDE(D2(5, 7), -3, 3)}, 0, 0},
	{"kl_divergence derivative", b_kl_dx, CASE_SECOND, 2, {WIDE(D2(5, 7), -3, 3), WIDE(D2(5, 7), -3, 3)}, 0, 0},
	{"kl_divergence many classes", b_kl, CASE_FORWARD, 2, {WIDE(D2(2, 2500), -3, 3), WIDE(D2(2, 2500), -3, 3)}, 0, 0},
	{"kl_divergence derivative of many classes", b_kl_dx, CASE_FORWARD, 2,
	 {WIDE(D2(2, 2500), -3, 3), WIDE(D2(2, 2500), -3, 3)}, 0, 0},
	{"mean_square", b_mean_square, CASE_SECOND, 2, {ACT(MAP, -2, 2), ACT(MAP, -1, 3)}, 0, 0},
	{"mean_square one channel", b_mean_square, CASE_SECOND, 2, {ACT(ONE, -2, 2), ACT(ONE, -1, 3)}, 0, 0},
	{"mean_square act and wide", b_mean_square, CASE_SECOND, 2, {ACT(D2(3, 7), -2, 2), WIDE(D2(3, 7), -1, 3)}, 0, 0},
	{"mean_square wide and act", b_mean_square, CASE_SECOND, 2, {WIDE(D3(3, 1, 5), -2, 2), ACT(D3(3, 1, 5), -1, 3)}, 0, 0},
	{"mean_square of two orders", b_mean_square, CASE_SECOND, 2, {ACT(D4(2, 3, 4, 5), -2, 2), PARAM(D4(2, 3, 4, 5), -1, 3)}, 0, 0},
	{"mean_square of two orders, the other first", b_mean_square, CASE_SECOND, 2, {PARAM(D4(2, 3, 4, 5), -2, 2), ACT(D4(2, 3, 4, 5), -1, 3)}, 0, 0},
	{"mean_square of numbers", b_mean_square, CASE_SECOND, 2, {WIDE(D0, -2, 2), WIDE(D0, -1, 3)}, 0, 0},
	{"mean_square of its own square", b_mean_square_self, CASE_SECOND, 1, {WIDE(D2(5, 7), -2, 2)}, 0, 0},
	{"mean_square stopped", b_mean_square_stopped, CASE_FORWARD, 1, {WIDE(D2(5, 7), -2, 2)}, 0, 0},
	{"mean_square_dx", b_mean_square_dx, CASE_SECOND, 3, {ACT(MAP, -2, 2), WIDE(MAP, -1, 3), WIDE(D0, 2, 3)}, 0, 0},
	{"mean_softplus", b_mean_softplus, CASE_SECOND, 1, {WIDE(D1(19), -3, 3)}, 0, 0},
	{"mean_softplus act", b_mean_softplus_less, CASE_SECOND, 1, {ACT(MAP, -3, 3)}, 0, 0},
	{"mean_softplus of one", b_mean_softplus_less, CASE_SECOND, 1, {WIDE(D1(1), -3, 3)}, 0, 0},
	{"mean_softplus_dx", b_mean_softplus_dx, CASE_SECOND, 2, {ACT(D2(5, 7), -3, 3), WIDE(D0, 2, 3)}, 0, 0},
	{"dropout", b_dropout, CASE_SECOND, 1, {ACT(D4(3, 5, 3, 2), -2, 2)}, 0, 0},
	{"dropout rows", b_dropout, CASE_SECOND, 1, {WIDE(D2(5, 7), -2, 2)}, 0, 0},

	{"gather", b_gather, CASE_SECOND, 2, {WIDE(D2(5, 3), -2, 2), NUM(D1(7), 0, 4)}, 0, 0},
	{"gather maps", b_gather, CASE_SECOND, 2, {ACT(D4(3, 5, 2, 3), -2, 2), NUM(D1(4), 0, 2)}, 0, 0},
	{"gather rows of 16 channels", b_gather, CASE_SECOND, 2, {WIDE(D2(5, 16), -2, 2), NUM(D1(7), 0, 4)}, 0, 0},
	{"gather filters", b_gather, CASE_SECOND, 2, {PARAM(D4(3, 5, 2, 3), -2, 2), NUM(D1(4), 0, 2)}, 0, 0},
	{"gather numbers", b_gather, CASE_FORWARD, 2, {NUM(D1(5), 0, 99), NUM(D1(4), 0, 4)}, 0, 0},
	{"scatter_add", b_scatter_add, CASE_SECOND, 2, {WIDE(D2(7, 3), -2, 2), NUM(D1(7), 0, 4)}, 0, 0},
	{"scatter_add maps", b_scatter_add, CASE_SECOND, 2, {ACT(D4(7, 3, 2, 3), -2, 2), NUM(D1(7), 0, 4)}, 0, 0},
	{"scatter_add scalars", b_scatter_add, CASE_SECOND, 2, {ACT(D1(9), -2, 2), NUM(D1(9), 1, 3)}, 0, 0},
	{"one_hot", b_one_hot, CASE_FORWARD, 1, {NUM(D1(9), 0, 6)}, 0, 0},
	{"arg_max", b_arg_max, CASE_FORWARD, 1, {WIDE(D2(9, 7), -2, 2)}, 0, 0},
	{"top_k", b_top_k, CASE_SECOND, 1, {APART(D2(5, 9), CLASS_WIDE, -2, 2)}, 0, 0},
	{"top_k act", b_top_k, CASE_SECOND, 1, {APART(D2(1, 5), CLASS_ACT, -2, 2)}, 0, 0},
	{"top_k places", b_top_k_index, CASE_FORWARD, 1, {APART(D2(5, 9), CLASS_WIDE, -2, 2)}, 0, 0},
	{"sort", b_sort, CASE_SECOND, 1, {APART(D2(4, 7), CLASS_WIDE, -2, 2)}, 0, 0},
	{"sort products", b_sort_square, CASE_SECOND, 2,
	 {APART(D2(3, 5), CLASS_WIDE, -2, 2), APART(D2(3, 5), CLASS_WIDE, -2, 2)}, 0, 0},
	{"sort places", b_sort_index, CASE_FORWARD, 1, {APART(D2(5, 9), CLASS_ACT, -2, 2)}, 0, 0},

	{"cast to act", b_to_act, CASE_SECOND, 1, {PARAM(D4(4, 3, 2, 5), -2, 2)}, 0, 0},
	{"cast to wide", b_to_wide, CASE_SECOND, 1, {ACT(MAP, -2, 2)}, 0, 0},
	{"cast to numbers", b_to_i32, CASE_FORWARD, 1, {WIDE(D2(5, 7), -9, 9)}, 0, 0},
	{"cast from bytes", b_from_u8, CASE_FORWARD, 1, {{MAP, CLASS_U8, 0, 255, 0, 0, {0}}}, 0, 0},
	{"stop_gradient", b_stop, CASE_SECOND, 2,
	 {WIDE(D2(3, 7), -2, 2), {D2(3, 7), CLASS_WIDE, -2, 2, IN_FIXED, 0, {0}}}, 0, 0},
	{"normalize", b_normalize, CASE_FORWARD, 1, {{D4(2, 3, 7, 5), CLASS_U8, 0, 255, 0, 0, {0}}}, 0, 0},
	{"pictures", b_pictures, CASE_FORWARD, 2, {{D4(3, 3, 7, 5), CLASS_U8, 0, 255, 0, 0, {0}}, {D2(5, 4), CLASS_I32, 0, 2, 0, 0, {0}}}, 0, 0},
	{"pictures of one channel", b_pictures, CASE_FORWARD, 2, {{D4(4, 1, 28, 28), CLASS_U8, 0, 255, 0, 0, {0}}, {D2(3, 4), CLASS_I32, 0, 3, 0, 0, {0}}}, 0, 0},
	{"pictures that are wide", b_pictures, CASE_FORWARD, 2, {{D4(2, 2, 3, 700), CLASS_U8, 0, 255, 0, 0, {0}}, {D2(3, 4), CLASS_I32, 0, 1, 0, 0, {0}}}, 0, 0},
	{"conv2d of bytes", b_normalize_conv, CASE_SECOND, 2,
	 {{D4(2, 3, 5, 4), CLASS_U8, 0, 255, 0, 0, {0}}, PARAM(D4(4, 3, 3, 3), -1, 1)}, 0, 0},
};

const int n_cases_b = sizeof cases_b / sizeof *cases_b;
