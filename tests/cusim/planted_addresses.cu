/* Kernels that read and write where they must not, or read what nobody wrote. */
#include "tests/cusim/planted_judge.h"

namespace {

/* ---- addresses ---- */

__global__ void writes_behind(const float *x, float *y, int n)
{
	const int i = blockIdx.x * blockDim.x + threadIdx.x;
	if (i <= n)
		y[i] = x[i < n ? i : 0];
}

int run_writes_behind(void)
{
	return judge({writes_behind, 2, N, 0, false}, same);
}

__global__ void reads_behind(const float *x, float *y, int)
{
	y[threadIdx.x] = x[threadIdx.x + 1];
}

int run_reads_behind(void)
{
	return judge_block(reads_behind, [](int i) { return i < N - 1 ? same(i + 1) : NAN; });
}

__global__ void reads_before(const float *x, float *y, int)
{
	y[threadIdx.x] = x[(int)threadIdx.x - 1];
}

int run_reads_before(void)
{
	return judge_block(reads_before, [](int i) { return i ? same(i - 1) : NAN; });
}

__global__ void shared_too_small(const float *x, float *y, int)
{
	CU_SHARED(float, s, [N / 2]);
	const int t = threadIdx.x;
	s[t] = x[t];
	__syncthreads();
	y[t] = s[t];
}

int run_shared_too_small(void)
{
	return judge_block(shared_too_small, same);
}

__global__ void shared_keyword_too_small(const float *x, float *y, int)
{
	__shared__ float s[N / 2];
	const int t = threadIdx.x;
	s[t] = x[t];
	__syncthreads();
	y[t] = s[t];
}

int run_shared_keyword_too_small(void)
{
	return judge_block(shared_keyword_too_small, same);
}

/* Inside the array, but not inside its row. */
__global__ void outside_the_row(const float *x, float *y, int)
{
	CU_SHARED(float, s, [4][16]);
	const int t = threadIdx.x;
	s[0][t] = x[t];
	__syncthreads();
	y[t] = s[t / 16][t % 16];
}

int run_outside_the_row(void)
{
	return judge_block(outside_the_row, same);
}

__global__ void dynamic(const float *x, float *y, int)
{
	CU_DYN_SHARED(float, s);
	const int t = threadIdx.x;
	s[t] = x[t];
	__syncthreads();
	y[t] = s[t];
}

int run_dynamic_too_small(void)
{
	return judge({dynamic, 1, N, (N - 1) * sizeof(float), false}, same);
}

__global__ void misaligned(const float *x, float *y, int)
{
	const int t = threadIdx.x;
	if (t < 8)
		y[t] = reinterpret_cast<const float4 *>(x + t)->x;
}

int run_misaligned(void)
{
	return judge_block(misaligned, [](int i) { return i < 8 ? same(i) : NAN; });
}

/* An index that 32 bits do not hold. */
__global__ void index_of_32_bits(const float *x, float *y, int n)
{
	const int i = ((int)threadIdx.x + 65536) * (n * 512);
	y[threadIdx.x] = x[i >> 24 & 1];
}

int run_index_of_32_bits(void)
{
	return judge_block(index_of_32_bits, [](int) { return NAN; });
}

/* ---- memory that nobody wrote ---- */

__global__ void shared_unset(const float *x, float *y, int)
{
	CU_SHARED(float, s, [N]);
	const int t = threadIdx.x;
	if (t)
		s[t] = x[t];
	__syncthreads();
	y[t] = s[t];
}

int run_shared_unset(void)
{
	return judge_block(shared_unset, [](int i) { return i ? same(i) : 0.0f; });
}

__global__ void adds_to_unset(const float *x, float *y, int)
{
	y[threadIdx.x] += x[threadIdx.x];
}

int run_adds_to_unset(void)
{
	return judge_block(adds_to_unset, same);
}

__global__ void copy(const float *x, float *y, int n)
{
	const int i = blockIdx.x * blockDim.x + threadIdx.x;
	if (i < n)
		y[i] = x[i];
}

} // namespace

float planted_value(int i)
{
	return (float)i * 0.5f + 1;
}

cudaError_t planted_copy(const float *x, float *y, int n, int blocks_y, int threads, size_t shared_bytes, cudaStream_t stream)
{
	return CU_LAUNCH(copy, dim3(1, blocks_y), threads, shared_bytes, stream, x, y, n);
}

const struct planted planted_addresses[] = {
	{"writes_behind", SEEN_ANY_ORDER | SEEN_ASAN, NULL, run_writes_behind},
	{"reads_behind", SEEN_ANY_ORDER | SEEN_ASAN, NULL, run_reads_behind},
	{"reads_before", SEEN_ASAN, NULL, run_reads_before},
	{"shared_too_small", SEEN_ASAN, NULL, run_shared_too_small},
	{"shared_keyword_too_small", SEEN_ASAN, NULL, run_shared_keyword_too_small},
	{"outside_the_row", SEEN_ASAN, NULL, run_outside_the_row},
	{"dynamic_too_small", SEEN_ASAN, NULL, run_dynamic_too_small},
	{"misaligned", SEEN_ASAN, NULL, run_misaligned},
	{"index_of_32_bits", SEEN_ASAN, NULL, run_index_of_32_bits},
	{"shared_unset", SEEN_ALWAYS, NULL, run_shared_unset},
	{"adds_to_unset", SEEN_ALWAYS, NULL, run_adds_to_unset},
	{NULL, 0, NULL, NULL},
};
