#include "engine/ref/walk.h"

#include <math.h>

typedef double binary_fn(double a, double b);

static void binary(const struct kernel_run *r, binary_fn *f)
{
	struct walk w = walk_over(&r->out[0].shape);

	walk_add(&w, &r->out[0]);
	walk_add(&w, &r->in[0]);
	walk_add(&w, &r->in[1]);
	do
		set_any(&r->out[0], w.at[0], f(get_any(&r->in[0], w.at[1]), get_any(&r->in[1], w.at[2])));
	while (walk_next(&w));
}

#define BINARY(id, expr) \
	static double f_##id(double a, double b) \
	{ \
		return (expr); \
	} \
	static void run_##id(const struct kernel_run *r) \
	{ \
		binary(r, f_##id); \
	} \
	const struct kernel ref_##id = {.run = run_##id};

BINARY(add, a + b)
BINARY(sub, a - b)
BINARY(mul, a * b)
BINARY(div, a / b)
/* A NaN in either wins. */
BINARY(minimum, a <= b || isnan(a) ? a : b)
BINARY(maximum, b <= a || isnan(a) ? a : b)
BINARY(less, a < b)
BINARY(less_equal, a <= b)
BINARY(equal, a == b)

static void run_where(const struct kernel_run *r)
{
	struct walk w = walk_over(&r->out[0].shape);

	walk_add(&w, &r->out[0]);
	for (int i = 0; i < 3; i++)
		walk_add(&w, &r->in[i]);
	do {
		const int from = get_any(&r->in[0], w.at[1]) != 0 ? 1 : 2;

		set_any(&r->out[0], w.at[0], get_any(&r->in[from], w.at[from + 1]));
	} while (walk_next(&w));
}

const struct kernel ref_where = {.run = run_where};
