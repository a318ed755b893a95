/* What the machine can do, measured by the engine's own kernels: the limits that times are held against. */
#ifndef ENGINE_RATES_H
#define ENGINE_RATES_H

#include "engine/plan_profile.h"

struct rates {
	double conv;   /* multiply-adds a second of a 3x3 convolution, 64 channels to 64, on maps of 32x32 */
	double matmul; /* multiply-adds a second of a product of (4096,512) and (512,256) */
	double copy;   /* bytes a second, read and written, of an op that reads one large tensor and writes another */
	double launch; /* seconds that any kernel takes at least; not measured: 0 on a CPU */
};

/* Repeats each of the three for about `seconds` and takes the fastest. The first two multiply activations as `precision` stores them, the
   third moves floats; a device of doubles is given small ones. Waits for the device. */
enum status rates_measure(struct device *dev, enum precision precision, double seconds, struct rates *r, struct err *e);

/* What a step should take: its arithmetic at the rate of its kind, or its bytes at that of memory, whichever is longer, and `launch` at least. What lies in
   a cache is faster than that; small and odd shapes are slower. */
double rates_limit(const struct rates *r, const struct step_cost *c);

#endif
