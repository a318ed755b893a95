/* GPUs that a plan's time is estimated for without having one: what their makers say they can do. */
#ifndef ENGINE_GPUS_H
#define ENGINE_GPUS_H

#include "engine/device.h"
#include "engine/rates.h"

struct gpu {
	const char *name, *title;
	double f32;             /* multiply-adds a second of ordinary cores */
	double tf32, bf16, f16; /* the same of tensor cores, with sums in f32, dense; 0: it has none of that type */
	double memory;          /* bytes a second */
	double capacity;        /* bytes of it, of the smallest board of that name */
	const char *source;
};

extern const struct gpu gpu_all[];
extern const int gpu_count;
const struct gpu *gpu_find(const char *name); /* NULL: none of that name */
/* What `auto` is on it. */
enum precision gpu_precision(const struct gpu *g);
/* E_USER: it has no TF32, or no bf16. */
enum status gpu_takes(const struct gpu *g, enum precision p, struct err *e);
/* The roofs of a plan in a precision that it takes, and what a kernel takes at least. */
struct rates gpu_rates(const struct gpu *g, enum precision precision);

#endif
