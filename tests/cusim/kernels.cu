#include "tests/cusim/kernels.h"

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "engine/cuda/cu_portable.h"

__global__ void indices(int *out)
{
	const int block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
	const int thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
	const int i = block * blockDim.x * blockDim.y * blockDim.z + thread;
	out[i] = i;
}

cudaError_t test_indices(int *out, cudaStream_t stream)
{
	return CU_LAUNCH(indices, dim3(2, 3, 4), dim3(5, 3, 2), 0, stream, out);
}

__global__ void rotate(const float *x, float *y, int n)
{
	CU_SHARED(float, row, [256]);
	const int i = threadIdx.x;
	row[i] = x[i];
	__syncthreads();
	y[i] = row[(i + 1) % n];
}

cudaError_t test_rotate(const float *x, float *y, int n, cudaStream_t stream)
{
	return CU_LAUNCH(rotate, 1, n, 0, stream, x, y, n);
}

__global__ void copy(const float *x, float *y, int n)
{
	const int i = blockIdx.x * blockDim.x + threadIdx.x;
	if (i < n)
		y[i] = x[i];
}

cudaError_t test_copy(const float *x, float *y, int n, cudaStream_t stream)
{
	return CU_LAUNCH(copy, (n + 63) / 64, 64, 0, stream, x, y, n);
}

__global__ void increment(float *y, int n)
{
	const int i = blockIdx.x * blockDim.x + threadIdx.x;
	if (i < n)
		y[i] += 1;
}

cudaError_t test_increment(float *y, int n, cudaStream_t stream)
{
	return CU_LAUNCH(increment, (n + 63) / 64, 64, 0, stream, y, n);
}

/* ---- warps ---- */

__global__ void exchanges(int *out)
{
	const unsigned all = 0xffffffffu;
	const int lane = threadIdx.x, value = lane * 10;
	int *const own = out + lane;
	own[SHFL_5 * 32] = __shfl_sync(all, value, 5);
	own[SHFL_3_OF_8 * 32] = __shfl_sync(all, value, 3, 8);
	own[UP_3 * 32] = __shfl_up_sync(all, value, 3);
	own[UP_3_OF_8 * 32] = __shfl_up_sync(all, value, 3, 8);
	own[DOWN_3 * 32] = __shfl_down_sync(all, value, 3);
	own[DOWN_3_OF_8 * 32] = __shfl_down_sync(all, value, 3, 8);
	own[XOR_5 * 32] = __shfl_xor_sync(all, value, 5);
	own[XOR_12_OF_8 * 32] = __shfl_xor_sync(all, value, 12, 8);
	own[BALLOT * 32] = (int)__ballot_sync(all, lane % 3 == 0);
	own[ANY * 32] = __any_sync(all, lane == 31);
	own[ALL * 32] = __all_sync(all, lane != 31);
	own[ADD * 32] = (int)__reduce_add_sync(all, (unsigned)lane + 1);
	own[MIN * 32] = (int)__reduce_min_sync(all, (unsigned)(lane ^ 21) + 7);
	own[MAX * 32] = (int)__reduce_max_sync(all, (unsigned)(lane ^ 21) + 7);
}

cudaError_t test_exchanges(int *out, cudaStream_t stream)
{
	return CU_LAUNCH(exchanges, 1, 32, 0, stream, out);
}

__device__ static int sum_16(unsigned mask, int value)
{
	for (int bit = 8; bit; bit >>= 1)
		value += __shfl_xor_sync(mask, value, bit, 16);
	return value;
}

__global__ void halves(int *out)
{
	int value = threadIdx.x;
	if (threadIdx.x < 16)
		value = sum_16(0x0000ffffu, value);
	else
		for (int i = 0; i < 3; i++)
			value = sum_16(0xffff0000u, value);
	__syncwarp();
	out[threadIdx.x] = value;
}

cudaError_t test_halves(int *out, cudaStream_t stream)
{
	return CU_LAUNCH(halves, 1, 32, 0, stream, out);
}

__global__ void partial_warp(int *out)
{
	const unsigned mask = threadIdx.x < 32 ? 0xffffffffu : 0x0000ffffu;
	out[threadIdx.x] = (int)__reduce_add_sync(mask, threadIdx.x);
}

cudaError_t test_partial_warp(int *out, cudaStream_t stream)
{
	return CU_LAUNCH(partial_warp, 1, 48, 0, stream, out);
}

/* ---- memory of a block ---- */

__global__ void unset(unsigned *out)
{
	CU_SHARED(unsigned, fixed, [3]);
	CU_DYN_SHARED(unsigned, dynamic);
	out[0] = fixed[2];
	out[1] = dynamic[6];
}

cudaError_t test_unset(unsigned *out, cudaStream_t stream)
{
	return CU_LAUNCH(unset, 1, 1, 7 * sizeof(unsigned), stream, out);
}

__global__ void votes(int *out)
{
	const int fifth = threadIdx.x % 5 == 0;
	int *const own = out + threadIdx.x * 4;
	own[0] = __syncthreads_count(fifth);
	own[1] = __syncthreads_or(threadIdx.x == 77);
	own[2] = __syncthreads_and(threadIdx.x != 77);
	own[3] = __syncthreads_count(1);
}

cudaError_t test_votes(int *out, cudaStream_t stream)
{
	return CU_LAUNCH(votes, 1, 96, 0, stream, out);
}

/* ---- atomics ---- */

__global__ void atomics(unsigned *sum, int *first, int *most, unsigned *tags, int n)
{
	const int i = blockIdx.x * blockDim.x + threadIdx.x;
	if (i >= n)
		return;
	atomicAdd(sum, i);
	atomicMin(first, i * 7 % 1009 + 3);
	atomicMax(most, i * 7 % 1009 + 3);
	atomicXor(tags, i * 7 % 1009);
}

cudaError_t test_atomics(unsigned *sum, int *first, int *most, unsigned *tags, int n, cudaStream_t stream)
{
	return CU_LAUNCH(atomics, (n + 31) / 32, 32, 0, stream, sum, first, most, tags, n);
}

__global__ void ring(unsigned *at)
{
	if (threadIdx.x < 12) {
		atomicInc(&at[0], 4);
		atomicDec(&at[1], 4);
	}
	if (atomicCAS(&at[3], 0u, threadIdx.x + 1) == 0)
		atomicAdd(&at[2], 1);
}

cudaError_t test_ring(unsigned *at, cudaStream_t stream)
{
	return CU_LAUNCH(ring, 1, 64, 0, stream, at);
}

__global__ void tickets(unsigned *ticket, int *order)
{
	if (threadIdx.x == 0)
		order[atomicAdd(ticket, 1)] = blockIdx.x;
}

cudaError_t test_tickets(unsigned *ticket, int *order, int blocks, cudaStream_t stream)
{
	return CU_LAUNCH(tickets, blocks, 32, 0, stream, ticket, order);
}

__global__ void sum(const float *x, int n, float *partial, unsigned *ticket, float *out)
{
	CU_SHARED(float, part, [128]);
	CU_SHARED(int, last, );
	const int t = threadIdx.x;
	float own = 0;
	for (int i = blockIdx.x * 128 + t; i < n; i += gridDim.x * 128)
		own += x[i];
	part[t] = own;
	__syncthreads();
	for (int half = 64; half; half >>= 1) {
		if (t < half)
			part[t] += part[t + half];
		__syncthreads();
	}
	if (t == 0) {
		partial[blockIdx.x] = part[0];
		__threadfence();
		last = atomicAdd(ticket, 1) == gridDim.x - 1;
	}
	__syncthreads();
	if (last && t == 0) {
		float total = 0;
		__threadfence();
		for (unsigned b = 0; b < gridDim.x; b++)
			total += partial[b];
		*out = total;
		atomicExch(ticket, 0);
	}
}

cudaError_t test_sum(const float *x, int n, float *partial, unsigned *ticket, float *out, cudaStream_t stream)
{
	return CU_LAUNCH(sum, 16, 128, 0, stream, x, n, partial, ticket, out);
}

/* ---- types, tiles, dynamic memory ---- */

template <class T> __device__ T from_float(float x);

template <> __device__ inline __half from_float<__half>(float x)
{
	return __float2half_rn(x);
}

template <> __device__ inline __nv_bfloat16 from_float<__nv_bfloat16>(float x)
{
	return __float2bfloat16_rn(x);
}

template <class Y, class Z> __global__ void cast(const float *x, Y *y, Z *z, float a, int n)
{
	const int i = (blockIdx.x * blockDim.x + threadIdx.x) * 4;
	if (i >= n)
		return;
	const float4 v = *reinterpret_cast<const float4 *>(x + i);
	const float values[4] = {v.x, v.y, v.z, v.w};
	for (int k = 0; k < 4; k++) {
		y[i + k] = from_float<Y>(a * values[k]);
		z[i + k] = from_float<Z>(values[k]);
	}
}

cudaError_t test_cast(const float *x, void *y, void *z, float a, int n, cudaStream_t stream)
{
	return CU_LAUNCH((cast<__nv_bfloat16, __half>), (n / 4 + 31) / 32, 32, 0, stream, x, (__nv_bfloat16 *)y, (__half *)z, a, n);
}

template <int T> __global__ void gemm(const float *a, const float *b, float *c, int m, int n, int k)
{
	CU_SHARED(float, tile_a, [T][T + 1]);
	CU_SHARED(float, tile_b, [T][T + 1]);
	const int x = threadIdx.x, y = threadIdx.y, row = blockIdx.y * T + y, column = blockIdx.x * T + x;
	float total = 0;
	for (int k0 = 0; k0 < k; k0 += T) {
		tile_a[y][x] = row < m && k0 + x < k ? a[(size_t)row * k + k0 + x] : 0.0f;
		tile_b[y][x] = k0 + y < k && column < n ? b[(size_t)(k0 + y) * n + column] : 0.0f;
		__syncthreads();
#pragma unroll
		for (int z = 0; z < T; z++)
			total += tile_a[y][z] * tile_b[z][x];
		__syncthreads();
	}
	if (row < m && column < n)
		c[(size_t)row * n + column] = total;
}

cudaError_t test_gemm(const float *a, const float *b, float *c, int m, int n, int k, cudaStream_t stream)
{
	return CU_LAUNCH((gemm<8>), dim3((n + 7) / 8, (m + 7) / 8), dim3(8, 8), 0, stream, a, b, c, m, n, k);
}

__global__ void center(const float *x, float *y, int columns)
{
	CU_DYN_SHARED(float, row);
	CU_SHARED(float, mean, );
	const float *const from = x + (size_t)blockIdx.x * columns;
	for (int i = threadIdx.x; i < columns; i += blockDim.x)
		row[i] = from[i];
	__syncthreads();
	if (threadIdx.x == 0) {
		float total = 0;
		for (int i = 0; i < columns; i++)
			total += row[i];
		mean = total / columns;
	}
	__syncthreads();
	for (int i = threadIdx.x; i < columns; i += blockDim.x)
		y[(size_t)blockIdx.x * columns + i] = row[i] - mean;
}

cudaError_t test_center(const float *x, float *y, int rows, int columns, cudaStream_t stream)
{
	const size_t bytes = (size_t)columns * sizeof(float);
	if (bytes > 48 << 10) {
		const cudaError_t error = cudaFuncSetAttribute((const void *)center, cudaFuncAttributeMaxDynamicSharedMemorySize, (int)bytes);
		if (error)
			return error;
	}
	return CU_LAUNCH(center, rows, 64, bytes, stream, x, y, columns);
}
