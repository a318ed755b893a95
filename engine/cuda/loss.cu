#include "engine/cuda/team.cuh"

#include "engine/cuda/loss_kernels.h"

namespace {

/* What a team makes of one sample. */
struct samples {
	int64_t N, K;
	int size;
	float per_sample; /* 1 / N, or 1 / (N tau) */
	float *loss, *gradient;
};

template <class T>
__device__ float row_max(const T *z, int64_t K, int lane, int size)
{
	float most = -INFINITY;
	for (int64_t k = lane; k < K; k += size)
		most = cu_larger()(most, cu_value(z[k]));
	return cu_team_join(most, size, cu_larger());
}

/* ---- cross_entropy ---- */

/*
 * With x relative to the largest logit and l = log sum exp(x): - sum q (x - l) = l - (1 - smoothing) x[label] - smoothing / K
 * sum(x). No term is negative, so nothing cancels. The exponentials of the other classes are summed apart: their share is what
 * the derivative of the label's logit is, and the loss where the label's is the largest, however small both become.
 */
template <class T>
__global__ void __launch_bounds__(CU_BLOCK) k_cross_entropy(samples q, const T *__restrict__ logits, const int32_t *__restrict__ label,
							      float smoothing, float spread)
{
	const int size = q.size, lane = (int)threadIdx.x & (size - 1), teams = CU_BLOCK / size;
	for (int64_t first = (int64_t)blockIdx.x * teams; first < q.N; first += (int64_t)gridDim.x * teams) {
		const int64_t n = first + (int)threadIdx.x / size, row = n < q.N ? n : 0, K = n < q.N ? q.K : 0, y = label[row];
		const T *z = logits + row * q.K;
		const bool is_class = y >= 0 && y < q.K;
		const float has = is_class ? 1.0f : 0.0f, most = row_max(z, K, lane, size), x_y = is_class ? cu_value(z[y]) - most : 0.0f;
		float others = 0, total = 0;
		for (int64_t k = lane; k < K; k += size) {
			const float x = cu_value(z[k]) - most;
			others += k == y ? 0.0f : expf(x);
			total += x;
		}
		others = cu_team_join(others, size, cu_plus());
		total = cu_team_join(total, size, cu_plus());
		const float sum = is_class ? others + expf(x_y) : others;
		if (q.loss && lane == 0 && n < q.N) {
			const float l = is_class && x_y == 0.0f ? log1pf(others) : logf(sum);
			const float smooth = spread > 0.0f ? spread * total : 0.0f; /* 0 times infinity is NaN */
			q.loss[n] = has * (l - smooth - (1.0f - smoothing) * x_y);
		}
		for (int64_t k = lane; q.gradient && k < K; k += size)
			q.gradient[n * q.K + k] = q.per_sample * (k == y ? smoothing - spread - others / sum
									  : has * (expf(cu_value(z[k]) - most) / sum - spread));
	}
}

template <class T>
cudaError_t cross_entropy(const samples &q, const void *z, const int32_t *label, double smoothing, cudaStream_t stream)
{
	return CU_LAUNCH((k_cross_entropy<T>), cu_team_blocks(q.N, q.size), CU_BLOCK, 0, stream, q, (const T *)z, label, (float)smoothing,
			 (float)(smoothing / (double)q.K));
}

/* ---- kl_divergence ---- */

template <class T>
__device__ float row_sum(const T *z, int64_t K, float most, float factor, int lane, int size)
{
	float sum = 0;
	for (int64_t k = lane; k < K; k += size)
		sum += expf((cu_value(z[k]) - most) * factor);
	return cu_team_join(sum, size, cu_plus());
}

template <class S, class T>
__global__ void __launch_bounds__(CU_BLOCK) k_kl_divergence(samples q, const S *__restrict__ student, const T *__restrict__ teacher,
							      float factor)
{
	const int size = q.size, lane = (int)threadIdx.x & (size - 1), teams = CU_BLOCK / size;
	for (int64_t first = (int64_t)blockIdx.x * teams; first < q.N; first += (int64_t)gridDim.x * teams) {
		const int64_t n = first + (int)threadIdx.x / size, row = n < q.N ? n : 0, K = n < q.N ? q.K : 0;
		const S *s = student + row * q.K;
		const T *t = teacher + row * q.K;
		const float most_s = row_max(s, K, lane, size), most_t = row_max(t, K, lane, size);
		const float sum_s = row_sum(s, K, most_s, factor, lane, size), sum_t = row_sum(t, K, most_t, factor, lane, size);
		const float shift = logf(sum_s) - logf(sum_t);
		float loss = 0;
		for (int64_t k = lane; k < K; k += size) {
			const float x_s = (cu_value(s[k]) - most_s) * factor, x_t = (cu_value(t[k]) - most_t) * factor;
			const float p = expf(x_t) / sum_t;
			loss += p == 0.0f ? 0.0f : p * (x_t - x_s + shift); /* 0 log 0 is 0 */
			if (q.gradient)
				q.gradient[n * q.K + k] = (expf(x_s) / sum_s - p) * q.per_sample;
		}
		loss = cu_team_join(loss, size, cu_plus());
		if (q.loss && lane == 0 && n < q.N)
			q.loss[n] = loss;
	}
}

template <class S, class T>
cudaError_t kl_divergence(const samples &q, const void *z_s, const void *z_t, double tau, cudaStream_t stream)
{
	return CU_LAUNCH((k_kl_divergence<S, T>), cu_team_blocks(q.N, q.size), CU_BLOCK, 0, stream, q, (const S *)z_s, (const T *)z_t,
			 (float)(1 / tau));
}

} // namespace

extern "C" cudaError_t cu_cross_entropy(struct cu_array z, const int32_t *label, int64_t N, int64_t K, double smoothing, float *loss,
					float *gradient, cudaStream_t stream)
{
	const samples q = {N, K, cu_team_of(K), (float)(1 / (double)N), loss, gradient};
	return cu_by_type(z.dtype, [&](auto type) { return cross_entropy<decltype(type)>(q, z.data, label, smoothing, stream); });
}

extern "C" cudaError_t cu_kl_divergence(struct cu_array z_s, struct cu_array z_t, int64_t N, int64_t K, double tau, float *loss,
					float *gradient, cudaStream_t stream)
{
	const samples q = {N, K, cu_team_of(K), (float)(1 / (tau * (double)N)), loss, gradient};
	return cu_by_types(z_s.dtype, z_t.dtype,
			   [&](auto s, auto t) { return kl_divergence<decltype(s), decltype(t)>(q, z_s.data, z_t.data, tau, stream); });
}
