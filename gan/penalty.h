/*
 * Penalties on a critic's gradient by the features that it is given. They are differentiated again, by the critic's parameters: every op of
 * the critic, the teacher's tail included, needs a second derivative (graph_grad says so where one is missing).
 */
#ifndef GAN_PENALTY_H
#define GAN_PENALTY_H

#include "engine/build.h"

/* real, fake (N,C,H,W): e real + (1 - e) fake, one e per picture, uniform in (0,1), drawn anew each epoch from stream key; both without gradient.
   real and fake are of the same picture, row by row. */
struct node *penalty_mix(struct graph *g, struct node *real, struct node *fake, const unsigned key[2]);
/* score (N) of h (N,C,H,W): (), mean over N of (|| d score_n / d h_n ||_2 - target)^2. Gulrajani et al. 2017, eq. (3), at target 1.
   The norm is that of its square plus 1e-12, so that a slope of 0 has a derivative. */
struct node *penalty_gradient(struct graph *g, struct node *score, struct node *h, double target);
/* (), mean over N of || d score_n / d h_n ||_2^2, h real: R1 of Mescheder et al. 2018, eq. (9), without its factor 1/2. */
struct node *penalty_r1(struct graph *g, struct node *score, struct node *h);

#endif
