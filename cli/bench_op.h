/* The ops that 'bench op' times, and at which shapes. */
#ifndef CLI_BENCH_OP_H
#define CLI_BENCH_OP_H

#include "engine/build.h"
#include "engine/sample.h"

struct op_case {
	struct shape x;
	int out, kernel, stride; /* convolutions: channels of the result, 0 as many as x has; pooling: the last two */
};

struct op_kind {
	const char *name; /* of the op, as in 'limbeck list ops' */
	int n_dim;        /* rank of x */
	bool has_out, has_kernel;
	int n_case;
	const struct op_case *at; /* [n_case]: shapes of the standard networks for small pictures, batch 64 */
	/* sample->conf is a struct op_case. */
	struct node *(*build)(struct sample *s);
};

extern const struct op_kind op_kinds[];
extern const int op_kind_count;

#endif
