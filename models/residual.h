/* The two residual blocks of He et al. (2016), shared by the networks for small and for large pictures. */
#ifndef MODELS_RESIDUAL_H
#define MODELS_RESIDUAL_H

#include "models/block.h"

/*
 * name: "layer1.0"; shortcut: what state_dicts call the projection, "downsample" or "shortcut". It stands
 * where stride or channels change. Before the last ReLU the sum is *pre.
 */
struct node *residual_basic(struct builder *b, struct node *x, const char *name, const char *shortcut,
                            int width, int stride, struct node **pre);
/* 1x1, 3x3 with the stride, 1x1 to 4 width channels. */
struct node *residual_bottleneck(struct builder *b, struct node *x, const char *name, const char *shortcut,
                                 int width, int stride, struct node **pre);

#endif
