/*
 * Layers in bytes, for block.c. Between layers an activation stands as dequantize(bytes): taps and ops that know nothing of
 * bytes read the act, a convolution takes the bytes below it, and what nobody reads is pruned by the plan. So the value of
 * a tap does not depend on which taps are read.
 */
#ifndef MODELS_BLOCK_INT8_H
#define MODELS_BLOCK_INT8_H

#include "models/int8.h"

enum { INT8_MAX_SITE = 1024 };

/* Sites are the activations that block_relu makes, in the order of building. */
struct int8_sites {
	const struct int8_scales *scales; /* NULL: nothing is rounded, the sites are only noted */
	int n;                            /* met so far */
	struct node *act[INT8_MAX_SITE];  /* noted */
};

/* Whether x is an activation that stands as bytes. */
bool int8_has_bytes(const struct builder *b, const struct node *x);
/* x has bytes; w: weight, and bias or NULL; residual: bytes, act or NULL. Gives act. */
struct node *int8_conv(struct builder *b, struct node *x, struct node *const w[2], struct node *residual, int stride,
                       int pad, int groups);
/* The next site. Behind int8_conv it is one op with the convolution. */
struct node *int8_relu(struct builder *b, struct node *x);
struct node *int8_max_pool(struct builder *b, struct node *x, int k, int stride, int pad);
/* x, the output of the last block, before it was rounded to bytes; the block's tap becomes that too. */
struct node *int8_last(struct builder *b, struct node *x);

#endif
