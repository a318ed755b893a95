#include "models/block.h"

#include <stdarg.h>
#include <stdio.h>

#include "models/block_int8.h"
#include "models/block_rows.h"

/* eps and momentum of PyTorch's batch norm, which all published networks keep. */
static const double norm_eps = 1e-5, norm_momentum = 0.1;

const char *block_name(struct builder *b, const char *fmt, ...)
{
	char text[128];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	return arena_str(b->g->arena, text);
}

void block_declare_conv(struct builder *b, const char *name, int in, int out, int k, int groups, bool bias)
{
	struct rows r;
	rows_conv(&r, name, in, out, k, groups, bias);
	rows_declare(b, &r);
}

void block_declare_norm(struct builder *b, const char *name, int channels)
{
	struct rows r;
	rows_norm(&r, name, channels);
	rows_declare(b, &r);
}

static struct node *named(struct builder *b, struct node *n, const char *name)
{
	if (b->g->scope)
		graph_name(n, "%s/%s", b->g->scope, name);
	else
		graph_name(n, "%s", name);
	return n;
}

static bool is_map(struct builder *b, const struct node *x, const char *name)
{
	if (!x)
		return false;
	if (x->type.shape.n_dim == 4)
		return true;
	graph_fail(b->g, "'%s' of network '%s' takes a map (N,C,H,W), given %s", name, b->net->name,
	           shape_str(&x->type.shape));
	return false;
}

/* Weight and bias of a convolution; w[1] NULL without bias. */
static bool conv_take(struct builder *b, const struct node *x, const char *name, int out, int k, int groups,
                      bool bias, struct node *w[2])
{
	if (!is_map(b, x, name))
		return false;
	const int in = x->type.shape.d[1];
	BUG_IF(in % groups || out % groups, "'%s': %d groups of %d and %d channels", name, groups, in, out);
	struct rows r;
	rows_conv(&r, name, in, out, k, groups, bias);
	w[1] = NULL;
	return rows_take(b, &r, r.n, w);
}

static bool norm_take(struct builder *b, const char *name, int channels, struct node *m[NORM_ROWS])
{
	static const int need[] = {
		[MODE_TRAIN] = NORM_ROWS, [MODE_BATCH] = NORM_MEAN, [MODE_FROZEN] = NORM_COUNT};
	struct rows r;
	rows_norm(&r, name, channels);
	return rows_take(b, &r, need[b->mode], m);
}

static struct node *norm_batch(struct builder *b, struct node *x, const char *name, struct node *residual)
{
	struct graph *g = b->g;
	struct node *m[NORM_ROWS], *mean, *var;
	if (!is_map(b, x, name) || !norm_take(b, name, x->type.shape.d[1], m))
		return NULL;
	struct node *y = graph_batch_norm(g, x, m[NORM_GAMMA], m[NORM_BETA], residual, norm_eps, &mean, &var);
	if (y && b->mode == MODE_TRAIN) {
		const struct shape *s = &x->type.shape;
		const double n = (double)s->d[0] * s->d[2] * s->d[3]; /* above 1: else y is NULL */
		const double unbiased = n / (n - 1);
		graph_update(g, m[NORM_MEAN], graph_running_update(g, m[NORM_MEAN], mean, norm_momentum, 1),
		             false);
		graph_update(g, m[NORM_VAR],
		             graph_running_update(g, m[NORM_VAR], var, norm_momentum, unbiased), false);
		graph_update(g, m[NORM_COUNT], graph_scale(g, m[NORM_COUNT], 1, 1), false);
	}
	return named(b, y, name);
}

/* Frozen batch norm is x scale + shift; made of parameters and states alone, so computed once per version. */
static bool norm_fold(struct builder *b, const char *name, int channels, struct node *before,
                      struct node **scale, struct node **shift)
{
	struct graph *g = b->g;
	struct node *m[NORM_ROWS];
	if (!norm_take(b, name, channels, m))
		return false;
	struct node *inverse = graph_pow(g, graph_scale(g, m[NORM_VAR], 1, norm_eps), -0.5);
	*scale = graph_mul(g, m[NORM_GAMMA], inverse);
	/* before: the convolution's bias, or NULL */
	struct node *centre = before ? graph_sub(g, m[NORM_MEAN], before) : m[NORM_MEAN];
	*shift = graph_sub(g, m[NORM_BETA], graph_mul(g, centre, *scale));
	return graph_status(g) == OK;
}

/* w: weight, and bias or NULL */
static struct node *convolve(struct builder *b, struct node *x, struct node *const w[2], struct node *residual,
                             int stride, int pad, int groups)
{
	if (int8_has_bytes(b, x))
		return int8_conv(b, x, w, residual, stride, pad, groups);
	return graph_conv2d(b->g, x, w[0], w[1], residual, stride, pad, groups);
}

struct node *block_relu(struct builder *b, struct node *x)
{
	return b->int8 ? int8_relu(b, x) : graph_relu(b->g, x);
}

struct node *block_max_pool(struct builder *b, struct node *x, int k, int stride, int pad)
{
	return int8_has_bytes(b, x) ? int8_max_pool(b, x, k, stride, pad) : graph_max_pool(b->g, x, k, stride, pad);
}

struct node *block_conv(struct builder *b, struct node *x, const char *name, int out, int k, int stride,
                        int pad, int groups, bool bias)
{
	struct node *w[2];
	if (!conv_take(b, x, name, out, k, groups, bias, w))
		return NULL;
	return named(b, convolve(b, x, w, NULL, stride, pad, groups), name);
}

struct node *block_conv_add(struct builder *b, struct node *x, const char *name, int out, int k, int stride,
                            int pad, struct node *residual)
{
	struct node *w[2];
	if (!conv_take(b, x, name, out, k, 1, false, w))
		return NULL;
	return named(b, convolve(b, x, w, residual, stride, pad, 1), name);
}

struct node *block_conv_norm(struct builder *b, struct node *x, const char *conv, const char *norm, int out,
                             int k, int stride, int pad, bool bias, struct node *residual)
{
	struct graph *g = b->g;
	struct node *w[2], *scale, *shift;
	if (!conv_take(b, x, conv, out, k, 1, bias, w))
		return NULL;
	if (b->mode != MODE_FROZEN) {
		struct node *y = named(b, convolve(b, x, w, NULL, stride, pad, 1), conv);
		return norm_batch(b, y, norm, residual);
	}
	if (!norm_fold(b, norm, out, w[1], &scale, &shift))
		return NULL;
	w[0] = named(b, graph_mul(g, w[0], graph_reshape(g, scale, shape4(out, 1, 1, 1))),
	             block_name(b, "%s.folded", conv));
	w[1] = shift;
	return named(b, convolve(b, x, w, residual, stride, pad, 1), conv);
}

struct node *block_norm(struct builder *b, struct node *x, const char *name)
{
	struct node *scale, *shift;
	if (b->mode != MODE_FROZEN)
		return norm_batch(b, x, name, NULL);
	if (!is_map(b, x, name) || !norm_fold(b, name, x->type.shape.d[1], NULL, &scale, &shift))
		return NULL;
	return named(b, graph_affine(b->g, x, scale, shift, NULL), name);
}

struct node *block_linear(struct builder *b, struct node *x, const char *name, int out)
{
	if (!x)
		return NULL;
	if (x->type.shape.n_dim != 2)
		return graph_fail(b->g, "'%s' of network '%s' takes vectors (N,D), given %s", name,
		                  b->net->name, shape_str(&x->type.shape));
	struct rows r;
	struct node *w[2];
	rows_linear(&r, name, x->type.shape.d[1], out);
	if (!rows_take(b, &r, r.n, w))
		return NULL;
	return named(b, graph_linear(b->g, x, w[0], w[1]), name);
}

struct node *block_head(struct builder *b, struct node *x, const char *name)
{
	if (!is_map(b, x, name))
		return NULL;
	b->taps->pooled = named(b, graph_mean(b->g, x, 1u << 2 | 1u << 3, false), "pooled");
	b->taps->logits = block_linear(b, b->taps->pooled, name, b->net->classes);
	return b->taps->logits;
}
