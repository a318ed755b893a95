/*
 * The dynamic loss scale of training with activations in f16 (Micikevicius et al., Mixed Precision Training, 2018). f16 holds nothing between 0 and
 * 6e-8, and gradients of activations lie there. So the seed of a loss's gradient is multiplied by a power of two, and the optimiser divides by it, as a
 * factor on the gradient beside that of clipping: exactly, in f32. A step whose gradients overflow is not taken and halves the scale; 2000 steps taken in
 * a row double it.
 *
 * There is one for all plans and segments of a stage, not one for each segment: a step is taken or undone as a whole, so an overflow anywhere costs the
 * whole step, and the scale that all can bear is the lowest of theirs; f16 spans 2^40, which is room for a critic's gradients and a student's at once.
 * Plans for other batches or other sets of segments move the same weights, so they go on with the same scale.
 */
#ifndef ENGINE_SCALE_H
#define ENGINE_SCALE_H

#include "base/arena.h"
#include "engine/device.h"

enum { LOSS_SCALE_STEPS = 2000 };
#define LOSS_SCALE_START 0x1p16
#define LOSS_SCALE_MOST 0x1p24

struct loss_scale {
	double value;   /* a power of two from 1 to LOSS_SCALE_MOST */
	long good;      /* steps taken in a row since it was changed */
	double written; /* what the device holds; 0: nothing yet */
	struct device *dev;
	void *seed, *inverse; /* device, wide scalars: value and 1 / value */
};

struct loss_scale *loss_scale_new(struct arena *a);
/* Its memory, if it has none yet. */
enum status loss_scale_place(struct loss_scale *s, struct device *dev, struct err *e);
void loss_scale_release(struct loss_scale *s);
/* Queues the two numbers, if they have changed: before a step, outside a record. */
void loss_scale_ready(struct loss_scale *s);
/* A step was taken. */
void loss_scale_good(struct loss_scale *s);
/* Gradients overflowed. False: the scale is 1 already, and not to blame. */
bool loss_scale_halve(struct loss_scale *s);
/* As it was when a stage was left; false, and nothing is changed: that is no scale. */
bool loss_scale_set(struct loss_scale *s, double value, long good);

#endif
