#include "engine/cuda/team.cuh"

#include "engine/cuda/softmax_kernels.h"

namespace {

/* A team reads its row three times; the second and third time it is in the caches. */
template <class T>
__global__ void __launch_bounds__(CU_BLOCK) k_softmax(cu_rows in, cu_rows out, int size, bool logarithm)
{
	const int lane = (int)threadIdx.x & (size - 1), teams = CU_BLOCK / size;
	const bool small = cu_small(in.n);
	for (int64_t first = (int64_t)blockIdx.x * teams; first < in.n; first += (int64_t)gridDim.x * teams) {
		const int64_t i = first + (int)threadIdx.x / size, K = i < in.n ? in.K : 0, row = i < in.n ? i : 0;
		const T *x = (const T *)in.rows.data + cu_place(in.rows, row, small);
		float *y = (float *)out.rows.data + cu_place(out.rows, row, small);
		float most = -INFINITY, sum = 0;
		for (int64_t k = lane; k < K; k += size)
			most = cu_larger()(most, cu_value(x[k * in.step]));
		most = cu_team_join(most, size, cu_larger());
		for (int64_t k = lane; k < K; k += size)
			sum += expf(cu_value(x[k * in.step]) - most);
		sum = cu_team_join(sum, size, cu_plus());
		const float log_sum = logf(sum);
		for (int64_t k = lane; k < K; k += size) {
			const float d = cu_value(x[k * in.step]) - most;
			y[k * out.step] = logarithm ? d - log_sum : expf(d) / sum;
		}
	}
}

template <class T>
cudaError_t softmax(const cu_rows *x, const cu_rows *y, bool logarithm, cudaStream_t stream)
{
	const int size = cu_team_of(x->K);
	return CU_LAUNCH((k_softmax<T>), cu_team_blocks(x->n, size), CU_BLOCK, 0, stream, *x, *y, size, logarithm);
}

} // namespace

extern "C" cudaError_t cu_softmax(const struct cu_rows *x, const struct cu_rows *y, bool logarithm, cudaStream_t stream)
{
	if (y->rows.dtype != CU_F32)
		return cudaErrorInvalidValue;
	return cu_by_type(x->rows.dtype, [&](auto type) { return softmax<decltype(type)>(x, y, logarithm, stream); });
}
