/*
 * A frozen network in eight bits: activations u8 with one scale each, weights s8 with one scale an output, sums exact.
 * Where the processor multiplies bytes (device_int8_native) about twice as fast as bf16 and three times as f32,
 * elsewhere about as fast as f32; the numbers are the same but for ties. Logits are off by about 1 % of their size,
 * which changes the first class of 0.5 % of pictures in trained networks.
 *
 * The first convolution and the head stay in act, and so does what is signed (wrn's sums, a shortcut's convolution).
 * What goes to the head is not rounded to bytes.
 */
#ifndef MODELS_INT8_H
#define MODELS_INT8_H

#include "models/model.h"

/* What one unit of each activation is worth, in the order in which an application meets them. Plain numbers: they may
   be kept and given to any application of the same network, on any device. */
struct int8_scales {
	int n;
	double *scale;
};

/* Pictures to calibrate on, as training sees them without augmentation. */
struct int8_pictures {
	int batch, n_batch;      /* pictures a batch; 256 to 1024 pictures together are plenty */
	float mean[4], std[4];   /* of graph_normalize */
	/* Batch i (from 0) as bytes, N,H,W,C, into out. */
	enum status (*read)(void *own, int i, uint8_t *out, struct err *e);
	void *own;
};

/*
 * Runs the frozen network on the pictures and finds a scale for each activation: of clips from the largest value down,
 * the one with the least squared error over the pictures, rounding below the clip and cutting above it counted together.
 * An activation that is 0 on all pictures gets the scale 1/255; none is below 1e-12.
 *
 * net       placed on dev, with weights
 * out       in arena a
 * errors    E_USER: no pictures, a scale that can't be (a value that is not finite, named); what read gives
 */
enum status int8_calibrate(struct arena *a, struct net *net, struct device *dev, enum precision precision,
                           const struct int8_pictures *pictures, struct int8_scales **out, struct err *e);

/*
 * Applies all parts of net, frozen, to x: the pictures as act (N,C,H,W). Gives the logits. taps (may be NULL) are those
 * of model_apply with MODE_FROZEN: the same nodes are there, of the same shapes and classes. A .pre tap that is read
 * costs its convolution once more.
 *
 * grads     none: one that is asked for through it is an error at build that names the op
 * errors    scales of another network
 */
struct node *model_apply_int8(struct graph *g, struct net *net, const struct int8_scales *scales, struct node *x,
                              const char *name, struct taps *taps);

/* How many scales an application needs. */
int int8_site_count(struct net *net);

#endif
