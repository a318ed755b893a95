/* Larger than a block of a GPU's threads or a piece of a CPU's cache: rows, sums and statistics that are made in parts. Values and first gradients alone. */
#include "tests/engine/cases.h"

#define BUILD(id, expr) \
	static struct node *b_##id(struct graph *g, struct node *const x[]) \
	{ \
		return (expr); \
	}

#define D1(a) {1, {a}}
#define D2(a, b) {2, {a, b}}
#define D3(a, b, c) {3, {a, b, c}}
#define D4(a, b, c, d) {4, {a, b, c, d}}
#define ACT(shape, lo, hi) {shape, CLASS_ACT, lo, hi, 0, 0, {0}}
#define WIDE(shape, lo, hi) {shape, CLASS_WIDE, lo, hi, 0, 0, {0}}
#define PARAM(shape, lo, hi) {shape, CLASS_WIDE, lo, hi, IN_PARAM, 0, {0}}
#define APART(shape, cls, lo, hi) {shape, cls, lo, hi, IN_APART, 0, {0}}
#define NUM(shape, lo, hi) {shape, CLASS_I32, lo, hi, 0, 0, {0}}

BUILD(softmax, graph_softmax(g, x[0]))
BUILD(log_softmax, graph_log_softmax(g, x[0]))
BUILD(cross_entropy, graph_cross_entropy(g, x[0], x[1], 0.1))
BUILD(kl, graph_kl_divergence(g, x[0], x[1], 3))
BUILD(mean_square, graph_mean_square(g, x[0], x[1]))
BUILD(mean_softplus, graph_mean_softplus(g, x[0], -1.3))
BUILD(sum_last, graph_sum(g, x[0], 1u << 1, false))
BUILD(sum_first, graph_sum(g, x[0], 1u << 0, false))
BUILD(sum_middle, graph_sum(g, x[0], 1u << 1, true))
BUILD(sum_maps, graph_sum(g, x[0], 1u << 0 | 1u << 2 | 1u << 3, false))
BUILD(sum_samples, graph_sum(g, x[0], 1u << 0 | 1u << 1, false))
BUILD(mean_all, graph_mean_all(g, x[0]))
BUILD(max_last, graph_max(g, x[0], 1u << 1, false))
BUILD(max_first, graph_max(g, x[0], 1u << 0, false))
BUILD(max_all, graph_max(g, x[0], 1u << 0 | 1u << 1, false))
BUILD(max_dx, graph_max_dx(g, x[0], x[1], 1u << 2 | 1u << 3))
BUILD(max_pick, graph_max_pick(g, x[0], x[1], 1u << 2 | 1u << 3, true))
BUILD(max_pick_samples, graph_max_pick(g, x[0], x[1], 1u << 1 | 1u << 2 | 1u << 3, false))
BUILD(batch_norm, graph_batch_norm(g, x[0], x[1], x[2], NULL, 0.01, NULL, NULL))
BUILD(relu_norm, graph_relu(g, graph_batch_norm(g, x[0], x[1], x[2], NULL, 0.01, NULL, NULL)))
BUILD(relu_norm_add, graph_relu(g, graph_batch_norm(g, x[0], x[1], x[2], x[3], 0.01, NULL, NULL)))
BUILD(affine_add, graph_relu(g, graph_affine(g, x[0], x[1], x[2], x[3])))
BUILD(max_pool_2, graph_max_pool(g, x[0], 2, 2, 0))
BUILD(max_pool_3, graph_max_pool(g, x[0], 3, 2, 1))
static const struct pool_conf pick_conf = {3, 2, 1, 0, {4, {2, 24, 9, 7}}};
BUILD(max_pool_pick, graph_max_pool_pick(g, x[0], x[1], &pick_conf))
BUILD(avg_pool, graph_avg_pool(g, x[0], 3, 2, 1))
BUILD(bilinear, graph_resize(g, x[0], 11, 13, true))
BUILD(nearest, graph_resize(g, x[0], 4, 2, false))
static const unsigned key[2] = {0x3c6ef372u, 0xa54ff53au};
BUILD(dropout, graph_dropout(g, x[0], 0.3, key))
BUILD(bytes, graph_quantize(g, x[0], 0.125))
BUILD(from_bytes, graph_dequantize(g, x[0], 0.3))
BUILD(scatter, graph_scatter_add(g, x[0], x[1], 3))
BUILD(sort, graph_sort(g, x[0], NULL))
BUILD(top, graph_top_k(g, x[0], 5, NULL))
BUILD(top_40, graph_top_k(g, x[0], 40, NULL))
BUILD(arg_max, graph_arg_max(g, x[0]))

static struct node *b_places(struct graph *g, struct node *const x[])
{
	struct node *index;
	graph_sort(g, x[0], &index);
	return index;
}

const struct op_case cases_wide[] = {
	{"softmax wide", b_softmax, 0, 1, {WIDE(D2(3, 1001), -4, 4)}, 0, 0},
	{"log_softmax wide", b_log_softmax, 0, 1, {ACT(D2(2, 777), -4, 4)}, 0, 0},
	{"cross_entropy wide", b_cross_entropy, 0, 2, {WIDE(D2(5, 611), -4, 4), NUM(D1(5), 0, 610)}, 0, 0},
	{"kl_divergence wide", b_kl, 0, 2, {WIDE(D2(3, 1000), -4, 4), WIDE(D2(3, 1000), -4, 4)}, 0, 0},
	{"mean_square wide", b_mean_square, 0, 2, {ACT(D4(5, 24, 33, 7), -2, 2), ACT(D4(5, 24, 33, 7), -1, 3)}, 0, 0},
	{"mean_square wide, a ragged end", b_mean_square, 0, 2, {ACT(D2(3, 4099), -2, 2), WIDE(D2(3, 4099), -1, 3)}, 0, 0},
	{"mean_softplus wide", b_mean_softplus, 0, 1, {ACT(D2(3, 4099), -2, 2)}, 0, 0},
	{"sum wide last", b_sum_last, 0, 1, {WIDE(D2(3, 5003), -2, 2)}, 0, 0},
	{"sum wide first", b_sum_first, 0, 1, {WIDE(D2(4099, 7), -2, 2)}, 0, 0},
	{"sum wide middle", b_sum_middle, 0, 1, {WIDE(D3(2, 1025, 33), -2, 2)}, 0, 0},
	{"sum wide maps", b_sum_maps, 0, 1, {ACT(D4(5, 37, 17, 13), -2, 2)}, 0, 0},
	{"sum wide samples and channels", b_sum_samples, 0, 1, {ACT(D4(3, 3001, 3, 2), -2, 2)}, 0, 0},
	{"sum wide of two", b_sum_last, 0, 1, {WIDE(D2(2500, 2), -2, 2)}, 0, 0},
	{"sum wide of two rows", b_sum_first, 0, 1, {WIDE(D2(2, 1501), -2, 2)}, 0, 0},
	{"mean wide all", b_mean_all, 0, 1, {WIDE(D1(70001), -2, 2)}, 0, 0},
	{"max wide last", b_max_last, 0, 1, {APART(D2(3, 2003), CLASS_WIDE, -2, 2)}, 0, 0},
	{"max wide first", b_max_first, 0, 1, {APART(D2(1031, 9), CLASS_WIDE, -2, 2)}, 0, 0},
	{"max wide all", b_max_all, 0, 1, {APART(D2(3, 7001), CLASS_WIDE, -2, -1)}, 0, 0},
	/* As bf16 many are equal: the first counts. */
	{"max_dx wide", b_max_dx, 0, 2, {ACT(D2(2, 5), -2, 2), APART(D4(2, 5, 41, 60), CLASS_ACT, -2, 2)}, 0, 0},
	{"max_pick wide", b_max_pick, 0, 2, {WIDE(D4(2, 5, 41, 60), -2, 2), APART(D4(2, 5, 41, 60), CLASS_ACT, -2, 2)}, 0, 0},
	{"max_pick wide samples", b_max_pick_samples, 0, 2, {ACT(D4(3, 19, 11, 5), -2, 2), APART(D4(3, 19, 11, 5), CLASS_ACT, -2, 2)}, 0, 0},
	{"batch_norm wide", b_batch_norm, 0, 3, {ACT(D4(9, 72, 11, 13), 1, 4), PARAM(D1(72), 0.5, 2), PARAM(D1(72), -2, 2)}, 0, 0},
	{"relu of batch_norm wide", b_relu_norm, 0, 3, {ACT(D4(7, 33, 13, 11), -1, 2), PARAM(D1(33), 0.5, 2), PARAM(D1(33), -1, 1)}, 0, 1.0 / 32},
	{"relu of batch_norm wide and more", b_relu_norm_add, 0, 4,
	 {ACT(D4(5, 16, 9, 7), -1, 2), PARAM(D1(16), 0.5, 2), PARAM(D1(16), -1, 1), ACT(D4(5, 16, 9, 7), -1, 1)}, 0, 1.0 / 32},
	{"batch_norm wide rows", b_batch_norm, 0, 3, {ACT(D2(203, 264), -1, 3), PARAM(D1(264), 0.5, 2), PARAM(D1(264), -2, 2)}, 0, 0},
	{"relu of affine wide and more", b_affine_add, 0, 4,
	 {ACT(D4(5, 24, 9, 7), -2, 2), PARAM(D1(24), 0.5, 2), PARAM(D1(24), -1, 1), ACT(D4(5, 24, 9, 7), -1, 1)}, 0, 1.0 / 32},
	{"max_pool wide 2x2", b_max_pool_2, 0, 1, {APART(D4(3, 24, 7, 8), CLASS_ACT, -2, 2)}, 0, 0},
	{"max_pool wide 3x3", b_max_pool_3, 0, 1, {APART(D4(2, 40, 9, 7), CLASS_ACT, -2, 2)}, 0, 0},
	{"max_pool wide of bytes", b_max_pool_3, CASE_FORWARD, 1, {{D4(2, 48, 7, 5), CLASS_U8, 0, 255, 0, 0, {0}}}, 0, 0},
	{"max_pool_pick wide", b_max_pool_pick, 0, 2, {ACT(D4(2, 24, 9, 7), -2, 2), APART(D4(2, 24, 9, 7), CLASS_ACT, -2, 2)}, 0, 0},
	{"avg_pool wide", b_avg_pool, 0, 1, {ACT(D4(2, 24, 9, 7), -2, 2)}, 0, 0},
	{"resize wide bilinear", b_bilinear, 0, 1, {ACT(D4(2, 24, 7, 5), -2, 2)}, 0, 0},
	{"resize wide nearest", b_nearest, 0, 1, {ACT(D4(2, 24, 7, 5), -2, 2)}, 0, 0},
	{"dropout wide", b_dropout, 0, 1, {ACT(D4(3, 16, 6, 6), -2, 2)}, 0, 0},
	{"dropout wide, odd maps", b_dropout, 0, 1, {ACT(D4(3, 16, 5, 5), -2, 2)}, 0, 0},
	{"quantize wide", b_bytes, CASE_FORWARD, 1, {ACT(D4(2, 24, 7, 5), -3, 40)}, 0, 0}, /* any x is exact in these units, ties too */
	{"dequantize wide", b_from_bytes, CASE_FORWARD, 1, {{D4(2, 24, 7, 5), CLASS_U8, 0, 255, 0, 0, {0}}}, 0, 0},
	{"scatter_add wide", b_scatter, 0, 2, {WIDE(D2(601, 9), -2, 2), NUM(D1(601), 0, 2)}, 0, 0},
	{"scatter_add wide maps", b_scatter, 0, 2, {ACT(D4(90, 20, 2, 1), -2, 2), NUM(D1(90), 0, 2)}, 0, 0},
	{"arg_max wide", b_arg_max, 0, 1, {WIDE(D2(3, 700), -2, 2)}, 0, 0},
	{"sort wide", b_sort, 0, 1, {APART(D2(2, 1111), CLASS_WIDE, -2, 2)}, 0, 0},
	{"sort wide places", b_places, 0, 1, {APART(D2(2, 5000), CLASS_ACT, -2, 2)}, 0, 0},
	{"top_k wide", b_top, 0, 1, {APART(D2(3, 999), CLASS_WIDE, -2, 2)}, 0, 0},
	{"top_k wide of many", b_top_40, 0, 1, {APART(D2(9, 100), CLASS_ACT, -2, 2)}, 0, 0},
};
const int n_cases_wide = sizeof cases_wide / sizeof *cases_wide;
