/* How a convolution is done, worked out from its shapes alone. */
#ifndef ENGINE_CUDA_CONV_WORK_H
#define ENGINE_CUDA_CONV_WORK_H

#include "engine/cuda/conv_kernels.h"
#include "engine/device.h"

enum conv_kind { CONV_FORWARD, CONV_DX, CONV_DW };

enum conv_way {
	CONV_ROWS,   /* forward: y = rows of x by weights. dx of stride 1: the same of dy and the weights turned about. dw: dy' by rows of x */
	CONV_SPREAD, /* dx of a larger stride, whose rows would be mostly zeros: dy by weights gives rows, which are spread over x */
	CONV_DIRECT, /* several groups */
	CONV_LIBRARY, /* forward and dx of bf16 or f16 maps, and of f32 maps in TF32, by a plan of cuDNN's, if it has one */
};

struct cudnn_plan; /* conv_cudnn.h */

struct conv_work {
	enum conv_kind kind;
	enum conv_way way;
	enum dtype act;      /* of maps */
	struct cu_conv conv; /* the convolution's own */
	struct cu_conv weights; /* the same with the channels of one group, as who orders weights takes it, and their ld */
	struct cu_conv rows; /* what rows are made of: for a dx by CONV_ROWS the convolution of dy that gives dx, else the same as conv */
	bool plain;          /* 1x1: the map is its own rows */
	bool has_bias, has_residual;
	bool tf32;           /* F32 maps and weights are rounded so where they are multiplied */
	bool any_order;      /* of sums, which need not be the same bits the next time */
	bool waits;          /* sums stay f32, in scratch, for bias and residual before the one rounding */
	bool by_tap;         /* the order of weights, as conv_kernels.h says; else by output */
	size_t form;         /* bytes of it; 0: weights are in that order and of that type already */
	uint64_t tag;
	int part;            /* pictures at a time */
	int chunks;          /* of a direct dw */
	size_t at_sums;      /* behind the rows: sums that wait; a dw's product */
	size_t scratch;
	struct cudnn_plan *library;
	bool finished;       /* the library's plan, if there is one, adds bias and residual */
	bool relu;           /* the library's plan does it */
};

/*
 * Bytes that scratch may take for what grows with the batch. A larger batch goes in equal parts, of one picture at least; weight gradients are added in
 * the order of the parts. A variable for tests, which cut small batches.
 */
extern size_t conv_scratch_limit;
/* Pictures of a part, as equal as whole pictures allow. */
int conv_pictures_at_once(int N, size_t bytes_of_one);

struct conv_work conv_work_of(const struct kernel_case *c, enum conv_kind kind);
/* Tells cuDNN that conv_work_of will be asked. */
void conv_work_foresee(const struct kernel_case *c, enum conv_kind kind);

#endif
