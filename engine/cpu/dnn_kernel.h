/*
 * A kernel made of one oneDNN primitive. conv.c and matmul.c say which operation a call is (struct dnn_case); all
 * the rest is the same: the choice between bf16 and f32 between casts, scratch, packed weights, running.
 */
#ifndef ENGINE_CPU_DNN_KERNEL_H
#define ENGINE_CPU_DNN_KERNEL_H

#include "engine/cpu/dnn.h"
#include "engine/device.h"

enum { DNN_OUT = -1 }; /* a tensor's number: out[0]; else an input's */

struct dnn_case {
	struct dnn_desc desc;       /* without types */
	int tensor[DNN_ROLE_COUNT]; /* of the roles present */
	bool packs;                 /* the weights are read in the library's own order, packed beforehand */
};

/* Lays bytes of scratch down at *end; returns where, and moves *end to the next multiple of 64. */
static inline size_t place(size_t *end, size_t bytes)
{
	const size_t at = *end;
	*end = (at + bytes + 63) / 64 * 64;
	return at;
}

/* Leaves p->fuse_ok 0. */
enum status dnn_kernel_describe(const struct dnn_case *d, const struct kernel_case *c, struct kernel_plan *p,
	struct err *e);
enum status dnn_kernel_prepare(const struct dnn_case *d, const struct kernel_case *c, void **state,
	struct err *e);
void dnn_kernel_release(void *state);
void dnn_kernel_pack(void *state, int i, const struct tensor *src, void *dst, struct device *dev);
void dnn_kernel_run(const struct kernel_run *r);

/* Runs a primitive; a failure becomes the device's. what: for the message. */
void dnn_kernel_execute(struct dnn_prim *p, struct device *dev, const char *what);

#endif
