/* The end of matrix products: bias, residual, relu and the one rounding, in one pass. */
#include "engine/cuda/pack.cuh"
#include "engine/cuda/product_kernels.h"

namespace {

/* n and columns in packs of V. A thread goes through rows in steps of the whole grid; its column is divided out once. */
template <class S, class T, int V>
__global__ void k_finish(const S *sum, const float *bias, const T *residual, bool relu, T *y, int64_t n, int columns)
{
	const int64_t step = (int64_t)gridDim.x * blockDim.x;
	int64_t i = (int64_t)blockIdx.x * blockDim.x + threadIdx.x;
	int column = (int)(i % columns);
	const int column_step = (int)(step % columns);
	for (; i < n; i += step) {
		float v[V], more[V];
		cu_load<V>(v, sum, i * V);
		if (bias) {
			cu_load<V>(more, bias, (int64_t)column * V);
			for (int k = 0; k < V; k++)
				v[k] += more[k];
		}
		if (residual) {
			cu_load<V>(more, residual, i * V);
			for (int k = 0; k < V; k++)
				v[k] += more[k];
		}
		for (int k = 0; k < V; k++) {
			T rounded;
			cu_assign(&rounded, v[k]);
			v[k] = relu && cu_value(rounded) < 0 ? 0.0f : cu_value(rounded);
		}
		cu_store<V>(y, i * V, v);
		column += column_step;
		if (column >= columns)
			column -= columns;
	}
}

template <class S, class T>
cudaError_t finish_as(const S *sum, const float *bias, const T *residual, bool relu, T *y, int64_t rows, int columns, cudaStream_t stream)
{
	constexpr int V = 4; /* 16 bytes of bias and of sums that waited */
	const int64_t n = rows * columns;
	if (cu_packs<V>(columns, sum, bias, residual, y))
		return CU_LAUNCH((k_finish<S, T, V>), cu_blocks(n / V), CU_BLOCK, 0, stream, sum, bias, residual, relu, y, n / V, columns / V);
	return CU_LAUNCH((k_finish<S, T, 1>), cu_blocks(n), CU_BLOCK, 0, stream, sum, bias, residual, relu, y, n, columns);
}

} // namespace

cudaError_t cu_finish(struct cu_array sum, const float *bias, struct cu_array residual, bool relu, struct cu_array y, int64_t rows, int columns,
                      cudaStream_t stream)
{
	return cu_by_type(y.dtype, [&](auto type) {
		using T = decltype(type);
		T *to = (T *)y.data;
		if (sum.dtype == CU_F32)
			return finish_as((const float *)sum.data, bias, (const T *)residual.data, relu, to, rows, columns, stream);
		return finish_as((const T *)sum.data, bias, (const T *)residual.data, relu, to, rows, columns, stream);
	});
}
