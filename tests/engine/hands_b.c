/* Values worked out on paper for networks, by index, the rest. Numbers are lopsided, so that no factor hides. */
#include "tests/engine/cases.h"

#include <math.h>

#define BUILD(id, expr) \
	static struct node *h_##id(struct graph *g, struct node *const x[]) \
	{ \
		return (expr); \
	}

#define D0 {0, {0}}
#define D1(a) {1, {a}}
#define D2(a, b) {2, {a, b}}
#define D4(a, b, c, d) {4, {a, b, c, d}}
#define ACT(shape, ...) {shape, CLASS_ACT, {__VA_ARGS__}}
#define WIDE(shape, ...) {shape, CLASS_WIDE, {__VA_ARGS__}}
#define NUM(shape, ...) {shape, CLASS_I32, {__VA_ARGS__}}

BUILD(conv, graph_conv2d(g, x[0], x[1], x[2], NULL, 1, 0, 1))
BUILD(conv_relu, graph_relu(g, h_conv(g, x)))
BUILD(conv_2, graph_conv2d(g, x[0], x[1], x[2], NULL, 2, 1, 1))
BUILD(conv_groups, graph_conv2d(g, x[0], x[1], NULL, x[2], 1, 0, 2))
BUILD(conv_two_of_four, graph_conv2d(g, x[0], x[1], NULL, NULL, 1, 0, 2))
BUILD(conv_padded, graph_conv2d(g, x[0], x[1], NULL, NULL, 1, 2, 1))
BUILD(matmul, graph_matmul(g, x[0], x[1], x[2], false, false))
BUILD(linear, graph_linear(g, x[0], x[1], x[2]))
BUILD(max_pool, graph_max_pool(g, x[0], 2, 2, 1))
BUILD(avg_pool, graph_avg_pool(g, x[0], 2, 2, 1))
BUILD(nearest, graph_resize(g, x[0], 1, 5, false))
BUILD(bilinear, graph_resize(g, x[0], 1, 4, true))
BUILD(batch_norm, graph_batch_norm(g, x[0], x[1], x[2], NULL, 4, NULL, NULL))
BUILD(affine, graph_affine(g, x[0], x[1], x[2], x[3]))
BUILD(running, graph_running_update(g, x[0], x[1], 0.1, 1.25))
BUILD(softmax, graph_softmax(g, x[0]))
BUILD(log_softmax, graph_log_softmax(g, x[0]))
BUILD(cross_entropy, graph_cross_entropy(g, x[0], x[1], 0))
BUILD(cross_entropy_smooth, graph_cross_entropy(g, x[0], x[1], 0.2))
BUILD(kl, graph_kl_divergence(g, x[0], x[1], 2))
BUILD(mean_square, graph_mean_square(g, x[0], x[1]))
BUILD(mean_softplus, graph_mean_softplus(g, x[0], -2))
BUILD(gather, graph_gather(g, x[0], x[1]))
BUILD(scatter_add, graph_scatter_add(g, x[0], x[1], 3))
BUILD(one_hot, graph_one_hot(g, x[0], 3))
BUILD(arg_max, graph_arg_max(g, x[0]))
BUILD(top_k, graph_top_k(g, x[0], 2, NULL))
BUILD(sort, graph_sort(g, x[0], NULL))
BUILD(to_i32, graph_cast(g, x[0], CLASS_I32))

static const struct pool_conf tie = {2, 2, 0, 0, {4, {1, 1, 2, 2}}};
BUILD(max_pool_pick, graph_max_pool_pick(g, x[0], x[1], &tie))

static struct node *derivative(struct node *y)
{
	return y ? y->call->out[1] : NULL;
}
BUILD(cross_entropy_dx, derivative(h_cross_entropy(g, x)))
BUILD(cross_entropy_smooth_dx, derivative(h_cross_entropy_smooth(g, x)))
BUILD(kl_dx, derivative(h_kl(g, x)))

/* Of a loss times a number. */
static struct node *h_by(struct graph *g, struct node *loss, double factor, struct node *x)
{
	struct node *d;
	graph_grad(g, graph_scale(g, loss, factor, 0), NULL, &x, 1, &d);
	return d;
}
BUILD(mean_square_by_a, h_by(g, h_mean_square(g, x), -5, x[0]))
BUILD(mean_square_by_b, h_by(g, h_mean_square(g, x), -5, x[1]))
BUILD(mean_softplus_by_x, h_by(g, h_mean_softplus(g, x), 3, x[0]))
BUILD(kl_by_s, h_by(g, h_kl(g, x), -5, x[0]))
BUILD(kl_by_t, h_by(g, h_kl(g, x), -5, x[1]))

static struct node *h_moment(struct graph *g, struct node *const x[], int out)
{
	struct node *moment[2];
	graph_batch_norm(g, x[0], x[1], x[2], NULL, 4, &moment[0], &moment[1]);
	return moment[out];
}
BUILD(mean, h_moment(g, x, 0))
BUILD(variance, h_moment(g, x, 1))

static struct node *h_top_k_index(struct graph *g, struct node *const x[])
{
	struct node *index;
	graph_top_k(g, x[0], 2, &index);
	return index;
}

static struct node *h_sort_index(struct graph *g, struct node *const x[])
{
	struct node *index;
	graph_sort(g, x[0], &index);
	return index;
}

BUILD(quantize, graph_quantize(g, x[0], 0.5))
BUILD(dequantize, graph_dequantize(g, x[0], 0.75))

static struct node *in_eights(struct graph *g, struct node *const x[], int out)
{
	struct node *scale, *w = graph_quantize_weights(g, x[0], &scale);
	return out ? scale : w;
}
BUILD(weight, in_eights(g, x, 0))
BUILD(weight_scale, in_eights(g, x, 1))

static struct node *conv_int8(struct graph *g, struct node *const x[], const struct conv_int8_conf *conf)
{
	struct node *scale, *w = graph_quantize_weights(g, x[1], &scale);
	return graph_conv2d_int8(g, x[0], w, scale, x[2], x[3], conf);
}
#define INT8 .conv = {.stride = 1, .pad = 0, .groups = 1}, .x_scale = 0.25, .residual_scale = 1.5, .y_scale = 2
BUILD(int8, conv_int8(g, x, &(struct conv_int8_conf){INT8}))
BUILD(int8_relu, conv_int8(g, x, &(struct conv_int8_conf){INT8, .relu = 1}))
BUILD(int8_bytes, conv_int8(g, x, &(struct conv_int8_conf){INT8, .relu = 1, .to_u8 = 1}))
static struct node *h_int8_alone(struct graph *g, struct node *const x[])
{
	struct node *scale, *w = graph_quantize_weights(g, x[1], &scale);
	return graph_conv2d_int8(g, x[0], w, scale, NULL, NULL, &(struct conv_int8_conf){INT8, .to_u8 = 1});
}

/* Philox4x32-10 of counter 0 and key 0 is 6627e8d5 e169c58d bc57ac4c 9b00dbd8 (its authors' test vector). */
static struct node *h_dropout(struct graph *g, struct node *const x[])
{
	return graph_call(g, &op_dropout, &(struct dropout_conf){0.65, {0, 0}}, x, 3);
}

/* Of y = stop(x) x: what is behind the stop counts as a constant. */
static struct node *h_stop(struct graph *g, struct node *const x[])
{
	struct node *d, *y = graph_mul(g, graph_stop_gradient(g, x[0]), x[0]);
	graph_grad(g, y, NULL, &x[0], 1, &d);
	return d;
}

static struct node *h_reverse(struct graph *g, struct node *const x[])
{
	struct node *d, *y = graph_reverse_gradient(g, x[0], 1.5);
	graph_grad(g, y, x[1], &x[0], 1, &d);
	return graph_add(g, d, graph_scale(g, y, 100, 0));
}

static struct node *h_normalize(struct graph *g, struct node *const x[])
{
	return graph_normalize(g, x[0], (const float[]){0.5f, 0.25f, 0, 0}, (const float[]){0.25f, 0.5f, 1, 1});
}

static struct node *h_pictures(struct graph *g, struct node *const x[])
{
	return graph_pictures(g, x[0], x[1], (const float[]){0.25f, 0, 0, 0}, (const float[]){0.5f, 1, 1, 1});
}

#define SIX ACT(D4(1, 1, 2, 3), 1, 2, 3, 4, 5, 6)
#define FILTER WIDE(D4(1, 1, 2, 2), 0.5, -1, 2, 3), WIDE(D1(1), 0.25)
#define NINE ACT(D4(1, 1, 3, 3), -1, -2, 3, 4, 5, -6, -7, 8, -9)
/* mean 4, variance (9 + 1 + 1 + 9) / 4 = 5, with epsilon 4 the divisor is 3 */
#define COLUMN WIDE(D2(4, 1), 1, 3, 5, 7), WIDE(D1(1), 1.5), WIDE(D1(1), 0.25)
#define LOG3 1.0986122886681098
#define PAIR D2(1, 2)
#define CERTAIN WIDE(D2(3, 2), 0, LOG3, 1e4, -1e4, 5, 7), NUM(D1(3), 1, 1, -1)
#define GAPS ACT(D1(3), 1, 2, 4), WIDE(D1(3), 0, 4, 1)
#define SCORES WIDE(D1(4), 0, 0.5 * LOG3, -400, 400)
#define SOFT WIDE(D2(2, 2), 0, 2 * LOG3, 0, 2 * LOG3), WIDE(D2(2, 2), 2 * LOG3, 0, 1e4, -1e4)

#define EIGHTS WIDE(D4(3, 1, 1, 2), 63.5, -1.25, 0, 0, -508, 7)
#define BYTES(shape, ...) {shape, CLASS_U8, {__VA_ARGS__}}
#define INT8_IN BYTES(D4(1, 2, 1, 2), 3, 7, 200, 11), WIDE(D4(2, 2, 1, 1), 63.5, -10, -381, 15), WIDE(D1(2), 10, -4), \
	BYTES(D4(1, 2, 1, 2), 40, 8, 100, 250)

const struct hand_case hands_b[] = {
	/* 0.5 1 - 2 + 2 4 + 3 5 = 21.5; 0.5 2 - 3 + 2 5 + 3 6 = 26 */
	{"conv2d", h_conv, 3, {SIX, FILTER}, D4(1, 1, 1, 2), {21.75, 26.25}},
	/* 2 + 6 - 2; 1 + 12 - 2; -2 + 2 - 0.25; -1 + 4 - 0.25 */
	{"relu of conv2d", h_conv_relu, 3,
	 {ACT(D4(1, 2, 1, 2), 1, 0.5, 2, 4), WIDE(D4(2, 2, 1, 1), 2, 3, -2, 1), WIDE(D1(2), -2, -0.25)}, D4(1, 2, 1, 2), {6, 11, 0, 2.75}},
	/* 3 1; 2 2 + 3 3; -4; 0.5 5 - 6 */
	{"conv2d stride, padding", h_conv_2, 3, {SIX, FILTER}, D4(1, 1, 2, 2), {3.25, 13.25, -3.75, -3.25}},
	{"conv2d groups, residual", h_conv_groups, 3,
	 {ACT(D4(1, 2, 1, 2), 1, 2, 3, 4), WIDE(D4(2, 1, 1, 1), 2, -3), ACT(D4(1, 2, 1, 2), 10, 20, 30, 40)},
	 D4(1, 2, 1, 2), {12, 24, 21, 28}},
	/* outputs 0, 1 read channel 0, outputs 2, 3 channel 1 */
	{"conv2d two outputs a group", h_conv_two_of_four, 2,
	 {ACT(D4(1, 2, 1, 1), 2, 3), WIDE(D4(4, 1, 1, 1), 5, 7, -11, 13)}, D4(1, 4, 1, 1), {10, 14, -33, 39}},
	/* only the middle row meets the picture: 4 2; -2 + 4 3; 0.5 2 - 3; 0.5 3 */
	{"conv2d 5x3, padding 2", h_conv_padded, 2,
	 {ACT(D4(1, 1, 1, 2), 2, 3), WIDE(D4(1, 1, 5, 3), 9, 9, 9, 9, 9, 9, 0.5, -1, 4, 9, 9, 9, 9, 9, 9)},
	 D4(1, 1, 1, 4), {8, 10, -2, 1.5}},
	/* 7 + 18 - 33; -8 + 20 + 36; 28 + 45 - 66; -32 + 50 + 72 */
	{"matmul", h_matmul, 3,
	 {WIDE(D2(2, 3), 1, 2, 3, 4, 5, 6), WIDE(D2(3, 2), 7, -8, 9, 10, -11, 12), WIDE(D1(2), 0.5, -0.25)},
	 D2(2, 2), {-7.5, 47.75, 7.5, 89.75}},
	/* the same with the second factor written as (K,D) */
	{"matmul linear", h_linear, 3,
	 {ACT(D2(2, 3), 1, 2, 3, 4, 5, 6), WIDE(D2(2, 3), 7, 9, -11, -8, 10, 12), WIDE(D1(2), 0.5, -0.25)},
	 D2(2, 2), {-7.5, 47.75, 7.5, 89.75}},
	/* 2.5, 3.5 to the even one */
	{"quantize", h_quantize, 1, {ACT(D1(7), 1.25, 1.75, -3, 1000, 0.3, NAN, 127.4)}, D1(7), {2, 4, 0, 255, 1, 0, 255}},
	{"dequantize", h_dequantize, 1, {{D1(3), CLASS_U8, {0, 3, 255}}}, D1(3), {0, 2.25, 191.25}},
	/* 63.5 / 127 = 0.5: 127 and -2.5 to the even one; nothing but 0; 508 / 127 = 4: -127 and 1.75 to 2 */
	{"quantize_weights", h_weight, 1, {EIGHTS}, D4(3, 1, 1, 2), {127, -2, 0, 0, -127, 2}},
	{"quantize_weights scale", h_weight_scale, 1, {EIGHTS}, D1(3), {0.5, 1e-20, 4}},
	/* weights 127, -20 in 0.5 and -127, 5 in 3: sums -3619, 669 and 619, -834, times 0.125 and 0.75; plus 10 and -4; plus
	   1.5 (40, 8, 100, 250). In bytes: half of it */
	{"conv2d_int8", h_int8, 4, {INT8_IN}, D4(1, 2, 1, 2), {-382.375, 105.625, 610.25, -254.5}},
	{"conv2d_int8 relu", h_int8_relu, 4, {INT8_IN}, D4(1, 2, 1, 2), {0, 105.625, 610.25, 0}},
	{"conv2d_int8 to bytes", h_int8_bytes, 4, {INT8_IN}, D4(1, 2, 1, 2), {0, 53, 255, 0}},
	/* sums times 0.0625 and 0.375 */
	{"conv2d_int8 alone", h_int8_alone, 2, {INT8_IN}, D4(1, 2, 1, 2), {0, 42, 232, 0}},
	{"max_pool", h_max_pool, 1, {NINE}, D4(1, 1, 2, 2), {-1, 3, 4, 8}},
	{"max_pool of bytes", h_max_pool, 1, {{D4(1, 1, 3, 3), CLASS_U8, {0, 7, 255, 3, 200, 1, 9, 2, 4}}}, D4(1, 1, 2, 2),
	 {0, 255, 9, 200}},
	{"max_pool_pick at a tie", h_max_pool_pick, 2,
	 {ACT(D4(1, 1, 2, 2), 10, 20, 30, 40), ACT(D4(1, 1, 2, 2), 1, 2, 2, 1)}, D4(1, 1, 1, 1), {20}},
	{"avg_pool", h_avg_pool, 1, {NINE}, D4(1, 1, 2, 2), {-0.25, 0.25, -0.75, -0.5}},
	/* floor(3 i / 5) is 0 0 1 1 2 */
	{"resize nearest", h_nearest, 1, {ACT(D4(1, 1, 1, 3), 1, 2, 4)}, D4(1, 1, 1, 5), {1, 1, 2, 2, 4}},
	/* places -0.25 (the edge), 0.25, 0.75, 1.25 (the edge) */
	{"resize bilinear", h_bilinear, 1, {ACT(D4(1, 1, 1, 2), 1, 5)}, D4(1, 1, 1, 4), {1, 2, 4, 5}},
	{"batch_norm", h_batch_norm, 3, {COLUMN}, D2(4, 1), {-1.25, -0.25, 0.75, 1.75}},
	{"batch_norm mean", h_mean, 3, {COLUMN}, D1(1), {4}},
	{"batch_norm variance", h_variance, 3, {COLUMN}, D1(1), {5}},
	{"affine", h_affine, 4,
	 {ACT(D4(1, 2, 1, 2), 1, 2, 3, 4), WIDE(D1(2), 2, -3), WIDE(D1(2), 0.5, 0.25), ACT(D4(1, 2, 1, 2), 10, 20, 30, 40)},
	 D4(1, 2, 1, 2), {12.5, 24.5, 21.25, 28.25}},
	/* 0.9 old + 0.125 new */
	{"running_update", h_running, 2, {WIDE(D1(2), 1, 2), WIDE(D1(2), 3, 5)}, D1(2), {1.275, 2.425}},
	/* 1 / (1 + 3), 3 / (1 + 3); the second row is the first moved by 700, which would overflow */
	{"softmax", h_softmax, 1, {WIDE(D2(2, 2), 0, LOG3, 750, 0)}, D2(2, 2), {0.25, 0.75, 1, 0}},
	{"log_softmax", h_log_softmax, 1, {WIDE(PAIR, 0, LOG3)}, PAIR, {-1.3862943611198906, -0.2876820724517809}},
	/* targets 0.1, 0.9: 0.1 log 4 + 0.9 log 4/3 */
	{"cross_entropy smoothing", h_cross_entropy_smooth, 2, {WIDE(PAIR, 0, LOG3), NUM(D1(1), 1)}, D0, {0.39754330131859187}},
	/* 1/4 - 0.1, 3/4 - 0.9 */
	{"cross_entropy smoothing, derivative", h_cross_entropy_smooth_dx, 2, {WIDE(PAIR, 0, LOG3), NUM(D1(1), 1)}, PAIR, {0.15, -0.15}},
	/* log 4/3, 20000, no class: / 3 */
	{"cross_entropy", h_cross_entropy, 2, {CERTAIN}, D0, {(0.28768207245178096 + 20000) / 3}},
	/* 1/4, 3/4 - 1; 1, 0 - 1; none: / 3 */
	{"cross_entropy derivative", h_cross_entropy_dx, 2, {CERTAIN}, D2(3, 2), {0.25 / 3, -0.25 / 3, 1.0 / 3, -1.0 / 3, 0, 0}},
	/* p = 3/4, 1/4, q = 1/4, 3/4: 3/4 log 3 + 1/4 log 1/3. p = 1, 0, the same q: log 4, for 0 log 0 is 0. Mean of the two */
	{"kl_divergence", h_kl, 2, {SOFT}, D0, {(0.5 * LOG3 + 1.3862943611198906) / 2}},
	/* (q - p) / (2 2) */
	{"kl_divergence derivative", h_kl_dx, 2, {SOFT}, D2(2, 2), {-0.125, 0.125, -0.1875, 0.1875}},
	{"kl_divergence by the student's", h_kl_by_s, 2, {SOFT}, D2(2, 2), {0.625, -0.625, 0.9375, -0.9375}},
	/* p (log p - log q - KL) / (2 2): 3/4 (log 3 - 1/2 log 3), 1/4 (-log 3 - 1/2 log 3); none where p is 1 or 0. Times -5 */
	{"kl_divergence by the teacher's", h_kl_by_t, 2, {SOFT}, D2(2, 2), {-0.46875 * LOG3, 0.46875 * LOG3, 0, 0}},
	/* certain and wrong: log q of the teacher's class is -20000 / 2 */
	{"kl_divergence of two that are certain", h_kl, 2, {WIDE(PAIR, 1e4, -1e4), WIDE(PAIR, -1e4, 1e4)}, D0, {1e4}},
	/* (1 + 4 + 9) / 3 */
	{"mean_square", h_mean_square, 2, {GAPS}, D0, {14.0 / 3}},
	/* 2/3 times 1, -2, 3, times -5; the other way for b */
	{"mean_square by a", h_mean_square_by_a, 2, {GAPS}, D1(3), {-10.0 / 3, 20.0 / 3, -10}},
	{"mean_square by b", h_mean_square_by_b, 2, {GAPS}, D1(3), {10.0 / 3, -20.0 / 3, 10}},
	/* of -2 x: log 2, log(1 + 1/3), 800, 0 */
	{"mean_softplus", h_mean_softplus, 1, {SCORES}, D0, {(0.6931471805599453 + 0.28768207245178096 + 800) / 4}},
	/* -2/4 times 1/2, 1/4, 1, 0, times 3 */
	{"mean_softplus derivative", h_mean_softplus_by_x, 1, {SCORES}, D1(4), {-0.75, -0.375, -1.5, 0}},
	/* uniforms 0.399, 0.880, 0.736, 0.606: kept where above 0.65 */
	{"dropout", h_dropout, 3, {WIDE(D2(1, 4), 7, -14, 21, 28), NUM(D1(1), 0), NUM(D0, 0)}, D2(1, 4), {0, -40, 60, 0}},
	{"gather", h_gather, 2, {WIDE(D2(3, 2), 1, 2, 3, 4, 5, 6), NUM(D1(4), 2, 0, 2, 1)}, D2(4, 2), {5, 6, 1, 2, 5, 6, 3, 4}},
	{"scatter_add", h_scatter_add, 2,
	 {WIDE(D2(4, 2), 1, 2, 3, 4, 5, 6, 7, 8), NUM(D1(4), 2, 0, 2, 2)}, D2(3, 2), {3, 4, 0, 0, 13, 16}},
	{"one_hot", h_one_hot, 1, {NUM(D1(4), 2, 0, -1, 3)}, D2(4, 3), {0, 0, 1, 1, 0, 0}},
	{"arg_max", h_arg_max, 1, {WIDE(D2(2, 3), 1, 5, 5, -1, -2, -3)}, D1(2), {1, 0}},
	{"top_k", h_top_k, 1, {WIDE(D2(2, 4), 3, 1, 4, 1.5, 2, 2, 7, 0)}, D2(2, 2), {4, 3, 7, 2}},
	{"top_k places", h_top_k_index, 1, {WIDE(D2(2, 4), 3, 1, 4, 1.5, 2, 2, 7, 0)}, D2(2, 2), {2, 0, 2, 0}},
	{"sort", h_sort, 1, {WIDE(D2(2, 4), 3, 1, 4, 1, 2, -2, 7, 0)}, D2(2, 4), {1, 1, 3, 4, -2, 0, 2, 7}},
	{"sort places", h_sort_index, 1, {WIDE(D2(2, 4), 3, 1, 4, 1, 2, -2, 7, 0)}, D2(2, 4), {1, 3, 0, 2, 1, 3, 0, 2}},
	{"cast", h_to_i32, 1, {WIDE(D1(4), 1.75, -1.75, 3, -0.25)}, D1(4), {1, -1, 3, 0}},
	{"stop_gradient", h_stop, 1, {WIDE(D1(3), 2, -3, 4)}, D1(3), {2, -3, 4}},
	/* -1.5 seed + 100 x */
	{"reverse_gradient", h_reverse, 2, {WIDE(D1(2), 2, 3), WIDE(D1(2), 4, -6)}, D1(2), {194, 309}},
	/* (0 - 0.5) / 0.25, (1 - 0.5) / 0.25; (0.2 - 0.25) / 0.5, (0.8 - 0.25) / 0.5 */
	{"normalize", h_normalize, 1, {{D4(1, 2, 1, 2), CLASS_U8, {0, 255, 51, 204}}}, D4(1, 2, 1, 2), {-2, 2, -0.1, 1.1}},
	/* two pictures of 2x3 times 51, shown as 2 b / 5 - 0.5: the second as it is; the first from a row higher and a column to the right, then mirrored;
	   the second from a row lower and two columns to the left */
	{"pictures", h_pictures, 2, {{D4(2, 1, 2, 3), CLASS_U8, {0, 51, 102, 153, 204, 255, 255, 204, 51, 102, 0, 153}},
	                             {D2(3, 4), CLASS_I32, {1, 0, 0, 0, 0, -1, 1, 1, 1, 1, -2, 0}}}, D4(3, 1, 2, 3),
	 {1.5, 1.1, -0.1, 0.3, -0.5, 0.7, -0.5, -0.5, -0.5, -0.5, 0.3, -0.1, -0.5, -0.5, 0.3, -0.5, -0.5, -0.5}},
};

const int n_hands_b = sizeof hands_b / sizeof *hands_b;
