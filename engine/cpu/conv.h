/* What the kernels of convolutions share. */
#ifndef ENGINE_CPU_CONV_H
#define ENGINE_CPU_CONV_H

#include "engine/build.h"
#include "engine/cpu/dnn.h"
#include "engine/device.h"

/* The operation on these shapes, without types: channels-last maps, weights in the library's own order. x, w, y by their
   part in the forward operation. */
struct dnn_desc conv_desc(const struct conv_conf *conf, enum dnn_kind kind, const struct tensor *x,
	const struct tensor *w, const struct tensor *y);

/* Whether the call has its optional input i. */
static inline bool has_input(const struct kernel_case *c, int i)
{
	return i < c->call->n_in && c->in[i].shape.n_dim > 0;
}

#endif
