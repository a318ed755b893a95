/*
 * Layers with spectral norm (Miyato et al., ICLR 2018, algorithm 1): the weight, as a matrix (O, all else), is divided by its largest singular
 * value, which power iteration estimates, one iteration a step: v = W'u / |W'u|, u = W v / |W v|, sigma = u . W v. u is a state of the layer
 * ("NAME.weight_u", all elements equal at the start); the gradient goes through sigma with u and v constant, as in PyTorch.
 *
 * A layer may be applied several times in a step: all its applications have one sigma and u moves once. In a mode other than MODE_TRAIN u stays
 * as it is. Each function takes a NULL x (an error has been noted) and then gives NULL.
 */
#ifndef GAN_SPECTRAL_H
#define GAN_SPECTRAL_H

#include "models/block.h"

/* As block_conv with groups 1 and a bias. */
struct node *spectral_conv(struct builder *b, struct node *x, const char *name, int out, int k, int stride, int pad);
/* As block_linear. */
struct node *spectral_linear(struct builder *b, struct node *x, const char *name, int out);

#endif
