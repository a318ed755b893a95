#include "engine/build.h"
#include "engine/cuda/map.h"
#include "engine/cuda/state.h"

void cuda_map_run(const struct kernel_run *r, int n_in, enum cu_map f, double a, double b)
{
	const struct tensor *y = &r->out[0];
	const struct cu_view out = cuda_view_of(y, y);
	struct cu_view in[3] = {out, out, out};
	for (int i = 0; i < n_in; i++)
		in[i] = cuda_view_of(&r->in[i], y);
	cuda_done(r, cu_map(f, (float)a, (float)b, shape_count(&y->shape), &out, in, stream_of(r)));
}

MAP_KERNEL(relu, 1, CU_RELU)
MAP_KERNEL(relu_dx, 2, CU_RELU_DX)
MAP_KERNEL(logistic, 1, CU_LOGISTIC)
MAP_KERNEL(tanh, 1, CU_TANH)
MAP_KERNEL(softplus, 1, CU_SOFTPLUS)
MAP_KERNEL(exp, 1, CU_EXP)
MAP_KERNEL(log, 1, CU_LOG)
MAP_KERNEL(sqrt, 1, CU_SQRT)
MAP_KERNEL(abs, 1, CU_ABS)
MAP_KERNEL(sign, 1, CU_SIGN)
MAP_KERNEL(floor, 1, CU_FLOOR)

static void run_scale(const struct kernel_run *r)
{
	const struct scale_conf *c = r->conf;
	cuda_map_run(r, 1, CU_SCALE, c->a, c->b);
}

static void run_scales(const struct kernel_run *const r[], int n)
{
	cuda_states_run(r, n, run_scale);
}

const struct kernel cuda_scale = {.run = run_scale, .run_many = run_scales};

static void run_leaky_relu(const struct kernel_run *r)
{
	cuda_map_run(r, 1, CU_LEAKY_RELU, ((const struct slope_conf *)r->conf)->slope, 0);
}
const struct kernel cuda_leaky_relu = {.run = run_leaky_relu};

static void run_leaky_relu_dx(const struct kernel_run *r)
{
	cuda_map_run(r, 2, CU_LEAKY_RELU_DX, ((const struct slope_conf *)r->conf)->slope, 0);
}
const struct kernel cuda_leaky_relu_dx = {.run = run_leaky_relu_dx};

/* The powers that losses use need no logarithm. */
static void run_pow(const struct kernel_run *r)
{
	static const struct { double p; enum cu_map f; } plain[] = {{2, CU_SQUARE}, {3, CU_CUBE}, {0.5, CU_SQRT}, {-1, CU_INVERSE}};
	const double p = ((const struct pow_conf *)r->conf)->p;
	enum cu_map f = CU_POW;
	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
		if (p == plain[i].p)
			f = plain[i].f;
	cuda_map_run(r, 1, f, p, 0);
}
const struct kernel cuda_pow = {.run = run_pow};

static void run_clamp(const struct kernel_run *r)
{
	const struct clamp_conf *c = r->conf;
	cuda_map_run(r, 1, CU_CLAMP, c->lo, c->hi);
}
const struct kernel cuda_clamp = {.run = run_clamp};

static void run_clamp_dx(const struct kernel_run *r)
{
	const struct clamp_conf *c = r->conf;
	cuda_map_run(r, 2, CU_CLAMP_DX, c->lo, c->hi);
}
const struct kernel cuda_clamp_dx = {.run = run_clamp_dx};
