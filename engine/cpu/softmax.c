#include "engine/cpu/loops.h"

#include <math.h>

#include "base/cpu_clones.h"

/* y = e^(x - most) */
static CPU_CLONES void exp_less(float *y, const float *x, float most, int64_t n)
{
#pragma omp simd
	for (int64_t i = 0; i < n; i++)
		y[i] = exp_f32(x[i] - most);
}

static CPU_CLONES void multiply(float *y, const float *x, float factor, int64_t n)
{
#pragma omp simd
	for (int64_t i = 0; i < n; i++)
		y[i] = x[i] * factor;
}

static CPU_CLONES void subtract(float *y, const float *x, float most, float log_sum, int64_t n)
{
#pragma omp simd
	for (int64_t i = 0; i < n; i++)
		y[i] = (x[i] - most) - log_sum;
}

/* Row i of K, piece by piece: the maximum, the sum of the exponentials, the result. */
static void softmax_row(const struct view *x, const struct view *y, int64_t i, int64_t K, bool logarithm)
{
	float buf[CHUNK] __attribute__((aligned(64))), out[CHUNK] __attribute__((aligned(64)));
	float most = -INFINITY;
	double sum = 0;
	for (int64_t k = 0; k < K; k += CHUNK) {
		const int64_t n = min_i64(CHUNK, K - k);
		const float m = f32_max(view_load(x, i * K + k, n, buf), n);
		most = m > most || m != m ? m : most;
	}
	for (int64_t k = 0; k < K; k += CHUNK) {
		const int64_t n = min_i64(CHUNK, K - k);
		exp_less(out, view_load(x, i * K + k, n, buf), most, n);
		sum += f32_sum(out, n);
	}
	for (int64_t k = 0; k < K; k += CHUNK) {
		const int64_t n = min_i64(CHUNK, K - k);
		if (logarithm) {
			subtract(out, view_load(x, i * K + k, n, buf), most, (float)log(sum), n);
		} else {
			if (K > CHUNK) /* else out still holds them */
				exp_less(out, view_load(x, i * K + k, n, buf), most, n);
			multiply(out, out, (float)(1 / sum), n);
		}
		view_store(y, i * K + k, n, out);
	}
}

static void rows(const struct kernel_run *r, bool logarithm)
{
	const struct tensor *t = &r->in[0];
	const struct view x = view_logical(t), y = view_logical(&r->out[0]);
	const int64_t K = t->shape.d[t->shape.n_dim - 1], n = x.count / K;
#pragma omp parallel for schedule(static) if (x.count > SMALL / 4)
	for (int64_t i = 0; i < n; i++)
		softmax_row(&x, &y, i, K, logarithm);
}

static void run_softmax(const struct kernel_run *r)
{
	rows(r, false);
}

static void run_log_softmax(const struct kernel_run *r)
{
	rows(r, true);
}

const struct kernel cpu_softmax = {.run = run_softmax};
const struct kernel cpu_log_softmax = {.run = run_log_softmax};
