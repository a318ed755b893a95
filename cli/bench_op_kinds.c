#include "cli/bench_op.h"

static const struct op_case *at(const struct sample *s)
{
	return s->conf;
}

static struct node *act(struct sample *s, struct shape shape)
{
	return sample_input(s, shape, CLASS_ACT);
}

static struct node *channels(struct sample *s)
{
	return sample_weight(s, shape1(at(s)->x.d[1]));
}

/* ---- convolutions ---- */

static struct conv_conf conv_conf(const struct sample *s)
{
	const struct op_case *c = at(s);
	return (struct conv_conf){.stride = c->stride, .pad = c->kernel / 2, .groups = 1, .kh = c->kernel, .kw = c->kernel, .x = c->x};
}

static struct shape conv_weight(const struct sample *s)
{
	const struct op_case *c = at(s);
	return shape4(c->out ? c->out : c->x.d[1], c->x.d[1], c->kernel, c->kernel);
}

static struct shape conv_result(const struct sample *s)
{
	const struct op_case *c = at(s);
	const int pad = c->kernel / 2, h = (c->x.d[2] + 2 * pad - c->kernel) / c->stride + 1, w = (c->x.d[3] + 2 * pad - c->kernel) / c->stride + 1;
	return shape4(c->x.d[0], conv_weight(s).d[0], h, w);
}

static struct node *conv2d(struct sample *s)
{
	const struct op_case *c = at(s);
	return graph_conv2d(s->g, act(s, c->x), sample_weight(s, conv_weight(s)), NULL, NULL, c->stride, c->kernel / 2, 1);
}

/* As of a network whose norms are folded into it. */
static struct node *conv2d_relu(struct sample *s)
{
	const struct op_case *c = at(s);
	struct node *w = sample_weight(s, conv_weight(s)), *bias = sample_weight(s, shape1(conv_weight(s).d[0]));
	return graph_relu(s->g, graph_conv2d(s->g, act(s, c->x), w, bias, NULL, c->stride, c->kernel / 2, 1));
}

static struct node *conv2d_dx(struct sample *s)
{
	const struct conv_conf conf = conv_conf(s);
	return graph_conv2d_dx(s->g, act(s, conv_result(s)), sample_weight(s, conv_weight(s)), &conf);
}

static struct node *conv2d_dw(struct sample *s)
{
	const struct conv_conf conf = conv_conf(s);
	return graph_conv2d_dw(s->g, act(s, at(s)->x), act(s, conv_result(s)), &conf);
}

/* ---- eight bits ---- */

static struct node *conv2d_int8(struct sample *s)
{
	const struct op_case *c = at(s);
	const struct conv_int8_conf conf = {.conv = {.stride = c->stride, .pad = c->kernel / 2, .groups = 1}, .x_scale = 0.02, .relu = 1, .to_u8 = 1, .y_scale = 0.05};
	struct node *scale = NULL, *w = graph_quantize_weights(s->g, sample_weight(s, conv_weight(s)), &scale);
	return graph_conv2d_int8(s->g, sample_input(s, c->x, CLASS_U8), w, scale, NULL, NULL, &conf);
}

static struct node *quantize(struct sample *s)
{
	return graph_quantize(s->g, act(s, at(s)->x), 0.02);
}

static struct node *dequantize(struct sample *s)
{
	return graph_dequantize(s->g, sample_input(s, at(s)->x, CLASS_U8), 0.02);
}

/* ---- norms, element by element ---- */

static struct node *batch_norm(struct sample *s)
{
	struct node *mean = NULL, *var = NULL;
	struct node *y = graph_batch_norm(s->g, act(s, at(s)->x), channels(s), channels(s), NULL, 1e-5, &mean, &var);
	sample_keep(s, mean);
	sample_keep(s, var);
	return y;
}

static struct node *batch_norm_dx(struct sample *s)
{
	struct node *dx = graph_batch_norm_dx(s->g, act(s, at(s)->x), act(s, at(s)->x), channels(s), channels(s), channels(s), 1);
	for (int i = 1; dx && i < 3; i++)
		sample_keep(s, dx->call->out[i]);
	return dx;
}

static struct node *affine(struct sample *s)
{
	return graph_affine(s->g, act(s, at(s)->x), channels(s), channels(s), NULL);
}

static struct node *relu(struct sample *s)
{
	return graph_relu(s->g, act(s, at(s)->x));
}

static struct node *relu_dx(struct sample *s)
{
	return graph_relu_dx(s->g, act(s, at(s)->x), act(s, at(s)->x));
}

static struct node *add(struct sample *s)
{
	return graph_add(s->g, act(s, at(s)->x), act(s, at(s)->x));
}

static struct node *mul(struct sample *s)
{
	return graph_mul(s->g, act(s, at(s)->x), act(s, at(s)->x));
}

static struct node *logistic(struct sample *s)
{
	return graph_logistic(s->g, act(s, at(s)->x));
}

static struct node *normalize(struct sample *s)
{
	static const float mean[4] = {0.5f, 0.5f, 0.5f, 0.5f}, std[4] = {0.25f, 0.25f, 0.25f, 0.25f};
	return graph_normalize(s->g, sample_input(s, at(s)->x, CLASS_U8), mean, std);
}

static struct node *pictures(struct sample *s)
{
	static const float mean[4] = {0.5f, 0.5f, 0.5f, 0.5f}, std[4] = {0.25f, 0.25f, 0.25f, 0.25f};
	return graph_pictures(s->g, sample_input(s, at(s)->x, CLASS_U8), sample_input(s, shape2(at(s)->x.d[0], 4), CLASS_I32), mean, std);
}

/* ---- pooling ---- */

static struct node *mean(struct sample *s)
{
	return graph_mean(s->g, act(s, at(s)->x), 1u << 2 | 1u << 3, false);
}

static struct node *max_pool(struct sample *s)
{
	return graph_max_pool(s->g, act(s, at(s)->x), at(s)->kernel, at(s)->stride, 0);
}

static struct node *max_pool_dx(struct sample *s)
{
	const struct op_case *c = at(s);
	const struct pool_conf conf = {.kernel = c->kernel, .stride = c->stride, .x = c->x};
	const int h = (c->x.d[2] - c->kernel) / c->stride + 1, w = (c->x.d[3] - c->kernel) / c->stride + 1;
	return graph_max_pool_dx(s->g, act(s, shape4(c->x.d[0], c->x.d[1], h, w)), act(s, c->x), &conf);
}

static struct node *avg_pool(struct sample *s)
{
	return graph_avg_pool(s->g, act(s, at(s)->x), at(s)->kernel, at(s)->stride, 0);
}

/* To twice the size, as features are brought together. */
static struct node *resize(struct sample *s)
{
	return graph_resize(s->g, act(s, at(s)->x), 2 * at(s)->x.d[2], 2 * at(s)->x.d[3], true);
}

/* ---- the head ---- */

static struct node *matmul(struct sample *s)
{
	const struct op_case *c = at(s);
	struct node *w = sample_weight(s, shape2(c->out ? c->out : c->x.d[1], c->x.d[1]));
	return graph_matmul(s->g, act(s, c->x), w, NULL, false, true);
}

static struct node *linear(struct sample *s)
{
	const struct op_case *c = at(s);
	const int out = c->out ? c->out : c->x.d[1];
	return graph_linear(s->g, act(s, c->x), sample_weight(s, shape2(out, c->x.d[1])), sample_weight(s, shape1(out)));
}

static struct node *log_softmax(struct sample *s)
{
	return graph_log_softmax(s->g, sample_input(s, at(s)->x, CLASS_WIDE));
}

static struct node *softmax(struct sample *s)
{
	return graph_softmax(s->g, sample_input(s, at(s)->x, CLASS_WIDE));
}

static struct node *cross_entropy(struct sample *s)
{
	struct node *loss = graph_cross_entropy(s->g, sample_input(s, at(s)->x, CLASS_WIDE), sample_input(s, shape1(at(s)->x.d[0]), CLASS_I32), 0);
	if (loss)
		sample_keep(s, loss->call->out[1]);
	return loss;
}

static struct node *kl_divergence(struct sample *s)
{
	struct node *loss = graph_kl_divergence(s->g, sample_input(s, at(s)->x, CLASS_WIDE), sample_input(s, at(s)->x, CLASS_WIDE), 4);
	if (loss)
		sample_keep(s, loss->call->out[1]);
	return loss;
}

#define MAP(c, side) {4, {64, c, side, side}}
static const struct op_case convs[] = {
	{MAP(3, 32), 32, 3, 1}, {MAP(16, 32), 0, 3, 1}, {MAP(64, 32), 0, 3, 1}, {MAP(64, 32), 128, 3, 2}, {MAP(64, 32), 128, 1, 2},
	{MAP(128, 16), 0, 3, 1}, {MAP(256, 8), 0, 3, 1},
}, deep[] = {
	{MAP(64, 32), 0, 3, 1}, {MAP(64, 32), 128, 3, 2}, {MAP(128, 16), 0, 3, 1}, {MAP(256, 8), 0, 3, 1},
}, maps[] = {
	{.x = MAP(64, 32)}, {.x = MAP(128, 16)}, {.x = MAP(256, 8)},
}, pools[] = {
	{MAP(64, 32), 0, 2, 2}, {MAP(128, 16), 0, 2, 2},
}, last[] = {{.x = MAP(256, 8)}}, first[] = {{.x = MAP(3, 32)}}, heads[] = {
	{.x = {2, {64, 256}}, .out = 100},
}, logits[] = {
	{.x = {2, {64, 100}}}, {.x = {2, {64, 1000}}},
};

#define KIND(f, rank, cases, ...) \
	{.name = #f, .n_dim = (rank), .build = f, .at = (cases), .n_case = sizeof(cases) / sizeof *(cases), __VA_ARGS__}
const struct op_kind op_kinds[] = {
	KIND(conv2d, 4, convs, .has_out = true, .has_kernel = true),
	KIND(conv2d_relu, 4, convs, .has_out = true, .has_kernel = true),
	KIND(conv2d_dx, 4, convs, .has_out = true, .has_kernel = true),
	KIND(conv2d_dw, 4, convs, .has_out = true, .has_kernel = true),
	KIND(conv2d_int8, 4, deep, .has_out = true, .has_kernel = true),
	KIND(quantize, 4, maps, .has_out = false),
	KIND(dequantize, 4, maps, .has_out = false),
	KIND(batch_norm, 4, maps, .has_out = false),
	KIND(batch_norm_dx, 4, maps, .has_out = false),
	KIND(affine, 4, maps, .has_out = false),
	KIND(relu, 4, maps, .has_out = false),
	KIND(relu_dx, 4, maps, .has_out = false),
	KIND(add, 4, maps, .has_out = false),
	KIND(mul, 4, maps, .has_out = false),
	KIND(logistic, 4, maps, .has_out = false),
	KIND(max_pool, 4, pools, .has_kernel = true),
	KIND(avg_pool, 4, pools, .has_kernel = true),
	KIND(resize, 4, last, .has_out = false),
	KIND(max_pool_dx, 4, pools, .has_kernel = true),
	KIND(mean, 4, last, .has_out = false),
	KIND(normalize, 4, first, .has_out = false),
	KIND(pictures, 4, first, .has_out = false),
	KIND(matmul, 2, heads, .has_out = true),
	KIND(linear, 2, heads, .has_out = true),
	KIND(softmax, 2, logits, .has_out = false),
	KIND(log_softmax, 2, logits, .has_out = false),
	KIND(cross_entropy, 2, logits, .has_out = false),
	KIND(kl_divergence, 2, logits, .has_out = false),
};
const int op_kind_count = sizeof op_kinds / sizeof *op_kinds;
