/* To bytes and back. */
#include "engine/cuda/quant.cuh"

namespace {

/* In f32, and again in f64 where a half is so near that f32 may fall on its other side. */
__device__ inline float to_byte(float x, float inverse, double scale)
{
	const float v = cu_to_range(x * inverse, 0, 255);
	if (fabsf(v - floorf(v) - 0.5f) < 0.001f)
		return (float)cu_to_step((double)x / scale, 0, 255);
	return rintf(v);
}

template <class T, int V>
__global__ void k_quantize(uint8_t *y, const T *x, float inverse, double scale, int64_t n)
{
	CU_EACH(i, n) {
		float v[V];
		cu_load<V>(v, x, i * V);
		for (int j = 0; j < V; j++)
			v[j] = to_byte(v[j], inverse, scale);
		cu_store<V>(y, i * V, v);
	}
}

template <class T, int V>
__global__ void k_dequantize(T *y, const uint8_t *x, float scale, int64_t n)
{
	CU_EACH(i, n) {
		float v[V];
		cu_load<V>(v, x, i * V);
		for (int j = 0; j < V; j++)
			v[j] *= scale;
		cu_store<V>(y, i * V, v);
	}
}

/* A block for each output. */
__global__ void k_quantize_weights(int8_t *y, float *scale, cu_array w, int O, int64_t each)
{
	for (int o = (int)blockIdx.x; o < O; o += (int)gridDim.x) {
		const int64_t from = o * each;
		float largest = 0;
		for (int64_t i = threadIdx.x; i < each; i += blockDim.x)
			largest = fmaxf(largest, fabsf(cu_get(w, from + i))); /* passes over NaN */
		const double unit = fmax((double)cu_block_max(largest) / 127, 1e-20);
		for (int64_t i = threadIdx.x; y && i < each; i += blockDim.x)
			y[from + i] = (int8_t)cu_to_step((double)cu_get(w, from + i) / unit, -127, 127);
		if (scale && threadIdx.x == 0)
			scale[o] = (float)unit;
	}
}

template <class T>
cudaError_t quantize(uint8_t *y, const T *x, double scale, int64_t n, cudaStream_t stream)
{
	constexpr int V = cu_many<T>();
	const float inverse = (float)(1 / scale);
	if (cu_packs<V>(n, y, x))
		return CU_LAUNCH((k_quantize<T, V>), cu_blocks(n / V), CU_BLOCK, 0, stream, y, x, inverse, scale, n / V);
	return CU_LAUNCH((k_quantize<T, 1>), cu_blocks(n), CU_BLOCK, 0, stream, y, x, inverse, scale, n);
}

template <class T>
cudaError_t dequantize(T *y, const uint8_t *x, double scale, int64_t n, cudaStream_t stream)
{
	constexpr int V = cu_many<T>();
	if (cu_packs<V>(n, y, x))
		return CU_LAUNCH((k_dequantize<T, V>), cu_blocks(n / V), CU_BLOCK, 0, stream, y, x, (float)scale, n / V);
	return CU_LAUNCH((k_dequantize<T, 1>), cu_blocks(n), CU_BLOCK, 0, stream, y, x, (float)scale, n);
}

} // namespace

extern "C" cudaError_t cu_quantize(uint8_t *y, struct cu_array x, double scale, int64_t n, cudaStream_t stream)
{
	return cu_by_type(x.dtype, [&](auto type) { return quantize(y, (const decltype(type) *)x.data, scale, n, stream); });
}
extern "C" cudaError_t cu_dequantize(struct cu_array y, const uint8_t *x, double scale, int64_t n, cudaStream_t stream)
{
	return cu_by_type(y.dtype, [&](auto type) { return dequantize((decltype(type) *)y.data, x, scale, n, stream); });
}
extern "C" cudaError_t cu_quantize_weights(int8_t *y, float *scale, struct cu_array w, int O, int64_t each, cudaStream_t stream)
{
	return CU_LAUNCH(k_quantize_weights, O < 65535 ? O : 65535, CU_BLOCK, 0, stream, y, scale, w, O, each);
}
