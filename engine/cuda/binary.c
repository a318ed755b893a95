#include <string.h>

#include "engine/cuda/map.h"

MAP_KERNEL(sub, 2, CU_SUB)
MAP_KERNEL(mul, 2, CU_MUL)
MAP_KERNEL(div, 2, CU_DIV)
MAP_KERNEL(minimum, 2, CU_MINIMUM)
MAP_KERNEL(maximum, 2, CU_MAXIMUM)
MAP_KERNEL(less, 2, CU_LESS)
MAP_KERNEL(less_equal, 2, CU_LESS_EQUAL)
MAP_KERNEL(equal, 2, CU_EQUAL)
MAP_KERNEL(where, 3, CU_WHERE)

bool cuda_same_memory(const struct tensor *a, const struct tensor *b)
{
	return shape_eq(&a->shape, &b->shape) && memcmp(a->stride, b->stride, (size_t)a->shape.n_dim * sizeof *a->stride) == 0;
}

/* ---- add, with the relu that often follows ---- */

static void run_add(const struct kernel_run *r)
{
	cuda_map_run(r, 2, r->fuse & FUSE_RELU ? CU_ADD_RELU : CU_ADD, 0, 0);
}

static enum status describe_add(const struct kernel_case *c, struct kernel_plan *p, struct err *e)
{
	(void)e;
	p->fuse_ok = FUSE_RELU;
	p->inplace = -1;
	for (int i = 1; i >= 0; i--)
		if (c->in[i].dtype == c->out[0].dtype && cuda_same_memory(&c->in[i], &c->out[0]))
			p->inplace = i;
	return OK;
}

const struct kernel cuda_add = {.describe = describe_add, .run = run_add};
