/* GPUs that a plan's time is estimated for without having one: what their makers say they can do. */
#ifndef ENGINE_GPUS_H
#define ENGINE_GPUS_H

#include "engine/device.h"
#include "engine/rates.h"

struct gpu {
	const char *name, *title;
	double f32, bf16; /* multiply-adds a second: of ordinary cores; of tensor cores, in bf16 and in f16 alike, with sums in f32, dense */
	double memory;    /* bytes a second */
	const char *source;
};

extern const struct gpu gpu_all[];
extern const int gpu_count;
const struct gpu *gpu_find(const char *name); /* NULL: none of that name */
/* The roofs of a plan in that precision, and what a kernel takes at least. */
struct rates gpu_rates(const struct gpu *g, enum precision precision);

#endif
