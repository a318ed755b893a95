#include "models/block_int8.h"

static double scale_of(const struct node *x)
{
	return ((const struct quantize_conf *)x->call->conf)->scale;
}

static bool is_bytes(const struct node *x)
{
	return x && x->call && x->call->op == &op_dequantize;
}

bool int8_has_bytes(const struct builder *b, const struct node *x)
{
	return b->int8 && b->int8->scales && is_bytes(x);
}

static struct node *named_after(struct node *y, const struct node *x, const char *what)
{
	if (y && x)
		graph_name(y, "%s.%s", x->name, what);
	return y;
}

struct node *int8_conv(struct builder *b, struct node *x, struct node *const w[2], struct node *residual, int stride,
                       int pad, int groups)
{
	struct conv_int8_conf conf = {.conv = {.stride = stride, .pad = pad, .groups = groups}, .x_scale = scale_of(x)};
	struct node *scale, *bytes = named_after(graph_quantize_weights(b->g, w[0], &scale), w[0], "bytes");
	if (is_bytes(residual)) {
		conf.residual_scale = scale_of(residual);
		residual = residual->call->in[0];
	}
	return graph_conv2d_int8(b->g, x->call->in[0], bytes, scale, w[1], residual, &conf);
}

/* The convolution again that gave x, with relu; bytes in units of scale, or act where that is 0. */
static struct node *conv_relu(struct graph *g, const struct node *x, double scale)
{
	const struct call *c = x->call;
	struct conv_int8_conf conf = *(const struct conv_int8_conf *)c->conf;
	conf.relu = 1;
	conf.to_u8 = scale > 0;
	conf.y_scale = scale;
	return graph_conv2d_int8(g, c->in[0], c->in[1], c->in[2], c->n_in > 3 ? c->in[3] : NULL,
	                         c->n_in > 4 ? c->in[4] : NULL, &conf);
}

struct node *int8_relu(struct builder *b, struct node *x)
{
	struct int8_sites *s = b->int8;
	BUG_IF(s->n >= INT8_MAX_SITE, "'%s' has more than %d activations", b->net->name, INT8_MAX_SITE);
	const int site = s->n++;
	if (!s->scales || !x)
		return s->act[site] = graph_relu(b->g, x);
	if (site >= s->scales->n)
		return graph_fail(b->g, "network '%s' has more activations than the %d that scales were found for",
		                  b->net->name, s->scales->n);
	const double scale = s->scales->scale[site];
	struct node *bytes = x->call && x->call->op == &op_conv2d_int8
	                             ? conv_relu(b->g, x, scale)
	                             : graph_quantize(b->g, graph_relu(b->g, x), scale);
	return named_after(graph_dequantize(b->g, named_after(bytes, x, "bytes"), scale), x, "relu");
}

/* The largest of bytes is the largest of what they stand for. */
struct node *int8_max_pool(struct builder *b, struct node *x, int k, int stride, int pad)
{
	return graph_dequantize(b->g, graph_max_pool(b->g, x->call->in[0], k, stride, pad), scale_of(x));
}

struct node *int8_last(struct builder *b, struct node *x)
{
	if (!int8_has_bytes(b, x))
		return x;
	const struct call *c = x->call->in[0]->call;
	struct node *y = x;
	if (c->op == &op_quantize)
		y = c->in[0];
	else if (c->op == &op_conv2d_int8)
		y = named_after(conv_relu(b->g, c->out[0], 0), x, "act");
	if (b->taps->block[b->part] == x)
		b->taps->block[b->part] = y;
	return y;
}
