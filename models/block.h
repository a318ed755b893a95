/*
 * Layers that models build with. Names are relative to the network, as in PyTorch's state_dict. In the
 * defining pass a layer adds its parameters; afterwards it finds them, and an input that does not fit them is
 * a user's error.
 *
 * Every function takes a NULL x (an error has been noted) and then gives NULL. ReLU is no part of a layer:
 * call block_relu. Where its result goes on to convolutions, it is what an int8 application rounds to bytes.
 */
#ifndef MODELS_BLOCK_H
#define MODELS_BLOCK_H

#include "models/model.h"

/* "layer1.0.conv1", in the graph's arena. */
const char *block_name(struct builder *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* k x k convolution of a map (N,C,H,W) to out channels. */
struct node *block_conv(struct builder *b, struct node *x, const char *name, int out, int k, int stride,
                        int pad, int groups, bool bias);
/* The same without bias and groups, with a map added before the one rounding; residual may be NULL. */
struct node *block_conv_add(struct builder *b, struct node *x, const char *name, int out, int k, int stride,
                            int pad, struct node *residual);
/* Convolution, batch norm, and residual (may be NULL) added; no activation. MODE_FROZEN: one convolution with
   folded weights. */
struct node *block_conv_norm(struct builder *b, struct node *x, const char *conv, const char *norm, int out,
                             int k, int stride, int pad, bool bias, struct node *residual);
/* Batch norm alone. */
struct node *block_norm(struct builder *b, struct node *x, const char *name);
/* max(0, x). Where nothing but the head reads it, graph_relu does as well. */
struct node *block_relu(struct builder *b, struct node *x);
struct node *block_max_pool(struct builder *b, struct node *x, int k, int stride, int pad);
/* x (N,D) to (N,out), with bias. */
struct node *block_linear(struct builder *b, struct node *x, const char *name, int out);
/* The usual head: mean over H and W, then a linear layer to the classes; sets both taps. */
struct node *block_head(struct builder *b, struct node *x, const char *name);

/*
 * The defining pass adds parameters in the order in which layers are met. Where a state_dict has another
 * order (a shortcut is computed before the layer that adds it, and stands after it), the later layer is
 * declared first. Nothing in later passes.
 */
void block_declare_conv(struct builder *b, const char *name, int in, int out, int k, int groups, bool bias);
void block_declare_norm(struct builder *b, const char *name, int channels);

#endif
