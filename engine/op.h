/*
 * Ops. One descriptor each, one line in ops.def, a kernel of the same name in every back end (a missing one is a
 * link error). A gradient is made of ops, so it can be differentiated again. Families share a file: ops/conv.c,
 * ref/conv.c, cpu/conv.c, cuda/conv.c.
 */
#ifndef ENGINE_OP_H
#define ENGINE_OP_H

#include "base/err.h"
#include "engine/tensor.h"

struct graph;
struct node;
struct call;

enum { MAX_OUT = 4 };

enum op_flags {
	OP_VIEW0 = 1,     /* output 0 is input 0's memory (reshape where the layout allows): asked per call by op->view */
	OP_NO_GRAD = 2,   /* piecewise constant or integer: gradients stop here silently (compare, arg_max, floor, sign) */
	OP_ELEMENTWISE0 = 4, /* output 0 has the shape of input 0 and may take its memory if dtypes agree */
	OP_PICKS0 = 8,    /* of input 0 no more elements are read than output 0 has */
};

struct op {
	const char *name;
	const char *help; /* formula, one line */
	int min_in, max_in; /* max_in -1: any number */
	int n_out;
	size_t conf_size; /* plain data without pointers: hashed and compared as bytes */
	/* Shapes and classes of the outputs, from conf and inputs. On a misfit: err_user at c->at with both shapes. */
	enum status (*infer)(const struct call *c, struct type out[], struct err *e);
	/* Append nodes: dx[i] for each input with need[i], from dy[j] (NULL where no gradient arrives at output j). A dx[i] left
	   NULL is "no gradient through input i". NULL grad without OP_NO_GRAD: an error at build that names the op and the path. */
	void (*grad)(struct graph *g, const struct call *c, struct node *const dy[], const bool need[], struct node *dx[]);
	/* Multiply-adds, for plan and check. NULL: 0 (memory-bound). */
	double (*macs)(const struct call *c);
	unsigned flags;
};

#define OP(x) extern const struct op op_##x;
#include "engine/ops.def"
#undef OP

enum op_id {
#define OP(x) OP_##x,
#include "engine/ops.def"
#undef OP
	OP_COUNT
};

extern const struct op *const op_all[OP_COUNT];
int op_index(const struct op *op); /* its op_id */

#endif
